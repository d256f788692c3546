"""``GET books?changed_since=`` gives what was added or changed, whole, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import support
from tests.ledger_bodies import purchase
from tests.support import Afas

NOW = "2026-11-24T09:00:00"


@pytest.fixture(scope="module")
def parent() -> Iterator[Afas]:
    serving, afas = support.start(clock=NOW)
    yield afas
    afas.http.close()
    serving.stop()


@pytest.fixture
def afas(parent: Afas) -> Afas:
    return support.fork(parent)


def changed(afas: Afas, since: str = NOW) -> dict[str, list[dict[str, object]]]:
    answer = afas.control("GET", f"/books?changed_since={since}")
    assert answer.status_code == 200, answer.text
    books: dict[str, list[dict[str, object]]] = answer.json()
    return books


def book(afas: Afas) -> None:
    url = f"{afas.base_url}/connectors/FiEntries"
    answer = afas.http.post(url, json=purchase(), headers={"Authorization": afas.authorization})
    assert answer.status_code == 201, answer.text


def test_nothing_has_changed_in_a_fork(afas: Afas) -> None:
    assert not any(changed(afas).values())


def test_a_booking_comes_with_its_lines_and_nothing_else(afas: Afas) -> None:
    book(afas)
    books, whole = changed(afas), afas.control("GET", "/books").json()
    (entry,) = books["entries"]
    lines = entry["lines"]
    assert isinstance(lines, list)
    assert [line["account"] for line in lines] == ["50013", "4510", "1500"]
    assert entry in whole["entries"]
    (invoice,) = books["invoices"]
    assert (invoice["relation"], invoice["invoice"]) == ("50013", "F-1")
    assert {name: len(rows) for name, rows in books.items() if rows} == {"entries": 1, "invoices": 1}


@pytest.mark.parametrize("change", [{"payment_condition": "14"}, {"name": "Anders"}, {"city": "Elders"}])
def test_a_supplier_changes_with_its_organisation_and_address(afas: Afas, change: dict[str, str]) -> None:
    afas.put("suppliers", {"supplier_id": "50000", **change})
    (supplier,) = changed(afas)["suppliers"]
    assert (supplier["supplier_id"], supplier | change) == ("50000", supplier)


def test_it_takes_a_moment(afas: Afas) -> None:
    book(afas)
    assert not any(changed(afas, "2026-11-24T09:00:01").values())
    answer = afas.control("GET", "/books?changed_since=yesterday")
    assert answer.status_code == 422
    assert answer.json()["error"]["message"] == "'changed_since' is 'yesterday'"
