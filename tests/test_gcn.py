"""The reader of exports: both serialisations, round trips, and bytes that are anything but an export."""

from __future__ import annotations

import base64
import io
import time
import tracemalloc
import zipfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mock_afas.gcn import GcnError, read
from mock_afas.gcn.values import MOST_TOKENS
from tests.gcn_writer import (
    SERIALISATIONS,
    Serialisation,
    Written,
    WrittenField,
    external_data,
    flat,
    insert,
    items,
    serialised,
    wrapped,
    write,
    zipped,
)

SUPPLIERS = Written(
    "Acme_Crediteuren",
    (
        WrittenField("U003", "Naam", ("Kn", "Bcn", "Nm"), label="Naam relatie", label_en="Name of relation"),
        WrittenField("U001", "Nummer", ("Kn", "Bcn", "BcCo"), header="Nr. ënz."),
        WrittenField("KnBcnSeNm", "Zoeknaam", ("Kn", "Bcn", "SeNm"), label="$3091=Zoek op"),
    ),
    hidden=(WrittenField("U009", "Autorisatie", ("Kn", "Bcn", "Aut")),),
    description="Crediteuren voor Acme",
    description_en="Creditors for Acme",
    blocked=True,
    table=("Kn", "Bcn"),
)


@pytest.mark.parametrize("serialisation", SERIALISATIONS)
def test_an_export_is_read(serialisation: Serialisation) -> None:
    export = read(write(SUPPLIERS, serialisation))
    assert export.name == "Acme_Crediteuren"
    assert export.description == {"nl": "Crediteuren voor Acme", "en": "Creditors for Acme"}
    assert (export.blocked, export.main_table, export.base_view) == (True, "Kn.Bcn", "B_Test01")
    assert [(field.id, field.field_id, field.reference) for field in export.fields] == [
        ("Naam", "U003", "Kn.Bcn.Nm"),
        ("Nummer", "U001", "Kn.Bcn.BcCo"),
        ("Zoeknaam", "KnBcnSeNm", "Kn.Bcn.SeNm"),
    ]
    assert [dict(field.label) for field in export.fields] == [
        {"nl": "Naam relatie", "en": "Name of relation"},
        {"nl": "Nr. ënz.", "en": ""},
        {"nl": "Zoek op", "en": ""},
    ]


CP1252 = st.characters(codec="cp1252", exclude_characters="@~\x00", exclude_categories=("Cc", "Cs"))
SPOKEN = st.text(CP1252, min_size=1, max_size=20)
CODES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=8)
FIELDS = st.builds(
    WrittenField,
    CODES,
    SPOKEN,
    st.tuples(CODES, CODES, CODES),
    st.none() | SPOKEN,
    st.none() | SPOKEN,
    st.none() | SPOKEN,
)
CONNECTORS = st.builds(
    Written,
    SPOKEN,
    st.lists(FIELDS, max_size=12, unique_by=lambda field: field.code),
    description=SPOKEN,
    description_en=st.none() | SPOKEN,
    blocked=st.booleans(),
    table=st.tuples(CODES, CODES),
)


@given(written=CONNECTORS, serialisation=st.sampled_from(SERIALISATIONS))
def test_round_trip(written: Written, serialisation: Serialisation) -> None:
    export = read(write(written, serialisation))
    assert (export.name, export.blocked) == (written.name, written.blocked)
    assert export.main_table == ".".join(written.table)
    assert export.description == {"nl": written.description, "en": written.description_en or written.description}
    for read_field, field in zip(export.fields, written.fields, strict=True):
        assert (read_field.id, read_field.field_id) == (field.id, field.code)
        assert read_field.reference == ".".join(field.reference)
        assert read_field.label == {"nl": field.label or field.header or "", "en": field.label_en or ""}


@pytest.mark.parametrize("serialisation", SERIALISATIONS)
def test_what_stands_before_the_properties_does_not_matter(serialisation: Serialisation) -> None:
    """Nor do counts, other than that of the fields."""
    listed = items(SUPPLIERS)
    properties = listed[listed.index("Guid") : [type(item) for item in listed].index(tuple, 1)]
    statements = [item for item in listed if isinstance(item, str) and item.startswith("insert ")]
    tail = listed[-6 - 2 * len(SUPPLIERS.fields) :]
    plain = wrapped(serialised([1, *flat([*properties, *statements, *tail])], serialisation))
    assert read(plain) == read(write(SUPPLIERS, serialisation))


def refused(data: bytes) -> str:
    """The message with which ``data`` is refused."""
    with pytest.raises(GcnError) as caught:
        read(data)
    return str(caught.value)


GOOD = {serialisation: write(SUPPLIERS, serialisation) for serialisation in SERIALISATIONS}


