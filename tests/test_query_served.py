"""Filters, orders and pages through the HTTP server against the oracle (tests/oracle.py), under each dialect."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple, cast

import httpx
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mock_afas.connectors import get_connectors
from tests.drawn import AMOUNTS, INTEGERS, MOMENTS, TEXTS, check, parameters, read_back, requests, vars_of
from tests.oracle import Cell, Column, Oracle, Reading, Request, Row
from tests.support import Afas, fork

#: Connectors that between them have all types: the entity behind each, and which of its rows they show.
SERVED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "Zenvoices_Items": ("items", {}),
    "Zenvoices_Projects": ("projects", {}),
    "Zenvoices_SupplierInvoices": ("invoices", {"side": "supplier"}),
    "Zenvoices_Currencies": ("currencies", {}),
    "Zenvoices_TaxCodes": ("tax_codes", {}),
    "Zenvoices_LedgerAccounts": ("accounts", {}),
}
_RENAMED = {"item_group": "group", "project_group": "group"}
DIALECTS: Mapping[str, Reading] = {
    "default": Reading(),
    "or_first": Reading(filter_precedence="or_first"),
    "without_accents": Reading(collation="ci_ai"),
    "with_case": Reading(collation="cs_as"),
    "hidden_fractions": Reading(time_fractions="hidden"),
    "exact_ids": Reading(identifiers="case_sensitive"),
    "bad_filters_ignored": Reading(bad_filter="ignored"),
    "nulls_in_negations": Reading(nulls_in_negations="included"),
    "trimmed_zeros": Reading(decimal_zeros="trimmed"),
}


class Served(NamedTuple):
    """An environment with nasty rows, the rows of each connector as cells, and its reading."""

    afas: Afas
    rows: Mapping[str, list[Row]]
    reading: Reading = DIALECTS["default"]

    def __repr__(self) -> str:
        return f"{self.afas.environment} with {self.reading}"


@cache
def columns_of(connector: str) -> tuple[Column, ...]:
    definition = get_connectors()[connector.lower()]
    return tuple(Column(field.id, field.data_type, field.decimals) for field in definition.fields)


def _cell(value: Any, column: Column) -> Cell:
    if value is None or column.kind in ("string", "boolean", "int"):
        return cast("Cell", value)
    return Decimal(value) if column.kind == "decimal" else dt.datetime.fromisoformat(value)


def _rows_behind(afas: Afas, connector: str) -> list[Row]:
    """The rows of a connector from what the control API says of its entity."""
    entity, shown = SERVED[connector]
    data = json.loads(afas.control("GET", f"/data/{entity}").text, parse_float=Decimal)["rows"]
    behind = {f.id: _RENAMED.get(f.column, f.column) for f in get_connectors()[connector.lower()].fields}
    return [
        {column.id: _cell(row[behind[column.id]], column) for column in columns_of(connector)}
        for row in data
        if shown.items() <= row.items()
    ]


def _nasty_rows(chance: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows with every nasty value in each of the entities."""
    short = [text for text in TEXTS if len(text) <= 30]
    for at, text in enumerate(short):
        moment, other = chance.choice(MOMENTS).isoformat(timespec="microseconds"), chance.choice((None, *short))
        amount, number = chance.choice((None, *AMOUNTS)), chance.choice((None, *INTEGERS))
        flag = chance.random() < 0.5
        row = {"description": text, "created": "2024-10-27T02:30:00.000001", "modified": moment}
        day, of_8 = moment[:10], {"administration": 8}
        item = {"item_type": "9", "item": f"n{at}", "extra_description": other, "factor": number, "blocked": flag}
        project = {"project": f"n{at}", "administration": number, "completed": flag, "date_start": day}
        invoice = {"side": "supplier", "relation": "1", "invoice": f"n{at}", "blocked_for_payment": flag}
        values = {"amount": amount, "payment_reference": other, "entry": number, "due_date": day}
        yield "items", row | item
        yield "projects", row | project
        yield "invoices", row | invoice | values | of_8
        yield "currencies", {"currency": f"{at:03}", "description": text, "rate": amount, "decimals": number}
        yield "tax_codes", row | {"tax_code": f"{at:03}", "rate": amount, "blocked": flag}
        yield "accounts", row | {"account": f"n{at}", "blocked": flag} | of_8


