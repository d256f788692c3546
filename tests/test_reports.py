"""Reports of findings: text, JSON, SARIF and JUnit, from the control API and the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from mock_afas.traffic import RULES, reports
from tests.support import Afas
from tests.test_remarks import book
from tests.traffic_cases import CASES, play

SARIF = json.loads((Path(__file__).parent / "sarif-2.1.0-subset.json").read_text(encoding="utf-8"))
BAD = "all-rows-at-once"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mock_afas", "findings", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def of_server(afas: Afas, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run("--control", afas.control_url, "--environment", afas.environment, *arguments)


def report(**finding: Any) -> dict[str, Any]:
    whole = {
        "rule": BAD,
        "severity": "warning",
        "message": "a message",
        "evidence": "",
        "sure": "seen",
        "advice": "",
        "exchanges": [7],
        "calls": ["GET /x → 200"],
        "count": 1,
    }
    return {"findings": [{**whole, **finding}], "remarks": [], "source": "O1", "judged": 9, "passed_over": 2}


# ---------------------------------------------------------------- the control API


def test_a_report_says_what_it_judged(afas: Afas) -> None:
    play(CASES[BAD].bad, afas)
    answer = afas.control("GET", "/findings").json()
    assert (answer["source"], answer["judged"], answer["passed_over"]) == (afas.environment, 1, 0)
    (finding,) = answer["findings"]
    assert finding["exchanges"] == [1]
    assert finding["calls"][0].startswith("GET /connectors/Zenvoices_Currencies?skip=-1&take=-1 → 200, ")


@pytest.mark.parametrize("form", reports.FORMATS)
def test_the_control_api_gives_every_form(afas: Afas, form: str) -> None:
    play(CASES[BAD].bad, afas)
    answer = afas.control("GET", f"/findings?format={form}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == reports.FORMATS[form].media_type
    assert BAD in answer.text


@pytest.mark.parametrize("path", ["/findings", "/traffic"])
def test_an_unknown_form_is_refused(afas: Afas, path: str) -> None:
    answer = afas.control("GET", f"{path}?format=pdf")
    assert answer.status_code == 422
    assert answer.json()["error"]["message"] == "'format' is 'pdf'"


def test_cleared_traffic_has_no_findings(afas: Afas) -> None:
    play(CASES[BAD].bad, afas)
    afas.control("DELETE", "/traffic")
    assert afas.control("GET", "/findings").json()["findings"] == []


# ---------------------------------------------------------------- forms


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_sarif_is_valid(rule: Any) -> None:
    document = json.loads(reports.sarif(report(rule=rule.id, severity=rule.severity)))
    jsonschema.validate(document, SARIF)
    (run_,) = document["runs"]
    (result,) = run_["results"]
    assert run_["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == rule.id
    assert result["level"] == rule.severity
    assert result["locations"][0]["logicalLocations"][0]["name"] == "exchange 7"


def test_the_schema_of_sarif_refuses_what_is_none() -> None:
    document = json.loads(reports.sarif(report()))
    document["runs"][0]["results"][0]["level"] = "must"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SARIF)


def test_remarks_are_in_every_form(afas: Afas) -> None:
    entry = book(afas, "20.00")
    assert str(entry) in afas.control("GET", "/findings?format=text").text
    document = afas.control("GET", "/findings?format=sarif").json()
    jsonschema.validate(document, SARIF)
    remark = next(one for one in document["runs"][0]["results"] if one["ruleId"] == "vat-amount")
    assert (remark["level"], remark["properties"]["entry"]) == ("note", entry)


def test_junit_has_a_case_for_each_rule() -> None:
    suites = ET.fromstring(reports.junit(report(message='<&>"\x00\ud800')))  # noqa: S314 - our own text
    assert (suites.get("tests"), suites.get("failures")) == (str(len(RULES)), "1")
    cases = suites.findall("testsuite/testcase")
    assert [case.get("name") for case in cases] == [rule.id for rule in RULES]
    (failed,) = (case for case in cases if case.find("failure") is not None)
    failure = failed.find("failure")
    assert failure is not None
    assert failed.get("name") == BAD
    assert failure.get("message") == '<&>"��'
    assert "GET /x → 200" in (failure.text or "")


def test_text_is_for_people() -> None:
    written = reports.text(report(count=12))
    assert written.splitlines()[0] == "1 finding in 9 exchanges of O1; 2 others not judged"
    assert "warning all-rows-at-once: All rows in one call" in written
    assert "      7  GET /x → 200" in written
    assert "and 11 more" in written
    assert "\x1b" not in written
    assert "\x1b[33;1mwarning\x1b[0m" in reports.text(report(), colour=True)
    assert max(map(len, written.splitlines())) <= 100


def test_text_says_that_nothing_was_found() -> None:
    document = {**report(), "findings": []}
    assert reports.text(document) == "0 findings in 9 exchanges of O1; 2 others not judged\n"


# ---------------------------------------------------------------- the command line


def test_the_command_line_judges_an_environment(afas: Afas) -> None:
    good = of_server(afas)
    assert (good.returncode, good.stderr) == (0, "")
    play(CASES[BAD].bad, afas)
    bad = of_server(afas)
    assert (bad.returncode, bad.stderr) == (1, "")
    assert f"warning {BAD}" in bad.stdout
    assert "\x1b" not in bad.stdout


@pytest.mark.parametrize("form", reports.FORMATS)
def test_the_command_line_prints_what_the_control_api_gives(afas: Afas, form: str) -> None:
    play(CASES[BAD].bad, afas)
    printed = of_server(afas, "--format", form)
    assert printed.returncode == 1
    answer = afas.control("GET", f"/findings?format={form}")
    assert printed.stdout == answer.text


def test_the_command_line_judges_a_file(afas: Afas, tmp_path: Path) -> None:
    play(CASES[BAD].bad, afas)
    file = tmp_path / "calls.har"
    file.write_bytes(afas.control("GET", "/traffic?format=har").content)
    bad = run("--har", str(file), "--format", "json")
    assert bad.returncode == 1
    assert [one["rule"] for one in json.loads(bad.stdout)["findings"]] == [BAD]
    assert json.loads(bad.stdout)["source"] == str(file)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("nonsense", "is no JSON"), ('{"log": {"entries": []}}', "holds no call of Profit"), (None, "cannot be read")],
)
def test_a_file_that_cannot_be_judged_is_no_finding(tmp_path: Path, content: str | None, complaint: str) -> None:
    file = tmp_path / "calls.har"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    answer = run("--har", str(file))
    assert answer.returncode == 2
    assert complaint in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""


def test_a_server_that_is_not_there_is_no_finding() -> None:
    answer = run("--control", "http://127.0.0.1:1/_mock")
    assert answer.returncode == 2
    assert "no server answers" in answer.stderr