def text(*tokens: str) -> bytes:
    return wrapped("@".join(tokens).encode("cp1252"))


def binary(data: bytes) -> bytes:
    return wrapped(base64.b64encode(bytes(18) + data))


def bomb() -> bytes:
    return wrapped(b"D1@" * 2_000_000)


def two_entries() -> bytes:
    header = b"\x0c\x20\x01\x00"
    return header + zipped({"ExternalData": b"D1@", "Other": b""})


def with_statement(statement: str) -> bytes:
    return write(Written("X", SUPPLIERS.fields, statements=(statement,)), "text")


def _with_count(token: str) -> bytes:
    """An export that says it has another number of fields."""
    count = f"@D0@D{len(SUPPLIERS.fields):X}@D0@IU003".encode()
    return _replaced(write(SUPPLIERS, "text"), count, f"@D0@{token}@D0@IU003".encode())


def _replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    """The export with ``old`` replaced inside its ``ExternalData``."""
    start, end = data.find(b"PK\x03\x04"), data.rfind(b"PK\x05\x06") + 22
    inner = zipfile.ZipFile(io.BytesIO(data[start:end])).read("ExternalData")
    assert old in inner
    return wrapped(inner.replace(old, new))


REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "holds no ZIP"),
    "text": (b"Zenvoices", "holds no ZIP"),
    "a ZIP without end": (GOOD["text"][:200], "truncated"),
    "a bomb": (bomb(), "larger than"),
    "another entry": (wrapped(b"D1@", entry="Data"), "ExternalData"),
    "two entries": (two_entries(), "at most 1"),
    "a nested ZIP": (wrapped(zipped({"ExternalData": b"D1@"})), "neither text"),
    "UTF-16": (wrapped("D1@D0".encode("utf-16")), "neither text"),
    "no base64": (wrapped(b"####"), "neither text"),
    "no GUID": (wrapped(base64.b64encode(b"short")), "GUID"),
    "an unknown text token": (text("D1", "D0", "Zx"), "begins with 'Z'"),
    "a hexadecimal number that is none": (text("D1", "DXY"), "'DXY' is no hexadecimal"),
    "an endless number": (text("D1", "D" + "F" * 5_000), "no hexadecimal"),
    "a boolean that is none": (text("D1", "D0", "D8201", "D0", "L7"), "neither L0 nor L1"),
    "a null with a value": (text("D1", "D0", "D8201", "D0", "Ax"), "no null"),
    "a date that is none": (text("D1", "D0", "D8201", "D0", "Hnan"), "no date"),
    "a date beyond all dates": (text("D1", "D0", "D8201", "D0", "H1e300"), "no date"),
    "a flag that is none": (text("D1", "D0", "IGuid", "D7", "I"), "where 0 or 1"),
    "an end in a value": (text("D1", "D0", "IGuid", "D0"), "truncated"),
    "an unknown kind": (binary(b"\x07"), "unknown kind"),
    "a string longer than the file": (binary(b"\x09\xff\xff\xff\x7f"), "truncated"),
    "a length without end": (binary(b"\x09" + b"\xff" * 20), "five bytes"),
    "a number cut off": (binary(b"\x02\x01"), "truncated"),
    "a binary boolean that is none": (binary(b"\x0a\x05"), "no boolean"),
    "ticks beyond all dates": (binary(b"\x08" + b"\xff" * 8), "no date"),
    "a string in no encoding": (binary(b"\x02\0\0\0\0\x09\x02\x81\xff"), "neither UTF-8 nor cp1252"),
    "too many values": (text("D1", *["D0"] * (MOST_TOKENS + 1)), "more than"),
    "too many binary values": (binary(b"\x00" * (MOST_TOKENS + 1)), "more than"),
    "no properties": (text("D1", "D0", "D8201", "D0", "D5"), "'Guid' is missing"),
    "an enormous count of fields": (_with_count("D7FFFFFFF"), "ends before"),
    "a negative count of fields": (_with_count("D-1"), "number of fields"),
    "a count of fields that is none": (_with_count("L1"), "number of fields"),
    "no statements": (text("D1", "D0", "IGuid", "D0", "Ix"), "statements"),
    "a statement that is none": (with_statement("insert AfasMdViewField oops"), "no INSERT"),
    "a statement that does not end": (with_statement("insert AfasMdViewField (A) values ('x"), "broken near"),
    "a statement of uneven lists": (
        with_statement("insert AfasMdViewField (A, B) values (1)"),
        "2 columns and not as many",
    ),
}


