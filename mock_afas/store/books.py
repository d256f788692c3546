"""One set of books: an SQLite database, in memory or in a file, that environments share until one of them writes.

A set of books with more than one holder is not written to; the writer takes a copy first (``writable``). So a fork, a
snapshot and a reset cost nothing until something changes, and none of them sees what another does later.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from mock_afas.connectors import GetConnector
from mock_afas.records import ENTITIES, Entity, Stored
from mock_afas.store import schema
from mock_afas.store.changes import ChangeLog
from mock_afas.store.deferred import DEFERRED, Deferred, Details, entities_in
from mock_afas.store.extended import all_columns, changed_at, extended_columns, tables_of
from mock_afas.store.projections import Projection
from mock_afas.store.rendering import Rendering
from mock_afas.store.schema import quoted

MOST_PROJECTIONS = 128
#: Tables of projections above so many bytes are made anew rather than copied: SQLite bounds what it deserialises.
MOST_INHERITED = 128 * 2**20
_LOAD_CHUNK = 10_000


class MissingKey(ValueError):
    """A row lacks a column of its key; the message names it."""


class LoadBatch(NamedTuple):
    """Rows for one entity in stored form; columns not named are empty."""

    entity: str
    columns: tuple[str, ...]
    rows: Iterable[tuple[object, ...]]


def _connect(path: Path | None) -> sqlite3.Connection:
    return sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False, cached_statements=512)


class Books:
    """The rows of every entity, and the projections made of them. Make one by ``create`` or ``open``."""

    def __init__(self, connection: sqlite3.Connection, path: Path | None) -> None:
        self.path = path
        self.holders = 1
        self.version = 0
        self.connection = connection
        #: Held by whoever runs long or changing SQL in a worker thread.
        self.lock = asyncio.Lock()
        if path is not None:
            self._journal("WAL", "NORMAL")
        connection.execute(f"ATTACH '{':memory:' if path is None else ''}' AS p")
        schema.prepare(connection)
        #: By entity a number that moves with each change of a row, be it in its table or still waiting to get there.
        self.versions: dict[str, int] = dict.fromkeys(ENTITIES, 0)
        #: What happens to the tables.
        self.changes = ChangeLog()
        self._projections: OrderedDict[tuple[GetConnector, Rendering], Projection] = OrderedDict()
        self._made = 0
        self._deferred = Deferred(connection, durable=path is not None)
        self.settle(DEFERRED)

    @classmethod
    def create(cls, path: Path | None = None) -> Books:
        """Empty books, in memory or in a new file at ``path``."""
        books = cls(_connect(path), path)
        with books.transaction():
            for statement in schema.statements():
                books.connection.execute(statement)
        return books

    @classmethod
    def open(cls, path: Path) -> Books:
        """The books in the file at ``path``, as the last acknowledged write left them.

        A file that an earlier version wrote lacks the tables that came later.
        """
        connection = _connect(path)
        for statement in schema.statements():
            connection.execute(statement)
        return cls(connection, path)

    @classmethod
    def from_image(cls, image: bytes, path: Path | None = None) -> Books:
        """Books from what ``image`` gave, in memory or in a new file at ``path``."""
        if path is not None:
            path.write_bytes(image)
            return cls.open(path)
        # SQLite bounds a database that was deserialised to 1 GB; a copy of it has no bound.
        with closing(_connect(None)) as source:
            source.deserialize(image)
            connection = _connect(None)
            source.backup(connection)
        return cls(connection, None)

    @property
    def size(self) -> int:
        """How many bytes the books take, those they share included."""
        pages: int = self.connection.execute("PRAGMA main.page_count").fetchone()[0]
        page_size: int = self.connection.execute("PRAGMA main.page_size").fetchone()[0]
        return pages * page_size

    def image(self) -> bytes:
        """All of the books as bytes."""
        return self.connection.serialize()

    # ------------------------------------------------------------ sharing

    def share(self) -> Books:
        """The same books for one more holder."""
        self.holders += 1
        return self

    def release(self) -> None:
        """Gives up one holder's share. Books in a file that nobody holds any more are removed.

        A read under way goes on: the connection closes when nothing refers to it any more.
        """
        self.holders -= 1
        if self.holders == 0 and self.path is not None:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    def close(self) -> None:
        """Closes the connection; books in a file stay there."""
        self.connection.close()

    def writable(self, new_path: Callable[[], Path | None], projections: Sequence[Projection] = ()) -> Books:
        """These books if they have one holder, else a copy for the caller, who gives up its share of these.

        The copy begins with ``projections`` of these, for which ``projections_made`` asks.
        """
        if self.holders == 1:
            return self
        self.settle(DEFERRED)
        path = new_path()
        target = _connect(path)
        self.connection.backup(target)
        copy = Books(target, path)
        copy._inherit(self, projections)
        self.holders -= 1
        return copy

    def _inherit(self, parent: Books, projections: Sequence[Projection]) -> None:
        """Takes projections of the books that these are a copy of, since making them takes longer than the copy."""
        self.version = parent.version
        self.versions = dict(parent.versions)
        self.changes = parent.changes.copy()
        (pages,) = parent.connection.execute("PRAGMA p.page_count").fetchone()
        (page_size,) = parent.connection.execute("PRAGMA p.page_size").fetchone()
        if not projections or not 0 < pages * page_size <= MOST_INHERITED:
            return
        self.connection.deserialize(parent.connection.serialize(name="p"), name="p")
        for projection in projections:
            self._projections[projection.connector, projection.rendering] = projection.copied(self)
        self._made = parent._made

    def projections_made(self) -> list[Projection]:
        """The projections that can be read from, the oldest first. To be called where projections are asked for."""
        return [projection for projection in self._projections.values() if projection.made]

    # ------------------------------------------------------------ writing

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside, or nothing of it."""
        self.connection.execute("BEGIN IMMEDIATE")
        waiting = self._deferred.waiting
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            self._deferred.undo(waiting)
            if self.connection.in_transaction:  # SQLite itself ends it after some errors, a full disk among them
                self.connection.execute("ROLLBACK")
            raise

    def load(self, batches: Iterable[LoadBatch], progress: Callable[[int], None] = lambda _: None) -> None:
        """Fills new books with rows in stored form, in one transaction. ``progress`` hears of each some thousand rows.

        A file is not safe against a killed process meanwhile: nobody knows of it yet.
        """
        if self.path is not None:
            self._journal("MEMORY", "OFF")
        with self.transaction():
            for entity, columns, rows in batches:
                names = ", ".join(map(quoted, columns))
                sql = f"INSERT INTO {quoted(entity)} ({names}) VALUES ({', '.join('?' * len(columns))})"
                left = iter(rows)
                while chunk := list(islice(left, _LOAD_CHUNK)):
                    self.connection.executemany(sql, chunk)
                    progress(len(chunk))
                self.touch(entity)
        if self.path is not None:
            self._journal("WAL", "NORMAL")

    def _journal(self, mode: str, synchronous: str) -> None:
        self.connection.execute(f"PRAGMA main.journal_mode={mode}").fetchone()
        self.connection.execute(f"PRAGMA main.synchronous={synchronous}")

    def put(self, entity: Entity, rows: Sequence[Mapping[str, Stored]], now: str) -> None:
        """Inserts rows, or changes the columns they name in the rows that have their key; all or none.

        ``now``, a stored datetime, becomes ``created`` and ``modified`` where a row does not say. Raises MissingKey.
        """
        changes: list[tuple[str, int]] = []
        self.settle((entity.name,))
        with self.transaction():
            for row in rows:
                self._put(entity, dict(row), now, changes)
        touched: defaultdict[str, list[int]] = defaultdict(list)
        for name, row_id in changes:
            touched[name].append(row_id)
        for name, row_ids in touched.items():
            self.touch(name, row_ids)

    def _put(self, entity: Entity, row: dict[str, Stored], now: str, changes: list[tuple[str, int]]) -> None:
        for name in reversed(entity.extends):
            self._put_behind(entity, ENTITIES[name], row, now, changes)
        for name in entity.key:
            if row.get(name) is None:
                raise MissingKey(name)
        own = {column.name: row[column.name] for column in entity.columns if column.name in row}
        changes.append((entity.name, self.upsert(entity, own, now)))

    def _put_behind(
        self, entity: Entity, behind: Entity, row: dict[str, Stored], now: str, changes: list[tuple[str, int]]
    ) -> None:
        """Puts the part of ``row`` that belongs to the entity ``behind`` (the organisation, its address)."""
        link = behind.key[0]
        theirs = extended_columns(entity, behind)
        part = {column.name: row[column.name] for column in theirs if column.name in row}
        if not part:
            return
        if row.get(link) is None:
            row[link] = self._linked(entity, behind, row)
        if row[link] is None:
            row[link] = self.next_number(behind)
        part[link] = row[link]
        changes.append((behind.name, self.upsert(behind, part, now)))

    def _linked(self, entity: Entity, behind: Entity, row: Mapping[str, Stored]) -> Stored:
        """The key of the row ``behind`` that the stored row with the key in ``row`` refers to, if any."""
        where = " AND ".join(f"{entity.name}.{quoted(name)} = ?" for name in entity.key)
        link = behind.key[0]
        holder = next(ENTITIES[name] for name in (entity.name, *entity.extends) if ENTITIES[name].column(link))
        sql = f"SELECT {holder.name}.{quoted(link)} FROM {tables_of(entity)} WHERE {where}"
        found = self.connection.execute(sql, [row.get(name) for name in entity.key]).fetchone()
        return found[0] if found else None

    def next_number(self, entity: Entity) -> Stored:
        """One more than the highest number among the keys of ``entity``, in the type of that key."""
        key = entity.columns[0]
        sql = f"SELECT max(CAST({quoted(key.name)} AS INTEGER)) FROM {quoted(entity.name)}"
        number = (self.connection.execute(sql).fetchone()[0] or 0) + 1
        return number if key.kind == "integer" else str(number)

    def upsert(self, entity: Entity, row: dict[str, Stored], now: str) -> int:
        """Inserts a row, or changes the columns it names in the one that has its key; gives its row id."""
        has_stamps = entity.column("modified") is not None
        if has_stamps:
            row.setdefault("modified", now)
        inserted = dict(row)
        if has_stamps and entity.column("created"):
            inserted.setdefault("created", now)
        names = ", ".join(map(quoted, inserted))
        key = ", ".join(map(quoted, entity.key))
        # A key keeps the spelling it has; a row of nothing but a key changes nothing.
        named = [name for name in row if name not in entity.key]
        changes = [f"{quoted(name)} = excluded.{quoted(name)}" for name in named]
        settings = ", ".join(changes) or f"{quoted(entity.key[0])} = {quoted(entity.key[0])}"
        sql = (
            f"INSERT INTO {quoted(entity.name)} ({names}) VALUES ({', '.join('?' * len(inserted))})"
            f" ON CONFLICT ({key}) DO UPDATE SET {settings} RETURNING rowid"
        )
        row_id: int = self.connection.execute(sql, list(inserted.values())).fetchall()[0][0]
        return row_id

    def touch(self, entity: str, row_ids: Sequence[int] = ()) -> None:
        """Notes a change of these rows; of more than is worth remembering, when none is named."""
        self.version += 1
        self.versions[entity] = self.version
        self.changes.note(entity, row_ids)

    def defer(self, details: Details) -> Collection[str]:
        """Writes new rows of DEFERRED entities down; see ``settle`` and ``step``. Gives all entities that get some."""
        self._deferred.add(details)
        self.version += 1
        entities = entities_in(details)
        self.versions.update(dict.fromkeys(entities, self.version))
        return entities

    @property
    def behind(self) -> int:
        """How many bookings have rows that are not in their tables yet."""
        return self._deferred.waiting

    def may_wait(self, entity: str, key: tuple[Stored, ...]) -> bool:
        """Whether a row of ``entity`` with this key may be one that is not in its table yet."""
        return self._deferred.may_hold(entity, key)

    def settle(self, entities: Iterable[str]) -> None:
        """Puts rows that were deferred into their tables, if one of ``entities`` has some.

        Whoever looks into these tables calls this before, outside of a transaction.
        """
        if not self._deferred.waiting or DEFERRED.isdisjoint(entities):
            return
        self._move(everything=True)

    def step(self, projections: Iterable[Projection]) -> bool:
        """Some five milliseconds of what the next read would have to do; whether there may be more to do.

        Puts some bookings that wait into their tables, the oldest first, or brings one of ``projections`` along.
        """
        if self._deferred.waiting:
            self._move(everything=False)
            return True
        return any(projection.follow() for projection in projections)

    def _move(self, *, everything: bool) -> None:
        """Moves rows that wait, and nothing else changes: whoever looked before saw them as well."""
        with self.transaction():
            moved = self._deferred.move(everything=everything)
        self._deferred.moved(moved)
        for entity, row_ids in moved.rows:
            self.changes.note(entity, row_ids)

    # ------------------------------------------------------------ reading

    def projection(self, connector: GetConnector, rendering: Rendering) -> Projection:
        """The projection of ``connector`` under ``rendering``; it may still have to be prepared."""
        known = self._projections.get((connector, rendering))
        if known is None:
            oldest = None
            if len(self._projections) >= MOST_PROJECTIONS:
                _, oldest = self._projections.popitem(last=False)
            known = Projection(self, self._made, connector, rendering, instead_of=oldest)
            self._made += 1
            self._projections[connector, rendering] = known
        known.wanted = True
        return known

    def rows(self, entity: Entity, since: str | None = None, owner: Entity | None = None) -> list[dict[str, Stored]]:
        """All rows of ``entity`` with the columns of the entities it extends, in stored form, by key.

        With ``since``, a stored datetime, only what was added or changed then or later. Rows without a stamp of their
        own, such as lines, count as changed when their row of ``owner`` is.
        """
        self.settle((entity.name, *(() if owner is None else (owner.name,))))
        columns = all_columns(entity)
        chosen = ", ".join(f"{quoted(owner.name)}.{quoted(column.name)}" for owner, column in columns)
        order = ", ".join(f"{quoted(entity.name)}.{quoted(name)}" for name in entity.key)
        where, parameters = ("", []) if since is None else changed_at(entity, since, owner)
        cursor = self.connection.execute(
            f"SELECT {chosen} FROM {tables_of(entity)}{where} ORDER BY {order}", parameters
        )
        names = [column.name for _, column in columns]
        return [dict(zip(names, row, strict=True)) for row in cursor]
