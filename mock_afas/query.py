"""Turns the query string of a GetConnector into SQL text and parameters; it never runs them.

SQL text is made of column names (``c0``, ``c1`` … by the position of the field in the definition), operators and
placeholders only. Whatever came in the request is a parameter. wire.md section 3; settings AMB-01 to AMB-06.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, NamedTuple, NoReturn
from urllib.parse import parse_qsl

import orjson

from mock_afas import values
from mock_afas.connectors import DataType, Field, GetConnector
from mock_afas.errors import ProfitError, Reason, unexpected
from mock_afas.profiles import Dialect

ALL = -1
DEFAULT_TAKE = 100

Parameter = str | int | float
Walk = tuple[str, tuple[Parameter, ...], tuple[tuple[int, bool], ...]]


class Clause(NamedTuple):
    """A condition: SQL text over columns, its parameters, the columns it reads, and those it pins to one value."""

    sql: str
    parameters: tuple[Parameter, ...] = ()
    columns: tuple[int, ...] = ()
    equal: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A compiled request for rows. ``order`` is (column, descending); ``take`` may be ``ALL``."""

    where: str
    parameters: tuple[Parameter, ...]
    order: tuple[tuple[int, bool], ...]
    equal_columns: tuple[int, ...]
    other_columns: tuple[int, ...]
    skip: int
    take: int
    #: What the answer repeats of skip and take.
    echo: tuple[int, int]

    @property
    def walk(self) -> Walk:
        """What decides which rows there are and in which order: all but skip and take."""
        return self.where, self.parameters, self.order


def fold(text: str, collation: str) -> str:
    """``text`` as it is compared: NFC; without case under ``ci_*``; without accents under ``*_ai``."""
    normal = text if text.isascii() else unicodedata.normalize("NFC", text)
    if collation == "cs_as":
        return normal
    folded = normal.casefold()
    if collation == "ci_ai" and not folded.isascii():
        decomposed = unicodedata.normalize("NFD", folded)
        bare = "".join(char for char in decomposed if not unicodedata.combining(char))
        folded = unicodedata.normalize("NFC", bare)
    return folded


# ---------------------------------------------------------------- operators


class _Condition(NamedTuple):
    """One filter with everything an operator needs to compile it."""

    column: int
    field: Field
    operator: int
    text: str
    dialect: Dialect

    @property
    def name(self) -> str:
        return f"c{self.column}"

    def clause(self, sql: str, *parameters: Parameter, equal: bool = False) -> Clause:
        return Clause(sql, parameters, (self.column,), (self.column,) if equal else ())


def _refuse(condition: _Condition, allowed: str) -> NoReturn:
    rule = f"filter value of a field of type {condition.field.data_type}"
    raise unexpected(Reason(rule, condition.field.id, condition.text, allowed))


#: Keeps all digits of a filter value, so that a number beside a stored one is not taken for it.
_EXACT = Context(prec=100)


def _operand(condition: _Condition, text: str) -> Parameter | Decimal:
    """The filter value in stored form; a decimal with more than six digits after the point stays Decimal."""
    kind = condition.field.data_type
    try:
        if kind == "int":
            return _bounded(values.parse_integer(text))
        if kind == "decimal":
            scaled = _EXACT.multiply(values.parse_decimal(text), Decimal(values.MILLIONTHS))
            return _bounded(int(scaled)) if scaled == scaled.to_integral_value() else scaled
        if kind == "boolean":
            return values.parse_boolean(text)
        if kind == "date":
            return values.parse_moment(text).isoformat()
    except values.NotAValue as error:
        _refuse(condition, str(error))
    return fold(text, condition.dialect.collation)


_SIGNS = {1: "=", 2: ">=", 3: "<=", 4: ">", 5: "<", 7: "<>"}


def _between_millionths(condition: _Condition, sign: str, scaled: Decimal) -> Clause:
    """A comparison with a number that lies between two stored ones."""
    if sign in ("=", "<>"):
        return condition.clause("0" if sign == "=" else f"{condition.name} IS NOT NULL")
    bound = int(scaled.to_integral_value(rounding="ROUND_FLOOR"))
    return condition.clause(f"{condition.name} {sign[0]}{'=' if sign[0] == '<' else ''} ?", _bounded(bound))


