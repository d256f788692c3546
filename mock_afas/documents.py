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
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
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
_WHITE_SPACE = b" \t\n\r\v\f"
#: A file in a body, up to its first character; files above so many bytes are taken out before the body is parsed.
_FILE = re.compile(rb'(?<!\\)"FileStream"\s*:\s*"')
_LARGE_FILE = 262_144
#: Texts up to so many characters are kept with what they convert to; so many of each field.
_LONGEST_KEPT = 64
_MOST_KEPT = 1_024
#: So many objects and lists, and values in all, are in a body at most. Each takes memory when it is parsed.
_MOST_ELEMENTS = 250_000
_MOST_VALUES = 2_000_000
#: ASCII that a string in JSON can hold as it stands.
_PRINTABLE = bytes(range(32, 127))
#: Escapes that stand in base64: of slashes, which some clients escape, and line breaks.
_ESCAPES = ((rb"\/", b"/"), (rb"\r", b"\r"), (rb"\n", b"\n"))
_ACTIONS: Mapping[str, Action] = {"insert": "insert", "update": "update", "delete": "delete"}


_NOTHING: Mapping[str, Any] = {}
#: What the logbook shows of a value at most; a body can be nested deeper than ``repr`` goes.
_MOST_SHOWN = 200
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _MOST_SHOWN


class InvalidJson(Exception):
    """The body is no JSON (AMB-11)."""


#: Where an element stands: the place of the one above, the name of the object, and its number in a list, if it is in
#: one. Names, not elements: elements that know each other both ways would be garbage only the collector can find.
Place = tuple["Place | None", str, int | None]


def _path(place: Place) -> str:
    above, name, index = place
    before = f"{_path(above)}/Objects/" if above else ""
    return f"{before}{name}/Element" + ("" if index is None else f"[{index}]")


class Node:
    """One element of a document. ``custom`` holds custom fields, ``children`` the objects below, by their names."""

    __slots__ = ("action", "children", "custom", "definition", "fields", "place")

    def __init__(
        self, definition: UpdateObject, action: Action, place: Place, fields: dict[str, Value | None] | None = None
    ) -> None:
        self.definition = definition
        self.action = action
        self.place = place
        self.fields = {} if fields is None else fields
        self.custom: Mapping[str, object] = _NOTHING
        self.children: Mapping[str, list[Node]] = _NOTHING

    @property
    def path(self) -> str:
        """Where the element stands in the body, for the logbook."""
        return _path(self.place)

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


class KeysNode(Node):
    """What the keys in the URL of a DELETE name: it has fields as an element has, and stands in no body."""

    __slots__ = ()

    def __init__(self, definition: UpdateObject, keys: Mapping[str, Value | None]) -> None:
        super().__init__(definition, "delete", (None, definition.name, None))
        self.fields.update(keys)

    @property
    def path(self) -> str:
        return self.definition.name


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
    if isinstance(value, str) and len(value) < 10 and value.isascii() and value.isdecimal():
        return int(value)
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
    try:
        return values.parse_millionths(value if isinstance(value, str) else _written(value))
    except values.NotAValue as allowed:
        raise _Wrong("value_invalid", str(allowed)) from None


@lru_cache(maxsize=4_096)
def _day(written: str) -> str:
    return values.parse_moment(written.removesuffix("Z")).date().isoformat()


def _date(value: object) -> str:
    try:
        return _day(value if isinstance(value, str) else _written(value))
    except values.NotAValue as allowed:
        raise _Wrong("value_invalid", str(allowed)) from None


def _moment(value: object) -> str:
    return values.stored_moment(_parsed(values.parse_moment, _written(value).removesuffix("Z")))


def _blob(value: object) -> bytes:
    return value if isinstance(value, bytes) else _text(value).encode()


def _text(value: object) -> str:
    text = value if isinstance(value, str) else _written(value)
    if "\0" in text:
        raise _Wrong("value_invalid", "text without NUL")
    return text


def decoded(content: bytes) -> bytes | None:
    """The bytes of a file in base64, with or without line breaks; None when it is none."""
    if any(byte in content for byte in _WHITE_SPACE):
        content = content.translate(None, _WHITE_SPACE)
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        return None


