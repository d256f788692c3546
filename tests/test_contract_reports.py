"""Reports of a run: every one is made from the same events, and none lets a client's text break it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mock_afas_contracts.casefile import Case
from mock_afas_contracts.contract import Contract, Severity
from mock_afas_contracts.driver import Client
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
)
from mock_afas_contracts.observed import Exchange
from mock_afas_contracts.reports.files import report_to
from mock_afas_contracts.reports.matrix import Cell, matrix, operations_table
from mock_afas_contracts.reports.tally import Tally
from mock_afas_contracts.reports.terminal import Terminal
from mock_afas_contracts.steps import Step

#: What a hostile client or a careless administrator may bring: markup, what XML cannot hold, half a character.
NASTY = '<script>alert(1)</script> & "quotes" ]]> \x00\x1b \ud800 {{ 7 * 7 }} é漢😀'
SARIF = json.loads((Path(__file__).parent / "sarif-2.1.0-subset.json").read_text(encoding="utf-8"))


def a_contract(name: str, severity: Severity = "must", **more: Any) -> Contract:
    settings = {"operations": ("read",), "tell": lambda _story: None, **more}
    return Contract(name, f"What {name} asks.", severity, "documented: it is so", **settings)


def an_exchange() -> Exchange:
    return Exchange(
        number=1,
        started=0.0,
        ended=0.1,
        method="GET",
        path=f"/ProfitRestServices/connectors/{NASTY}",
        query="skip=0",
        headers={},
        request_body=NASTY,
        request_size=1,
        status=200,
        response_body='{"rows":[1.10]}',
        response_size=1,
        parallel=1,
        token="T00001",
        outcome="answered",
    )


def a_case(contract: Contract) -> Case:
    step = Step("operation", f"read {NASTY}", {}, f"failed: {NASTY}", (an_exchange(),))
    return Case(contract.id, f"holds {NASTY}", {"seen": NASTY}, 7, {}, [NASTY], [step], stderr=NASTY)


PASSED = a_contract("read/pages-once")
FAILED = a_contract("manners/paging-without-order", severity="should")
KNOWN = a_contract("faults/lost", faults=("drop",), operations=("book_purchase_invoice", "read"))
DEPENDS = a_contract("read/depends", features=("currencies",))
UNTESTED = a_contract("documents/bytes", operations=("attach_document",))
CRASHED = a_contract("connect/token")
STORY: Sequence[Event] = (
    RunStarted((PASSED, FAILED, KNOWN, DEPENDS, UNTESTED, CRASHED), "fast", 7, f"python {NASTY}"),
    DriverIntroduced(Client(NASTY, "1.0", "Python", frozenset(("read",)), frozenset())),
    ContractPassed(PASSED, 12, 1.5),
    ContractFailed(FAILED, Verdict.FAILED, a_case(FAILED), 3, 2.0),
    ContractFailed(KNOWN, Verdict.FAILED, a_case(KNOWN), 3, 2.0, known_failing=True),
    ContractDepends(DEPENDS, "AMB-07", "unknown_connector", "unauthorized", a_case(DEPENDS), 4, 0.5),
    ContractNotTested(UNTESTED, f"the driver has no operation {NASTY}"),
    DriverTroubled("connect/token", "crashed", NASTY, NASTY),
    ContractFailed(CRASHED, Verdict.CRASHED, a_case(CRASHED), 1, 0.1),
    RunFinished(
        {
            PASSED.id: Verdict.PASSED,
            FAILED.id: Verdict.FAILED,
            KNOWN.id: Verdict.FAILED,
            DEPENDS.id: Verdict.DEPENDS,
            UNTESTED.id: Verdict.NOT_TESTED,
            CRASHED.id: Verdict.CRASHED,
        },
        6.1,
        good=False,
        interrupted="the time is over",
        unmatched=(f"faults/{NASTY}",),
    ),
)


def written(name: str, folder: Path, events: Sequence[Event] = STORY) -> str:
    path = folder / "deep" / "down" / f"report.{name}"
    report = report_to(name, path)
    for event in events:
        report.hear(event)
    return path.read_text(encoding="utf-8")


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own report


def finished(*events: Event, good: bool = True) -> tuple[Event, ...]:
    return (*events, RunFinished({}, 1.0, good=good))


# ---------------------------------------------------------------- JUnit


def test_junit_says_what_failed_and_what_was_not_tested(tmp_path: Path) -> None:
    root = parsed(written("junit", tmp_path))
    counted = {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counted == {"tests": "6", "failures": "2", "errors": "0", "skipped": "3"}
    families = [suite.get("name") for suite in root.iter("testsuite")]
    assert families == ["connect", "documents", "faults", "manners", "read"]
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert [kind.tag for kind in cases[PASSED.id]] == []
    assert [kind.tag for kind in cases[FAILED.id]] == ["failure", "system-err"]
    assert [kind.tag for kind in cases[KNOWN.id]] == ["skipped", "system-err"]
    assert [kind.tag for kind in cases[DEPENDS.id]] == ["skipped", "system-err"]
    assert [kind.tag for kind in cases[UNTESTED.id]] == ["skipped"]
    assert "AMB-07" in str(cases[DEPENDS.id][0].get("message"))
    story = str(cases[FAILED.id][0].text)
    assert "1. read <script>" in story
    assert "Evidence: documented: it is so" in story
    assert "\x00" not in story


def test_an_error_of_the_contract_itself_is_an_error_and_no_failure(tmp_path: Path) -> None:
    event = ContractFailed(PASSED, Verdict.ERROR, a_case(PASSED), 1, 0.1, trace="Traceback: oh")
    root = parsed(written("junit", tmp_path, finished(event, good=False)))
    assert (root.get("failures"), root.get("errors")) == ("0", "1")
    (error,) = root.iter("error")
    assert "Traceback: oh" in str(error.text)


def test_a_pass_of_what_is_known_to_fail_is_a_failure(tmp_path: Path) -> None:
    root = parsed(written("junit", tmp_path, finished(ContractPassed(KNOWN, 1, 0.1, known_failing=True))))
    (failure,) = root.iter("failure")
    assert "known to fail" in str(failure.get("message"))


# ---------------------------------------------------------------- JSON lines


def test_json_lines_are_the_events_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    report = report_to("json_lines", path)
    for number, event in enumerate(STORY, start=1):
        report.hear(event)
        assert len(path.read_text(encoding="utf-8").splitlines()) == number, "each is there at once"
    told = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [one["event"] for one in told][:3] == ["run_started", "driver_introduced", "contract_passed"]
    assert told[3]["case"]["steps"][0]["exchanges"][0]["method"] == "GET"
    assert told[-1]["verdicts"][CRASHED.id] == "driver crashed"


def test_half_a_character_survives_in_a_case_file(tmp_path: Path) -> None:
    a_case(FAILED).write(tmp_path / "case.json")
    assert json.loads((tmp_path / "case.json").read_text(encoding="utf-8"))["draws"] == [NASTY]


# ---------------------------------------------------------------- HTML


class Page(HTMLParser):
    """What a browser would see: elements, and text that is no script or style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts = 0
        self.details: list[dict[str, str | None]] = []
        self.seen: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        self.scripts += tag == "script"
        if tag == "details" and "data-state" in dict(attrs):
            self.details.append(dict(attrs))
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs), "needs nothing else"

    def handle_data(self, data: str) -> None:
        if self._inside not in ("script", "style"):
            self.seen.append(data)


