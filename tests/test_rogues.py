"""The gallery of wrong clients: each says its mistake, and the contract it names catches it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from contracts.rogues import gallery
from contracts.rogues.base import Rogue
from contracts.rogues.families import ROGUES
from mock_afas_contracts.contract import CONTRACTS
from mock_afas_contracts.scenarios import load
from mock_afas_contracts.target import Server
from tests.drivers import ROOT

load()
#: Shown in every run; the whole gallery takes minutes, and is shown by `make thorough`.
SAMPLE = ("blind-retry", "decimal-comma", "first-page-only", "no-integration-id", "no-order", "token-in-url")
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
SHOWN = [one for one in ROGUES.values() if THOROUGH or one.name in SAMPLE]
FAMILIES = ["connect", "read", "features", "relations", "booking", "documents", "faults", "limits", "manners"]


def test_there_are_at_least_forty_and_each_has_a_mistake_of_its_own() -> None:
    assert len(ROGUES) >= 40
    assert len({one.sentence for one in ROGUES.values()}) == len(ROGUES)
    assert len({one.client for one in ROGUES.values()}) == len(ROGUES)


@pytest.mark.parametrize("rogue", ROGUES.values(), ids=lambda rogue: rogue.name)
def test_a_rogue_tells_its_mistake_and_who_catches_it(rogue: Rogue) -> None:
    assert re.fullmatch(r"[A-Z].*\w\.", rogue.sentence)
    assert rogue.caught_by in CONTRACTS


def test_they_are_listed_and_a_wrong_name_is_told() -> None:
    command = [sys.executable, "-m", "contracts.rogues"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert listed == ["\t".join((one.name, one.caught_by, one.sentence)) for one in ROGUES.values()]
    wrong = subprocess.run([*command, "nobody"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert wrong.returncode == 1
    assert "nobody" in wrong.stderr


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.mark.parametrize("rogue", SHOWN, ids=lambda rogue: rogue.name)
def test_a_rogue_is_caught(rogue: Rogue, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert gallery.shown(rogue, server.control_url, server.control_key).caught
