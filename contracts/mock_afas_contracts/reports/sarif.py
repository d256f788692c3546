"""SARIF 2.1.0 of the manners and limits: what a client does on the line that AFAS asks not to do."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import mock_afas
from mock_afas_contracts.events import Verdict
from mock_afas_contracts.reports.tally import Result, Tally

FAMILIES = frozenset(("manners", "limits"))
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"must": "error", "should": "warning"}


def document(tally: Tally) -> str:
    """The whole file. Every contract of these families that was told is a rule; those that failed are results."""
    told = [one for one in tally.by_id() if one.contract.family in FAMILIES and one.verdict != Verdict.NOT_TESTED]
    failed = [one for one in told if one.verdict in (Verdict.FAILED, Verdict.DEPENDS)]
    driver = {
        "name": "mock-afas contracts",
        "version": mock_afas.__version__,
        "rules": [_rule(one) for one in told],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": list(_results(failed, [one.contract.id for one in told], tally)),
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1) + "\n"


def _rule(result: Result) -> dict[str, Any]:
    contract = result.contract
    return {
        "id": contract.id,
        "shortDescription": {"text": contract.sentence},
        "fullDescription": {"text": f"Evidence: {contract.evidence}."},
        "defaultConfiguration": {"level": _LEVELS[contract.severity]},
    }


def _results(failed: Iterable[Result], rules: list[str], tally: Tally) -> Iterable[dict[str, Any]]:
    command = tally.started.driver if tally.started else ""
    for one in failed:
        story = one.case.text() if one.case else ""
        found: dict[str, Any] = {
            "ruleId": one.contract.id,
            "ruleIndex": rules.index(one.contract.id),
            "level": _LEVELS[one.contract.severity] if one.verdict == Verdict.FAILED else "note",
            "message": {"text": f"{one.reason}\n\n{story}"},
            "locations": [{"logicalLocations": [{"name": command, "kind": "module"}]}],
            "partialFingerprints": {"contract/v1": one.contract.id},
        }
        if one.known_failing:
            found["suppressions"] = [{"kind": "external", "justification": "known to fail"}]
        yield found
