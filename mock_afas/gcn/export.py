"""From the bytes of a ``.gcn`` file to what it says of a GetConnector."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple

from mock_afas.archives import START, Archive, ArchiveError
from mock_afas.gcn import statements, values
from mock_afas.gcn.statements import Row
from mock_afas.gcn.values import GcnError, Value

#: Bounds in bytes; a real file has 7 kB, of 35 kB unpacked.
MOST_FILE = 8 * 2**20
MOST_DATA = 4 * 2**20
#: The header ends, and the ZIP begins, before this.
_MOST_HEADER = 64 * 2**10
_DIRECTORY_END = b"PK\x05\x06"
_DIRECTORY_END_SIZE = 22
_ENTRY = "ExternalData"
#: The property that comes first.
_FIRST = "Guid"

#: Our languages, and where a translation is looked for: the language itself first, then what stands nearest to it.
_LANGUAGES: Mapping[str, tuple[str, ...]] = {"nl": ("_1043", "_2067", ""), "en": ("_2057",)}
#: How a text begins that AFAS translates itself: ``$3091=``.
_TRANSLATED = re.compile(r"\$\d{1,9}=")


class ExportField(NamedTuple):
    """A field: its name in answers, its ``fieldId``, where it comes from (``Kn.Bcn.BcCo``, or empty) and its labels.

    A label is empty where the export leaves it to AFAS' dictionary.
    """

    id: str
    field_id: str
    reference: str
    label: Mapping[str, str]


class Export(NamedTuple):
    """A GetConnector as exported. ``main_table`` is a dictionary reference such as ``Hr.RCo``; fields are in order."""

    name: str
    description: Mapping[str, str]
    blocked: bool
    main_table: str
    base_view: str
    filter: str
    fields: tuple[ExportField, ...]


def is_export(data: bytes) -> bool:
    """Whether ``data`` looks like an export: a ZIP after a header."""
    return data.find(START, 0, _MOST_HEADER) > 0


def read(data: bytes) -> Export:
    """The export in the bytes of a ``.gcn`` file. Raises GcnError, whatever the bytes are."""
    if len(data) > MOST_FILE:
        raise GcnError(f"the file is larger than {MOST_FILE:,} bytes")
    items = values.read(_external_data(data), first=_FIRST)
    properties = _properties(items)
    rows, tail = _statements(items)
    return _export(properties, rows, tail)


def _external_data(data: bytes) -> bytes:
    start = data.find(START, 0, _MOST_HEADER)
    if start < 0:
        raise GcnError("the file is no export: it holds no ZIP")
    end = data.rfind(_DIRECTORY_END)
    if end < start:
        raise GcnError("the ZIP inside has no end: the file is truncated")
    try:
        archive = Archive(data[start : end + _DIRECTORY_END_SIZE], most_entries=1)
        entry = next((info for info in archive.entries if info.filename == _ENTRY), None)
        if entry is None:
            raise GcnError(f"the ZIP inside holds no entry '{_ENTRY}'")
        return archive.read(entry, most=MOST_DATA)
    except ArchiveError as error:
        raise GcnError(f"the ZIP inside: {error}") from None


# ---------------------------------------------------------------- the parts


def _count(items: Sequence[Value], at: int, what: str) -> int:
    """The number at ``at``, of things that are all there."""
    count = items[at] if 0 <= at < len(items) else None
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise GcnError(f"the number of {what} is missing: {str(count)[:40]!r} stands there")
    if count > len(items) - at:
        raise GcnError(f"{count:,} {what} are announced, but the file ends before")
    return count


def _properties(items: Sequence[Value]) -> Mapping[str, Value]:
    """The pairs of name and value that items begin with; they end at the first name that is none."""
    pairs = takewhile(lambda pair: isinstance(pair[0], str), zip(items[::2], items[1::2], strict=False))
    return {str(name): value for name, value in pairs}


def _statements(items: Sequence[Value]) -> tuple[list[Row], Sequence[Value]]:
    """The rows of the statements, which stand in a row, and the items that follow them."""
    first = next((at for at, item in enumerate(items) if _is_statement(item)), None)
    if first is None:
        raise GcnError("the statements that describe the view are missing")
    found = [str(item) for item in takewhile(_is_statement, items[first:])]
    return [statements.parsed(statement) for statement in found], items[first + len(found) :]


def _is_statement(item: Value) -> bool:
    return isinstance(item, str) and item[:20].lstrip().lower().startswith("insert afasmd")


def _export(properties: Mapping[str, Value], rows: Sequence[Row], tail: Sequence[Value]) -> Export:
    """The tail is a boolean, null, the system id, the view id, the name, a count and the pairs of code and name."""
    view = next((row for row in rows if row.table == "afasmdview"), None)
    if view is None:
        raise GcnError("the statement that describes the view is missing")
    name = tail[4] if len(tail) > 4 else None
    if not isinstance(name, str) or not name:
        raise GcnError("the name of the connector is missing")
    system = view.text("AfasMdMainTableSystemId") or view.text("AfasMdSystemId")
    table = view.text("AfasMdTableId")
    return Export(
        name=name,
        description={
            language: _first(*(properties.get(f"Ds{suffix}") for suffix in suffixes), properties.get("Ds"), name)
            for language, suffixes in _LANGUAGES.items()
        },
        blocked=properties.get("Bl") is True,
        main_table=f"{system}.{table}" if table else "",
        base_view=_first(properties.get("ObId")),
        filter=view.text("AfasMdFilterData"),
        fields=tuple(_fields(rows, tail)),
    )


def _first(*texts: Value) -> str:
    """The first text that is not empty."""
    return next((text for text in texts if isinstance(text, str) and text), "")


def _fields(rows: Sequence[Row], tail: Sequence[Value]) -> list[ExportField]:
    described = {row.text("AfasMdViewFieldId"): row for row in rows if row.table == "afasmdviewfield"}
    count = _count(tail, 5, "fields")
    pairs = tail[6 : 6 + 2 * count]
    if len(pairs) != 2 * count:
        raise GcnError(f"{count:,} fields are announced, but {len(pairs) // 2:,} follow: the file is truncated")
    return [_field(described, code, name) for code, name in zip(pairs[::2], pairs[1::2], strict=True)]


def _field(described: Mapping[str, Row], code: Value, name: Value) -> ExportField:
    if not isinstance(code, str) or not isinstance(name, str):
        raise GcnError(f"{str(code)[:40]!r}, {str(name)[:40]!r} stand where the code and name of a field must be")
    row = described.get(code)
    if row is None:
        raise GcnError(f"field {code[:40]!r} is in the answer, but no statement describes it")
    parts = [row.text(f"AfasMd{part}") for part in ("SystemIdFld", "TableIdFld", "FieldId")]
    labels = {
        language: _first(*(row.text(f"AfasMd{kind}{suffix}") for kind in _LABELS for suffix in suffixes))
        for language, suffixes in _LANGUAGES.items()
    }
    return ExportField(
        id=name,
        field_id=code,
        reference=".".join(parts) if all(parts) else "",
        label={language: _TRANSLATED.sub("", text) for language, text in labels.items()},
    )


_LABELS = ("Label", "ColumnHeader")
