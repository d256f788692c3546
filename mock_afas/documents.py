"""Reads the body of an UpdateConnector into a document: elements with typed values, checked against the definition.

Official and real bodies vary, and everything wire.md section 5 lists is accepted: ``Element``, ``Objects``, ``Fields``
as object or array, ``""`` for no fields, values as JSON types or strings, keys on the element or among the fields,
``@Action`` in either place and spelling. What cannot be read is refused with a message that names the field by its
label, before any rule looks at it.

Values are in stored form (see ``values``): a decimal is an int of millionths, a date ``YYYY-MM-DD``, a date with time
``YYYY-MM-DDTHH:MM:SS.ffffff``, a boolean 0 or 1, bytes are bytes. None is a field that the caller cleared with ``""``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, NoReturn

import orjson

from mock_afas import connectors, values
from mock_afas.connectors import UpdateField, UpdateObject
from mock_afas.errors import ProfitError, Reason, Refusal
from mock_afas.messages import Parameter, catalogue

Action = Literal["insert", "update", "delete"]
Value = str | int | bytes
Converter = Callable[[object], Value]

#: A custom field is called U and 32 hex digits.
_CUSTOM_FIELD = re.compile(r"U[0-9A-Fa-f]{32}")
_TAKES_CUSTOM_FIELDS = frozenset(
    (
        "KnPurchaseRelationOrg",
        "KnSalesRelationOrg",
        "KnOrganisation",
        "KnPerson",
        "FiEntries",
        "FiDimEntries",
        "FiPrjEntries",
    )
)
#: A dossier type can have an object of its own for its custom fields, named after the type.
_OF_DOSSIER_TYPE = re.compile(r"KnS\d{2}")
_ACTIONS: Mapping[str, Action] = {"insert": "insert", "update": "update", "delete": "delete"}


class InvalidJson(Exception):
    """The body is no JSON (AMB-11)."""


@dataclass(slots=True)
class Node:
    """One element of a document. ``path`` is where it stands in the body, for the logbook."""

    definition: UpdateObject
    path: str
    action: Action
    fields: dict[str, Value | None] = field(default_factory=dict)
    custom: dict[str, object] = field(default_factory=dict)
    children: dict[str, list[Node]] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """The text of a field, None when it is absent, cleared or empty."""
        value = self.fields.get(name)
        return value if isinstance(value, str) and value else None

    def number(self, name: str) -> int | None:
        """The integer, boolean or millionths of a field, None when it is absent or cleared."""
        value = self.fields.get(name)
        return value if isinstance(value, int) else None

    def below(self, name: str) -> list[Node]:
        """The elements of the object ``name`` below this one."""
        return self.children.get(name, [])

    def label(self, name: str) -> Mapping[str, str]:
        """What Profit calls the field, by language."""
        return next(known.label for known in self.definition.fields if known.id == name)


# ---------------------------------------------------------------- values


class _Wrong(Exception):
    """A value that its field does not take: the key of the message, and what is allowed."""

    def __init__(self, key: str, allowed: str) -> None:
        super().__init__(key)
        self.key = key
        self.allowed = allowed


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.6f}" if "e" in repr(value) else repr(value)
    if isinstance(value, int):
        return str(value)
    raise _Wrong("value_invalid", "one value, not an object or a list")


def _parsed(parse: Callable[[str], Any], written: str) -> Any:
    try:
        return parse(written)
    except values.NotAValue as allowed:
        raise _Wrong("value_invalid", str(allowed)) from None


def _integer(value: object) -> int:
    if type(value) is int and value in values.INT32:
        return value
    number = _parsed(values.parse_decimal, _written(value))
    if number != number.to_integral_value() or int(number) not in values.INT32:
        raise _Wrong("value_invalid", "a whole number of 32 bits")
    return int(number)


def _boolean(value: object) -> int:
    if isinstance(value, bool):
        return int(value)
    truth: int = _parsed(values.parse_boolean, _written(value))
    return truth


def _decimal(value: object) -> int:
    millionths: int = _parsed(lambda text: values.stored_decimal(values.parse_decimal(text)), _written(value))
    return millionths


def _date(value: object) -> str:
    day: str = _parsed(values.parse_moment, _written(value).removesuffix("Z")).date().isoformat()
    return day


def _moment(value: object) -> str:
    return values.stored_moment(_parsed(values.parse_moment, _written(value).removesuffix("Z")))


def _blob(value: object) -> bytes:
    return _text(value).encode()


def _text(value: object) -> str:
    text = value if isinstance(value, str) else _written(value)
    if "\0" in text:
        raise _Wrong("value_invalid", "text without NUL")
    return text


def decoded(content: bytes) -> bytes | None:
    """The bytes of a file in base64, with or without line breaks; None when it is none."""
    try:
        return base64.b64decode(b"".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _string(known: UpdateField) -> Converter:
    codes = {code.casefold(): code for code, _ in known.values}

    def coded(value: object) -> str:
        code = codes.get(_text(value).casefold())
        if code is None:
            raise _Wrong("value_unknown", ", ".join(codes.values()))
        return code

    def bounded(value: object) -> str:
        text = _text(value)
        if known.length and len(text) > known.length:
            raise _Wrong("value_too_long", f"at most {known.length} characters")
        return text

    return coded if codes else bounded


_CONVERTERS: Mapping[str, Converter] = {"int": _integer, "boolean": _boolean, "decimal": _decimal, "blob": _blob}


def _converter(known: UpdateField) -> Converter:
    if known.data_type == "string":
        return _string(known)
    if known.data_type == "date":
        return _moment if known.with_time else _date
    return _CONVERTERS[known.data_type]


# ---------------------------------------------------------------- elements


@dataclass(frozen=True, slots=True)
class _Shape:
    """An object made ready to read elements with."""

    definition: UpdateObject
    converters: Mapping[str, Converter]
    below: Mapping[str, _Shape]


def _shaped(node: UpdateObject) -> _Shape:
    converters = {known.id: _converter(known) for known in node.fields}
    return _Shape(node, converters, {below.name: _shaped(below) for below in node.objects})


@cache
def _shape_of(connector_id: str) -> _Shape:
    return _shaped(connectors.update_connector(connector_id).root)


def _refuse(key: str, path: str, value: object, allowed: str, **parameters: Parameter) -> NoReturn:
    shown = value if isinstance(value, str) else repr(value)
    raise ProfitError(key, Reason(catalogue()[key].rule, path, shown[:200], allowed), **parameters)


def _elements(content: object, path: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Each element of an object, with its path. An object without ``Element`` is malformed."""
    if content is None or content == "":
        return
    if not isinstance(content, dict) or "Element" not in content:
        _refuse("malformed", path, content, 'an object with "Element"')
    elements = content["Element"]
    for at, element in enumerate(elements if isinstance(elements, list) else [elements]):
        here = f"{path}/Element[{at}]" if isinstance(elements, list) else f"{path}/Element"
        if not isinstance(element, dict):
            _refuse("malformed", here, element, 'an object with "Fields"')
        yield element, here


