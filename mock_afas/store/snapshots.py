"""The snapshots of one environment: named books to come back to. They share pages with nobody that writes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from mock_afas.errors import ControlError
from mock_afas.store.books import Books

MOST_SNAPSHOTS = 100
_NAME = re.compile(r"[\w][\w .-]{0,63}")


class Snapshot(NamedTuple):
    """Books under a name. ``created`` is Amsterdam wall-clock time, to the second."""

    name: str
    created: str
    books: Books

    def as_dict(self) -> dict[str, Any]:
        """As the control API shows it; ``size`` is in bytes, which are shared until somebody writes."""
        return {"name": self.name, "created": self.created, "size": self.books.size}

    def release(self) -> None:
        """Gives up the books."""
        self.books.release()


class Snapshots:
    """Snapshots by name, the oldest first; case counts."""

    def __init__(self, kept: Iterable[Snapshot] = ()) -> None:
        self._snapshots = {snapshot.name: snapshot for snapshot in kept}

    def all(self) -> list[Snapshot]:
        return list(self._snapshots.values())

    def find(self, name: str) -> Snapshot:
        """The snapshot called ``name``. Raises ControlError 404."""
        if name not in self._snapshots:
            known = ", ".join(self._snapshots) or "none yet"
            raise ControlError(f"there is no snapshot '{name}'", hint=f"there are: {known}", status=404)
        return self._snapshots[name]

    def take(self, name: str | None, books: Books, now: dt.datetime) -> tuple[Snapshot, Snapshot | None]:
        """A snapshot of ``books``, and the one it replaces, which the caller releases. Raises ControlError."""
        chosen = self._free_name() if name is None else name
        if not _NAME.fullmatch(chosen):
            hint = "a name has up to 64 letters, digits, spaces, '.', '_' and '-', and begins with a letter or digit"
            raise ControlError(f"'name' is {chosen[:100]!r}", hint=hint)
        replaced = self._snapshots.pop(chosen, None)
        if len(self._snapshots) >= MOST_SNAPSHOTS:
            hint = "delete those that you do not need"
            raise ControlError(f"there are {MOST_SNAPSHOTS} snapshots already", hint=hint, status=409)
        self._snapshots[chosen] = Snapshot(chosen, now.isoformat(timespec="seconds"), books.share())
        return self._snapshots[chosen], replaced

    def _free_name(self) -> str:
        return next(name for at in range(1, MOST_SNAPSHOTS + 2) if (name := f"snapshot-{at}") not in self._snapshots)

    def delete(self, name: str) -> Snapshot:
        """Forgets a snapshot, which the caller releases. Raises ControlError 404."""
        self.find(name)
        return self._snapshots.pop(name)

    def release(self) -> None:
        """Gives up the books of all snapshots, when the environment is deleted."""
        for snapshot in self._snapshots.values():
            snapshot.release()
        self._snapshots.clear()
