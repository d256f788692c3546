"""The configuration of an environment: Profit version, features, autonumbering, dialect, language, clock.

Where AFAS' sources are silent or contradict each other, the behaviour is a named setting of the *dialect*. Each has a
default, the values it can take, and the evidence we have; ``docs/reference/dialect.md`` shows them and a test keeps
that page complete.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from mock_afas import fixtures, values
from mock_afas.clock import Clock
from mock_afas.connectors import FEATURES, Feature
from mock_afas.errors import ControlError
from mock_afas.messages import Language

EnvironmentType = Literal["O", "T", "A"]
#: Where Profit's URLs begin; case does not count.
BASE_PATH = "/ProfitRestServices"
PROFIT_VERSIONS = range(5, 10)
#: The words of AFAS' host names for the three types of environment.
HOST_SUFFIXES: Mapping[str, str] = {"O": "", "T": "test", "A": "accept"}


class Setting(NamedTuple):
    """A behaviour of Profit that two sources, or none, describe. The first of ``choices`` is the default."""

    name: str
    number: str
    choices: tuple[str, ...]
    about: str


#: The settings of the dialect. Numbers AMB-nn are those of our list of ambiguities.
SETTINGS: tuple[Setting, ...] = (
    Setting("paging", "AMB-01", ("lenient", "strict", "plain"), "what skip and take do outside their range"),
    Setting("filter_precedence", "AMB-02", ("and_first", "or_first"), "how ',' and ';' bind in a mixed filter"),
    Setting("collation", "AMB-03", ("ci_as", "ci_ai", "cs_as"), "whether case and accents count in comparisons"),
    Setting("identifiers", "AMB-04", ("case_insensitive", "case_sensitive"), "whether case counts in ids"),
    Setting("order", "AMB-05", ("shuffled", "stable"), "the order of rows when the request asks for none"),
    Setting("bad_filter", "AMB-06", ("error", "ignored"), "what a filter of unequal lists or unknown operator does"),
    Setting("unknown_connector", "AMB-07", ("error", "unauthorized"), "what an unknown or unlisted connector answers"),
    Setting("parallel_calls", "AMB-08", ("5", "8", "unlimited"), "how many calls run at once before others wait"),
    Setting("results", "AMB-09", ("wrapped", "bare"), "whether the keys of what was made stand in 'results'"),
    Setting("put_status", "AMB-10", ("201", "200"), "the status of a PUT that was carried out"),
    Setting("invalid_json", "AMB-11", ("400", "500"), "the status of a body that is no JSON"),
    Setting("unknown_field", "AMB-12", ("error", "ignored"), "what a name in a body does that no definition has"),
    Setting("time_fractions", "AMB-13", ("none", "hidden"), "whether stored times have fractions output hides"),
    Setting("nulls_in_negations", "", ("excluded", "included"), "whether 'not' operators match empty values"),
    Setting("decimal_zeros", "", ("padded", "trimmed"), "whether decimals end in zeros up to the field's decimals"),
    Setting("missing_features", "", ("refused", "ignored"), "what a field of a missing feature does in a body"),
    Setting("identifier_checks", "", ("off", "on"), "whether VAT, KvK and fiscal numbers are checked"),
    Setting("attachment_size", "", ("unlimited", "10"), "how many MB a file of a dossier item has at most"),
    Setting("undeclared_text", "", ("kept", "question_marks"), "how text arrives that is not declared as UTF-8"),
)
_BY_NAME = {setting.name: setting for setting in SETTINGS}
_BY_NUMBER = {setting.number: setting for setting in SETTINGS if setting.number}


@dataclass(frozen=True, slots=True)
class Dialect:
    """The choice made for every setting in ``SETTINGS``."""

    paging: str = "lenient"
    filter_precedence: str = "and_first"
    collation: str = "ci_as"
    identifiers: str = "case_insensitive"
    order: str = "shuffled"
    bad_filter: str = "error"
    unknown_connector: str = "error"
    parallel_calls: str = "5"
    results: str = "wrapped"
    put_status: str = "201"
    invalid_json: str = "400"
    unknown_field: str = "error"
    time_fractions: str = "none"
    nulls_in_negations: str = "excluded"
    decimal_zeros: str = "padded"
    missing_features: str = "refused"
    identifier_checks: str = "off"
    attachment_size: str = "unlimited"
    undeclared_text: str = "kept"

    def as_dict(self) -> dict[str, str]:
        return {setting.name: getattr(self, setting.name) for setting in SETTINGS}


class Window(NamedTuple):
    """A stretch of time by the environment's clock, the end not included."""

    begin: dt.datetime
    end: dt.datetime

    def as_dict(self) -> dict[str, str]:
        return {"from": self.begin.isoformat(), "until": self.end.isoformat()}


