"""SQL expressions that make of a source's column what a GetConnector shows and what filters compare.

A row's JSON is made inside SQLite, so that a table of 100,000 rows is projected without a loop in Python.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from mock_afas.connectors import FEATURES, DataType, Feature, Field, GetConnector
from mock_afas.profiles import Dialect, Profile
from mock_afas.store.schema import MOST_DECIMALS, quoted


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


#: Stored decimals that SQL itself writes, since most are there; above, half a digit more might not fit into an integer.
_WRITTEN_UP_TO = 10**18


def _decimal(column: str, field: Field, rendering: Rendering) -> str:
    """The decimal as ``values.format_decimal`` writes it, which is asked for what is below zero (or one) only.

    A call of Python takes three times as long as an expression of SQL, unless a value is made up by one as well.
    """
    padded, decimals = rendering.decimal_zeros == "padded", min(field.decimals, MOST_DECIMALS)
    unit = 10 ** (MOST_DECIMALS - decimals)
    rounded = f"({column} + {unit // 2})"
    text = f"printf('%d', {rounded} / {unit})"
    if decimals:
        text = f"printf('%d.%0{decimals}d', {rounded} / {10**MOST_DECIMALS}, {rounded} / {unit} % {10**decimals})"
        text = text if padded else f"rtrim(rtrim({text}, '0'), '.')"
    lowest = 0 if rendering.modern else 10**MOST_DECIMALS
    called = f"profit_decimal({column}, {decimals}, {int(padded)}, {int(rendering.modern)})"
    if field.fill is not None:
        return f"ifnull({called}, 'null')"
    return f"ifnull(CASE WHEN {column} BETWEEN {lowest} AND {_WRITTEN_UP_TO} THEN {text} ELSE {called} END, 'null')"


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


#: SQLite bounds the arguments of a function to 100 or more.
_PRINTED = 90


def row_json(connector: GetConnector, rendering: Rendering) -> str:
    """The expression of a whole row's JSON. Keys come from the definition, in its order."""
    open_, colon, comma, close = (
        ("{", ":", ",", "}") if rendering.modern else ("{\r\n      ", ": ", ",\r\n      ", "\r\n    }")
    )
    parts = []
    for start in range(0, len(connector.fields), _PRINTED):
        fields = connector.fields[start : start + _PRINTED]
        keys = [f"{orjson.dumps(field.id).decode()}{colon}".replace("%", "%%") + "%s" for field in fields]
        values = [_JSON[field.data_type](_column(field, rendering), field, rendering) for field in fields]
        parts.append(f"printf({_literal((comma if start else open_) + comma.join(keys))}, {', '.join(values)})")
    # One call that puts texts together, for a chain of concatenations copies what it has at each step.
    return " || ".join([*(parts or [_literal(open_)]), _literal(close)])


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
