"""Named snapshots: books to come back to, which see nothing of what is written later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mock_afas.store.snapshots import MOST_SNAPSHOTS
from tests.support import Afas, fork
from tests.test_process import client, served


def currencies(afas: Afas) -> set[str]:
    """Those that start with X, as a client sees them."""
    rows = afas.rows("Zenvoices_Currencies", skip="-1", take="-1", orderbyfieldids="CurrencyId")
    return {row["CurrencyId"] for row in rows if row["CurrencyId"].startswith("X")}


def put(afas: Afas, *names: str) -> None:
    afas.put("currencies", *({"currency": name} for name in names))


def taken(afas: Afas, name: str | None = None) -> dict[str, Any]:
    answer = afas.control("POST", "/snapshots", {} if name is None else {"name": name})
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def restore(afas: Afas, name: str) -> None:
    answer = afas.control("POST", f"/snapshots/{name}/restore")
    assert answer.status_code == 200, answer.text
    assert answer.json()["environment"] == afas.environment


def listed(afas: Afas) -> list[str]:
    return [snapshot["name"] for snapshot in afas.control("GET", "/snapshots").json()["snapshots"]]


def test_a_snapshot_is_as_the_books_were(afas: Afas) -> None:
    put(afas, "XA")
    taken(afas, "first")
    put(afas, "XB")
    taken(afas, "second")
    put(afas, "XC")
    for name, expected in (("first", {"XA"}), ("second", {"XA", "XB"}), ("first", {"XA"})):
        restore(afas, name)
        assert currencies(afas) == expected
        put(afas, "XD")
        assert currencies(afas) == {*expected, "XD"}


def test_a_snapshot_says_when_and_how_large(afas: Afas) -> None:
    afas.configure(clock="2026-11-24T09:00:00")
    shown = taken(afas, "now")
    assert shown == {"name": "now", "created": "2026-11-24T09:00:00", "size": shown["size"]}
    assert 100_000 < shown["size"] < 100_000_000
    assert afas.control("GET", "/snapshots").json() == {"snapshots": [shown]}


def test_a_name_is_made_up_and_a_given_one_replaces(afas: Afas) -> None:
    assert [taken(afas)["name"], taken(afas)["name"]] == ["snapshot-1", "snapshot-2"]
    put(afas, "XA")
    taken(afas, "snapshot-1")
    assert listed(afas) == ["snapshot-2", "snapshot-1"]
    restore(afas, "snapshot-2")
    assert currencies(afas) == set()
    restore(afas, "snapshot-1")
    assert currencies(afas) == {"XA"}


def test_reset_and_delete_leave_the_others(afas: Afas) -> None:
    put(afas, "XA")
    taken(afas, "one")
    taken(afas, "two")
    assert afas.control("POST", "/reset").status_code == 200
    assert currencies(afas) == set()
    assert afas.control("DELETE", "/snapshots/one").status_code == 204
    assert listed(afas) == ["two"]
    restore(afas, "two")
    assert currencies(afas) == {"XA"}
    assert afas.control("DELETE", "/snapshots/two").status_code == 204
    assert currencies(afas) == {"XA"}


def test_access_and_configuration_stay(afas: Afas) -> None:
    taken(afas, "before")
    afas.configure(language="en", without=["commitments"])
    assert afas.control("POST", "/users", {"id": f"{afas.participant}.later"}).status_code == 201
    issued = afas.control("POST", "/app-connectors/1/tokens", {"user": f"{afas.participant}.later"})
    assert issued.status_code == 201, issued.text
    restore(afas, "before")
    shown = afas.control("GET").json()
    assert (shown["language"], shown["without"]) == ("en", ["commitments"])
    url = f"{afas.base_url}/profitversion"
    assert afas.http.get(url, headers={"Authorization": issued.json()["authorization"]}).status_code == 200


def test_a_fork_has_no_snapshots_and_leaves_those_of_its_parent(afas: Afas) -> None:
    put(afas, "XA")
    taken(afas, "parents")
    child = fork(afas)
    assert listed(child) == []
    put(child, "XB")
    taken(child, "childs")
    put(afas, "XC")
    restore(afas, "parents")
    assert (currencies(afas), currencies(child)) == ({"XA"}, {"XA", "XB"})
    child.control("DELETE")
    assert listed(afas) == ["parents"]


WRONG: list[tuple[str, str, Any, int, str]] = [
    ("POST", "/snapshots", {"name": ""}, 422, "'name' is ''"),
    ("POST", "/snapshots", {"name": "a/b"}, 422, "'name' is 'a/b'"),
    ("POST", "/snapshots", {"name": ".."}, 422, "'name' is '..'"),
    ("POST", "/snapshots", {"name": "x" * 65}, 422, "'name' is"),
    ("POST", "/snapshots", {"name": 7}, 422, "'name' is '7'"),
    ("POST", "/snapshots", {"label": "x"}, 422, "unknown key 'label'"),
    ("POST", "/snapshots", [], 422, "no object"),
    ("POST", "/snapshots/nowhere/restore", None, 404, "no snapshot 'nowhere'"),
    ("DELETE", "/snapshots/nowhere", None, 404, "no snapshot 'nowhere'"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "message"), WRONG)
def test_wrong_calls_say_what_to_do(afas: Afas, method: str, path: str, body: Any, status: int, message: str) -> None:
    answer = afas.control(method, path, body)
    assert answer.status_code == status
    assert message in answer.json()["error"]["message"]
    assert answer.json()["error"]["hint"]


def test_there_is_an_end_to_them(afas: Afas) -> None:
    for _ in range(MOST_SNAPSHOTS):
        taken(afas)
    answer = afas.control("POST", "/snapshots", {"name": "one more"})
    assert answer.status_code == 409
    taken(afas, "snapshot-7")
    assert len(listed(afas)) == MOST_SNAPSHOTS


# ---------------------------------------------------------------- kept


def test_snapshots_survive_a_killed_process(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with served(tmp_path, "--data", str(data)) as (process, ready):
        afas = client(ready)
        put(afas, "XA")
        taken(afas, "kept")
        taken(afas, "gone")
        put(afas, "XB")
        afas.control("DELETE", "/snapshots/gone")
        process.kill()
    with served(tmp_path, "--data", str(data)) as (_, ready):
        again = client(ready)
        assert listed(again) == ["kept"]
        assert currencies(again) == {"XA", "XB"}
        restore(again, "kept")
        assert currencies(again) == {"XA"}
        put(again, "XC")
        restore(again, "kept")
        assert currencies(again) == {"XA"}


def test_files_of_snapshots_go_with_them(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with served(tmp_path, "--data", str(data)) as (_, ready):
        afas = client(ready)
        child = fork(afas)
        files = set(data.glob("books-*.sqlite"))
        for name in ("XA", "XB"):
            put(child, name)
            taken(child, "same")
        put(child, "XC")
        assert len(set(data.glob("books-*.sqlite")) - files) == 2
        child.control("DELETE", "/snapshots/same")
        assert len(set(data.glob("books-*.sqlite")) - files) == 1
        taken(child)
        put(child, "XD")
        child.control("DELETE")
        assert set(data.glob("books-*.sqlite")) == files
