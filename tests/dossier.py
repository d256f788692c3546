"""Books in memory for the tests of dossier items, the calls that write to them, and bodies to begin with."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from mock_afas import demo, documents
from mock_afas.documents import Action
from mock_afas.ledger import dossier
from mock_afas.ledger.book import Cell, Circumstances, Draft, Key, Put, Result, Row
from mock_afas.records import ENTITIES

NOW = "2026-03-02T10:11:12.000000"
CIRCUMSTANCES = Circumstances(now=NOW, today="2026-03-02", user="12345.zenvoices", attachment_size="10")
PNG = "iVBORw0KGgo="
Body = Mapping[str, Any]


def _same(left: Cell, right: Cell) -> bool:
    return left == right or (isinstance(left, str) and isinstance(right, str) and left.casefold() == right.casefold())


class Shelf:
    """Books in memory: rows by their folded key."""

    def __init__(self, tables: Mapping[str, Mapping[Key, Row]]) -> None:
        self.tables = {entity: dict(rows) for entity, rows in tables.items()}

    def find(self, entity: str, *key: Cell) -> Row | None:
        return self.tables[entity].get(_folded(key))

    def where(self, entity: str, **columns: Cell) -> Sequence[Row]:
        rows = self.tables[entity].values()
        return [row for row in rows if all(_same(row.get(name), value) for name, value in columns.items())]

    def highest(self, entity: str, column: str, **within: Cell) -> int:
        return max((int(str(row[column])) for row in self.where(entity, **within)), default=0)

    def kept(self, _entities: tuple[str, ...], *_about: object) -> dict[Any, Any]:
        return {}

    def put(self, entity: str, row: Row) -> None:
        key = _folded(tuple(row[name] for name in ENTITIES[entity].key))
        self.tables[entity][key] = {**self.tables[entity].get(key, {}), **row}

    def apply(self, draft: Draft) -> None:
        for change in draft.changes:
            if isinstance(change, Put):
                self.put(change.entity, change.row)
            else:
                self.tables[change.entity].pop(_folded(change.key), None)


def _folded(key: Key) -> Key:
    return tuple(part.casefold() if isinstance(part, str) else part for part in key)


@cache
def base() -> Shelf:
    shelf = Shelf({entity: {} for entity in ENTITIES})
    for entity, columns, rows in demo.base(today=dt.date(2026, 3, 2)):
        for row in rows:
            shelf.put(entity, dict(zip(columns, row, strict=True)))  # type: ignore[arg-type]
    shelf.put("subject_types", {"subject_type": 70, "link_file": 1, "responsible_mandatory": 1, "destinations": "2, 3"})
    shelf.put("subject_types", {"subject_type": 71, "link_file": 1, "use_features": 1, "without_feature": 0})
    shelf.put("subjects", {"subject_id": 8000, "subject_type": 97})
    return shelf


def fresh() -> Shelf:
    """Books of one's own."""
    return Shelf(base().tables)


def body(fields: Body, links: Any = None, attachments: Any = None) -> bytes:
    objects = {
        name: {"Element": [each if "Fields" in each else {"Fields": each} for each in elements]}
        for name, elements in (("KnSubjectLink", links), ("KnSubjectAttachment", attachments))
        if elements is not None
    }
    return json.dumps({"KnSubject": {"Element": {"Fields": fields, "Objects": objects}}}).encode()


def write(books: Shelf, action: str, fields: Body, links: Any = None, attachments: Any = None) -> Result:
    """Does one of the calls, and puts what it drafts into the books."""
    draft = Draft(books, CIRCUMSTANCES)
    if action == "delete":
        result = dossier.delete(fields, draft)
    else:
        perform = {"insert": dossier.post, "update": dossier.put, "attach": dossier.post_attachment}[action]
        reading: Action = "update" if action == "update" else "insert"
        result = perform(documents.read("KnSubject", body(fields, links, attachments), action=reading), draft)
    books.apply(draft)
    return result


NOTE = {"StId": 4, "Ds": "Terugbellen"}
BILL = {"StId": "-5", "Ds": "Factuur"}
FEATURED = {"StId": 71, "Ds": "Met kenmerk"}
SUPPLIER = {"SfTp": "11", "SfId": "50013"}
INVOICE = {**SUPPLIER, "PiUn": "1", "PiTp": "1", "PiId": "PUR000232"}
FILE = {"FileName": "a.png", "FileStream": PNG}
