"""Runs of contracts: verdicts, what is known to fail, limits, seeds; with small contracts and clients of our own."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from mock_afas_contracts import scenarios
from mock_afas_contracts.adapter import AdapterDriver, CannotDo, Refused
from mock_afas_contracts.contract import CONTRACTS, contract
from mock_afas_contracts.driver import Connection, Failed
from mock_afas_contracts.events import (
    ContractDepends,
    ContractFailed,
    ContractNotTested,
    ContractPassed,
    DriverIntroduced,
    DriverTroubled,
    Event,
    RunFinished,
    RunStarted,
    Verdict,
    as_json,
)
from mock_afas_contracts.line_driver import process_driver
from mock_afas_contracts.runner import MOST_HANGS, OUT_OF_TIME, Lab, Options, Run, read_known_failing
from mock_afas_contracts.story import Story
from mock_afas_contracts.target import Target
from tests import support
from tests.support import Afas

TROUBLED = Path(__file__).parent / "contracts" / "troubled.py"


class Simple:
    """A client that adds up its calls and knows no AFAS."""

    name = "simple"
    version = "1"

    def start(self, connection: Connection) -> None:
        self.connection = connection
        self.calls = 0

    def connect(self) -> dict[str, Any]:
        self.calls += 1
        return {"administrations": [{"id": 1, "name": f"call {self.calls}"}]}

    def read(self, *, connector: str, changed_since: str = "") -> dict[str, Any]:
        if changed_since:
            raise CannotDo("it reads everything or nothing")
        if connector == "none":
            raise Refused("Connector niet gevonden", "AB12")
        return {"rows": [{"n": 1}]}

    async def features(self) -> dict[str, bool]:
        return dict.fromkeys(("currencies", "projects", "allocation", "commitments"), True)


@pytest.fixture(scope="module")
def afas() -> Iterator[Afas]:
    scenarios.load()
    serving, afas = support.start()
    yield afas
    afas.http.close()
    serving.stop()


@pytest.fixture(autouse=True)
def only_those_of_the_test() -> Iterator[None]:
    kept = dict(CONTRACTS)
    CONTRACTS.clear()
    yield
    CONTRACTS.clear()
    CONTRACTS.update(kept)


def add(name: str, tell: Any, **changes: Any) -> None:
    facts: dict[str, Any] = {
        "sentence": "It is right.",
        "severity": "must",
        "evidence": "ours",
        "operations": ("connect",),
        **changes,
    }
    contract(id=name, **facts)(tell)


def run(afas: Afas, make_driver: Any = lambda: AdapterDriver(Simple()), **options: Any) -> list[Event]:
    lab = Lab(make_driver, lambda: Target(afas.control_url), "the driver")
    return list(Run(lab, Options(**{"workers": 1, **options})).events())


def verdicts(events: list[Event]) -> dict[str, str]:
    finished = events[-1]
    assert isinstance(finished, RunFinished)
    return {name: verdict.value for name, verdict in finished.verdicts.items()}


def good(events: list[Event]) -> bool:
    finished = events[-1]
    assert isinstance(finished, RunFinished)
    return finished.good


def well(story: Story) -> None:
    story.succeed("connect")


def badly(story: Story) -> None:
    numbers = story.draw(st.lists(st.integers(0, 100)))
    for number in numbers:
        story.succeed("connect")
        story.check(number < 7, "numbers are small", number=number)


def test_a_run_from_begin_to_end(afas: Afas) -> None:
    add("a/well", well)
    add("a/badly", badly)
    events = run(afas)
    assert [type(event) for event in events[:2]] == [RunStarted, DriverIntroduced]
    assert verdicts(events) == {"a/badly": "failed", "a/well": "passed"}
    assert not good(events)
    assert all(as_json(event)["event"] for event in events)
    (failed,) = [event for event in events if isinstance(event, ContractFailed)]
    assert failed.case.draws == [[7]]
    assert failed.case.title == "numbers are small"
    assert failed.case.details == {"number": 7}
    assert failed.case.repeatable
    assert failed.case.text().splitlines() == [
        "1. connect",
        "   = done: administrations (1)",
        "Should hold: numbers are small",
        "   number: 7",
    ]


def test_environments_go_with_their_stories(afas: Afas) -> None:
    add("a/well", well)
    before = afas.http.get(f"{afas.control_url}/environments").json()
    run(afas)
    assert afas.http.get(f"{afas.control_url}/environments").json() == before


def depends(story: Story) -> None:
    story.succeed("connect")
    chosen = story.afas.control("GET")["dialect"]
    story.check(chosen["results"] == "wrapped", "answers are wrapped")


def breaks(story: Story) -> None:
    raise KeyError(story.draw(st.just("nowhere")))


def draws_what_json_cannot_keep(story: Story) -> None:
    story.draw(st.tuples(st.integers()))


def skips(story: Story) -> None:
    story.run("read", connector="x", changed_since="2026-11-24")


def refused(story: Story) -> None:
    story.check(
        story.run("read", connector="none") == Failed("Connector niet gevonden", "AB12", "rejected"), "it is told"
    )


def succeeds_not(story: Story) -> None:
    story.succeed("read", connector="none")


def undeclared(story: Story) -> None:
    story.run("create_supplier", name="x")


def wrong_arguments(story: Story) -> None:
    story.run("connect", to="nowhere")


#: What a contract does, its facts, the verdict, and what is said of it.
VERDICTS: dict[str, tuple[Any, dict[str, Any], str, str]] = {
    "depends on a reading": (depends, {"dialects": ("results", "put_status")}, "depends", "AMB-09"),
    "the contract breaks": (breaks, {}, "error", "KeyError: 'nowhere'"),
    "draws no JSON": (draws_what_json_cannot_keep, {}, "error", "a story draws only what JSON keeps"),
    "arguments of no kind": (wrong_arguments, {}, "error", "'arguments.connect' is not as the schema has it"),
    "an operation is skipped": (skips, {}, "not tested", "the driver skipped read: it reads everything or nothing"),
    "an operation is missing": (
        well,
        {"operations": ("create_supplier",)},
        "not tested",
        "no operation create_supplier",
    ),
    "an operation turns out missing": (undeclared, {}, "not tested", "the driver has no operation create_supplier"),
    "refusals are values": (refused, {}, "passed", ""),
    "what should succeed": (succeeds_not, {}, "failed", "the client can read"),
}


@pytest.mark.parametrize("kind", VERDICTS)
def test_verdicts(afas: Afas, kind: str) -> None:
    tell, changes, verdict, said = VERDICTS[kind]
    add("a/b", tell, **changes)
    events = run(afas)
    assert verdicts(events) == {"a/b": verdict}
    assert good(events) is (verdict in ("passed", "depends"))
    (ended,) = [
        event
        for event in events
        if isinstance(event, ContractPassed | ContractFailed | ContractDepends | ContractNotTested)
    ]
    assert said in str(as_json(ended))


def test_features_that_are_not_asked_for(afas: Afas) -> None:
    add("a/b", well, features=("projects",))
    assert verdicts(run(afas)) == {"a/b": "passed"}
    events = run(afas, features=frozenset(("currencies",)))
    assert verdicts(events) == {"a/b": "not tested"}
    assert "the client does not support projects" in str(events)


def test_a_story_uses_no_feature_that_is_not_asked_for(afas: Afas) -> None:
    seen: list[frozenset[str]] = []
    add("a/b", lambda story: seen.append(story.features))
    run(afas, features=frozenset(("currencies",)))
    run(afas)
    assert seen[0] <= {"currencies"}
    assert "projects" in seen[-1]


TROUBLES = {
    "fine": "passed",
    "garbage": "driver broke protocol",
    "twice": "driver broke protocol",
    "other seq": "driver broke protocol",
    "wrong result": "driver broke protocol",
    "hang": "driver hung",
    "exit": "driver crashed",
    "killed": "driver crashed",
    "leak": "passed",
    "skip": "not tested",
    "no start": "not tested",
    "wrong start": "not tested",
}


def connects_twice(story: Story) -> None:
    story.succeed("connect")
    time.sleep(0.05)
    story.succeed("connect")


@pytest.mark.parametrize("trouble", TROUBLES)
def test_troubled_drivers(afas: Afas, trouble: str) -> None:
    add("a/b", connects_twice)
    command = shlex.join([sys.executable, str(TROUBLED), trouble])
    # The driver that hangs must have the time to start, on a busy machine too; the others need no limit.
    events = run(afas, lambda: process_driver(command, timeout=5 if trouble == "hang" else 60))
    assert verdicts(events) == {"a/b": TROUBLES[trouble]}
    assert good(events) is (TROUBLES[trouble] == "passed")
    troubled = [event for event in events if isinstance(event, DriverTroubled)]
    assert bool(troubled) is (trouble not in ("fine", "leak", "skip"))


def test_a_driver_that_crashed_goes_on_with_the_next_contract(afas: Afas) -> None:
    add("a/connect", well)
    add("a/features", lambda story: story.succeed("features"), operations=("features",))
    command = shlex.join([sys.executable, str(TROUBLED), "exit"])
    assert verdicts(run(afas, lambda: process_driver(command)))["a/connect"] == "driver crashed"


def test_a_driver_that_always_hangs_does_not_take_all_day(afas: Afas) -> None:
    for at in range(12):
        add(f"a/{at:02}", well)
    command = shlex.join([sys.executable, str(TROUBLED), "hang"])
    events = run(afas, lambda: process_driver(command, timeout=2), workers=2)
    finished = events[-1]
    assert isinstance(finished, RunFinished)
    assert finished.interrupted.startswith("the driver hung in ")
    assert list(finished.verdicts.values()).count(Verdict.HUNG) in {MOST_HANGS, MOST_HANGS + 1}


def test_select_by_pattern_or_family(afas: Afas) -> None:
    for name in ("a/well", "a/good", "ab/well"):
        add(name, well)
    assert set(verdicts(run(afas, select=("a",)))) == {"a/good", "a/well"}
    assert set(verdicts(run(afas, select=("*/well",)))) == {"a/well", "ab/well"}


class TestKnownFailing:
    def test_they_are_run_and_do_not_count(self, afas: Afas, tmp_path: Path) -> None:
        file = tmp_path / "known"
        file.write_text("# ours\na/bad*  # until version 2\n\n")
        add("a/badly", badly)
        add("a/well", well)
        events = run(afas, known_failing=read_known_failing(file))
        assert verdicts(events) == {"a/badly": "failed", "a/well": "passed"}
        assert good(events)

    def test_one_that_passes_fails_the_run(self, afas: Afas) -> None:
        add("a/well", well)
        events = run(afas, known_failing=("a/*",))
        finished = events[-1]
        assert isinstance(finished, RunFinished)
        assert (finished.good, finished.unexpected) == (False, ("a/well",))

    def test_a_pattern_that_matches_nothing_fails_the_run(self, afas: Afas) -> None:
        add("a/well", well)
        events = run(afas, known_failing=("b/*",))
        finished = events[-1]
        assert isinstance(finished, RunFinished)
        assert (finished.good, finished.unmatched) == (False, ("b/*",))


def test_the_time_of_a_run_is_limited(afas: Afas) -> None:
    told = []

    def slow(story: Story) -> None:
        told.append(story)
        story.succeed("connect")
        time.sleep(0.3)
        story.draw(st.integers())

    add("a/slow", slow)
    add("b/slow", slow)
    events = run(afas, max_time=0.5)
    finished = events[-1]
    assert isinstance(finished, RunFinished)
    assert finished.interrupted == OUT_OF_TIME
    assert set(finished.verdicts.values()) == {Verdict.NOT_TESTED}
    assert len(told) <= 3, "a story begins only while there is time"


def test_a_run_can_be_stopped_from_outside(afas: Afas) -> None:
    for at in range(20):
        add(f"a/{at}", well)
    lab = Lab(lambda: AdapterDriver(Simple()), lambda: Target(afas.control_url), "the driver")
    running = Run(lab, Options(workers=2))
    events: list[Event] = []
    for event in running.events():
        events.append(event)
        if isinstance(event, ContractPassed):
            running.stop()
    finished = events[-1]
    assert isinstance(finished, RunFinished)
    assert (finished.good, finished.interrupted) == (False, "the run was stopped")
    assert len(finished.verdicts) == 20
    assert Verdict.NOT_TESTED in finished.verdicts.values()


def rare(story: Story) -> None:
    number = story.draw(st.integers(0, 10**9))
    story.draw(st.text(max_size=3))
    story.succeed("connect")
    story.check(number % 3, "it is no multiple of three", number=number)


def test_the_same_seed_tells_the_same_stories(afas: Afas) -> None:
    add("a/b", rare, examples=3)
    add("a/c", badly)
    add("a/d", well)

    def seen(seed: int, workers: int) -> list[Any]:
        events = run(afas, seed=seed, workers=workers)
        ended = [event for event in events if isinstance(event, ContractPassed | ContractFailed)]
        cases = [event.case.draws if isinstance(event, ContractFailed) else None for event in ended]
        return sorted((event.contract.id, event.examples, str(case)) for event, case in zip(ended, cases, strict=True))

    first = seen(1, 1)
    assert first == seen(1, 2) == seen(1, 1)
    assert first != seen(2, 1)


def test_ctrl_c_ends_with_the_report_so_far(tmp_path: Path) -> None:
    driver = shlex.join([sys.executable, str(TROUBLED), "hang"])
    command = [sys.executable, "-m", "mock_afas_contracts", "run", "--driver", driver, "--timeout", "30"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
        cwd=tmp_path,
    ) as running:
        assert running.stdout
        lines = iter(running.stdout.readline, "")
        assert any(line.startswith("client: troubled") for line in lines)
        time.sleep(1)
        os.killpg(running.pid, signal.SIGINT)
        rest = "".join(lines)
        assert running.wait(60) == 2
    assert list(tmp_path.iterdir()) == []
    assert "not everything was run: the run was stopped" in rest
    assert "Traceback" not in rest


def long_plan(story: Story) -> None:
    """Wrong once two of its many steps have come, in this order; a step costs as much as a call of a real client."""
    plan = story.draw_list(st.sampled_from(["a", "b", "c", "d", "e", "f"]), min_size=8, max_size=12)
    opened = False
    for step in plan:
        story.note(step)
        time.sleep(0.02)
        opened = opened or step == "c"
        story.check(not (opened and step == "e"), "e does not come after c")


def test_a_plan_is_shrunk_to_the_steps_that_matter(afas: Afas) -> None:
    add("a/b", long_plan, operations=(), examples=4)
    (failed,) = [event for event in run(afas) if isinstance(event, ContractFailed)]
    assert [step.words for step in failed.case.steps] == ["c", "e"]
    assert failed.case.draws == [["c", "e"]]