def _string(known: UpdateField) -> Converter:
    exact = {code: code for code, _ in known.values}
    codes = {code.casefold(): code for code in exact}
    most = known.length or 2**31

    def coded(value: object) -> str:
        code = exact.get(value) if isinstance(value, str) else None
        code = code or codes.get(_text(value).casefold())
        if code is None:
            raise _Wrong("value_unknown", ", ".join(exact))
        return code

    def bounded(value: object) -> str:
        text = value if isinstance(value, str) and "\0" not in value else _text(value)
        if len(text) > most:
            raise _Wrong("value_too_long", f"at most {most} characters")
        return text

    return coded if codes else bounded


_CONVERTERS: Mapping[str, Converter] = {"int": _integer, "boolean": _boolean, "decimal": _decimal, "blob": _blob}


def _converter(known: UpdateField) -> Converter:
    if known.data_type == "string":
        return _string(known)
    if known.data_type == "date":
        return _moment if known.with_time else _date
    return _CONVERTERS[known.data_type]


class _Known(dict[object, Value | None]):
    """What the values of one field convert to. Texts seen of late are looked up instead of converted again.

    Only texts are kept: ``true``, ``1`` and ``1.0`` are the same key, and not the same value. Raises _Wrong, and
    TypeError for objects and lists.
    """

    __slots__ = ("_convert",)

    def __init__(self, convert: Converter) -> None:
        super().__init__({"": None})
        self._convert = convert

    def __missing__(self, written: object) -> Value:
        value = self._convert(written)
        if isinstance(written, str) and len(written) <= _LONGEST_KEPT:
            if len(self) >= _MOST_KEPT:
                self.clear()
                self[""] = None
            self[written] = value
        return value


# ---------------------------------------------------------------- elements


@dataclass(frozen=True, slots=True)
class _Shape:
    """An object made ready to read elements with. ``known`` lacks fields that hold files: these can be large."""

    definition: UpdateObject
    converters: Mapping[str, Converter]
    known: Mapping[str, _Known]
    below: Mapping[str, _Shape]


def _shaped(node: UpdateObject) -> _Shape:
    converters = {known.id: _converter(known) for known in node.fields}
    known = {field.id: _Known(converters[field.id]) for field in node.fields if field.data_type != "blob"}
    return _Shape(node, converters, known, {below.name: _shaped(below) for below in node.objects})


@cache
def _shape_of(connector_id: str) -> _Shape:
    return _shaped(connectors.update_connector(connector_id).root)


def shown(value: object) -> str:
    """A value of the body as the logbook shows it, cut where it is long or nested deeply."""
    if isinstance(value, bytes):
        return value[:_MOST_SHOWN].decode()
    return (value if isinstance(value, str) else _SHORT.repr(value))[:_MOST_SHOWN]


def _refuse(key: str, path: str, value: object, allowed: str, **parameters: Parameter) -> NoReturn:
    raise ProfitError(key, Reason(catalogue()[key].rule, path, shown(value), allowed), **parameters)


_PARTS = frozenset(("Fields", "Objects"))
_ACTION_KEYS = frozenset(("@Action", "@action", "Action", "action"))


def _read_plainly(element: dict[str, Any], known: Mapping[str, _Known]) -> dict[str, Value | None] | None:
    """``Fields`` as nearly every element has them: known fields with values, as one object, and no other keys.

    None when they are not like that: then they have to be read carefully, which gives the same and costs more.
    """
    fields = element.get("Fields")
    if type(fields) is not dict or (len(element) > 1 and (len(element) > 2 or "Objects" not in element)):
        return None
    read: dict[str, Value | None] = fields.copy()
    try:
        for name, value in fields.items():
            read[name] = known[name][value]
    except (_Wrong, KeyError, TypeError):
        return None
    return read


