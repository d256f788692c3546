"""The clock of an environment: stands still, is moved, runs; what follows it; over forks and restarts."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Any

import pytest

from mock_afas import values
from mock_afas.clock import Clock
from tests.bodies import supplier
from tests.support import Afas, client_of, fork
from tests.test_control import error
from tests.test_process import client, served

NINE = "2026-11-24T09:00:00"
READ = "connectors/Zenvoices_Currencies"


def shown(afas: Afas) -> tuple[str | None, bool]:
    """The clock as the control API shows it, and whether it runs."""
    configuration = afas.control("GET").json()
    return configuration["clock"], configuration["clock_running"]


def now(afas: Afas) -> dt.datetime:
    """What the environment's clock shows, to the millisecond: the time of an error."""
    afas.get("connectors/Nergens")
    return dt.datetime.fromisoformat(afas.control("GET", "/logbook").json()["entries"][0]["time"])


def seconds_past(afas: Afas, moment: str) -> float:
    return (now(afas) - dt.datetime.fromisoformat(moment)).total_seconds()


def system_now() -> dt.datetime:
    return values.amsterdam(dt.datetime.now(dt.UTC))


# ---------------------------------------------------------------- stands, moves, runs


def test_by_default_it_is_the_systems(afas: Afas) -> None:
    assert shown(afas) == (None, False)
    assert abs((now(afas) - system_now()).total_seconds()) < 60


def test_it_stands_still(afas: Afas) -> None:
    afas.configure(clock=NINE)
    assert shown(afas) == (NINE, False)
    time.sleep(0.05)
    assert seconds_past(afas, NINE) == 0


@pytest.mark.parametrize("moment", ["2026-12-24T09:00:00", "2013-01-02T00:00:00", "2026-11-24T08:59:59"])
def test_it_is_moved_forward_and_back(afas: Afas, moment: str) -> None:
    afas.configure(clock=NINE)
    afas.configure(clock=moment)
    assert shown(afas) == (moment, False)
    assert seconds_past(afas, moment) == 0


def test_it_runs_from_a_moment(afas: Afas) -> None:
    began = time.monotonic()
    afas.configure(clock=NINE, clock_running=True)
    first = seconds_past(afas, NINE)
    time.sleep(0.2)
    second = seconds_past(afas, NINE)
    assert first >= 0
    assert second - first > 0.19
    assert second < time.monotonic() - began + 0.01


def test_it_is_stopped_where_it_is_and_runs_on_from_there(afas: Afas) -> None:
    afas.configure(clock=NINE, clock_running=True)
    time.sleep(0.1)
    afas.configure(clock_running=False)
    stopped = now(afas)
    time.sleep(0.1)
    assert now(afas) == stopped > dt.datetime.fromisoformat(NINE)
    afas.configure(clock_running=True)
    assert 0 <= (now(afas) - stopped).total_seconds() < 60


def test_a_running_clock_runs_on_when_it_is_moved(afas: Afas) -> None:
    afas.configure(clock=NINE, clock_running=True)
    afas.configure(clock="2027-01-01T00:00:00")
    assert shown(afas)[1] is True
    first = seconds_past(afas, "2027-01-01T00:00:00")
    time.sleep(0.05)
    assert first < seconds_past(afas, "2027-01-01T00:00:00") < 60


def test_it_goes_back_to_the_systems(afas: Afas) -> None:
    afas.configure(clock="2020-01-01T00:00:00", clock_running=True)
    afas.configure(clock=None)
    assert shown(afas)[0] is None
    assert abs((now(afas) - system_now()).total_seconds()) < 60


def test_the_configuration_can_be_sent_back(afas: Afas) -> None:
    afas.configure(clock=NINE, clock_running=True, maintenance={"from": "2027-01-01T00:00:00", "until": "2027-01-02"})
    configuration = afas.control("GET").json()
    assert configuration["clock"].startswith("2026-11-24T09:00:")
    assert configuration["maintenance"] == {"from": "2027-01-01T00:00:00", "until": "2027-01-02T00:00:00"}
    afas.configure(**configuration)
    assert 0 <= seconds_past(afas, NINE) < 60


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"clock_running": 1}, "clock_running"),
        ({"clock_running": None}, "clock_running"),
        ({"clock": "2026-11-24T09:00:00Z"}, "clock"),
        ({"clock": 5}, "clock"),
        ({"maintenance": -1}, "maintenance"),
        ({"maintenance": True}, "maintenance"),
        ({"maintenance": {}}, "maintenance"),
        ({"maintenance": {"from": NINE}}, "maintenance"),
        ({"maintenance": {"from": NINE, "until": NINE}}, "maintenance"),
        ({"maintenance": {"from": NINE, "until": None}}, "maintenance"),
        ({"maintenance": {"from": NINE, "until": "2026-11-25", "why": ""}}, "maintenance"),
    ],
)
def test_what_is_no_clock_is_refused(afas: Afas, changes: dict[str, Any], named: str) -> None:
    before = afas.control("GET").json()
    answer = afas.control("PATCH", body=changes)
    assert answer.status_code == 422
    assert named in error(answer)["message"] + error(answer)["hint"]
    assert afas.control("GET").json() == before


# ---------------------------------------------------------------- what follows it


