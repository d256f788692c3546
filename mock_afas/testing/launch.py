"""Starts one server for a whole test run, however many worker processes it has.

The processes of a run share a directory. Whoever needs the server first starts it there, while the others wait for a
lock; whoever owns the run stops it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mock_afas.errors import ControlError

_PATIENCE = 60.0
_STOPPING = 10.0


def ready_file(directory: Path) -> Path:
    """Where the server that belongs to ``directory`` says how it is reached."""
    return directory / "ready.json"


def server_of(directory: Path, owner: int) -> dict[str, Any]:
    """The contents of the ready file of the run's server, which is started if nobody has. Raises ControlError.

    ``owner`` is the process with which the server ends.
    """
    with _locked(directory / "lock"):
        ready = ready_file(directory)
        if not ready.exists():
            _start(directory, owner)
        document: dict[str, Any] = json.loads(ready.read_text(encoding="utf-8"))
        return document


def stop_server_of(directory: Path) -> None:
    """Stops the server that belongs to ``directory``, if there is one, and waits until it has ended."""
    ready = ready_file(directory)
    try:
        process = int(json.loads(ready.read_text(encoding="utf-8"))["pid"])
    except FileNotFoundError:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGTERM)
    until = time.monotonic() + _STOPPING
    while time.monotonic() < until and not _has_ended(process):
        time.sleep(0.01)


def _has_ended(process: int) -> bool:
    """Whether ``process`` is gone; if it is our own child its end is taken note of."""
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(process, os.WNOHANG)[0] == process
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(directory: Path, owner: int) -> None:
    """Starts a server and waits until it answers."""
    log = directory / "server.log"
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    # -P: files of the tests' directory must not stand in for modules of the server.
    command = (sys.executable, "-P", "-m", "mock_afas.testing.served", str(ready_file(directory)), str(owner))
    try:
        # Not by subprocess: this process may end before the server, and need not take note of its end. A group of its
        # own, so that Ctrl-C ends the tests first.
        actions = [(os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)]
        process = os.posix_spawn(sys.executable, command, os.environ, file_actions=actions, setpgroup=0)
    finally:
        os.close(output)
    until = time.monotonic() + _PATIENCE
    while not ready_file(directory).exists():
        if _has_ended(process):
            said = log.read_text(encoding="utf-8", errors="replace").strip()[-2_000:]
            raise ControlError(f"the server of the tests could not start: {said}", hint="try: mock-afas serve")
        if time.monotonic() > until:
            os.kill(process, signal.SIGKILL)
            raise ControlError(f"the server of the tests did not answer within {_PATIENCE:.0f} seconds")
        time.sleep(0.01)
