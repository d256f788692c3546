"""The fifteen operators of filters, each as a condition in SQL.

wire.md section 3; settings AMB-03, ``nulls_in_negations`` and ``decimal_zeros``.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from typing import NamedTuple, NoReturn

from mock_afas import values
from mock_afas.connectors import DataType, Field
from mock_afas.errors import Reason, unexpected
from mock_afas.profiles import Dialect
from mock_afas.query.clauses import Clause, Parameter


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


class Condition(NamedTuple):
    """One filter with everything an operator needs to compile it."""

    column: int
    field: Field
    operator: int
    text: str
    dialect: Dialect

    @property
    def name(self) -> str:
        """The column as SQL knows it."""
        return f"c{self.column}"

    def clause(self, sql: str, *parameters: Parameter, equal: bool = False) -> Clause:
        """A clause over the column; ``equal`` when it pins it to one value."""
        return Clause(sql, parameters, (self.column,), (self.column,) if equal else ())


def _refuse(condition: Condition, allowed: str) -> NoReturn:
    rule = f"filter value of a field of type {condition.field.data_type}"
    raise unexpected(Reason(rule, condition.field.id, condition.text, allowed))


#: Keeps all digits of a filter value, so that a number beside a stored one is not taken for it.
_EXACT = Context(prec=100)


def _operand(condition: Condition, text: str) -> Parameter | Decimal:
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


def _between_millionths(condition: Condition, sign: str, scaled: Decimal) -> Clause:
    """A comparison with a number that lies between two stored ones."""
    if sign in ("=", "<>"):
        return condition.clause("0" if sign == "=" else f"{condition.name} IS NOT NULL")
    bound = int(scaled.to_integral_value(rounding="ROUND_FLOOR"))
    return condition.clause(f"{condition.name} {sign[0]}{'=' if sign[0] == '<' else ''} ?", _bounded(bound))


def _bounded(number: int) -> Parameter:
    """``number`` as SQLite compares it: beyond 64 bits, where nothing is stored, it is infinite."""
    return number if number in values.INT64 else math.copysign(math.inf, number)


def _compare(condition: Condition, operator: int, text: str) -> Clause:
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


def _printed(condition: Condition) -> str:
    """The expression of what is written, folded as the text it is compared with: of a date that is its ``T``."""
    kind, dialect = condition.field.data_type, condition.dialect
    padded = int(dialect.decimal_zeros == "padded")
    sql = _PRINTED[kind].format(c=condition.name, decimals=condition.field.decimals, padded=padded)
    return f"lower({sql})" if kind == "date" and dialect.collation != "cs_as" else sql


def _contains(condition: Condition, text: str, *, negated: bool = False) -> Clause:
    needle = fold(text, condition.dialect.collation)
    return condition.clause(f"instr({_printed(condition)}, ?) {'=' if negated else '>'} 0", needle)


def _starts(condition: Condition, *, negated: bool) -> Clause:
    needle = fold(condition.text, condition.dialect.collation)
    return condition.clause(f"substr({_printed(condition)}, 1, ?) {'<>' if negated else '='} ?", len(needle), needle)


def _ends(condition: Condition, *, negated: bool) -> Clause:
    needle = fold(condition.text, condition.dialect.collation)
    if not needle:
        return condition.clause("0" if negated else f"{condition.name} IS NOT NULL")
    return condition.clause(f"substr({_printed(condition)}, ?) {'<>' if negated else '='} ?", -len(needle), needle)


def _without_wildcards(text: str) -> str | None:
    """What stands between two percent signs, or None when ``text`` is not wrapped in them."""
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] == "%" else None


def _op_contains(condition: Condition) -> Clause:
    inner = _without_wildcards(condition.text)
    return _contains(condition, condition.text if inner is None else inner)


def _op_unequal(condition: Condition) -> Clause:
    inner = _without_wildcards(condition.text)
    if inner is not None:
        return _contains(condition, inner, negated=True)
    return _compare(condition, 7, condition.text)


def _op_empty(condition: Condition) -> Clause:
    name = condition.name
    return condition.clause(f"({name} IS NULL OR {name} = '')")


def _op_not_empty(condition: Condition) -> Clause:
    return condition.clause(f"{condition.name} <> ''")


def _op_quick(condition: Condition) -> Clause:
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


def _op_compare(condition: Condition) -> Clause:
    return _compare(condition, condition.operator, condition.text)


#: The operators by their numbers.
OPERATORS: Mapping[int, Callable[[Condition], Clause]] = {
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


def compiled(condition: Condition) -> Clause:
    """The clause of a filter whose operator is known. Raises ProfitError for a value that its field does not take."""
    clause = OPERATORS[condition.operator](condition)
    if condition.operator in _NEGATED and condition.dialect.nulls_in_negations == "included":
        return clause._replace(sql=f"({clause.sql} OR {condition.name} IS NULL)")
    return clause