def test_a_token_expires_when_the_clock_gets_there(afas: Afas) -> None:
    afas.configure(clock=NINE)
    user = afas.control("GET", "/users").json()["users"][0]["id"]
    body = {"user": user, "expires": "2026-11-24T10:00:00"}
    token = afas.control("POST", "/app-connectors/1/tokens", body).json()

    def status() -> int:
        headers = {"Authorization": token["authorization"]}
        return afas.http.get(f"{afas.base_url}/{READ}", headers=headers).status_code

    assert token["created"] == NINE
    assert status() == 200
    afas.configure(clock="2026-11-24T10:00:00")
    assert status() == 401
    afas.configure(clock="2026-11-24T09:59:59")
    assert status() == 200
    afas.configure(clock="2026-11-24T09:59:59.800000", clock_running=True)
    time.sleep(0.3)
    assert status() == 401


def test_what_is_written_has_the_time_of_the_clock(afas: Afas) -> None:
    afas.configure(clock="2026-11-24T09:00:07")
    headers = {"Authorization": afas.authorization}
    url = f"{afas.base_url}/connectors/KnPurchaseRelationOrg"
    made = afas.http.post(url, json=supplier(), headers=headers)
    number = made.json()["results"]["KnPurchaseRelationOrg"]["CrId"]
    afas.configure(clock="2026-12-01T00:00:00")
    afas.put("suppliers", {"supplier_id": "X1", "name": "Later"})
    rows = {row["CreditorId"]: row["ModifiedDate"] for row in afas.rows("Zenvoices_Suppliers", skip="-1", take="-1")}
    assert rows[number] == "2026-11-24T09:00:07Z"
    assert rows["X1"] == "2026-12-01T00:00:00Z"


@pytest.mark.parametrize(
    ("moment", "left"),
    [
        ("2026-11-24T21:59:59", None),
        ("2026-11-24T22:00:00", "5400"),
        ("2026-11-24T23:29:59", "1"),
        ("2026-11-24T23:29:59.500000", "1"),
        ("2026-11-24T23:30:00", None),
    ],
)
def test_a_maintenance_window_opens_and_closes(afas: Afas, moment: str, left: str | None) -> None:
    afas.configure(clock=moment, maintenance={"from": "2026-11-24T22:00:00", "until": "2026-11-24T23:30:00"})
    answer = afas.get(READ)
    assert (answer.status_code, answer.headers.get("retry-after")) == (503 if left else 200, left)
    if left:
        assert answer.json()["retry_after"] == int(left)


def test_a_maintenance_window_ends_by_itself(afas: Afas) -> None:
    began, seen = time.monotonic(), []
    afas.configure(
        clock="2026-11-24T23:29:58",
        clock_running=True,
        maintenance={"from": "2026-11-24T22:00:00", "until": "2026-11-24T23:30:00"},
    )
    while (answer := afas.get(READ)).status_code == 503:
        seen.append(answer.headers["retry-after"])
        assert time.monotonic() - began < 60
        time.sleep(0.1)
    assert answer.status_code == 200
    assert time.monotonic() - began >= 2
    assert set(seen) <= {"2", "1"}


# ---------------------------------------------------------------- forks and restarts


@pytest.mark.parametrize("running", [False, True])
def test_a_fork_has_the_clock_of_its_parent_and_moves_it_alone(afas: Afas, *, running: bool) -> None:
    afas.configure(clock=NINE, clock_running=running)
    time.sleep(0.05)
    copy = fork(afas)
    assert abs((now(copy) - now(afas)).total_seconds()) < 60
    assert seconds_past(copy, NINE) >= 0.05 * running
    copy.configure(clock="2027-01-01T00:00:00")
    assert 0 <= seconds_past(afas, NINE) < 60
    copy.control("DELETE")


def test_a_running_clock_runs_on_while_the_server_is_down(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    began = time.monotonic()
    window = {"from": "2026-11-25T22:00:00", "until": "2026-11-25T23:30:00"}
    with served(tmp_path, "--data", data, "--clock", NINE, "--clock-running") as (process, ready):
        running = client(ready)
        running.configure(maintenance=window)
        still = client_of(running.control("POST", "/forks").json(), running.http)
        still.configure(clock="2026-11-25T22:00:00", clock_running=False)
        down = now(running)
        process.kill()
    with served(tmp_path, "--data", data) as (_, ready):
        again = client(ready)
        assert shown(again)[1] is True
        assert again.control("GET").json()["maintenance"] == window
        assert down < now(again)
        assert seconds_past(again, NINE) < time.monotonic() - began
        described = {**ready, "environment": still.environment, "authorization": still.authorization}
        frozen = client_of(described, again.http)
        assert shown(frozen) == ("2026-11-25T22:00:00", False)
        assert frozen.get(READ).headers["retry-after"] == "5400"


@pytest.mark.parametrize(
    "clock",
    [
        Clock(),
        Clock(running=True),
        Clock().moved(dt.datetime(2026, 11, 24, 9)),
        Clock().moved(dt.datetime(2026, 11, 24, 9)).let_run(True),
    ],
)
def test_a_clock_is_kept_whole(clock: Clock) -> None:
    assert Clock.from_dict(clock.as_dict()) == clock