@pytest.fixture(scope="module")
def nasty(demo: Afas) -> Iterator[Served]:
    private = fork(demo)
    by_entity: dict[str, list[dict[str, Any]]] = {}
    for entity, row in _nasty_rows(random.Random(7)):
        by_entity.setdefault(entity, []).append(row)
    for entity, rows in by_entity.items():
        private.put(entity, *rows)
    yield Served(private, {connector: _rows_behind(private, connector) for connector in SERVED})
    private.control("DELETE")


@pytest.fixture(scope="module", params=DIALECTS)
def spoken(request: pytest.FixtureRequest, nasty: Served) -> Iterator[Served]:
    """The nasty rows under each dialect."""
    private = fork(nasty.afas)
    reading = DIALECTS[request.param]
    private.configure(dialect=dict(vars_of(reading)))
    yield Served(private, nasty.rows, reading)
    private.control("DELETE")


def _asked(request: Request, skip: int, take: int) -> str:
    """The query string; a request for which it is too long does not count."""
    text = str(httpx.QueryParams({**parameters(request), "skip": str(skip), "take": str(take)}))
    assume(len(text) < 2_048)
    return text


@given(st.sampled_from(tuple(SERVED)), st.data())
def test_the_server_answers_as_the_oracle_does(spoken: Served, connector: str, data: st.DataObject) -> None:
    columns, rows = columns_of(connector), spoken.rows[connector]
    request = data.draw(requests(columns, rows))
    oracle = Oracle(columns, spoken.reading)
    refusals = oracle.refusals(request)
    answer = spoken.afas.get(f"connectors/{connector}", _asked(request, -1, -1))
    if refusals:
        assert answer.status_code == 500
        assert (answer.json()["errorNumber"], answer.json()["externalMessage"]) in refusals
    else:
        assert answer.status_code == 200, answer.text
        check(read_back(answer.content), oracle, rows, request)


@given(st.sampled_from(tuple(SERVED)), st.data(), st.integers(0, 120), st.integers(1, 120))
def test_a_page_from_the_server_is_a_part_of_what_the_oracle_orders(
    nasty: Served, connector: str, data: st.DataObject, skip: int, take: int
) -> None:
    columns, rows = columns_of(connector), nasty.rows[connector]
    oracle, request = Oracle(columns, nasty.reading), data.draw(requests(columns, rows))
    assume(not oracle.refusals(request))
    got = read_back(nasty.afas.get(f"connectors/{connector}", _asked(request, skip, take)).content)
    expected = oracle.selected(rows, request)
    known = {oracle.shown(row): row for row in expected}
    assert len(set(got)) == len(got)
    assert oracle.ranks([known[row] for row in got], request) == oracle.ranks(expected, request)[skip : skip + take]


_NAMES = ("filterfieldids", "filtervalues", "operatortypes", "filterjson", "orderbyfieldids", "skip", "take", "x")
_PIECES = (
    "%",
    "%00",
    "%ff",
    "%F0%9F%98%80",
    "&",
    ";",
    ",",
    "+",
    "=",
    "1",
    "-1",
    "Description",
    "UnitId",
    '"',
    "'",
    "{",
)
raw_values = st.lists(st.sampled_from(_PIECES) | st.text(st.characters(max_codepoint=126, min_codepoint=33))).map(
    "".join
)


@given(st.lists(st.tuples(st.sampled_from(_NAMES), raw_values), max_size=6))
@example([(name, "%00") for name in _NAMES])
@example([("filterfieldids", "Description"), ("operatortypes", "6"), ("filtervalues", "%ff%00%25")])
@example(
    [("filterfieldids", ",".join(["UnitId"] * 170)), ("filtervalues", "," * 169), ("operatortypes", "8" + ",8" * 169)]
)
def test_no_query_string_upsets_the_server(nasty: Served, asked: list[tuple[str, str]]) -> None:
    query = "&".join(f"{name}={value}" for name, value in asked)
    assume(len(query) < 2_048 and "#" not in query)
    answer = nasty.afas.get("connectors/Zenvoices_SupplierInvoices", query)
    assert answer.status_code in (200, 500)
    if answer.status_code == 500:
        reason = nasty.afas.logged(answer.json()["profitLogReference"])["reason"]
        assert reason["rule"] != "internal error of mock_afas"
