"""What the tests of queries draw: nasty values, and requests with filters that find some of the rows and not others."""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, cast

from hypothesis import event
from hypothesis import strategies as st

from tests.oracle import Cell, Column, Filter, Oracle, Reading, Request, Row, written

T = TypeVar("T")
Shown = tuple[tuple[str, str | None], ...]

# ---------------------------------------------------------------- nasty values

TEXTS = (
    *("", " ", " a", "a ", "a", "A", "ab", "b", "aB c", "O'Brien", "O''", '"', '""', "null", "\\", "a,b;c", "--", "/*"),
    *("%", "%%", "50%", "%a%", "_", "[a-z]", "100%_[x]", "?", "c0", "1", "0", "-0.50", "true", "..", "a..b", "a.b"),
    *("é", "e\u0301", "E\u0301", "e", "È", "ß", "ss", "SS", "ẞ", "İ", "i\u0307", "I", "ı", "ﬁ", "fi", "Å", "\u212b"),
    *(
        "\U0001f600",
        "\U0001d4b3",
        "a\U0001f600",
        "\u0301",
        "한",
        "하",
        "ς",
        "Σ",
        "σ",
        "ΐ",
        "\u1fd3",
        "ǰ",
        "Ǆ",
        "\uffff",
    ),
    *("\x7f", "\t\n", "a" * 255, "é" * 120, "\u200d", "\u202e", "ÿ", "z"),
)
INTEGERS = (0, 1, -1, 2, 9, 10, 100, 2**31, -(2**31), 2**53 + 1, 2**63 - 1, -(2**63))
_HUGE = ("9223372036854775808", "-9223372036854775809", "9" * 40, "-0", "+7", " 5 ", "007")
AMOUNTS = (
    "0",
    "-0.5",
    "0.5",
    "-0.01",
    "0.01",
    "-0.04",
    "1",
    "-1",
    "330.58",
    "0.49",
    "999999999999.99",
    "-88888888888.88",
)
_ODD = ("-.5", "5.", "0.004", "-0.0000001", "330.5800000", "1e3", "1" + "0" * 30, "0.5" + "0" * 35 + "1")
#: Around the changes of Amsterdam's clocks, and at either end.
MOMENTS = tuple(
    dt.datetime.fromisoformat(text)
    for text in (
        *("2017-07-01T00:00:00", "2017-07-01T00:00:02", "2017-07-01T00:00:02.250000", "2024-03-31T02:30:00"),
        *("2024-03-31T03:00:00", "2024-10-27T02:30:00.000001", "2024-10-27T02:30:00", "2024-02-29T23:59:59.999999"),
        *("0001-01-01T00:00:00", "9999-12-31T23:59:59"),
    )
)
#: No value of any type but text.
WRONG = ("x", "1,5", "2017-07-01T00:00:00Z", "2017-02-30", "ja", "1.2.3", "\u0661", "--1", "' OR 1=1", "1 OR 1")
_BAD_OPERATORS = ("0", "16", "", "-1", "x", "1.0", "99999")
UNKNOWN_FIELDS = ("Naam", "c0", "id", "row", "x' OR '1'='1", 'Text"', "0", "1=1 --", "rowid", "k0.c1", "Ünknown", "?")

_OF_KIND: Mapping[str, st.SearchStrategy[Cell]] = {
    "string": st.sampled_from(TEXTS) | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
    "int": st.sampled_from(INTEGERS) | st.integers(-20, 20),
    "date": st.sampled_from(MOMENTS) | st.datetimes(dt.datetime(2016, 12, 30), dt.datetime(2017, 1, 2)),
}


def cells(column: Column) -> st.SearchStrategy[Cell]:
    """Values for a column; only booleans are never null."""
    if column.kind == "boolean":
        return st.booleans()
    if column.kind == "decimal":
        return st.none() | st.sampled_from(AMOUNTS).map(Decimal) | st.decimals(-3, 3, places=2)
    return st.none() | _OF_KIND["string" if column.kind == "blob" else column.kind]


# ---------------------------------------------------------------- requests

_FRESH: Mapping[str, tuple[str, ...]] = {
    "string": TEXTS,
    "int": (*map(str, INTEGERS), *_HUGE),
    "decimal": (*AMOUNTS, *_ODD, *_HUGE),
    "boolean": ("true", "false", "1", "0", "TRUE", " False"),
    "date": ("2017-07-01", "2017-07-01T00:00:02", "2017-07-01T00:00:02.25", "2017-7-1", "2017-07-01 00:00"),
}
_IN_COMMON: Sequence[Callable[[str], str]] = (
    *(str, lambda text: text[:2], lambda text: text[1:], lambda text: text[-2:], lambda text: text[1:2]),
    *(
        lambda text: f"%{text}%",
        lambda text: f"%{text[1:3]}%",
        lambda text: f"{text[1:]}%",
        lambda text: f"{text}..",
        lambda text: f"..{text}",
    ),
)
#: Texts that have something to do with what a cell is written as.
_NEAR: Mapping[str, Sequence[Callable[[str], str]]] = {
    "string": (
        *(*_IN_COMMON, str.upper, str.swapcase, lambda text: unicodedata.normalize("NFD", text)),
        *(lambda text: f" {text}", lambda text: f"{text[:1]}..{text}"),
    ),
    "int": (*_IN_COMMON, lambda text: str(int(text) + 1), lambda text: str(int(text) - 1), lambda text: f"-3..{text}"),
    "decimal": (
        *(*_IN_COMMON, lambda text: f"{text}01", lambda text: text.rstrip("0")),
        *(lambda text: f"-1..{text}", lambda text: text.replace("0.", ".")),
    ),
    "boolean": (*_IN_COMMON, str.upper, lambda text: str(int(text == "true"))),
    "date": (
        *(*_IN_COMMON, lambda text: text[:10], lambda text: text[:16], lambda text: f"{text}Z", str.lower),
        *(lambda text: f"{text}.25", lambda text: f"2017-01-01..{text}"),
    ),
}


