"""Recorded HTTP exchanges, and the rules that judge them. Knows nothing of a server: a HAR file serves as well.

``judge(exchanges)`` gives findings; ``RULES`` is the table of rules; ``read_har`` reads exchanges from a file.
"""

from mock_afas.traffic.exchange import (
    MOST_BODY,
    MOST_HEADERS,
    UNKNOWN,
    Exchange,
    Outcome,
    Whole,
    kept_headers,
    whole,
)
from mock_afas.traffic.findings import Finding, Recording, Rule
from mock_afas.traffic.recorder import MOST_BYTES, MOST_EXCHANGES, Traffic
from mock_afas.traffic.rules import RULES, judge
from mock_afas.traffic.shown import as_dict

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
    "as_dict",
    "judge",
    "kept_headers",
    "whole",
]