@dataclass(frozen=True, slots=True)
class Profile:
    """The configuration of one environment."""

    participant: str
    type: EnvironmentType = "O"
    profit_version: int = 8
    without: frozenset[Feature] = frozenset()
    autonumber: bool = True
    dialect: Dialect = field(default_factory=Dialect)
    language: Language = "nl"
    clock: Clock = field(default_factory=Clock)
    #: For ever, with so many seconds in the answers, or for a while; 0 is none.
    maintenance: int | Window = 0
    #: Ids, in lower case, of GetConnectors whose definition is blocked.
    blocked_connectors: frozenset[str] = frozenset()
    seed: int = 1
    rows: int = 0
    bare: bool = False

    @property
    def environment(self) -> str:
        """The name AFAS gives an environment: type, participant number, two letters."""
        return f"{self.type}{self.participant}AA"

    @property
    def host(self) -> str:
        """The host that a client of the real environment would call."""
        return f"{self.participant}.rest{HOST_SUFFIXES[self.type]}.afas.online"

    def maintenance_left(self) -> int:
        """The seconds after which a caller may come back; 0 when the environment is not in maintenance now."""
        if isinstance(self.maintenance, int):
            return self.maintenance
        now = self.clock.now()
        begin, end = self.maintenance
        return math.ceil((end - now).total_seconds()) if begin <= now < end else 0

    def as_dict(self) -> dict[str, Any]:
        """The configuration as the control API shows it and accepts it again."""
        return {
            "environment": self.environment,
            "participant": self.participant,
            "type": self.type,
            "profit_version": self.profit_version,
            "without": sorted(self.without),
            "autonumber": self.autonumber,
            "dialect": self.dialect.as_dict(),
            "language": self.language,
            "clock": self.clock.shown(),
            "clock_running": self.clock.running,
            "maintenance": self.maintenance if isinstance(self.maintenance, int) else self.maintenance.as_dict(),
            "blocked_connectors": sorted(self.blocked_connectors),
            "seed": self.seed,
            "rows": self.rows,
            "bare": self.bare,
        }


def _refuse(key: str, value: object, allowed: str) -> ControlError:
    return ControlError(f"'{key}' is {value!r}", hint=f"'{key}' takes {allowed}")


def _participant(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{5}", value):
        raise _refuse("participant", value, 'five digits in a string, such as "12345"')
    return value


def _type(value: object) -> EnvironmentType:
    if value not in HOST_SUFFIXES:
        raise _refuse("type", value, '"O" (production), "T" (test) or "A" (accept)')
    return cast("EnvironmentType", value)


def _profit_version(value: object) -> int:
    if type(value) is not int or value not in PROFIT_VERSIONS:
        raise _refuse("profit_version", value, "a whole number from 5 to 9")
    return value


def features(value: object) -> frozenset[Feature]:
    """Features from a list or a comma-separated string of their names. Raises ControlError."""
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, Iterable) or isinstance(names, Mapping):
        raise _refuse("without", value, f"a list of {', '.join(FEATURES)}")
    cleaned = [name.strip() if isinstance(name, str) else name for name in names]
    for name in cleaned:
        if name and name not in FEATURES:
            raise _refuse("without", name, f"any of {', '.join(FEATURES)}")
    return frozenset(cast("Feature", name) for name in cleaned if name)


def _boolean(key: str) -> Any:
    def check(value: object) -> bool:
        if not isinstance(value, bool):
            raise _refuse(key, value, "true or false")
        return value

    return check


def _whole_number(key: str, most: int) -> Any:
    def check(value: object) -> int:
        if type(value) is not int or not 0 <= value <= most:
            raise _refuse(key, value, f"a whole number from 0 to {most:,}")
        return value

    return check


def _connector_ids(value: object) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _refuse("blocked_connectors", value, "a list of ids of GetConnectors")
    return frozenset(name.lower() for name in value)


