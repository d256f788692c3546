"""What a failed test shows of its environment: the calls of the client, why errors came, what rules were broken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mock_afas.errors import ControlError
from mock_afas.testing.environments import Afas

MOST_CALLS = 20
MOST_FINDINGS = 10
_MOST_TEXT = 300


def sections(afas: Afas) -> list[tuple[str, str]]:
    """Headings and texts about ``afas``: of traffic always, of findings when there are any."""
    try:
        calls, findings = afas.traffic(), afas.findings()
        reasons = {entry["reference"]: entry["reason"] for entry in afas.logbook()}
    except ControlError as error:
        return [(f"AFAS {afas.environment}", f"cannot be asked: {error.message}")]
    shown = [(f"AFAS {afas.environment}: traffic", "\n".join(_traffic(calls, reasons)))]
    if findings:
        shown.append((f"AFAS {afas.environment}: findings", "\n".join(_findings(findings))))
    return shown


def _traffic(calls: list[dict[str, Any]], reasons: dict[str, dict[str, Any]]) -> Iterator[str]:
    if not calls:
        yield "The client made no call."
    if len(calls) > MOST_CALLS:
        yield f"… {len(calls) - MOST_CALLS} calls before these"
    for call in calls[-MOST_CALLS:]:
        yield from _call(call, reasons)


def _call(call: dict[str, Any], reasons: dict[str, dict[str, Any]]) -> Iterator[str]:
    request, response = call["request"], call["response"]
    query = f"?{request['query']}" if request["query"] else ""
    path = request["path"].removeprefix("/ProfitRestServices")
    yield f"{call['number']:>3}  {request['method']} {_short(path + query)} -> {response['status']}"
    if response["status"] < 400:
        return
    if request["body"]:
        yield f"     sent: {_short(request['body'])}"
    if response["body"]:
        yield f"     got:  {_short(response['body'])}"
    for reference, reason in reasons.items():
        if reference in response["body"]:
            told = ", ".join(f"{name} {value}" for name, value in reason.items() if value)
            yield f"     why:  {_short(told)}"


def _findings(findings: list[dict[str, Any]]) -> Iterator[str]:
    for finding in findings[:MOST_FINDINGS]:
        named = " ".join(str(finding[name]) for name in ("severity", "rule") if name in finding)
        yield _short(f"{named}: {finding.get('message') or finding.get('title', '')}")
    if len(findings) > MOST_FINDINGS:
        yield f"… and {len(findings) - MOST_FINDINGS} more: afas.findings() has them all"


def _short(text: str) -> str:
    """``text`` in one line that fits into a report."""
    line = " ".join(text.split())
    return line if len(line) <= _MOST_TEXT else f"{line[:_MOST_TEXT]} …"
