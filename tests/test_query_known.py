"""Filters of which the answer is known: each operator's oddities, ways to write a filter, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from tests.drawn import filter_json
from tests.oracle import UNEXPECTED, Filter
from tests.support import Afas, fork

CONNECTOR = "Zenvoices_SupplierInvoices"
DEFAULT = {"collation": "ci_as", "time_fractions": "none", "nulls_in_negations": "excluded", "bad_filter": "error"}


def _invoice(letter: str, **cells: Any) -> dict[str, Any]:
    return {"administration": 9, "side": "supplier", "relation": "1", "invoice": letter, "modified": None} | cells


INVOICES = (
    _invoice("a", description="Café", amount="-0.50", blocked_for_payment=True, invoice_date="2017-07-01", entry=1),
    _invoice("b", description="CAFE", amount="0", entry=10, modified="2017-07-01T00:00:02"),
    _invoice("c", description="", amount="330.58", entry=-1, modified="2017-07-01"),
    _invoice("d"),
    _invoice("e", description="50% off_[x]", amount="0.5", entry=100, modified="2017-07-01T00:00:02.25"),
    _invoice("f", description='O\'Brien, "x"; \U0001f600', invoice_date="2017-07-02"),
    _invoice("g", description="Straße ", entry=2**63 - 1),
)


@pytest.fixture(scope="module")
def known(demo: Afas) -> Iterator[Afas]:
    """An environment with ``INVOICES`` in an administration of their own."""
    private = fork(demo)
    private.put("invoices", *INVOICES)
    yield private
    private.control("DELETE")


def letters(afas: Afas, asked: Mapping[str, str]) -> str:
    """Which of ``INVOICES`` come back."""
    rows = afas.rows(CONNECTOR, **{"skip": "-1", "take": "-1", "orderbyfieldids": "InvoiceNr", **asked})
    return "".join(row["InvoiceNr"] for row in rows if row["UnitId"] == 9)


class Known(NamedTuple):
    """A filter and the letters it selects."""

    field: str
    operator: int
    text: str
    selects: str
    dialect: Mapping[str, str] = {}

    def __str__(self) -> str:
        return f"{self.field} {self.operator} {self.text!a} {' '.join(self.dialect.values())}"


INCLUDED = {"nulls_in_negations": "included"}
HIDDEN = {"time_fractions": "hidden"}
KNOWN = (
    # contains, bare and wrapped; not contains; nothing but the outer percent signs is special
    Known("Description", 6, "caf", "ab"),
    Known("Description", 6, "%caf%", "ab"),
    Known("Description", 6, "%", "e"),
    Known("Description", 6, "%%", "abcefg"),
    Known("Description", 6, "50%", "e"),
    Known("Description", 6, "x50%", ""),
    Known("Description", 6, "%50", ""),
    Known("Description", 7, "%caf", "abcefg"),
    Known("Description", 6, "_[", "e"),
    Known("Description", 6, "c_f", ""),
    Known("Description", 7, "%caf%", "cefg"),
    Known("Description", 7, "caf", "abcefg"),
    Known("Description", 7, "%caf%", "cdefg", INCLUDED),
    Known("Description", 11, "caf", "cefg"),
    Known("Description", 11, "caf", "cdefg", INCLUDED),
    Known("Description", 11, "%caf%", "abcefg"),
    # empty and not empty do not look at their value
    *(Known("Description", 8, slot, "cd") for slot in ("", '""', "null", "x")),
    *(Known("Description", 9, slot, "abefg") for slot in ("", '""', "null", "x")),
    *(Known("EntryNo", 8, slot, "df") for slot in ("", '""', "null", "x")),
    *(Known("EntryNo", 9, slot, "abceg") for slot in ("", '""', "null", "x")),
    Known("BookPieceDate", 8, "null", "bcdeg"),
    Known("BookPieceDate", 9, "null", "af"),
    # text: case, accents, ß, quotes, spaces
    Known("Description", 1, "CAFÉ", "a"),
    Known("Description", 1, "cafe\u0301", "a"),
    Known("Description", 1, "cafe", "b"),
    Known("Description", 1, "cafe", "ab", {"collation": "ci_ai"}),
    Known("Description", 1, "cafe", "", {"collation": "cs_as"}),
    Known("Description", 1, "STRASSE ", "g"),
    Known("Description", 1, "Straße", ""),
    Known("Description", 1, "", "c"),
    Known("Description", 7, "cafe", "acefg"),
    Known("Description", 7, "cafe", "acdefg", INCLUDED),
    Known("Description", 6, '"', "f"),
    Known("Description", 13, "\U0001f600", "f"),
    Known("Description", 10, "o'", "f"),
    Known("Description", 12, "o'", "abceg"),
    Known("Description", 12, "o'", "abcdeg", INCLUDED),
    Known("Description", 14, "e", "acefg"),
    Known("Description", 14, "e", "acdefg", INCLUDED),
    Known("Description", 4, "cafe", "afg"),
    Known("Description", 3, "cafe", "bce"),
    # booleans
    *(Known("Blocked", 1, text, "a") for text in ("true", "1", "True")),
    *(Known("Blocked", 1, text, "bcdefg") for text in ("false", "0")),
    Known("Blocked", 7, "1", "bcdefg"),
    Known("Blocked", 10, "tr", "a"),
    # numbers
    Known("AmtInvoice", 1, "-.5", "a"),
    Known("AmtInvoice", 4, "-0.5000001", "abce"),
    Known("AmtInvoice", 5, "0", "a"),
    Known("AmtInvoice", 7, "0", "ace"),
    Known("AmtInvoice", 15, "-1..0.5", "abe"),
    Known("AmtInvoice", 13, "50", "ae"),
    Known("AmtInvoice", 10, "-0.", "a"),
    Known("EntryNo", 2, "10", "beg"),
    Known("EntryNo", 10, "1", "abe"),
    Known("EntryNo", 7, "%1%", "g"),
    Known("EntryNo", 7, "1", "bceg"),
    Known("EntryNo", 3, "9223372036854775808", "abceg"),
    # dates and times
    Known("BookPieceDate", 1, "2017-07-01", "a"),
    Known("BookPieceDate", 1, "2017-07-01T00:00:00", "a"),
    Known("BookPieceDate", 10, "2017-07-01T", "a"),
    Known("ModifiedDate", 1, "2017-07-01T00:00:02", "be"),
    Known("ModifiedDate", 1, "2017-07-01T00:00:02", "b", HIDDEN),
    Known("ModifiedDate", 4, "2017-07-01T00:00:02", "e", HIDDEN),
    Known("ModifiedDate", 1, "2017-07-01", "c"),
    Known("ModifiedDate", 15, "2017-07-01..2017-07-01T00:00:02", "bce"),
    Known("ModifiedDate", 15, "..2017-07-01", "c"),
    # the quick filter
    Known("Description", 15, "caf", "ab"),
    Known("Description", 15, "b..cafe", "b"),
    Known("Description", 15, "..", "abefg"),
    Known("Description", 15, "o..", "fg"),
    Known("EntryNo", 15, "1", "a"),
    Known("EntryNo", 15, "1..", "abeg"),
)


@pytest.mark.parametrize("case", KNOWN, ids=str)
def test_a_filter_selects(known: Afas, case: Known) -> None:
    known.configure(dialect=DEFAULT | dict(case.dialect))
    asked = {
        "filterfieldids": f"UnitId,{case.field}",
        "filtervalues": f"9,{case.text}",
        "operatortypes": f"1,{case.operator}",
    }
    as_json = filter_json((Filter("UnitId", "1", "9"), Filter(case.field, str(case.operator), case.text)))
    assert letters(known, asked) == case.selects
    assert letters(known, {"filterjson": as_json}) == case.selects


def test_hidden_fractions_do_not_leave(known: Afas) -> None:
    known.configure(dialect=DEFAULT | HIDDEN)
    asked = {"filterfieldids": "UnitId,InvoiceNr", "filtervalues": "9,e", "operatortypes": "1,1"}
    assert [row["ModifiedDate"] for row in known.rows(CONNECTOR, **asked)] == ["2017-07-01T00:00:02Z"]


#: Separators between field ids, and what they select under and_first and under or_first.
MIXED = (
    ("AmtInvoice,EntryNo;EntryNo", "0,10,1", "1,1,1", "ab", "b"),
    ("AmtInvoice,EntryNo;EntryNo", "0;10,1", "1;1;1", "ab", "b"),
    ("AmtInvoice;AmtInvoice,EntryNo", "0,330.58,-1", "1,1,1", "bc", "c"),
    ("EntryNo;EntryNo;EntryNo", "1,10,-1", "1,1,1", "abc", "abc"),
    ("EntryNo,EntryNo,UnitId", "0,100,9", "2;3;1", "abe", "abe"),
    (" EntryNo , AmtInvoice ;entryno", "1,-0.5,100", " 1 ,1, 1", "ae", "a"),
)


@pytest.mark.parametrize(("ids", "texts", "operators", "and_first", "or_first"), MIXED)
def test_separators_of_the_field_ids_count(
    known: Afas, ids: str, texts: str, operators: str, and_first: str, or_first: str
) -> None:
    asked = {"filterfieldids": ids, "filtervalues": texts, "operatortypes": operators}
    for precedence, selects in (("or_first", or_first), ("and_first", and_first)):
        known.configure(dialect={"filter_precedence": precedence, **DEFAULT})
        assert letters(known, asked) == selects


def _field(name: str, operator: object, **text: object) -> dict[str, object]:
    return {"@FieldId": name, "@OperatorType": operator} | {f"#{key}": value for key, value in text.items()}


OF_9 = _field("UnitId", "1", text="9")
#: What stands in "Filter" of a filterjson.
FILTER_JSON: tuple[tuple[object, str], ...] = (
    ([{"Field": [OF_9, _field("Description", "1", text='O\'Brien, "x"; \U0001f600')]}], "f"),
    ([{"@FilterId": "Filter 1", "Field": [OF_9, _field("EntryNo", 1, text=1)]}], "a"),
    ([{"Field": [OF_9, _field("AmtInvoice", 1, text=330.58)]}], "c"),
    ([{"Field": [OF_9, _field("Blocked", "1", text=True)]}], "a"),
    ([{"Field": [OF_9, _field("Description", "8")]}], "cd"),
    ([{"Field": [OF_9, _field("Description", "1", text=None)]}], "c"),
    ([{"Field": [OF_9, _field("EntryNo", "1", text="1")]}, {"Field": [_field("EntryNo", "1", text="10")]}], "ab"),
    ({"Field": _field("EntryNo", "1", text="100")}, "e"),
    ([], "abcdefg"),
    ([{"Field": []}], "abcdefg"),
)


@pytest.mark.parametrize(("filters", "selects"), FILTER_JSON)
@pytest.mark.parametrize("precedence", ["or_first", "and_first"])
def test_filter_json_selects(known: Afas, filters: object, selects: str, precedence: str) -> None:
    known.configure(dialect={"filter_precedence": precedence, **DEFAULT})
    assert letters(known, {"filterjson": json.dumps({"Filters": {"Filter": filters}})}) == selects


@pytest.mark.parametrize(
    ("ids", "texts", "operators", "selects"),
    [
        ("EntryNo,AmtInvoice", "1", "1", "a"),
        ("EntryNo", "1,2", "1,1", "a"),
        ("EntryNo,AmtInvoice", "1,77", "1", "a"),
        ("EntryNo,AmtInvoice", "1,77", "1,16", "a"),
        ("EntryNo;AmtInvoice", "1,0", "x,1", "b"),
        ("EntryNo", "1", "0", "abcdefg"),
        ("EntryNo,AmtInvoice;AmtInvoice", "1,77,0", "1,16,1", "ab"),
    ],
)
def test_bad_filters_can_be_ignored(known: Afas, ids: str, texts: str, operators: str, selects: str) -> None:
    known.configure(dialect=DEFAULT | {"bad_filter": "ignored"})
    assert letters(known, {"filterfieldids": ids, "filtervalues": texts, "operatortypes": operators}) == selects


ORDERS = (
    ("EntryNo,InvoiceNr", "dfcabeg"),
    ("-EntryNo,-InvoiceNr", "gebacfd"),
    ("Description", "dcebafg"),
    ("-Description", "gfabecd"),
    ("-Blocked,-InvoiceNr", "agfedcb"),
    ("AmtInvoice,-InvoiceNr", "gfdabec"),
    ("BookPieceDate,InvoiceNr", "bcdegaf"),
    (" amtinvoice , -invoicenr ", "gfdabec"),
    ("-InvoiceNr,InvoiceNr", "gfedcba"),
)


@pytest.mark.parametrize(("order", "expected"), ORDERS)
def test_an_order_puts_nulls_first(known: Afas, order: str, expected: str) -> None:
    known.configure(dialect=DEFAULT)
    of_9 = {"filterfieldids": "UnitId", "filtervalues": "9", "operatortypes": "1"}
    assert letters(known, {**of_9, "orderbyfieldids": order}) == expected
    assert letters(known, {**of_9, "orderbyfieldids": order, "skip": "0", "take": "7"}) == expected


NO_NAAM = (-2147180996, "Connector-veld 'Naam' niet gevonden")


def _one(field: str, operator: str, text: str) -> dict[str, str]:
    return {"filterfieldids": field, "filtervalues": text, "operatortypes": operator}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (_one("Naam", "1", "1"), NO_NAAM),
        (_one("UnitId;Naam", "1,1", "1,1"), NO_NAAM),
        ({"orderbyfieldids": "Description,-Naam"}, NO_NAAM),
        ({"filterjson": filter_json((Filter("Naam", "1", "1"),))}, NO_NAAM),
        (_one("Description", "1", "1,2"), UNEXPECTED),
        (_one("Description,UnitId", "1", "1,2"), UNEXPECTED),
        (_one("Description", "1,1", "1"), UNEXPECTED),
        ({"filterfieldids": "Description", "filtervalues": "1"}, UNEXPECTED),
        *((_one("Description", operator, "1"), UNEXPECTED) for operator in ("0", "16", "-1", "x", "", "1.0", "1000")),
        (_one("ModifiedDate", "2", "2017-07-01T00:00:02Z"), UNEXPECTED),
        (_one("ModifiedDate", "15", "2017-07-01Z.."), UNEXPECTED),
        (_one("ModifiedDate", "2", "2017-02-29"), UNEXPECTED),
        (_one("ModifiedDate", "2", "01-07-2017"), UNEXPECTED),
        (_one("ModifiedDate", "1", ""), UNEXPECTED),
        (_one("UnitId", "1", "een"), UNEXPECTED),
        (_one("UnitId", "1", "1.5"), UNEXPECTED),
        (_one("UnitId", "15", "1..x"), UNEXPECTED),
        (_one("AmtInvoice", "1", "1e3"), UNEXPECTED),
        (_one("Blocked", "1", "ja"), UNEXPECTED),
        *(
            ({"filterjson": text}, UNEXPECTED)
            for text in ("{", "[]", "1", '{"Filters":{}}', '{"Filters":{"Filter":1}}')
        ),
        ({"filterjson": '{"Filters":{"Filter":[{"Field":"x"}]}}'}, UNEXPECTED),
        ({"filterjson": '{"Filters":{"Filter":[{"Field":{"@FieldId":"UnitId","#text":"1"}}]}}'}, UNEXPECTED),
    ],
)
def test_what_is_refused(demo: Afas, asked: dict[str, str], expected: tuple[int, str]) -> None:
    answer = demo.get(f"connectors/{CONNECTOR}", asked)
    assert answer.status_code == 500
    assert (answer.json()["errorNumber"], answer.json()["externalMessage"]) == expected
    reason = demo.logged(answer.json()["profitLogReference"])["reason"]
    assert reason["rule"]
    assert reason["allowed"]
