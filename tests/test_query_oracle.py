"""Compiled filters and orders over projections in memory, against an oracle in plain Python (tests/oracle.py)."""

from __future__ import annotations

import datetime as dt
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import NamedTuple

import pytest
from hypothesis import assume, event, example, given, note, settings
from hypothesis import strategies as st

from mock_afas import messages
from mock_afas.connectors import GetConnector, parse_get
from mock_afas.errors import ProfitError
from mock_afas.profiles import Dialect, Profile
from mock_afas.query import Query, compile_query
from mock_afas.store.books import Books, LoadBatch
from mock_afas.store.projections import Projection
from mock_afas.store.rendering import rendering_of
from tests.drawn import (
    AMOUNTS,
    INTEGERS,
    MOMENTS,
    TEXTS,
    UNKNOWN_FIELDS,
    WRONG,
    cells,
    check,
    filter_json,
    parameters,
    read_back,
    requests,
    vars_of,
)
from tests.oracle import Cell, Column, Filter, Oracle, Reading, Request, Row

#: The cheap tests take more examples than the profile has.
MANY = settings(max_examples=settings().max_examples * 2)


# ---------------------------------------------------------------- in memory


def _connector(source: str, *fields: tuple[str, str, int, str]) -> GetConnector:
    common = {"length": 0, "controlType": 0, "label": {"nl": "", "en": ""}}
    listed = [
        {"id": name, "fieldId": name, "dataType": kind, "decimals": decimals, "column": column, **common}
        for name, kind, decimals, column in fields
    ]
    about = {"description": {"nl": "", "en": ""}, "modelled_on": "", "source": source}
    return parse_get({"id": source, **about, "fields": listed}, source)


class Subject:
    """A connector, and how rows of its fields come into the books. ``tables`` name the columns of each entity."""

    def __init__(self, connector: GetConnector, tables: Mapping[str, tuple[str, ...]], carrier: str = "") -> None:
        self.connector = connector
        self.tables = tables
        #: Where this field is null, no address is found.
        self.carrier = carrier
        self.columns = tuple(Column(field.id, field.data_type, field.decimals) for field in connector.fields)
        self.fields = {field.column: field.id for field in connector.fields}

    def __repr__(self) -> str:
        return self.connector.id


#: Decimals with all, some and none of their digits shown; dates with and without time; null in all that can be null.
INVOICES = Subject(
    _connector(
        "supplier_invoices",
        ("Key", "string", 0, "invoice"),
        ("Text", "string", 0, "description"),
        ("Memo", "blob", 0, "payment_reference"),
        ("Entry", "int", 0, "entry"),
        ("Amount", "decimal", 2, "amount"),
        ("Rate", "decimal", 6, "rate"),
        ("Whole", "decimal", 0, "open_amount"),
        ("Blocked", "boolean", 0, "blocked_for_payment"),
        ("Due", "date", 0, "due_date"),
        ("Modified", "date", 0, "modified"),
    ),
    {
        "invoices": (
            *("invoice", "description", "payment_reference", "entry", "amount", "rate", "open_amount"),
            *("blocked_for_payment", "due_date", "modified"),
        )
    },
)
#: Columns that come by a join: a boolean is null where it finds nothing.
SUPPLIERS = Subject(
    _connector(
        "suppliers",
        ("Key", "string", 0, "supplier_id"),
        ("Box", "boolean", 0, "po_box"),
        ("Number", "int", 0, "house_number"),
        ("City", "string", 0, "city"),
        ("Limit", "decimal", 2, "credit_limit"),
        ("Created", "date", 0, "created"),
    ),
    {"suppliers": ("supplier_id", "credit_limit", "created"), "addresses": ("po_box", "house_number", "city")},
    carrier="Box",
)
EMPTY = Books.create().image()
_NOTHING: Mapping[str, Cell] = {**dict.fromkeys(column.id for column in INVOICES.columns), "Blocked": False}
_ALL = compile_query(INVOICES.connector, {}, Dialect())


def stored(cell: Cell, column: str) -> str | int | None:
    """A cell in the stored form that mock_afas/values.py documents."""
    if isinstance(cell, Decimal):
        return int(cell * 1_000_000)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if column.endswith("_date") else cell.isoformat(timespec="microseconds")
    return cell