def _bounded(number: int) -> Parameter:
    """``number`` as SQLite compares it: beyond 64 bits, where nothing is stored, it is infinite."""
    return number if number in values.INT64 else math.copysign(math.inf, number)


def _compare(condition: _Condition, operator: int, text: str) -> Clause:
    sign = _SIGNS[operator]
    operand = _operand(condition, text)
    if isinstance(operand, Decimal):
        return _between_millionths(condition, sign, operand)
    return condition.clause(f"{condition.name} {sign} ?", operand, equal=operator == 1)


#: How the text operators see a value that is no text: as it is written from Profit 7 on, a date without its false Z.
_PRINTED: Mapping[DataType, str] = {
    "string": "{c}",
    "blob": "{c}",
    "int": "CAST({c} AS TEXT)",
    "decimal": "profit_decimal({c}, {decimals}, {padded}, 1)",
    "boolean": "CASE {c} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END",
    "date": "substr({c}, 1, 19)",
}


def _printed(condition: _Condition) -> str:
    """The expression of what is written, folded as the text it is compared with: of a date that is its ``T``."""
    kind, dialect = condition.field.data_type, condition.dialect
    padded = int(dialect.decimal_zeros == "padded")
    sql = _PRINTED[kind].format(c=condition.name, decimals=condition.field.decimals, padded=padded)
    return f"lower({sql})" if kind == "date" and dialect.collation != "cs_as" else sql


def _contains(condition: _Condition, text: str, *, negated: bool = False) -> Clause:
    needle = fold(text, condition.dialect.collation)
    return condition.clause(f"instr({_printed(condition)}, ?) {'=' if negated else '>'} 0", needle)


def _starts(condition: _Condition, *, negated: bool) -> Clause:
    needle = fold(condition.text, condition.dialect.collation)
    return condition.clause(f"substr({_printed(condition)}, 1, ?) {'<>' if negated else '='} ?", len(needle), needle)


def _ends(condition: _Condition, *, negated: bool) -> Clause:
    needle = fold(condition.text, condition.dialect.collation)
    if not needle:
        return condition.clause("0" if negated else f"{condition.name} IS NOT NULL")
    return condition.clause(f"substr({_printed(condition)}, ?) {'<>' if negated else '='} ?", -len(needle), needle)


def _without_wildcards(text: str) -> str | None:
    """What stands between two percent signs, or None when ``text`` is not wrapped in them."""
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] == "%" else None


def _op_contains(condition: _Condition) -> Clause:
    inner = _without_wildcards(condition.text)
    return _contains(condition, condition.text if inner is None else inner)


def _op_unequal(condition: _Condition) -> Clause:
    inner = _without_wildcards(condition.text)
    if inner is not None:
        return _contains(condition, inner, negated=True)
    return _compare(condition, 7, condition.text)


def _op_empty(condition: _Condition) -> Clause:
    name = condition.name
    return condition.clause(f"({name} IS NULL OR {name} = '')")


def _op_not_empty(condition: _Condition) -> Clause:
    return condition.clause(f"{condition.name} <> ''")


def _op_quick(condition: _Condition) -> Clause:
    """The quick filter: ``a..b`` is a range with either end open; else text contains, and other types equal."""
    low, dots, high = condition.text.partition("..")
    if dots:
        ends = [_compare(condition, operator, text) for operator, text in ((2, low), (3, high)) if text]
        if not ends:
            return _op_not_empty(condition)
        return condition.clause(" AND ".join(end.sql for end in ends), *(p for end in ends for p in end.parameters))
    if condition.field.data_type in ("string", "blob"):
        return _contains(condition, condition.text)
    return _compare(condition, 1, condition.text)


def _op_compare(condition: _Condition) -> Clause:
    return _compare(condition, condition.operator, condition.text)


#: The fifteen operators.
_OPERATORS: Mapping[int, Callable[[_Condition], Clause]] = {
    **dict.fromkeys((1, 2, 3, 4, 5), _op_compare),
    6: _op_contains,
    7: _op_unequal,
    8: _op_empty,
    9: _op_not_empty,
    10: lambda condition: _starts(condition, negated=False),
    11: lambda condition: _contains(condition, condition.text, negated=True),
    12: lambda condition: _starts(condition, negated=True),
    13: lambda condition: _ends(condition, negated=False),
    14: lambda condition: _ends(condition, negated=True),
    15: _op_quick,
}
#: Those that match nulls too under ``nulls_in_negations=included``.
_NEGATED = frozenset((7, 11, 12, 14))


