"""Measures of how many requests are answered in a second."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from bench import ours
from bench.lab import Lab
from bench.load import Request, rates
from bench.machine import CannotRun
from bench.peers import paths
from bench.results import Result, at_least, at_most
from bench.sample import NAME, Needle
from bench.servers import Server

#: json-server answers one or two requests a second.
SLOW_SECONDS = 12
#: So many bookings are read for the first time.
UNREAD = 1_000


def _checked(request: Request, needle: Needle) -> Request:
    """``request``, once its answer was seen to be a full page of the right rows. Raises CannotRun."""
    answer = json.loads(request.server.request(request.path.replace("{n}", "0")))
    rows = answer["rows"] if isinstance(answer, dict) else answer
    names = [str(row[NAME]).lower() for row in rows]
    if len(names) != 100 or not all(needle.text in name for name in names):
        raise CannotRun(f"{request.server.name} answers {request.path} with {len(names)} rows, or with wrong ones")
    return request


def _slow(server: Server, path: str) -> Request:
    return Request(server, path, least_seconds=SLOW_SECONDS)


def page(lab: Lab) -> Iterator[Result]:
    """A page of 100 rows, filtered and ordered."""
    for needle in (lab.sample.often, lab.sample.seldom):
        requests = {
            "ours": Request(lab.ours, ours.page(needle)),
            "json-server": _slow(lab.json_server, paths.json_server_page(needle)),
            "datasette": Request(lab.datasette, paths.datasette_page(needle)),
        }
        checked = {name: _checked(request, needle) for name, request in requests.items()}
        found = rates(checked, lab.options.seconds)
        name = f"page of 100, filter that {needle} of rows match, ordered"
        judged = needle is lab.sample.often
        for peer, limit in (("json-server", 1_000), ("datasette", 12)):
            target = lab.target(at_least(limit)) if judged else None
            yield Result("page", name, found["ours"], "/s", peer, found[peer], target)


def walk(lab: Lab) -> Iterator[Result]:
    """Pages deep in a walk, and walks that nobody walked before."""
    needle, skip = lab.sample.often, lab.options.rows // 2
    requests = {
        "first": Request(lab.ours, ours.page(needle)),
        "deep": Request(lab.ours, ours.page(needle, skip)),
        "first, new": Request(lab.ours, ours.new_page(needle)),
        "deep, new": Request(lab.ours, ours.new_page(needle, skip)),
        "json-server": _slow(lab.json_server, paths.json_server_page(needle, skip)),
        "datasette": Request(lab.datasette, paths.datasette_deep_page(needle, skip)),
    }
    checked = {name: _checked(request, needle) for name, request in requests.items()}
    found = rates(checked, lab.options.seconds)
    first, deep = 1_000 / found["first"], 1_000 / found["deep"]
    name = f"page at skip {skip:,}"
    yield Result("walk", f"{name}, time", deep, "ms", "first page", first, lab.target(at_most(1.5)))
    new = f"{name}, each with a filter never used before"
    yield Result("walk", new, found["deep, new"], "/s", "json-server", found["json-server"], lab.target(at_least(30)))
    yield Result("walk", new, found["deep, new"], "/s", "datasette (SQL)", found["datasette"])
    yield Result("walk", name, found["deep"], "/s", "json-server", found["json-server"])
    yield Result("walk", "first page, each with a filter never used before", found["first, new"], "/s")


def row(lab: Lab) -> Iterator[Result]:
    """One row by its key."""
    key = lab.sample.key
    requests = {
        "ours": Request(lab.ours, ours.one_row(key)),
        "new": Request(lab.ours, ours.new_one_row(key)),
        "datasette": Request(lab.datasette, paths.datasette_row(key)),
        "Starlette": Request(lab.starlette, paths.bare_row(key)),
    }
    for request in requests.values():
        if key.encode() not in request.server.request(request.path):
            raise CannotRun(f"{request.server.name} does not find row {key}")
    found = rates(requests, lab.options.seconds)
    name = "one row by its key"
    yield Result("row", name, found["ours"], "/s", "datasette", found["datasette"], lab.target(at_least(14)))
    yield Result("row", name, found["ours"], "/s", "Starlette", found["Starlette"], at_least(0.5))
    yield Result("row", f"{name}, each with a filter never used before", found["new"], "/s")


def post(lab: Lab) -> Iterator[Result]:
    """Bookings of 20 lines, all rules on, in memory and kept in files; the peer stores the same bytes beside 10,000."""
    body = lab.work / "entry.json"
    body.write_bytes(ours.entry(20))
    path = f"{ours.BASE}/FiEntries"
    with (
        lab.serving(0, name="mock_afas-memory") as memory,
        lab.serving(0, name="mock_afas-files", kept=True) as files,
        lab.small_json_server(10_000) as peer,
    ):
        found = rates(
            {
                "memory": Request(memory, path, body=body),
                "files": Request(files, path, body=body),
                "json-server": Request(peer, "/rows", least_seconds=SLOW_SECONDS, body=body),
            },
            lab.options.seconds,
        )
        waited = _first_read(memory, path, body.read_bytes())
    name = "booking of 20 lines with VAT and allocation"
    yield Result("post", name, found["memory"], "/s", "json-server", found["json-server"], at_least(50))
    yield Result("post", f"{name}, a second", found["memory"], "/s", target=at_least(2_000))
    yield Result("post", f"{name}, kept in files", found["files"], "/s", "memory", found["memory"], at_least(0.5))
    yield Result("post", f"first read of the lines of {UNREAD:,} such bookings", waited, "ms")


def _first_read(server: Server, path: str, body: bytes) -> float:
    """Milliseconds of the first read after UNREAD bookings: only then do their lines get into their tables."""
    lines = f"{ours.BASE}/Profit_Transactions?skip=0&take=1"
    server.request(lines)
    for _ in range(UNREAD):
        server.request(path, method="POST", body=body)
    began = time.perf_counter()
    server.request(lines)
    return 1_000 * (time.perf_counter() - began)


def million(lab: Lab) -> Iterator[Result]:
    """The first page among a million rows against the first among ten thousand, one client."""
    times: list[dict[str, float]] = []
    for rows in (10_000, 1_000_000):
        with lab.serving(rows, name=f"mock_afas-{rows}") as server:
            requests = {
                "by number": Request(server, ours.path("skip=0&take=100"), connections=1),
                "filtered and ordered": Request(server, ours.page(Needle("i", 0.7)), connections=1),
            }
            found = rates(requests, lab.options.seconds)
            times.append({name: 1_000 / rate for name, rate in found.items()})
    few, many = times
    for name in few:
        told = f"first page of 1,000,000 rows, {name}"
        yield Result("million", told, many[name], "ms", "10,000 rows", few[name], at_most(2))
