"""Public clients behind thin drivers: the suite sees on them what the record, and so the documentation, says.

``python -m contracts.real.record`` writes the record anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from contracts.real.lines import Driven, Refused, ran
from contracts.real.uses import USES, Use
from mock_afas_contracts.contract import CONTRACTS, fits, matching
from mock_afas_contracts.events import BAD, DriverIntroduced, RunFinished
from mock_afas_contracts.runner import Options, Run, read_known_failing
from mock_afas_contracts.scenarios import load
from mock_afas_contracts.target import Server
from tests.drivers import ROOT

load()
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
each_use = pytest.mark.parametrize("use", USES, ids=lambda use: use.name)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


def run(use: Use, server: Server, select: tuple[str, ...], known_failing: tuple[str, ...]) -> RunFinished:
    lab = use.lab(server.control_url, server.control_key)
    events = list(Run(lab, Options(select=select, known_failing=known_failing)).events())
    (client,) = [event.client for event in events if isinstance(event, DriverIntroduced)]
    seen = use.seen()
    assert (client.name, client.version) == (seen["client"], seen["version"])
    assert sorted(client.operations) == seen["operations"]
    finished = events[-1]
    assert isinstance(finished, RunFinished)
    return finished


@each_use
def test_the_suite_sees_what_is_recorded(use: Use, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    finished = run(use, server, () if THOROUGH else use.quick, read_known_failing(use.known_failing_file))
    assert (finished.unexpected, finished.unmatched) == ((), ())
    told = {name: verdict for name, verdict in finished.verdicts.items() if verdict != "not tested"}
    recorded = use.seen()["verdicts"]
    assert told == (recorded if THOROUGH else {name: recorded.get(name) for name in told})
    assert finished.good


def test_what_passes_and_what_is_no_contract_cannot_be_known_to_fail(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    listed = ("connect/token-form", "connect/nothing-like-it")
    finished = run(USES[0], server, ("connect/token-form",), listed)
    assert not finished.good
    assert (finished.unexpected, finished.unmatched) == (("connect/token-form",), ("connect/nothing-like-it",))


@each_use
def test_the_list_of_known_failures_is_what_fails(use: Use) -> None:
    listed = read_known_failing(use.known_failing_file)
    assert len(listed) == len(set(listed))
    assert set(listed) == {name for name, verdict in use.seen()["verdicts"].items() if verdict in BAD}


@each_use
def test_each_finding_has_its_story_and_says_where_it_comes_from(use: Use) -> None:
    seen = use.seen()
    findings = {name for name, verdict in seen["verdicts"].items() if verdict in BAD and use.decides(name)}
    assert findings <= set(seen["stories"])
    assert {name for name in findings if not use.remark(name)} == set()
    assert all(any(line.startswith("   > ") for line in seen["stories"][name]["story"]) for name in findings)


@each_use
def test_every_pattern_is_of_a_contract(use: Use) -> None:
    remarked = tuple(pattern for patterns in use.remarks for pattern in patterns)
    for pattern in (*use.judged, *use.quick, *remarked):
        assert matching((pattern,)), f"{pattern} fits none of the {len(CONTRACTS)} contracts"
    assert any(fits(name, use.quick) and verdict in BAD for name, verdict in use.seen()["verdicts"].items())


def _breaks(_client: object, _arguments: object) -> dict[str, object]:
    raise KeyError("rows")


def _refuses(_client: object, _arguments: object) -> dict[str, object]:
    raise Refused("status 500")


def test_what_a_client_raises_is_a_failure_and_what_it_cannot_do_is_skipped() -> None:
    operations = {"connect": _breaks, "read": _refuses, "features": lambda _client, given: given}
    driven = Driven("a client", "1.0", lambda start: start, operations)
    assert ran(driven, None, "connect", {}) == {"failed": {"message": "KeyError: 'rows'", "outcome": "unknown"}}
    assert ran(driven, None, "read", {}) == {"failed": {"message": "status 500", "outcome": "rejected"}}
    assert ran(driven, None, "features", {"a": 1}) == {"ok": {"a": 1}}
    assert set(ran(driven, None, "create_customer", {})) == {"skipped"}
