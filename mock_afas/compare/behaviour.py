"""How two environments answer: headers, mistakes, pages at the edge, filters and order of rows.

Each mistake and each edge is an entry of a table; wire.md sections 2, 3 and 6, settings AMB-01 to AMB-07.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from mock_afas.compare.differences import Observation
from mock_afas.compare.plan import Plan, Probe
from mock_afas.compare.side import WRONG, Answer, Side, header_value

#: A name that no connector or field has.
NOBODY = "BestaatNietVergelijking"
#: Headers whose value differs from call to call, or tells of the server and not of Profit.
_VARYING = frozenset(
    (
        "date",
        "content-length",
        "transfer-encoding",
        "x-afas-proxy-stats",
        "x-trace-identifier",
        "x-profit-error",
        "server",
    )
)
#: Headers that the way to the server decides about.
_OF_THE_WAY = frozenset(("connection", "keep-alive", "via", "content-length", "transfer-encoding", "date", "server"))


# ---------------------------------------------------------------- mistakes


def _usual(_side: Side) -> Mapping[str, str | None]:
    return {}


class Mistake(NamedTuple):
    """A call that Profit refuses: path and query by the probe, and headers that replace the usual."""

    name: str
    path: Callable[[Probe], str]
    query: Callable[[Probe], Mapping[str, object]]
    headers: Callable[[Side], Mapping[str, str | None]] = _usual


def _probe_path(probe: Probe) -> str:
    return f"connectors/{probe.connector}"


def _nothing(_probe: Probe) -> Mapping[str, object]:
    return {}


def _asking(**query: object) -> Callable[[Probe], Mapping[str, object]]:
    return lambda _: query


def _filtered(field: str, value: str, operator: str) -> dict[str, object]:
    return {"filterfieldids": field, "filtervalues": value, "operatortypes": operator}


MISTAKES: tuple[Mistake, ...] = (
    Mistake("unknown connector", lambda _: f"connectors/{NOBODY}", _nothing),
    Mistake("unknown resource", lambda _: NOBODY, _nothing),
    Mistake("metainfo of an unknown GetConnector", lambda _: f"metainfo/get/{NOBODY}", _nothing),
    Mistake("metainfo of an unknown UpdateConnector", lambda _: f"metainfo/update/{NOBODY}", _nothing),
    Mistake("unknown field in a filter", _probe_path, lambda _: _filtered(NOBODY, "1", "1")),
    Mistake("unknown field in the order", _probe_path, _asking(orderbyfieldids=NOBODY)),
    Mistake("unknown operator", _probe_path, lambda probe: _filtered(probe.text, "x", "99")),
    Mistake("filter lists of different length", _probe_path, lambda probe: _filtered(probe.text, "x,y", "1")),
    Mistake("a moment with Z", _probe_path, lambda probe: _filtered(probe.date or "", "2020-01-01T00:00:00Z", "2")),
    Mistake("filterjson that is no JSON", _probe_path, _asking(filterjson='{"Filters"')),
    Mistake("skip=2, take=-1", _probe_path, _asking(skip=2, take=-1)),
    Mistake("take that is no number", _probe_path, _asking(skip=0, take="x")),
    Mistake("a query string that is too long", _probe_path, _asking(x="y" * 2_100)),
    Mistake("no token", _probe_path, _nothing, lambda _: {"Authorization": None}),
    Mistake("a wrong token", _probe_path, _nothing, lambda _: {"Authorization": header_value(WRONG)}),
    Mistake("a token without base64", _probe_path, _nothing, lambda side: {"Authorization": side.unpacked}),
    Mistake("a token that is none", _probe_path, _nothing, lambda _: {"Authorization": "AfasToken eA=="}),
)


def mistakes(side: Side, plan: Plan) -> Observation:
    """Status, content type and shape of the answers to deliberate mistakes."""
    probe = plan.probe
    if probe is None:
        return {}
    return {
        mistake.name: _refusal(side.get(mistake.path(probe), mistake.query(probe), **mistake.headers(side)))
        for mistake in MISTAKES
        if probe.date is not None or mistake.name != "a moment with Z"
    }


def _refusal(answer: Answer) -> Observation:
    document = answer.document
    keys = tuple(sorted(document)) if isinstance(document, dict) else None
    number = document.get("errorNumber") if isinstance(document, dict) else None
    message = document.get("externalMessage") if isinstance(document, dict) else None
    return {
        "status": answer.status,
        "content type": answer.headers.get("content-type", "none"),
        "body": "rows" if answer.rows is not None else keys or ("none" if not answer.body else "no JSON object"),
        "errorNumber": number,
        "message": message,
    }


def headers(side: Side, plan: Plan) -> Observation:
    """Which headers an answer has, and the values of those that stay the same."""
    if plan.probe is None:
        return {}
    path = f"connectors/{plan.probe.connector}"
    answers = {
        "a page": side.sample(plan.probe.connector),
        "an error": side.get(path, {"orderbyfieldids": NOBODY}),
        "a refusal": side.get(path, Authorization=None),
    }
    return {name: _headers(answer) for name, answer in answers.items()}


def _headers(answer: Answer) -> Observation:
    return {
        name: "there" if name in _VARYING else value
        for name, value in sorted(answer.headers.items())
        if name not in _OF_THE_WAY
    }


# ---------------------------------------------------------------- pages, filters, order

#: Pages at the edge of what skip and take can be; the last ones give all rows, so only small connectors are asked.
EDGES: Mapping[str, Mapping[str, object]] = {
    "neither skip nor take": {},
    "take=1": {"skip": 0, "take": 1},
    "take=0": {"skip": 0, "take": 0},
    "take=-5": {"skip": 0, "take": -5},
    "skip=-5": {"skip": -5, "take": 2},
    "skip that is no number": {"skip": "x", "take": 2},
    "skip beyond the end": {"skip": 10_000_000, "take": 2},
    "skip of 40 digits": {"skip": "1" * 40, "take": 2},
}
EDGES_OF_ALL: Mapping[str, Mapping[str, object]] = {
    "skip=-1, take=-1": {"skip": -1, "take": -1},
    "skip=-1, take=2": {"skip": -1, "take": 2},
}


def paging(side: Side, plan: Plan) -> Observation:
    """What skip and take do at their edges (AMB-01)."""
    probe = plan.probe
    if probe is None:
        return {}
    path, size = f"connectors/{probe.connector}", len(side.sample(probe.connector).rows or [])
    edges = {**EDGES, **EDGES_OF_ALL} if probe.small else EDGES
    return {name: _page(side.get(path, query), size) for name, query in edges.items()}


def _page(answer: Answer, size: int) -> Observation:
    document, rows = answer.document, answer.rows
    if rows is None:
        return {"status": answer.status, "rows": None, "skip": None, "take": None}
    counted = "all" if len(rows) == size else len(rows)
    return {"status": answer.status, "rows": counted, "skip": document.get("skip"), "take": document.get("take")}


class Try(NamedTuple):
    """A read with a filter, by the probe and the value of this side."""

    name: str
    query: Callable[[Probe, str], Mapping[str, object]]
    path: Callable[[Probe], str] = _probe_path


TRIES: tuple[Try, ...] = (
    Try("a value in another case (AMB-03)", lambda probe, value: _filtered(probe.text, value.swapcase(), "1")),
    Try("a field in another case (AMB-04)", lambda probe, value: _filtered(probe.text.swapcase(), value, "1")),
    Try(
        "a connector in another case (AMB-04)",
        lambda _p, _v: {"take": 1},
        lambda p: f"connectors/{p.connector.swapcase()}",
    ),
    Try(
        "a,b;c with a false, b and c true (AMB-02)",
        lambda probe, value: _filtered(f"{probe.text},{probe.text};{probe.text}", f"{NOBODY},{value};{value}", "1,1;1"),
    ),
    Try("= an empty value", lambda probe, _: _filtered(probe.text, "", "1")),
    Try("empty without a value", lambda probe, _: _filtered(probe.text, "", "8")),
    Try("not empty, with null for a value", lambda probe, _: _filtered(probe.text, "null", "9")),
    Try("contains, with % around", lambda probe, value: _filtered(probe.text, f"%{value[1:]}%", "6")),
    Try("is not, with % around", lambda probe, value: _filtered(probe.text, f"%{value}%", "7")),
    Try("begins with", lambda probe, value: _filtered(probe.text, value[:2], "10")),
    Try("quick filter", lambda probe, value: _filtered(probe.text, value, "15")),
    Try("spaces around a value", lambda probe, value: _filtered(probe.text, f" {value} ", "1")),
)


def filters(side: Side, plan: Plan) -> Observation:
    """Whether filters find something: the data of two environments differ, so the rows are not compared."""
    probe = plan.probe
    if probe is None:
        return {}
    value = probe.values[side.name]
    found = {one.name: side.get(one.path(probe), one.query(probe, value)) for one in TRIES}
    return {name: _found(answer) for name, answer in found.items()}


def _found(answer: Answer) -> Observation:
    rows = answer.rows
    if rows is None:
        return {"status": answer.status, "rows": None}
    return {"status": answer.status, "rows": "some" if rows else "none"}


def order(side: Side, plan: Plan) -> Observation:
    """Whether rows keep their order when none is asked for (AMB-05), and where empty values stand."""
    probe = plan.probe
    if probe is None:
        return {}
    path = f"connectors/{probe.connector}"
    calls = [side.get(path, {"skip": 0, "take": 100}) for _ in range(3)]
    bodies = {answer.body for answer in calls if answer.rows is not None}
    rising, falling = (
        [row.get(probe.text) for row in side.get(path, {"take": 100, "orderbyfieldids": sign + probe.text}).rows or []]
        for sign in ("", "-")
    )
    return {
        "without an order": "the same in 3 calls" if len(bodies) == 1 else "another at each call",
        "by a text": _sorted(rising),
        "by a text, falling": "the reverse" if probe.small and falling == rising[::-1] else _sorted(falling[::-1]),
    }


def _sorted(values: Sequence[Any]) -> str:
    """How a column is in order; of a mix of letters and signs only that it is none we know."""
    texts = [value for value in values if isinstance(value, str)]
    if texts == sorted(texts, key=str.casefold):
        return "without case" if texts != sorted(texts) else "in order"
    return "by code points" if texts == sorted(texts) else "in an order of its own"
