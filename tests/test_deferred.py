"""Bookings whose lines wait for the first reader: whoever looks first, in whatever way, sees all of them, once."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_afas.connectors import get_connectors
from mock_afas.profiles import Dialect, Profile
from mock_afas.query import Query, compile_query
from mock_afas.records import ENTITIES, Stored
from mock_afas.store import ledger_book
from mock_afas.store.books import Books
from mock_afas.store.changes import MOST_REMEMBERED
from mock_afas.store.deferred import DEFERRED
from mock_afas.store.ledger_book import Change, LedgerBook
from mock_afas.store.projections import Projection
from mock_afas.store.rendering import rendering_of
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


def row_of(entity: str, **columns: Any) -> dict[str, Any]:
    blank = {column.name: 0 if column.kind == "boolean" else None for column in ENTITIES[entity].columns}
    return {**blank, **columns}


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


def test_what_was_looked_up_before_is_forgotten(books: Books) -> None:
    """Of entities that get rows only because lines have codes, as well."""
    book = LedgerBook(books)
    line = row_of("entry_lines", administration=1, entry=1, sequence=1, allocation_1="WEST")
    assert not book.where("entry_allocations", administration=1)
    book.apply([], {"entry_lines": [line]}, "")
    assert [row["allocation_1"] for row in book.where("entry_allocations", administration=1)] == ["WEST"]


def test_blobs_do_not_wait() -> None:
    assert not [name for name in DEFERRED for column in ENTITIES[name].columns if column.kind == "blob"]


# ---------------------------------------------------------------- in steps


def booked(books: Books, *entries: int, lines: int = 4) -> None:
    """Bookings that wait, each with an invoice."""
    for entry in entries:
        rows = {
            "entries": [row_of("entries", administration=1, entry=entry, year=2024)],
            "entry_lines": [
                row_of("entry_lines", administration=1, entry=entry, sequence=at, description="x" * 100)
                for at in range(1, lines + 1)
            ],
            "invoices": [row_of("invoices", administration=1, side="supplier", relation="1", invoice=f"F{entry}")],
        }
        LedgerBook(books).apply([], rows, "")


def numbers_in(books: Books, table: str) -> list[tuple[int, ...]]:
    return books.connection.execute(f"SELECT rowid, entry FROM {table} ORDER BY rowid").fetchall()


def test_steps_keep_the_order(books: Books) -> None:
    """Each moves the oldest bookings, while others come; row ids come out as if all had been moved at once."""
    made, steps = 60, 0
    booked(books, *range(1, made + 1), lines=20)
    while books.step(()):
        steps += 1
        if books.path is not None:
            assert books.connection.execute("SELECT count(*) FROM deferred").fetchone() == (books.behind,)
        assert [entry for _, entry in numbers_in(books, "entries")] == list(range(1, made + 1 - books.behind))
        if steps < 3:
            made += 1
            booked(books, made, lines=20)
    assert steps > 2
    assert numbers_in(books, "entry_lines") == [(at + 1, at // 20 + 1) for at in range(20 * made)]


def test_a_step_changes_nothing_that_anybody_sees(books: Books) -> None:
    """What was looked up stays known, or the next booking would have to bring all others into their tables."""
    book = LedgerBook(books)
    book.apply([("entries", {"administration": 1, "entry": 7}, (1, 7))], {}, "")
    assert book.highest("entries", "entry", administration=1) == 7
    booked(books, *range(100, 200), lines=20)
    version = books.version
    assert books.step(())
    assert books.version == version
    waiting = books.behind
    assert waiting
    assert book.find("invoices", 1, "supplier", "1", "F100")  # is in its table
    assert books.behind == waiting
    assert book.find("invoices", 1, "supplier", "1", "f199")
    assert books.behind == 0


def test_a_booking_that_fails_leaves_no_trace(books: Books) -> None:
    """Nor does it keep steps coming: what was rolled back does not wait."""
    booked(books, 1)
    with suppress(ZeroDivisionError), books.transaction():
        books.defer({"entries": [row_of("entries", administration=1, entry=2)]})
        raise ZeroDivisionError
    steps = 0
    while books.step(()):
        steps += 1
        assert steps < 5
    assert (books.behind, [entry for _, entry in numbers_in(books, "entries")]) == (0, [1])


def test_a_transaction_that_cannot_be_carried_out_is_rolled_back(books: Books) -> None:
    """Else it would stay open, and nothing could be written any more."""

    def deny(action: int, operation: str | None, *_: str | None) -> int:
        commits = (action, operation) == (sqlite3.SQLITE_TRANSACTION, "COMMIT")
        return sqlite3.SQLITE_DENY if commits else sqlite3.SQLITE_OK

    booked(books, 1)
    books.connection.set_authorizer(deny)
    with pytest.raises(sqlite3.DatabaseError), books.transaction():
        books.defer({"entries": [row_of("entries", administration=1, entry=2)]})
    books.connection.set_authorizer(None)
    assert (books.behind, books.connection.in_transaction) == (1, False)
    books.settle(DEFERRED)
    assert [entry for _, entry in numbers_in(books, "entries")] == [1]


def test_keys_that_are_known_have_bounds(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither keys asked for in vain nor new rows make what is kept of them grow for ever; answers stay right."""
    monkeypatch.setattr(ledger_book, "_MOST_KEPT", 10)
    monkeypatch.setattr(ledger_book, "_MOST_TAKEN", 10)
    book = LedgerBook(books)
    numbers = [f"F{at}" for at in range(30)]
    assert not any(book.find("invoices", 1, "supplier", "1", number) for number in numbers)
    assert len(book._found["invoices"]) <= 11
    for number in numbers:
        key = (1, "supplier", "1", number)
        row = row_of("invoices", administration=1, side="supplier", relation="1", invoice=number)
        book.apply([("invoices", row, key)], {}, "2024-03-05T00:00:00")
    assert book._taken["invoices"] is None
    assert all(book.find("invoices", 1, "supplier", "1", number) for number in numbers)
    assert book.find("invoices", 1, "supplier", "1", "F30") is None