def _compile(condition: _Condition) -> Clause:
    clause = _OPERATORS[condition.operator](condition)
    if condition.operator in _NEGATED and condition.dialect.nulls_in_negations == "included":
        return clause._replace(sql=f"({clause.sql} OR {condition.name} IS NULL)")
    return clause


# ---------------------------------------------------------------- from parameters to clauses


class _RawFilter(NamedTuple):
    field_id: str
    text: str
    operator: str


def _resolve(connector: GetConnector, field_id: str, dialect: Dialect, where: str) -> int:
    at = connector.find(field_id, case_sensitive=dialect.identifiers == "case_sensitive")
    if at is None:
        known = ", ".join(field.id for field in connector.fields)
        reason = Reason("field of the connector", where, field_id, known)
        raise ProfitError("connector_field_unknown", reason, field=field_id)
    return at


def _clause(connector: GetConnector, raw: _RawFilter, dialect: Dialect) -> Clause | None:
    """The compiled filter, or None for an unknown operator that the dialect ignores."""
    at = _resolve(connector, raw.field_id, dialect, "filterfieldids")
    operator = int(raw.operator) if raw.operator.isascii() and raw.operator.isdecimal() and len(raw.operator) < 4 else 0
    if operator not in _OPERATORS:
        if dialect.bad_filter == "ignored":
            return None
        raise unexpected(Reason("filter operator", "operatortypes", raw.operator, "a number from 1 to 15"))
    return _compile(_Condition(at, connector.fields[at], operator, raw.text, dialect))


_SEPARATORS = re.compile("([,;])")


def _joined(clauses: list[Clause], word: str) -> Clause:
    if len(clauses) == 1:
        return clauses[0]
    return Clause(
        "(" + f" {word} ".join(f"({clause.sql})" for clause in clauses) + ")",
        tuple(parameter for clause in clauses for parameter in clause.parameters),
        tuple(column for clause in clauses for column in clause.columns),
        tuple(column for clause in clauses for column in clause.equal) if word == "AND" else (),
    )


def _nested(groups: list[list[Clause]], inner: str, outer: str) -> Clause | None:
    return _joined([_joined(group, inner) for group in groups], outer) if groups else None


def _three_lists(connector: GetConnector, parameters: Mapping[str, str], dialect: Dialect) -> Clause | None:
    """``filterfieldids``, ``filtervalues`` and ``operatortypes``; the separators are those of the first."""
    ids = _SEPARATORS.split(parameters.get("filterfieldids", ""))
    names, separators = ids[::2], ids[1::2]
    texts = re.split("[,;]", parameters.get("filtervalues", ""))
    operators = re.split("[,;]", parameters.get("operatortypes", ""))
    if len(names) != len(texts) or len(names) != len(operators):
        if dialect.bad_filter == "error":
            sizes = f"{len(names)} fields, {len(texts)} values, {len(operators)} operators"
            allowed = "three lists of one length; a value that holds ',' or ';' goes into filterjson"
            raise unexpected(Reason("length of the filter lists", "filterfieldids", sizes, allowed))
        shortest = min(len(names), len(texts), len(operators))
        names, separators = names[:shortest], separators[: shortest - 1]
    inner, outer, breaks = ("AND", "OR", ";") if dialect.filter_precedence == "and_first" else ("OR", "AND", ",")
    groups: list[list[Clause]] = [[]]
    for at, name in enumerate(names):
        if at and separators[at - 1] == breaks:
            groups.append([])
        clause = _clause(connector, _RawFilter(name.strip(), texts[at], operators[at].strip()), dialect)
        if clause is not None:
            groups[-1].append(clause)
    return _nested([group for group in groups if group], inner, outer)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _member(value: Any, name: str) -> Any:
    if not isinstance(value, dict) or name not in value:
        reason = Reason("structure of filterjson", "filterjson", str(value)[:100], f"an object with '{name}'")
        raise unexpected(reason)
    return value[name]