class _Reading:
    """Reads one body. ``ignore_unknown`` is AMB-12."""

    def __init__(self, action: Action, *, ignore_unknown: bool) -> None:
        self._action = action
        self._ignore_unknown = ignore_unknown

    def nodes(self, shape: _Shape, content: object, name: str, above: Place | None = None) -> list[Node]:
        """The elements of an object. One without ``Element`` is malformed; an empty one has none."""
        if content is None or content == "":
            return []
        if not isinstance(content, dict) or "Element" not in content:
            _refuse("malformed", self._where(name, above), content, 'an object with "Element"')
        elements, read = content["Element"], self._node
        if not isinstance(elements, list):
            return [read(shape, elements, (above, name, None))]
        return [read(shape, element, (above, name, at)) for at, element in enumerate(elements)]

    @staticmethod
    def _where(name: str, above: Place | None) -> str:
        return f"{_path(above)}/Objects/{name}" if above else name

    def _node(self, shape: _Shape, element: object, place: Place) -> Node:
        if not isinstance(element, dict):
            _refuse("malformed", _path(place), element, 'an object with "Fields"')
        fields = _read_plainly(element, shape.known)
        node = Node(shape.definition, self._action, place, fields)
        if fields is None:
            self._read_carefully(shape, node, element)
        objects = element.get("Objects")
        if objects:
            self._objects(shape, node, objects)
        return node

    def _read_carefully(self, shape: _Shape, node: Node, element: dict[str, Any]) -> None:
        """The fields of an element, whatever they look like, or what is wrong with them."""
        fields = self._merged(node, element.get("Fields"))
        keys = [name for name in element if name not in _PARTS]
        for name in keys:
            if name.startswith("@"):
                fields[name] = element[name]
            else:
                self._unknown(name, f"{node.path}/{name}", "@key, Fields or Objects")
        if not _ACTION_KEYS.isdisjoint(fields):
            node.action = self._action_of(node, fields)
        self._read_fields(shape, node, fields)

    @staticmethod
    def _merged(node: Node, content: object) -> dict[str, Any]:
        """``Fields``: an object, an array of objects, or nothing."""
        if isinstance(content, dict):
            return content
        if content is None or content == "":
            return {}
        merged: dict[str, Any] = {}
        for part in content if isinstance(content, list) else [content]:
            if not isinstance(part, dict):
                _refuse("malformed", f"{node.path}/Fields", part, "an object of fields")
            merged.update(part)
        return merged

    @staticmethod
    def _action_of(node: Node, fields: dict[str, Any]) -> Action:
        name = next(name for name in fields if name in _ACTION_KEYS)
        written = fields.pop(name)
        action = _ACTIONS.get(shown(written).strip().lower())
        if action is None:
            _refuse("malformed", f"{node.path}/{name}", written, ", ".join(_ACTIONS))
        return action

    def _read_fields(self, shape: _Shape, node: Node, fields: dict[str, Any]) -> None:
        converters, read = shape.converters, node.fields
        for written_name, value in fields.items():
            name = written_name[1:] if written_name[:1] == "@" else written_name
            convert = converters.get(name)
            if convert is None:
                self._other_field(shape, node, name, value)
            elif value == "":
                read[name] = None
            elif value is not None:
                try:
                    read[name] = convert(value)
                except _Wrong as wrong:
                    label = node.label(name)
                    _refuse(wrong.key, f"{node.path}/Fields/{name}", value, wrong.allowed, label=label)

    def only(self, root: str, document: dict[str, Any]) -> None:
        """Nothing stands beside the root. Raises ProfitError, unless what is unknown is ignored (AMB-12)."""
        for name in document:
            if name != root:
                self._unknown(name, name, root)

    def _other_field(self, shape: _Shape, node: Node, name: str, value: object) -> None:
        kind = node.definition.name
        if _CUSTOM_FIELD.fullmatch(name) and kind in _TAKES_CUSTOM_FIELDS:
            node.custom = {**node.custom, name: value}
        elif not (kind == "KnSubject" and name == "id"):
            self._unknown(name, f"{node.path}/Fields/{name}", ", ".join(shape.converters))

    def _objects(self, shape: _Shape, node: Node, objects: object) -> None:
        children: dict[str, list[Node]] = {}
        node.children = children
        for part in objects if isinstance(objects, list) else (objects,):
            if not isinstance(part, dict):
                _refuse("malformed", f"{node.path}/Objects", part, "an object of objects")
            for name, content in part.items():
                below = shape.below.get(name)
                if below is None:
                    self._other_object(shape, node, name)
                    continue
                nodes = self.nodes(below, content, name, node.place)
                children[name] = nodes = children[name] + nodes if name in children else nodes
                if len(nodes) > 1 and not below.definition.many:
                    _refuse("object_repeated", nodes[1].path, f"{len(nodes)} times", "one element", object=name)

    def _other_object(self, shape: _Shape, node: Node, name: str) -> None:
        if not (node.definition.name == "KnSubject" and _OF_DOSSIER_TYPE.fullmatch(name)):
            self._unknown(name, f"{node.path}/Objects/{name}", ", ".join(shape.below) or "no objects")

    def _unknown(self, name: str, path: str, allowed: str) -> None:
        if not self._ignore_unknown:
            _refuse("field_unknown", path, name, allowed, field=shown(name))