def _merged(content: object, path: str) -> dict[str, Any]:
    """``Fields``: an object, an array of objects, or nothing."""
    if content is None or content == "":
        return {}
    parts = content if isinstance(content, list) else [content]
    merged: dict[str, Any] = {}
    for part in parts:
        if not isinstance(part, dict):
            _refuse("malformed", path, part, "an object of fields")
        merged.update(part)
    return merged


class _Reading:
    """Reads one body. ``ignore_unknown`` is AMB-12."""

    def __init__(self, action: Action, *, ignore_unknown: bool) -> None:
        self._action = action
        self._ignore_unknown = ignore_unknown

    def nodes(self, shape: _Shape, content: object, path: str) -> list[Node]:
        return [self._node(shape, element, here) for element, here in _elements(content, path)]

    def _node(self, shape: _Shape, element: dict[str, Any], path: str) -> Node:
        raw = _merged(element.get("Fields"), f"{path}/Fields")
        objects: object = None
        for name, value in element.items():
            if name == "Objects":
                objects = value
            elif name.startswith("@"):
                raw[name] = value
            elif name != "Fields":
                self._unknown(name, f"{path}/{name}", "@key, Fields or Objects")
        node = Node(shape.definition, path, self._action_of(raw, path))
        for name, value in raw.items():
            self._field(shape, node, name.removeprefix("@"), value)
        if objects is not None and objects != "":
            self._objects(shape, node, objects)
        return node

    def _action_of(self, raw: dict[str, Any], path: str) -> Action:
        for name in ("@Action", "@action", "Action", "action"):
            if name in raw:
                written = raw.pop(name)
                action = _ACTIONS.get(str(written).strip().lower())
                if action is None:
                    _refuse("malformed", f"{path}/{name}", written, ", ".join(_ACTIONS))
                return action
        return self._action

    def _field(self, shape: _Shape, node: Node, name: str, value: object) -> None:
        convert = shape.converters.get(name)
        if convert is None:
            if _CUSTOM_FIELD.fullmatch(name) and node.definition.name in _TAKES_CUSTOM_FIELDS:
                node.custom[name] = value
            elif not (node.definition.name == "KnSubject" and name == "id"):
                self._unknown(name, f"{node.path}/Fields/{name}", ", ".join(shape.converters))
        elif value == "":
            node.fields[name] = None
        elif value is not None:
            try:
                node.fields[name] = convert(value)
            except _Wrong as wrong:
                label = node.label(name)
                _refuse(wrong.key, f"{node.path}/Fields/{name}", value, wrong.allowed, label=label)

    def _objects(self, shape: _Shape, node: Node, objects: object) -> None:
        for part in objects if isinstance(objects, list) else [objects]:
            if not isinstance(part, dict):
                _refuse("malformed", f"{node.path}/Objects", part, "an object of objects")
            for name, content in part.items():
                path = f"{node.path}/Objects/{name}"
                below = shape.below.get(name)
                if below is not None:
                    node.children.setdefault(name, []).extend(self.nodes(below, content, path))
                elif not (node.definition.name == "KnSubject" and _OF_DOSSIER_TYPE.fullmatch(name)):
                    self._unknown(name, path, ", ".join(shape.below) or "no objects")

    def _unknown(self, name: str, path: str, allowed: str) -> None:
        if not self._ignore_unknown:
            _refuse("field_unknown", path, name, allowed, field=name)


def read(connector_id: str, body: bytes, *, action: Action, ignore_unknown: bool = False) -> Node:
    """The document in ``body``. Raises InvalidJson, Refusal 400 without a root or element, and ProfitError."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidJson(str(error)) from None
    shape = _shape_of(connector_id)
    root = shape.definition.name
    if not isinstance(document, dict) or not isinstance(document.get(root), dict):
        raise Refusal(400, Reason("body", str(document)[:100], f'{{"{root}": {{"Element": …}}}}'))
    nodes = _Reading(action, ignore_unknown=ignore_unknown).nodes(shape, document[root], root)
    if len(nodes) != 1:
        raise Refusal(400, Reason("one element a call", root, f"{len(nodes)} elements", "one element"))
    return nodes[0]
