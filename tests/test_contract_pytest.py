"""The contracts under pytest: with a driver as an option, and with an adapter that a fixture gives."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TROUBLED = ROOT / "tests" / "contracts" / "troubled.py"

#: A client in Python as its project would test it: the administrations of AFAS, by httpx.
CONFTEST = """
import base64
import httpx
import pytest


class Administrations:
    name = "administrations"

    {kind} start(self, connection):
        self.connection = connection

    {kind} connect(self):
        token = base64.b64encode(self.connection.token.encode()).decode()
        url = f"{{self.connection.base_url}}/connectors/Zenvoices_AdministrationDetails?skip=-1&take=-1"
        {opened} as http:
            rows = ({wait} http.get(url, headers={{"Authorization": f"AfasToken {{token}}"}})).json()["rows"]
        return {{"administrations": [{{"id": row["AdminId"], "name": row["AdminNm"]}} for row in rows{some}]}}


@pytest.fixture(scope="session")
def afas_adapter():
    return Administrations()
"""
KINDS = {
    "sync": {"kind": "def", "opened": "with httpx.Client()", "wait": "", "some": ""},
    "async": {"kind": "async def", "opened": "async with httpx.AsyncClient()", "wait": "await", "some": ""},
    "wrong": {"kind": "def", "opened": "with httpx.Client()", "wait": "", "some": "[:5]"},
}
ONE = "test_contract[connect/administrations]"
OUTCOMES = {"sync": "1 passed", "async": "1 passed", "wrong": "1 failed"}


def pytest_says(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    # No plugins of others that happen to be installed: importing them takes most of the time.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_an_adapter_of_the_project(kind: str, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.format(**KINDS[kind]), encoding="utf-8")
    said = pytest_says(tmp_path, "--pyargs", f"mock_afas_contracts.test_contracts::{ONE}")
    assert OUTCOMES[kind] in said, said
    if kind == "wrong":
        assert "Should hold: every administration is given with its name" in said


def test_a_driver_as_an_option() -> None:
    test = f"contracts/mock_afas_contracts/test_contracts.py::{ONE}"
    said = pytest_says(ROOT, test, "--driver", shlex.join([sys.executable, str(TROUBLED), "exit"]))
    assert "driver crashed: Connecting gives every administration" in said
    assert "the driver works on: the driver ended with exit code 3" in said


def test_nobody_to_test(tmp_path: Path) -> None:
    said = pytest_says(tmp_path, "--pyargs", "mock_afas_contracts", "--maxfail=1")
    assert "no client: give --driver CMD" in said, said