TRANSACTIONS = get_connectors()["profit_transactions"]
EVERY_LINE = compile_query(TRANSACTIONS, {}, Dialect())
BY_DESCRIPTION = compile_query(TRANSACTIONS, {"orderbyfieldids": "Description,EntryNo,SeqNo"}, Dialect())


def transactions(books: Books) -> Projection:
    return books.projection(TRANSACTIONS, rendering_of(Profile("12345"), TRANSACTIONS))


def read(projection: Projection, query: Query) -> list[tuple[int, int, int | None]]:
    """Entry, line and year of each row."""
    projection.prepare(query)
    rows = json.loads(b"[%s]" % projection.joined(projection.snapshot(), projection.walk(query)))
    return [(row["EntryNo"], row["SeqNo"], row["Year"]) for row in rows]


def lines_of(*entries: int, lines: int = 4, year: int | None = 2024) -> list[tuple[int, int, int | None]]:
    return [(entry, at, year) for entry in entries for at in range(1, lines + 1)]


@pytest.mark.parametrize("query", [EVERY_LINE, BY_DESCRIPTION])
@pytest.mark.parametrize("steps", [0, 2, 100])
def test_a_projection_takes_over_any_number_of_bookings(books: Books, query: Query, steps: int) -> None:
    """Instead of being made anew: rows that it has stay the same objects."""
    projection = transactions(books)
    booked(books, 1)
    assert read(projection, query) == lines_of(1)
    kept = projection.snapshot()
    booked(books, *range(2, 402), lines=20)
    for _ in range(steps):
        books.step((projection,))
    assert read(projection, query) == [*lines_of(1), *lines_of(*range(2, 402), lines=20)]
    booked(books, 402)
    assert read(projection, query)[-4:] == lines_of(402)
    assert projection.snapshot() is kept


def test_bookings_are_brought_along_only_for_those_who_read(books: Books) -> None:
    projection = transactions(books)
    booked(books, 1)
    read(projection, EVERY_LINE)
    for entry, read_since in ((2, True), (3, False)):
        booked(books, entry)
        while books.step((projection,)):
            pass
        assert projection.needs_preparation(EVERY_LINE) is not read_since
    assert read(transactions(books), EVERY_LINE) == lines_of(1, 2, 3)


