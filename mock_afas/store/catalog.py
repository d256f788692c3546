"""Keeps the list of environments in a directory, so that a restart finds them as they were.

The directory holds ``environments.sqlite``, one file for each set of books, and ``lock``, which a second process
cannot take. A set of books that no environment names is left over from a killed process and is removed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from mock_afas.errors import ControlError


class KeptSnapshot(NamedTuple):
    """A snapshot as it is kept: its name, when it was made, and the name of its file of books."""

    name: str
    created: str
    books: str


class Kept(NamedTuple):
    """An environment as it is kept: JSON of its configuration, the names of its files of books, its snapshots."""

    environment: str
    settings: dict[str, Any]
    books: str
    base: str
    snapshots: Sequence[KeptSnapshot] = ()


class Catalog:
    """The environments in a directory. Raises ControlError when another process uses it."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self._lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            hint = "stop it, or give another --data directory"
            raise ControlError(f"another process uses {directory}", hint=hint) from None
        self._connection = sqlite3.connect(
            directory / "environments.sqlite", isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS environments"
            " (environment TEXT PRIMARY KEY, settings TEXT, books TEXT, base TEXT)"
        )
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS snapshots"
            " (environment TEXT, name TEXT, created TEXT, books TEXT, PRIMARY KEY (environment, name))"
        )
        self._connection.execute("CREATE TABLE IF NOT EXISTS definitions (digest TEXT PRIMARY KEY, definition TEXT)")

    def new_path(self) -> Path:
        """A path in the directory for a new set of books."""
        return self.directory / f"books-{secrets.token_hex(8)}.sqlite"

    def all(self) -> list[Kept]:
        """Every environment that is kept, in the order they were made; removes files that none of them names."""
        cursor = self._connection.execute("SELECT environment, settings, books, base FROM environments ORDER BY rowid")
        kept = [
            Kept(name, orjson.loads(settings), books, base, self._snapshots(name))
            for name, settings, books, base in cursor
        ]
        named = {name for one in kept for name in (one.books, one.base, *(shot.books for shot in one.snapshots))}
        for path in self.directory.glob("books-*"):
            if path.name.partition(".sqlite")[0] + ".sqlite" not in named:
                path.unlink()
        self._forget_definitions(kept)
        return kept

    def _snapshots(self, environment: str) -> list[KeptSnapshot]:
        sql = "SELECT name, created, books FROM snapshots WHERE environment = ? ORDER BY rowid"
        return [KeptSnapshot(*row) for row in self._connection.execute(sql, (environment,))]

    def _forget_definitions(self, kept: list[Kept]) -> None:
        """Removes definitions that none of the environments has."""
        listed = (one.settings.get("definitions", {}).get("imported", ()) for one in kept)
        named = {definition.get("digest") for imported in listed for definition in imported}
        for (digest,) in self._connection.execute("SELECT digest FROM definitions").fetchall():
            if digest not in named:
                self._connection.execute("DELETE FROM definitions WHERE digest = ?", (digest,))

    def keep_definition(self, definition: dict[str, Any]) -> str:
        """Keeps an imported definition, which any number of environments can have; gives the digest that finds it."""
        text = orjson.dumps(definition)
        digest = hashlib.sha256(text).hexdigest()
        self._connection.execute("INSERT OR IGNORE INTO definitions VALUES (?, ?)", (digest, text.decode()))
        return digest

    def definition(self, digest: str) -> Any:
        """The definition that ``keep_definition`` gave this digest for."""
        cursor = self._connection.execute("SELECT definition FROM definitions WHERE digest = ?", (digest,))
        return orjson.loads(cursor.fetchone()[0])

    def keep(self, kept: Kept) -> None:
        """Writes one environment down; when this returns it survives a killed process."""
        with self._transaction():
            self._connection.execute(
                "INSERT INTO environments VALUES (?, ?, ?, ?) ON CONFLICT (environment) DO UPDATE"
                " SET settings = excluded.settings, books = excluded.books, base = excluded.base",
                (kept.environment, orjson.dumps(kept.settings).decode(), kept.books, kept.base),
            )
            self._connection.execute("DELETE FROM snapshots WHERE environment = ?", (kept.environment,))
            rows = [(kept.environment, *snapshot) for snapshot in kept.snapshots]
            self._connection.executemany("INSERT INTO snapshots VALUES (?, ?, ?, ?)", rows)

    def forget(self, environment: str) -> None:
        with self._transaction():
            for table in ("environments", "snapshots"):
                self._connection.execute(f"DELETE FROM {table} WHERE environment = ?", (environment,))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()
        os.close(self._lock)
