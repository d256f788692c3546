"""Writes at once: what was acknowledged survives a kill, nothing is lost or numbered twice, every view agrees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import bodies, ledger_bodies
from tests.support import Afas
from tests.test_process import TOKEN, client, served

State = dict[str, list[dict[str, Any]]]
WRITES = 1_000
KILLED_AFTER = 300
WRITERS = 16


def books(afas: Afas) -> State:
    answer = afas.control("GET", "/books")
    assert answer.status_code == 200
    state: State = answer.json()
    return state


def post(afas: Afas, connector: str, body: Any) -> httpx.Response:
    url = f"{afas.base_url}/connectors/{connector}"
    return afas.http.post(url, json=body, headers={"Authorization": afas.authorization})


def cents(amount: float | None) -> int:
    return round(100 * (amount or 0))


def unbalanced(state: State) -> list[tuple[int, int]]:
    """The entries whose totals differ, or that have no lines."""
    found = []
    for entry in state["entries"]:
        total = sum(cents(line["debit"]) - cents(line["credit"]) for line in entry["lines"])
        if total or not entry["lines"]:
            found.append((entry["administration"], entry["entry"]))
    return found


# ---------------------------------------------------------------- views agree


def lines_in_books(state: State) -> Counter[tuple[Any, ...]]:
    return Counter(
        (entry["administration"], entry["entry"], line["account"], cents(line["debit"]), cents(line["credit"]))
        for entry in state["entries"]
        for line in entry["lines"]
    )


def lines_read(afas: Afas) -> Counter[tuple[Any, ...]]:
    """The ledger lines as a GetConnector shows them."""
    rows = afas.rows("Profit_Transactions", skip="-1", take="-1")
    names = ("UnitId", "EntryNo", "AccountNo", "AmtDebit", "AmtCredit")
    found = ((*(row[name] for name in names[:3]), *(cents(row[name]) for name in names[3:])) for row in rows)
    return Counter(found)


def invoices_in_books(state: State) -> Counter[tuple[Any, ...]]:
    return Counter(
        (one["administration"], one["relation"], one["invoice"], cents(one["amount"]), cents(one["open_amount"]))
        for one in state["invoices"]
        if one["side"] == "supplier"
    )


def invoices_read(afas: Afas) -> Counter[tuple[Any, ...]]:
    rows = afas.rows("Zenvoices_SupplierInvoices", skip="-1", take="-1")
    return Counter(
        (row["UnitId"], row["CreditorId"], row["InvoiceNr"], cents(row["AmtInvoice"]), cents(row["Balance"]))
        for row in rows
    )


def check_views_agree(afas: Afas) -> State:
    """The books balance, and the GetConnectors show them; gives the books."""
    state = books(afas)
    assert not unbalanced(state)
    assert lines_read(afas) == lines_in_books(state)
    assert invoices_read(afas) == invoices_in_books(state)
    return state


# ---------------------------------------------------------------- a kill


def booking(number: int) -> tuple[str, Any]:
    """Purchases mostly; every tenth is a new supplier, every twentieth a dossier item."""
    if number % 20 == 5:
        return "KnSubject", bodies.dossier_item()
    if number % 10 == 0:
        return "KnPurchaseRelationOrg", bodies.supplier(f"Kill {number}")
    return "FiEntries", bodies.purchase(f"KILL-{number}")


def key_of(made: dict[str, Any]) -> tuple[str, ...]:
    ((root, keys),) = made["results"].items()
    return (root, *keys.values())


def keys_of(state: State) -> set[tuple[str, ...]]:
    """What the answers to the bookings of this test can have named."""
    entries = {
        ("FiEntryPar", str(one["administration"]), str(one["entry"]), line["invoice"] or "")
        for one in state["entries"]
        for line in one["lines"]
    }
    suppliers = {("KnPurchaseRelationOrg", one["organisation_id"], one["supplier_id"]) for one in state["suppliers"]}
    return entries | suppliers | {("KnSubject", str(one["subject_id"])) for one in state["subjects"]}


def written_until_killed(afas: Afas, kill: Callable[[], None]) -> list[tuple[str, ...]]:
    """Sixteen writers at work; the server is killed in the middle. The keys that it acknowledged."""
    acknowledged: list[tuple[str, ...]] = []

    def write(number: int) -> None:
        try:
            answer = post(afas, *booking(number))
        except httpx.HTTPError:
            return
        assert answer.status_code == 201, answer.text
        acknowledged.append(key_of(answer.json()))
        if len(acknowledged) == KILLED_AFTER:
            kill()

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITES)))
    return acknowledged


def test_acknowledged_bookings_survive_a_kill(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    with served(tmp_path, "--data", data, "--token", TOKEN) as (process, ready):
        afas = client(ready)
        afas.configure(dialect={"parallel_calls": "unlimited"})
        acknowledged = written_until_killed(afas, process.kill)
    assert KILLED_AFTER <= len(acknowledged) < WRITES
    assert len(set(acknowledged)) == len(acknowledged)
    with served(tmp_path, "--data", data, "--token", TOKEN) as (_, ready):
        again = client(ready)
        state = check_views_agree(again)
        assert set(acknowledged) <= keys_of(state)
        check_whole(state)
        assert post(again, "FiEntries", bodies.purchase("AFTER")).status_code == 201
        check_numbered(books(again))


def check_whole(state: State) -> None:
    """Each booking of this test is there with all that it makes, acknowledged or not."""
    booked = {line["invoice"] for one in state["entries"] for line in one["lines"] if line["account"] == "50013"}
    invoices = {one["invoice"] for one in state["invoices"]}
    mine = {name for name in booked | invoices if name and name.startswith("KILL-")}
    assert mine <= booked & invoices
    assert all(len(one["attachments"]) == 1 for one in state["subjects"] if one["description"] == "Factuur")


def check_numbered(state: State) -> None:
    """No entry has the number of another, and the new ones follow each other."""
    numbers = [(one["administration"], one["entry"]) for one in state["entries"]]
    assert len(set(numbers)) == len(numbers)
    new = sorted(
        one["entry"]
        for one in state["entries"]
        if any((line["invoice"] or "").startswith(("KILL-", "AFTER")) for line in one["lines"])
    )
    assert new == list(range(new[0], new[0] + len(new)))


# ---------------------------------------------------------------- writers at once


@pytest.fixture
def busy(afas: Afas) -> Afas:
    afas.configure(dialect={"parallel_calls": "unlimited"})
    return afas


def at_once(write: Callable[[int], Any], numbers: Iterable[int]) -> list[Any]:
    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(write, numbers))


def made(afas: Afas, connector: str, body: Any) -> dict[str, str]:
    answer = post(afas, connector, body)
    assert answer.status_code == 201, answer.text
    (keys,) = answer.json()["results"].values()
    found: dict[str, str] = keys
    return found


def test_payments_at_once_lower_one_invoice_by_their_sum(busy: Afas) -> None:
    made(busy, "FiEntries", ledger_bodies.purchase(net=10_000, relation={"InId": "PAID"}))
    amounts = [round(0.37 * number, 2) for number in range(1, 161)]

    def pay(number: int) -> dict[str, str]:
        body = ledger_bodies.payment("PAID", amounts[number], creditor="50013")
        return made(busy, "FiEntries", body)

    entries = {keys["EnNo"] for keys in at_once(pay, range(len(amounts)))}
    assert len(entries) == len(amounts)
    (invoice,) = (one for one in check_views_agree(busy)["invoices"] if one["invoice"] == "PAID")
    assert cents(invoice["open_amount"]) == 1_210_000 - sum(map(cents, amounts))


def test_orders_at_once_lower_one_commitment_by_their_sum(busy: Afas) -> None:
    def left() -> int:
        (found,) = (one for one in books(busy)["commitments"] if (one["administration"], one["commitment"]) == (1, 7))
        return cents(found["open_amount"])

    before = left()

    def order(number: int) -> None:
        body = ledger_bodies.purchase(
            creditor="50022", account="4700", relation={"CmNo": 7, "InId": f"ORDER-{number}"}, net=1
        )
        made(busy, "FiEntries", body)

    at_once(order, range(80))
    assert left() == before - 80 * 121


def test_one_number_is_given_once(busy: Afas) -> None:
    def supplier(number: int) -> dict[str, str]:
        return made(busy, "KnPurchaseRelationOrg", bodies.supplier(f"Gelijk {number}"))

    keys = at_once(supplier, range(80))
    assert len({one["CrId"] for one in keys}) == len({one["BcCo"] for one in keys}) == 80
    subjects = at_once(lambda _: made(busy, "KnSubject", bodies.dossier_item()), range(80))
    assert len({one["SbId"] for one in subjects}) == 80


def test_one_invoice_number_is_booked_once(busy: Afas) -> None:
    answers = at_once(lambda _: post(busy, "FiEntries", bodies.purchase("ONCE")).status_code, range(48))
    assert Counter(answers) == {201: 1, 500: 47}
    state = check_views_agree(busy)
    assert sum(one["invoice"] == "ONCE" for one in state["invoices"]) == 1


def test_deletes_and_bookings_at_once(busy: Afas) -> None:
    before = books(busy)

    def book_and_delete(number: int) -> None:
        keys = made(busy, "FiEntries", bodies.purchase(f"GONE-{number}"))
        path = f"FiEntries/FiEntryPar/UnId/{keys['UnId']}/FiEntries/EnNo/{keys['EnNo']}"
        url = f"{busy.base_url}/connectors/{path}"
        assert busy.http.delete(url, headers={"Authorization": busy.authorization}).status_code == 200

    at_once(book_and_delete, range(96))
    assert check_views_agree(busy) == before


def test_readers_see_whole_bookings_while_others_write(busy: Afas) -> None:
    """Each answer of the ledger lines balances, however many bookings are under way."""

    def read(_: int) -> None:
        totals: Counter[tuple[Any, ...]] = Counter()
        for unit, entry, _account, debit, credit in lines_read(busy).elements():
            totals[unit, entry] += debit - credit
        assert not any(totals.values())

    def act(number: int) -> None:
        if number % 20 == 0:
            read(number)
        else:
            made(busy, "FiEntries", bodies.purchase(f"READ-{number}"))

    at_once(act, islice(range(200), 200))
