"""Profit's messages in Dutch and English, with their error numbers, from ``fixtures/messages``.

Each says how sure we are of it: ``documented`` by AFAS, ``seen`` in a real answer, or ``ours``, in its manner.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Literal, NamedTuple

import orjson

from mock_afas import fixtures

Language = Literal["nl", "en"]
Evidence = Literal["documented", "seen", "ours"]

#: What stands for a placeholder: a text, or one for each language (the label of a field).
Parameter = str | Mapping[str, str]

#: The languages Profit knows, and which of our catalogues serves each. German and French texts are not known to us.
_CATALOGUES: dict[str, Language] = {"nl": "nl", "en": "en", "de": "en", "fr": "en"}

#: The number of an error that has none of its own.
GENERAL = -2147180996


class Message(NamedTuple):
    """A message and the rule that gives it. ``rule`` is a sentence for those who read the documentation."""

    nl: str
    en: str
    evidence: Evidence
    number: int = GENERAL
    rule: str = ""


@cache
def catalogue() -> Mapping[str, Message]:
    """Every message by its key."""
    found: dict[str, Message] = {}
    for path in fixtures.files("messages", "*.json"):
        for key, settings in orjson.loads(path.read_bytes()).items():
            if key in found:
                raise ValueError(f"{path.name}: the message '{key}' is there already")
            found[key] = Message(**settings)
    return found


def text(key: str, language: Language, parameters: Mapping[str, Parameter]) -> str:
    """The message ``key`` in ``language`` with its placeholders filled in."""
    message = catalogue()[key]
    filled = {name: value if isinstance(value, str) else value[language] for name, value in parameters.items()}
    template = message.nl if language == "nl" else message.en
    return _PLACEHOLDER.sub(lambda match: filled.get(match[1], match[0]), template)


def placeholders(key: str) -> frozenset[str]:
    """The names of what the message ``key`` wants filled in."""
    message = catalogue()[key]
    return frozenset(_PLACEHOLDER.findall(message.nl) + _PLACEHOLDER.findall(message.en))


_PLACEHOLDER = re.compile(r"{(\w+)}")
_RANGE = re.compile(
    r"\s*([a-z]{2})(?:-[a-z0-9-]*)?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?", re.ASCII | re.IGNORECASE
)


@lru_cache(maxsize=256)
def negotiated(accept_language: str, default: Language) -> Language:
    """The catalogue for an ``Accept-Language`` header.

    Of the languages that Profit knows it is the one of the highest weight, or the first of those; else ``default``.
    """
    best, chosen = 0.0, default
    for part in accept_language.split(","):
        match = _RANGE.fullmatch(part)
        if match is None or match[1].lower() not in _CATALOGUES:
            continue
        weight = float(match[2] or 1)
        if weight > best:
            best, chosen = weight, _CATALOGUES[match[1].lower()]
    return chosen
