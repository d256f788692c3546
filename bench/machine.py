"""This machine: the tools on it, the cores that generator and server take, and what processes hold of its memory."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from pathlib import Path

#: Bytes in what this package calls a megabyte.
MEGABYTE = 1_000_000
_PROC = Path("/proc")
#: A process rests when it computes for fewer ticks than this between two looks, so many seconds apart.
_RESTING, _LOOK = 2, 0.5
_REST_UNTOLD = 10.0

#: What has to be there, and how to get it.
HINTS = {
    "wrk": "install wrk, e.g. the Debian package of that name",
    "npm": "install Node.js with npm 18 or newer, e.g. the Debian packages nodejs and npm",
    "node": "install Node.js 18 or newer, e.g. the Debian package nodejs",
    "proc": "measure memory on Linux: it is read from /proc",
}


class CannotRun(Exception):
    """Something is missing or does not work. ``hint`` says how to get it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def missing(needs: set[str]) -> list[str]:
    """Those of ``needs``, keys of HINTS, that this machine lacks."""
    there = {name: (_PROC / "self/clear_refs").exists() if name == "proc" else shutil.which(name) for name in needs}
    return sorted(name for name in needs if not there[name])


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if sys.platform == "linux" and shutil.which("taskset") else []


class Cores:
    """One core for the generator, which this process takes too, and another for the servers; none where it cannot."""

    def __init__(self) -> None:
        cores = _cores()
        self.pinned = len(cores) >= 2
        self._server = cores[-1] if self.pinned else 0
        if self.pinned and sys.platform == "linux":
            os.sched_setaffinity(0, {cores[0]})

    @property
    def server_prefix(self) -> tuple[str, ...]:
        """What goes before a server's command."""
        return ("taskset", "-c", str(self._server)) if self.pinned else ()


def _status(pid: int, key: str) -> int:
    """Bytes that /proc tells of process ``pid`` under ``key``."""
    for line in (_PROC / str(pid) / "status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == key:
            return int(value.split()[0]) * 1024
    raise CannotRun(f"/proc tells no {key}", HINTS["proc"])


def resident(pid: int) -> int:
    """Bytes of memory that process ``pid`` holds now."""
    return _status(pid, "VmRSS")


def peak(pid: int) -> int:
    """The most bytes that ``pid`` held since it began, or since ``reset_peak``."""
    return _status(pid, "VmHWM")


def reset_peak(pid: int) -> None:
    """Lets ``peak`` of ``pid`` begin anew from what it holds now."""
    (_PROC / str(pid) / "clear_refs").write_text("5")


def _processor_time(pid: int) -> int:
    """Ticks, hundredths of a second, that ``pid`` has computed for."""
    user, system = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[11:13]
    return int(user) + int(system)


def await_rest(pid: int) -> None:
    """Waits until process ``pid`` has nothing to do; where nobody can tell, for some seconds."""
    if not (_PROC / str(pid) / "stat").exists():
        time.sleep(_REST_UNTOLD)
        return
    before = -_RESTING
    while (now := _processor_time(pid)) - before >= _RESTING:
        before = now
        time.sleep(_LOOK)


def load_average() -> float:
    """How many processes ran or waited to run during the last minute."""
    return os.getloadavg()[0]


def _processor() -> str:
    info = _PROC / "cpuinfo"
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def describe() -> str:
    """The machine in one line."""
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return f"{_processor()}, {os.cpu_count()} cores, {system}, Python {platform.python_version()}"