def _filter_json(connector: GetConnector, text: str, dialect: Dialect) -> Clause | None:
    """``filterjson``: fields within a filter AND, filters OR."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise unexpected(Reason("filterjson is JSON", "filterjson", text[:100], str(error))) from None
    groups: list[list[Clause]] = []
    for entry in _as_list(_member(_member(document, "Filters"), "Filter")):
        clauses = []
        for raw in _as_list(_member(entry, "Field")):
            shown = raw.get("#text") if isinstance(raw, dict) else None
            parts = (_member(raw, "@FieldId"), "" if shown is None else shown, _member(raw, "@OperatorType"))
            written = (part if isinstance(part, str) else orjson.dumps(part).decode() for part in parts)
            clause = _clause(connector, _RawFilter(*written), dialect)
            if clause is not None:
                clauses.append(clause)
        if clauses:
            groups.append(clauses)
    return _nested(groups, "AND", "OR")


def _filters(connector: GetConnector, parameters: Mapping[str, str], dialect: Dialect) -> Clause | None:
    if parameters.get("filterjson"):
        return _filter_json(connector, parameters["filterjson"], dialect)
    if any(parameters.get(name) for name in ("filterfieldids", "filtervalues", "operatortypes")):
        return _three_lists(connector, parameters, dialect)
    return None


def _order(connector: GetConnector, parameters: Mapping[str, str], dialect: Dialect) -> tuple[tuple[int, bool], ...]:
    order: dict[int, bool] = {}
    for item in parameters.get("orderbyfieldids", "").split(","):
        name = item.strip()
        if name:
            descending = name.startswith("-")
            order.setdefault(_resolve(connector, name.removeprefix("-"), dialect, "orderbyfieldids"), descending)
    return tuple(order.items())


# ---------------------------------------------------------------- skip and take


def _whole(text: str) -> int | None:
    """A number of 32 bits, as Profit reads skip and take, else None."""
    try:
        number = values.parse_integer(text)
    except values.NotAValue:
        return None
    return number if number in values.INT32 else None


def _paging(parameters: Mapping[str, str], dialect: Dialect) -> tuple[int, int, tuple[int, int]]:
    """(skip, take, what the answer repeats). wire.md section 3 and AMB-01."""
    skip = _whole(parameters["skip"]) if "skip" in parameters else 0
    take = _whole(parameters["take"]) if "take" in parameters else DEFAULT_TAKE
    bad_take = unexpected(
        Reason("take", "take", parameters.get("take", ""), "a number from 0, or -1 together with skip=-1")
    )
    if take is None or take < ALL:
        raise bad_take
    if skip == ALL:
        return 0, ALL, (ALL, take)
    if take == ALL:
        raise bad_take
    if skip is None or skip < ALL:
        if dialect.paging == "strict":
            raise unexpected(Reason("skip", "skip", parameters.get("skip", ""), "a number from 0, or -1 for all rows"))
        skip = 0
    if take == 0:
        if dialect.paging == "strict":
            raise bad_take
        return skip, 1 if dialect.paging == "lenient" else 0, (skip, take)
    return skip, take, (skip, take)


def parsed(query_string: bytes) -> dict[str, str]:
    """The parameters of a query string by their names in lower case; of a repeated one the first counts."""
    pairs = parse_qsl(query_string.decode("utf-8", "replace"), keep_blank_values=True, errors="replace")
    return {name.lower(): value for name, value in reversed(pairs)}


def compile_query(connector: GetConnector, parameters: Mapping[str, str], dialect: Dialect) -> Query:
    """The query that ``parameters`` (names in lower case) ask of ``connector``. Raises ProfitError."""
    skip, take, echo = _paging(parameters, dialect)
    clause = _filters(connector, parameters, dialect)
    order = _order(connector, parameters, dialect)
    return Query(
        where=clause.sql if clause else "",
        parameters=clause.parameters if clause else (),
        order=order,
        equal_columns=tuple(dict.fromkeys(clause.equal)) if clause else (),
        other_columns=tuple(dict.fromkeys(clause.columns)) if clause else (),
        skip=skip,
        take=take,
        echo=echo,
    )