def _one_of(draw: st.DrawFn, choices: Sequence[T]) -> T:
    return choices[draw(st.integers(0, len(choices) - 1))]


def _seldom(draw: st.DrawFn, one_in: int) -> bool:
    return draw(st.integers(1, one_in)) == one_in


def _text(draw: st.DrawFn, column: Column, rows: Sequence[Row]) -> str:
    cell = _one_of(draw, rows)[column.id] if rows else None
    kind = "string" if column.kind == "blob" else column.kind
    if _seldom(draw, 40):
        return _one_of(draw, WRONG)
    if cell is None or _seldom(draw, 3):
        return _one_of(draw, _FRESH[kind])
    return _one_of(draw, _NEAR[kind])(written(cell, column, Reading()))


def _name(draw: st.DrawFn, column: Column) -> str:
    if not _seldom(draw, 12):
        return column.id
    return _one_of(draw, (column.id.upper(), column.id.lower(), *UNKNOWN_FIELDS))


def _filter(draw: st.DrawFn, columns: Sequence[Column], rows: Sequence[Row]) -> Filter:
    column = _one_of(draw, columns)
    operator = _one_of(draw, _BAD_OPERATORS) if _seldom(draw, 40) else str(draw(st.integers(1, 15)))
    return Filter(_name(draw, column), operator, _text(draw, column, rows), _one_of(draw, ",;"))


@st.composite
def requests(draw: st.DrawFn, columns: Sequence[Column], rows: Sequence[Row]) -> Request:
    """Up to four filters and three fields to order by; now and then something that has to be refused."""
    filters = tuple(_filter(draw, columns, rows) for _ in range(draw(st.integers(0, 4))))
    as_json = draw(st.booleans())
    if not as_json:
        filters = tuple(Filter(f.field, f.operator, re.sub("[,;]", "", f.text), f.separator) for f in filters)
    missing = 1 if not as_json and len(filters) > 1 and _seldom(draw, 16) else 0
    order = tuple(
        _one_of(draw, ("", "-")) + _name(draw, _one_of(draw, columns)) for _ in range(draw(st.integers(0, 3)))
    )
    return Request(filters, order, as_json, missing)


def parameters(request: Request) -> dict[str, str]:
    """The query parameters of a client that asks ``request``."""
    asked = {"orderbyfieldids": ",".join(request.order)} if request.order else {}
    if not request.filters:
        return asked
    if request.as_json:
        return {**asked, "filterjson": filter_json(request.filters)}
    separators = ["", *(one.separator for one in request.filters[1:])]
    texts = request.filters[: len(request.filters) - request.missing_values]
    return {
        **asked,
        "filterfieldids": "".join(sep + one.field for sep, one in zip(separators, request.filters, strict=True)),
        "operatortypes": "".join(sep + one.operator for sep, one in zip(separators, request.filters, strict=True)),
        "filtervalues": ",".join(one.text for one in texts),
    }


def filter_json(filters: Sequence[Filter]) -> str:
    """The same filters as AFAS' ``filterjson``; a semicolon starts another filter."""
    groups: list[list[dict[str, str]]] = [[]]
    for at, one in enumerate(filters):
        if at and one.separator == ";":
            groups.append([])
        groups[-1].append({"@FieldId": one.field, "@OperatorType": one.operator, "#text": one.text})
    listed = [{"@FilterId": f"Filter {at}", "Field": group} for at, group in enumerate(groups, 1)]
    return json.dumps({"Filters": {"Filter": listed}}, ensure_ascii=False)


# ---------------------------------------------------------------- answers


class _Number(str):
    """A number as the answer writes it."""

    __slots__ = ()


def _value(read: Any) -> Any:
    if read is None or isinstance(read, _Number | list):
        return read
    return str(read).lower() if isinstance(read, bool) else f'"{read}"'


def read_back(body: str | bytes) -> list[Shown]:
    """The rows of an answer, each value as it is written there."""

    def pairs(read: list[tuple[str, Any]]) -> Any:
        return tuple((name, _value(cell)) for name, cell in read)

    document = json.loads(body, object_pairs_hook=pairs, parse_float=_Number, parse_int=_Number)
    return cast("list[Shown]", dict(document)["rows"])


def check(got: Sequence[Shown], oracle: Oracle, rows: Sequence[Row], request: Request) -> None:
    """The rows of an answer are those the oracle selects, in an order that the request allows."""
    expected = oracle.selected(rows, request)
    event(f"rows: {'all' if len(expected) == len(rows) else 'some' if expected else 'none'}")
    known = {oracle.shown(row): row for row in expected}
    assert Counter(got) == Counter(oracle.shown(row) for row in expected)
    assert oracle.ranks([known[row] for row in got], request) == oracle.ranks(expected, request)


@cache
def vars_of(reading: Reading) -> Mapping[str, str]:
    """A reading as settings of a dialect."""
    return {name: getattr(reading, name) for name in Reading.__dataclass_fields__}
