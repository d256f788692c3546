"""Books in memory for tests of relations: the demo data in dicts, documents in, and what a client would read out."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import orjson

from mock_afas import connectors, demo, documents, records
from mock_afas.ledger import relation
from mock_afas.ledger.book import Cell, Circumstances, Draft, Key, Put, Result, Row
from mock_afas.records import ENTITIES
from mock_afas.store.schema import statements
from mock_afas.store.sources import SOURCES

TODAY = dt.date(2026, 11, 24)
NOW = "2026-11-24T10:15:30.000000"
PURCHASE, SALES = "KnPurchaseRelationOrg", "KnSalesRelationOrg"
Fields = Mapping[str, Any]
Element = dict[str, Any]
CUSTOM = "U" + "0123456789ABCDEF" * 2
ADDRESS = {"Ad": "Storkstraat", "HmNr": 105, "ZpCd": "3833LC", "Rs": "Leusden", "CoId": "NL", "PbAd": False}
GOOD_IBAN = "NL91ABNA0417164300"

_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "boolean": (int,),
    "decimal": (int,),
    "date": (str,),
    "datetime": (str,),
}


def folded(key: Sequence[Any]) -> Key:
    return tuple(part.casefold() if isinstance(part, str) else part for part in key)


class DictBook:
    """Books in dicts: rows by entity and key."""

    def __init__(self, tables: Mapping[str, Mapping[Key, Row]]) -> None:
        self.tables = {entity: dict(rows) for entity, rows in tables.items()}

    def find(self, entity: str, *key: Cell) -> Row | None:
        return self.tables.get(entity, {}).get(folded(key))

    def where(self, entity: str, **columns: Cell) -> Sequence[Row]:
        wanted = folded(list(columns.values()))
        rows = self.tables.get(entity, {}).values()
        return [row for row in rows if folded([row[column] for column in columns]) == wanted]

    def highest(self, entity: str, column: str, **within: Cell) -> int:
        numbers = [str(row[column]) for row in self.where(entity, **within)]
        return max((int(number) for number in numbers if number.isdigit()), default=0)

    def kept(self, _entities: tuple[str, ...], *_about: object) -> dict[Any, Any]:
        return {}

    def copy(self) -> DictBook:
        return DictBook(self.tables)

    def put(self, entity: str, **row: Cell) -> None:
        """A row, or columns of one, as a test wants them."""
        key = folded([row[name] for name in ENTITIES[entity].key])
        self.tables.setdefault(entity, {})[key] = _whole(entity, {**self.tables[entity].get(key, {}), **row})

    def apply(self, draft: Draft) -> None:
        """Carries out what a document drafted; each row has to fit its entity."""
        for change in draft.changes:
            if isinstance(change, Put):
                self._apply(change)
            else:
                del self.tables[change.entity][folded(change.key)]

    def _apply(self, change: Put) -> None:
        entity = ENTITIES[change.entity]
        _check_fits(entity, change.row)
        key = folded([change.row[name] for name in entity.key])
        rows = self.tables.setdefault(change.entity, {})
        assert (key in rows) is not change.new, f"{change.entity} {key}"
        stamps = {"created", "modified"} if change.new else {"modified"}
        moved = {column.name: NOW for column in entity.columns if column.name in stamps}
        rows[key] = _whole(change.entity, {**rows.get(key, {}), **change.row, **moved})


def _whole(entity: str, row: Row) -> Row:
    empty = {column.name: 0 if column.kind == "boolean" else None for column in ENTITIES[entity].columns}
    return {**empty, **row}


def _check_fits(entity: records.Entity, row: Row) -> None:
    for name, value in row.items():
        column = entity.column(name)
        assert column is not None, f"{entity.name} has no {name}"
        if value is None:
            assert column.kind != "boolean", f"{entity.name}.{name}"
            assert name not in entity.key, f"{entity.name}.{name}"
        else:
            assert isinstance(value, _TYPES[column.kind]), f"{entity.name}.{name} is {value!r}"
            assert not isinstance(value, str) or len(value) <= (column.length or 40), f"{entity.name}.{name}"


@cache
def _tables(*, autonumber: bool) -> Mapping[str, Mapping[Key, Row]]:
    tables: dict[str, dict[Key, Row]] = {entity: {} for entity in ENTITIES}
    for batch in demo.base(today=TODAY) if autonumber else demo.bare(today=TODAY):
        for values in batch.rows:
            row: Any = dict(zip(batch.columns, values, strict=True))
            tables[batch.entity][folded([row[name] for name in ENTITIES[batch.entity].key])] = _whole(batch.entity, row)
    return tables


def books(*, autonumber: bool = True) -> DictBook:
    """The demo books, for one test to change."""
    return DictBook(_tables(autonumber=autonumber))


# ---------------------------------------------------------------- documents


class Write(NamedTuple):
    """A call of an UpdateConnector: a POST unless ``action`` is update (PUT) or delete."""

    connector: str
    element: Fields
    action: documents.Action = "insert"


def post(connector: str, **element: Any) -> Write:
    return Write(connector, element)


def put(connector: str, number: str | None, **element: Any) -> Write:
    """A PUT on the relation ``number``."""
    key = {} if number is None else {"@CrId" if connector == PURCHASE else "@DbId": number}
    return Write(connector, {**key, **element}, "update")


def delete(number: str) -> Write:
    return Write(PURCHASE, {"CrId": number}, "delete")


def below(name: str, /, *elements: Fields, **fields: Any) -> dict[str, Any]:
    """``Objects`` with the object ``name``: of fields, or of whole elements."""
    found = list(elements) or [{"Fields": fields}]
    return {name: {"Element": found[0] if len(found) == 1 else found}}


def organisation(objects: Element | None = None, /, **fields: Any) -> Element:
    """KnOrganisation that is always new, unless ``fields`` say otherwise; None leaves a field out."""
    given = {"MatchOga": "6", "AutoNum": True, "PadAdr": True, "Nm": "Jansen", **fields}
    element: Element = {"Fields": {name: value for name, value in given.items() if value is not None}}
    if objects:
        element["Objects"] = objects
    return {"KnOrganisation": {"Element": element}}


def known(number: str, objects: Element | None = None, /, **fields: Any) -> Element:
    """KnOrganisation that is there, by its number."""
    return organisation(objects, **{"MatchOga": "0", "BcCo": number, "Nm": None, "PadAdr": None, **fields})


def creditor(objects: Element | None = None, /, **fields: Any) -> Write:
    """A POST of a creditor in euros, on a new organisation."""
    return post(PURCHASE, Fields={"CuId": "EUR", **fields}, Objects=objects or organisation())


def debtor(objects: Element | None = None, /, **fields: Any) -> Write:
    return post(SALES, Fields={"CuId": "EUR", **fields}, Objects=objects or organisation())


def change(objects: Element | None = None, /, *, number: str | None = "50017", **fields: Any) -> Write:
    """A PUT on the creditor 50017, whose organisation is 1000040."""
    return put(PURCHASE, number, Fields=fields, Objects=objects or {})


def lived(**fields: Any) -> Write:
    """A creditor with an address."""
    return creditor(organisation(below("KnBasicAddressAdr", **{**ADDRESS, **fields})))


def banked(**fields: Any) -> Write:
    """A creditor with a bank account."""
    return creditor(organisation(below("KnBankAccount", **{"CoId": "NL", **fields})))


def met(connector: str = PURCHASE, /, *, person: Element | None = None, **fields: Any) -> Write:
    """A relation with a contact, which is a person if one is given."""
    element: Element = {"Fields": fields}
    if person is not None:
        named = {"MatchPer": "7", "AutoNum": True, "LaNm": "Vries", **person}
        element["Objects"] = below("KnPerson", **named)
    objects = organisation(below("KnContact", element))
    return creditor(objects) if connector == PURCHASE else debtor(objects)


_HANDLERS = {
    (PURCHASE, "insert"): relation.post_purchase,
    (PURCHASE, "update"): relation.put_purchase,
    (SALES, "insert"): relation.post_sales,
    (SALES, "update"): relation.put_sales,
}


@dataclass
class Office:
    """Books, and what a document meets there."""

    book: DictBook = field(default_factory=books)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def draft(self, write: Write) -> tuple[Draft, Result]:
        """What a document would change. Raises ProfitError."""
        draft = Draft(self.book, Circumstances(now=NOW, today=TODAY.isoformat(), user="KEESZ", **self.settings))
        if write.action == "delete":
            return draft, relation.delete_purchase(dict(write.element), draft)
        body = orjson.dumps({write.connector: {"Element": write.element}})
        node = documents.read(write.connector, body, action=write.action)
        return draft, _HANDLERS[write.connector, write.action](node, draft)

    def send(self, write: Write) -> Mapping[str, str]:
        """Carries a document out; returns the keys of the answer. Raises ProfitError."""
        draft, result = self.draft(write)
        assert result.root == write.connector
        self.book.apply(draft)
        return result.keys or {}

    def read(self, connector: str, column: str, number: str) -> dict[str, Any]:
        """The row of a GetConnector whose source has ``number`` in ``column``, as the store makes it."""
        definition = connectors.get_connectors()[connector.lower()]
        with sqlite3.connect(":memory:") as database:
            for statement in statements():
                database.execute(statement)
            for entity in SOURCES[definition.source].tables:
                for row in self.book.tables[entity].values():
                    names = ", ".join(f'"{name}"' for name in row)
                    marks = ", ".join("?" * len(row))
                    database.execute(f'INSERT INTO "{entity}" ({names}) VALUES ({marks})', list(row.values()))
            columns = ", ".join(f'"{known.column}"' for known in definition.fields)
            sql = f'SELECT {columns} FROM ({SOURCES[definition.source].sql}) WHERE "{column}" = ?'
            (found,) = database.execute(sql, (number,)).fetchall()
        database.close()
        return {known.id: value for known, value in zip(definition.fields, found, strict=True)}
