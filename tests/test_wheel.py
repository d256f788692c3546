"""What is installed from the built wheel works as the checkout does: the data files travel with the code."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT)], check=True)
    (built,) = folder.glob("*.whl")
    return built


def test_it_holds_every_data_file(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    for path in (ROOT / "fixtures").rglob("*.*"):
        assert f"mock_afas/_fixtures/{path.relative_to(ROOT / 'fixtures').as_posix()}" in held
    assert {"mock_afas/py.typed", "mock_afas_contracts/py.typed"} <= held
    assert "mock_afas_contracts/protocol.schema.json" in held
    (points,) = [name for name in held if name.endswith("/entry_points.txt")]
    with zipfile.ZipFile(wheel) as archive:
        told = archive.read(points).decode()
    assert "[pytest11]\nmock_afas = mock_afas.pytest_plugin" in told
    assert not [name for name in held if name.startswith(("tests", "bench", "fixtures"))]


CHECK = """
import pathlib, sys
import mock_afas
from mock_afas import connectors, fixtures
from mock_afas.registry import Registry
here = pathlib.Path(sys.argv[1])
assert here in pathlib.Path(mock_afas.__file__).parents, mock_afas.__file__
assert here in fixtures.root().parents, fixtures.root()
opened = Registry().create({"rows": 3})
print(len(connectors.get_connectors()), len(connectors.update_connector_ids()), opened.environment.id)
"""


def test_it_works_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "--no-deps", "--target", str(installed), str(wheel)], check=True)
    done = subprocess.run(
        [sys.executable, "-c", CHECK, str(installed)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed), "MOCK_AFAS_CACHE": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("46 5 O12345AA", "")
