"""Remarks on the books."""

from __future__ import annotations

from typing import Any

import pytest

from tests import bodies
from tests.ledger_bodies import entry, line, memorial, purchase, sale
from tests.support import Afas


def remarks(afas: Afas) -> list[dict[str, Any]]:
    answer = afas.control("GET", "/findings").json()
    found: list[dict[str, Any]] = answer["remarks"]
    return found


def book(afas: Afas, vat: str) -> int:
    total = f"{100 + float(vat):.2f}"
    body = bodies.entry(
        bodies.line("3", "50013", credit=total, InId="BTW-1"),
        bodies.line("1", "4510", debit="100", VaId="5"),
        bodies.line("1", "1500", debit=vat, VaId="5"),
    )
    answer = afas.http.post(
        f"{afas.base_url}/connectors/FiEntries", json=body, headers={"Authorization": afas.authorization}
    )
    assert answer.status_code == 201, answer.text
    return int(answer.json()["results"]["FiEntryPar"]["EnNo"])


def test_the_demo_data_gives_no_remarks(demo: Afas) -> None:
    assert remarks(demo) == []


@pytest.mark.parametrize(
    ("vat", "odd"), [("21.00", False), ("21.01", False), ("20.00", True), ("0.00", True), ("9.00", True)]
)
def test_a_vat_amount_that_does_not_fit_its_rate(afas: Afas, vat: str, odd: bool) -> None:
    entry = book(afas, vat)
    found = remarks(afas)
    assert [(one["id"], one["entry"], one["vat_code"], one["booked"]) for one in found] == (
        [("vat-amount", entry, "5", vat)] if odd else []
    )


def posted(afas: Afas, body: Any) -> int:
    url = f"{afas.base_url}/connectors/FiEntries"
    answer = afas.http.post(url, json=body, headers={"Authorization": afas.authorization})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["results"]["FiEntryPar"]["EnNo"])


DEBTOR_BOUGHT = entry(line("2", "10004", -10), line("1", "4510", 10))
CREDITOR_SOLD = entry(line("3", "50013", 10), line("1", "8010", -10), JoCo="20")


@pytest.mark.parametrize(
    ("body", "odd"),
    [
        (DEBTOR_BOUGHT, [("relation-of-other-side", "a debtor is booked in purchase journal 10", 1, "10004")]),
        (CREDITOR_SOLD, [("relation-of-other-side", "a creditor is booked in sales journal 20", 1, "50013")]),
        (memorial(line("2", "10004", -10), line("3", "50013", 10)), []),
        (
            purchase(vat={"VaId": None}, cost={"VaId": None}),
            [("vat-code-missing", "VAT account 1500 is booked without VAT code in purchase journal 10", 3, "1500")],
        ),
        (memorial(line("1", "1500", 21), line("1", "1901", -21)), []),
        (purchase(), []),
        (sale(), []),
    ],
)
def test_lines_that_are_unusual_in_their_journal_are_booked(afas: Afas, body: Any, odd: list[Any]) -> None:
    number = posted(afas, body)
    found = remarks(afas)
    assert {one["entry"] for one in found} <= {number}
    assert [(one["id"], one["message"], one["sequence"], one["account"]) for one in found] == odd
