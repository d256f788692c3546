"""A small writer of ``.gcn`` exports in both serialisations. The signature at the end is made up."""

from __future__ import annotations

import base64
import datetime as dt
import io
import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Serialisation = Literal["text", "binary"]
SERIALISATIONS: tuple[Serialisation, ...] = ("text", "binary")
Item = None | bool | int | float | str | dt.datetime
#: What begins a group: count and type follow.
GROUP = object()

_GUID = bytes.fromhex("00112233445566778899aabbccddeeff")
VIEW = "F00DFACE" * 4


@dataclass(frozen=True)
class WrittenField:
    """``reference`` is system, table and field of the dictionary."""

    code: str
    id: str
    reference: tuple[str, str, str] = ("Kn", "Vdf", "Str")
    label: str | None = None
    label_en: str | None = None
    header: str | None = None


@dataclass(frozen=True)
class Written:
    """A connector as somebody in AFAS would have made it. ``hidden`` fields are in the view, not in the answer."""

    name: str
    fields: Sequence[WrittenField]
    hidden: Sequence[WrittenField] = ()
    description: str = ""
    description_en: str | None = None
    blocked: bool = False
    table: tuple[str, str] = ("Kn", "Xyz")
    statements: Sequence[str] = ("insert AfasMdViewAlias (AfasMdAlias, AfasMdCondition) values ('A',NULL)",)


def _literal(value: str | int | None) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def insert(table: str, **values: str | int | None) -> str:
    columns = ", ".join(f"AfasMd{name}" for name in values)
    return f"insert {table} ({columns}) values ({','.join(map(_literal, values.values()))})"


def _field_statement(at: int, one: WrittenField) -> str:
    return insert(
        "AfasMdViewField",
        SystemId="Kn",
        ViewId=VIEW,
        ViewFieldId=one.code,
        FieldSeqno=at,
        SystemIdFld=one.reference[0],
        TableIdFld=one.reference[1],
        FieldId=one.reference[2],
        ColumnHeader=one.header,
        Label_1043=one.label,
        Label_2057=one.label_en,
        AggFunc=0,
    )


def items(written: Written) -> list[object]:
    """The values of ``ExternalData``; a group is ``(GROUP, count, type)``."""
    statements = [
        insert(
            "AfasMdView",
            SystemId=written.table[0],
            ViewId=VIEW,
            TableId=written.table[1],
            Description="it's a view",
            CreateStatement="CREATE VIEW v AS\r\n\tSELECT 'x'",
            FilterData="D1",
        ),
        # a view keeps its fields in another order than it shows them in
        *(_field_statement(at, one) for at, one in enumerate(reversed([*written.fields, *written.hidden]))),
        *written.statements,
    ]
    properties: list[Item] = ["Guid", VIEW, "Type", 8, "Ds", written.description or written.name, "Bl", written.blocked]
    properties += ["CrDt", dt.datetime(2024, 11, 7, 13, 37), "Ds_1043", written.description or written.name]
    properties += ["Ds_2057", written.description_en, "SyId", written.table[0], "ObId", "B_Test01"]
    pairs = [part for one in written.fields for part in (one.code, one.id)]
    return [
        (GROUP, 101, 8201),
        *(1, 4, False, 0, len(properties) // 2),
        *properties,
        (GROUP, len(statements) + 12, 8201),
        *(1, "4", 1, 3, "", written.table[0], VIEW, "", 3, 0, len(statements)),
        *statements,
        *(False, None, written.table[0], VIEW, written.name, len(written.fields)),
        *pairs,
    ]


def _escaped(text: str) -> str:
    return text.replace("\r", "~-").replace("\n", "~*").replace("\t", "~)")


def _text_token(item: object) -> str:
    if item is None:
        return "A"
    if isinstance(item, bool):
        return f"L{int(item)}"
    if isinstance(item, int):
        return f"D{item:X}"
    if isinstance(item, dt.datetime):
        return f"H{(item - dt.datetime(1899, 12, 30)) / dt.timedelta(days=1)}"
    return f"I{_escaped(str(item))}"


def _binary_token(item: object) -> bytes:
    if item is None:
        return b"\x00"
    if isinstance(item, bool):
        return b"\x0a" + bytes([item])
    if isinstance(item, int):
        return b"\x02" + struct.pack("<i", item)
    if isinstance(item, dt.datetime):
        ticks = (item - dt.datetime(1, 1, 1)) // dt.timedelta(microseconds=1) * 10
        return b"\x08" + struct.pack("<Q", ticks | 1 << 62)
    text = str(item).encode()
    length, size = b"", len(text)
    while size >= 0x80:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return b"\x09" + length + bytes([size]) + text


def flat(listed: Sequence[object]) -> list[object]:
    """``listed`` with the flag before each value, and groups written out."""
    return [part for item in listed for part in ((1, *item[1:]) if isinstance(item, tuple) else (0, item))]


def external_data(written: Written, serialisation: Serialisation) -> bytes:
    return serialised(flat(items(written)), serialisation)


def serialised(tokens: Sequence[object], serialisation: Serialisation) -> bytes:
    if serialisation == "text":
        return "@".join(map(_text_token, tokens)).encode("cp1252")
    return base64.b64encode(_GUID + b"\0\0" + b"".join(map(_binary_token, tokens)))


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _string(text: str) -> bytes:
    return struct.pack("<HH", 8, len(text)) + text.encode("cp1252")


def wrapped(data: bytes, description: str = "", entry: str = "ExternalData") -> bytes:
    """A file around ``data``: header, ZIP and signature."""
    archive = zipped({entry: data})
    header = struct.pack("<HH", 0x200C, 1) + struct.pack("<HHH", 0x11, 0, 0) + struct.pack("<Hi", 3, 8)
    header += _string(VIEW) + _string(description) + struct.pack("<Hd", 7, 45_603.5)
    header += struct.pack("<HHHH", 0x0B, 0, 0x2011, 1) + struct.pack("<Q", len(archive))
    signature = base64.b64encode(b"nobody signed this" * 8)[:192]
    return header + archive + _string(signature.decode()) + struct.pack("<HH", 0x0B, 0)


def write(written: Written, serialisation: Serialisation) -> bytes:
    """The bytes of a ``.gcn`` file."""
    return wrapped(external_data(written, serialisation), written.name)
