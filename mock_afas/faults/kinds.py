"""The kinds of faults and their options, as a table: names, what they take, defaults.

``docs/reference/faults.md`` describes them; a test keeps that page complete.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson

from mock_afas import messages
from mock_afas.errors import ControlError

#: Longest delay and largest made-up body.
MOST_MILLISECONDS = 3_600_000
MOST_BYTES = 2**20
#: Answers of these statuses have no body.
BODYLESS = frozenset((204, 304))

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_FRAMING = frozenset(("content-length", "transfer-encoding"))
_INT64 = range(-(2**63), 2**63)


class Unfit(ValueError):
    """A value that an option does not take; the message says what it takes."""


class Option(NamedTuple):
    """One key of an effect. ``check`` gives the value to keep, or raises Unfit."""

    name: str
    check: Callable[[object], Any]
    default: Any = None


class Kind(NamedTuple):
    """A kind of fault. ``goes_on`` says that the call is carried out all the same when it fires before it."""

    name: str
    options: tuple[Option, ...] = ()
    goes_on: bool = False
    #: Judges the options together; raises ControlError.
    judge: Callable[[dict[str, Any]], None] = lambda _options: None


def unfit(path: str, value: object, allowed: str) -> ControlError:
    """The complaint about a value in a fault."""
    return ControlError(f"'{path}' is {str(value)[:100]!r}", hint=f"it takes {allowed}", status=400)


def whole_number(least: int, most: int) -> Callable[[object], int]:
    """A check for a whole number within bounds."""

    def check(value: object) -> int:
        if type(value) is not int or not least <= value <= most:
            raise Unfit(f"a whole number from {least:,} to {most:,}")
        return value

    return check


def optional(check: Callable[[object], Any]) -> Callable[[object], Any]:
    """``check`` that also takes null."""

    def with_null(value: object) -> Any:
        return None if value is None else check(value)

    return with_null


def one_of(*choices: object) -> Callable[[object], Any]:
    """A check for one of ``choices``."""

    def check(value: object) -> Any:
        if value not in choices or isinstance(value, bool):
            raise Unfit(" or ".join(map(repr, choices)))
        return value

    return check


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unfit("true or false")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value or len(value) > MOST_BYTES:
        raise Unfit(f"a text of 1 to {MOST_BYTES:,} characters")
    return value


def _error_number(value: object) -> int:
    if type(value) is not int or value not in _INT64:
        raise Unfit("a whole number such as -2147180996")
    return value


def _headers(value: object) -> dict[str, str]:
    allowed = 'an object of texts such as {"Content-Type": "text/html"}, without Content-Length and Transfer-Encoding'
    if not isinstance(value, dict):
        raise Unfit(allowed)
    for name, text in value.items():
        fits = isinstance(text, str) and _HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(text)
        if not fits or name.lower() in _FRAMING:
            raise Unfit(allowed)
    return value


def _body(value: object) -> object:
    allowed = Unfit(f"a text or JSON of at most {MOST_BYTES:,} bytes, not nested too deeply")
    try:
        orjson.dumps([[[[value]]]])  # so deep it lies in a list of faults
    except orjson.JSONEncodeError:
        raise allowed from None
    if len(body_bytes(value)) > MOST_BYTES:
        raise allowed
    return value


def body_bytes(body: object) -> bytes:
    """A body as it is sent: a text as it is, anything else as JSON, null as nothing."""
    if body is None:
        return b""
    return body.encode("utf-8", "replace") if isinstance(body, str) else orjson.dumps(body)


def _message_key(value: object) -> str:
    if not isinstance(value, str) or value not in messages.catalogue():
        raise Unfit("the key of a message in docs/reference/validation.md, such as timeout")
    return value


def _parameters(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise Unfit('an object of texts such as {"period": "3", "year": "2024"}')
    return value


def _changes(value: object) -> list[dict[str, Any]]:
    allowed = 'a list of {"entity": "suppliers", "rows": [{"supplier_id": "X1", "name": "New"}]}'
    if not isinstance(value, list) or not value:
        raise Unfit(allowed)
    for change in value:
        if not isinstance(change, dict) or set(change) != {"entity", "rows"}:
            raise Unfit(allowed)
        if not isinstance(change["entity"], str) or not isinstance(change["rows"], list) or not change["rows"]:
            raise Unfit(allowed)
    return value


def _judge_status(options: dict[str, Any]) -> None:
    if options["status"] in BODYLESS and options["body"] is not None:
        raise ControlError(
            f"'effect.body' goes with no status {options['status']}", hint="leave out the body", status=400
        )


def _judge_error(options: dict[str, Any]) -> None:
    """Either a message of the catalogue with all its parameters, or a text of one's own."""
    if options["message"] is not None:
        if options["key"] is not None or options["parameters"]:
            hint = "'message' is a text of your own; 'key' and 'parameters' choose one of the server's"
            raise ControlError("'effect' has both 'message' and 'key' or 'parameters'", hint=hint, status=400)
        return
    options["key"] = options["key"] or "unexpected"
    wanted = messages.placeholders(options["key"])
    if set(options["parameters"]) != wanted:
        hint = f"the message '{options['key']}' takes {', '.join(sorted(wanted)) or 'none'}"
        raise ControlError("'effect.parameters' are not those of the message", hint=hint, status=400)


