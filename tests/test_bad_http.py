"""What is no HTTP, or hardly: the server answers or hangs up, and serves the next caller; bodies of every size."""

from __future__ import annotations

import http.client
import json
import logging
import random
import re
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from mock_afas.wire.bodies import MOST_BYTES as MOST_REQUEST_BODY
from tests import bodies
from tests.support import Afas, start

CURRENCIES = "connectors/Zenvoices_Currencies"


@pytest.fixture(autouse=True)
def no_python_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fails a test during which the server noted an error of its own, or one escaped to uvicorn."""
    with caplog.at_level(logging.ERROR):
        yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def raw(afas: Afas, sent: bytes) -> bytes:
    """What the server answers to bytes; it must close the connection after them, or have answered."""
    address = urlsplit(afas.base_url)
    with socket.create_connection((address.hostname, address.port), timeout=120) as client:
        received = b""
        try:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
            while part := client.recv(2**16):
                received += part
        except ConnectionError:
            pass  # the server had enough before it was all sent
        return received


def request(
    afas: Afas, *, line: bytes = b"GET /ProfitRestServices/profitversion HTTP/1.1", more: bytes = b"", body: bytes = b""
) -> bytes:
    return b"%s\r\nHost: x\r\nAuthorization: %s\r\n%s\r\n%s" % (line, afas.authorization.encode(), more, body)


GARBAGE = {
    "nothing": b"",
    "a line": b"hello\r\n\r\n",
    "line ends": b"\r\n" * 100,
    "NUL bytes": b"\0" * 1_000,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no version": b"GET /ProfitRestServices/profitversion\r\n\r\n",
    "half a request": b"GET /ProfitRestServices/profitversion HTTP/1.1\r\nHost:",
    "an endless line": b"GET /" + b"a" * 300_000,
    "an endless header": b"GET / HTTP/1.1\r\nX: " + b"a" * 300_000,
    "unicode": "GET /ProfitRestServices/café HTTP/1.1\r\n\r\n".encode(),
}
LINES = {
    "NUL in the path": b"GET /ProfitRestServices/\0 HTTP/1.1",
    "bytes in the path": b"GET /ProfitRestServices/connectors/\xff\xfe HTTP/1.1",
    "bytes in the query": b"GET /ProfitRestServices/connectors/Zenvoices_Currencies?take=\xff HTTP/1.1",
    "percent garbage": b"GET /ProfitRestServices/connectors/%%%zz%1 HTTP/1.1",
    "space in the path": b"GET /ProfitRestServices/a b HTTP/1.1",
    "tab in the path": b"GET /ProfitRestServices/a\tb HTTP/1.1",
    "no slash": b"GET ProfitRestServices HTTP/1.1",
    "asterisk": b"OPTIONS * HTTP/1.1",
    "CONNECT": b"CONNECT afas.online:443 HTTP/1.1",
    "an absolute address": b"GET http://example.com/ProfitRestServices/profitversion HTTP/1.1",
    "a fragment": b"GET /ProfitRestServices/profitversion#x HTTP/1.1",
    "unknown method": b"NONSENSE /ProfitRestServices/profitversion HTTP/1.1",
    "lower case": b"get /ProfitRestServices/profitversion HTTP/1.1",
    "HTTP/0.9": b"GET /ProfitRestServices/profitversion HTTP/0.9",
    "HTTP/9.9": b"GET /ProfitRestServices/profitversion HTTP/9.9",
    "long path": b"GET /ProfitRestServices/" + b"a/" * 50_000 + b" HTTP/1.1",
}
HEADERS = {
    "space in a name": b"Bad Name: x\r\n",
    "no colon": b"nonsense\r\n",
    "NUL in a value": b"X: a\0b\r\n",
    "bytes in a value": b"Accept-Language: \xff\xfe\r\nAccept-Encoding: \xff\r\n",
    "a large header": b"X: " + b"a" * 200_000 + b"\r\n",
    "many headers": b"".join(b"X-%d: y\r\n" % number for number in range(5_000)),
    "the same header twice": b"Authorization: x\r\nHost: y\r\nAccept-Language: xx\r\nAccept-Language: en\r\n",
    "a folded header": b"X: a\r\n b\r\n",
    "negative length": b"Content-Length: -1\r\n",
    "length of no number": b"Content-Length: many\r\n",
    "enormous length": b"Content-Length: 99999999999999999999999\r\n",
    "two lengths": b"Content-Length: 1\r\nContent-Length: 2\r\n",
    "length and chunks": b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
    "unknown encoding": b"Transfer-Encoding: nonsense\r\n",
    "WebSocket": b"Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n",
    "h2c": b"Upgrade: h2c\r\nConnection: upgrade\r\n",
}


_OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAA\r\n"


def _posts(afas: Afas, number: int, chunked: bool) -> bytes:
    """A booking by a client that would rather speak HTTP/2, such as that of Java."""
    body = json.dumps(bodies.purchase(f"H2-{number}")).encode()
    length = b"Content-Length: %d\r\n" % len(body)
    if chunked:
        length, body = b"Transfer-Encoding: chunked\r\n", b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    line = b"POST /ProfitRestServices/connectors/FiEntries HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    return b"%b%b%bAuthorization: %b\r\n\r\n%b" % (line, _OFFER, length, afas.authorization.encode(), body)


@pytest.mark.parametrize("piece", [1_000_000, 700, 1])
def test_an_offer_of_http_2_is_passed_over(afas: Afas, piece: int) -> None:
    """Every body is read, however it comes in; whatever follows on the connection too."""
    asked = b"GET /ProfitRestServices/profitversion HTTP/1.1\r\nHost: 127.0.0.1\r\n%bAuthorization: %b\r\n\r\n"
    version = asked % (_OFFER, afas.authorization.encode())
    sent = _posts(afas, 1, False) + version + _posts(afas, 2, True) + version + _posts(afas, 3, False)
    host, port = afas.base_url.split("/")[2].split(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout=120) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(sent), piece):
            connection.sendall(sent[at : at + piece])
        while received.count(b"HTTP/1.1 ") < 5 or not received.endswith(b"}"):
            received += connection.recv(65_536)
    assert re.findall(rb"HTTP/1.1 (\d+)", received) == [b"201", b"200", b"201", b"200", b"201"]
    entries = afas.control("GET", "/books").json()["entries"]
    numbers = {line["invoice"] for entry in entries for line in entry["lines"] if line.get("invoice")}
    assert {"H2-1", "H2-2", "H2-3"} <= numbers


def assert_survives(afas: Afas, sent: bytes) -> None:
    received = raw(afas, sent)
    assert received == b"" or received.startswith(b"HTTP/1.1 "), received[:100]
    for given_away in (b"Traceback", b'.py"', b"Internal Server Error\r\n\r\nInternal"):
        assert given_away not in received
    assert afas.get("profitversion").status_code == 200


@pytest.mark.parametrize("sent", GARBAGE.values(), ids=GARBAGE)
def test_garbage(demo: Afas, sent: bytes) -> None:
    assert_survives(demo, sent)


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_bad_request_line(demo: Afas, line: bytes) -> None:
    assert_survives(demo, request(demo, line=line))


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_bad_header(demo: Afas, header: bytes) -> None:
    assert_survives(demo, request(demo, more=header))
    assert_survives(demo, request(demo, line=b"POST /ProfitRestServices/connectors/FiEntries HTTP/1.1", more=header))


@pytest.mark.parametrize(
    "body", [b"zz\r\n", b"5\r\nab", b"FFFFFFFFFFFFFFFFFF\r\n", b"-1\r\n\r\n", b"0\r\nX: \0\r\n\r\n"]
)
def test_bad_chunks(demo: Afas, body: bytes) -> None:
    line = b"POST /ProfitRestServices/connectors/FiEntries HTTP/1.1"
    assert_survives(demo, request(demo, line=line, more=b"Transfer-Encoding: chunked\r\n", body=body))


def test_random_bytes_in_a_request(afas: Afas) -> None:
    chance = random.Random(1)
    good = request(afas, more=b"Accept-Encoding: gzip\r\nContent-Length: 3\r\n", body=b"{ }")
    for _ in range(200):
        broken = bytearray(good)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(broken))
            broken[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        received = raw(afas, bytes(broken))
        assert received == b"" or received.startswith(b"HTTP/1.1 ")
    assert afas.get("profitversion").status_code == 200


# ---------------------------------------------------------------- bodies


def status_of(client: socket.socket) -> int:
    answer = http.client.HTTPResponse(client)
    answer.begin()
    assert answer.getheader("content-length") == "0"
    assert answer.getheader("content-type") == "application/xml; charset=utf-8"
    return answer.status


def connected(afas: Afas) -> socket.socket:
    address = urlsplit(afas.base_url)
    return socket.create_connection((address.hostname, address.port), timeout=120)


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE"])
def test_a_body_that_is_announced_as_too_large_is_not_read(afas: Afas, method: bytes) -> None:
    line = method + b" /ProfitRestServices/connectors/FiEntries HTTP/1.1"
    with connected(afas) as client:
        more = b"Content-Length: %d\r\nExpect: 100-continue\r\n" % (MOST_REQUEST_BODY + 1)
        client.sendall(request(afas, line=line, more=more))
        assert status_of(client) == 413
    (entry,) = afas.control("GET", "/logbook").json()["entries"]
    assert entry["reason"] == {
        "rule": "size of the body",
        "path": "body",
        "value": f"{MOST_REQUEST_BODY + 1} bytes",
        "allowed": f"{MOST_REQUEST_BODY} bytes",
    }


def test_a_body_in_chunks_is_read_no_further_than_75_mb(afas: Afas) -> None:
    line = b"POST /ProfitRestServices/connectors/FiEntries HTTP/1.1"
    chunk = b"100000\r\n" + b" " * 2**20 + b"\r\n"
    with connected(afas) as client:
        client.sendall(request(afas, line=line, more=b"Transfer-Encoding: chunked\r\n"))
        for _ in range(76):
            client.sendall(chunk)
        assert status_of(client) == 413
    (exchange,) = afas.control("GET", "/traffic").json()["exchanges"]
    assert exchange["response"]["status"] == 413
    assert MOST_REQUEST_BODY < exchange["request"]["size"] <= MOST_REQUEST_BODY + 2**20
    assert exchange["request"]["body"] == " " * 65_536


def test_a_body_of_75_mb_is_read(afas: Afas) -> None:
    answer = afas.http.post(
        f"{afas.base_url}/connectors/Nergens",
        content=b" " * MOST_REQUEST_BODY,
        headers={"Authorization": afas.authorization},
    )
    assert answer.status_code == 500


def test_a_body_that_breaks_off(afas: Afas) -> None:
    line = b"POST /ProfitRestServices/connectors/FiEntries HTTP/1.1"
    with connected(afas) as client:
        client.sendall(request(afas, line=line, more=b"Content-Length: 100\r\n", body=b"{}"))
    until = time.monotonic() + 120
    while not (exchanges := afas.control("GET", "/traffic").json()["exchanges"]) and time.monotonic() < until:
        time.sleep(0.01)
    assert exchanges[0]["response"]["status"] == 400
    assert afas.control("GET", "/logbook").json()["entries"][0]["reason"]["rule"] == "whole body"


BODIES = (b"", b"{}", b"null", b"{", b"\xff\xfe", b"\0", b"[" * 100_000, b'{"a":' * 50_000, b"<xml/>", b" " * 100_000)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["connectors/Nergens", "connectors/Nergens/Nergens/@EnNo/1"])
def test_writing_to_what_is_no_update_connector(afas: Afas, method: str, path: str) -> None:
    for body in BODIES:
        answer = send(afas, method, path, body)
        assert answer.status_code == 500
        assert answer.json()["externalMessage"] == (
            "General message: Deze UpdateConnector wordt niet ondersteund of de gebruiker is niet geautoriseerd."
        )


def send(afas: Afas, method: str, path: str, body: bytes) -> httpx.Response:
    headers = {"Authorization": afas.authorization, "Content-Type": "application/json"}
    return afas.http.request(method, f"{afas.base_url}/{path}", content=body, headers=headers)


def test_a_body_with_a_get_is_ignored(demo: Afas) -> None:
    query = f"{CURRENCIES}?orderbyfieldids=CurrencyId"
    plain = demo.get(query)
    for body in BODIES:
        assert send(demo, "GET", query, body).json() == plain.json()


def test_idle_connections_are_kept_for_two_minutes() -> None:
    """By its setting alone: waiting for it would cost every run two minutes."""
    serving, afas = start()
    assert serving._server is not None
    assert serving._server.config.timeout_keep_alive == 120
    afas.http.close()
    serving.stop()
