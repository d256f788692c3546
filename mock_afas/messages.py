"""Profit's messages in Dutch and English, from ``fixtures/messages``."""

from __future__ import annotations

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


@lru_cache(maxsize=256)
def negotiated(accept_language: str, default: Language) -> Language:
    """The catalogue for an ``Accept-Language`` header: its first language that Profit knows, else ``default``."""
    for part in accept_language.split(","):
        primary = part.partition(";")[0].strip().partition("-")[0].lower()
        if primary in _CATALOGUES:
            return _CATALOGUES[primary]
    return default
