"""The pytest plugin, as the tests of a user's project see it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import pytest

from mock_afas import pytest_plugin
from tests.support import Afas

pytest_plugins = ("pytester",)

#: What the tests of a user have: a client, without help of ours.
CLIENT = """
import json, urllib.error, urllib.parse, urllib.request
import pytest

def get(afas, path, **parameters):
    url = f"{afas.base_url}/{path}?{urllib.parse.urlencode(parameters)}"
    request = urllib.request.Request(url, headers={"Authorization": afas.authorization})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)

def currencies(afas):
    rows = get(afas, "connectors/Zenvoices_Currencies", skip=-1, take=-1, orderbyfieldids="CurrencyId")["rows"]
    return {row["CurrencyId"] for row in rows}
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project whose warnings are errors and whose markers are strict, and no plugins but ours and pytest-xdist."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "mock_afas.pytest_plugin,xdist.plugin")
    pytester.makeini("[pytest]\nfilterwarnings = error\naddopts = --strict-markers -p no:cacheprovider\n")
    pytester.makepyfile(client=CLIENT)
    return pytester


def run(project: pytest.Pytester, tests: str, *arguments: str) -> pytest.RunResult:
    """Runs ``tests`` in a process of their own, as a user does."""
    project.makepyfile(test_mine=f"from client import *\n{tests}")
    return project.runpytest_subprocess(*arguments)


def servers_of(project: pytest.Pytester) -> list[int]:
    """Processes of servers that tests of ``project`` noted in ``pid`` and that still run."""
    file = project.path / "pid"
    noted = [int(line) for line in file.read_text().split()] if file.exists() else []
    return [process for process in set(noted) if Path(f"/proc/{process}").exists() and not _is_zombie(process)]


def _is_zombie(process: int) -> bool:
    return ") Z " in Path(f"/proc/{process}/stat").read_text()


NOTE_PID = """
@pytest.fixture(autouse=True)
def noted(afas_server):
    environment = afas_server.fork()
    with open("pid", "a") as file:
        file.write(f"{pid_of(environment)} ")

def pid_of(environment):
    return environment._server.control.call("POST", f"/environments/{environment.environment}/forks", {})["pid"]
"""


# ---------------------------------------------------------------- the fixtures


def test_a_test_gets_an_environment_of_its_own(project: pytest.Pytester) -> None:
    done = run(
        project,
        """
seen = []

@pytest.mark.parametrize("number", range(3))
def test_private(afas, number):
    assert afas.environment[1:6] == afas.participant
    assert afas.base_url.endswith("/ProfitRestServices")
    assert afas.token.startswith("<token>")
    assert not currencies(afas) & {"XA0", "XA1", "XA2"}
    afas.put_data("currencies", {"currency": f"XA{number}"})
    assert currencies(afas) & {"XA0", "XA1", "XA2"} == {f"XA{number}"}
    assert {row["currency"] for row in afas.data("currencies")} >= {f"XA{number}"}
    assert afas.authorization not in seen
    seen.append(afas.authorization)

def test_the_environment_goes_with_its_test(afas_server):
    assert len(afas_server.control.call("GET", "/environments")["environments"]) == 1
    for authorization in seen:
        with pytest.raises(urllib.error.HTTPError, match="401"):
            get(type("Gone", (), {"base_url": afas_server.fork().base_url, "authorization": authorization}), "metainfo")
""",
    )
    done.assert_outcomes(passed=4)


