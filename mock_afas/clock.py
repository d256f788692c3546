"""The clock of an environment: the system's, one that stands still, or one that runs from a moment of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mock_afas import values


@dataclass(frozen=True, slots=True)
class Clock:
    """Amsterdam wall-clock time. ``at`` None follows the system's clock.

    Otherwise the clock stands still at ``at``, or, ``running``, showed that when the system's clock, in UTC, showed
    ``since``. Running, it goes by elapsed time: daylight saving does not move it.
    """

    at: dt.datetime | None = None
    running: bool = False
    since: dt.datetime | None = None

    def now(self) -> dt.datetime:
        """What the clock shows."""
        if self.at is None:
            return dt.datetime.now(values.AMSTERDAM).replace(tzinfo=None)
        if not self.running or self.since is None:
            return self.at
        return self.at + (_system() - self.since)

    def moved(self, at: dt.datetime | None) -> Clock:
        """The clock put to another moment, or to the system's time; it goes on running or standing."""
        return Clock(at, self.running, _system() if at else None)

    def let_run(self, running: bool) -> Clock:
        """The clock set running, or stopped at what it shows."""
        if self.at is None or running == self.running:
            return replace(self, running=running)
        return Clock(self.now(), running, _system())

    def shown(self) -> str | None:
        """What the clock shows as ISO text, whole seconds when it runs; None for the system's clock."""
        if self.at is None:
            return None
        return self.now().isoformat(timespec="seconds") if self.running else self.at.isoformat()

    def as_dict(self) -> dict[str, Any]:
        """All of the clock, to be kept; it goes on running while nobody looks."""
        moments = {"at": self.at, "since": self.since}
        return {"running": self.running, **{name: one.isoformat() if one else None for name, one in moments.items()}}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Clock:
        """The clock that ``as_dict`` describes."""
        at, since = (dt.datetime.fromisoformat(kept[name]) if kept[name] else None for name in ("at", "since"))
        return cls(at, kept["running"], since)


def _system() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
