"""What faults do to calls: the effect of each kind, and answers that break off."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from mock_afas import messages
from mock_afas.environment import Environment, entity_named
from mock_afas.errors import Reason, UnderMaintenance
from mock_afas.faults import Firing, Phase, numbered
from mock_afas.faults.kinds import body_bytes
from mock_afas.logbook import LogEntry
from mock_afas.traffic import MOST_BODY
from mock_afas.wire import answers
from mock_afas.wire.answers import Answer, Header
from mock_afas.wire.calls import HANG_UP, Call, Damage, Send

_READING = frozenset(("GET", "HEAD"))
_HTML = """\
<!DOCTYPE html>
<html><head><title>502 Bad Gateway</title></head>
<body><h1>Bad Gateway</h1><p>The proxy server received an invalid response from an upstream server.</p></body></html>
"""
_TEXT = "Object reference not set to an instance of an object.\r\n   at Proxy.Handle(Request request)\r\n"
_JSON = "application/json; charset=utf-8"


async def strike(call: Call, environment: Environment, phase: Phase) -> None:
    """Brings about what fires on ``call`` in this phase, in the order of the faults."""
    if call.damage is None:
        return
    for firing in call.damage.firings:
        if firing.fault.phase == phase:
            await _EFFECTS[firing.fault.kind.name](call, call.damage, environment, firing)


def turned_away(damage: Damage) -> bool:
    """Whether the call does not even wait for its turn."""
    return any(firing.fault.kind.name == "throttle" and firing.fault.phase == "before" for firing in damage.firings)


def goes_on(call: Call, damage: Damage) -> bool:
    """Whether the call is carried out after what fired before it. A read changes nothing, so its answer can be cut."""
    if damage.answer is not None or damage.dropped is not None:
        return False
    return not damage.truncated or call.method in _READING


def answer_in_vain(call: Call, environment: Environment) -> Answer:
    """An answer that nobody gets to see whole: of a write that was not carried out, cut as one that was."""
    if call.damage is None or not call.damage.truncated:
        return answers.NOTHING
    status = {"POST": 201, "PUT": int(environment.profile.dialect.put_status)}.get(call.method, 200)
    return answers.with_status(status, {"results": {call.connector: {}}})


# ---------------------------------------------------------------- effects


async def _delay(_call: Call, damage: Damage, environment: Environment, firing: Firing) -> None:
    options, chance = firing.fault.options, firing.fault.chance
    milliseconds = options["milliseconds"] + chance.random() * options["jitter_milliseconds"]
    with suppress(TimeoutError):
        await asyncio.wait_for(environment.faults.ended.wait(), milliseconds / 1_000)
        damage.dropped = "close"  # there is nothing left to carry the call out on


async def _status(call: Call, damage: Damage, environment: Environment, firing: Firing) -> None:
    options = firing.fault.options
    content_type = "text/plain; charset=utf-8" if isinstance(options["body"], str) else _JSON
    answer = answers.made_up(options["status"], options["headers"], body_bytes(options["body"]), content_type)
    if answer.status >= 400:
        _log(call, environment, firing, answer, environment.next_reference())
    damage.answer = answer


async def _error(call: Call, damage: Damage, environment: Environment, firing: Firing) -> None:
    options = firing.fault.options
    message, number = options["message"], messages.GENERAL
    if message is None:
        message = messages.text(options["key"], call.language, options["parameters"])
        number = messages.catalogue()[options["key"]].number
    _profit_error(
        call, damage, environment, firing, message, number if options["number"] is None else options["number"]
    )


async def _locked(call: Call, damage: Damage, environment: Environment, firing: Firing) -> None:
    key = "booking_layout_locked"
    message = messages.text(key, call.language, {})
    _profit_error(call, damage, environment, firing, message, messages.catalogue()[key].number)


def _profit_error(
    call: Call, damage: Damage, environment: Environment, firing: Firing, message: str, number: int
) -> None:
    reference = environment.next_reference()
    damage.answer = answers.with_message(message, number, reference)
    _log(call, environment, firing, damage.answer, reference, message, number)


async def _drop(_call: Call, damage: Damage, _environment: Environment, firing: Firing) -> None:
    damage.dropped = "reset" if firing.fault.options["reset"] else "close"


async def _truncate(_call: Call, damage: Damage, _environment: Environment, firing: Firing) -> None:
    damage.truncated, damage.sent_bytes = True, firing.fault.options["bytes"]


async def _garbage(_call: Call, damage: Damage, _environment: Environment, firing: Firing) -> None:
    options = firing.fault.options
    body, content_type = {
        "text": (_TEXT.encode(), _JSON),
        "bytes": (firing.fault.chance.randbytes(options["bytes"]), _JSON),
        "html": (_HTML.encode(), "text/html; charset=utf-8"),
    }[options["form"]]
    damage.answer = answers.made_up(200, {}, body, content_type)


async def _maintenance(call: Call, damage: Damage, environment: Environment, firing: Firing) -> None:
    retry_after = firing.fault.options["retry_after"]
    damage.answer, message = answers.maintenance(UnderMaintenance(retry_after), call.language)
    _log(call, environment, firing, damage.answer, environment.next_reference(), message)


async def _throttle(call: Call, damage: Damage, environment: Environment, firing: Firing) -> None:
    options = firing.fault.options
    message = messages.text("throttled", call.language, {})
    document: dict[str, Any] = {"error": {"code": str(options["status"]), "message": message}}
    body = body_bytes({**document, "retry_after": options["retry_after"]})
    headers = {"Retry-After": str(options["retry_after"])}
    damage.answer = answers.made_up(options["status"], headers, body, _JSON)
    _log(call, environment, firing, damage.answer, environment.next_reference(), message)


async def _change_data(_call: Call, _damage: Damage, environment: Environment, firing: Firing) -> None:
    for change in firing.fault.options["changes"]:
        await environment.put_data(entity_named(change["entity"]), numbered(change["rows"], firing.number))


_EFFECTS: Mapping[str, Callable[[Call, Damage, Environment, Firing], Awaitable[None]]] = {
    "delay": _delay,
    "status": _status,
    "error": _error,
    "drop": _drop,
    "truncate": _truncate,
    "garbage": _garbage,
    "maintenance": _maintenance,
    "locked": _locked,
    "throttle": _throttle,
    "change_data": _change_data,
}


def _log(
    call: Call,
    environment: Environment,
    firing: Firing,
    answer: Answer,
    reference: str,
    message: str = "",
    number: int | None = None,
) -> None:
    """Notes an error that a fault gave, as Profit would note one of its own."""
    fault = firing.fault
    reason = Reason("fault", "", fault.id, f"calls that the fault '{fault.kind.name}' does not fit")
    request = f"{call.method} {call.scope['path']}"
    environment.logbook.add(LogEntry(reference, environment.now(), answer.status, request, message, number, reason))


# ---------------------------------------------------------------- answers that break off


async def break_off(call: Call, answer: Answer, headers: list[Header], send: Send) -> tuple[bytes, int]:
    """Sends nothing, or a part of ``answer`` that has a whole body, and closes the connection.

    Gives the beginning of what was sent, unpacked, and its size. The length announced is that of the whole body.
    """
    damage = call.damage
    hang_up: Callable[..., None] = call.scope["extensions"][HANG_UP]["call"]
    if damage is None or damage.dropped is not None:
        hang_up(reset=damage is not None and damage.dropped == "reset")
        return b"", 0
    body, packed = answer.body, False
    if call.method != "HEAD" and body and answers.takes_gzip(call.scope["headers"]):
        # packed here: the middleware for it would announce another length
        body, packed = gzip.compress(body, answers.GZIP_LEVEL), True
        headers = [header for header in headers if header[0] != b"content-length"]
        headers += [(b"content-encoding", b"gzip"), (b"content-length", b"%d" % len(body))]
    at = len(body) // 2 if damage.sent_bytes is None else damage.sent_bytes
    part = b"" if call.method == "HEAD" else body[: max(0, min(at, len(body) - 1))]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": part, "more_body": True})
    hang_up(reset=False)
    sent = zlib.decompressobj(wbits=31).decompress(part) if packed else part
    return sent[:MOST_BODY], len(sent)