def test_what_an_environment_can_do(project: pytest.Pytester) -> None:
    done = run(
        project,
        """
def test_books_traffic_and_findings(afas):
    assert set(afas.books()) == {"entries", "invoices", "suppliers", "customers", "subjects", "commitments"}
    get(afas, "connectors/Zenvoices_Currencies", skip=0, take=2)
    (call,) = afas.traffic()
    assert call["request"]["path"].endswith("/connectors/Zenvoices_Currencies")
    assert "missing-integration-id" in {finding["rule"] for finding in afas.findings()}
    assert afas.remarks() == []
    afas.clear_traffic()
    assert afas.traffic() == []

def test_errors_are_explained(afas):
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(afas, "connectors/Zenvoices_Currencies", take="x")
    reference = json.load(caught.value)["profitLogReference"]
    assert [entry["reference"] for entry in afas.logbook()] == [reference]
    assert afas.logged(reference)["reason"]["value"] == "x"

@pytest.mark.parametrize("given", [
    {"kind": "status", "status": 418, "connector": "Zenvoices_Currencies", "nth": 2},
    {"match": {"connector": "Zenvoices_Currencies", "nth": 2}, "effect": {"kind": "status", "status": 418}},
])
def test_faults(afas, given):
    fault = afas.fault(**given)
    currencies(afas)
    with pytest.raises(urllib.error.HTTPError, match="418"):
        currencies(afas)
    assert [(fault["matched"], fault["fired"]) for fault in afas.faults()] == [(2, 1)]
    afas.clear_faults()
    assert afas.faults() == []

def test_features_and_configuration(afas):
    afas.without("projects")
    afas.without(["commitments"], "projects")
    afas.configure(profit_version=6, language="en")
    shown = afas.control("GET")
    assert (shown["without"], shown["profit_version"]) == (["commitments", "projects"], 6)
    assert "Zenvoices_Projects" not in str(get(afas, "metainfo"))

def test_copies(afas):
    afas.put_data("currencies", [{"currency": "XA"}])
    name = afas.snapshot()
    other = afas.fork()
    afas.put_data("currencies", [{"currency": "XB"}], {"currency": "XC"})
    assert currencies(afas) >= {"XA", "XB", "XC"}
    assert not currencies(other) & {"XB", "XC"}
    afas.restore(name)
    assert currencies(afas) & {"XA", "XB", "XC"} == {"XA"}
    afas.reset()
    assert not currencies(afas) & {"XA", "XB", "XC"}
    assert "XA" in currencies(other)

def test_copies_are_gone(afas_server):
    assert len(afas_server.control.call("GET", "/environments")["environments"]) == 1
""",
    )
    done.assert_outcomes(passed=7)


def test_the_marker_makes_the_environment(project: pytest.Pytester) -> None:
    done = run(
        project,
        """
pytestmark = pytest.mark.afas(language="en", without=["commitments"])

@pytest.mark.afas(without={"projects", "allocation"}, profit_version=6)
def test_nearer_markers_go_first(afas):
    shown = afas.control("GET")
    assert (shown["language"], shown["without"], shown["profit_version"]) == ("en", ["allocation", "projects"], 6)
    assert get(afas, "profitversion") == {"version": "6.0.0.0"}

MARCH = {"administration": 1, "year": 2024, "period": 3}

@pytest.mark.afas(type="T", clock="2024-05-01T09:00:00", blocked_periods=[MARCH])
def test_other_keys_make_a_new_one(afas):
    shown = afas.control("GET")
    assert (shown["type"], shown["clock"]) == ("T", "2024-05-01T09:00:00")
    assert [row["blocked"] for row in afas.data("periods") if MARCH.items() <= row.items()] == [True]

@pytest.mark.afas(bare=True)
def test_before_the_set_up_guide(afas):
    assert (afas.token, afas.authorization) == ("", "")

@pytest.mark.afas(colour="blue")
def test_unknown_key(afas):
    pass

@pytest.mark.afas("projects")
def test_without_a_name(afas):
    pass

@pytest.mark.afas(dialect={"order": "upwards"})
def test_refused(afas):
    pass

def test_nothing_stays(afas_server):
    assert len(afas_server.control.call("GET", "/environments")["environments"]) == 1
""",
    )
    done.assert_outcomes(passed=4, errors=3)
    done.stdout.fnmatch_lines(["*unknown key 'colour'*", "*the keys are *without*"])
    done.stdout.fnmatch_lines(["*the marker afas is given ('projects',)*"])
    done.stdout.fnmatch_lines(["*'dialect.order' takes shuffled or stable*"])
    done.stdout.no_fnmatch_line("*Traceback*")


# ---------------------------------------------------------------- the report

FAILING = """
def test_failing(afas):
    currencies(afas)
    try:
        get(afas, "connectors/Zenvoices_Currencies", take="x")
    except urllib.error.HTTPError:
        pass
    assert False, "on purpose"

def test_passing(afas):
    currencies(afas)

def test_without_environment():
    assert False
"""


def test_a_failure_shows_traffic_reasons_and_findings(project: pytest.Pytester) -> None:
    done = run(project, FAILING)
    done.assert_outcomes(passed=1, failed=2)
    text = done.stdout.str()
    assert text.count(": traffic -") == 1
    done.stdout.fnmatch_lines(
        [
            "*AFAS O*AA: traffic*",
            "  1  GET /connectors/Zenvoices_Currencies[?]*take=-1* -> 200",
            "  2  GET /connectors/Zenvoices_Currencies[?]take=x -> 500",
            "     got:  {*profitLogReference*",
            "     why:  rule take, path take, value x, allowed a number from 0*",
            "*AFAS O*AA: findings*",
            "*missing-integration-id*",
        ]
    )
    assert not re.search("AfasToken|<token>", text)


