"""Reads and checks what callers send to the control API. Every complaint says what was wrong and what to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request

from mock_afas import values
from mock_afas.errors import ControlError

MOST_BODY = 64 * 2**20


async def read_bytes(request: Request) -> bytes:
    """The body. Raises ControlError, 413 over 64 MB."""
    too_large = ControlError("the body is too large", hint=f"at most {MOST_BODY} bytes", status=413)
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > MOST_BODY:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY:
            raise too_large
    return bytes(body)


async def read(request: Request) -> Any:
    """The JSON of the body; an empty body is an empty object. Raises ControlError, 413 over 64 MB."""
    body = await read_bytes(request)
    if not body:
        return {}
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ControlError(f"the body is no JSON: {error}", hint="send UTF-8 JSON", status=400) from None


async def read_object(request: Request) -> dict[str, Any]:
    """The body, which must be an object. Raises ControlError."""
    body = await read(request)
    if not isinstance(body, dict):
        raise ControlError("the body is no object", hint='send {"key": value}')
    return body


def checked(body: Mapping[str, Any], types: Mapping[str, type], *, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """``body`` with no other keys than ``types`` and values of those types; lists of strings become tuples."""
    for name in required:
        if name not in body:
            raise ControlError(f"'{name}' is missing", hint=f"the keys are {', '.join(types)}")
    result: dict[str, Any] = {}
    for name, value in body.items():
        if name not in types:
            raise ControlError(f"unknown key '{name}'", hint=f"the keys are {', '.join(types)}")
        if not isinstance(value, types[name]):
            raise ControlError(f"'{name}' is {str(value)[:100]!r}", hint=f"it takes a {types[name].__name__}")
        result[name] = _strings(name, value) if isinstance(value, list) else value
    return result


def _strings(name: str, value: list[Any]) -> tuple[str, ...]:
    if not all(isinstance(item, str) for item in value):
        raise ControlError(f"'{name}' holds something else than strings", hint="send a list of strings")
    return tuple(value)


def moment(name: str, text: str) -> dt.datetime:
    """Amsterdam wall-clock time from ISO text. Raises ControlError."""
    try:
        return values.parse_moment(text)
    except values.NotAValue as allowed:
        raise ControlError(f"'{name}' is {text[:100]!r}", hint=f"it takes {allowed}") from None


def blocked_periods(value: object) -> list[dict[str, Any]]:
    """Rows for the entity ``periods`` from ``[{"administration", "year", "period", "blocked"?}]``."""
    if not isinstance(value, list):
        raise ControlError(
            "'blocked_periods' is no list", hint='send [{"administration": 1, "year": 2026, "period": 3}]'
        )
    keys = {"administration": int, "year": int, "period": int, "blocked": bool}
    rows = []
    for row in value:
        if not isinstance(row, dict):
            raise ControlError("'blocked_periods' holds something else than objects", hint=f"keys: {', '.join(keys)}")
        rows.append({"blocked": True, **checked(row, keys, required=("administration", "year", "period"))})
    return rows
