"""How two environments write rows and values: the form of the JSON, numbers, moments. wire.md section 3."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mock_afas.compare.differences import Observation, Ordered
from mock_afas.compare.plan import Plan
from mock_afas.compare.side import Answer, Number, Side

_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(?P<fraction>\.\d+)?)?(?P<zone>Z|[+-]\d\d:\d\d)?")
_BARE_POINT = re.compile(rb"[:,\[]\s*-?\.\d")
#: So many numbers with a point have to be seen before it is said that none ends in a zero.
_ENOUGH = 30


def formats(side: Side, plan: Plan) -> Observation:
    """The form of the JSON over all connectors; for each of them the order of its fields and the kinds of values."""
    if not plan.sampled:
        return {}
    answers = {name: side.sample(name) for name in plan.sampled}
    return {
        "JSON": {
            "lines": _lines(answers.values()),
            "a number below one": _below_one(answers.values()),
            "zeros at the end of decimals": _zeros(answers.values()),
        },
        **{name: _of_connector(answer) for name, answer in answers.items()},
    }


def _lines(answers: Iterable[Answer]) -> str | None:
    """Whether an answer is one line, as from Profit 7; None when there are no rows to tell by."""
    with_rows = [answer.body.strip() for answer in answers if answer.status == 200 and len(answer.body) > 100]
    if not with_rows:
        return None
    return "one" if all(b"\n" not in body for body in with_rows) else "many"


def _below_one(answers: Iterable[Answer]) -> str | None:
    """Before Profit 7 ``-.5`` is written, which is no JSON."""
    found = [answer for answer in answers if answer.status == 200]
    if any(answer.document is None and _BARE_POINT.search(answer.body) for answer in found):
        return "begins with its point"
    bodies = [answer.body for answer in found]
    return "begins with a zero" if any(re.search(rb"[:,\[]\s*-?0\.\d", body) for body in bodies) else None


def _zeros(answers: Iterable[Answer]) -> str | None:
    decimals = [
        value for answer in answers for row in answer.rows or [] for value in row.values() if _is_decimal(value)
    ]
    if any(value.endswith("0") for value in decimals):
        return "kept"
    return "left out" if len(decimals) >= _ENOUGH else None


def _is_decimal(value: object) -> bool:
    return isinstance(value, Number)


def _of_connector(answer: Answer) -> Observation:
    rows = answer.rows
    if not rows:
        return {"status": answer.status, "order": None, "values": None}
    return {
        "status": answer.status,
        "order": Ordered(rows[0]),
        "values": dict(_kinds(rows)),
    }


def _kinds(rows: list[dict[str, Any]]) -> Iterator[tuple[str, str | None]]:
    """How the values of each field are written; None when there are none to tell by."""
    for name in rows[0]:
        kinds = {_written(row[name]) for row in rows if row.get(name) is not None}
        yield name, ", ".join(sorted(kinds)) or None


_JSON_KINDS: Mapping[type, str] = {bool: "boolean", int: "number", Number: "number", list: "list", dict: "object"}


def _written(value: object) -> str:
    if not isinstance(value, str) or isinstance(value, Number):
        return _JSON_KINDS.get(type(value), type(value).__name__)
    moment = _DATE.fullmatch(value)
    if moment is None:
        return "text"
    parts = ("moment" if moment[1] else "date", "fractions" if moment["fraction"] else "", moment["zone"] or "no zone")
    return " ".join(part for part in parts if part)