def _language(value: object) -> Language:
    if value == "nl":
        return "nl"
    if value == "en":
        return "en"
    raise _refuse("language", value, '"nl" or "en"')


def _clock(value: object) -> dt.datetime | None:
    if value is None:
        return None
    try:
        return values.parse_moment(value if isinstance(value, str) else "")
    except values.NotAValue:
        raise _refuse("clock", value, "Amsterdam wall-clock time such as 2026-11-24T09:00:00, or null") from None


def _maintenance(value: object) -> int | Window:
    if not isinstance(value, Mapping):
        allowed = 'seconds from 0 to 86,400, or {"from": "2026-11-24T22:00:00", "until": "2026-11-24T23:30:00"}'
        if type(value) is not int or not 0 <= value <= 86_400:
            raise _refuse("maintenance", value, allowed)
        return value
    if set(value) != {"from", "until"}:
        raise _refuse("maintenance", value, "'from' and 'until', both")
    begin, end = (_clock(value[name]) for name in ("from", "until"))
    if begin is None or end is None or begin >= end:
        raise _refuse("maintenance", value, "an 'until' after its 'from'")
    return Window(begin, end)


def _dialect(value: object, current: Dialect) -> Dialect:
    if not isinstance(value, Mapping):
        raise _refuse("dialect", value, 'an object such as {"order": "stable"}')
    changes: dict[str, str] = {}
    for key, choice in value.items():
        setting = _BY_NAME.get(key) or _BY_NUMBER.get(str(key).upper())
        if setting is None:
            raise ControlError(f"'dialect' has no setting '{key}'", hint=f"the settings are {', '.join(_BY_NAME)}")
        text = str(choice)
        if text not in setting.choices:
            raise _refuse(f"dialect.{setting.name}", choice, " or ".join(setting.choices))
        changes[setting.name] = text
    return replace(current, **changes)


_CHECKS: Mapping[str, Any] = {
    "participant": _participant,
    "type": _type,
    "profit_version": _profit_version,
    "without": features,
    "autonumber": _boolean("autonumber"),
    "language": _language,
    "clock": _clock,
    "clock_running": _boolean("clock_running"),
    "maintenance": _maintenance,
    "blocked_connectors": _connector_ids,
    "seed": _whole_number("seed", 2**53),
    "rows": _whole_number("rows", 1_000_000),
    "bare": _boolean("bare"),
}


def configured(profile: Profile, changes: Mapping[str, Any]) -> Profile:
    """``profile`` with ``changes`` in the form of the control API. Raises ControlError; then nothing has changed."""
    checked: dict[str, Any] = {}
    for key, value in changes.items():
        if key == "environment":
            if value != profile.environment:
                raise ControlError(f"'environment' is {value!r}", hint="its parts are 'type' and 'participant'")
        elif key == "dialect":
            checked[key] = _dialect(value, profile.dialect)
        elif key in _CHECKS:
            checked[key] = _CHECKS[key](value)
        else:
            known = ", ".join(sorted((*_CHECKS, "dialect")))
            raise ControlError(f"unknown key '{key}'", hint=f"the keys are {known}")
    clock = profile.clock
    if "clock_running" in checked:
        clock = clock.let_run(checked.pop("clock_running"))
    if "clock" in checked:
        clock = clock.moved(checked["clock"])
    return replace(profile, **{**checked, "clock": clock})


def shipped_profiles() -> dict[str, Path]:
    """The named profiles and their files, by name."""
    return {file.stem: file for file in fixtures.files("profiles", "*.toml")}


def read_profile(name_or_file: str) -> dict[str, Any]:
    """The settings of a named profile (``fixtures/profiles``) or of a TOML file. Raises ControlError."""
    path = Path(name_or_file)
    shipped = shipped_profiles()
    if not path.suffix and name_or_file in shipped:
        path = shipped[name_or_file]
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        hint = f"name a TOML file or one of {', '.join(shipped)}"
        raise ControlError(f"profile '{name_or_file}' cannot be read: {error}", hint=hint) from None
    except tomllib.TOMLDecodeError as error:
        raise ControlError(
            f"profile '{name_or_file}' is no TOML: {error}", hint="see docs/reference/dialect.md"
        ) from None