def _batches(subject: Subject, rows: Sequence[Row]) -> Iterator[LoadBatch]:
    """The rows of each entity; number ``at`` belongs together."""
    linking: Mapping[str, tuple[tuple[str, ...], Callable[[int], tuple[str | int, ...]]]] = {
        "invoices": (("administration", "side", "relation"), lambda _: (1, "supplier", "1")),
        "suppliers": (("organisation_id",), lambda at: (str(at),)),
        "addresses": (("address_id",), lambda at: (at,)),
    }
    for entity, columns in subject.tables.items():
        names, links = linking[entity]
        values = [
            (*(stored(row[subject.fields[column]], column) for column in columns), *links(at))
            for at, row in enumerate(rows)
            if entity != "addresses" or row[subject.carrier] is not None
        ]
        yield LoadBatch(entity, (*columns, *names), values)
    if subject.carrier:
        yield LoadBatch("organisations", ("organisation_id", "address_id"), [(str(at), at) for at in range(len(rows))])


def books_of(subject: Subject, rows: Sequence[Row]) -> Books:
    """Books that hold ``rows`` and nothing else."""
    books = Books.from_image(EMPTY)
    books.load(_batches(subject, rows))
    return books


def rows_of(subject: Subject, drawn: Sequence[Mapping[str, Cell]]) -> list[Row]:
    """Drawn cells as rows that can be: each with its own key, a date without time, nothing in what no join finds."""
    joined = {subject.fields[column] for column in subject.tables.get("addresses", ())}
    rows: list[Row] = []
    for at, cell_of in enumerate(drawn):
        row = {**cell_of, "Key": f"k{at}"}
        if isinstance(due := row.get("Due"), dt.datetime):
            row["Due"] = dt.datetime.combine(due.date(), dt.time())
        if subject.carrier and row[subject.carrier] is None:
            row |= dict.fromkeys(joined)
        rows.append({column.id: row[column.id] for column in subject.columns})
    return rows


class Case(NamedTuple):
    """Rows, what is asked of them, and the reading under which."""

    subject: Subject
    rows: list[Row]
    requests: list[Request]
    reading: Reading


readings = st.builds(
    Reading,
    filter_precedence=st.sampled_from(("and_first", "or_first")),
    collation=st.sampled_from(("ci_as", "ci_ai", "cs_as")),
    identifiers=st.sampled_from(("case_insensitive", "case_sensitive")),
    bad_filter=st.sampled_from(("error", "ignored")),
    time_fractions=st.sampled_from(("none", "hidden")),
    nulls_in_negations=st.sampled_from(("excluded", "included")),
    decimal_zeros=st.sampled_from(("padded", "trimmed")),
)


@cache
def _drawn_rows(subject: Subject) -> st.SearchStrategy[list[dict[str, Cell]]]:
    by_name = {column.id: cells(column) for column in subject.columns if column.id != "Key"}
    if subject.carrier:
        by_name[subject.carrier] |= st.none()
    return st.lists(st.fixed_dictionaries(by_name), max_size=5)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    subject = draw(st.sampled_from((INVOICES, SUPPLIERS)))
    rows = rows_of(subject, draw(_drawn_rows(subject)))
    asked = [draw(requests(subject.columns, rows)) for _ in range(draw(st.integers(1, 5)))]
    return Case(subject, rows, asked, draw(readings))


def compiled(connector: GetConnector, request: Request, reading: Reading, **paging: str) -> Query:
    return compile_query(connector, {**parameters(request), **paging}, Dialect(**vars_of(reading)))


def projection_of(books: Books, connector: GetConnector, reading: Reading) -> Projection:
    profile = Profile("12345", dialect=Dialect(**vars_of(reading)))
    return books.projection(connector, rendering_of(profile, connector))


def check_in_memory(books: Books, subject: Subject, rows: Sequence[Row], request: Request, reading: Reading) -> None:
    note(f"{request} of {rows[:9]} under {reading}")
    oracle = Oracle(subject.columns, reading)
    refusals = oracle.refusals(request)
    if refusals:
        event("refused")
        with pytest.raises(ProfitError) as refused:
            compiled(subject.connector, request, reading)
        error = refused.value
        assert (error.number, messages.text(error.key, "nl", error.parameters)) in refusals
        return
    query = compiled(subject.connector, request, reading)
    projection = projection_of(books, subject.connector, reading)
    projection.prepare(query)
    joined = projection.joined(projection.snapshot(), projection.walk(query))
    check(read_back(b'{"rows":[' + joined + b"]}"), oracle, rows, request)


