"""skip and take, orders that make pages add up, long answers, and the form of a body in each version of Profit."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mock_afas.connectors import get_connectors
from mock_afas.profiles import Dialect, Profile
from mock_afas.query import compile_query
from mock_afas.store.books import Books, LoadBatch
from mock_afas.store.rendering import rendering_of
from tests.drawn import TEXTS
from tests.oracle import UNEXPECTED
from tests.support import Afas, fork

PERIODS = "Zenvoices_Periods"
#: Fields that tell its rows apart.
BY_KEY = "Unit,Year,Period"
LONG = "Profit_Transactions"
LONG_BY_KEY = "UnitId,EntryNo,SeqNo"


@pytest.fixture(scope="module")
def periods(demo: Afas) -> list[dict[str, Any]]:
    """All periods in the order of their key."""
    rows = demo.control("GET", "/data/periods").json()["rows"]
    return sorted(rows, key=lambda row: (row["administration"], row["year"], row["period"]))


def numbered(rows: Sequence[Mapping[str, Any]]) -> list[tuple[int, int, int]]:
    return [(row["Unit"], row["Year"], row["Period"]) for row in rows]


# ---------------------------------------------------------------- outside their range


class Paging(NamedTuple):
    """What is asked, where in all rows the answer begins and ends (None: it is refused), and what it repeats."""

    asked: Mapping[str, str]
    rows: slice | None
    echo: tuple[int, int] = (0, 0)
    paging: str = "lenient"

    def __str__(self) -> str:
        return f"{self.paging} {'&'.join(f'{name}={value}' for name, value in self.asked.items())}"


def _asked(skip: str | None, take: str | None) -> dict[str, str]:
    return {name: value for name, value in (("skip", skip), ("take", take)) if value is not None}


ALL = slice(None)
LENIENT = (
    Paging(_asked(None, None), slice(100), (0, 100)),
    Paging(_asked("7", None), slice(7, 107), (7, 100)),
    Paging(_asked(None, "7"), slice(7), (0, 7)),
    Paging(_asked("3", "5"), slice(3, 8), (3, 5)),
    Paging(_asked("955", "100"), slice(955, None), (955, 100)),
    Paging(_asked("960", "1"), slice(0), (960, 1)),
    Paging(_asked("2147483647", "2147483647"), slice(0), (2147483647, 2147483647)),
    Paging(_asked("0", "1000"), slice(1000), (0, 1000)),
    Paging(_asked("1", "1001"), slice(1, 1002), (1, 1001)),
    Paging(_asked("1", "2147483647"), slice(1, None), (1, 2147483647)),
    # all rows
    Paging(_asked("-1", "-1"), ALL, (-1, -1)),
    *(Paging(_asked("-1", take), ALL, (-1, int(take))) for take in ("0", "1", "100", "5000")),
    Paging(_asked("-1", None), ALL, (-1, 100)),
    # a skip that is none counts as 0
    *(
        Paging(_asked(skip, "5"), slice(5), (0, 5))
        for skip in ("-2", "-100", "x", "", "1.5", "0x1", "99999999999", "é")
    ),
    # take 0 gives one row
    Paging(_asked("0", "0"), slice(1), (0, 0)),
    Paging(_asked("3", "0"), slice(3, 4), (3, 0)),
    Paging(_asked("x", "0"), slice(1), (0, 0)),
    # a take that is none
    Paging(_asked("2", "-1"), None),
    Paging(_asked("0", "-1"), None),
    Paging(_asked(None, "-1"), None),
    Paging(_asked("-2", "-1"), None),
    *(Paging(_asked("0", take), None) for take in ("-2", "x", "", "1.5", "99999999999", "2147483648", "-1000")),
    *(Paging(_asked("-1", take), None) for take in ("-2", "x", "")),
)
OTHERWISE = (
    *(case._replace(paging=paging) for paging in ("strict", "plain") for case in (LENIENT[0], LENIENT[3], LENIENT[10])),
    *(Paging(_asked(skip, "5"), None, paging="strict") for skip in ("-2", "x", "")),
    *(Paging(_asked(skip, "5"), slice(5), (0, 5), paging="plain") for skip in ("-2", "x", "")),
    Paging(_asked("3", "0"), None, paging="strict"),
    Paging(_asked("3", "0"), slice(0), (3, 0), paging="plain"),
    *(Paging(_asked("2", "-1"), None, paging=paging) for paging in ("strict", "plain")),
    *(Paging(_asked("-1", "7"), ALL, (-1, 7), paging=paging) for paging in ("strict", "plain")),
)


@pytest.fixture(scope="module")
def paged(demo: Afas) -> Iterator[Afas]:
    private = fork(demo)
    yield private
    private.control("DELETE")


@pytest.mark.parametrize("case", [*LENIENT, *OTHERWISE], ids=str)
def test_skip_and_take(paged: Afas, periods: list[dict[str, Any]], case: Paging) -> None:
    paged.configure(dialect={"paging": case.paging})
    answer = paged.get(f"connectors/{PERIODS}", {**case.asked, "orderbyfieldids": BY_KEY})
    body = answer.json()
    if case.rows is None:
        assert answer.status_code == 500
        assert (body["errorNumber"], body["externalMessage"]) == UNEXPECTED
        return
    assert answer.status_code == 200
    assert list(body) == ["skip", "take", "rows"]
    assert (body["skip"], body["take"]) == case.echo
    every = [(row["administration"], row["year"], row["period"]) for row in periods]
    assert numbered(body["rows"]) == every[case.rows]


def test_take_0_of_nothing_is_nothing(demo: Afas) -> None:
    nothing = {"filterfieldids": "Year", "filtervalues": "1", "operatortypes": "1", "take": "0"}
    assert demo.get(f"connectors/{PERIODS}", nothing).text == '{"skip":0,"take":0,"rows":[]}'


# ---------------------------------------------------------------- pages


def walked(afas: Afas, connector: str, size: int, **asked: str) -> list[dict[str, Any]]:
    """The rows that a client has after it asked page after page, until one is not full."""
    rows: list[dict[str, Any]] = []
    while True:
        page = afas.rows(connector, **asked, skip=str(len(rows)), take=str(size))
        rows += page
        if len(page) < size:
            return rows


@pytest.mark.parametrize("order", [BY_KEY, "Blocked", "-DateFrom", "-PeriodDesc,Year"])
@pytest.mark.parametrize("size", [1_001, 100, 97])
def test_pages_with_an_order_hold_every_row_once(demo: Afas, order: str, size: int) -> None:
    rows = numbered(walked(demo, PERIODS, size, orderbyfieldids=order))
    assert len(rows) == len(set(rows)) == 960


def test_pages_without_an_order_repeat_and_miss_rows(afas: Afas) -> None:
    """Unless the dialect says otherwise. A whole answer has each row once, in another order each time."""
    every = numbered(afas.rows(PERIODS, skip="-1", take="-1"))
    assert len(every) == len(set(every)) == 960
    assert numbered(afas.rows(PERIODS, skip="-1", take="-1")) != every
    walks = [numbered(walked(afas, PERIODS, 100)) for _ in range(3)]
    assert all(len(set(rows)) < 960 for rows in walks)
    assert walks[0] != walks[1]
    filtered = {"filterfieldids": "Period", "filtervalues": "6", "operatortypes": "5"}
    some = numbered(walked(afas, PERIODS, 50, **filtered))
    assert len(set(some)) < len(some)


def test_pages_without_an_order_hold_every_row_once_where_order_is_stable(afas: Afas) -> None:
    afas.configure(dialect={"order": "stable"})
    first, second = (numbered(walked(afas, PERIODS, 100)) for _ in range(2))
    assert first == second == numbered(afas.rows(PERIODS, skip="-1", take="-1"))
    assert len(first) == len(set(first)) == 960


INVOICES = get_connectors()["zenvoices_supplierinvoices"]
EMPTY = Books.create().image()
COLUMNS = ("administration", "side", "relation", "invoice", "description", "amount", "blocked_for_payment", "due_date")
rows_of_books = st.lists(
    st.tuples(
        st.none() | st.sampled_from(TEXTS),
        st.none() | st.sampled_from((-500_000, 0, 500_000, 10_000_000)),
        st.integers(0, 1),
        st.none() | st.sampled_from(("2024-03-31", "2024-10-27")),
    ),
    max_size=25,
)
orders = st.lists(
    st.tuples(
        st.sampled_from(("", "-")), st.sampled_from(("Description", "AmtInvoice", "Blocked", "ExpDate", "UnitId"))
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=settings().max_examples * 2)
@given(rows_of_books, orders, st.integers(1, 30), st.booleans())
@example([(None, None, 0, None)] * 7, [("-", "Description")], 3, True)
@example([(text, 0, 0, None) for text in TEXTS], [("", "Description"), ("-", "UnitId")], 10, False)
def test_pages_of_any_rows_and_any_size_hold_every_row_once(
    drawn: list[tuple[Any, ...]], order: list[tuple[str, str]], size: int, filtered: bool
) -> None:
    books = Books.from_image(EMPTY)
    books.load([LoadBatch("invoices", COLUMNS, ((1, "supplier", "1", f"{at}", *row) for at, row in enumerate(drawn)))])
    asked = {"orderbyfieldids": ",".join(sign + name for sign, name in order), "take": str(size)}
    if filtered:
        asked |= {"filterfieldids": "UnitId;Blocked", "filtervalues": "1,1", "operatortypes": "1,1"}
    projection = books.projection(INVOICES, rendering_of(Profile("12345"), INVOICES))
    found: list[int] = []
    for skip in range(0, len(drawn) + size, size):
        query = compile_query(INVOICES, {**asked, "skip": str(skip)}, Dialect())
        projection.prepare(query)
        page = list(projection.page(query))
        assert len(page) == min(size, max(len(drawn) - skip, 0))
        found += page
    assert sorted(found) == list(range(1, len(drawn) + 1))
    books.close()


# ---------------------------------------------------------------- long answers


@pytest.mark.parametrize(
    ("asked", "chunked"),
    [
        ({"skip": "-1", "take": "-1"}, True),
        ({"skip": "0", "take": "1001"}, True),
        ({"skip": "3", "take": "5000"}, True),
        ({"skip": "0", "take": "1000"}, False),
        ({"skip": "1470", "take": "100"}, False),
    ],
)
@pytest.mark.parametrize("version", [6, 8])
def test_more_than_1000_rows_come_in_chunks(afas: Afas, asked: dict[str, str], chunked: bool, version: int) -> None:
    every = walked(afas, LONG, 700, orderbyfieldids=LONG_BY_KEY)
    assert len(every) == len({(row["UnitId"], row["EntryNo"], row["SeqNo"]) for row in every}) > 1_000
    afas.configure(profit_version=version)
    answer = afas.get(f"connectors/{LONG}", {**asked, "orderbyfieldids": LONG_BY_KEY})
    assert (answer.headers.get("transfer-encoding") == "chunked") is chunked
    assert ("content-length" in answer.headers) is not chunked
    skip, take = (max(int(asked[name]), 0) or None for name in ("skip", "take"))
    expected = every[skip:][:take]
    document = as_json(answer.text)
    assert len(document["rows"]) == len(expected)
    assert answer.text.count("},{" if version > 6 else "},\r\n    {") == len(expected) - 1
    assert document == {"skip": int(asked["skip"]), "take": int(asked["take"]), "rows": expected}


def test_a_long_answer_without_an_order_has_every_row_once(demo: Afas) -> None:
    rows = demo.rows(LONG, skip="-1", take="-1")
    keys = [(row["UnitId"], row["EntryNo"], row["SeqNo"]) for row in rows]
    assert len(keys) == len(set(keys)) == len(walked(demo, LONG, 999, orderbyfieldids=LONG_BY_KEY))
    assert keys != sorted(keys)


# ---------------------------------------------------------------- how it is written


def as_json(text: str) -> dict[str, Any]:
    """The body of any version: before Profit 7 numbers below one start with their point, which is no JSON."""
    document: dict[str, Any] = json.loads(re.sub(r"(?<=: )(-?)\.", r"\g<1>0.", text))
    return document


CURRENCY = {"currency": "ZZ1", "description": 'Zq "1"\\', "rate": "-0.5", "daily_rate": "0", "start_date": "2017-07-01"}
ZZ1 = {"filterfieldids": "CurrencyId", "filtervalues": "ZZ1", "operatortypes": "1"}
ONE_LINE = (
    '{"skip":0,"take":100,"rows":[{"CurrencyId":"ZZ1","Currency":"Zq \\"1\\"\\\\","Exchange_Rate":RATE,'
    '"StartDate":"2017-07-01T00:00:00Z","DailyRate":DAY,"Decimals":null}]}'
)
LINES = """{
  "skip": 0,
  "take": 100,
  "rows": [
    {
      "CurrencyId": "ZZ1",
      "Currency": "Zq \\"1\\"\\\\",
      "Exchange_Rate": RATE,
      "StartDate": "2017-07-01T00:00:00Z",
      "DailyRate": DAY,
      "Decimals": null
    }
  ]
}"""


@pytest.mark.parametrize(
    ("version", "zeros", "form", "rate", "day"),
    [
        (8, "padded", ONE_LINE, "-0.500000", "0.000000"),
        (7, "padded", ONE_LINE, "-0.500000", "0.000000"),
        (7, "trimmed", ONE_LINE, "-0.5", "0"),
        (6, "padded", LINES, "-.500000", ".000000"),
        (6, "trimmed", LINES, "-.5", "0"),
        (5, "padded", LINES, "-.500000", ".000000"),
    ],
)
def test_the_form_of_a_body(afas: Afas, version: int, zeros: str, form: str, rate: str, day: str) -> None:
    afas.put("currencies", CURRENCY)
    afas.configure(profit_version=version, dialect={"decimal_zeros": zeros})
    expected = form.replace("RATE", rate).replace("DAY", day).replace("\n", "\r\n")
    assert afas.get("connectors/Zenvoices_Currencies", ZZ1).text == expected


@pytest.mark.parametrize(
    ("amount", "modern", "old"),
    [
        ("-0.5", "-0.50", "-.50"),
        ("0.05", "0.05", ".05"),
        ("-0.01", "-0.01", "-.01"),
        ("0", "0.00", ".00"),
        ("1", "1.00", "1.00"),
        ("-10.5", "-10.50", "-10.50"),
        ("999999999999.99", "999999999999.99", "999999999999.99"),
        (None, "null", "null"),
    ],
)
def test_decimals_have_the_decimals_of_their_field(afas: Afas, amount: str | None, modern: str, old: str) -> None:
    key = {"administration": 9, "side": "supplier", "relation": "1", "invoice": "1"}
    afas.put("invoices", {**key, "amount": amount})
    of_9 = {"filterfieldids": "UnitId", "filtervalues": "9", "operatortypes": "1"}
    assert f'"AmtInvoice":{modern},' in afas.get("connectors/Zenvoices_SupplierInvoices", of_9).text
    afas.configure(profit_version=6)
    assert f'"AmtInvoice": {old},' in afas.get("connectors/Zenvoices_SupplierInvoices", of_9).text


@pytest.mark.parametrize("version", [6, 7])
def test_both_forms_say_the_same(afas: Afas, version: int) -> None:
    asked = {"orderbyfieldids": LONG_BY_KEY, "skip": "100", "take": "250"}
    expected = afas.get(f"connectors/{LONG}", asked).json()
    afas.configure(profit_version=version)
    text = afas.get(f"connectors/{LONG}", asked).text
    assert as_json(text) == expected
    assert ("\n" in text) is (version < 7)


def test_no_rows_in_either_form(afas: Afas) -> None:
    nothing = {"filterfieldids": "Year", "filtervalues": "1", "operatortypes": "1"}
    assert afas.get(f"connectors/{PERIODS}", nothing).text == '{"skip":0,"take":100,"rows":[]}'
    afas.configure(profit_version=6)
    assert afas.get(f"connectors/{PERIODS}", nothing).json() == {"skip": 0, "take": 100, "rows": []}


def test_dates_are_wall_clock_time_with_a_false_z(afas: Afas) -> None:
    """Also in the hour that Amsterdam's clocks leave out, and in the one they show twice."""
    moments = ("2024-03-31T02:30:00", "2024-10-27T02:30:00", "2017-07-01T00:00:02")
    for at, moment in enumerate(moments):
        afas.put("projects", {"project": f"zq{at}", "modified": moment, "date_start": moment[:10]})
    zq = {"filterfieldids": "ProjectId", "filtervalues": "zq", "operatortypes": "10", "orderbyfieldids": "ProjectId"}
    rows = afas.rows("Zenvoices_Projects", **zq)
    assert [row["ModifiedDate"] for row in rows] == [f"{moment}Z" for moment in moments]
    assert [row["DateStart"] for row in rows] == [f"{dt.date.fromisoformat(m[:10])}T00:00:00Z" for m in moments]
