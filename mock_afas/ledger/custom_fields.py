"""Custom fields, U and 32 hex digits: kept as one JSON object beside the columns of a row (wire.md section 5)."""

from __future__ import annotations

import orjson

from mock_afas.documents import Node, shown
from mock_afas.ledger.book import Cell, refuse

#: The length of the column ``custom``.
_ROOM = 20_000


def merged(node: Node, existing: Cell = None) -> str | None:
    """What the column ``custom`` holds after ``node``: named fields change, ``""`` clears one, null changes nothing."""
    fields: dict[str, object] = orjson.loads(existing) if isinstance(existing, str) and existing else {}
    for name, value in node.custom.items():
        if not _is_plain(value):
            said = f"{name}: {shown(value)}"
            refuse("custom_field_invalid", node, value=said, allowed="one value, without NUL", name=name)
        if value == "":
            fields.pop(name.upper(), None)
        elif value is not None:
            fields[name.upper()] = value
    written = orjson.dumps(fields).decode()
    if len(written) > _ROOM:
        names = ", ".join(node.custom)
        refuse("custom_fields_too_long", node, value=names, allowed=f"{_ROOM} characters in all", name=names[:200])
    return written if fields else None


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and "\0" not in value)
