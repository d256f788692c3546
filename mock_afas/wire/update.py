"""The URLs, bodies and answers of UpdateConnectors. wire.md section 5; settings AMB-09 to AMB-11."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from mock_afas.connectors import UpdateConnector, UpdateField, UpdateObject
from mock_afas.environment import Environment
from mock_afas.errors import Reason, Refusal
from mock_afas.ledger.book import Result
from mock_afas.wire import answers
from mock_afas.wire.answers import Answer
from mock_afas.wire.calls import ALIASES


@dataclass(frozen=True, slots=True)
class Target:
    """What a URL names: a connector, the object in it, and keys by their fields."""

    connector: str
    object: str
    keys: dict[str, str]


def target(segments: list[str]) -> Target:
    """What the path below ``/connectors`` names: an id, then objects, each with keys and values or without.

    Keys stand with ``@`` or without, several with commas between: ``FiEntryPar/UnId,JoCo/1,73/FiEntries/@EnNo/70001``.
    A key goes to the object before it; where that is the connector's own name it may be left out. Raises Refusal 404.
    """
    connector = ALIASES.get(segments[0].lower(), segments[0]) if segments else ""
    rest = segments[1:]
    keys: dict[str, str] = {}
    name = ""
    while rest:
        name, rest = rest[0], rest[1:]
        if len(rest) >= 2:
            names, texts = rest[0].removeprefix("@").split(","), unquote(rest[1]).split(",")
            if len(names) != len(texts):
                allowed = "as many values as keys, with commas between"
                raise Refusal(404, Reason("keys in the path", "path", f"{rest[0]}/{rest[1]}", allowed))
            keys |= {key.strip().removeprefix("@"): text.strip() for key, text in zip(names, texts, strict=True)}
            rest = rest[2:]
        elif len(rest) == 1:
            raise Refusal(404, Reason("keys in the path", "path", "/".join(segments), "/{object}/@{key}/{value}"))
    return Target(connector, name, keys)


def exact_keys(connector: UpdateConnector, keys: dict[str, str]) -> dict[str, str]:
    """Keys of a URL by the fields they name, whatever their case. One that names no field stays as it is."""
    known = {field.id.lower(): field.id for field in _fields(connector.root)} if keys else {}
    return {known.get(name.lower(), name): text for name, text in keys.items()}


def _fields(node: UpdateObject) -> Iterator[UpdateField]:
    yield from node.fields
    for below in node.objects:
        yield from _fields(below)


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
