"""The tables of the books, made from the entities in ``records``, and the SQL functions that queries use."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from mock_afas import values
from mock_afas.query import fold
from mock_afas.records import ENTITIES, Column, Entity
from mock_afas.store.filling import filled

_SQL_TYPES = {
    "text": "TEXT",
    "integer": "INTEGER",
    "boolean": "INTEGER NOT NULL DEFAULT 0",
    "decimal": "INTEGER",
    "date": "TEXT",
    "datetime": "TEXT",
    "blob": "BLOB",
}


def quoted(name: str) -> str:
    """A column or table name of ours, some of which are SQL words."""
    return f'"{name}"'


def _column(column: Column, entity: Entity) -> str:
    collation = " COLLATE NOCASE" if column.kind == "text" and column.name in entity.key else ""
    return f"{quoted(column.name)} {_SQL_TYPES[column.kind]}{collation}"


def statements() -> Iterator[str]:
    """The statements that make an empty set of books, or add to one the tables that it lacks."""
    for entity in ENTITIES.values():
        columns = ", ".join(_column(column, entity) for column in entity.columns)
        key = ", ".join(quoted(name) for name in entity.key)
        if len(entity.key) == 1 and entity.columns[0].kind == "integer":
            columns = columns.replace("INTEGER", "INTEGER PRIMARY KEY", 1)
            yield f"CREATE TABLE IF NOT EXISTS {quoted(entity.name)} ({columns})"
        else:
            yield f"CREATE TABLE IF NOT EXISTS {quoted(entity.name)} ({columns}, PRIMARY KEY ({key}))"


#: A stored decimal has no more digits after the point.
MOST_DECIMALS = 6


def _decimal(millionths: int | None, decimals: int, padded: int = 1, leading_zero: int = 1) -> str | None:
    if millionths is None:
        return None
    return values.format_decimal(
        millionths, min(decimals, MOST_DECIMALS), padded=bool(padded), leading_zero=bool(leading_zero)
    )


def _fold(text: str | None, collation: str) -> str | None:
    return None if text is None else fold(text, collation)


def prepare(connection: sqlite3.Connection) -> None:
    """Gives a connection the functions that compiled queries and projections call."""
    connection.create_function("profit_decimal", 2, _decimal, deterministic=True)
    connection.create_function("profit_decimal", 4, _decimal, deterministic=True)
    connection.create_function("profit_fold", 2, _fold, deterministic=True)
    connection.create_function("profit_filled", 6, filled, deterministic=True)
