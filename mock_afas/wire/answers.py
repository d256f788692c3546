"""What goes back over the wire: an answer as a value, the headers of AFAS, and the bodies of errors."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import NamedTuple

import orjson

from mock_afas import messages
from mock_afas.errors import ProfitError, UnderMaintenance
from mock_afas.faults.kinds import BODYLESS
from mock_afas.messages import Language

Header = tuple[bytes, bytes]

_JSON = b"application/json; charset=utf-8"
_CORS: tuple[Header, ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-headers", b"Content-Type, Accept, Authorization, OnlineSessionId, Accept-Language"),
    (b"access-control-allow-methods", b"GET, POST, PUT, DELETE, OPTIONS"),
    (b"access-control-max-age", b"1728000"),
)
_ALWAYS: tuple[Header, ...] = (
    (b"cache-control", b"no-store, no-cache"),
    (b"x-afas-proxy-version", b"4.3.0.0"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"deny"),
    (b"strict-transport-security", b"max-age=31536000"),
    *_CORS,
)
#: How hard answers are packed for clients that accept gzip.
GZIP_LEVEL = 4
_WITH_BODY = ((b"content-type", _JSON), *_ALWAYS)
_BARE = ((b"content-type", b"application/xml; charset=utf-8"), *_ALWAYS)


class Answer(NamedTuple):
    """An answer: a whole ``body``, or ``parts`` of one whose length is not known beforehand."""

    status: int
    headers: tuple[Header, ...]
    body: bytes = b""
    parts: AsyncIterator[bytes] | None = None


#: No answer at all.
NOTHING = Answer(0, ())


def ok(body: bytes, parts: AsyncIterator[bytes] | None = None) -> Answer:
    """200 with JSON."""
    return Answer(200, _WITH_BODY, body, parts)


def json(document: object) -> Answer:
    """200 with ``document`` as JSON."""
    return ok(orjson.dumps(document))


def with_status(status: int, document: object) -> Answer:
    """``document`` as JSON with another status."""
    return Answer(status, _WITH_BODY, orjson.dumps(document))


def bare(status: int) -> Answer:
    """An answer without a body, with the content type that AFAS gives those."""
    return Answer(status, _BARE)


def profit_error(error: ProfitError, language: Language, reference: str) -> tuple[Answer, str]:
    """500 in Profit's shape, and the message in it."""
    message = messages.text(error.key, language, error.parameters)
    return with_message(message, error.number, reference), message


def with_message(message: str, number: int, reference: str) -> Answer:
    """500 in Profit's shape. The obsolete header repeats the message in base64."""
    body = orjson.dumps({"externalMessage": message, "errorNumber": number, "profitLogReference": reference})
    header = (b"x-profit-error", base64.b64encode(message.encode()))
    return Answer(500, (*_WITH_BODY, header), body)


def made_up(status: int, headers: Mapping[str, str], body: bytes, content_type: str) -> Answer:
    """Any answer: AFAS' headers, and over them ``headers``. ``content_type`` is that of a body."""
    if not body and not headers:
        return bare(status)
    given = {name.lower().encode(): text.encode("latin-1") for name, text in headers.items()}
    own = dict(((b"content-type", content_type.encode()), *_ALWAYS) if body else _BARE)
    return Answer(status, tuple({**own, **given}.items()), body)


def maintenance(error: UnderMaintenance, language: Language) -> tuple[Answer, str]:
    """503 with ``Retry-After`` in seconds, and the message in it."""
    message = messages.text("maintenance", language, {})
    document = {"error": {"code": "503", "message": message}, "retry_after": error.retry_after}
    header = (b"retry-after", str(error.retry_after).encode())
    return Answer(503, (*_WITH_BODY, header), orjson.dumps(document)), message


def takes_gzip(headers: Iterable[Header]) -> bool:
    """Whether a client that sent ``headers`` accepts gzip: named, with another weight than zero."""
    for name, value in headers:
        if name == b"accept-encoding" and b"gzip" in value:
            for coding in value.split(b","):
                token, _, weight = coding.replace(b" ", b"").partition(b";q=")
                if token == b"gzip":
                    return not weight or weight.strip(b"0.") != b""
    return False


def varying(answer: Answer, waited: float, taken: float, trace: str) -> list[Header]:
    """The headers of ``answer`` with those that differ from call to call; times in seconds."""
    stats = b"init(0ms), before response(%dms), complete(%dms)" % (waited * 1000, taken * 1000)
    headers = [*answer.headers, (b"x-afas-proxy-stats", stats)]
    if trace:
        headers.append((b"x-trace-identifier", trace.encode()))
    if answer.parts is None and answer.status not in BODYLESS:
        headers.append((b"content-length", b"%d" % len(answer.body)))
    return headers
