"""The demo data as books in memory, for tests at the level of the ledger: no store, no HTTP."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import orjson

from mock_afas import demo, messages
from mock_afas.connectors import Feature
from mock_afas.documents import Action, Node, read
from mock_afas.errors import ProfitError
from mock_afas.ledger import journal_entry, licence
from mock_afas.ledger.book import Cell, Circumstances, Draft, Key, Put, Remove, Result, Row
from mock_afas.records import ENTITIES

TODAY = dt.date(2026, 11, 24)
#: What the books say now.
NOW = "2026-11-24T10:15:00.000000"


def folded(key: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(part.casefold() if isinstance(part, str) else part for part in key)


class MemoryBook:
    """Books in dicts: rows by key, and by the columns that were ever asked for."""

    def __init__(self, tables: Mapping[str, dict[Key, Row]] | None = None) -> None:
        self.tables: dict[str, dict[Key, Row]] = {name: {} for name in ENTITIES}
        for name, rows in (tables or {}).items():
            self.tables[name] = dict(rows)
        self._found: dict[tuple[str, Key], Row] = {}
        self._indexes: dict[tuple[str, tuple[str, ...]], dict[Key, list[Row]]] = {}

    def find(self, entity: str, *key: Cell) -> Row | None:
        known = self._found.get((entity, key))
        if known is None:
            known = self.tables[entity].get(folded(key))
            if known is not None:
                self._found[entity, key] = known
        return known

    def where(self, entity: str, **columns: Cell) -> Sequence[Row]:
        names = tuple(columns)
        index = self._indexes.get((entity, names))
        if index is None:
            index = defaultdict(list)
            for row in self.tables[entity].values():
                index[folded(row[name] for name in names)].append(row)
            self._indexes[entity, names] = index
        return index.get(folded(columns.values()), [])

    def highest(self, entity: str, column: str, **within: Cell) -> int:
        return max((int(str(row[column])) for row in self.where(entity, **within)), default=0)

    def kept(self, _entities: tuple[str, ...], *_about: object) -> dict[Any, Any]:
        return {}

    def put(self, entity: str, **columns: Cell) -> None:
        """Adds a row, or changes the columns of one that is there."""
        key = folded(columns[name] for name in ENTITIES[entity].key)
        empty: dict[str, Cell] = {c.name: 0 if c.kind == "boolean" else None for c in ENTITIES[entity].columns}
        assert columns.keys() <= empty.keys(), columns.keys() - empty.keys()
        self.tables[entity][key] = {**(self.tables[entity].get(key) or empty), **columns}
        self._forget(entity)

    def apply(self, draft: Draft) -> None:
        """Brings the changes of a draft into the books."""
        for change in draft.changes:
            if isinstance(change, Put):
                key = folded(change.row[name] for name in ENTITIES[change.entity].key)
                assert change.new == (key not in self.tables[change.entity]), change
                self.put(change.entity, **change.row)
            else:
                assert isinstance(change, Remove)
                del self.tables[change.entity][folded(change.key)]
                self._forget(change.entity)
        for entity, rows in draft.details.items():
            for row in rows:
                self.put(entity, **row)

    def dump(self) -> dict[str, dict[Key, Row]]:
        """Everything, as it is now."""
        return {name: {key: dict(row) for key, row in rows.items()} for name, rows in self.tables.items()}

    def copy(self) -> MemoryBook:
        return MemoryBook(self.tables)

    def _forget(self, entity: str) -> None:
        self._found = {known: row for known, row in self._found.items() if known[0] != entity}
        self._indexes = {known: index for known, index in self._indexes.items() if known[0] != entity}


@cache
def _demo() -> MemoryBook:
    book = MemoryBook()
    for batch in demo.base(today=TODAY):
        for row in batch.rows:
            values: dict[str, Any] = dict(zip(batch.columns, row, strict=True))
            key = folded(values[name] for name in ENTITIES[batch.entity].key)
            empty = {c.name: 0 if c.kind == "boolean" else None for c in ENTITIES[batch.entity].columns}
            book.tables[batch.entity][key] = empty | values
    return book


def demo_book() -> MemoryBook:
    """A copy of the demo books; its rows are shared, so a test changes them by ``put`` only."""
    return _demo().copy()


def circumstances(*, without: Iterable[Feature] = (), missing_features: str = "refused") -> Circumstances:
    return Circumstances(
        now=NOW,
        today=TODAY.isoformat(),
        user="12345.zenvoices",
        without=frozenset(without),
        missing_features=missing_features,
    )


def node_of(connector: str, body: object, action: Action = "insert") -> Node:
    """The document that a body is read into."""
    return read(connector, orjson.dumps(body), action=action)


def said(error: ProfitError, language: messages.Language = "nl") -> str:
    """What an error tells its client."""
    return messages.text(error.key, language, error.parameters)


def post(book: MemoryBook, body: dict[str, Any], **settings: Any) -> Result:
    """Posts a body and brings it into the books."""
    draft = Draft(book, circumstances(**settings))
    node = node_of("FiEntries", body)
    licence.enforce(node, draft)
    result = journal_entry.post(node, draft)
    book.apply(draft)
    return result


def delete(book: MemoryBook, **keys: str) -> None:
    draft = Draft(book, circumstances())
    assert journal_entry.delete(keys, draft) == Result("FiEntryPar", None)
    book.apply(draft)


def lines_of(book: MemoryBook, result: Result) -> list[Row]:
    assert result.keys is not None
    return list(book.where("entry_lines", administration=int(result.keys["UnId"]), entry=int(result.keys["EnNo"])))


def invoice(book: MemoryBook, relation: str, number: str, side: str = "supplier", unit: int = 1) -> Row:
    found = book.find("invoices", unit, side, relation, number)
    assert found is not None
    return found
