"""Bookings whose lines wait for the first reader: whoever looks first, in whatever way, sees all of them, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_afas.records import ENTITIES, Stored
from mock_afas.store.books import MOST_REMEMBERED, Books
from mock_afas.store.deferred import DEFERRED
from mock_afas.store.ledger_book import Change, LedgerBook
from tests.ledger_bodies import Body, line, memorial
from tests.support import Afas, fork
from tests.test_process import client, served

ALLOCATED = {"FiDimEntries": [{"DiC1": "11", "AmDe": 30}, {"DiC1": "12"}]}
COSTS = {"FiPrjEntries": [{"PrId": "300000", "ItCd": "K01", "AmCo": 100}]}
SPREAD = {"FiTransEntries": [{"YeSt": 2024, "PeSt": 4, "YeEn": 2024, "PeEn": 6}]}
#: How many rows of each entity a booking makes.
MADE = {"entry_lines": 4, "entry_allocations": 2, "entry_projects": 1, "entry_transitories": 3}


def booking(name: str) -> Body:
    return memorial(
        line("1", "1901", -300, Ds=name),
        line("1", "4600", 100, ALLOCATED, Ds=name),
        line("1", "4320", 100, COSTS, Ds=name),
        line("1", "4130", 100, SPREAD, Ds=name),
    )


def book(afas: Afas, name: str) -> str:
    """Books one; gives the number of the entry."""
    url = f"{afas.base_url}/connectors/FiEntries"
    answer = afas.http.post(url, json=booking(name), headers={"Authorization": afas.authorization})
    assert answer.status_code == 201, answer.text
    number: str = answer.json()["results"]["FiEntryPar"]["EnNo"]
    return number


def delete(afas: Afas, number: str) -> httpx.Response:
    url = f"{afas.base_url}/connectors/FiEntries/FiEntryPar/UnId,EnNo/1,{number}"
    return afas.http.delete(url, headers={"Authorization": afas.authorization})


def in_data(afas: Afas, entity: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = afas.control("GET", f"/data/{entity}").json()["rows"]
    return rows


def of(rows: list[dict[str, Any]], *numbers: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["administration"] == 1 and str(row["entry"]) in numbers]


def read_connector(afas: Afas, name: str) -> int:
    asked = {"filterfieldids": "Description", "filtervalues": name, "operatortypes": "1"}
    return len(afas.rows("Profit_Transactions", skip="-1", take="-1", **asked))


def read_books(afas: Afas, name: str) -> int:
    entries = afas.control("GET", "/books").json()["entries"]
    lines = [one for entry in entries for one in entry["lines"] if one["description"] == name]
    rows = [row for one in lines for kind in ("allocations", "projects", "transitories") for row in one[kind]]
    assert len(rows) == sum(MADE.values()) - MADE["entry_lines"]
    return len(lines)


def read_data(afas: Afas, name: str) -> int:
    return len([row for row in in_data(afas, "entry_lines") if row["description"] == name])


def read_in_a_fork(afas: Afas, name: str) -> int:
    child = fork(afas)
    number = book(child, "of the child")
    assert read_data(child, "of the child") == MADE["entry_lines"]
    assert read_data(afas, "of the child") == 0
    assert delete(child, number).status_code == 200
    found = read_connector(child, name)
    child.control("DELETE")
    return found


@pytest.mark.parametrize("read", [read_connector, read_books, read_data, read_in_a_fork])
def test_whoever_reads_first_sees_every_line_once(afas: Afas, read: Callable[[Afas, str], int]) -> None:
    for name in ("one", "two"):
        book(afas, name)
        assert [read(afas, name), read_connector(afas, name), read_books(afas, name)] == [MADE["entry_lines"]] * 3


def test_the_rows_are_whole(afas: Afas) -> None:
    number = book(afas, "whole")
    made = {entity: of(in_data(afas, entity), number) for entity in MADE}
    assert {entity: len(rows) for entity, rows in made.items()} == MADE
    second = made["entry_lines"][1]
    assert (second["account"], second["debit"], second["description"], second["blocked_for_payment"]) == (
        "4600",
        100,
        "whole",
        False,
    )
    assert [(row["sequence"], row["part"], row["allocation_1"], row["debit"]) for row in made["entry_allocations"]] == [
        (2, 1, "11", 30),
        (2, 2, "12", 70),
    ]
    assert [row["period"] for row in made["entry_transitories"]] == [4, 5, 6]


def test_a_booking_that_nobody_read_is_deleted_whole(afas: Afas) -> None:
    before = afas.control("GET", "/books").json()
    kept, gone = book(afas, "kept"), book(afas, "gone")
    assert delete(afas, gone).status_code == 200
    assert read_connector(afas, "gone") == 0
    assert read_connector(afas, "kept") == MADE["entry_lines"]
    assert delete(afas, kept).status_code == 200
    assert afas.control("GET", "/books").json() == before


def test_a_line_that_nobody_read_is_changed_by_the_control_api(afas: Afas) -> None:
    number = book(afas, "as booked")
    afas.put("entry_lines", {"administration": 1, "entry": number, "sequence": 1, "description": "changed"})
    assert (read_connector(afas, "as booked"), read_connector(afas, "changed")) == (3, 1)
    assert of(in_data(afas, "entry_lines"), number)[0]["account"] == "1901"


def test_a_booking_takes_the_place_of_lines_without_an_entry(afas: Afas) -> None:
    """The control API can put lines under a number that the next booking gets."""
    number = int(book(afas, "first")) + 1
    afas.put("entry_lines", {"administration": 1, "entry": number, "sequence": 1, "description": "stray"})
    assert read_connector(afas, "stray") == 1
    assert book(afas, "second") == str(number)
    assert (read_connector(afas, "stray"), read_connector(afas, "second")) == (0, MADE["entry_lines"])
    assert len(of(in_data(afas, "entry_lines"), str(number))) == MADE["entry_lines"]


def test_reset_forgets_lines_that_nobody_read(afas: Afas) -> None:
    book(afas, "forgotten")
    assert afas.control("POST", "/reset").status_code == 200
    assert read_connector(afas, "forgotten") == 0


def test_lines_that_nobody_read_survive_a_kill(tmp_path: Path) -> None:
    """And a second one, before anybody read them."""
    data = ("--data", str(tmp_path / "data"))
    for name in ("one", "two"):
        with served(tmp_path, *data) as (process, ready):
            book(client(ready), name)
            process.kill()
    with served(tmp_path, *data) as (_, ready):
        afas = client(ready)
        assert [read_books(afas, name) for name in ("one", "two")] == [MADE["entry_lines"]] * 2


# ---------------------------------------------------------------- in the store


@pytest.fixture
def books() -> Iterator[Books]:
    books = Books.create()
    yield books
    books.close()


def row_of(entity: str, **columns: Any) -> tuple[Any, ...]:
    blank = {column.name: 0 if column.kind == "boolean" else None for column in ENTITIES[entity].columns}
    return tuple({**blank, **columns}.values())


def test_more_rows_than_are_remembered(books: Books) -> None:
    book = LedgerBook(books)
    for entry in (1, 2):
        lines = [row_of("entry_lines", administration=1, entry=entry, sequence=at) for at in range(MOST_REMEMBERED)]
        book.apply([], {"entry_lines": lines}, "")
    assert books.behind == 2
    assert len(book.where("entry_lines", administration=1, entry=2)) == MOST_REMEMBERED
    assert books.behind == 0
    assert len(books.rows(ENTITIES["entry_lines"])) == 2 * MOST_REMEMBERED


def test_looking_elsewhere_leaves_it_waiting(books: Books) -> None:
    """Bookings look for accounts, for numbers and for invoices that are not there: none of that costs an insertion."""
    book = LedgerBook(books)
    assert book.highest("entries", "entry", administration=1) == 0
    key = (1, "supplier", "50013", "F-1")
    invoice: dict[str, Stored] = dict(zip(ENTITIES["invoices"].key, key, strict=True))
    rows: list[Change] = [("entries", {"administration": 1, "entry": 1}, (1, 1)), ("invoices", invoice, key)]
    book.apply(rows, {"entry_lines": [row_of("entry_lines", administration=1, entry=1, sequence=1)]}, "")
    assert book.highest("entries", "entry", administration=1) == 1
    assert book.find("accounts", 1, "4510") is None
    assert book.find("invoices", 1, "supplier", "50013", "F-2") is None
    assert books.rows(ENTITIES["suppliers"]) == []
    assert books.behind == 1
    found = book.find("invoices", 1, "supplier", "50013", "f-1")
    assert books.behind == 0
    assert found is not None
    assert (found["invoice"], found["refund"]) == ("F-1", 0)


def test_new_rows_beside_changes_of_the_same_entity_do_not_wait(books: Books) -> None:
    book = LedgerBook(books)
    book.apply([("entries", {"administration": 1, "entry": 1}, (1, 1))], {}, "then")
    change: Change = ("entries", {"administration": 1, "entry": 1, "year": 2024}, ())
    book.apply([("entries", {"administration": 1, "entry": 2}, (1, 2)), change], {}, "now")
    assert books.behind == 0
    assert [
        (row["entry"], row["year"], row["created"], row["modified"]) for row in books.rows(ENTITIES["entries"])
    ] == [
        (1, 2024, "then", "now"),
        (2, None, "now", "now"),
    ]


@pytest.mark.parametrize("entity", sorted(DEFERRED))
def test_every_way_to_look_finds_it(books: Books, entity: str) -> None:
    book, key = LedgerBook(books), ENTITIES[entity].key
    looks: list[Callable[[], object]] = [
        lambda: book.find(entity, *[1] * len(key)),
        lambda: book.where(entity, administration=1),
        lambda: book.highest(entity, "entry", administration=1),
        lambda: books.rows(ENTITIES[entity]),
    ]
    for look in looks:
        book.apply([], {entity: [row_of(entity, **dict.fromkeys((*key, "entry"), 1))]}, "")
        assert look()
        book.apply([(entity, None, (1,) * len(key))], {}, "")
        assert not look()


def test_blobs_do_not_wait() -> None:
    assert not [name for name in DEFERRED for column in ENTITIES[name].columns if column.kind == "blob"]


def test_a_file_of_an_earlier_version_gets_the_tables_it_lacks(tmp_path: Path) -> None:
    first = Books.create(tmp_path / "books")
    first.connection.execute("DROP TABLE last_administrations")
    image = first.image()
    first.close()
    for opened in (Books.open(tmp_path / "books"), Books.from_image(image, tmp_path / "restored")):
        assert LedgerBook(opened).find("last_administrations", "12345.zenvoices") is None
        opened.close()
