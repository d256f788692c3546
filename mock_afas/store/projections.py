"""What a GetConnector reads: each row's JSON, and the columns its filters and orders compare.

A projection is derived from the books and lives beside them: the JSON of each row in memory, by position, and a table
``kN`` in a database of its own (schema ``p``) with the columns that some request compared, added when first asked for.
A page walks an index over ``kN`` and joins the JSON it finds. Methods that run SQL may take long on a cold projection;
``needs_preparation`` says so beforehand.
"""

from __future__ import annotations

import sqlite3
import time
from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from mock_afas.connectors import GetConnector
from mock_afas.query import Query, Walk
from mock_afas.store.changes import ChangeLog, chosen_by, highest, up_to
from mock_afas.store.rendering import Rendering, comparison_key, row_json
from mock_afas.store.schema import quoted
from mock_afas.store.sources import SOURCES

#: Tables below this size are scanned: an index would cost more than it saves.
INDEXED_FROM = 500
MOST_INDEXES = 16
#: The ordered ids of a walk are kept when finding a page took this long (seconds), up to so many bytes a projection.
SLOW = 0.0003
MOST_WALK_BYTES = 16 * 2**20
#: More changed rows than this are replaced only up to a quarter of all: then to make all anew is the shorter way.
MOST_CHANGES = 500
#: So many changed rows are taken over ahead of a read, which takes about 5 ms.
STEP = 500
#: Above so many rows a walk is found in a worker thread.
LONG = 200_000
_FEW = 64
MOST_PREPARED = 4_096

Ids = Sequence[int]


class Followed(Protocol):
    """The part of the books that a projection follows. ``changes`` is about rows in tables, ``version`` about all."""

    connection: sqlite3.Connection
    version: int
    changes: ChangeLog

    def settle(self, entities: Iterable[str]) -> None:
        """Puts rows of ``entities`` that were deferred into their tables."""

    def transaction(self) -> AbstractContextManager[None]:
        """All that is written inside, or nothing of it."""


class _Changed(NamedTuple):
    """What to take over: rows with ids that were there before, new ones up to an id; ``position`` is in the log."""

    position: int
    known: Collection[int]
    highest: int


