"""What a GetConnector ought to answer, in plain Python over plain values. It shares no code with the server.

The reading of wire.md section 3 that is laid down here, and that the server has to keep to:

- *Cells* are None, str, int, bool, Decimal or datetime (Amsterdam wall clock, no zone). A date is its midnight.
- *Text* compares without case and with accents (AMB-03): both sides in NFC, then case-folded, in the order of their
  codepoints. So ``ß`` is ``SS`` and ``é`` is ``e`` with a combining accent, but not ``e``; spaces count, at either
  end too. ``ci_ai`` leaves combining marks out as well; ``cs_as`` keeps case. There are no wildcards in text.
- *Null*: a comparison with it is never true, and neither is its negation (7, 11, 12, 14), unless
  ``nulls_in_negations`` is ``included``. Empty text is a value, except that 8 (empty) and 9 (not empty) see no
  difference; under ``ci_ai`` text of nothing but combining marks is empty too. No other type has an empty value.
  8 and 9 do not look at their value slot.
- *Order*: nulls first ascending and last descending; false before true; text as above. Of rows that tie, each may come
  first. A field that is named twice counts where it is named first.
- *Text operators* (6, 10 to 14) see other types as they are written: ``42``, ``-0.50`` with the field's decimals and
  a leading zero in every version, ``true``, ``2017-07-01T00:00:02`` without the false ``Z``. Their value is any text.
- *Comparisons* (1 to 5 and 7) need a value of the field's type, else the request is refused, whatever rows there are.
  A number between two stored ones, or beyond all, compares exactly.
- *Percent signs* around the value of 6 are dropped; around that of 7 they make it 11. A single ``%`` is text.
- *Quick filter* (15): ``a..b`` means from a up to and including b, either end may be left out; ``..`` is not empty.
  Without dots, text contains, other types equal.
- *Times*: without fractions (AMB-13) a stored time has none. With hidden ones it is compared with them and shown
  without, so that equality with what was shown seldom holds.
- *Separators* between field ids count, those in the other lists only separate (AMB-02). In filterjson the fields of a
  filter are joined by AND, filters by OR, in every dialect.
"""

from __future__ import annotations

import datetime as dt
import operator as python
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, NamedTuple

Cell = str | int | bool | Decimal | dt.datetime | None
Row = Mapping[str, Cell]

UNEXPECTED = (-2147180999, "Er is een onverwachte fout opgetreden.")
_WIDE = Context(prec=200)


class Column(NamedTuple):
    """A field of a connector as the oracle knows it. ``kind`` is the data type of the definition."""

    id: str
    kind: str
    decimals: int = 0


@dataclass(frozen=True)
class Filter:
    """One filter as a client writes it; ``separator`` stands before it, unless it is the first."""

    field: str
    operator: str
    text: str
    separator: str = ","


@dataclass(frozen=True)
class Request:
    """What a client asks. ``missing_values`` are left off the end of the list of values."""

    filters: tuple[Filter, ...] = ()
    order: tuple[str, ...] = ()
    as_json: bool = False
    missing_values: int = 0


@dataclass(frozen=True)
class Reading:
    """The settings of the dialect that decide which rows there are, and in which order."""

    filter_precedence: str = "and_first"
    collation: str = "ci_as"
    identifiers: str = "case_insensitive"
    bad_filter: str = "error"
    time_fractions: str = "none"
    nulls_in_negations: str = "excluded"
    decimal_zeros: str = "padded"


class NotOfTheType(ValueError):
    """A filter value that is no value of the field's type."""


# ---------------------------------------------------------------- values


