"""``mock-afas import``: files, folders and archives, and what is said of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.gcn_writer import SERIALISATIONS, Written, WrittenField, write, zipped
from tests.support import Afas
from tests.test_cli_commands import CommandLine


@pytest.fixture
def line(afas: Afas) -> CommandLine:
    return CommandLine(afas)


def export(name: str) -> bytes:
    fields = (WrittenField("U001", "Nummer", ("Fi", "Crx", "CrId")), WrittenField("U002", "Qqq"))
    return write(Written(name, fields), SERIALISATIONS[len(name) % 2])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "one.gcn").write_bytes(export("Acme_Creditor_One"))
    (tmp_path / "deep" / "er" / "two.GCN").write_bytes(export("Acme_Creditor_Two"))
    (tmp_path / "deep" / "three.zip").write_bytes(zipped({"x/three.gcn": export("Acme_Creditor_Three")}))
    (tmp_path / "notes.txt").write_text("nothing for Profit")
    return tmp_path


def test_a_folder_is_imported_with_all_below_it(line: CommandLine, folder: Path) -> None:
    heading, *lines = line.said("import", str(folder)).splitlines()
    assert heading.split() == ["CONNECTOR", "SOURCE", "FIELDS", "MAPPED", "FILLED"]
    assert sorted(row.split() for row in lines) == [
        [f"Acme_Creditor_{name}", "suppliers", "2", "1", "Qqq"] for name in ("One", "Three", "Two")
    ]


def test_files_and_metainfo_together(line: CommandLine, folder: Path) -> None:
    metainfo = folder / "items.json"
    metainfo.write_bytes(line.afas.get("metainfo/get/Zenvoices_Items").content)
    report = line.shown("import", str(folder / "one.gcn"), str(metainfo), str(folder / "deep" / "three.zip"), "--json")
    assert {one["connector"] for one in report["imported"]} == {
        "Acme_Creditor_One",
        "Acme_Creditor_Three",
        "Zenvoices_Items",
    }
    assert report["errors"] == []


def test_what_was_imported_is_added_to_an_app_connector(line: CommandLine, folder: Path) -> None:
    before = [connector["id"] for connector in line.afas.get("metainfo").json()["getConnectors"]]
    line.said("import", str(folder / "one.gcn"), "--shipped", "zenvoices_items", "--add-to", "1")
    after = [connector["id"] for connector in line.afas.get("metainfo").json()["getConnectors"]]
    assert sorted(after) == sorted([*before, "Acme_Creditor_One"])
    assert line.afas.rows("Acme_Creditor_One")
    assert "no app connector '9'" in line.refused("import", str(folder / "one.gcn"), "--add-to", "9")


def test_errors_are_said_and_the_exit_code_tells(line: CommandLine, folder: Path) -> None:
    (folder / "broken.gcn").write_bytes(export("Acme_Creditor_One")[:200])
    line.afas.configure(without=["projects"])
    done = line.run("import", str(folder), "--shipped", "Zenvoices_P*")
    assert done.exit_code == 1
    assert "Acme_Creditor_Two" in done.stdout
    said = done.stderr.splitlines()
    assert [text.partition(":")[0] for text in said] == ["broken.gcn", "Zenvoices_ProjectStages", "Zenvoices_Projects"]
    done = line.run("import", str(folder / "broken.gcn"), "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["imported"] == []
    assert "Nothing was imported" in line.run("import", str(folder / "broken.gcn")).stdout


def test_wrong_use(line: CommandLine, tmp_path: Path) -> None:
    assert "--shipped" in line.refused("import")
    assert "cannot be read" in line.refused("import", str(tmp_path / "gone.gcn"))
    assert "nothing to import" in line.refused("import", str(tmp_path))
    assert "no GetConnector is called 'Nope'" in line.refused("import", "--shipped", "Nope")
