"""Recorded HTTP exchanges of one environment, bounded in number and bytes, with secrets left out."""

from __future__ import annotations

import datetime as dt
import re
from collections import deque
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote

from mock_afas import values

MOST_EXCHANGES = 10_000
MOST_BYTES = 64 * 2**20
MOST_BODY = 64 * 1024
#: What an exchange without bodies is counted for.
_OVERHEAD = 1_000
#: So many bytes of headers, and of path and query each, are kept of an exchange.
MOST_HEADERS = 16 * 1024
_SECRET_HEADERS = frozenset((b"authorization", b"cookie", b"proxy-authorization", b"x-api-key"))
_SENSITIVE = r"[\w.-]*(?:token|api[_-]?key|authorization|secret|password|code_verifier)"
_SECRET_PARAMETER = re.compile(rf"(?i)((?:^|[&;]){_SENSITIVE}=)[^&;]*")
_SECRET_MEMBER = re.compile(rf'(?i)("{_SENSITIVE}"\s*:\s*)"[^"]*"?')

Headers = list[tuple[bytes, bytes]]
#: What a client got: a whole answer, a part of its body, or a closed connection.
Outcome = Literal["answered", "truncated", "dropped"]


class Exchange(NamedTuple):
    """One request and its answer. ``started`` is a POSIX time, ``duration`` seconds; bodies are cut at 64 kB.

    ``status`` is 0 when the client got no answer. ``parallel`` counts the calls of the environment under way when this
    one began, itself included.
    """

    number: int
    started: float
    duration: float
    method: str
    path: str
    query: bytes
    request_headers: Headers
    request_body: bytes
    request_size: int
    status: int
    response_body: bytes
    response_size: int
    parallel: int
    client: str
    token: str
    #: Ids of the faults that fired on it.
    faults: tuple[str, ...] = ()
    outcome: Outcome = "answered"


class Traffic:
    """The last exchanges. What falls out of the bounds is counted in ``dropped``."""

    def __init__(self) -> None:
        self._exchanges: deque[Exchange] = deque()
        self._bytes = 0
        self._made = 0
        self.dropped = 0

    def next_number(self) -> int:
        """Numbers of exchanges start at 1 and are never given twice, also after ``clear``."""
        self._made += 1
        return self._made

    def record(self, exchange: Exchange) -> None:
        self._exchanges.append(exchange)
        self._bytes += _size(exchange)
        while len(self._exchanges) > MOST_EXCHANGES or self._bytes > MOST_BYTES:
            self._bytes -= _size(self._exchanges.popleft())
            self.dropped += 1

    def clear(self) -> None:
        self._exchanges.clear()
        self._bytes = 0
        self.dropped = 0

    def as_dict(self) -> dict[str, Any]:
        return {"exchanges": [_shown(exchange) for exchange in self._exchanges], "dropped": self.dropped}


def kept_headers(headers: Headers) -> Headers:
    """As many of ``headers`` as fit in what is kept of an exchange."""
    kept, size = [], 0
    for name, value in headers:
        size += len(name) + len(value)
        if size > MOST_HEADERS:
            break
        kept.append((name, value))
    return kept


def _size(exchange: Exchange) -> int:
    headers = sum(len(name) + len(value) for name, value in exchange.request_headers)
    bodies = len(exchange.request_body) + len(exchange.response_body)
    return bodies + headers + len(exchange.path) + len(exchange.query) + _OVERHEAD


def _redacted_query(query: bytes) -> str:
    """The query string, with the values of what is named like a secret left out, however the name is encoded."""
    text = query.decode("latin-1")
    if _SECRET_PARAMETER.search(text):
        return _SECRET_PARAMETER.sub(r"\1(redacted)", text)
    return "(redacted)" if _SECRET_PARAMETER.search(unquote(text)) else text


def _redacted_body(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    return _SECRET_PARAMETER.sub(r"\1(redacted)", _SECRET_MEMBER.sub(r'\1"(redacted)"', text))


def _shown_headers(headers: Headers) -> dict[str, str]:
    return {
        name.decode("latin-1"): "(redacted)" if name.lower() in _SECRET_HEADERS else value.decode("latin-1")
        for name, value in headers
    }


def _shown(exchange: Exchange) -> dict[str, Any]:
    started = values.amsterdam(dt.datetime.fromtimestamp(exchange.started, dt.UTC))
    return {
        "number": exchange.number,
        "started": started.isoformat(timespec="milliseconds"),
        "duration_ms": round(exchange.duration * 1000, 3),
        "parallel": exchange.parallel,
        "client": exchange.client,
        "token": exchange.token,
        "faults": list(exchange.faults),
        "request": {
            "method": exchange.method,
            "path": exchange.path,
            "query": _redacted_query(exchange.query),
            "headers": _shown_headers(exchange.request_headers),
            "body": _redacted_body(exchange.request_body),
            "size": exchange.request_size,
        },
        "response": {
            "status": exchange.status or None,
            "outcome": exchange.outcome,
            "body": _redacted_body(exchange.response_body),
            "size": exchange.response_size,
        },
    }