# ---------------------------------------------------------------- large files


def _take_files(body: bytearray) -> list[bytes]:
    """Takes large files out of a body, and leaves NUL and their number for each: a parser would hold them many times.

    A body that says NUL itself is left as it is, and so is a file with escapes that base64 does not have.
    """
    taken: list[bytes] = []
    found = _FILE.search(body) if b"\\u0000" not in body else None
    while found is not None:
        start, end = found.end(), body.find(b'"', found.end())
        file = None
        if end - start > _LARGE_FILE:
            with memoryview(body) as view:
                file = _unescaped(bytes(view[start:end]))
        if file is not None:
            body[start:end] = b"\\u0000%d" % len(taken)
            taken.append(file)
            end = body.find(b'"', start)
        found = _FILE.search(body, end + 1) if end >= 0 else None
    return taken


def _unescaped(text: bytes) -> bytes | None:
    """The text of a string in JSON; None when it is not as plain as base64 is."""
    if text.translate(None, _PRINTABLE):
        return None
    if b"\\" in text:
        for escape, character in _ESCAPES:
            text = text.replace(escape, character)
    return None if b"\\" in text else text


def _put_back(document: object, files: list[bytes]) -> None:
    """Puts files where they were in a parsed body; as bytes, which nothing else in it is."""
    left = [document]
    while left:
        part = left.pop()
        pairs: Iterable[tuple[Any, object]]
        if isinstance(part, dict):
            pairs = part.items()
        elif isinstance(part, list):
            pairs = enumerate(part)
        else:
            continue
        for place, value in list(pairs):
            if isinstance(value, str) and value.startswith("\0"):
                part[place] = files[int(value[1:])]
            elif isinstance(value, dict | list):
                left.append(value)


def _check_count(body: bytes | bytearray) -> None:
    """Refuses a body of more objects, lists or values than there is room for, before a parser makes them.

    What stands in texts is counted too: that is quick, and no text needs so much of it.
    """
    opened = body.count(b"{") + body.count(b"[")
    for count, most in ((opened, _MOST_ELEMENTS), (opened + body.count(b","), _MOST_VALUES)):
        if count > most:
            _refuse("body_too_long", "body", f"{count} objects, lists or values", f"at most {most}")


def read(connector_id: str, body: bytes | bytearray, *, action: Action, ignore_unknown: bool = False) -> Node:
    """The document in ``body``. Raises InvalidJson, Refusal 400 without a root or element, and ProfitError.

    A bytearray is emptied as soon as it is parsed: it can be large, and its contents would be held twice.
    """
    files = _take_files(body) if isinstance(body, bytearray) and len(body) > _LARGE_FILE else []
    if len(body) > _LARGE_FILE:
        _check_count(body)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidJson(str(error)) from None
    if isinstance(body, bytearray):
        body.clear()
    if files:
        _put_back(document, files)
    shape = _shape_of(connector_id)
    root = shape.definition.name
    if not isinstance(document, dict) or not isinstance(document.get(root), dict):
        raise Refusal(400, Reason("body", "body", shown(document), f'{{"{root}": {{"Element": …}}}}'))
    reading = _Reading(action, ignore_unknown=ignore_unknown)
    if len(document) > 1:
        reading.only(root, document)
    nodes = reading.nodes(shape, document[root], root)
    if len(nodes) != 1:
        raise Refusal(400, Reason("one element a call", root, f"{len(nodes)} elements", "one element"))
    return nodes[0]


def take_keys(connector_id: str, node: Node, keys: Mapping[str, str]) -> None:
    """Adds keys that stand in the URL to those of the root element ``node``, which win.

    Raises ProfitError for a key that is none, or a value that is none.
    """
    converters = _shape_of(connector_id).converters
    for name, text in keys.items():
        convert = converters.get(name)
        if convert is None:
            _refuse("field_unknown", f"URL/{name}", name, ", ".join(converters), field=shown(name))
        if name not in node.fields:
            try:
                node.fields[name] = convert(text)
            except _Wrong as wrong:
                _refuse(wrong.key, f"URL/{name}", text, wrong.allowed, label=node.label(name))
