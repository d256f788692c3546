"""Measures of private copies: forks, what those cost that are written to, resets and snapshots."""

from __future__ import annotations

import contextlib
import http.client
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from bench import ours
from bench.lab import Lab
from bench.machine import MEGABYTE, resident
from bench.results import Result, Target, Unit, at_most
from bench.servers import HOST, Server

#: So many copies of the demo environment at once, so many of them written to, and so many of the large environment.
MANY, WRITTEN, LARGE = 500, 100, 50
WRITES = 100
REPEATED, RESTORED = 15, 3
_ENTRIES = "/ProfitRestServices/connectors/FiEntries"
_PAGE = ours.path("skip=0&take=10&orderbyfieldids=CreditorId")


class _Copy:
    """One environment of a server."""

    def __init__(self, server: Server, described: dict[str, Any]) -> None:
        self._client = replace(server, headers={"Authorization": described["authorization"]})
        self._path = f"{ours.CONTROL}/{described['environment']}"

    def control(self, path: str, body: bytes = b"{}") -> None:
        self._client.request(f"{self._path}{path}", method="POST", body=body)

    def book(self) -> None:
        self._client.request(_ENTRIES, method="POST", body=ours.entry(20))

    def read(self) -> None:
        self._client.request(_PAGE)


class _Forks:
    """Forks of the first environment of a server, and how many milliseconds each took."""

    def __init__(self, server: Server) -> None:
        self._server = server
        first = json.loads(server.request(ours.CONTROL))["environments"][0]["environment"]
        self._path = f"{ours.CONTROL}/{first}/forks"
        self.made: list[_Copy] = []
        self.times: list[float] = []

    def make(self, number: int) -> None:
        """So many more, over one connection, as a test suite makes them."""
        with contextlib.closing(http.client.HTTPConnection(HOST, self._server.port, timeout=60)) as connection:
            for _ in range(number):
                began = time.perf_counter()
                connection.request("POST", self._path, b"{}")
                answer = connection.getresponse().read()
                self.times.append((time.perf_counter() - began) * 1_000)
                self.made.append(_Copy(self._server, json.loads(answer)))


def _ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1_000


def copies(lab: Lab) -> Iterator[Result]:
    """Copies of the demo environment, and of one with many rows; all through the control API."""
    with lab.serving(0, name="mock_afas-copies") as server:
        yield from _many(server)
        yield from _resets(server)
    with lab.serving(lab.options.rows, name="mock_afas-large-copies") as server:
        yield from _large(lab, server)


def _result(name: str, value: float, unit: Unit = "ms", target: Target | None = None) -> Result:
    return Result("copies", name, value, unit, target=target)


def _many(server: Server) -> Iterator[Result]:
    """Forks of the demo environment, some of which book and read."""
    forks = _Forks(server)
    forks.make(MANY)
    yield _result("fork of the demo environment", statistics.median(forks.times), target=at_most(1))
    first = [_ms(fork.book) for fork in forks.made[:WRITTEN]]
    for fork in forks.made[:WRITTEN]:
        fork.read()
    yield _result("first booking in a fork of the demo environment", statistics.median(first))
    name = f"{MANY} forks of the demo environment, {WRITTEN} of them written to and read; all memory"
    yield _result(name, resident(server.pid) / MEGABYTE, "MB", at_most(300))


def _resets(server: Server) -> Iterator[Result]:
    forks, times = _Forks(server), []
    forks.make(1)
    for _ in range(REPEATED):
        for _ in range(WRITES):
            forks.made[0].book()
        times.append(_ms(lambda: forks.made[0].control("/reset")))
    yield _result(f"reset after {WRITES} bookings", statistics.median(times), target=at_most(2))


def _large(lab: Lab, server: Server) -> Iterator[Result]:
    """Forks of an environment with many rows, and a snapshot of one."""
    rows, forks = f"{lab.options.rows:,} rows", _Forks(server)
    server.request(_PAGE)
    before = resident(server.pid)
    yield _result(f"{LARGE} forks of {rows}, together", _ms(lambda: forks.make(LARGE)), target=lab.target(at_most(50)))
    grown = (resident(server.pid) - before) / MEGABYTE
    yield _result(f"{LARGE} forks of {rows}, memory", grown, "MB", lab.target(at_most(60)))
    copy = forks.made[0]
    yield _result(f"first booking in a fork of {rows}, which copies them", _ms(copy.book))
    yield _result(f"first page after that of {rows}", _ms(copy.read))
    copy.control("/snapshots", b'{"name": "kept"}')
    times = []
    for _ in range(RESTORED):
        copy.book()
        times.append(_ms(lambda: copy.control("/snapshots/kept/restore")))
    yield _result(f"restore of {rows}", statistics.median(times), target=lab.target(at_most(60)))
