"""What the ledger keeps from one booking to the next never outlives a change of the data it was made of."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mock_afas.records import ENTITIES
from mock_afas.store.books import Books
from mock_afas.store.ledger_book import LedgerBook
from tests.ledger_bodies import Body, allocated, line, purchase, two
from tests.support import Afas, fork

ACCOUNT = {"administration": 1, "account": "4600"}
ASSIGNMENT = {**ACCOUNT, "axis": 1, "code": "11"}


def book(afas: Afas, body: Body) -> httpx.Response:
    url = f"{afas.base_url}/connectors/FiEntries"
    return afas.http.post(url, json=body, headers={"Authorization": afas.authorization})


def refused(afas: Afas, body: Body) -> str:
    """The rule that refuses a body, empty when it is booked."""
    answer = book(afas, body)
    if answer.status_code == 201:
        return ""
    return str(afas.logged(answer.json()["profitLogReference"])["reason"]["rule"])


def on_4600() -> Body:
    return allocated("4600", 100, {"DiC1": "11"})


def with_vat(number: int) -> Callable[[], Body]:
    return lambda: purchase(relation={"InId": f"F-{number}"})


CHANGES: dict[str, tuple[Callable[[], Body], str, dict[str, Any], dict[str, Any]]] = {
    "an account is blocked": (on_4600, "accounts", ACCOUNT, {"blocked": True}),
    "an account comes to demand a second code": (on_4600, "accounts", ACCOUNT, {"dim_ax2": "B"}),
    "an account loses an axis": (on_4600, "accounts", ACCOUNT, {"dim_ax1": "N"}),
    "an account comes to demand projects": (on_4600, "accounts", ACCOUNT, {"to_project": "J"}),
    "an assignment is blocked": (on_4600, "allocation_assignments", ASSIGNMENT, {"blocked": True}),
    "a period is blocked": (on_4600, "periods", {"administration": 1, "year": 2024, "period": 3}, {"blocked": True}),
    "a VAT code is blocked": (with_vat(1), "tax_codes", {"tax_code": "5"}, {"blocked": True}),
    "a VAT code changes sides": (with_vat(2), "tax_codes", {"tax_code": "5"}, {"side": "V"}),
    "an account takes no VAT any more": (
        with_vat(3),
        "accounts",
        {"administration": 1, "account": "4510"},
        {"vat_allowed": False},
    ),
    "a creditor is blocked": (with_vat(4), "suppliers", {"supplier_id": "50013"}, {"blocked": True}),
    "a journal is blocked": (with_vat(5), "journals", {"administration": 1, "journal": "10"}, {"blocked": True}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_counts_at_once_and_so_does_its_end(afas: Afas, change: str) -> None:
    body, entity, key, columns = CHANGES[change]
    names = afas.control("GET", f"/data/{entity}").json()["rows"]
    before = next(row for row in names if all(str(row[name]) == str(value) for name, value in key.items()))
    assert [refused(afas, on_4600()), refused(afas, with_vat(0)())] == ["", ""]
    afas.put(entity, {**key, **columns})
    first = refused(afas, body())
    assert first, f"{change}: booked all the same"
    assert refused(afas, body()) == first
    afas.put(entity, {**key, **{name: before[name] for name in columns}})
    assert refused(afas, body()) == ""
    afas.put(entity, {**key, **columns})
    assert refused(afas, body()) == first


def test_a_fork_and_its_parent_keep_apart(afas: Afas) -> None:
    assert refused(afas, on_4600()) == ""
    child = fork(afas)
    child.put("accounts", {**ACCOUNT, "blocked": True})
    assert refused(child, on_4600())
    assert refused(afas, on_4600()) == ""
    assert child.control("POST", "/reset").status_code == 200
    assert refused(child, on_4600()) == ""
    child.control("DELETE")


def test_an_assignment_of_a_refused_booking_is_not_kept(afas: Afas) -> None:
    part = {"FiDimEntries": [{"DiC1": "west"}]}
    unbalanced = two(line("1", "4108", 100, part), AdDa="1")
    unbalanced["FiEntryPar"]["Element"]["Objects"]["FiEntries"]["Element"][0]["Fields"]["AmCr"] = 1
    assert refused(afas, unbalanced)
    assert refused(afas, two(line("1", "4108", 100, part)))
    assert refused(afas, two(line("1", "4108", 100, part), AdDa="1")) == ""
    assert refused(afas, two(line("1", "4108", 100, part))) == ""


def test_rates_of_vat_follow_the_code(afas: Afas) -> None:
    assert refused(afas, with_vat(1)()) == ""
    afas.put("tax_codes", {"tax_code": "5", "rate": 10})
    assert refused(afas, with_vat(2)()) == ""
    entries = [one for one in afas.control("GET", "/books").json()["entries"] if one["administration"] == 1][-2:]
    assert [[one["vat_amount"] for one in entry["lines"]] for entry in entries] == [[None, 21, None], [None, 10, None]]


# ---------------------------------------------------------------- in the store


def test_what_is_kept_goes_with_any_change_of_what_it_is_about() -> None:
    books = Books.create()
    book = LedgerBook(books)
    account: dict[str, Any] = {"administration": 1, "account": "4510"}

    def kept() -> dict[Any, Any]:
        return book.kept(("accounts", "tax_codes"), "of", 1)

    def put() -> None:
        books.put(ENTITIES["accounts"], [account], "")

    def insert() -> None:
        book.apply([("tax_codes", {"tax_code": "5"}, ("5",))], {}, "")

    def change() -> None:
        book.apply([("tax_codes", {"tax_code": "5", "description": "Hoog"}, ())], {}, "")

    def remove() -> None:
        book.apply([("tax_codes", None, ("5",))], {}, "")

    for move in (put, insert, change, remove):
        kept()["made"] = True
        assert kept() == {"made": True}
        assert book.kept(("accounts", "tax_codes"), "of", 2) == {}
        books.put(ENTITIES["currencies"], [{"currency": "EUR"}], "")
        assert kept() == {"made": True}
        move()
        assert kept() == {}, move.__name__
    books.close()


def test_highest_numbers_follow_every_change() -> None:
    books = Books.create()
    book = LedgerBook(books)

    def inserted(*numbers: tuple[int, int]) -> None:
        rows = [{"administration": unit, "entry": entry} for unit, entry in numbers]
        book.apply([("entries", row, tuple(row.values())) for row in rows], {}, "")

    def highest() -> list[int]:
        return [book.highest("entries", "entry", administration=unit) for unit in (1, 2)]

    assert highest() == [0, 0]
    inserted((1, 5))
    assert highest() == [5, 0]
    inserted((1, 3), (2, 9))
    assert highest() == [5, 9]
    books.put(ENTITIES["entries"], [{"administration": 1, "entry": 20}], "")
    assert highest() == [20, 9]
    inserted((1, 21))
    book.apply([("entries", None, (1, 21))], {}, "")
    assert highest() == [20, 9]
    book.apply([("entries", {"administration": 1, "entry": 30}, (1, 30)), ("entries", None, (1, 30))], {}, "")
    assert highest() == [20, 9]
    books.close()


INVOICE: dict[str, Any] = {"administration": 1, "side": "supplier", "relation": "50013", "invoice": "F1"}
KEY = tuple(INVOICE.values())


def put_invoice(books: Books, _: LedgerBook) -> None:
    books.put(ENTITIES["invoices"], [INVOICE], "")


def insert_invoice(_: Books, book: LedgerBook) -> None:
    book.apply([("invoices", INVOICE, KEY)], {}, "")


def insert_among_changes(books: Books, book: LedgerBook) -> None:
    other = {**INVOICE, "invoice": "F0"}
    books.put(ENTITIES["invoices"], [other], "")
    assert book.find("invoices", *KEY) is None
    book.apply([("invoices", INVOICE, KEY), ("invoices", {**other, "amount": 5}, ())], {}, "")


def attach_invoice(_: Books, book: LedgerBook) -> None:
    book.apply([], {"invoices": [INVOICE]}, "")


@pytest.mark.parametrize("comes", [put_invoice, insert_invoice, insert_among_changes, attach_invoice])
@pytest.mark.parametrize("others", [0, 6_000])
def test_an_invoice_is_found_once_it_is_there(comes: Callable[[Books, LedgerBook], None], others: int) -> None:
    """However it comes, whoever asked for it in vain before, in whatever case."""
    books = Books.create()
    book = LedgerBook(books)
    books.put(ENTITIES["invoices"], [{**INVOICE, "invoice": f"X{number}"} for number in range(others)], "")
    assert [book.find("invoices", *KEY[:3], written) for written in ("F1", "f1", "F1")] == [None] * 3
    comes(books, book)
    for written in ("f1", "F1"):
        found = book.find("invoices", *KEY[:3], written)
        assert found is not None
        assert found["invoice"] == "F1"
    book.apply([("invoices", None, KEY)], {}, "")
    assert book.find("invoices", *KEY) is None
    book.apply([("invoices", INVOICE, KEY)], {}, "")
    assert book.find("invoices", *KEY) is not None
    books.close()


def test_an_invoice_that_was_rolled_back_is_not_there() -> None:
    books = Books.create()
    book = LedgerBook(books)
    assert book.find("invoices", *KEY) is None
    twice: list[Any] = [("accounts", {"administration": 1, "account": "1"}, (1, "1"))] * 2
    with pytest.raises(sqlite3.IntegrityError):
        book.apply([("invoices", INVOICE, KEY), *twice], {}, "")
    assert book.find("invoices", *KEY) is None
    insert_invoice(books, book)
    assert book.find("invoices", *KEY) is not None
    books.close()
