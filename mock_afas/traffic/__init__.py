"""Recorded HTTP exchanges, and the rules that judge them. Knows nothing of a server: a HAR file serves as well.

``judge(exchanges)`` gives findings, ``RULES`` is the table of rules, ``har.read_file`` reads exchanges from a file and
``reports`` writes what was found. What judges is imported when it is first asked for: a server that only records starts
a tenth sooner without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mock_afas.later import later
from mock_afas.traffic.exchange import (
    MOST_BODY,
    MOST_HEADERS,
    UNKNOWN,
    Exchange,
    Outcome,
    Whole,
    declares_utf_8,
    kept_headers,
    whole,
)
from mock_afas.traffic.recorder import MOST_BYTES, MOST_EXCHANGES, Traffic

if TYPE_CHECKING:
    from mock_afas.traffic.findings import Finding, Recording, Rule
    from mock_afas.traffic.rules import RULES, judge

#: What judges, by the module that has it.
_LATER = {
    "RULES": "rules",
    "judge": "rules",
    "Finding": "findings",
    "Recording": "findings",
    "Rule": "findings",
}

__all__ = [
    "MOST_BODY",
    "MOST_BYTES",
    "MOST_EXCHANGES",
    "MOST_HEADERS",
    "RULES",
    "UNKNOWN",
    "Exchange",
    "Finding",
    "Outcome",
    "Recording",
    "Rule",
    "Traffic",
    "Whole",
    "declares_utf_8",
    "judge",
    "kept_headers",
    "whole",
]


__getattr__ = later(__name__, _LATER)
