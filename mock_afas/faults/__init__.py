"""Faults as data: what goes wrong with which calls of an environment, and how often it did.

A fault says which calls it fits, whether it fires before a call is carried out or after, and its effect. ``wire``
brings the effects about. Faults live as long as the process: forks start without, and a reset removes them.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, cast, get_args

from mock_afas.errors import ControlError
from mock_afas.faults.kinds import Kind, Unfit, optional, read_effect, unfit, whole_number

Phase = Literal["before", "after"]

MOST_FAULTS = 1_000
PHASES = get_args(Phase)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
_MATCH_KEYS = ("method", "connector", "nth", "times")
_count = whole_number(1, 2**31)


class Match(NamedTuple):
    """Which calls a fault fits: from the ``nth`` that fits on, so many ``times``; None is for ever.

    ``method`` is in capitals, ``connector`` in lower case; None fits every one.
    """

    method: str | None = None
    connector: str | None = None
    nth: int = 1
    times: int | None = None


@dataclass(slots=True)
class Fault:
    """One fault and how often it fitted a call (``matched``) and came about (``fired``)."""

    id: str
    match: Match
    phase: Phase
    kind: Kind
    options: Mapping[str, Any]
    #: The connector as it was given.
    connector: str | None
    chance: random.Random
    matched: int = 0
    fired: int = 0

    def is_due(self, method: str, connector: str, parallel: int) -> bool:
        """Whether the fault fires on a call that begins now as one of ``parallel``; counts the call."""
        match = self.match
        if match.method not in {None, method} or match.connector not in {None, connector}:
            return False
        self.matched += 1
        if self.matched < match.nth or (match.times is not None and self.fired >= match.times):
            return False
        if self.kind.name == "throttle" and parallel <= self.options["parallel"]:
            return False
        self.fired += 1
        return True

    def as_dict(self) -> dict[str, Any]:
        """The fault as the control API shows it."""
        match = {**self.match._asdict(), "connector": self.connector}
        return {
            "id": self.id,
            "match": match,
            "phase": self.phase,
            "effect": {"kind": self.kind.name, **self.options},
            "matched": self.matched,
            "fired": self.fired,
        }


class Firing(NamedTuple):
    """A fault that fires on a call, for the ``number``-th time."""

    fault: Fault
    number: int


class Faults:
    """The faults of one environment, in the order they were made. Repeatable from ``seed``."""

    def __init__(self, seed: int) -> None:
        self.listed: list[Fault] = []
        #: Set once the environment is deleted or the server stops: nobody has to wait any longer.
        self.ended = asyncio.Event()
        self._seed = seed
        self._made = 0

    def add(self, body: object) -> Fault:
        """A new fault from what the control API was sent. Raises ControlError; then there is none."""
        if not isinstance(body, dict):
            raise unfit("fault", body, 'an object such as {"match": {}, "phase": "before", "effect": {"kind": "drop"}}')
        if len(self.listed) >= MOST_FAULTS:
            raise ControlError(f"there are {MOST_FAULTS:,} faults", hint="delete some first", status=409)
        for name in body:
            if name not in {"match", "phase", "effect"}:
                raise ControlError(f"unknown key '{name}'", hint="the keys are match, phase, effect", status=400)
        phase = body.get("phase", "before")
        if phase not in PHASES:
            raise unfit("phase", phase, " or ".join(PHASES))
        given = body.get("match", {})
        match = read_match(given)
        kind, options = read_effect(body.get("effect"))
        self._made += 1
        fault_id = f"F{self._made:05d}"
        fault = Fault(
            id=fault_id,
            match=match,
            phase=cast("Phase", phase),
            kind=kind,
            options=options,
            connector=given.get("connector"),
            chance=random.Random(f"{self._seed} {fault_id}"),  # noqa: S311 - repeatable on purpose, guards nothing
        )
        self.listed.append(fault)
        return fault

    def remove(self, fault_id: str) -> None:
        """Removes one fault. Raises ControlError 404."""
        known = [fault.id for fault in self.listed]
        if fault_id not in known:
            hint = f"there are {', '.join(known[:20]) or 'none'}"
            raise ControlError(f"there is no fault '{fault_id}'", hint=hint, status=404)
        del self.listed[known.index(fault_id)]

    def clear(self) -> None:
        """Removes all faults; ids are not given again."""
        self.listed.clear()

    def on(self, method: str, connector: str, parallel: int) -> list[Firing]:
        """The faults that fire on a call that begins now, in order; ``connector`` is in lower case."""
        return [Firing(fault, fault.fired) for fault in self.listed if fault.is_due(method, connector, parallel)]


def read_match(match: object) -> Match:
    """Which calls a fault fits. With ``nth`` and without ``times`` it fires once. Raises ControlError."""
    if not isinstance(match, dict):
        raise unfit("match", match, 'an object such as {"method": "POST", "connector": "FiEntries", "nth": 2}')
    for name in match:
        if name not in _MATCH_KEYS:
            hint = f"the keys of 'match' are {', '.join(_MATCH_KEYS)}"
            raise ControlError(f"unknown key 'match.{name}'", hint=hint, status=400)
    method, connector = match.get("method"), match.get("connector")
    if method is not None and (not isinstance(method, str) or method.upper() not in METHODS):
        raise unfit("match.method", method, f"one of {', '.join(METHODS)}")
    if connector is not None and (not isinstance(connector, str) or not 0 < len(connector) <= 200):
        raise unfit("match.connector", connector, "the id of a connector, or metainfo, profitversion, subjectconnector")
    nth = _counted(match, "nth", 1)
    return Match(
        method=method.upper() if method else None,
        connector=connector.lower() if connector else None,
        nth=1 if nth is None else nth,
        times=_counted(match, "times", 1 if match.get("nth") is not None else None),
    )


def _counted(match: Mapping[str, Any], name: str, default: int | None) -> int | None:
    if name not in match:
        return default
    try:
        counted: int | None = optional(_count)(match[name])
    except Unfit as allowed:
        raise unfit(f"match.{name}", match[name], str(allowed)) from None
    return counted


def numbered(rows: list[Any], number: int) -> list[Any]:
    """Rows with ``{n}`` in their texts replaced by ``number``, so that each firing can put other rows."""
    return [
        {name: text.replace("{n}", str(number)) if isinstance(text, str) else text for name, text in row.items()}
        if isinstance(row, dict)
        else row
        for row in rows
    ]