@pytest.mark.parametrize(("data", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_export_is_refused_with_a_reason(data: bytes, message: str) -> None:
    assert message in refused(data)


def test_a_byte_that_cp1252_has_not_is_named() -> None:
    assert "no cp1252" in refused(wrapped(b"D1@D0@I\x81"))


def test_a_binary_string_may_be_cp1252() -> None:
    data = external_data(SUPPLIERS, "binary")
    raw = base64.b64decode(data).replace("Nr. ënz.".encode(), "Nr. ënz. ".encode("cp1252"))
    assert read(wrapped(base64.b64encode(raw))).fields[1].label["nl"].strip() == "Nr. ënz."


def test_a_field_that_no_statement_describes_is_named() -> None:
    other = insert("AfasMdViewField", ViewFieldId="U777")
    data = write(SUPPLIERS, "text")
    assert "'U777'" in refused(_replaced(data, b"IU001@D0@INummer", b"IU777@D0@INummer"))
    assert read(write(Written("X", SUPPLIERS.fields, statements=(other,)), "text")).name == "X"


@pytest.mark.parametrize("serialisation", SERIALISATIONS)
def test_a_truncated_export_is_refused_wherever_it_ends(serialisation: Serialisation) -> None:
    """The signature is not looked at: all that ends before the ZIP does is refused."""
    data = GOOD[serialisation]
    end = data.rfind(b"PK\x05\x06") + 22
    for length in range(0, end, 7):
        refused(data[:length])


@pytest.mark.parametrize("serialisation", SERIALISATIONS)
@given(cut=st.floats(0, 1, exclude_max=True))
def test_truncated_data_is_refused(serialisation: Serialisation, cut: float) -> None:
    data = external_data(SUPPLIERS, serialisation)
    if serialisation == "binary":
        raw = base64.b64decode(data)
        refused(wrapped(base64.b64encode(raw[: int(len(raw) * cut)])))
    else:
        refused(wrapped(data[: int((len(data) - len("Zoeknaam")) * cut)]))


def survived(data: bytes) -> None:
    """Reading ``data`` gives an export or the one kind of error, and nothing else."""
    try:
        export = read(data)
    except GcnError:
        return
    assert export.name


@given(data=st.binary(max_size=400))
@example(data=b"PK\x03\x04PK\x05\x06")
@example(data=b"\x0c" + b"PK\x03\x04" * 10 + b"PK\x05\x06" + bytes(18))
def test_any_bytes(data: bytes) -> None:
    survived(data)
    survived(wrapped(data))
    survived(wrapped(b"D1@" + data))
    survived(binary(data))


FLIPS = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=6)


def flipped(data: bytes, flips: list[tuple[float, int]]) -> bytes:
    changed = bytearray(data)
    for place, mask in flips:
        changed[int(place * len(changed))] ^= mask
    return bytes(changed)


@given(serialisation=st.sampled_from(SERIALISATIONS), flips=FLIPS)
def test_flipped_bytes_of_the_file(serialisation: Serialisation, flips: list[tuple[float, int]]) -> None:
    survived(flipped(GOOD[serialisation], flips))


@given(serialisation=st.sampled_from(SERIALISATIONS), flips=FLIPS)
def test_flipped_bytes_of_the_data(serialisation: Serialisation, flips: list[tuple[float, int]]) -> None:
    data = external_data(SUPPLIERS, serialisation)
    if serialisation == "binary":
        survived(wrapped(base64.b64encode(flipped(base64.b64decode(data), flips))))
    else:
        survived(wrapped(flipped(data, flips)))


STATEMENTS = st.text(st.sampled_from("insert AfasMdViewField(,)values'NULL 1"), max_size=200)


@given(statement=STATEMENTS)
def test_any_statement(statement: str) -> None:
    survived(with_statement("insert AfasMdViewField " + statement))


HOSTILE = {
    "a bomb": bomb,
    "quotes": lambda: with_statement("insert AfasMdViewField (A) values (" + "'" * 3_000_001),
    "open brackets": lambda: with_statement("insert AfasMdViewField (" * 100_000),
    "spaces": lambda: with_statement("insert" + " " * 3_000_000),
    "columns": lambda: with_statement("insert AfasMdViewField (" + "a, " * 1_000_000 + ") values (1)"),
    "values": lambda: with_statement("insert AfasMdViewField (a) values (" + "1," * 1_000_000 + "1)"),
    "tokens": lambda: wrapped(b"D1@" + b"@" * 4_000_000),
    "binary nulls": lambda: binary(bytes(3_000_000)),
    "properties": lambda: text("D1", "D0", "D8201", *["D0", "D7FFF", "D0", "IGuid"] * 20_000),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_cost_little(make: object) -> None:
    assert callable(make)
    data = make()
    tracemalloc.start()
    began = time.thread_time()
    refused(data)
    spent, (_, peak) = time.thread_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert spent < 15
    assert peak < 80 * 2**20
