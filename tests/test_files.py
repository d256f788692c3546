"""The forms of the addresses that give files back, and what they answer."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

import pytest

from mock_afas.errors import Refusal
from mock_afas.ledger.book import Cell, Row
from mock_afas.wire import files

PDF, PNG, LOST = "A" * 31 + "1", "A" * 31 + "2", "A" * 31 + "3"
TABLES: Mapping[str, Sequence[Row]] = {
    "files": (
        {"file_id": PDF, "file_name": "map/Factuur 1.PDF", "content": b"\x00\xff%PDF"},
        {"file_id": PNG, "file_name": "Logo.png", "content": b""},
    ),
    "attachments": (
        {"attachment_id": 1, "subject_id": 9910, "file_id": PDF, "file_name": "Anders genoemd.pdf"},
        {"attachment_id": 2, "subject_id": 9910, "file_id": LOST, "file_name": "Weg.pdf"},
    ),
}
FACTUUR = {"filename": "map/Factuur 1.PDF", "mimetype": "application/pdf", "filedata": "AP8lUERG"}
ANDERS = {**FACTUUR, "filename": "Anders genoemd.pdf"}
LOGO = {"filename": "Logo.png", "mimetype": "image/png", "filedata": ""}


def _same(left: Cell, right: Cell) -> bool:
    return str(left).casefold() == str(right).casefold()


def find(entity: str, *key: Cell) -> Row | None:
    return next((row for row in TABLES[entity] if _same(row["file_id"], key[0])), None)


def where(entity: str, **columns: Cell) -> Sequence[Row]:
    return [row for row in TABLES[entity] if all(_same(row[name], value) for name, value in columns.items())]


@pytest.mark.parametrize(
    ("resource", "segments", "parameters", "expected"),
    [
        ("subjectconnector", ["9910", PDF], {}, ANDERS),
        ("SubjectConnector", ["9910", PDF.lower(), ""], {}, ANDERS),
        ("subjectconnector", [], {"SubjectId": "9910", "FileId": PDF}, ANDERS),
        ("subjectconnector", [""], {"subjectid": "9910", "FILEID": PDF}, ANDERS),
        ("fileconnector", [], {"fileid": PDF, "filename": "map/Factuur 1.PDF"}, FACTUUR),
        ("fileconnector", [PDF, "map", "factuur 1.pdf"], {}, FACTUUR),
        ("FileConnector", [PNG, "Logo.png"], {"other": "1"}, LOGO),
        ("imageconnector", [PNG], {"size": "1"}, LOGO),
    ],
)
def test_addresses_of_files(
    resource: str, segments: list[str], parameters: dict[str, str], expected: dict[str, str]
) -> None:
    assert files.answer(resource, segments, parameters, find=find, where=where) == expected
    assert base64.b64decode(expected["filedata"]) in {b"\x00\xff%PDF", b""}


@pytest.mark.parametrize(
    ("resource", "segments", "parameters"),
    [
        ("subjectconnector", [], {}),
        ("subjectconnector", ["9910"], {}),
        ("subjectconnector", [PDF], {"SubjectId": "9910"}),
        ("subjectconnector", [], {"SubjectId": "9910", "FileId": ""}),
        ("subjectconnector", ["9911", PDF], {}),
        ("subjectconnector", ["9910", PNG], {}),
        ("subjectconnector", ["9910", LOST], {}),
        ("subjectconnector", ["9910", PDF, "x"], {}),
        ("subjectconnector", ["²", PDF], {}),
        ("subjectconnector", ["9" * 30, PDF], {}),
        ("fileconnector", [PDF], {}),
        ("fileconnector", [PDF, "Factuur 2.pdf"], {}),
        ("fileconnector", [LOST, "Weg.pdf"], {}),
        ("fileconnector", [], {"fileid": PDF}),
        ("imageconnector", [], {}),
        ("imageconnector", [PDF], {}),
        ("imageconnector", [LOST], {}),
        ("imageconnector", [PNG, "x"], {}),
    ],
)
def test_what_is_missing_is_not_found(resource: str, segments: list[str], parameters: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        files.answer(resource, segments, parameters, find=find, where=where)
    assert refused.value.status == 404
    assert refused.value.reason.path == f"/{resource}"
    assert refused.value.reason.allowed


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.pdf", "application/pdf"),
        ("a.b.JPEG", "image/jpeg"),
        ("a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a.tar.gz", "application/octet-stream"),
        ("data:,a.zzz", "application/octet-stream"),
        (".pdf", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_types_of_files(name: str, expected: str) -> None:
    assert files.mimetype(name) == expected
