"""Sends requests with wrk and counts the answers."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.machine import CannotRun, await_rest
from bench.servers import Server

CONNECTIONS = 16
#: How often each request is counted. The best counts, of all servers alike: it was disturbed least.
ROUNDS = 3
_SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True, slots=True)
class Request:
    """A request of the bench. A ``{n}`` in ``path`` becomes another number each time.

    ``least_seconds`` is for servers so slow that less would count only a handful of answers. Such a one may also close
    connections that waited too long while it was busy; each of these is counted as an answer, in its favour.
    """

    server: Server
    path: str
    least_seconds: float = 0
    connections: int = CONNECTIONS
    #: A file whose bytes are posted; None for a GET.
    body: Path | None = None

    def settle(self) -> None:
        """Waits until the server has worked off what earlier clients asked of it.

        What was posted can keep it busy after its answers, on the core that the next server is counted on.
        """
        body = self.body.read_bytes() if self.body else None
        path = self.path.replace("{n}", str(time.time_ns()))
        self.server.request(path, method="POST" if body else "GET", body=body)
        if body:
            await_rest(self.server.pid)


def _command(request: Request, seconds: float) -> list[str]:
    headers = [part for name, value in request.server.headers.items() for part in ("--header", f"{name}: {value}")]
    plain = request.server.url(request.path.replace("{n}", "0"))
    arguments = ("--threads", "1", "--connections", str(request.connections), "--timeout", "120s")
    script = ("--duration", f"{seconds:.0f}s", "--script", str(_SCRIPT), plain, "--", request.path)
    return ["wrk", *arguments, *headers, *script, f"{time.time_ns()}", *([str(request.body)] if request.body else [])]


def _wrk(request: Request, seconds: float) -> float:
    """Answers in a second. Raises CannotRun when one was not good, or none came."""
    done = subprocess.run(_command(request, seconds), capture_output=True, text=True, check=False)
    results = [line.removeprefix("RESULT ") for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if done.returncode or not results:
        raise CannotRun(f"wrk failed: {(done.stderr or done.stdout).strip()[-500:]}")
    counted = json.loads(results[0])
    answers = counted["requests"] + (counted["broken"] if request.least_seconds else 0)
    if counted["bad"] or not answers or (counted["broken"] and not request.least_seconds):
        raise CannotRun(f"{request.server.name}, {request.path}: wrk counted {counted}")
    rate: float = answers / (counted["microseconds"] / 1e6)
    return rate


def _warm(request: Request) -> None:
    """One second that is not counted; of a slow server one answer."""
    if not request.least_seconds:
        subprocess.run(_command(request, 1), capture_output=True, check=False)
    request.settle()


def rates(requests: Mapping[str, Request], seconds: float) -> dict[str, float]:
    """Answers in a second to each of ``requests``: the best of rounds in which they take turns."""
    counted: dict[str, list[float]] = {name: [] for name in requests}
    for _ in range(ROUNDS):
        for name, request in requests.items():
            _warm(request)
            counted[name].append(_wrk(request, max(seconds, request.least_seconds)))
            request.settle()
    best = {name: max(found) for name, found in counted.items()}
    for name, rate in best.items():
        print(f"  {name}: {rate:,.1f}/s  ({', '.join(f'{found:,.1f}' for found in counted[name])})", file=sys.stderr)
    return best
