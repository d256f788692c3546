"""Profit's messages in Dutch and English, from ``fixtures/messages``."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Literal

from mock_afas import fixtures

Language = Literal["nl", "en"]

#: The languages Profit knows, and which of our catalogues serves each. German and French texts are not known to us.
_CATALOGUES: dict[str, Language] = {"nl": "nl", "en": "en", "de": "en", "fr": "en"}


@cache
def catalogue(language: Language) -> dict[str, str]:
    """Every message template in ``language`` by its key."""
    loaded: dict[str, str] = fixtures.read_json(f"messages/{language}.json")
    return loaded


def text(key: str, language: Language, parameters: dict[str, str]) -> str:
    """The message ``key`` in ``language`` with its placeholders filled in."""
    template = catalogue(language)[key]
    for name, value in parameters.items():
        template = template.replace("{" + name + "}", value)
    return template


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
