"""Rows of the books to be: whole, so that whoever reads a drafted one finds every column."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from mock_afas.ledger.book import Cell, Draft
from mock_afas.records import ENTITIES

#: The books keep these themselves.
_STAMPS = frozenset(("created", "modified"))


@cache
def _blank(entity: str) -> Mapping[str, Cell]:
    columns = ENTITIES[entity].columns
    return {column.name: 0 if column.kind == "boolean" else None for column in columns if column.name not in _STAMPS}


def new_row(entity: str, values: Mapping[str, Cell]) -> dict[str, Cell]:
    """A row of ``entity`` with ``values``; its other columns are empty, booleans false."""
    return {**_blank(entity), **settled(entity, values)}


def settled(entity: str, values: Mapping[str, Cell]) -> dict[str, Cell]:
    """``values`` as ``entity`` keeps them: a boolean that was cleared is false."""
    blank = _blank(entity)
    return {name: blank[name] if value is None else value for name, value in values.items()}


def free_number(draft: Draft, entity: str, column: str) -> int:
    """The next number that ``column``, the key of ``entity``, has nowhere: not in the books, not in the draft."""
    as_key = str if ENTITIES[entity].columns[0].kind == "text" else int
    while True:
        number = draft.next_number(entity, column)
        if draft.find(entity, as_key(number)) is None:
            return number