def test_the_page_escapes_everything_and_can_be_filtered(tmp_path: Path) -> None:
    page = Page(written("html", tmp_path))
    text = "".join(page.seen)
    assert page.scripts == 1, "its own, and none of a client"
    assert "<script>alert(1)</script>" in text
    assert "{{ 7 * 7 }}" in text
    states = {one["data-family"]: one["data-state"] for one in page.details}
    assert states["manners"] == "failed"
    assert states["documents"] == "not-tested"
    assert sorted(str(one["data-state"]) for one in page.details if one["data-family"] == "read") == [
        "depends",
        "passed",
    ]
    opened = [one for one in page.details if "open" in one]
    assert len(opened) == 2, "what makes the run fail is open"
    assert "Not everything was run: the time is over" in text
    assert "curl -sS -X GET" in text


def test_a_run_in_which_nothing_ran_has_a_page(tmp_path: Path) -> None:
    assert "nothing was run" in written("html", tmp_path, finished(good=False))


# ---------------------------------------------------------------- SARIF and badge


def test_sarif_has_the_manners_and_is_valid(tmp_path: Path) -> None:
    document = json.loads(written("sarif", tmp_path))
    jsonschema.validate(document, SARIF)
    (run,) = document["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [FAILED.id]
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == (FAILED.id, "warning")
    assert "1. read" in result["message"]["text"]


def _failed(contract: Contract, *, known: bool = False) -> ContractFailed:
    return ContractFailed(contract, Verdict.FAILED, a_case(contract), 1, 0.1, known_failing=known)


@pytest.mark.parametrize(
    ("events", "message", "color"),
    [
        (finished(ContractPassed(PASSED, 1, 0.1), ContractNotTested(UNTESTED, "no")), "1/1", "brightgreen"),
        (finished(ContractPassed(PASSED, 1, 0.1), _failed(FAILED), good=False), "1/2", "orange"),
        (finished(_failed(PASSED), good=False), "0/1", "red"),
        (finished(_failed(KNOWN, known=True)), "0/1", "yellow"),
        (finished(good=False), "not tested", "orange"),
    ],
    ids=["good", "should", "must", "known", "nothing"],
)
def test_the_badge(tmp_path: Path, events: Sequence[Event], message: str, color: str) -> None:
    badge = json.loads(written("badge", tmp_path, events))
    assert badge == {"schemaVersion": 1, "label": "AFAS contracts", "message": message, "color": color}


# ---------------------------------------------------------------- the table


def tallied() -> Tally:
    tally = Tally()
    for event in STORY:
        tally.hear(event)
    return tally


def test_operations_stand_against_features_and_faults() -> None:
    found = matrix(tallied().results)
    row = dict(zip(found.columns, found.rows["read"], strict=True))
    assert row["plain"] == Cell(passed=1, failed=2)
    assert row["currencies"] == Cell(depends=1)
    assert row["drop"] == Cell(failed=1)
    assert [str(row[name]) for name in ("plain", "currencies", "projects")] == ["1/3", "0/1", "-"]
    assert found.rows["attach_document"][0].state == "not-tested"


def test_the_terminal_shows_the_table_and_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(live=False)
    for event in STORY:
        terminal.hear(event)
    shown = capsys.readouterr().out
    assert not set("\x00\x1b\ud800") & set(shown), "nothing of a client steers the terminal"
    assert "not everything was run: the time is over" in shown
    lines = operations_table(tallied().results)
    assert len({len(line) for line in lines}) == 1
    assert lines[1].split() == ["operation", "read", "1", "3", "1", "-"]
