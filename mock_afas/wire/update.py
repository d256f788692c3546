"""The URLs, bodies and answers of UpdateConnectors. wire.md section 5; AMB-09 to AMB-11, undeclared_text."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote

from mock_afas import connectors
from mock_afas.connectors import UpdateConnector, UpdateField, UpdateObject
from mock_afas.environment import Environment
from mock_afas.errors import Reason, Refusal
from mock_afas.ledger.book import Result
from mock_afas.ledger.posting import refuse_key
from mock_afas.traffic import declares_utf_8
from mock_afas.wire import answers
from mock_afas.wire.answers import Answer
from mock_afas.wire.calls import ALIASES

#: Of a character in UTF-8 that is not ASCII, the first byte becomes a question mark and the others are left out.
_QUESTION_MARKS = bytes(range(0x80)) + b"?" * 0x80
_LATER_BYTES = bytes(range(0x80, 0xC0))
#: So much of a body is looked at at once: decoded as a whole, one that is large could take four times its size.
_PART = 2**20


class Target(NamedTuple):
    """What a URL names: a connector, the object in it, and keys by their fields."""

    connector: str
    object: str
    keys: dict[str, str]


def target(raw_path: bytes) -> Target:
    """What a path with ``/connectors`` names: an id, then objects, each with keys and values or without.

    Keys stand with ``@`` or without, several with commas between: ``FiEntryPar/UnId,JoCo/1,73/FiEntries/@EnNo/70001``.
    A key goes to the object before it. ``raw_path`` is as it was sent: a slash or comma in a value is written ``%2F``
    or ``%2C``. Raises Refusal 404.
    """
    sent = raw_path.decode("latin-1").strip("/").split("/")[2:]
    connector = unquote(sent[0]) if sent else ""
    rest = sent[1:]
    keys: dict[str, str] = {}
    name = ""
    while rest:
        name, rest = unquote(rest[0]), rest[1:]
        if not rest or unquote(rest[0]).lower() in _object_names():
            continue
        if len(rest) == 1:
            raise Refusal(404, Reason("keys in the path", "path", "/".join(sent), "/{object}/@{key}/{value}"))
        keys |= _keys(rest[0], rest[1])
        rest = rest[2:]
    return Target(ALIASES.get(connector.lower(), connector), name, keys)


def _keys(sent_names: str, sent_values: str) -> dict[str, str]:
    """Keys and their values as they stand in a path. A comma that is not written ``%2C`` always separates."""
    names = unquote(sent_names).removeprefix("@").split(",")
    texts = [unquote(text) for text in (sent_values.split(",") if len(names) > 1 else [sent_values])]
    if len(texts) == 1 and len(names) > 1:
        texts = texts[0].split(",")
    if len(names) != len(texts):
        allowed = "as many values as keys, with commas between"
        raise Refusal(404, Reason("keys in the path", "path", f"{sent_names}/{sent_values}", allowed))
    return {key.strip().removeprefix("@"): text.strip() for key, text in zip(names, texts, strict=True)}


@cache
def _object_names() -> frozenset[str]:
    """The names of all objects of UpdateConnectors, in lower case."""

    def names(node: UpdateObject) -> Iterator[str]:
        yield node.name.lower()
        for below in node.objects:
            yield from names(below)

    known = connectors.update_connector_ids().values()
    return frozenset(name for exact in known for name in names(connectors.update_connector(exact).root))


def exact_keys(connector: UpdateConnector, keys: dict[str, str], *, ignore_unknown: bool) -> dict[str, str]:
    """Keys of a URL by the fields they name, whatever their case.

    Raises ProfitError for one that names no field, unless what is unknown is ignored (AMB-12).
    """
    known = {field.id.lower(): field.id for field in _fields(connector.root)} if keys else {}
    for name in keys:
        if name.lower() not in known and not ignore_unknown:
            refuse_key("field_unknown", name, name, "a field of its objects", field=name)
    return {known[name.lower()]: text for name, text in keys.items() if name.lower() in known}


def _fields(node: UpdateObject) -> Iterator[UpdateField]:
    yield from node.fields
    for below in node.objects:
        yield from _fields(below)


def take_text(body: bytearray, content_type: bytes | None) -> None:
    """Makes question marks of the characters in ``body`` that are not ASCII, unless they are declared as UTF-8.

    What is no UTF-8 stays, so that it is refused. Setting ``undeclared_text``.
    """
    if not body.isascii() and not declares_utf_8(content_type or b"") and _is_utf_8(body):
        body[:] = body.translate(_QUESTION_MARKS, _LATER_BYTES)


def _is_utf_8(body: bytearray) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(body), _PART):
            decoder.decode(body[start : start + _PART], final=start + _PART >= len(body))
    except UnicodeDecodeError:
        return False
    return True


def answered(environment: Environment, method: str, written: Result) -> Answer:
    """The answer to a write that was carried out."""
    dialect = environment.profile.dialect
    status = {"POST": 201, "PUT": int(dialect.put_status), "DELETE": 200}[method]
    if written.keys is None:
        return answers.bare(status)
    keys = {written.root: dict(written.keys)}
    return answers.with_status(status, {"results": keys} if dialect.results == "wrapped" else keys)


def invalid_json(environment: Environment) -> Answer:
    """The answer to a body that is no JSON."""
    return answers.with_status(int(environment.profile.dialect.invalid_json), {"message": "Invalid json"})