def case(*filters: Filter, rows: Sequence[Mapping[str, Cell]], order: str = "", **reading: str) -> Case:
    """A pinned case over invoices; columns that are not named are null."""
    asked = Request(filters, tuple(order.split(",")) if order else (), as_json=True)
    return Case(INVOICES, rows_of(INVOICES, [{**_NOTHING, **row} for row in rows]), [asked], Reading(**reading))


@MANY
@given(cases())
@example(case(Filter("Text", "1", "STRASSE"), rows=[{"Text": "Straße"}, {"Text": "strasse"}, {"Text": "Strase"}]))
@example(case(Filter("Memo", "1", "STRASSE"), rows=[{"Memo": "Straße"}, {"Memo": "strasse"}, {"Memo": "Strase"}]))
@example(case(Filter("Text", "13", "\u0301"), rows=[{"Text": "e\u0301"}, {"Text": "e"}], collation="ci_ai"))
@example(case(Filter("Text", "8", ""), rows=[{"Text": "\u0301"}, {"Text": None}], collation="ci_ai"))
@example(case(Filter("Entry", "1", "-9223372036854775809"), rows=[{"Entry": -(2**63)}]))
@example(case(Filter("Text", "6", "하"), rows=[{"Text": "한"}, {"Text": "하나"}], collation="ci_ai"))
@example(case(Filter("Text", "7", "%a%"), rows=[{"Text": "A"}, {"Text": None}], nulls_in_negations="included"))
@example(case(Filter("Text", "10", ""), Filter("Text", "14", "", ";"), rows=[{"Text": ""}, {"Text": None}]))
@example(case(Filter("Due", "10", "2017-07-01T"), rows=[{"Due": MOMENTS[0]}]))
@example(case(Filter("Due", "6", "t00:"), rows=[{"Due": MOMENTS[0]}], collation="cs_as"))
@example(case(Filter("Modified", "1", "2017-07-01T00:00:02"), rows=[{"Modified": MOMENTS[2]}], time_fractions="hidden"))
@example(case(Filter("Modified", "15", "..2017-07-01"), rows=[{"Modified": moment} for moment in MOMENTS]))
@example(case(Filter("Amount", "1", "0.5" + "0" * 35 + "1"), rows=[{"Amount": Decimal("0.5")}]))
@example(case(Filter("Amount", "4", "-0.0000001"), rows=[{"Amount": Decimal(0)}, {"Amount": Decimal("-0.01")}]))
@example(case(Filter("Amount", "13", "50"), rows=[{"Amount": Decimal("-0.5")}], decimal_zeros="trimmed"))
@example(case(Filter("Whole", "1", "-0.5"), rows=[{"Whole": Decimal("-0.5")}, {"Whole": Decimal("-0.4")}]))
@example(case(Filter("Entry", "3", "9223372036854775808"), rows=[{"Entry": 2**63 - 1}, {"Entry": None}]))
@example(case(rows=[{"Text": text} for text in (None, "", "Z", "a", "É")], order="-Text,Key"))
def test_answers_are_those_of_the_oracle(case: Case) -> None:
    books = books_of(case.subject, case.rows)
    for request in case.requests:
        check_in_memory(books, case.subject, case.rows, request, case.reading)
    books.close()


# ---------------------------------------------------------------- in memory, with indexes and kept walks


class Kept(NamedTuple):
    """Books with enough invoices that every request is answered from an index, with values that return."""

    books: Books
    rows: list[Row]

    def __repr__(self) -> str:
        return "many"


@pytest.fixture(scope="module")
def many() -> Kept:
    chance = random.Random(1)
    pools: Mapping[str, Sequence[Cell]] = {
        "string": (None, *TEXTS),
        "blob": (None, *TEXTS[:10]),
        "int": (None, *INTEGERS),
        "decimal": (None, *map(Decimal, AMOUNTS)),
        "boolean": (True, False),
        "date": (None, *MOMENTS),
    }
    drawn = [{column.id: chance.choice(pools[column.kind]) for column in INVOICES.columns} for _ in range(1_000)]
    rows = rows_of(INVOICES, drawn)
    return Kept(books_of(INVOICES, rows), rows)


@given(st.data())
def test_indexed_answers_are_those_of_the_oracle(many: Kept, data: st.DataObject) -> None:
    reading = data.draw(st.sampled_from((Reading(), Reading(collation="ci_ai", time_fractions="hidden"))))
    request = data.draw(requests(INVOICES.columns, many.rows[:50]))
    check_in_memory(many.books, INVOICES, many.rows, request, reading)


