"""Rules on how calls are made: connections, tokens, headers, and how many at once."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import unquote_plus

from mock_afas.traffic import redaction
from mock_afas.traffic.calls import Call
from mock_afas.traffic.exchange import header
from mock_afas.traffic.findings import Observed, Recording, grouped

#: So many calls on connections of their own, of so great a part of all, make a habit.
FRESH = 10
FRESH_PART = 0.8
#: A server may close a connection that was not used for so many seconds.
KEPT_ALIVE = 2
_CLOSE = re.compile(rb"(?:^|,)\s*close\s*(?:,|$)", re.IGNORECASE)
_HEX = re.compile(rb"[0-9A-Fa-f]{64}")
#: Resources that take secrets in their bodies.
_LOGINS = frozenset(("oauth", "otprequest", "otpvalidation"))


def too_many_at_once(recording: Recording) -> Iterator[Observed]:
    """More calls under way at once than the setting parallel_calls allows: 5, or 8. Calls that wait count too."""
    crowded = [call for call in recording.calls if call.exchange.parallel > recording.parallel_calls]
    if crowded:
        most = max(call.exchange.parallel for call in crowded)
        yield Observed(f"up to {most} calls ran at once; {recording.parallel_calls} may", crowded)


# ---------------------------------------------------------------- connections


def connection_for_each_call(recording: Recording) -> Iterator[Observed]:
    """Connection: close with more than half of the calls of a client; or ten new connections, each while one that was
    used within two seconds lay idle, for four of five calls.
    """
    for calls in grouped(recording.calls, lambda call: (call.client, call.exchange.client)).values():
        closing = [call for call in calls if _closes(call)]
        fresh = _fresh(calls)
        if 2 * len(closing) > len(calls):
            yield Observed(f"{len(closing):,} of {len(calls):,} calls ask to close the connection", closing)
        elif fresh:
            yield Observed(f"{len(fresh):,} of {len(calls):,} calls came on a connection of their own", fresh)


def _closes(call: Call) -> bool:
    connection = call.header(b"connection")
    if _CLOSE.search(connection):
        return True
    return call.exchange.http_version == "1.0" and b"keep-alive" not in connection.lower()


def _fresh(calls: list[Call]) -> list[Call]:
    """Calls on a new connection though one that was open lay idle; empty unless most calls are such."""
    known = {call.exchange.port for call in calls[:1]}
    fresh, chances = [], 0
    for earlier, later in pairwise(calls):
        port = later.exchange.port
        if not port:
            return []
        if earlier.exchange.delivered and 0 <= later.started - earlier.ended < KEPT_ALIVE:
            chances += 1
            if port not in known:
                fresh.append(later)
        known.add(port)
    return fresh if len(fresh) >= FRESH and len(fresh) >= FRESH_PART * chances else []


def plain_http(recording: Recording) -> Iterator[Observed]:
    """A call over http whose Host is no loopback address, localhost or a name below it."""
    open_ = (call for call in recording.calls if call.exchange.scheme == "http" and not is_loopback(call.host))
    for host, calls in grouped(open_, lambda call: call.host).items():
        yield Observed(f"{host} was called over plain HTTP", calls)


def is_loopback(host: str) -> bool:
    """Whether ``host``, a name or an address without port, is this machine; so is a request without a host."""
    if host in ("", "localhost") or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# ---------------------------------------------------------------- headers


def missing_integration_id(recording: Recording) -> Iterator[Observed]:
    """A call without the header, or with an empty one. Calls for OAuth and one-time passwords need none."""
    calls = (call for call in recording.calls if call.method != "OPTIONS" and call.resource not in _LOGINS)
    nameless = (call for call in calls if not call.header(b"integrationid").strip())
    for group in grouped(nameless, lambda call: call.client).values():
        yield Observed(f"{len(group):,} call{'' if len(group) == 1 else 's'} without the header IntegrationId", group)


def token_outside_header(recording: Recording) -> Iterator[Observed]:
    """What looks like a token, or is called so, in the path, the query string, the body or another header."""
    shown: dict[tuple[bytes, str], list[Call]] = {}
    for call in recording.calls:
        if call.resource not in _LOGINS and call.method != "OPTIONS":
            for place in _places(call):
                shown.setdefault((call.client, place), []).append(call)
    for (_, place), calls in shown.items():
        yield Observed(f"a token was sent in the {place}", calls)


def _places(call: Call) -> Iterator[str]:
    exchange, own = call.exchange, _own_token(call)

    def holds(text: str) -> bool:
        return redaction.holds_token(text) or bool(own and own in unquote_plus(text).lower())

    if holds(exchange.path):
        yield "path"
    query = exchange.query.decode("latin-1")
    if holds(query) or any(redaction.names_secret(name) and value for name, value in call.parameters.items()):
        yield "query string"
    if (own and own.encode() in exchange.request_body.lower()) or _xml_or_base64(exchange.request_body):
        yield "body"
    for name, value in exchange.request_headers:
        shown, lower = name.decode("latin-1"), name.lower()
        if lower in (b"authorization", b"proxy-authorization", b"cookie"):
            continue
        if redaction.names_secret(shown) or holds(value.decode("latin-1")):
            yield f"header {shown}"


def _xml_or_base64(body: bytes) -> bool:
    return b"<token>" in body.lower() or b"PHRva2Vu" in body


def _own_token(call: Call) -> str:
    """The 64 digits in the ``Authorization`` header, in lower case; empty when it holds none."""
    value = header(call.exchange.request_headers, b"authorization") or b""
    encoded = value.strip().rpartition(b" ")[2]
    try:
        found = _HEX.search(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError):
        found = None
    return found[0].decode("ascii").lower() if found else ""