def _judge_change(options: dict[str, Any]) -> None:
    """``entity`` and ``rows`` are short for one change."""
    entity, rows = options.pop("entity"), options.pop("rows")
    if (options["changes"] is None) == (entity is None and rows is None):
        raise ControlError(
            "'effect' says not what to change",
            hint="give 'entity' and 'rows', or 'changes' with several of them",
            status=400,
        )
    if options["changes"] is None:
        try:
            options["changes"] = _changes([{"entity": entity, "rows": rows}])
        except Unfit:
            raise unfit("effect.rows", rows, "a list of rows of the entity named by 'entity'") from None


#: Every kind, by its name.
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "delay",
            (
                Option("milliseconds", whole_number(0, MOST_MILLISECONDS), 1_000),
                Option("jitter_milliseconds", whole_number(0, MOST_MILLISECONDS), 0),
            ),
            goes_on=True,
        ),
        Kind(
            "status",
            (
                Option("status", whole_number(200, 599), 500),
                Option("headers", _headers, {}),
                Option("body", _body),
            ),
            judge=_judge_status,
        ),
        Kind(
            "error",
            (
                Option("key", optional(_message_key)),
                Option("parameters", _parameters, {}),
                Option("message", optional(_text)),
                Option("number", optional(_error_number)),
            ),
            judge=_judge_error,
        ),
        Kind("drop", (Option("reset", _boolean, False),)),
        Kind("truncate", (Option("bytes", optional(whole_number(0, 2**31))),)),
        Kind(
            "garbage",
            (
                Option("form", one_of("text", "bytes", "html"), "text"),
                Option("bytes", whole_number(1, MOST_BYTES), 256),
            ),
        ),
        Kind("maintenance", (Option("retry_after", whole_number(0, 86_400), 7_200),)),
        Kind("locked"),
        Kind(
            "throttle",
            (
                Option("parallel", whole_number(0, 10_000), 5),
                Option("status", one_of(503, 429), 503),
                Option("retry_after", whole_number(0, 86_400), 1),
            ),
        ),
        Kind(
            "change_data",
            (
                Option("entity", optional(_text)),
                Option("rows", lambda value: value),
                Option("changes", optional(_changes)),
            ),
            goes_on=True,
            judge=_judge_change,
        ),
    )
}


def read_effect(effect: object) -> tuple[Kind, dict[str, Any]]:
    """The kind of an effect and all its options, those left out with their defaults. Raises ControlError."""
    if not isinstance(effect, dict):
        raise unfit("effect", effect, 'an object such as {"kind": "delay", "milliseconds": 500}')
    kind = KINDS.get(effect["kind"]) if isinstance(effect.get("kind"), str) else None
    if kind is None:
        raise unfit("effect.kind", effect.get("kind"), f"one of {', '.join(KINDS)}")
    known = {option.name: option for option in kind.options}
    for name in effect:
        if name != "kind" and name not in known:
            hint = f"the keys of '{kind.name}' are {', '.join(('kind', *known))}"
            raise ControlError(f"unknown key 'effect.{name}'", hint=hint, status=400)
    options: dict[str, Any] = {}
    for name, option in known.items():
        if name not in effect:
            options[name] = option.default
            continue
        try:
            options[name] = option.check(effect[name])
        except Unfit as allowed:
            raise unfit(f"effect.{name}", effect[name], str(allowed)) from None
    kind.judge(options)
    return kind, options
