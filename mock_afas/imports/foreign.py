"""A GetConnector as somebody else defined it, whether it came from an export or from metainfo, and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, get_args

from mock_afas.connectors import DataType
from mock_afas.gcn import Export

MOST_FIELDS = 1_000
_MOST_NAME = 100
_MOST_TEXT = 1_000
#: Lengths and decimals of 32 bits are as much as metainfo can say.
_MOST_NUMBER = 2**31 - 1
MOST_DECIMALS = 12
_DATA_TYPES = get_args(DataType)
#: What would end or split a path or a query string.
_NOT_IN_NAMES = frozenset("/\\?#")


class ImportProblem(ValueError):
    """Why a definition cannot be imported; ``connector`` names it, or the file it came in."""

    def __init__(self, connector: str, message: str) -> None:
        super().__init__(message)
        self.connector = connector
        self.message = message


class ForeignField(NamedTuple):
    """A field. ``reference`` is that of AFAS' dictionary, or empty; ``data_type`` is None where nobody says."""

    id: str
    field_id: str
    reference: str
    label: Mapping[str, str]
    data_type: DataType | None = None
    length: int = 0
    decimals: int = 0
    control_type: int | None = None


class Foreign(NamedTuple):
    """A definition from elsewhere, with its fields in their order."""

    name: str
    description: Mapping[str, str]
    blocked: bool
    main_table: str
    fields: tuple[ForeignField, ...]


def of_export(export: Export, origin: str) -> Foreign:
    """The definition in a ``.gcn`` export. Raises ImportProblem, under the name ``origin`` until it has its own."""
    fields = tuple(ForeignField(field.id, field.field_id, field.reference, field.label) for field in export.fields)
    return _checked(Foreign(export.name, export.description, export.blocked, export.main_table, fields), origin)


def of_metainfo(document: Any, origin: str) -> Foreign:
    """The definition in the JSON of ``/metainfo/get/X``. Raises ImportProblem as ``of_export`` does."""
    if not isinstance(document, dict) or not isinstance(document.get("fields"), list):
        message = "this is no JSON of /metainfo/get/X: it is an object with 'name', 'description' and 'fields'"
        raise ImportProblem(origin, message)
    name = document.get("name")
    if not isinstance(name, str) or not name:
        raise ImportProblem(origin, "'name' is missing: the id of the connector")
    if len(document["fields"]) > MOST_FIELDS:
        raise ImportProblem(name[:_MOST_NAME], f"it has more than {MOST_FIELDS:,} fields")
    text = _text(document, "description", name, default=name)
    fields = tuple(_metainfo_field(field, at, name[:_MOST_NAME]) for at, field in enumerate(document["fields"], 1))
    return _checked(Foreign(name, {"nl": text, "en": text}, False, "", fields), origin)


def _metainfo_field(data: Any, at: int, connector: str) -> ForeignField:
    if not isinstance(data, dict):
        raise ImportProblem(connector, f"field {at} is no object")
    data_type = data.get("dataType")
    if data_type not in _DATA_TYPES:
        raise ImportProblem(
            connector, f"field {at}: 'dataType' is {str(data_type)[:40]!r}, not one of {', '.join(_DATA_TYPES)}"
        )
    label = _text(data, "label", connector)
    return ForeignField(
        id=_text(data, "id", connector),
        field_id=_text(data, "fieldId", connector),
        reference="",
        label={"nl": label, "en": label},
        data_type=data_type,
        length=_number(data, "length", connector),
        decimals=_number(data, "decimals", connector, most=MOST_DECIMALS),
        control_type=_number(data, "controlType", connector) if data.get("controlType") is not None else None,
    )


def _text(data: Mapping[str, Any], key: str, connector: str, *, default: str = "") -> str:
    value = data.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        raise ImportProblem(connector, f"'{key}' is {str(value)[:40]!r}, but it takes a string")
    return value


def _number(data: Mapping[str, Any], key: str, connector: str, *, most: int = _MOST_NUMBER) -> int:
    value = data.get(key)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ImportProblem(connector, f"'{key}' is {str(value)[:40]!r}, but it takes a whole number up to {most:,}")
    return value


# ---------------------------------------------------------------- checks


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _MOST_NAME and text == text.strip() and text.isprintable() and not _NOT_IN_NAMES & {*text}


def _is_text(text: str) -> bool:
    return len(text) <= _MOST_TEXT and all(char.isprintable() or char in "\r\n\t" for char in text)


_CHECKS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "name": (_is_name, f"a name has 1 to {_MOST_NAME} printable characters, none of {' '.join(sorted(_NOT_IN_NAMES))}"),
    "text": (_is_text, f"a text has at most {_MOST_TEXT:,} printable characters"),
}


def _check(kind: str, text: str, what: str, connector: str) -> None:
    good, allowed = _CHECKS[kind]
    if not good(text):
        raise ImportProblem(connector, f"{what} is {text[:40]!r}, but {allowed}")


def _checked(foreign: Foreign, origin: str) -> Foreign:
    """``foreign`` if it can be served. Raises ImportProblem."""
    _check("name", foreign.name, "the name of the connector", origin)
    if not foreign.fields:
        raise ImportProblem(foreign.name, "it has no fields")
    if len(foreign.fields) > MOST_FIELDS:
        raise ImportProblem(foreign.name, f"it has more than {MOST_FIELDS:,} fields")
    for text in foreign.description.values():
        _check("text", text, "the description", foreign.name)
    seen: set[str] = set()
    for at, field in enumerate(foreign.fields, 1):
        _check("name", field.id, f"the id of field {at}", foreign.name)
        for text in (field.field_id, field.reference, *field.label.values()):
            _check("text", text, f"a text of field '{field.id}'", foreign.name)
        if field.id.lower() in seen:
            raise ImportProblem(foreign.name, f"field '{field.id}' occurs twice")
        seen.add(field.id.lower())
    return foreign