@given(st.data(), st.integers(0, 1_100), st.integers(1, 400))
def test_a_page_is_a_part_of_the_walk_before_and_after_that_is_kept(
    many: Kept, data: st.DataObject, skip: int, take: int
) -> None:
    request = data.draw(requests(INVOICES.columns, many.rows[:50]))
    assume(not Oracle(INVOICES.columns, Reading()).refusals(request))
    query = compiled(INVOICES.connector, request, Reading(), skip=str(skip), take=str(take))
    projection = projection_of(many.books, INVOICES.connector, Reading())
    projection.prepare(query)
    pages = [list(projection.page(query)) for _ in range(3)]
    whole = list(projection.walk(query))
    pages.append(list(projection.page(query)))
    assert pages == [whole[skip : skip + take]] * 4


# ---------------------------------------------------------------- nothing of a request in SQL text

_WORD = (
    r"c\d+|\?|0|1|true|''|'true'|'false'|=|<>|<=|>=|<|>|AND|OR|IS NOT NULL|IS NULL|CASE|WHEN|THEN|END"
    r"|instr\(|substr\(|lower\(|CAST\(|AS TEXT\)|profit_decimal\(|\(|\)|,|[0-6]|19"
)
_WHERE = re.compile(rf"(?:(?:{_WORD})\s*)*")
_ORDER = r"c\d+(?: DESC)?"
_WALK = re.compile(rf"SELECT id FROM p\.k\d+(?: WHERE (?P<where>.*))? ORDER BY (?:{_ORDER}, )*id(?: DESC)?", re.DOTALL)
_INDEX = re.compile(rf"(?:{_ORDER}|id)(?:, (?:{_ORDER}|id))*|")
_EMPTY_BOOKS = Books.from_image(EMPTY)
_KNOWN_NAMES = {"", *(column.id.lower() for column in INVOICES.columns)}
hostile_texts = st.sampled_from((*TEXTS, *WRONG, *UNKNOWN_FIELDS)) | st.text(max_size=20)


@MANY
@given(requests(INVOICES.columns, []), st.lists(hostile_texts, min_size=4, max_size=4), readings)
def test_no_value_of_a_request_reaches_sql_text(drawn: Request, texts: list[str], reading: Reading) -> None:
    hostile = tuple(
        Filter(one.field, one.operator, text, one.separator) for one, text in zip(drawn.filters, texts, strict=False)
    )
    request = Request(hostile, drawn.order, as_json=True)
    assume(not Oracle(INVOICES.columns, reading).refusals(request))
    query = compiled(INVOICES.connector, request, reading)
    projection = projection_of(_EMPTY_BOOKS, INVOICES.connector, reading)
    walk = _WALK.fullmatch(projection._walk_sql(query))
    assert walk
    assert (walk["where"] or "") == query.where
    assert _WHERE.fullmatch(query.where), query.where
    assert query.where.count("?") == len(query.parameters)
    assert _INDEX.fullmatch(projection._index_for(query))


@given(hostile_texts, st.sampled_from(("filterfieldids", "orderbyfieldids", "filterjson")))
def test_a_name_that_is_no_field_is_refused_before_there_is_sql(name: str, where: str) -> None:
    assume(not set(name) & {",", ";"} and name.strip().removeprefix("-").lower() not in _KNOWN_NAMES)
    asked = {
        "filterfieldids": {"filterfieldids": name, "filtervalues": "1", "operatortypes": "1"},
        "orderbyfieldids": {"orderbyfieldids": name},
        "filterjson": {"filterjson": filter_json((Filter(name, "1", "1"),))},
    }[where]
    with pytest.raises(ProfitError) as refused:
        compile_query(INVOICES.connector, asked, Dialect())
    assert refused.value.key == "connector_field_unknown"


@given(st.sampled_from((*UNKNOWN_FIELDS, *TEXTS)) | st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_a_hostile_name_in_a_definition_stays_a_name(name: str) -> None:
    connector = _connector("supplier_invoices", (name, "string", 0, "description"))
    books = books_of(INVOICES, rows_of(INVOICES, [{**_NOTHING, "Text": "x"}]))
    query = compile_query(connector, {"orderbyfieldids": connector.fields[0].id}, Dialect()) if usable(name) else _ALL
    projection = projection_of(books, connector, Reading())
    projection.prepare(query)
    assert json.loads(projection.joined(projection.snapshot(), projection.walk(query))) == {name: "x"}
    books.close()


def usable(name: str) -> bool:
    """Whether a field of this name can be written in a list."""
    return bool(name.strip()) and name == name.strip() and "," not in name and not name.startswith("-")
