"""Rows that are written down in the books and get into their tables when somebody first looks there.

A booking makes dozens of rows that nobody looks at while others are being booked: the entry, its lines and what belongs
to them, its invoice. They go into the books as one row of ``deferred``, which makes a booking as durable as if each had
been inserted, at a fraction of the cost. Tables, indexes and projections follow at the first read; see
``Books.settle``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence

import orjson

from mock_afas.records import ENTITIES, Column, Stored
from mock_afas.store.schema import quoted

#: The entities whose new rows wait. None of their columns is a blob, for the rows are kept as JSON.
DEFERRED = frozenset(
    ("entries", "entry_lines", "entry_allocations", "entry_projects", "entry_transitories", "invoices")
)
#: Those that bookings look up by their keys, which are their first columns.
_FOUND = {entity: len(ENTITIES[entity].key) for entity in ("entries", "invoices")}
#: What a part of a line says of itself.
_PARTS_ALONE = frozenset(("quantity", "custom"))
#: So many bookings are settled at a time.
_CHUNK = 500

#: Where columns of lines and of their allocations are. Administration, entry and sequence are the key of a line.
_KEY = len(ENTITIES["entry_lines"].key)
_LINE = {column.name: at for at, column in enumerate(ENTITIES["entry_lines"].columns)}
_CODES = slice(_LINE["allocation_1"], _LINE["allocation_5"] + 1)
#: By column of an allocation after its key, where the line has what it says; a part of a line has more.
_OF_LINE = tuple(
    _LINE.get(column.name) if column.name not in _PARTS_ALONE else None
    for column in ENTITIES["entry_allocations"].columns[len(ENTITIES["entry_allocations"].key) :]
)

#: New rows by their entities, each with all columns in the order of the entity.
Details = Mapping[str, Sequence[Sequence[Stored]]]
Key = tuple[Stored, ...]


class Deferred:
    """The rows of one set of books that wait. ``waiting`` is how many bookings they belong to."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._keys: set[tuple[str, Key]] = set()
        connection.execute("CREATE TABLE IF NOT EXISTS deferred (id INTEGER PRIMARY KEY, details BLOB)")
        self.waiting: int = connection.execute("SELECT count(*) FROM deferred").fetchone()[0]

    def add(self, details: Details) -> None:
        """Writes rows down."""
        self._connection.execute("INSERT INTO deferred (details) VALUES (?)", (orjson.dumps(details),))
        self.waiting += 1
        for entity, size in _FOUND.items():
            for row in details.get(entity, ()):
                self._keys.add((entity, _folded(row[:size])))

    def may_hold(self, entity: str, key: Key) -> bool:
        """Whether a row of ``entity`` with this key may be among those that wait."""
        if not self.waiting or entity not in DEFERRED:
            return False
        return entity not in _FOUND or (entity, _folded(key)) in self._keys

    def settle(self) -> Iterator[tuple[str, range]]:
        """Moves everything into its tables, within the transaction of the caller; gives new row ids by entity.

        An empty range stands for rows nobody can tell: one of them took the place of a row that had its key.
        """
        rows = self._connection.execute("SELECT details FROM deferred ORDER BY id")
        while chunk := rows.fetchmany(_CHUNK):
            read = [_complete(orjson.loads(details)) for (details,) in chunk]
            for entity in sorted(DEFERRED):
                new = [row for details in read for row in details.get(entity, ())]
                if new:
                    yield entity, self._insert(entity, new)
        self._connection.execute("DELETE FROM deferred")

    def settled(self) -> None:
        """Notes that the transaction of ``settle`` was carried out."""
        self.waiting = 0
        self._keys.clear()

    def _insert(self, entity: str, rows: list[list[Stored]]) -> range:
        into = f"INTO {quoted(entity)} VALUES ({', '.join(map(_place, ENTITIES[entity].columns))})"
        try:
            self._connection.executemany(f"INSERT {into}", rows)
        except sqlite3.IntegrityError:
            # Somebody put a row there meanwhile, for an entry that was not there yet.
            self._connection.executemany(f"INSERT OR REPLACE {into}", rows)
            return range(0)
        # Nobody else writes, so SQLite gave the new rows the numbers after the highest, one by one.
        (last,) = self._connection.execute("SELECT last_insert_rowid()").fetchone()
        return range(last - len(rows) + 1, last + 1)


def _complete(details: dict[str, list[list[Stored]]]) -> dict[str, list[list[Stored]]]:
    """Adds the allocations that need not be written down: that of a line with codes and no parts is all of it."""
    lines = [line for line in details.get("entry_lines", ()) if any(line[_CODES])]
    if not lines:
        return details
    written = details.get("entry_allocations", [])
    parted = {tuple(part[:_KEY]) for part in written}
    whole = [_only_part(line) for line in lines if tuple(line[:_KEY]) not in parted]
    return {**details, "entry_allocations": [*written, *whole]}


def _only_part(line: list[Stored]) -> list[Stored]:
    return [*line[:_KEY], 1, *(None if at is None else line[at] for at in _OF_LINE)]


def _place(column: Column) -> str:
    """The place of a value in an INSERT: a boolean that nobody set is false."""
    return "ifnull(?, 0)" if column.kind == "boolean" else "?"


def _folded(key: Sequence[Stored]) -> Key:
    return tuple([part.casefold() if isinstance(part, str) else part for part in key])
