"""What can be uploaded: archives, exports, metainfo; and what is broken, hostile or enormous."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_afas.imports import foreign, uploads
from tests.gcn_writer import write, zipped
from tests.imports_support import CURRENCIES, a_field, definition, listed, metainfo, names, send
from tests.support import Afas


def test_a_zip_with_everything_in_it(afas: Afas) -> None:
    archive = zipped(
        {
            "exports/2025/currencies.gcn": write(CURRENCIES, "binary"),
            "exports/broken.gcn": write(CURRENCIES, "text")[:300],
            "meta.json": orjson.dumps(
                [metainfo(afas, "Zenvoices_Items"), {"name": "Y"}, metainfo(afas, "Profit_Users")]
            ),
            "lees mij.txt": b"Zomaar een tekst",
            "../../etc/passwd.gcn": write(CURRENCIES, "text"),
            "/etc/x.gcn": write(CURRENCIES, "text"),
            "C:\\windows\\x.gcn": write(CURRENCIES, "text"),
            "inner.zip": zipped({"x.gcn": write(CURRENCIES, "text")}),
            "again.gcn": write(CURRENCIES, "text"),
            "empty.json": b"",
            "bom.json": b"\xef\xbb\xbf" + orjson.dumps(metainfo(afas, "Profit_Address")),
            "__MACOSX/exports/._currencies.gcn": b"\x00\x05",
            ".DS_Store": b"Bud1",
            "utf16.json": "{}".encode("utf-16"),
        }
    )
    report = send(afas, archive)
    assert names(report) == ["zenvoices_currencies", "Zenvoices_Items", "Profit_Users", "Profit_Address"]
    messages = {error["connector"]: error["message"] for error in report["errors"]}
    expected = {
        "exports/broken.gcn": "truncated",
        "meta.json, item 2": "'fields'",
        "lees mij.txt": "neither",
        "../../etc/passwd.gcn": "leads out",
        "/etc/x.gcn": "leads out",
        "C:/windows/x.gcn": "leads out",
        "inner.zip": "ZIP inside the ZIP",
        "zenvoices_currencies": "twice",
        "empty.json": "empty",
        "utf16.json": "neither",
    }
    assert {name.replace("\\", "/") for name in messages} == set(expected)
    assert all(part in messages.get(name, messages.get(name.replace("/", "\\"), "")) for name, part in expected.items())


def a_bomb() -> bytes:
    return zipped({"bomb.json": b"[" + b" " * (uploads.MOST_FILE + 1) + b"]", "good.gcn": write(CURRENCIES, "text")})


def many_large_files() -> bytes:
    return zipped({f"{at}.json": b"[" + b" " * (uploads.MOST_FILE - 2) + b"]" for at in range(6)})


def encrypted() -> bytes:
    data = bytearray(zipped({"a.gcn": b"x"}))
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.find(signature) + offset] |= 1
    return bytes(data)


def overlapping() -> bytes:
    """A directory that lists one entry a thousand times."""
    good = zipped({"a.json": b"[]"})
    start, end = good.find(b"PK\x01\x02"), good.rfind(b"PK\x05\x06")
    count = 1_000
    directory = good[start:end] * count
    tail = good[end : end + 8] + count.to_bytes(2, "little") * 2 + len(directory).to_bytes(4, "little")
    return good[:start] + directory + tail + start.to_bytes(4, "little") + b"\0\0"


HOSTILE = {
    "a bomb": (a_bomb(), "larger than", 1),
    "many large files": (many_large_files(), "larger than", 0),
    "encrypted": (encrypted(), "password", 0),
    "bzip2": (zipped({"a.gcn": b"x" * 100}, zipfile.ZIP_BZIP2), "deflate", 0),
    "lzma": (zipped({"a.gcn": b"x" * 100}, zipfile.ZIP_LZMA), "deflate", 0),
    "too many entries": (zipped({f"{at}.gcn": b"" for at in range(uploads.MOST_ENTRIES + 1)}), "entries", 0),
    "no entries": (zipped({}), "empty", 0),
    "overlapping entries": (overlapping(), "", 0),
    "deep JSON": (b"[" * 100_000, "no JSON", 0),
    "a name of control characters": (zipped({"a\x01\n.gcn": write(CURRENCIES, "text")}), "leads out", 0),
}


@pytest.mark.parametrize(("body", "message", "imported"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_uploads(afas: Afas, body: bytes, message: str, imported: int) -> None:
    report = send(afas, body)
    assert len(report["imported"]) == imported
    assert any(message in error["message"] for error in report["errors"]) or not message


WRONG: list[tuple[object, str]] = [
    (3, "/metainfo/get/X"),
    ({"updateConnectors": []}, "/metainfo/get/X"),
    (definition(fields={}), "/metainfo/get/X"),
    (definition(name=None), "'name' is missing"),
    (definition(name=7), "'name' is missing"),
    (definition(name="a/b"), "the name of the connector"),
    (definition(name="a\x00b"), "the name of the connector"),
    (definition(name=" a"), "the name of the connector"),
    (definition(name="a" * 101), "the name of the connector"),
    (definition(description=[]), "'description'"),
    (definition(description="x" * 1_001), "the description"),
    (definition(fields=[]), "no fields"),
    (definition(fields=[1]), "field 1 is no object"),
    (definition(fields=[a_field("")]), "the id of field 1"),
    (definition(fields=[a_field("A\n")]), "the id of field 1"),
    (definition(fields=[a_field("A"), a_field("a")]), "twice"),
    (definition(fields=[a_field("A", "number")]), "'dataType'"),
    (definition(fields=[a_field("A", length=-1)]), "'length'"),
    (definition(fields=[a_field("A", length="10")]), "'length'"),
    (definition(fields=[a_field("A", length=2**40)]), "'length'"),
    (definition(fields=[a_field("A", decimals=True)]), "'decimals'"),
    (definition(fields=[a_field("A", label="\x00")]), "a text of field"),
    (definition(fields=[a_field(f"F{at}") for at in range(foreign.MOST_FIELDS + 1)]), "more than"),
]


@pytest.mark.parametrize(("document", "message"), WRONG, ids=lambda value: str(value)[:40])
def test_a_definition_that_cannot_be_is_refused_and_says_why(afas: Afas, document: object, message: str) -> None:
    before = listed(afas)
    report = send(afas, document)
    assert report["imported"] == []
    assert [message in error["message"] for error in report["errors"]] == [True]
    assert listed(afas) == before


def test_too_many_definitions(afas: Afas) -> None:
    documents = [definition(name=f"Acme_{at}") for at in range(uploads.MOST_DEFINITIONS + 1)]
    report = send(afas, documents)
    assert report["imported"] == []
    assert "at most 1,000 connectors" in report["errors"][0]["message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b'{"shipped": "Zenvoices_*"}', 422),
        (b'{"shipped": []}', 422),
        (b'{"shipped": ["Nope"]}', 422),
        (b'{"shipped": ["*"], "more": 1}', 422),
        (b'{"shipped"', 400),
        (bytes(64 * 2**20 + 1), 413),
    ],
    ids=["empty", "no list", "none", "unknown", "other key", "no JSON", "too large"],
)
def test_calls_that_are_wrong_as_a_whole(afas: Afas, body: bytes, status: int) -> None:
    answer = afas.http.post(f"{afas.control_url}/environments/{afas.environment}/import", content=body)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


@given(data=st.data())
def test_any_flipped_zip_is_read_or_refused(data: st.DataObject) -> None:
    good = bytearray(zipped({"a.gcn": write(CURRENCIES, "text"), "b.json": orjson.dumps(definition())}))
    for _ in range(data.draw(st.integers(1, 5))):
        good[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.integers(0, len(good)))
    for body in (bytes(good), bytes(good[:cut])):
        upload = uploads.read(body)
        assert upload.definitions or upload.problems
        assert all(problem.message and problem.connector.isprintable() for problem in upload.problems)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["name", "description", "fields", "id", "fieldId", "dataType", "label"]), inner
        )
    ),
    max_leaves=20,
)


@given(document=JSON)
def test_any_json_is_read_or_refused(document: object) -> None:
    try:
        body = orjson.dumps(document)
    except orjson.JSONEncodeError:
        return
    upload = uploads.read(body)
    assert upload.definitions or upload.problems or document == []


def test_the_archive_never_touches_the_disk(afas: Afas, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{tmp_path}/evil.json", orjson.dumps(definition()))
    report = send(afas, buffer.getvalue())
    assert report["imported"] == []
    assert list(tmp_path.iterdir()) == []