def test_changes_that_take_long_are_left_to_the_read(books: Books) -> None:
    """A step is short; what cannot be taken over in parts waits for who needs it."""
    projection = transactions(books)
    booked(books, *range(1, 601), lines=20)
    read(projection, EVERY_LINE)
    changed: list[dict[str, Stored]] = [
        {"administration": 1, "entry": entry, "sequence": 1, "account": "9"} for entry in range(1, 601)
    ]
    for count, taken in ((600, True), (2_000, False)):
        lines = [{**changed[at % 600], "sequence": at // 600 + 1} for at in range(count)]
        assert transactions(books) is projection
        books.put(ENTITIES["entry_lines"], lines, "")
        assert books.step((projection,)) is taken
        assert projection.needs_preparation(EVERY_LINE) is not taken
    projection.prepare(EVERY_LINE)
    nines = [row for row in projection.snapshot() if b'"AccountNo":"9"' in row]
    assert len(nines) == 2_000


def test_a_projection_that_grows_gets_the_index_it_wants(books: Books) -> None:
    projection = transactions(books)
    booked(books, 1)
    read(projection, BY_DESCRIPTION)
    booked(books, *range(2, 200))
    while books.step((projection,)):
        pass
    assert projection.needs_preparation(BY_DESCRIPTION)
    assert read(projection, BY_DESCRIPTION) == lines_of(*range(1, 200))
    indexes = books.connection.execute("SELECT count(*) FROM p.sqlite_master WHERE type = 'index'").fetchone()
    assert indexes == (1,)


def test_lines_show_their_entry_whether_it_comes_changes_or_goes(books: Books) -> None:
    projection = transactions(books)
    book, line, entry = LedgerBook(books), ENTITIES["entry_lines"], ENTITIES["entries"]
    read(projection, EVERY_LINE)
    kept = projection.snapshot()
    books.put(line, [{"administration": 1, "entry": 5, "sequence": 9}], "")
    assert read(projection, EVERY_LINE) == [(5, 9, None)]
    booked(books, 5)
    assert sorted(read(projection, EVERY_LINE)) == [*lines_of(5), (5, 9, 2024)]
    books.put(entry, [{"administration": 1, "entry": 5, "year": 2025}], "")
    assert sorted(read(projection, EVERY_LINE)) == [*lines_of(5, year=2025), (5, 9, 2025)]
    book.apply([("entries", None, (1, 5)), ("entry_lines", None, (1, 5, 2))], {}, "")
    assert sorted(row[1] for row in read(projection, EVERY_LINE)) == [1, 3, 4, 9]
    assert {row[2] for row in read(projection, EVERY_LINE)} == {None}
    books.put(entry, [{"administration": 1, "entry": 6, "year": 2026}], "")  # gets the row id of the one that went
    booked(books, 7)
    assert read(projection, EVERY_LINE)[-4:] == lines_of(7)
    assert projection.snapshot() is kept


KILLED = """
import os, signal, sys
from pathlib import Path
from mock_afas.store.books import Books
from tests.test_deferred import booked

books = Books.open(Path(sys.argv[1])) if Path(sys.argv[1]).exists() else Books.create(Path(sys.argv[1]))
booked(books, *range(1, 61), lines=20)
books.step(())
print(books.behind, flush=True)
books.connection.set_trace_callback(
    lambda sql: os.kill(os.getpid(), signal.SIGKILL) if sql.startswith(sys.argv[2]) else None
)
books.step(())
"""


@pytest.mark.parametrize("before", ['INSERT INTO "entry_lines"', "DELETE FROM deferred", "COMMIT"])
def test_a_kill_in_the_middle_of_a_step_loses_nothing(tmp_path: Path, before: str) -> None:
    path = tmp_path / "killed.books"
    run = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), before], capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == -signal.SIGKILL, run.stderr
    assert 0 < int(run.stdout) < 60
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM deferred").fetchone() == (int(run.stdout),)
    books = Books.open(path)
    assert numbers_in(books, "entry_lines") == [(at + 1, at // 20 + 1) for at in range(1_200)]
    assert numbers_in(books, "entries") == [(at, at) for at in range(1, 61)]
    books.close()


def test_a_file_of_an_earlier_version_gets_the_tables_it_lacks(tmp_path: Path) -> None:
    first = Books.create(tmp_path / "books")
    first.connection.execute("DROP TABLE last_administrations")
    image = first.image()
    first.close()
    for opened in (Books.open(tmp_path / "books"), Books.from_image(image, tmp_path / "restored")):
        assert LedgerBook(opened).find("last_administrations", "12345.zenvoices") is None
        opened.close()


def test_what_waits_in_a_file_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    first = Books.create(tmp_path / "books")
    line = row_of("entry_lines", administration=1, entry=7, sequence=1, account="4030", allocation_1="WEST", debit=5)
    entry = row_of("entries", administration=1, entry=7)
    details = {"entries": [list(entry.values())], "entry_lines": [list(line.values())], "invoices": []}
    first.connection.execute("INSERT INTO deferred (details) VALUES (?)", (json.dumps(details).encode(),))
    first.close()
    book = LedgerBook(Books.open(tmp_path / "books"))
    assert dict(book.where("entry_lines", administration=1, entry=7)[0]) == line
    assert [row["allocation_1"] for row in book.where("entry_allocations", administration=1, entry=7)] == ["WEST"]
