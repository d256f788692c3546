"""Takes the INSERT statements of an export apart. They are never run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from mock_afas.gcn.values import GcnError

_INSERT = re.compile(r"\s*+insert\s++(?:into\s++)?(\w{1,100})\s*+\(([\w\s,]{0,20000})\)\s*+values\s*+\(", re.IGNORECASE)
#: One value: quoted, with quotes inside doubled; or plain, as a number or NULL.
_VALUE = re.compile(r"\s*+(?:N?'([^']*+(?:''[^']*+)*+)'|([^\s',()]{1,100}))\s*+([,)])")


class Row(NamedTuple):
    """A row that a statement inserts: its table, and the values by column in lower case; None for NULL."""

    table: str
    values: Mapping[str, str | None]

    def text(self, column: str) -> str:
        """The value of a column; empty when it is NULL or missing."""
        return self.values.get(column.lower()) or ""


def parsed(statement: str) -> Row:
    """The row that an INSERT statement holds. Raises GcnError."""
    start = _INSERT.match(statement)
    if start is None:
        raise GcnError(f"{statement[:60]!r} is no INSERT statement")
    columns = [column.strip().lower() for column in start[2].split(",")]
    values: list[str | None] = []
    at, closing = start.end(), ","
    while closing == "," and len(values) <= len(columns):
        value = _VALUE.match(statement, at)
        if value is None:
            raise GcnError(f"the INSERT into {start[1]} is broken near {statement[at : at + 40]!r}")
        values.append(_plain(value[1], value[2]))
        at, closing = value.end(), value[3]
    if len(values) != len(columns):
        raise GcnError(f"the INSERT into {start[1]} has {len(columns)} columns and not as many values")
    return Row(start[1].lower(), dict(zip(columns, values, strict=True)))


def _plain(quoted: str | None, bare: str | None) -> str | None:
    if quoted is not None:
        return quoted.replace("''", "'")
    return None if bare is None or bare.upper() == "NULL" else bare
