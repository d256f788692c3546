"""Each traffic rule finds what it is for, and nothing in the nearest calls that are right."""

from __future__ import annotations

from typing import Any

import pytest

from mock_afas.traffic import RULES
from tests.support import Afas
from tests.traffic_cases import CASES, play


def findings(afas: Afas) -> list[dict[str, Any]]:
    answer = afas.control("GET", "/findings")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["findings"]
    return found


def test_every_rule_has_a_good_and_a_bad_sequence() -> None:
    assert list(CASES) == [rule.id for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_what_breaks_a_rule_is_found(afas: Afas, rule: Any) -> None:
    play(CASES[rule.id].bad, afas)
    recorded = {one["number"] for one in afas.control("GET", "/traffic").json()["exchanges"]}
    (found,) = (one for one in findings(afas) if one["rule"] == rule.id)
    assert set(found["exchanges"]) <= recorded
    assert found["count"] == len(found["exchanges"]) == len(found["calls"]) > 0
    assert (found["severity"], found["evidence"], found["advice"]) == (rule.severity, rule.evidence, rule.advice)
    assert found["message"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_nearest_that_is_right_gives_no_finding(afas: Afas, rule: Any) -> None:
    play(CASES[rule.id].good, afas)
    assert afas.control("GET", "/traffic").json()["exchanges"]
    assert findings(afas) == []
