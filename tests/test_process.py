"""The server as a process: the command line, the ready file, what survives a kill, how soon it answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_afas.access import token_xml
from tests.support import Afas, client_of

COMMAND = [sys.executable, "-m", "mock_afas"]
TOKEN = "0123456789ABCDEF" * 4


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


@contextmanager
def served(tmp_path: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A process that serves, and the contents of its ready file with an HTTP client beside them."""
    ready = tmp_path / f"ready-{time.monotonic_ns()}.json"
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--ready-file", str(ready), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 120
        while not ready.exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        with httpx.Client(timeout=60) as http:
            yield process, {**json.loads(ready.read_text()), "http": http}
    finally:
        process.kill()
        process.communicate()


def client(described: dict[str, Any]) -> Afas:
    return client_of(described, described["http"])


def test_the_ready_file(tmp_path: Path) -> None:
    with served(tmp_path, "--token", TOKEN) as (process, ready):
        (path,) = tmp_path.glob("ready-*")
        assert path.stat().st_mode & 0o777 == 0o600
        assert list(ready)[:-1] == [
            "base_url",
            "participant",
            "environment",
            "token",
            "authorization",
            "control_url",
            "control_key",
            "pid",
        ]
        assert ready["base_url"].endswith("/ProfitRestServices")
        assert ready["control_url"].endswith("/_mock")
        assert ready["pid"] == process.pid
        assert ready["token"] == token_xml(TOKEN)
        assert (ready["participant"], ready["environment"]) == ("12345", "O12345AA")
        assert client(ready).get("profitversion").json() == {"version": "8.0.0.0"}


def test_the_greeting_can_be_pasted(tmp_path: Path) -> None:
    with served(tmp_path, "--token", TOKEN.lower()) as (process, ready):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert not err
    assert ready["base_url"] in out
    assert f"curl -H 'Authorization: {ready['authorization']}'" in out


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_good_order(tmp_path: Path, asked: signal.Signals) -> None:
    with served(tmp_path, "--data", str(tmp_path / "data")) as (process, _):
        process.send_signal(asked)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert not err
    assert not list(tmp_path.glob("ready-*"))


def test_a_bare_environment_says_what_to_do(tmp_path: Path) -> None:
    profile = tmp_path / "bare.toml"
    profile.write_text("bare = true")
    with served(tmp_path, "--profile", str(profile)) as (process, ready):
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=120)
    assert ready["token"] is None
    assert "control API" in out
    assert "curl" not in out


OPTIONS = ["--profile", "lean", "--without", "allocation", "--profit-version", "6", "--clock", "2026-11-24T09:00:00"]


def test_options_make_the_environment(tmp_path: Path) -> None:
    with served(tmp_path, *OPTIONS, "--seed", "5", "--rows", "7") as (_, ready):
        shown = client(ready).control("GET").json()
    assert (shown["without"], shown["profit_version"]) == (["allocation"], 6)
    assert (shown["clock"], shown["seed"], shown["rows"]) == ("2026-11-24T09:00:00", 5, 7)