def folded(text: str, collation: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    if collation == "cs_as":
        return composed
    caseless = composed.casefold()
    if collation == "ci_as":
        return caseless
    bare = [char for char in unicodedata.normalize("NFD", caseless) if unicodedata.combining(char) == 0]
    return unicodedata.normalize("NFC", "".join(bare))


def _digits(text: str, *, point: bool) -> str:
    """``text`` when it is a number in ASCII: a sign or none, digits, and a point where allowed."""
    stripped = text.strip() if text.isascii() else ""
    unsigned = stripped[1:] if stripped[:1] in ("+", "-") else stripped
    parts = unsigned.split(".") if point else [unsigned]
    if len(parts) > 2 or not "".join(parts).isdigit():
        raise NotOfTheType(text)
    return stripped


def _moment(text: str) -> dt.datetime:
    if text.isascii() and "t" not in text:
        for pattern in ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f"):
            try:
                return dt.datetime.strptime(text.strip().replace(" ", "T"), pattern)  # noqa: DTZ007
            except ValueError:
                continue
    raise NotOfTheType(text)


def _truth(text: str) -> bool:
    known = {"true": True, "1": True, "false": False, "0": False}
    if text.strip().lower() not in known:
        raise NotOfTheType(text)
    return known[text.strip().lower()]


_PARSED: Mapping[str, Callable[[str], Cell]] = {
    "string": lambda text: text,
    "blob": lambda text: text,
    "int": lambda text: int(_digits(text, point=False)),
    "decimal": lambda text: Decimal(_digits(text, point=True)),
    "boolean": _truth,
    "date": _moment,
}


def written(cell: Cell, column: Column, reading: Reading) -> str:
    """A cell as an answer from Profit 7 on writes it; text without quotes, a moment without its ``Z``."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, dt.datetime):
        return cell.replace(microsecond=0).isoformat()
    if not isinstance(cell, Decimal):
        return str(cell)
    rounded = cell.quantize(Decimal(1).scaleb(-column.decimals), ROUND_HALF_UP, _WIDE)
    digits = format(abs(rounded), "f")
    if reading.decimal_zeros == "trimmed" and "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return f"-{digits}" if rounded < 0 else digits


def _compared(cell: Cell, reading: Reading) -> Cell:
    """What comparisons and orders make of a cell."""
    if isinstance(cell, str):
        return folded(cell, reading.collation)
    if isinstance(cell, dt.datetime) and reading.time_fractions == "none":
        return cell.replace(microsecond=0)
    return cell


# ---------------------------------------------------------------- filters

_COMPARISONS: Mapping[int, Callable[[Any, Any], bool]] = {
    1: python.eq,
    2: python.ge,
    3: python.le,
    4: python.gt,
    5: python.lt,
    7: python.ne,
}
_WORDS: Mapping[int, Callable[[str, str], bool]] = {
    6: lambda cell, text: text in cell,
    10: lambda cell, text: cell.startswith(text),
    11: lambda cell, text: text not in cell,
    12: lambda cell, text: not cell.startswith(text),
    13: lambda cell, text: cell.endswith(text),
    14: lambda cell, text: not cell.endswith(text),
}
_NEGATIONS = (7, 11, 12, 14)
#: A filter ready for rows.
Test = Callable[[Row], bool]


def _never_null(column: Column, holds: Callable[[Cell], bool], *, nulls: bool = False) -> Test:
    def test(row: Row) -> bool:
        cell = row[column.id]
        return nulls if cell is None else holds(cell)

    return test


def _comparison(column: Column, operator: int, text: str, reading: Reading, *, nulls: bool) -> Test:
    operand = _PARSED[column.kind](text)
    if isinstance(operand, str):
        operand = folded(operand, reading.collation)
    return _never_null(column, lambda cell: _COMPARISONS[operator](_compared(cell, reading), operand), nulls=nulls)


def _quick(column: Column, text: str, reading: Reading) -> Test:
    if ".." in text:
        low, _, high = text.partition("..")
        ends = [_comparison(column, sign, end, reading, nulls=False) for sign, end in ((2, low), (3, high)) if end]
        return (lambda row: all(end(row) for end in ends)) if ends else _tested(column, 9, "", reading)
    return _tested(column, 6 if column.kind in ("string", "blob") else 1, text, reading, unwrap=False)


def _tested(column: Column, operator: int, text: str, reading: Reading, *, unwrap: bool = True) -> Test:
    """The test that a filter makes. Raises NotOfTheType."""
    nulls = operator in _NEGATIONS and reading.nulls_in_negations == "included"
    if operator in (8, 9):
        return lambda row: (_compared(row[column.id], reading) in (None, "")) is (operator == 8)
    if operator == 15:
        return _quick(column, text, reading)
    if unwrap and operator in (6, 7) and len(text) > 1 and text.startswith("%") and text.endswith("%"):
        operator, text = {6: 6, 7: 11}[operator], text[1:-1]
    if operator in _COMPARISONS:
        return _comparison(column, operator, text, reading, nulls=nulls)
    needle = folded(text, reading.collation)
    return _never_null(
        column,
        lambda cell: _WORDS[operator](folded(written(cell, column, reading), reading.collation), needle),
        nulls=nulls,
    )


# ---------------------------------------------------------------- answers


class Oracle:
    """What is right for requests to one connector under one reading."""

    def __init__(self, columns: Sequence[Column], reading: Reading) -> None:
        self.columns = columns
        self.reading = reading

    def _column(self, name: str) -> Column | None:
        exact = self.reading.identifiers == "case_sensitive"
        return next((c for c in self.columns if c.id == name or (not exact and c.id.upper() == name.upper())), None)

    def _counted(self, request: Request) -> tuple[Filter, ...]:
        """The filters that count: under ``bad_filter=ignored`` those with three parts and a known operator."""
        if self.reading.bad_filter == "error":
            return request.filters
        whole = request.filters[: len(request.filters) - request.missing_values]
        return tuple(one for one in whole if one.operator in map(str, range(1, 16)) or self._column(one.field) is None)

    def refusals(self, request: Request) -> set[tuple[int, str]]:
        """Every error that ``request`` may be refused with; with several, any. None when it has to be answered."""
        found = set()
        names = [one.field for one in self._counted(request)] + [name.removeprefix("-") for name in request.order]
        for name in names:
            if self._column(name) is None:
                found.add((-2147180996, f"Connector-veld '{name}' niet gevonden"))
        for one in self._counted(request):
            column = self._column(one.field)
            try:
                if one.operator not in map(str, range(1, 16)):
                    found.add(UNEXPECTED)
                elif column is not None:
                    _tested(column, int(one.operator), one.text, self.reading)
            except NotOfTheType:
                found.add(UNEXPECTED)
        if request.missing_values and self.reading.bad_filter == "error":
            found.add(UNEXPECTED)
        return found

    def _groups(self, request: Request) -> tuple[list[list[Test]], bool]:
        """Tests in groups, and whether it is AND that binds within one (and OR between them)."""
        and_within = request.as_json or self.reading.filter_precedence == "and_first"
        whole = request.filters[: len(request.filters) - request.missing_values]
        counted = self._counted(request)
        groups: list[list[Test]] = [[]]
        for one in whole:
            if one is not whole[0] and one.separator == (";" if and_within else ","):
                groups.append([])
            column = self._column(one.field)
            if one in counted and column is not None:
                groups[-1].append(_tested(column, int(one.operator), one.text, self.reading))
        return [group for group in groups if group], and_within

    def selected(self, rows: Sequence[Row], request: Request) -> list[Row]:
        """The rows that ``request`` selects of ``rows``, in an order that it allows."""
        groups, and_within = self._groups(request)
        within, between = (all, any) if and_within else (any, all)
        chosen = [row for row in rows if not groups or between(within(test(row) for test in group) for group in groups)]
        for name in reversed(request.order):
            column = self._column(name.removeprefix("-"))
            assert column is not None
            chosen.sort(key=self._rank(column), reverse=name.startswith("-"))
        return chosen

    def _rank(self, column: Column) -> Callable[[Row], tuple[bool, object]]:
        def rank(row: Row) -> tuple[bool, object]:
            cell = _compared(row[column.id], self.reading)
            return (cell is not None, cell if cell is not None else 0)

        return rank

    def ranks(self, rows: Sequence[Row], request: Request) -> list[list[object]]:
        """What the order of ``request`` compares in ``rows``: equal lists mean rows in the same order."""
        columns = [column for name in request.order if (column := self._column(name.removeprefix("-")))]
        return [[self._rank(column)(row) for column in columns] for row in rows]

    def shown(self, row: Row) -> tuple[tuple[str, str | None], ...]:
        """A row as its JSON has it, each value as it is written (see ``read_back``)."""
        return tuple((column.id, self._shown(row[column.id], column)) for column in self.columns)

    def _shown(self, cell: Cell, column: Column) -> str | None:
        if cell is None:
            return None
        text = written(cell, column, self.reading)
        if column.kind in ("string", "blob"):
            return f'"{text}"'
        return f'"{text}Z"' if column.kind == "date" else text
