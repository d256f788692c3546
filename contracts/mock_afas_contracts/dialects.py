"""The settings under which AFAS can be read in more than one way, with their numbers and choices.

The mock's own table stays out of reach here on purpose; a test compares both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Ambiguity(NamedTuple):
    """A behaviour that sources contradict each other on. The first choice is what the mock does by default."""

    number: str
    choices: tuple[str, ...]


SETTINGS: Mapping[str, Ambiguity] = {
    "paging": Ambiguity("AMB-01", ("lenient", "strict", "plain")),
    "filter_precedence": Ambiguity("AMB-02", ("and_first", "or_first")),
    "collation": Ambiguity("AMB-03", ("ci_as", "ci_ai", "cs_as")),
    "identifiers": Ambiguity("AMB-04", ("case_insensitive", "case_sensitive")),
    "order": Ambiguity("AMB-05", ("shuffled", "stable")),
    "bad_filter": Ambiguity("AMB-06", ("error", "ignored")),
    "unknown_connector": Ambiguity("AMB-07", ("error", "unauthorized")),
    "parallel_calls": Ambiguity("AMB-08", ("5", "8", "unlimited")),
    "results": Ambiguity("AMB-09", ("wrapped", "bare")),
    "put_status": Ambiguity("AMB-10", ("201", "200")),
    "invalid_json": Ambiguity("AMB-11", ("400", "500")),
    "unknown_field": Ambiguity("AMB-12", ("error", "ignored")),
    "time_fractions": Ambiguity("AMB-13", ("none", "hidden")),
    "nulls_in_negations": Ambiguity("", ("excluded", "included")),
    "decimal_zeros": Ambiguity("", ("padded", "trimmed")),
    "missing_features": Ambiguity("", ("refused", "ignored")),
    "identifier_checks": Ambiguity("", ("off", "on")),
    "attachment_size": Ambiguity("", ("unlimited", "10")),
    "undeclared_text": Ambiguity("", ("kept", "question_marks")),
}


class Reading(NamedTuple):
    """One choice for one setting."""

    setting: str
    choice: str

    @property
    def ambiguity(self) -> str:
        """AMB-nn, or the setting's name where it has no number."""
        return SETTINGS[self.setting].number or self.setting

    def __str__(self) -> str:
        return f"{self.setting}={self.choice}"


def readings(settings: tuple[str, ...], default: Mapping[str, str]) -> list[Reading]:
    """Every choice for these settings but the one in force: the mock's default, or that in ``default``."""
    return [
        Reading(name, choice)
        for name in settings
        for choice in SETTINGS[name].choices
        if choice != default.get(name, SETTINGS[name].choices[0])
    ]
