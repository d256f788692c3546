"""A run as one page of HTML that needs nothing else: readable, filterable, with the traffic of each failure."""

from __future__ import annotations

import json
from typing import Any

import jinja2

import mock_afas
from mock_afas_contracts.casefile import Case
from mock_afas_contracts.events import Verdict
from mock_afas_contracts.observed import Exchange
from mock_afas_contracts.reports.matrix import matrix
from mock_afas_contracts.reports.tally import Result, Tally

#: So many characters of a body are shown; the case file has the rest.
MOST_BODY = 20_000
_CLASSES = {Verdict.PASSED: "passed", Verdict.DEPENDS: "depends", Verdict.NOT_TESTED: "not-tested"}

_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("mock_afas_contracts.reports"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)


def document(tally: Tally) -> str:
    """The whole file. Everything that comes from a client or from AFAS is escaped."""
    results = [_shown(one) for one in tally.by_id()]
    return _templates.get_template("report.html").render(
        tally=tally,
        results=results,
        matrix=matrix(tally.results),
        families=sorted({one["family"] for one in results}),
        states=[(name, sum(one["state"] == name for one in results)) for name in ("failed", *_CLASSES.values())],
        version=mock_afas.__version__,
    )


def _shown(result: Result) -> dict[str, Any]:
    contract = result.contract
    return {
        "id": contract.id,
        "family": contract.family,
        "contract": contract,
        "result": result,
        "state": _CLASSES.get(result.verdict, "failed"),
        "story": _story(result.case) if result.case else None,
    }


def _story(case: Case) -> dict[str, Any]:
    return {
        "title": case.title,
        "details": {name: _text(value) for name, value in case.details.items()},
        "settings": _text(dict(case.settings)) if case.settings else "",
        "repeatable": case.repeatable,
        "stderr": case.stderr,
        "curl": case.curl(),
        "steps": [
            {"words": step.words, "came": step.came, "exchanges": [_exchange(one) for one in step.exchanges]}
            for step in case.steps
        ],
    }


def _exchange(exchange: Exchange) -> dict[str, Any]:
    query = f"?{exchange.query}" if exchange.query else ""
    return {
        "request": f"{exchange.method} {exchange.path}{query}",
        "status": str(exchange.status or "no answer"),
        "faults": ", ".join(exchange.faults),
        "outcome": exchange.outcome,
        "sent": _pretty(exchange.request_body),
        "got": _pretty(exchange.response_body),
    }


def _pretty(body: str) -> str:
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except ValueError:
        text = body
    return text if len(text) <= MOST_BODY else f"{text[:MOST_BODY]}\n… ({len(text):,} characters)"


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str, indent=2)
