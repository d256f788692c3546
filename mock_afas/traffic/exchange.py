"""One recorded HTTP exchange: a request and its answer, as facts without judgement."""

from __future__ import annotations

import zlib
from typing import Literal, NamedTuple

#: So many bytes of each body are kept of an exchange, and so many of headers, and of path and query each.
MOST_BODY = 64 * 1024
MOST_HEADERS = 16 * 1024

Headers = list[tuple[bytes, bytes]] | tuple[tuple[bytes, bytes], ...]
#: What a client got: a whole answer, a part of its body, or a closed connection.
Outcome = Literal["answered", "truncated", "dropped"]
#: A number of rows or columns that nobody counted.
UNKNOWN = -1


class Whole(NamedTuple):
    """What is known of a request's body that was cut: its checksum, lines of an entry, and whether it is all ASCII."""

    checksum: int
    lines: int
    ascii: bool


class Exchange(NamedTuple):
    """One request and its answer. ``started`` is a POSIX time, ``duration`` seconds; bodies are cut at 64 kB.

    ``parallel`` counts the calls under way when this one began, itself included; 0 is unknown. ``rows`` and
    ``columns`` are those of a GetConnector's answer, ``UNKNOWN`` where nobody counted. ``delivered`` is false when
    the client was gone, or the connection broke, before the whole answer was sent. ``changes`` counts what changed
    in the environment beside its traffic (data, configuration, access) until then. ``port`` tells connections of one
    client apart; 0 is unknown. ``faults`` names the faults that fired; ``status`` is 0 when one of them left the client
    without an answer.
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
    response_headers: Headers = ()
    port: int = 0
    scheme: str = "http"
    http_version: str = "1.1"
    rows: int = UNKNOWN
    columns: int = UNKNOWN
    delivered: bool = True
    whole: Whole | None = None
    changes: int = 0
    faults: tuple[str, ...] = ()
    outcome: Outcome = "answered"


#: Each line of an entry has to say what kind of account it is on, so counting these names counts lines.
_LINE = b'"VaAs"'


def whole(body: bytes | bytearray) -> Whole | None:
    """What to know of ``body`` when it is too long to be kept; None when it is not."""
    if len(body) <= MOST_BODY:
        return None
    return Whole(zlib.crc32(body), body.count(_LINE), body.isascii())


def kept_headers(headers: Headers) -> Headers:
    """As many of ``headers`` as fit in what is kept of an exchange."""
    size = 0
    for at, (name, value) in enumerate(headers):
        size += len(name) + len(value)
        if size > MOST_HEADERS:
            return headers[:at]
    return headers


def header(headers: Headers, name: bytes) -> bytes | None:
    """The first value of the header ``name`` (lower case), None when there is none."""
    return next((value for known, value in headers if known.lower() == name), None)
