"""Installs the peers, each of one version, below ``bench/.work/``, once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.machine import HINTS, CannotRun

WORK = Path(__file__).parent / ".work"
JSON_SERVER = "json-server@0.17.4"
#: uvloop and httptools are what our server runs on: the peer shall not lose by its event loop.
DATASETTE = ("datasette==0.65.5", "uvloop", "httptools")


def _run(command: Sequence[str], hint: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotRun(f"'{' '.join(command[1:4])} …' failed: {done.stderr.strip()[-500:]}", hint)


def json_server() -> str:
    """The path of json-server's command. Raises CannotRun when it cannot be installed."""
    folder = WORK / "json-server"
    command = folder / "node_modules/.bin/json-server"
    if not command.exists():
        print(f"installing {JSON_SERVER} …", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        arguments = ("--prefix", str(folder), "--no-audit", "--no-fund", "--silent", JSON_SERVER)
        _run(("npm", "install", *arguments), HINTS["npm"])
    return str(command)


def datasette() -> str:
    """The path of datasette's command. Raises CannotRun when it cannot be installed."""
    folder = WORK / "datasette"
    command = folder / "bin/datasette"
    if not command.exists():
        print(f"installing {DATASETTE[0]} …", file=sys.stderr)
        hint = "pip has to reach an index of packages, and Python needs its venv module"
        _run((sys.executable, "-m", "venv", str(folder)), hint)
        pip = (str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        _run((*pip, *DATASETTE), hint)
    return str(command)