class Projection:
    """The rows of one GetConnector under one rendering."""

    def __init__(
        self,
        books: Followed,
        number: int,
        connector: GetConnector,
        rendering: Rendering,
        *,
        instead_of: Projection | None = None,
    ) -> None:
        """``instead_of`` is a projection whose place this one takes. Its table goes when this one gets its own: then
        no other SQL runs, while now some may be under way.
        """
        self.connector = connector
        self.rendering = rendering
        #: Whether somebody asked for it since it was last brought along.
        self.wanted = False
        self._books = books
        self._source = SOURCES[connector.source]
        self._keys = f"p.k{number}"
        self._number = number
        self._version = -1
        #: Up to where the log of changes was followed, and the highest row id of the entity then.
        self._position = 0
        self._highest = 0
        self._instead_of = instead_of
        self._columns: set[int] = set()
        self._indexes: OrderedDict[str, None] = OrderedDict()
        self._walks: OrderedDict[Walk, Ids] = OrderedDict()
        self._walk_bytes = 0
        self._prepared: set[Walk] = set()
        self._seen: OrderedDict[Walk, None] = OrderedDict()
        self._all: Ids = ()
        self._separator = rendering.separator.encode()
        #: The JSON of each row by its position, the id in ``kN``; empty for a row that is gone, and at 0.
        self._rows: list[bytes] = [b""]

    def copied(self, books: Followed) -> Projection:
        """The same projection of a copy of the books, whose schema ``p`` is a copy as well."""
        copy = Projection(books, self._number, self.connector, self.rendering)
        if self._instead_of is not None:
            copy._instead_of = self._instead_of.copied(books)
        copy._version, copy._position, copy._highest = self._version, self._position, self._highest
        copy.wanted = self.wanted
        copy._columns = set(self._columns)
        copy._indexes = self._indexes.copy()
        copy._prepared = set(self._prepared)
        copy._all = self._all
        copy._rows = self._rows.copy()
        return copy

    # ------------------------------------------------------------ keeping up with the books

    @property
    def made(self) -> bool:
        """Whether it was made of the books as they are or were; else it is to be made first."""
        return self._version >= 0

    @property
    def size(self) -> int:
        """How many rows there were when it was last brought up to date."""
        return len(self._all)

    def needs_preparation(self, query: Query) -> bool:
        """Whether ``prepare`` would have work to do before ``query`` can be answered quickly."""
        return self._version != self._books.version or query.walk not in self._prepared

    def prepare(self, query: Query) -> None:
        """Brings rows, compared columns and index up to what ``query`` needs."""
        if self._version != self._books.version:
            self._catch_up()
        missing = sorted(self._compared(query) - self._columns)
        if missing:
            self._add_columns(missing)
        if self._wants_index(query):
            self._make_index(query)
        if len(self._prepared) >= MOST_PREPARED:
            self._prepared.clear()
        self._prepared.add(query.walk)

    def drop(self) -> None:
        """Removes the table. Whoever still uses the projection finds it made anew."""
        self._version = -1
        self._execute(f"DROP TABLE IF EXISTS {self._keys}")
        if self._instead_of is not None:
            self._instead_of.drop()
            self._instead_of = None

    def _execute(self, sql: str, parameters: Sequence[object] = ()) -> sqlite3.Cursor:
        return self._books.connection.execute(sql, parameters)

    def _catch_up(self) -> None:
        self._books.settle(self._source.tables)
        version = self._books.version
        changed = self._changed(None) if self.made else None
        if changed is None:
            self._build()
        else:
            self._take_over(changed)
        self._version = version

    def follow(self) -> bool:
        """Takes some changed rows over before a read asks for them, if somebody reads; whether there were any.

        To be called when no rows are deferred. Nothing happens when the projection has to be made anew.
        """
        if not self.made or not self.wanted or self._version == self._books.version:
            return False
        changed = self._changed(STEP)
        if changed is None or len(changed.known) > 2 * STEP:  # many rows changed at once, by the control API
            return False
        before = self._position, self._highest
        self._take_over(changed)
        if self._position == self._books.changes.position:
            self._version = self._books.version
            self.wanted = not changed.known and changed.highest == before[1]
        return self._position != before[0]

    def _changed(self, most: int | None) -> _Changed | None:
        """The rows to take over, or about ``most`` of them; None when the projection is to be made anew."""
        changed = self._books.changes.since(self._position, self._source.tables, most)
        if changed is None or not changed.rows:
            return changed and _Changed(changed.position, frozenset(), self._highest)
        if self._source.reads_itself or not changed.rows.keys() <= {self._source.entity, *self._source.links}:
            return None
        own = changed.rows.get(self._source.entity, ())
        known = {row_id for row_ids in own for row_id in up_to(row_ids, self._highest)}
        for table, link in self._source.links.items():
            for chosen in chosen_by(changed.rows.get(table, ())):
                sql = f"SELECT row_id FROM ({link}) WHERE linked {chosen} AND row_id <= {self._highest}"
                known.update(row_id for (row_id,) in self._execute(sql))
        if len(known) > max(MOST_CHANGES, len(self._all) // 4):
            return None
        return _Changed(changed.position, known, max([self._highest, *map(highest, own)]))

    def _take_over(self, changed: _Changed) -> None:
        before, gone = len(self._rows), set()
        try:
            for chosen in chosen_by([sorted(changed.known)]):
                gone |= self._refresh(chosen)
            if changed.highest > self._highest:
                self._append(changed.highest)
        except BaseException:
            self._version = -1
            raise
        self._position = changed.position
        if gone or changed.known or len(self._rows) > before:
            size = len(self._all)
            self._all = _changed_ids(self._all, gone, range(before, len(self._rows)))
            if size < INDEXED_FROM <= len(self._all):
                self._prepared.clear()
            self._walks.clear()
            self._walk_bytes = 0

    def _build(self) -> None:
        self.drop()
        self._position = self._books.changes.position
        if self._source.tables:
            sql = f"SELECT max(rowid) FROM {quoted(self._source.entity)}"
            self._highest = self._execute(sql).fetchone()[0] or 0
        self._columns.clear()
        self._indexes.clear()
        self._prepared.clear()
        self._execute(f"CREATE TABLE {self._keys} (id INTEGER PRIMARY KEY, row INTEGER)")
        self._execute(f"INSERT INTO {self._keys} (row) SELECT row_id FROM ({self._source.sql}) ORDER BY row_id")
        self._rows = [b"", *(json for _, json in self._source_rows(""))]
        self._all = range(1, len(self._rows))
        self._walks.clear()
        self._walk_bytes = 0

    def _source_rows(self, where: str, columns: Sequence[int] = ()) -> sqlite3.Cursor:
        """(row id, JSON, compared columns) of the source's rows, by row id."""
        json = f"CAST({row_json(self.connector, self.rendering)} AS BLOB)"
        chosen = ", ".join(("row_id", json, *map(self._key, columns)))
        return self._execute(f"SELECT {chosen} FROM ({self._source.sql}){where} ORDER BY row_id")

    def _refresh(self, chosen: str) -> set[int]:
        """Takes over rows that were added, changed or removed, each at the position it has; those that are gone."""
        self._execute(f'CREATE INDEX IF NOT EXISTS p."i{self._number}: row" ON k{self._number} (row)')
        known = dict(self._execute(f"SELECT row, id FROM {self._keys} WHERE row {chosen}").fetchall())
        there = dict(self._source_rows(f" WHERE row_id {chosen}").fetchall())
        with self._books.transaction():
            self._execute(f"DELETE FROM {self._keys} WHERE row {chosen}")
            for row_id, json in there.items():
                position = known.setdefault(row_id, len(self._rows))
                self._rows[position : position + 1] = [json]
                self._execute(f"INSERT INTO {self._keys} (id, row) VALUES (?, ?)", (position, row_id))
            # Only now, and only those: a long answer that is under way must not miss a row that merely changes.
            gone = {known[row_id] for row_id in known.keys() - there.keys()}
            for position in gone:
                self._rows[position] = b""
            if self._columns:
                self._fill(sorted(self._columns), f" WHERE row_id {chosen}")
        return gone

    def _append(self, highest: int) -> None:
        """Takes over new rows, up to a row id; they stand behind all others."""
        columns = sorted(self._columns)
        new = self._source_rows(f" WHERE row_id > {self._highest} AND row_id <= {highest}", columns).fetchall()
        names = "".join(f", c{at}" for at in columns)
        sql = f"INSERT INTO {self._keys} (id, row{names}) VALUES (?, ?{', ?' * len(columns)})"
        positions = enumerate(new, len(self._rows))
        with self._books.transaction():
            if columns:
                rows: Iterable[Sequence[object]] = ((at, row_id, *keys) for at, (row_id, _, *keys) in positions)
            else:
                rows = ((at, row_id) for at, (row_id, _) in positions)
            self._books.connection.executemany(sql, rows)
        self._rows.extend([row[1] for row in new])
        self._highest = highest

    def _key(self, at: int) -> str:
        return comparison_key(self.connector.fields[at], self.rendering)

    @staticmethod
    def _ids(cursor: sqlite3.Cursor) -> Ids:
        return array("q", (id_ for (id_,) in cursor))

    # ------------------------------------------------------------ compared columns and indexes

    @staticmethod
    def _compared(query: Query) -> set[int]:
        return {*query.other_columns, *(at for at, _ in query.order)}

    def _add_columns(self, columns: list[int]) -> None:
        for at in columns:
            self._execute(f"ALTER TABLE {self._keys} ADD COLUMN c{at}")
        self._columns.update(columns)
        self._fill(columns, "")

    def _fill(self, columns: list[int], where: str) -> None:
        """Sets compared columns from the source, of all rows or those that ``where`` chooses."""
        chosen = ", ".join(f"{self._key(at)} AS v{at}" for at in columns)
        settings = ", ".join(f"c{at} = s.v{at}" for at in columns)
        self._execute(
            f"UPDATE {self._keys} SET {settings}"
            f" FROM (SELECT row_id, {chosen} FROM ({self._source.sql}){where}) s WHERE s.row_id = k{self._number}.row"
        )

    def _wants_index(self, query: Query) -> bool:
        return len(self._all) >= INDEXED_FROM and bool(query.order or query.equal_columns)

    def _index_for(self, query: Query) -> str:
        """The columns of the index that finds the query's rows in its order and compares without the table."""
        reverse = bool(query.order) and query.order[0][1]
        pinned = [f"c{at}" for at in query.equal_columns]
        ordered = [
            f"c{at}{' DESC' if descending != reverse else ''}"
            for at, descending in query.order
            if at not in query.equal_columns
        ]
        taken = {*query.equal_columns, *(at for at, _ in query.order)}
        # The id stands before what is only compared: it ends the order, and rows must come in that without sorting.
        compared = [f"c{at}" for at in query.other_columns if at not in taken]
        return ", ".join((*pinned, *ordered, *(("id", *compared) if compared else ())))

    def _make_index(self, query: Query) -> None:
        columns = self._index_for(query)
        if columns in self._indexes:
            self._indexes.move_to_end(columns)
            return
        if len(self._indexes) >= MOST_INDEXES:
            oldest, _ = self._indexes.popitem(last=False)
            self._prepared.clear()
            self._execute(f'DROP INDEX p."{self._index_name(oldest)}"')
        self._execute(f'CREATE INDEX p."{self._index_name(columns)}" ON k{self._number} ({columns})')
        self._indexes[columns] = None

    def _index_name(self, columns: str) -> str:
        return f"i{self._number}: {columns}"

    # ------------------------------------------------------------ walking

    def _walk_sql(self, query: Query) -> str:
        where = f" WHERE {query.where}" if query.where else ""
        reverse = bool(query.order) and query.order[0][1]
        order = [f"c{at}{' DESC' if descending else ''}" for at, descending in query.order]
        return f"SELECT id FROM {self._keys}{where} ORDER BY {', '.join((*order, 'id DESC' if reverse else 'id'))}"

    def walk(self, query: Query) -> Ids:
        """The ids of all rows of ``query``, in its order; by id where it asks for none."""
        if not query.where and not query.order:
            return self._all
        key = query.walk
        known = self._walks.get(key)
        if known is not None:
            self._walks.move_to_end(key)
            return known
        ids = self._ids(self._execute(self._walk_sql(query), query.parameters))
        self._keep(key, ids)
        return ids

    def _keep(self, key: Walk, ids: Ids) -> None:
        self._walks[key] = ids
        self._walk_bytes += 8 * len(ids) + 500
        while self._walk_bytes > MOST_WALK_BYTES and len(self._walks) > 1:
            _, oldest = self._walks.popitem(last=False)
            self._walk_bytes -= 8 * len(oldest) + 500

    def snapshot(self) -> list[bytes]:
        """The rows' JSON as ids of now name it; stays right when the projection is built anew."""
        return self._rows

    def joined(self, rows: list[bytes], ids: Ids) -> bytes:
        """The JSON of those of ``rows`` with these ids, in their order, with separators between; none that is gone."""
        return self._separator.join([row for id_ in ids if (row := rows[id_])])

    def page(self, query: Query) -> Ids:
        """The ids of a page in the order of the query, or by id.

        The first time it looks no further than the page. When that was slow and is asked again, the whole walk is
        kept, so that the next page costs the same however deep it lies.
        """
        key = query.walk
        known = self._walks.get(key) if query.where or query.order else self._all
        if known is None and key in self._seen:
            known = self.walk(query)
        if known is not None:
            return known[query.skip : query.skip + query.take]
        began = time.perf_counter()
        cursor = self._execute(f"{self._walk_sql(query)} LIMIT ? OFFSET ?", (*query.parameters, query.take, query.skip))
        found = self._ids(cursor)
        if time.perf_counter() - began > SLOW:
            self._seen[key] = None
            if len(self._seen) > 256:
                self._seen.popitem(last=False)
        return found

    def is_long(self, query: Query) -> bool:
        """Whether finding the rows of ``query`` could hold up other requests for long."""
        return len(self._all) > LONG and (bool(query.where) or bool(query.order)) and query.walk not in self._walks


def _changed_ids(ids: Ids, gone: Collection[int], new: range) -> Ids:
    """Ids in their order without those that are gone, and with new ones behind; ``ids`` stays as it is."""
    if not gone:
        if not new:
            return ids
        if isinstance(ids, range) and (not ids or ids.stop == new.start):
            return range(ids.start if ids else new.start, new.stop)
        changed = array("q", ids)
    elif len(gone) <= _FEW:
        changed = array("q", ids)
        for id_ in gone:
            del changed[bisect_left(changed, id_)]
    else:
        changed = array("q", (id_ for id_ in ids if id_ not in gone))
    changed.extend(new)
    return changed
