"""Comparing two environments: what differs is told, what is the same is not, and nothing is written."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from typing import Any

import pytest

from mock_afas.compare import AREAS, Comparison, Side, compare
from mock_afas.compare.differences import ABSENT, Ordered, differences
from mock_afas.compare.side import header_value
from mock_afas.errors import ControlError
from tests.support import Afas, fork


def compared(left: Afas, right: Afas) -> Comparison:
    sides = Side("left", left.base_url, left.token), Side("right", right.base_url, right.token)
    with closing(sides[0]), closing(sides[1]):
        return compare(*sides)


def told(comparison: Comparison) -> dict[tuple[str, ...], tuple[str, str]]:
    return {(one.area, *one.subject): (one.left, one.right) for one in comparison.differences}


def test_copies_are_the_same(demo: Afas, afas: Afas) -> None:
    comparison = compared(demo, afas)
    assert comparison.differences == []
    assert list(comparison.areas) == [area.name for area in AREAS]
    assert comparison.skipped == []


def test_nothing_is_written(afas: Afas) -> None:
    other = fork(afas)
    books = afas.control("GET", "/books").json()
    comparison = compared(afas, other)
    recorded = [one for side in (afas, other) for one in side.control("GET", "/traffic").json()["exchanges"]]
    assert {one["request"]["method"] for one in recorded} == {"GET"}
    assert {one["request"]["size"] for one in recorded} == {0}
    assert {one["parallel"] for one in recorded} <= {0, 1}
    # on each side two calls without a token, and two with one that is none, are recorded in the first environment
    assert len(recorded) == comparison.calls - 2 * 4
    assert afas.control("GET", "/books").json() == books
    other.control("DELETE")


#: What is set on the right, and a difference that it makes.
SETTINGS: dict[str, tuple[dict[str, Any], tuple[str, ...], tuple[str, str]]] = {
    "version": (
        {"profit_version": 9},
        ("overview", "profitversion", "version"),
        ("8.0.0.0", "9.0.0.0"),
    ),
    "lines": ({"profit_version": 6}, ("formats", "JSON", "lines"), ("one", "many")),
    "points": (
        {"profit_version": 6},
        ("formats", "JSON", "a number below one"),
        ("begins with a zero", "begins with its point"),
    ),
    "trace": ({"profit_version": 6}, ("headers", "a page", "x-trace-identifier"), ("there", "not there")),
    "raw token": ({"profit_version": 6}, ("mistakes", "a token without base64", "status"), ("500", "401")),
    "feature": (
        {"without": ["projects"]},
        ("overview", "GetConnectors", "Zenvoices_Projects"),
        ("there", "not there"),
    ),
    "feature of a body": (
        {"without": ["projects"]},
        ("update-connectors", "FiEntries", "objects", "FiEntries", "objects", "FiPrjEntries"),
        ("there", "not there"),
    ),
    "AMB-01": ({"dialect": {"paging": "plain"}}, ("paging", "take=0", "rows"), ("1", "0")),
    "AMB-01, strict": ({"dialect": {"paging": "strict"}}, ("paging", "skip=-5", "status"), ("200", "500")),
    "AMB-02": (
        {"dialect": {"filter_precedence": "or_first"}},
        ("filters", "a,b;c with a false, b and c true (AMB-02)", "rows"),
        ("some", "none"),
    ),
    "AMB-03": (
        {"dialect": {"collation": "cs_as"}},
        ("filters", "a value in another case (AMB-03)", "rows"),
        ("some", "none"),
    ),
    "AMB-04": (
        {"dialect": {"identifiers": "case_sensitive"}},
        ("filters", "a field in another case (AMB-04)", "status"),
        ("200", "500"),
    ),
    "AMB-05": (
        {"dialect": {"order": "stable"}},
        ("order", "without an order"),
        ("another at each call", "the same in 3 calls"),
    ),
    "AMB-06": (
        {"dialect": {"bad_filter": "ignored"}},
        ("mistakes", "unknown operator", "status"),
        ("500", "200"),
    ),
    "AMB-07": (
        {"dialect": {"unknown_connector": "unauthorized"}},
        ("mistakes", "unknown connector", "status"),
        ("500", "401"),
    ),
    "decimals": (
        {"dialect": {"decimal_zeros": "trimmed"}},
        ("formats", "JSON", "zeros at the end of decimals"),
        ("kept", "left out"),
    ),
}


@pytest.mark.parametrize(("settings", "subject", "sides"), SETTINGS.values(), ids=SETTINGS)
def test_a_setting_shows(
    demo: Afas, afas: Afas, settings: dict[str, Any], subject: tuple[str, ...], sides: tuple[str, str]
) -> None:
    afas.configure(**settings)
    assert told(compared(demo, afas))[subject] == sides


def test_other_data_is_no_difference(demo: Afas, afas: Afas) -> None:
    afas.put("currencies", {"currency": "XAF", "description": "CFA-frank", "rate": 655.957})
    afas.put("payment_conditions", {"payment_condition": "99", "description": "Contant"})
    assert compared(demo, afas).differences == []


def test_environments_without_rows_leave_areas_out(afas: Afas) -> None:
    names = ["Zenvoices_Currencies", "Zenvoices_TaxRateGroups"]
    answer = afas.control("PATCH", "/app-connectors/1", {"get_connectors": names[:1], "update_connectors": []})
    assert answer.status_code == 200, answer.text
    afas.configure(without=["currencies"])
    comparison = compared(afas, afas)
    assert comparison.differences == []
    assert list(comparison.skipped) == [
        "get-connectors",
        "update-connectors",
        "formats",
        "paging",
        "filters",
        "order",
        "mistakes",
        "headers",
    ]
    assert list(comparison.lines())[-1].startswith("Not compared")


# ---------------------------------------------------------------- differences


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [(("a",), "1", "2")]),
        ({"a": 1}, {}, [(("a",), "1", "not there")]),
        ({}, {"a": {"b": 1}}, [(("a",), "not there", "there")]),
        ({"a": None}, {"a": 2}, []),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, [(("a", "c"), "2", "3")]),
        ({"a": Ordered("xyz")}, {"a": Ordered("yxz")}, [(("a",), "x, y, z", "y, x, z")]),
        ({"a": Ordered("xyz")}, {"a": Ordered("xwz")}, []),
        ({"a": "x" * 400}, {"a": ""}, [(("a",), "x" * 300 + "…", "")]),
    ],
)
def test_differences(left: Any, right: Any, found: list[Any]) -> None:
    assert [(one.subject, one.left, one.right) for one in differences("area", "error", left, right)] == found


def test_a_difference_weighs_by_its_name() -> None:
    left, right = {"label": "a", "length": 1, "dataType": "int"}, {"label": "b", "length": 2, "dataType": "date"}
    weighed = {one.subject[-1]: one.severity for one in differences("area", "error", left, right)}
    assert weighed == {"label": "note", "length": "warning", "dataType": "error"}
    (absent,) = differences("area", "error", {"length": 1}, {})
    assert (absent.severity, absent.right) == ("error", repr(ABSENT))


# ---------------------------------------------------------------- who is asked

DIGITS = "1234567890ABCDEF" * 4
XML = f"<token><version>1</version><data>{DIGITS}</data></token>"


def test_a_token_is_taken_as_people_have_it() -> None:
    header = header_value(XML)
    assert header.startswith("AfasToken ")
    assert header_value(DIGITS) == header_value(header) == header_value(header.removeprefix("AfasToken ")) == header
    assert header_value("Bearer abc.def") == "Bearer abc.def"


@pytest.mark.parametrize("token", ["", "not a token", "<xml>", "AfasToken a b"])
def test_another_token_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(ControlError) as caught:
        header_value(token)
    assert not token or token not in caught.value.message


@pytest.mark.parametrize("url", ["", "localhost", "ftp://x/ProfitRestServices", "https://me:pw@x/ProfitRestServices"])
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(ControlError, match="--left is no address") as caught:
        Side("left", url, DIGITS)
    assert "pw" not in caught.value.message


# ---------------------------------------------------------------- the command line


def run(left: tuple[str, str], right: tuple[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    sides = ["--left", left[0], "--left-token", left[1], "--right", right[0], "--right-token", right[1]]
    command = [sys.executable, "-m", "mock_afas", "compare", *sides, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def _sides(*environments: Afas) -> Any:
    return tuple((one.base_url, one.token) for one in environments)


def test_the_command_line_tells_by_its_exit_code(demo: Afas, afas: Afas) -> None:
    same = run(*_sides(demo, afas))
    assert (same.returncode, same.stderr) == (0, "")
    assert same.stdout.startswith("0 differences between")
    afas.configure(dialect={"paging": "plain"})
    other = run(*_sides(demo, afas))
    assert other.returncode == 1
    assert "Skip and take at their edges (paging)\n  error    take=0 › rows\n" in other.stdout
    for token in (demo.token, afas.token, demo.authorization, afas.authorization.partition(" ")[2]):
        assert token not in other.stdout + other.stderr


def test_the_command_line_prints_json(demo: Afas, afas: Afas) -> None:
    afas.configure(dialect={"paging": "plain"})
    document = json.loads(run(*_sides(demo, afas), "--format", "json").stdout)
    assert document["differences"] == [
        {"area": "paging", "severity": "error", "subject": ["take=0", "rows"], "left": "1", "right": "0"}
    ]
    assert (document["left"], document["right"]) == (demo.base_url, afas.base_url)
    assert document["areas"] == [area.name for area in AREAS]


@pytest.mark.parametrize(
    ("url", "token", "complaint"),
    [
        ("http://127.0.0.1:1/ProfitRestServices", DIGITS, "does not answer"),
        (None, DIGITS, "refuses the token (401)"),
        ("{control}", DIGITS, "no metainfo"),
        (None, "nonsense!", "not in a form that is known"),
    ],
)
def test_what_cannot_be_compared_is_no_difference(demo: Afas, url: str | None, token: str, complaint: str) -> None:
    address = demo.base_url if url is None else url.format(control=demo.control_url)
    answer = run((demo.base_url, demo.token), (address, token))
    assert answer.returncode == 2
    assert complaint in answer.stderr
    assert token not in answer.stderr
    assert "Traceback" not in answer.stderr