def test_same_seed_clock_and_calls_same_answers(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        with served(tmp_path, "--seed", "5", "--rows", "50", "--clock", "2026-11-24T09:00:00") as (_, ready):
            afas = client(ready)
            answers = [afas.get("connectors/Zenvoices_Suppliers", {"take": "20"}).text for _ in range(3)]
            answers.append(afas.get("connectors/nonsense").text)
            answers.append(afas.get("connectors/Zenvoices_Suppliers", {"skip": "-1", "take": "-1"}).text)
        seen.append(answers)
    assert seen[0] == seen[1]
    assert len(set(seen[0])) == 5


USES = [
    (("serve", "--port", "70000"), "--port"),
    (("serve", "--token", "12"), "64 hex digits"),
    (("serve", "--profit-version", "4"), "--profit-version"),
    (("serve", "--without", "euros"), "currencies"),
    (("serve", "--clock", "noon"), "clock"),
    (("serve", "--profile", "nowhere"), "lean"),
    (("serve", "--ready-file", "/nowhere/ready.json"), "--ready-file"),
    (("serve", "--rows", "2000000"), "--rows"),
    (("serve", "--host", "203.0.113.7", "--port", "0"), "--host"),
    (("serv",), "serve"),
    (("serve", "--colour"), "--colour"),
]


@pytest.mark.parametrize(("arguments", "named"), USES, ids=str)
def test_wrong_use_says_what_to_do(arguments: tuple[str, ...], named: str) -> None:
    done = command(*arguments)
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with served(tmp_path) as (_, ready):
        port = ready["base_url"].split(":")[2].split("/")[0]
        done = command("serve", "--port", port)
    assert done.returncode == 2
    assert "--port" in done.stderr


def test_a_broken_profile_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("without = [")
    done = command("serve", "--profile", str(path))
    assert done.returncode == 2
    assert "mine.toml" in done.stderr


def test_a_public_address_makes_a_control_key(tmp_path: Path) -> None:
    with served(tmp_path, "--host", "0.0.0.0") as (_, ready):
        assert ready["control_key"]
        without = httpx.get(f"{ready['control_url']}/health")
        with_key = httpx.get(
            f"{ready['control_url']}/health", headers={"Authorization": f"Bearer {ready['control_key']}"}
        )
    assert (without.status_code, with_key.status_code) == (401, 200)


def test_help_names_every_option() -> None:
    text = command("serve", "--help").stdout
    for option in ("--host", "--port", "--data", "--profile", "--without", "--clock", "--seed", "--rows", "--token"):
        assert option in text


# ---------------------------------------------------------------- --data


def test_environments_survive_the_process(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    with served(tmp_path, "--data", data, "--token", TOKEN) as (process, ready):
        afas = client(ready)
        afas.put("currencies", {"currency": "AAA", "description": "kept"})
        afas.configure(language="en", dialect={"order": "stable"})
        child = client_of(afas.control("POST", "/forks").json(), afas.http)
        child.put("currencies", {"currency": "BBB"})
        process.kill()
    with served(tmp_path, "--data", data) as (_, ready):
        again = client(ready)
        assert ready["authorization"] != afas.authorization
        assert again.control("GET").json()["dialect"]["order"] == "stable"
        names = [row["CurrencyId"] for row in again.rows("Zenvoices_Currencies", skip="-1", take="-1")]
        assert "AAA" in names
        assert "BBB" not in names
        for authorization, expected in ((afas.authorization, "AAA"), (child.authorization, "BBB")):
            answer = httpx.get(
                f"{ready['base_url']}/connectors/Zenvoices_Currencies?skip=-1&take=-1",
                headers={"Authorization": authorization},
            )
            assert expected in [row["CurrencyId"] for row in answer.json()["rows"]]
        client_of({**ready, "environment": child.environment}, again.http).control("POST", "/reset")


def test_a_pinned_token_opens_a_kept_environment_again(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    for _ in range(2):
        with served(tmp_path, "--data", data, "--token", TOKEN) as (_, ready):
            assert client(ready).get("metainfo").status_code == 200


def test_a_directory_serves_one_process(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    with served(tmp_path, "--data", data):
        done = command("serve", "--port", "0", "--data", data)
    assert done.returncode == 2
    assert "another process" in done.stderr


def test_no_acknowledged_write_is_lost_by_a_kill(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    acknowledged: list[str] = []
    with served(tmp_path, "--data", data, "--token", TOKEN) as (process, ready):
        afas = client(ready)

        def put(number: int) -> None:
            try:
                afas.put("currencies", {"currency": f"{number:03d}"})
            except httpx.HTTPError:
                return
            acknowledged.append(f"{number:03d}")
            if len(acknowledged) == 200:
                process.kill()

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(put, range(1_000)))
    assert 200 <= len(acknowledged) < 1_000
    with served(tmp_path, "--data", data, "--token", TOKEN) as (_, ready):
        rows = client(ready).control("GET", "/data/currencies").json()["rows"]
    assert set(acknowledged) <= {row["currency"] for row in rows}


def test_files_of_deleted_environments_go(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with served(tmp_path, "--data", str(data)) as (_, ready):
        afas = client(ready)
        files = set(data.glob("books-*.sqlite"))
        child = client_of(afas.control("POST", "/forks").json(), afas.http)
        child.put("currencies", {"currency": "BBB"})
        assert len(set(data.glob("books-*.sqlite"))) == len(files) + 1
        child.control("DELETE")
        assert set(data.glob("books-*.sqlite")) == files
    (data / "books-orphan.sqlite").write_bytes(b"left over")
    with served(tmp_path, "--data", str(data)):
        assert set(data.glob("books-*.sqlite")) == files


# ---------------------------------------------------------------- images


def test_a_broken_image_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv("MOCK_AFAS_CACHE", str(cache))
    with served(tmp_path) as (_, ready):
        first = client(ready).rows("Zenvoices_Periods", skip="-1", take="-1", orderbyfieldids="Unit,Year,Period")
    (image,) = cache.glob("*.image")
    whole = image.read_bytes()
    for broken in (b"", whole[:1000], whole[:-1], whole[:5000] + b"x" + whole[5001:]):
        image.write_bytes(broken)
        with served(tmp_path) as (_, ready):
            rows = client(ready).rows("Zenvoices_Periods", skip="-1", take="-1", orderbyfieldids="Unit,Year,Period")
            assert rows == first
        assert image.read_bytes() == whole


@pytest.mark.parametrize("cache", ["", "/proc/nowhere"])
def test_no_cache_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: str) -> None:
    monkeypatch.setenv("MOCK_AFAS_CACHE", cache)
    with served(tmp_path) as (_, ready):
        assert len(client(ready).rows("Zenvoices_Periods", take="5")) == 5


def test_what_is_seldom_needed_is_imported_when_it_is() -> None:
    seldom = ("mock_afas.control.judging", "mock_afas.gcn", "mock_afas.imports.importing", "mock_afas.traffic.rules")
    code = (
        "import sys, mock_afas.serving; from mock_afas import imports, traffic;"
        f"print([name for name in {seldom} if name in sys.modules]);"
        "print(imports.mapped.__module__, traffic.judge.__module__, hasattr(imports, 'nothing'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "mock_afas.imports.importing mock_afas.traffic.rules False"]


def test_starting_loads_nothing_it_does_not_need() -> None:
    code = (
        "import sys, mock_afas.serving;"
        "print([name for name in ('faker', 'hypothesis', 'jinja2', 'pytest', 'stdnum') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
