"""SQL expressions that make of a source's column what a GetConnector shows and what filters compare.

A row's JSON is made inside SQLite, so that a table of 100,000 rows is projected without a loop in Python.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mock_afas.connectors import FEATURES, DataType, Feature, Field, GetConnector
from mock_afas.profiles import Dialect, Profile
from mock_afas.store.schema import quoted


@dataclass(frozen=True, slots=True)
class Rendering:
    """All of an environment's configuration that a projection depends on."""

    without: frozenset[Feature]
    #: From Profit 7 an answer is one line and a number below one starts with a zero.
    modern: bool
    collation: str
    time_fractions: str
    decimal_zeros: str

    @property
    def separator(self) -> str:
        """What stands between two rows in an answer."""
        return "," if self.modern else ",\r\n    "

    @property
    def frame(self) -> tuple[bytes, bytes]:
        """What stands before and after the rows, with a place each for skip and take."""
        if self.modern:
            return b'{"skip":%d,"take":%d,"rows":[', b"]}"
        return b'{\r\n  "skip": %d,\r\n  "take": %d,\r\n  "rows": [\r\n    ', b"\r\n  ]\r\n}"


def rendering_of(profile: Profile, connector: GetConnector) -> Rendering:
    """What a projection of ``connector`` depends on; features that the connector does not have do not count."""
    dialect: Dialect = profile.dialect
    relevant = {field.feature for field in connector.fields}
    return Rendering(
        without=frozenset(feature for feature in FEATURES if feature in profile.without and feature in relevant),
        modern=profile.profit_version >= 7,
        collation=dialect.collation,
        time_fractions=dialect.time_fractions,
        decimal_zeros=dialect.decimal_zeros,
    )


def _text(column: str, _field: Field, _rendering: Rendering) -> str:
    return f"json_quote({column})"


def _int(column: str, _field: Field, _rendering: Rendering) -> str:
    return f"ifnull({column}, 'null')"


def _boolean(column: str, _field: Field, _rendering: Rendering) -> str:
    return f"CASE {column} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END"


def _date(column: str, _field: Field, _rendering: Rendering) -> str:
    return f"""ifnull('"' || substr({column} || 'T00:00:00', 1, 19) || 'Z"', 'null')"""


def _decimal(column: str, field: Field, rendering: Rendering) -> str:
    padded = int(rendering.decimal_zeros == "padded")
    return f"ifnull(profit_decimal({column}, {field.decimals}, {padded}, {int(rendering.modern)}), 'null')"


_JSON: dict[DataType, Callable[[str, Field, Rendering], str]] = {
    "string": _text,
    "blob": _text,
    "int": _int,
    "boolean": _boolean,
    "date": _date,
    "decimal": _decimal,
}


#: How a column stored as the one type is shown as the other: SQL with places for the column and the field's length.
CONVERSIONS: dict[tuple[DataType, DataType], str] = {
    ("string", "string"): "substr({c}, 1, {length})",
    ("string", "int"): "CASE WHEN {c} GLOB '[0-9]*' AND {c} NOT GLOB '*[^0-9]*' AND length({c}) < 19"
    " THEN CAST({c} AS INTEGER) END",
    ("int", "string"): "CAST({c} AS TEXT)",
    ("int", "decimal"): "({c} * 1000000)",
    ("decimal", "int"): "({c} / 1000000)",
    ("decimal", "string"): "profit_decimal({c}, 2)",
    ("date", "string"): "substr({c}, 1, 10)",
    ("boolean", "int"): "{c}",
    ("boolean", "string"): "CASE {c} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END",
}


def _column(field: Field, rendering: Rendering) -> str:
    if field.feature in rendering.without:
        return "NULL"
    if field.fill is not None:
        shape = f"'{field.data_type}', {field.length}, {field.decimals}"
        return f"profit_filled(row_id, {field.fill}, {shape}, {_literal(field.id)})"
    if field.stored is not None:
        return CONVERSIONS[field.stored, field.data_type].format(c=quoted(field.column), length=field.length)
    return quoted(field.column)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def row_json(connector: GetConnector, rendering: Rendering) -> str:
    """The expression of a whole row's JSON. Keys come from the definition, in its order."""
    open_, colon, comma, close = (
        ("{", ":", ",", "}") if rendering.modern else ("{\r\n      ", ": ", ",\r\n      ", "\r\n    }")
    )
    parts = [_literal(open_)]
    for at, field in enumerate(connector.fields):
        parts.append(f"{_literal(comma if at else '')} || json_quote({_literal(field.id)}) || {_literal(colon)}")
        parts.append(_JSON[field.data_type](_column(field, rendering), field, rendering))
    return _concatenated([*parts, _literal(close)])


#: SQLite bounds the depth of an expression to 1,000; a chain of so many parts in brackets stays far below.
_CHAINED = 100


def _concatenated(parts: list[str]) -> str:
    while len(parts) > _CHAINED:
        parts = [f"({' || '.join(parts[at : at + _CHAINED])})" for at in range(0, len(parts), _CHAINED)]
    return " || ".join(parts)


def comparison_key(field: Field, rendering: Rendering) -> str:
    """The expression of the value that filters and orders compare."""
    column = _column(field, rendering)
    if column == "NULL":
        return column
    if field.data_type == "date":
        if rendering.time_fractions == "none":
            return f"substr({column} || 'T00:00:00', 1, 19)"
        whole = f"length({column}) = 10 OR {column} LIKE '%.000000'"
        return f"CASE WHEN {whole} THEN substr({column} || 'T00:00:00', 1, 19) ELSE {column} END"
    if field.data_type in ("string", "blob"):
        plain = column if rendering.collation == "cs_as" else f"lower({column})"
        folded = f"profit_fold({column}, {_literal(rendering.collation)})"
        return f"CASE WHEN {column} GLOB '*[^ -~]*' THEN {folded} ELSE {plain} END"
    return column
