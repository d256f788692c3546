"""Measures of how long our process takes to start and how much memory it takes."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from bench import ours
from bench.client import Download, download, request_bytes
from bench.lab import Lab
from bench.machine import MEGABYTE, CannotRun, peak, reset_peak, resident
from bench.results import Result, at_most
from bench.servers import HOST, Server, free_port, stop

STARTS = 7
DOWNLOADS = 5
CALLS = 20
SLOW_BYTES_PER_SECOND = 20 * MEGABYTE


# ---------------------------------------------------------------- starting


class _Start(NamedTuple):
    seconds: float
    memory: int


def _first_byte(process: subprocess.Popen[bytes], port: int) -> bytes:
    """What comes first of the answer to a request sent as soon as somebody listens."""
    request = request_bytes(ours.DEMO_PATH, ours.headers())
    while process.poll() is None:
        with contextlib.suppress(ConnectionError), socket.create_connection((HOST, port), timeout=60) as connection:
            connection.sendall(request)
            return connection.recv(64)
        time.sleep(0.001)
    raise CannotRun(f"mock_afas ended with {process.returncode} instead of serving")


def _start(lab: Lab, cache: Path) -> _Start:
    port = free_port()
    command = ours.command(port, cores=lab.cores)
    with lab.log("start").open("wb") as log:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={**os.environ, "MOCK_AFAS_CACHE": str(cache)}, start_new_session=True
        )
        try:
            answer = _first_byte(process, port)
            seconds = time.perf_counter() - began
            if b" 200 " not in answer:
                raise CannotRun(f"mock_afas answers {ours.DEMO_PATH} with {answer!r}")
            return _Start(seconds, resident(process.pid))
        finally:
            stop(process)


def start(lab: Lab) -> Iterator[Result]:
    """From the start of the process to the first byte of a connector's answer, and what it holds then."""
    with tempfile.TemporaryDirectory(dir=lab.work) as folder:
        first = [_start(lab, Path(folder) / f"empty{at}") for at in range(STARTS)]
        later = [_start(lab, Path(folder) / "empty0") for _ in range(STARTS)]
    for name, starts, judged in (("first start ever", first, False), ("start", later, True)):
        seconds = statistics.median(found.seconds for found in starts)
        memory = statistics.median(found.memory for found in starts)
        time_limit, memory_limit = (at_most(250), at_most(60)) if judged else (None, None)
        yield Result("start", f"{name} to first answer", seconds * 1_000, "ms", target=time_limit)
        yield Result("start", f"{name}, memory", memory / MEGABYTE, "MB", target=memory_limit)


# ---------------------------------------------------------------- all rows in one call


def _download(server: Server, bytes_per_second: float = 0) -> tuple[Download, int]:
    """All rows, and the most memory that the server held meanwhile."""
    reset_peak(server.pid)
    got = download(server.port, ours.path("skip=-1&take=-1"), server.headers, bytes_per_second=bytes_per_second)
    return got, peak(server.pid)


def all_rows(lab: Lab) -> Iterator[Result]:
    """All rows in one call, from a server of its own that has read one small page before."""
    with lab.serving(lab.options.rows, name="mock_afas-all") as server:
        server.request(ours.path("skip=0&take=10"))
        time.sleep(1)
        idle = resident(server.pid)
        fast = [_download(server) for _ in range(DOWNLOADS)]
        slow = _download(server, SLOW_BYTES_PER_SECOND)
    name = f"all {lab.options.rows:,} rows in one call"
    times: dict[str, Callable[[Download], float]] = {"byte": lambda d: d.first_byte, "row": lambda d: d.first_row}
    for what, seconds in times.items():
        found = statistics.median(seconds(got) for got, _ in fast) * 1_000
        yield Result("all", f"{name}, first {what}", found, "ms", target=lab.target(at_most(10)))
    yield Result("all", f"{name}, last byte", statistics.median(got.total for got, _ in fast) * 1_000, "ms")
    for what, most in (("", max(memory for _, memory in fast)), (", slow reader", slow[1])):
        above = (most - idle) / MEGABYTE
        yield Result("all", f"{name}{what}, memory above idle", above, "MB", target=lab.target(at_most(40)))


# ---------------------------------------------------------------- environments


def _median_ms(call: Callable[[], object]) -> float:
    times = []
    for _ in range(CALLS):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1_000


def control(lab: Lab) -> Iterator[Result]:
    """How long the control API takes to make environments."""
    server, made = lab.ours, []
    parent = json.loads(server.request(ours.CONTROL))["environments"][0]["environment"]

    def make(path: str) -> None:
        made.append(json.loads(server.request(path, method="POST", body=b"{}"))["environment"])

    rows = f"{lab.options.rows:,} rows"
    yield Result(
        "control",
        f"fork of an environment with {rows}",
        _median_ms(lambda: make(f"{ours.CONTROL}/{parent}/forks")),
        "ms",
    )
    yield Result("control", "new environment with the demo data", _median_ms(lambda: make(ours.CONTROL)), "ms")
    for name in made:
        server.request(f"{ours.CONTROL}/{name}", method="DELETE")
