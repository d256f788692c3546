"""The environment logbook: every error with the reason that Profit keeps to itself. Only errors are in it."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from dataclasses import asdict, dataclass
from typing import Any

from mock_afas.errors import Reason

MOST_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One error. ``reference`` is what the client got as ``profitLogReference``, if its answer had a body."""

    reference: str
    time: dt.datetime
    status: int
    request: str
    message: str
    number: int | None
    reason: Reason

    def as_dict(self) -> dict[str, Any]:
        return {
            "reference": self.reference,
            "time": self.time.isoformat(timespec="milliseconds"),
            "status": self.status,
            "request": self.request,
            "message": self.message,
            "number": self.number,
            "reason": asdict(self.reason),
        }


class Logbook:
    """The last errors of an environment by their reference."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, LogEntry] = OrderedDict()

    def add(self, entry: LogEntry) -> None:
        self._entries[entry.reference] = entry
        if len(self._entries) > MOST_ENTRIES:
            self._entries.popitem(last=False)

    def find(self, reference: str) -> LogEntry | None:
        return self._entries.get(reference.upper())

    def entries(self) -> list[LogEntry]:
        """All entries, the newest first."""
        return list(reversed(self._entries.values()))
