"""Exchanges as a HAR 1.2 document, and back: from our own export, a browser, mitmproxy, Postman or another recorder.

A HAR file from elsewhere is hostile input: its size and number of entries are bounded, every member is checked, and
what is wrong is told with the entry it is in. What HAR has no place for is in ``_mock_afas``.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import stat
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson

import mock_afas
from mock_afas.errors import ControlError
from mock_afas.traffic import redaction
from mock_afas.traffic.calls import BASE
from mock_afas.traffic.exchange import (
    MOST_BODY,
    MOST_HEADERS,
    UNKNOWN,
    Exchange,
    Whole,
    header,
    kept_headers,
    whole,
)

MOST_BYTES = 128 * 2**20
MOST_ENTRIES = 50_000
_LONGEST_CALL = 10**7
_OURS = "_mock_afas"


# ---------------------------------------------------------------- writing


def document(exchanges: Sequence[Exchange]) -> dict[str, Any]:
    """``exchanges`` as HAR 1.2, secrets left out; bodies are cut as they were recorded."""
    creator = {"name": "mock_afas", "version": mock_afas.__version__}
    return {"log": {"version": "1.2", "creator": creator, "entries": [_entry(exchange) for exchange in exchanges]}}


def _entry(exchange: Exchange) -> dict[str, Any]:
    milliseconds = round(exchange.duration * 1_000, 3)
    return {
        "startedDateTime": dt.datetime.fromtimestamp(exchange.started, dt.UTC).isoformat(timespec="microseconds"),
        "time": milliseconds,
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "connection": str(exchange.port),
        _OURS: _own(exchange),
    }


def _request(exchange: Exchange) -> dict[str, Any]:
    host = (header(exchange.request_headers, b"host") or b"localhost").decode("latin-1")
    query = redaction.query(exchange.query)
    pairs = parse_qsl(query, keep_blank_values=True)
    request: dict[str, Any] = {
        "method": exchange.method,
        "url": f"{exchange.scheme}://{host}{redaction.text(exchange.path)}{'?' if query else ''}{query}",
        "httpVersion": f"HTTP/{exchange.http_version}",
        "cookies": [],
        "headers": _named(redaction.headers(exchange.request_headers)),
        "queryString": _named(pairs),
        "headersSize": -1,
        "bodySize": exchange.request_size,
    }
    if exchange.request_body:
        kind = header(exchange.request_headers, b"content-type") or b""
        request["postData"] = {"mimeType": kind.decode("latin-1"), "text": redaction.body(exchange.request_body)}
    return request


def _response(exchange: Exchange) -> dict[str, Any]:
    kind = header(exchange.response_headers, b"content-type") or b""
    known = exchange.status in HTTPStatus.__members__.values()
    return {
        "status": exchange.status,
        "statusText": HTTPStatus(exchange.status).phrase if known else "",
        "httpVersion": f"HTTP/{exchange.http_version}",
        "cookies": [],
        "headers": _named(redaction.headers(exchange.response_headers)),
        "content": {
            "size": exchange.response_size,
            "mimeType": kind.decode("latin-1"),
            "text": redaction.body(exchange.response_body),
        },
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": exchange.response_size,
    }


def _named(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


#: What HAR has no place for, by the field of an exchange that it is read back into.
_EXTRA: Mapping[str, type] = {
    "number": int,
    "parallel": int,
    "client": str,
    "token": str,
    "rows": int,
    "columns": int,
    "delivered": bool,
    "changes": int,
}


def _own(exchange: Exchange) -> dict[str, Any]:
    own = {name: getattr(exchange, name) for name in _EXTRA}
    return {**own, "faults": list(exchange.faults), "whole": list(exchange.whole) if exchange.whole else None}


# ---------------------------------------------------------------- reading


class Har(NamedTuple):
    """What a HAR file holds: calls of Profit as exchanges, and how many entries were something else."""

    exchanges: list[Exchange]
    others: int


def read_file(path: Path) -> Har:
    """The calls of Profit in a HAR file. Raises ControlError when it cannot be read or is none."""
    try:
        with path.open("rb") as file:
            if not stat.S_ISREG(path.stat().st_mode):
                raise ControlError(f"{path} is no file", hint="name a HAR file")
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ControlError(f"{path} cannot be read: {error.strerror or error}", hint="name a HAR file") from None
    return read(raw, str(path))


def read(raw: bytes, name: str = "the file") -> Har:
    """The calls of Profit in a HAR document; ``name`` is what errors call it. Raises ControlError."""
    if len(raw) > MOST_BYTES:
        raise ControlError(f"{name} is too large", hint=f"at most {MOST_BYTES // 2**20} MB", status=413)
    try:
        parsed = orjson.loads(raw.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise ControlError(f"{name} is no JSON: {error}", hint="export the recording as HAR (JSON)") from None
    log = parsed.get("log") if isinstance(parsed, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        raise ControlError(f"{name} is no HAR: it has no log.entries", hint="export the recording as HAR 1.2")
    if len(entries) > MOST_ENTRIES:
        raise ControlError(f"{name} has {len(entries):,} entries", hint=f"at most {MOST_ENTRIES:,}", status=413)
    exchanges = []
    for at, entry in enumerate(entries, 1):
        reader = _Reader(name, at)
        url = reader.text(reader.object(reader.checked(entry), "request"), "url")
        if BASE in url.lower():
            exchanges.append(_exchange(reader, entry, url))
    return Har(_with_parallel(exchanges), len(entries) - len(exchanges))


class _Reader:
    """Takes members of an entry and complains about those that are not as they should be."""

    def __init__(self, name: str, at: int) -> None:
        self._name = name
        self.at = at

    def complain(self, what: str) -> ControlError:
        return ControlError(f"{self._name}: entry {self.at}: {what}", hint="export the recording as HAR 1.2 anew")

    def checked(self, value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.complain("it is no object")
        return value

    def object(self, entry: Mapping[str, Any], name: str) -> dict[str, Any]:
        value = entry.get(name)
        if not isinstance(value, dict):
            raise self.complain(f"'{name}' is no object")
        return value

    def text(self, entry: Mapping[str, Any], name: str, *default: str) -> str:
        value = entry.get(name, *default)
        if not isinstance(value, str):
            raise self.complain(f"'{name}' is no text")
        return value

    def number(self, entry: Mapping[str, Any], name: str, default: float, most: float) -> float:
        """A number from 0; what HAR marks as unknown by -1, or leaves out, is ``default``."""
        value = entry.get(name)
        if value is None or value == -1:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            raise self.complain(f"'{name}' is no number that can be")
        return value

    def moment(self, entry: Mapping[str, Any], name: str) -> float:
        """A POSIX time; one without zone is UTC."""
        text = self.text(entry, name)
        try:
            moment = dt.datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
        except (ValueError, OverflowError):
            raise self.complain(f"'{name}' is no time in ISO 8601") from None

    def headers(self, message: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
        listed = message.get("headers", [])
        if not isinstance(listed, list):
            raise self.complain("'headers' is no list")
        found = []
        for one in map(self.checked, listed):
            name = self.text(one, "name").lower().encode("utf-8", "replace")
            found.append(
                (b"host" if name == b":authority" else name, self.text(one, "value", "").encode("utf-8", "replace"))
            )
        return found

    def body(self, content: Mapping[str, Any]) -> bytes:
        """The text of a body, from base64 where it says so."""
        text = content.get("text") or ""
        if not isinstance(text, str):
            raise self.complain("'text' of a body is no text")
        if content.get("encoding") != "base64":
            return text.encode("utf-8", "replace")
        try:
            return base64.b64decode(text)
        except (binascii.Error, ValueError):
            raise self.complain("'text' of a body is no base64") from None


def _exchange(reader: _Reader, entry: Mapping[str, Any], url: str) -> Exchange:
    request, response = reader.object(entry, "request"), reader.object(entry, "response")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise reader.complain("'url' is no URL") from None
    headers = reader.headers(request)
    if header(headers, b"host") is None:
        headers.append((b"host", parts.netloc.rpartition("@")[2].encode("utf-8", "replace")))
    post, content = request.get("postData"), response.get("content")
    sent = reader.body(reader.checked(post)) if post is not None else b""
    answer = reader.body(reader.checked(content)) if content is not None else b""
    status = int(reader.number(response, "status", 0, 999))
    rows, columns = _counted(answer)
    port = entry.get("connection")
    exchange = Exchange(
        number=reader.at,
        started=reader.moment(entry, "startedDateTime"),
        duration=reader.number(entry, "time", 0, _LONGEST_CALL) / 1_000,
        method=reader.text(request, "method").upper()[:20],
        path=unquote(parts.path)[:MOST_HEADERS],
        query=parts.query.encode("utf-8", "replace")[:MOST_HEADERS],
        request_headers=kept_headers(headers),
        request_body=sent[:MOST_BODY],
        request_size=int(max(len(sent), reader.number(request, "bodySize", 0, 2**40))),
        status=status,
        response_body=answer[:MOST_BODY],
        response_size=int(max(len(answer), reader.number(content or {}, "size", 0, 2**40))),
        parallel=0,
        client="",
        token="",
        response_headers=kept_headers(reader.headers(response)),
        port=int(port) if isinstance(port, str) and port.isascii() and port.isdigit() and len(port) < 12 else 0,
        scheme=parts.scheme.lower(),
        http_version=reader.text(request, "httpVersion", "").lower().removeprefix("http/") or "1.1",
        rows=rows,
        columns=columns,
        delivered=status != 0,
        whole=whole(sent),
    )
    own = entry.get(_OURS)
    return exchange._replace(**_own_of(own)) if isinstance(own, dict) else exchange


def _counted(answer: bytes) -> tuple[int, int]:
    """Rows and columns of an answer of a GetConnector."""
    if b'"rows"' not in answer:
        return UNKNOWN, UNKNOWN
    try:
        document = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return UNKNOWN, UNKNOWN
    rows = document.get("rows") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        return UNKNOWN, UNKNOWN
    return len(rows), len(rows[0]) if rows and isinstance(rows[0], dict) else 0


def _own_of(own: Mapping[str, Any]) -> dict[str, Any]:
    """What our own export says besides, as far as it is what it should be."""
    found = {name: own[name] for name, kind in _EXTRA.items() if type(own.get(name)) is kind}
    faults, measured = own.get("faults"), own.get("whole")
    if isinstance(faults, list):
        found["faults"] = tuple(name for name in faults if isinstance(name, str))
    if isinstance(measured, list) and [type(one) for one in measured] == [int, int, bool]:
        found["whole"] = Whole(*measured)
    return found


def _with_parallel(exchanges: list[Exchange]) -> list[Exchange]:
    """``exchanges`` in the order they began, with how many ran at once where the file does not say."""
    ends: list[float] = []
    counted = []
    for exchange in sorted(exchanges, key=lambda one: one.started):
        ends = [end for end in ends if end > exchange.started]
        ends.append(exchange.started + exchange.duration)
        counted.append(exchange if exchange.parallel else exchange._replace(parallel=len(ends)))
    return counted
