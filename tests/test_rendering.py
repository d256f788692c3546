"""What SQL makes of a stored row is what the rules for values say, for any value and any number of fields."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_afas.connectors import parse_get
from mock_afas.profiles import Dialect, Profile
from mock_afas.records import ENTITIES
from mock_afas.store.books import Books
from mock_afas.store.rendering import rendering_of, row_json
from mock_afas.values import format_decimal

#: Millionths around zero, around what rounds up to a whole, and around what no longer fits with half a digit more.
AMOUNTS = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-2_000_000, 2_000_000),
    st.integers(-(10**9), 10**9).map(lambda cents: cents * 10_000),
    st.sampled_from((10**18 - 1, 10**18, 10**18 + 1, 2**63 - 1, -(2**63))),
)


@pytest.fixture(scope="module")
def books() -> Iterator[Books]:
    books = Books.create()
    books.put(ENTITIES["invoices"], [{"administration": 1, "side": "supplier", "relation": "1", "invoice": "1"}], "")
    yield books
    books.close()


def rendered(books: Books, fields: list[dict[str, Any]], profile: Profile) -> str:
    blank = {"fieldId": "", "length": 0, "decimals": 0, "controlType": 0, "label": {}}
    about = {"id": "Shown", "description": {}, "modelled_on": "", "source": "supplier_invoices"}
    connector = parse_get({**about, "fields": [{**blank, **field} for field in fields]}, "")
    sql = f"SELECT {row_json(connector, rendering_of(profile, connector))} FROM invoices"
    text: str = books.connection.execute(sql).fetchone()[0]
    return text


@given(
    amount=AMOUNTS,
    decimals=st.integers(0, 6),
    padded=st.sampled_from(("padded", "trimmed")),
    version=st.sampled_from((6, 7)),
)
def test_decimals(books: Books, amount: int | None, decimals: int, padded: str, version: int) -> None:
    books.connection.execute("UPDATE invoices SET amount = ?", (amount,))
    field = {"id": "A", "dataType": "decimal", "decimals": decimals, "column": "amount"}
    profile = Profile("12345", profit_version=version, dialect=Dialect(decimal_zeros=padded))
    shown = rendered(books, [field], profile).split(":")[1].strip(" \r\n}")
    expected = (
        None
        if amount is None
        else format_decimal(amount, decimals, padded=padded == "padded", leading_zero=version >= 7)
    )
    assert shown == (expected or "null")


@pytest.mark.parametrize("count", [0, 1, 89, 90, 91, 180, 400])
@pytest.mark.parametrize("version", [6, 7])
def test_any_number_of_fields(books: Books, count: int, version: int) -> None:
    odd = 'é"%s\\%'
    books.connection.execute("UPDATE invoices SET description = ?, amount = 1500000", (odd,))
    shown = [
        {"id": f"100% {at}", "dataType": "string", "column": "description"}
        if at % 2
        else {"id": f"Ámt {at}", "dataType": "decimal", "decimals": 2, "column": "amount"}
        for at in range(count)
    ]
    row = json.loads(rendered(books, shown, Profile("12345", profit_version=version)))
    assert row == {field["id"]: odd if at % 2 else 1.5 for at, field in enumerate(shown)}
