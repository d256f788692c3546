"""How answers get onto the wire: whole ones at once, and all of them as HTTP wants them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvicorn
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from mock_afas.protocol import Protocol

ANSWERS: dict[str, Response] = {
    "/text": PlainTextResponse("hello"),
    "/empty": Response(status_code=204),
    "/closing": PlainTextResponse("bye", headers={"Connection": "close"}),
    "/upper": PlainTextResponse("hi", headers={"X-Upper": "A"}),
    "/injected": PlainTextResponse("hi", headers={"X-Text": "a\r\nb: c"}),
}


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    path = scope["path"]
    if path == "/parts":

        async def parts() -> Any:
            yield b"a"
            yield b"b"

        await StreamingResponse(parts())(scope, receive, send)
    elif path == "/short":
        headers = [(b"content-length", b"9")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"1234", "more_body": True})
        await send({"type": "http.response.body", "body": b"56789"})
    else:
        await ANSWERS[path](scope, receive, send)


class Written(asyncio.Transport):
    """Keeps what was written, call by call."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def resume_reading(self) -> None:
        """Nothing is read."""

    def pause_reading(self) -> None:
        """Nothing is read."""


def written(sent: bytes, *, leaves: bool = False) -> Written:
    """What the server writes for the requests in ``sent``, after which a client that ``leaves`` is gone."""

    async def answered() -> Written:
        config = uvicorn.Config(application, http=Protocol, lifespan="off", log_config=None, proxy_headers=False)
        config.load()
        state = ServerState()
        state.default_headers = [(b"date", b"now")]
        transport, protocol = Written(), Protocol(config, state, {})
        protocol.connection_made(transport)
        protocol.data_received(sent)
        if leaves:
            transport.close()
            protocol.connection_lost(None)
        while state.tasks:
            await asyncio.gather(*state.tasks, return_exceptions=True)
            await asyncio.sleep(0)
        return transport

    return asyncio.run(answered())


def get(path: str, *, method: str = "GET", version: str = "1.1", more: str = "") -> bytes:
    return f"{method} {path} HTTP/{version}\r\nHost: x\r\n{more}\r\n".encode()


def test_a_whole_answer_is_written_at_once() -> None:
    transport = written(get("/text"))
    assert len(transport.writes) == 1
    head, body = transport.writes[0].split(b"\r\n\r\n")
    assert (head.split(b"\r\n")[0], body) == (b"HTTP/1.1 200 OK", b"hello")
    assert set(head.split(b"\r\n")[1:]) == {
        b"date: now",
        b"content-length: 5",
        b"content-type: text/plain; charset=utf-8",
    }
    assert not transport.closed


@pytest.mark.parametrize(
    ("sent", "end", "closed"),
    [
        (get("/text", method="HEAD"), b"charset=utf-8\r\n\r\n", False),
        (get("/empty"), b"HTTP/1.1 204 No Content\r\ndate: now\r\n\r\n", False),
        (get("/parts"), b"\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n", False),
        (get("/short"), b"\r\n\r\n123456789", False),
        (
            get("/upper"),
            b"\r\nx-upper: A\r\ncontent-length: 2\r\ncontent-type: text/plain; charset=utf-8\r\n\r\nhi",
            False,
        ),
        (get("/text", version="1.0"), b"connection: close\r\n\r\nhello", True),
        (get("/text", more="Connection: close\r\n"), b"connection: close\r\n\r\nhello", True),
        (get("/closing"), b"\r\n\r\nbye", True),
    ],
    ids=["HEAD", "no body", "chunks", "in two parts", "another header", "HTTP/1.0", "to be closed", "closing"],
)
def test_every_answer_is_as_http_wants_it(sent: bytes, end: bytes, closed: bool) -> None:
    transport = written(sent)
    assert b"".join(transport.writes).endswith(end), transport.writes
    assert transport.closed is closed


def test_answers_to_requests_sent_at_once_come_in_their_order() -> None:
    transport = written(get("/text") + get("/upper") + get("/text"))
    said = b"".join(transport.writes)
    assert [said.count(b"HTTP/1.1 200 OK"), said.find(b"hello") < said.find(b"\r\n\r\nhi") < said.rfind(b"hello")] == [
        3,
        True,
    ]


@pytest.mark.parametrize("path", ["/text", "/parts", "/short"])
def test_nothing_is_written_to_a_client_that_sent_requests_at_once_and_left(path: str) -> None:
    assert written(get(path) + get(path), leaves=True).writes == []


def test_a_header_of_more_than_a_line_is_not_written() -> None:
    transport = written(get("/injected"))
    assert b"".join(transport.writes).startswith(b"HTTP/1.1 500 ")
    assert b"b: c" not in b"".join(transport.writes)
