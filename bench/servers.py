"""Starts servers, waits until they answer, and stops them whatever happens."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine import CannotRun

HOST = "127.0.0.1"
_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs. ``headers`` is what every request to it carries."""

    name: str
    port: int
    pid: int
    headers: Mapping[str, str] = field(default_factory=dict)

    def url(self, path: str) -> str:
        return f"http://{HOST}:{self.port}{path}"

    def request(self, path: str, *, method: str = "GET", body: bytes | None = None) -> bytes:
        """The body of the answer. Raises CannotRun when it is not a good one."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=_PATIENCE)
        try:
            more = {"Content-Type": "application/json"} if body else {}
            connection.request(method, path, body, {**self.headers, **more})
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise CannotRun(f"{self.name} does not answer {path[:80]}: {error}") from None
        finally:
            connection.close()
        if not 200 <= answer.status < 300:
            raise CannotRun(f"{self.name} answers {path[:200]} with {answer.status}: {content[:200]!r}")
        return content


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _await_listening(name: str, process: subprocess.Popen[bytes], port: int, log: Path, patience: float) -> None:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if process.poll() is not None:
            tail = log.read_text(errors="replace")[-500:]
            raise CannotRun(f"{name} ended with {process.returncode} instead of serving:\n{tail}")
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.05)
    raise CannotRun(f"{name} does not listen after {patience:.0f} seconds; see {log.name}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a process that leads a session, and all that it started."""
    for sign, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            return


@contextlib.contextmanager
def running(
    name: str,
    command: Sequence[str],
    *,
    port: int,
    log: Path,
    headers: Mapping[str, str] | None = None,
    patience: float = _PATIENCE,
) -> Iterator[Server]:
    """A server that ``command`` runs and that listens on ``port``. Raises CannotRun."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        try:
            _await_listening(name, process, port, log, patience)
            yield Server(name, port, process.pid, headers or {})
        finally:
            stop(process)
