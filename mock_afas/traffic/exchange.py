"""One recorded HTTP exchange: a request and its answer, as facts without judgement."""

from __future__ import annotations

import re
import zlib
from typing import Literal, NamedTuple

#: So many bytes of each body are kept of an exchange, and so many of headers, and of path and query each.
MOST_BODY = 64 * 1024
MOST_HEADERS = 16 * 1024

#: What a client got: a whole answer, a part of its body, a closed connection; or it had gone before it got anything.
Outcome = Literal["answered", "truncated", "dropped", "abandoned"]
Headers = list[tuple[bytes, bytes]] | tuple[tuple[bytes, bytes], ...]
#: A number of rows or columns that nobody counted.
UNKNOWN = -1


class Whole(NamedTuple):
    """What is known of a request's body that was cut: its checksum, lines of an entry, and whether it is all ASCII."""

    checksum: int
    lines: int
    ascii: bool


class Exchange(NamedTuple):
    """One request and its answer. ``started`` is a POSIX time, ``duration`` seconds; bodies are cut at 64 kB.

    ``status`` is 0 when the client got no answer. ``parallel`` counts the calls under way when this one began, itself
    included; 0 is unknown. ``rows`` and ``columns`` are those of a GetConnector's answer, ``UNKNOWN`` where nobody
    counted. ``changes`` counts what changed in the environment beside its traffic (data, configuration, access) until
    then. ``port`` tells connections of one client apart; 0 is unknown. ``faults`` are the ids of the faults that fired
    on it.
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
    faults: tuple[str, ...] = ()
    outcome: Outcome = "answered"
    response_headers: Headers = ()
    port: int = 0
    scheme: str = "http"
    http_version: str = "1.1"
    rows: int = UNKNOWN
    columns: int = UNKNOWN
    whole: Whole | None = None
    changes: int = 0

    @property
    def delivered(self) -> bool:
        """Whether the client got the whole answer, as far as is known."""
        return self.outcome == "answered"


#: Each line of an entry has to say what kind of account it is on, so counting these names counts lines.
_LINE = b'"VaAs"'


def whole(body: bytes | bytearray) -> Whole | None:
    """What to know of ``body`` when it is too long to be kept; None when it is not."""
    if len(body) <= MOST_BODY:
        return None
    return Whole(zlib.crc32(body), body.count(_LINE), body.isascii())


_UTF_8 = re.compile(rb";\s*charset\s*=\s*\"?utf-?8(?![\w-])", re.IGNORECASE)


def declares_utf_8(content_type: bytes) -> bool:
    """Whether the value of a header Content-Type says that the text of a body is UTF-8."""
    return _UTF_8.search(content_type) is not None


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
