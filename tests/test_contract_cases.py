"""Failures as short stories, case files and scripts of curl, found in changed copies of the careful client."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_afas_contracts import casefile, scenarios, steps
from mock_afas_contracts.contract import CONTRACTS
from mock_afas_contracts.draws import OtherDraws, Recorded
from mock_afas_contracts.events import ContractFailed
from mock_afas_contracts.judging import PROFILES, Judge
from mock_afas_contracts.line_driver import process_driver
from mock_afas_contracts.search import Well, Wrong, tell_again
from mock_afas_contracts.story import Stage
from mock_afas_contracts.target import Target
from tests import support
from tests.support import Afas

ROOT = Path(__file__).parent.parent
CAREFUL = ROOT / "contracts" / "examples" / "python"

#: Changes that make the careful client wrong.
WITHOUT_ORDER = """
    def query(self, connector, filters, skip, take):
        return re.sub("&orderbyfieldids=[^&]*", "", super().query(connector, filters, skip, take))

    def rows(self, connector, filters=()):
        skip = 0
        while page := self.get(f"connectors/{connector}", "rows", self.query(connector, list(filters), skip, 100)):
            yield from page
            skip += 100
"""
BLIND_RETRY = """
    def looked(self, look):
        return None
"""


def wrong_client(folder: Path, change: str) -> str:
    """The command of a driver with a changed careful client."""
    file = folder / "wrong_driver.py"
    head = f"import re, sys\nsys.path.insert(0, {str(CAREFUL)!r})\nimport careful, driver\n"
    file.write_text(f"{head}class Wrong(careful.CarefulClient):{change}\ndriver.serve(Wrong)\n", encoding="utf-8")
    return shlex.join([sys.executable, str(file)])


@pytest.fixture(scope="module")
def afas() -> Iterator[Afas]:
    scenarios.load()
    serving, afas = support.start()
    yield afas
    afas.http.close()
    serving.stop()


def judged(afas: Afas, name: str, command: str) -> Any:
    stage = Stage(process_driver(command), Target(afas.control_url))
    try:
        *_, event = Judge(PROFILES["fast"], seed=1).events(CONTRACTS[name], stage)
    finally:
        stage.driver.stop()
        stage.target.close()
    return event


@pytest.fixture(scope="module")
def unordered(afas: Afas, tmp_path_factory: pytest.TempPathFactory) -> ContractFailed:
    event = judged(afas, "read/pages-once", wrong_client(tmp_path_factory.mktemp("unordered"), WITHOUT_ORDER))
    assert isinstance(event, ContractFailed)
    return event


@pytest.fixture(scope="module")
def blind(afas: Afas, tmp_path_factory: pytest.TempPathFactory) -> ContractFailed:
    command = wrong_client(tmp_path_factory.mktemp("blind"), BLIND_RETRY)
    event = judged(afas, "faults/lost-answer-after-commit", command)
    assert isinstance(event, ContractFailed)
    return event


def test_pages_without_an_order_are_two_steps(unordered: ContractFailed) -> None:
    assert len(unordered.case.steps) <= 2
    assert unordered.case.repeatable
    lines = unordered.case.text().splitlines()
    assert lines[:2] == ["1. put suppliers: 9 rows", "2. read Zenvoices_Suppliers"]
    assert "   > GET /connectors/Zenvoices_Suppliers?skip=100&take=100" in lines
    assert "Should hold: every row is read exactly once" in lines


def test_a_blind_retry_is_three_steps_at_most(blind: ContractFailed) -> None:
    assert len(blind.case.steps) <= 3
    text = blind.case.text()
    assert text.startswith("1. arrange fault F00001: drop at POST FiEntries, after it is carried out, once\n2. book")
    assert "< no answer  [F00001: dropped]" in text
    assert re.search(r"< 500 .*wordt al gebruikt in financieel", text)


def test_a_case_is_told_again_from_its_file(
    afas: Afas, blind: ContractFailed, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path / "case.json"
    blind.case.write(file)
    kept = casefile.read(file)
    for change, outcome in ((BLIND_RETRY, Wrong), ("\n    pass", Well)):
        command = wrong_client(tmp_path_factory.mktemp("again"), change)
        stage = Stage(process_driver(command), Target(afas.control_url))
        found = tell_again(CONTRACTS[kept["contract"]], stage, kept["settings"], kept["draws"])
        assert isinstance(found, outcome)
        if isinstance(found, Wrong):
            assert found.case.title == blind.case.title
        stage.driver.stop()
        stage.target.close()


def test_replay_on_the_command_line(
    afas: Afas, unordered: ContractFailed, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path / "case.json"
    unordered.case.write(file)
    for change, code, said in ((WITHOUT_ORDER, 1, "failed"), ("\n    pass", 0, "passed")):
        driver = wrong_client(tmp_path_factory.mktemp("replay"), change)
        command = [sys.executable, "-m", "mock_afas_contracts", "replay", str(file), "--driver", driver]
        done = subprocess.run([*command, "--control", afas.control_url], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (code, "")
        assert done.stdout.startswith(f"read/pages-once: {said}\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read"),
        ("[]", "is no case file: it needs format, contract, settings, draws, seed"),
        (
            '{"format": 2, "contract": "a/b", "settings": {}, "draws": [], "seed": 1}',
            "has format 2; this version reads 1",
        ),
    ],
)
def test_what_is_no_case(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(casefile.NotACase, match=message):
        casefile.read(file)


def test_a_case_of_another_version_of_the_contract() -> None:
    draws: Any = None
    with pytest.raises(OtherDraws, match="draws more values"):
        Recorded([]).draw(draws)


def test_the_script_repeats_the_requests(afas: Afas, unordered: ContractFailed, tmp_path: Path) -> None:
    script = tmp_path / "story.sh"
    script.write_text(unordered.case.curl(), encoding="utf-8")
    fork = support.fork(afas)
    fork.put("suppliers", *({"supplier_id": str(70000 + number), "name": f"L{number}"} for number in range(9)))
    environment = {**os.environ, "BASE": fork.base_url, "AUTHORIZATION": fork.authorization}
    done = subprocess.run(["sh", str(script)], env=environment, capture_output=True, text=True, check=True)
    pages = re.findall(r'\{"skip":(\d+),"take":100,"rows"', done.stdout)
    assert pages == ["0", "100", "200"]
    assert fork.token not in unordered.case.curl() + json.dumps(unordered.case.as_json())


def test_the_example_of_the_guide_is_a_contract(afas: Afas) -> None:
    guide = (ROOT / "contracts" / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^```python\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    assert found
    kept = dict(CONTRACTS)
    try:
        exec(compile(found[1], "contracts/README.md", "exec"), {})  # noqa: S102 - our own page
        (name,) = CONTRACTS.keys() - kept.keys()
        event = judged(afas, name, shlex.join([sys.executable, str(CAREFUL / "driver.py")]))
        assert type(event).__name__ == "ContractPassed", event
    finally:
        CONTRACTS.clear()
        CONTRACTS.update(kept)


def test_every_part_is_in_the_guide() -> None:
    guide = (ROOT / "contracts" / "README.md").read_text(encoding="utf-8")
    package = ROOT / "contracts" / "mock_afas_contracts"
    parts = {path.stem for path in package.glob("*.py")} - {"__init__", "__main__", "cli", "test_contracts"}
    assert {part for part in parts if f"`{part}`" not in guide} == set()
    offered = set(re.findall(r"^    def ([a-z]\w*)", (package / "story.py").read_text(encoding="utf-8"), re.MULTILINE))
    assert {name for name in offered - {"end"} if not re.search(rf"`{name}[(`]", guide)} == set()


def test_a_story_tells_how_large_a_document_is_and_keeps_no_bulk() -> None:
    invoice = {"administration": 1, "supplier_id": "50000", "invoice_number": "F-1"}
    document = {"file_name": "scan.pdf", "content_base64": "QUJD" * 5_000 + "QQ=="}
    words = steps.operation_words("attach_document", {**invoice, **document})
    assert words == "attach 'scan.pdf' (15,001 bytes) to invoice 'F-1' of supplier 50000"
    kept = steps.shortened({"arguments": {**invoice, "document": document, "lines": [{"amount": "1.00"}]}})
    assert kept["arguments"]["document"]["content_base64"] == "QUJD" * 25 + "… (20,004 characters)"
    assert kept["arguments"] | {"document": None} == {**invoice, "document": None, "lines": [{"amount": "1.00"}]}
