"""The driver protocol, version 1: JSON lines between the suite and a client in any language.

``protocol.schema.json`` beside this file describes every message. The suite checks its own messages against it as well
as the driver's, so that a driver that fails on a message knows whom to blame.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

VERSION = 1
#: A line longer than this is no message.
MOST_BYTES = 64 * 2**20
SCHEMA_FILE = Path(__file__).with_name("protocol.schema.json")
#: How much of a message that breaks the protocol is shown.
_SHOWN = 300


class NotAMessage(Exception):
    """A line that is no message of the protocol; the text says why."""


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of the protocol."""
    loaded: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return loaded


@cache
def operations() -> tuple[str, ...]:
    """The names of all operations."""
    return tuple(schema()["$defs"]["operation"]["enum"])


@cache
def features() -> tuple[str, ...]:
    """The features that an AFAS licence can lack."""
    return tuple(schema()["$defs"]["feature"]["enum"])


@cache
def _validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": schema()["$defs"]})


def check(kind: str, message: object) -> None:
    """Raises NotAMessage unless ``message`` is of ``kind``, a name under ``$defs`` of the schema."""
    errors = sorted(_validator(kind).iter_errors(message), key=lambda error: len(error.path), reverse=True)
    if errors:
        place = ".".join(str(part) for part in errors[0].absolute_path) or "the message"
        raise NotAMessage(f"'{kind}' is not as the schema has it: {place}: {errors[0].message[:_SHOWN]}")


def encode(message: Mapping[str, Any]) -> bytes:
    """One line. Every character is sent as itself, in UTF-8."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Any:
    """The JSON value of a line; numbers with a point become Decimal. Raises NotAMessage."""
    try:
        return json.loads(line.decode("utf-8"), parse_float=Decimal)
    except (ValueError, RecursionError):
        raise NotAMessage(f"this is no JSON: {line[:_SHOWN].decode('utf-8', 'replace').rstrip()!r}") from None