def test_reports_come_from_workers_too(project: pytest.Pytester) -> None:
    done = run(project, FAILING, "-n", "2")
    done.assert_outcomes(passed=1, failed=2)
    done.stdout.fnmatch_lines(["*AFAS O*AA: traffic*", "     why:  rule take*"])


def test_a_long_story_is_cut(project: pytest.Pytester) -> None:
    done = run(
        project,
        """
def test_failing(afas):
    for _ in range(25):
        get(afas, "profitversion", filler="x" * 1000)
    assert False
""",
    )
    lines = done.stdout.str().splitlines()
    assert "… 5 calls before these" in lines
    assert max(len(line) for line in lines if "profitversion" in line and "->" in line) < 400


# ---------------------------------------------------------------- servers


def test_workers_share_a_server_and_nothing_else(project: pytest.Pytester) -> None:
    done = run(
        project,
        f"""{NOTE_PID}
@pytest.mark.parametrize("number", range(200))
def test_private(afas, number):
    mine = f"{{number:03}}"
    afas.put_data("currencies", {{"currency": mine}})
    if number % 4 == 0:
        afas.fault("status", status=503, connector="Zenvoices_Items")
    if number % 4 == 1:
        afas.without("currencies")
        return
    assert {{name for name in currencies(afas) if name.isdigit()}} == {{mine}}
    assert len(afas.traffic()) == 1
    if number % 4:
        get(afas, "connectors/Zenvoices_Items")
""",
        *("-n", "4"),
    )
    done.assert_outcomes(passed=200)
    assert len(set((project.path / "pid").read_text().split())) == 1
    until = time.monotonic() + 120
    while servers_of(project):
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_running_server_is_used_and_left_as_it_was(project: pytest.Pytester, demo: Afas) -> None:
    count = len(demo.http.get(f"{demo.control_url}/environments").json()["environments"])
    tests = """
def test_there(afas, afas_server):
    assert currencies(afas)
    assert afas_server.create(language="en").control("GET")["language"] == "en"
"""
    for url in (demo.control_url, demo.base_url, demo.base_url.removesuffix("/ProfitRestServices") + "/"):
        run(project, tests, "--afas-url", url).assert_outcomes(passed=1)
    assert len(demo.http.get(f"{demo.control_url}/environments").json()["environments"]) == count


@pytest.mark.parametrize(
    ("url", "told"),
    [("http://127.0.0.1:9", "no server answers at http://127.0.0.1:9/_mock"), ("nonsense", "no address")],
)
def test_a_server_that_is_not_there(project: pytest.Pytester, url: str, told: str) -> None:
    done = run(project, "def test_there(afas):\n    pass\n", "--afas-url", url)
    done.assert_outcomes(errors=1)
    assert told in done.stdout.str()


def test_nothing_is_started_or_imported_unused(project: pytest.Pytester) -> None:
    done = run(
        project,
        """
import sys

def test_unused():
    names = [name for name in sys.modules if name.startswith("mock_afas.") or name in ("starlette", "uvicorn", "click")]
    assert names == ["mock_afas.pytest_plugin"]
""",
    )
    done.assert_outcomes(passed=1)
    shown = project.runpytest_subprocess("--markers", "--fixtures").stdout.str()
    assert "@pytest.mark.afas(**settings)" in shown


def test_files_of_the_project_do_not_stand_in_for_modules(project: pytest.Pytester) -> None:
    tests = "from client import *\ndef test_there(afas):\n    assert currencies(afas)\n"
    project.makepyfile(uvicorn="raise ImportError", starlette="raise ImportError", test_mine=tests)
    # Not by pytester, which puts the directory on the path of every process.
    done = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=project.path, capture_output=True, check=False)
    assert b"1 passed" in done.stdout


def test_pytest_finds_the_plugin_by_itself() -> None:
    (point,) = metadata.entry_points(group="pytest11", name="mock_afas")
    assert point.load() is pytest_plugin


def test_the_server_ends_with_a_run_that_is_killed(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_mine=f"from client import *\nimport time\n{NOTE_PID}\ndef test_long(afas):\n    time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-m", "pytest", "-q"], cwd=project.path, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 300
    while not servers_of(project):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    while servers_of(project):
        assert time.monotonic() < until
        time.sleep(0.1)
