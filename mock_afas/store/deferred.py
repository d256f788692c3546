"""Rows that are written down in the books and get into their tables when somebody first looks there.

A booking makes dozens of rows that nobody looks at while others are being booked: the entry, its lines and what belongs
to them, its invoice. They go into the books as one row of ``deferred``, which makes a booking as durable as if each had
been inserted, at a fraction of the cost; books in memory keep the same bytes beside their tables. Tables, indexes and
projections follow while no call comes, a few bookings at a time, or all at once at the first read; see ``Books.step``
and ``Books.settle``.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from mock_afas.records import ENTITIES, Stored
from mock_afas.store.schema import quoted
from mock_afas.values import folded

#: The entities whose new rows wait. None of their columns is a blob, for the rows are kept as JSON.
DEFERRED = frozenset(
    ("entries", "entry_lines", "entry_allocations", "entry_projects", "entry_transitories", "invoices")
)
#: The keys of those that bookings look up.
_FOUND = {entity: itemgetter(*ENTITIES[entity].key) for entity in ("entries", "invoices")}
#: So many bytes of JSON are moved in a step, which takes about 5 ms: some 12 bookings of 20 lines.
_STEP = 49_152
#: So many are read at a time when everything is moved.
_CHUNK = 4 * _STEP

#: The key of a line, and the columns of an allocation that are those of its line when that has only one.
_KEY = itemgetter(*ENTITIES["entry_lines"].key)
_CODES = tuple(f"allocation_{axis}" for axis in range(1, 6))
_OF_LINE = (*ENTITIES["entry_lines"].key, *_CODES, "debit", "credit", "currency", "debit_currency", "credit_currency")

#: New rows by their entities; columns that a row does not name are empty.
Details = Mapping[str, Sequence[Mapping[str, Stored]]]
Key = tuple[Stored, ...]
Number = int
#: The number of a booking, and its rows as JSON.
_Booking = tuple[Number, bytes]


class Moved(NamedTuple):
    """What was moved into tables: bookings by their numbers, row ids by entity, keys that no longer wait.

    An empty range stands for rows nobody can tell: one of them took the place of a row that had its key.
    """

    bookings: list[Number]
    rows: list[tuple[str, range]]
    keys: list[tuple[str, Key]]
    everything: bool


class Deferred:
    """The rows of one set of books that wait. ``waiting`` is how many bookings they belong to."""

    def __init__(self, connection: sqlite3.Connection, *, durable: bool) -> None:
        self._connection = connection
        self._durable = durable
        #: By entity and key the number of the last booking that has such a row.
        self._keys: dict[tuple[str, Key], Number] = {}
        #: Bookings in memory, by their numbers.
        self._kept: deque[_Booking] = deque()
        self._last = 0
        connection.execute("CREATE TABLE IF NOT EXISTS deferred (id INTEGER PRIMARY KEY, details BLOB)")
        self.waiting: int = connection.execute("SELECT count(*) FROM deferred").fetchone()[0]

    def add(self, details: Details) -> None:
        """Writes rows down."""
        written = orjson.dumps(details)
        if self._durable:
            sql = "INSERT INTO deferred (details) VALUES (?)"
            self._last = self._connection.execute(sql, (written,)).lastrowid or 0
        else:
            self._last += 1
            self._kept.append((self._last, memoryview(written).tobytes()))  # orjson gives more room than is needed
        self.waiting += 1
        for entity, key in _keys(details):
            self._keys[entity, key] = self._last

    def undo(self, waiting: int) -> None:
        """Notes that the transaction in which more than ``waiting`` bookings were added is rolled back."""
        while len(self._kept) > waiting:
            self._kept.pop()
        self.waiting = waiting

    def may_hold(self, entity: str, key: Key) -> bool:
        """Whether a row of ``entity`` with this key may be among those that wait."""
        if not self.waiting or entity not in DEFERRED:
            return False
        return entity not in _FOUND or (entity, folded(key)) in self._keys

    def move(self, *, everything: bool) -> Moved:
        """Moves everything, or the oldest bookings, into the tables, within a transaction of the caller.

        The caller gives what comes of it to ``moved`` once it is carried out.
        """
        moved = Moved([], [], [], everything)
        bookings = self._bookings()
        while chunk := _chunk(bookings, _CHUNK if everything else _STEP):
            moved.bookings.extend(number for number, _ in chunk)
            self._move([_complete(_read(details)) for _, details in chunk], moved)
            if not everything:
                break
        bookings.close()
        if self._durable and moved.bookings:
            self._connection.execute("DELETE FROM deferred WHERE id <= ?", (moved.bookings[-1],))
        return moved

    def _bookings(self) -> Generator[_Booking, None, None]:
        """What waits, the oldest first."""
        yield from self._kept
        with closing(self._connection.execute("SELECT id, details FROM deferred ORDER BY id")) as written:
            yield from written

    def _move(self, read: list[Details], moved: Moved) -> None:
        for entity in sorted(DEFERRED):
            new = [row for details in read for row in details.get(entity, ())]
            if new:
                moved.rows.append((entity, self._insert(entity, new)))
        moved.keys.extend(key for details in read for key in _keys(details))

    def moved(self, moved: Moved) -> None:
        """Notes that the transaction of ``move`` was carried out."""
        while moved.bookings and self._kept and self._kept[0][0] <= moved.bookings[-1]:
            self._kept.popleft()
        if moved.everything or not moved.bookings:
            self.waiting = 0
            self._keys.clear()
            return
        self.waiting -= len(moved.bookings)
        for key in moved.keys:
            if self._keys.get(key, 0) <= moved.bookings[-1]:
                self._keys.pop(key, None)

    def _insert(self, entity: str, rows: list[Mapping[str, Stored]]) -> range:
        names, values = [], []
        for column in ENTITIES[entity].columns:
            cells = [row.get(column.name) for row in rows]
            empty = cells.count(None)
            # What is empty in every row need not be written; a boolean that nobody set is false.
            if empty < len(cells):
                names.append(quoted(column.name))
                values.append([cell or 0 for cell in cells] if empty and column.kind == "boolean" else cells)
        into = f"INTO {quoted(entity)} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        try:
            self._connection.executemany(f"INSERT {into}", zip(*values, strict=True))
        except sqlite3.IntegrityError:
            # Somebody put a row there meanwhile, for an entry that was not there yet.
            self._connection.executemany(f"INSERT OR REPLACE {into}", zip(*values, strict=True))
            return range(0)
        # Nobody else writes, so SQLite gave the new rows the numbers after the highest, one by one.
        (last,) = self._connection.execute("SELECT last_insert_rowid()").fetchone()
        return range(last - len(rows) + 1, last + 1)


def entities_in(details: Details) -> Collection[str]:
    """The entities that get rows by ``details``: lines may have allocations that are not written down."""
    if "entry_lines" in details and "entry_allocations" not in details:
        return (*details, "entry_allocations")
    return details.keys()


def _read(written: bytes) -> Details:
    """What was written down; by an earlier version without names, in the order of the columns."""
    details: dict[str, list[Any]] = orjson.loads(written)
    for entity, rows in details.items():
        if rows and isinstance(rows[0], list):
            names = [column.name for column in ENTITIES[entity].columns]
            details[entity] = [dict(zip(names, row, strict=True)) for row in rows]
    return details


def _complete(details: Details) -> Details:
    """Adds the allocations that need not be written down: that of a line with codes and no parts is all of it."""
    lines = [line for line in details.get("entry_lines", ()) if any(map(line.get, _CODES))]
    if not lines:
        return details
    written = details.get("entry_allocations", [])
    parted = set(map(_KEY, written))
    whole = [{"part": 1, **{name: line.get(name) for name in _OF_LINE}} for line in lines if _KEY(line) not in parted]
    return {**details, "entry_allocations": [*written, *whole]}


def _chunk(bookings: Iterator[_Booking], most: int) -> list[_Booking]:
    """The next bookings, of about ``most`` bytes together; none at the end."""
    chunk: list[_Booking] = []
    size = 0
    for number, details in bookings:
        chunk.append((number, details))
        size += len(details)
        if size >= most:
            break
    return chunk


def _keys(details: Details) -> Iterator[tuple[str, Key]]:
    """The keys in ``details`` that bookings look up."""
    for entity, key_of in _FOUND.items():
        for row in details.get(entity, ()):
            yield entity, folded(key_of(row))
