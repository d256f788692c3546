"""The books as the rules of the ledger see them, and how what they draft gets into the books.

Look-ups are kept until something of the entity changes: a booking of many lines asks for the same accounts again and
again. All methods are for the one writer of a set of books.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from mock_afas.records import ENTITIES, Entity, Stored
from mock_afas.store.books import Books
from mock_afas.store.deferred import DEFERRED, Details
from mock_afas.store.schema import quoted
from mock_afas.store.sources import LINKS
from mock_afas.values import folded

Row = Mapping[str, Stored]
#: Entity, row and key: a row with a key is new; one without is changed in the columns it names; a key alone goes.
Change = tuple[str, Row | None, tuple[Stored, ...]]
#: A column whose highest number was asked for, and the columns that rows have to have.
_Asked = tuple[str, tuple[tuple[str, Stored], ...]]
_NOTHING: Mapping[str, Sequence[Row]] = {}
_NONE_YET: tuple[list[int], dict[Any, Any]] = ([], {})
_MOST_KEPT = 50_000
#: Tables below this size are looked through.
INDEXED_FROM = 1_000
_LOOK_AGAIN = 256
#: Entities that are mostly looked up to learn that a key is free: of tables up to so many rows all keys are known.
_SOUGHT_IN_VAIN = frozenset(("invoices",))
_MOST_KNOWN = 5_000
#: New rows may add to these keys, which take some 300 bytes each, up to so many.
_MOST_TAKEN = 100_000
#: Rows that are not kept: they can be large, and nobody asks twice.
_NOT_KEPT = frozenset(("files",))


class LedgerBook:
    """Implements the ledger's ``Book`` over a set of books."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._version = -1
        self._versions: dict[str, int] = {}
        self._found: dict[str, dict[tuple[Stored, ...], Row | None]] = {}
        self._selected: dict[str, dict[tuple[object, ...], Sequence[Row]]] = {}
        self._highest: dict[str, dict[_Asked, int]] = {}
        self._kept: dict[tuple[object, ...], tuple[list[int], dict[Any, Any]]] = {}
        #: By entity the keys without case that rows may have, so that all others are free; None for too many.
        self._taken: dict[str, set[tuple[Stored, ...]] | None] = {}
        self._inserts: dict[tuple[str, ...], str] = {}
        self._indexed: set[tuple[str, ...]] = set()
        self._until: dict[tuple[str, ...], int] = {}

    def _follow(
        self, entities: Iterable[str] = ENTITIES, grown: Mapping[str, Sequence[Row]] = _NOTHING, *, ours: bool = False
    ) -> None:
        """Forgets what was looked up of those of ``entities`` that have changed since.

        Those in ``grown`` only got these rows more, so their highest numbers follow. Of changes that are ``ours`` it is
        known which keys they take.
        """
        self._version = self._books.version
        for entity in entities:
            version = self._books.versions[entity]
            if self._versions.get(entity) == version:
                continue
            self._versions[entity] = version
            self._found[entity], self._selected[entity] = {}, {}
            rows = grown.get(entity)
            highest = self._highest.get(entity, {}) if rows else {}
            self._highest[entity] = {asked: _raised(asked, last, rows or ()) for asked, last in highest.items()}
            if not ours:
                self._taken.pop(entity, None)

    def _settled(self, entity: str) -> None:
        """Before SQL looks at ``entity``: brings rows that wait into its table, and follows."""
        self._books.settle((entity,))
        if self._version != self._books.version:
            self._follow()

    def find(self, entity: str, *key: Stored) -> Row | None:
        """The row of ``entity`` with this key, or None."""
        if self._version != self._books.version:
            self._follow()
        kept = self._found[entity]
        return kept[key] if key in kept else self._looked_up(entity, key)

    def _looked_up(self, entity: str, key: tuple[Stored, ...]) -> Row | None:
        if len(self._found[entity]) > _MOST_KEPT:
            self._found[entity].clear()
        if entity in _SOUGHT_IN_VAIN and self._is_free(entity, key):
            self._found[entity][key] = None
            return None
        if self._books.may_wait(entity, key):
            self._settled(entity)
        kept = self._found[entity]
        row = self._row(entity, key)
        if entity not in _NOT_KEPT:
            kept[key] = row
        return row

    def _is_free(self, entity: str, key: tuple[Stored, ...]) -> bool:
        """Whether surely no row has this key. Never of rows that wait while their keys are not known."""
        if entity not in self._taken:
            if self._books.behind:
                return False
            names = ", ".join(map(quoted, ENTITIES[entity].key))
            sql = f"SELECT {names} FROM {quoted(entity)} LIMIT {_MOST_KNOWN + 1}"
            keys = set(map(folded, self._books.connection.execute(sql)))
            self._taken[entity] = None if len(keys) > _MOST_KNOWN else keys
        taken = self._taken[entity]
        return taken is not None and folded(key) not in taken

    def _row(self, entity: str, key: tuple[Stored, ...]) -> Row | None:
        """Asks first whether the row is there: often it is not, and to ask for a whole one costs four times as much."""
        there, whole = _BY_KEY[entity]
        try:
            if self._books.connection.execute(there, key).fetchone() is None:
                return None
        except OverflowError:
            return None  # no row has a number of more than 64 bits
        return self._rows(whole, key)[0]

    def where(self, entity: str, **columns: Stored) -> Sequence[Row]:
        """The rows of ``entity`` that have these values, in the order they were made."""
        self._settled(entity)
        kept = self._selected[entity]
        asked = (*columns, *columns.values())
        if asked not in kept:
            if len(kept) > _MOST_KEPT:
                kept.clear()
            self._index(entity, columns)
            conditions, parameters = _conditions(columns)
            kept[asked] = self._rows(f"SELECT * FROM {quoted(entity)}{conditions} ORDER BY rowid", parameters)
        return kept[asked]

    def highest(self, entity: str, column: str, **within: Stored) -> int:
        """The highest number in ``column`` among the rows that have the values ``within``; 0 when there is none."""
        if self._version != self._books.version:
            self._follow()
        asked = (column, tuple(within.items()))
        if asked in self._highest[entity]:
            return self._highest[entity][asked]
        self._settled(entity)
        self._index(entity, within)
        conditions, parameters = _conditions(within)
        is_text = next(known for known in ENTITIES[entity].columns if known.name == column).kind == "text"
        number = f"CAST({quoted(column)} AS INTEGER)" if is_text else quoted(column)
        sql = f"SELECT max({number}) FROM {quoted(entity)}{conditions}"
        highest: int = self._books.connection.execute(sql, parameters).fetchone()[0] or 0
        if not is_text and not any(isinstance(value, str) for value in within.values()):
            self._highest[entity][asked] = highest
        return highest

    def kept(self, entities: tuple[str, ...], *about: object) -> dict[Any, Any]:
        """A dict for what was made of rows of ``entities``: empty once any of them has changed."""
        versions = [self._books.versions[entity] for entity in entities]
        of, kept = self._kept.get((entities, about), _NONE_YET)
        if of != versions or len(kept) > _MOST_KEPT:
            kept = {}
            self._kept[entities, about] = (versions, kept)
        return kept

    def _index(self, entity: str, columns: Mapping[str, Stored]) -> None:
        """Makes an index for look-ups by these columns, the first time they are asked of a large table."""
        asked = (entity, *columns)
        if not columns or asked in self._indexed:
            return
        # A table that was small a moment ago is looked at again after some more look-ups.
        self._until[asked] = self._until.get(asked, 1) - 1
        if self._until[asked]:
            return
        self._until[asked] = _LOOK_AGAIN
        (highest,) = self._books.connection.execute(f"SELECT max(rowid) FROM {quoted(entity)}").fetchone()
        if (highest or 0) < INDEXED_FROM:
            return
        parts = [
            f"{quoted(name)} COLLATE NOCASE" if isinstance(value, str) else quoted(name)
            for name, value in columns.items()
        ]
        name = quoted(f"{entity} by {', '.join(columns)}")
        self._books.connection.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {quoted(entity)} ({', '.join(parts)})")
        self._indexed.add(asked)

    def _rows(self, sql: str, parameters: Sequence[Stored]) -> list[Row]:
        try:
            cursor = self._books.connection.execute(sql, parameters)
        except OverflowError:
            return []  # no row has a number of more than 64 bits
        names = [description[0] for description in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    # ------------------------------------------------------------ writing

    def apply(self, changes: Sequence[Change], details: Details, now: str) -> None:
        """Writes changes, and rows that belong to new ones, all or none of them.

        New rows that can wait do, unless others of their entity change. ``created`` and ``modified`` follow ``now``,
        a stored datetime.
        """
        books = self._books
        follows = self._version == books.version
        changed = {entity for entity, row, key in changes if row is None or not key}
        at_once: list[Change] = []
        waiting: dict[str, Sequence[Row]] = dict(details)
        grown: dict[str, list[Row]] = {}
        for change in changes:
            entity, row, key = change
            if row is None or not key or entity in changed:
                at_once.append(change)
                continue
            grown.setdefault(entity, []).append(row)
            if entity in DEFERRED:
                waiting[entity] = [*waiting.get(entity, ()), _stamped(entity, row, now)]
            else:
                at_once.append(change)
        entities: Iterable[str] = ENTITIES
        if at_once:
            self._write_all(at_once, waiting, now)
        elif waiting:
            entities = books.defer(waiting)
        if follows:
            self._take(changes, details)
            self._follow(entities, grown, ours=True)

    def _take(self, changes: Sequence[Change], details: Details) -> None:
        """Notes keys that new rows have taken."""
        for entity in details:
            self._taken.pop(entity, None)
        for entity, row, key in changes:
            taken = self._taken.get(entity)
            if taken is not None and row is not None and key:
                taken.add(folded(key))
                if len(taken) > _MOST_TAKEN:
                    self._taken[entity] = None

    def _write_all(self, changes: list[Change], waiting: Details, now: str) -> None:
        """Writes changes in one transaction, together with rows that wait."""
        touched: list[tuple[str, Sequence[int]]] = []
        new: dict[str, list[Row]] = {}

        def flush() -> None:
            for name, rows in new.items():
                touched.append((name, self._insert(ENTITIES[name], rows, now)))
            new.clear()

        self._books.settle(entity for entity, _, _ in changes)
        with self._books.transaction():
            for entity, row, key in changes:
                if row is not None and key:
                    # New rows of one entity go in together; others that they refer to may come later.
                    new.setdefault(entity, []).append(row)
                    continue
                flush()
                touched.extend(self._write(ENTITIES[entity], row, key, now))
            flush()
            if waiting:
                self._books.defer(waiting)
        for entity, row_ids in touched:
            self._books.touch(entity, row_ids)

    def _write(self, entity: Entity, row: Row | None, key: tuple[Stored, ...], now: str) -> list[tuple[str, list[int]]]:
        """Changes or deletes one row; gives row ids by entity, with those of rows that showed the one that goes."""
        if row is not None:
            return [(entity.name, [self._books.upsert(entity, dict(row), now)])]
        where = " AND ".join(f"{quoted(name)} = ?" for name in entity.key)
        touched = [
            (
                shows,
                f"SELECT row_id FROM ({link}) WHERE linked IN (SELECT rowid FROM {quoted(entity.name)} WHERE {where})",
            )
            for shows, link in LINKS.get(entity.name, {}).items()
        ]
        touched.append((entity.name, f"DELETE FROM {quoted(entity.name)} WHERE {where} RETURNING rowid"))
        execute = self._books.connection.execute
        found = [(name, [row_id for (row_id,) in execute(sql, key).fetchall()]) for name, sql in touched]
        return [(name, row_ids) for name, row_ids in found if row_ids]

    def _insert(self, entity: Entity, rows: list[Row], now: str) -> Sequence[int]:
        """New rows of one entity; gives their row ids."""
        if entity.name in _NOT_KEPT:
            return [self._insert_file(row) for row in rows]
        if len(rows) == 1:
            return (self._insert_one(entity, rows[0], now),)
        row_ids: list[int] = []
        for names, group in _alike(rows):
            columns = dict(zip(names, zip(*[row.values() for row in group], strict=True), strict=True))
            count = len(group)
            for stamp in _STAMPS[entity.name]:
                columns.setdefault(stamp, (now,) * count)
            # What is empty in every row need not be written, which takes half of the time of a wide row.
            filled = {name: column for name, column in columns.items() if column.count(None) < count}
            sql = self._statement(entity, tuple(filled))
            self._books.connection.executemany(sql, zip(*filled.values(), strict=True))
            if entity.name in _NUMBERED:
                row_ids.extend(number for number in filled[entity.key[0]] if isinstance(number, int))
                continue
            # Nobody else writes, so SQLite gave the new rows the numbers after the highest, one by one.
            (last,) = self._books.connection.execute("SELECT last_insert_rowid()").fetchone()
            row_ids.extend(range(last - count + 1, last + 1))
        return row_ids

    def _insert_one(self, entity: Entity, row: Row, now: str) -> int:
        """A single new row, without what is empty in it; gives its row id."""
        filled = {name: value for name, value in row.items() if value is not None}
        for stamp in _STAMPS[entity.name]:
            filled.setdefault(stamp, now)
        cursor = self._books.connection.execute(self._statement(entity, tuple(filled)), tuple(filled.values()))
        if cursor.lastrowid is None:
            raise LookupError("a new row has a number")
        return cursor.lastrowid

    def _insert_file(self, row: Row) -> int:
        """A new file; its content goes into room that was made for it, without the copies that a parameter takes."""
        content = row["content"]
        if not isinstance(content, bytes):
            raise TypeError("the content of a file is bytes")
        connection = self._books.connection
        sql = 'INSERT INTO "files" ("file_id", "file_name", "content") VALUES (?, ?, zeroblob(?))'
        row_id = connection.execute(sql, (row["file_id"], row["file_name"], len(content))).lastrowid
        if row_id is None:
            raise LookupError("a new row has a number")
        if content:
            with connection.blobopen("files", "content", row_id) as blob:
                blob.write(content)
        return row_id

    def _statement(self, entity: Entity, names: tuple[str, ...]) -> str:
        sql = self._inserts.get((entity.name, *names))
        if sql is None:
            columns = ", ".join(map(quoted, names))
            sql = f"INSERT INTO {quoted(entity.name)} ({columns}) VALUES ({', '.join('?' * len(names))})"
            self._inserts[entity.name, *names] = sql
        return sql


def _stamped(entity: str, row: Row, now: str) -> Row:
    """A new row with the stamps of ``entity``."""
    missing = [stamp for stamp in _STAMPS[entity] if stamp not in row]
    return {**row, **dict.fromkeys(missing, now)} if missing else row


def _raised(asked: _Asked, highest: int, rows: Iterable[Row]) -> int:
    """The highest number after ``rows`` were added."""
    column, within = asked
    for row in rows:
        number = row.get(column)
        if isinstance(number, int) and number > highest and all(row.get(name) == value for name, value in within):
            highest = number
    return highest


def _alike(rows: list[Row]) -> Iterable[tuple[tuple[str, ...], list[Row]]]:
    """Runs of rows that name the same columns in the same order; nearly always all of them."""
    names = tuple(rows[0])
    if all(map(names.__eq__, map(tuple, rows))):
        return ((names, rows),)
    return ((columns, list(group)) for columns, group in groupby(rows, tuple))


def _statements_by_key(entity: Entity) -> tuple[str, str]:
    """SQL that tells whether a row with a key is there, and SQL for the whole of it."""
    where = " AND ".join(f"{quoted(name)} = ?" for name in entity.key)
    return f"SELECT 1 FROM {quoted(entity.name)} WHERE {where}", f"SELECT * FROM {quoted(entity.name)} WHERE {where}"


_BY_KEY = {entity.name: _statements_by_key(entity) for entity in ENTITIES.values()}
#: Entities whose key is a number: SQLite uses it as the row id.
_NUMBERED = frozenset(
    entity.name for entity in ENTITIES.values() if len(entity.key) == 1 and entity.columns[0].kind == "integer"
)
#: The stamps of each entity.
_STAMPS = {
    entity.name: tuple(name for name in ("created", "modified") if entity.column(name)) for entity in ENTITIES.values()
}


def _conditions(columns: Mapping[str, Stored]) -> tuple[str, list[Stored]]:
    """A WHERE clause of equalities, text without case."""
    if not columns:
        return "", []
    parts = [
        f"{quoted(name)} = ? COLLATE NOCASE" if isinstance(value, str) else f"{quoted(name)} IS ?"
        for name, value in columns.items()
    ]
    return f" WHERE {' AND '.join(parts)}", list(columns.values())
