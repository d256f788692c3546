"""uvicorn's HTTP/1.1 with what a server of AFAS' needs beside: to pass over upgrades, to hang up, to answer at once."""

from __future__ import annotations

import socket
import struct
from functools import partial
from typing import Any
from weakref import ref

import httptools
from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from mock_afas.wire.calls import HANG_UP

#: The headers that say how long a body is.
_FRAMING = frozenset((b"content-length", b"transfer-encoding"))
#: Headers by which an answer decides about its connection or its form.
_DECIDING = frozenset((b"connection", b"transfer-encoding"))
#: So many lines of headers are kept, of values up to so many bytes.
_MOST_KEPT, _LONGEST_KEPT = 1_024, 200


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol for clients that would rather speak another one, and for applications that hang up.

    RFC 9110 (7.8) lets a server pass over an offer of another protocol. Java's client offers HTTP/2 with each of its
    calls. uvicorn answers such a call but does not read its body: its parser takes what follows the headers for the
    other protocol. Here the parser goes on after them.
    """

    #: Whether the parser ended the message at its headers, though a body may follow.
    _broke_off = False

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._broke_off = self.parser.should_upgrade()
        self.cycle.__class__ = _Cycle
        # weakly, for a cycle of references to collect in each call would cost more than all the rest of this
        self.scope["extensions"] = {HANG_UP: {"call": partial(_hang_up, ref(self.cycle))}}

    def on_message_complete(self) -> None:
        if not self._broke_off:
            super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
                self._go_on()
                continue
            except httptools.HttpParserError:
                self.logger.warning("Invalid HTTP request received.")
                self.send_400_response("Invalid HTTP request received.")
            return

    def _go_on(self) -> None:
        """Goes on behind the headers, with a parser that knows of the offer no more."""
        framing = (b"%s: %s\r\n" % header for header in self.headers if header[0] in _FRAMING)
        self._broke_off = False
        listener = _Listener(self)
        self.parser = httptools.HttpRequestParser(listener)
        self.parser.feed_data(b"POST / HTTP/1.1\r\n%s\r\n" % b"".join(framing))
        listener.deaf = False

    def shutdown(self) -> None:
        super().shutdown()
        if self.scheme == "https" and self.transport.is_closing():
            self.transport.abort()  # or it would wait for the goodbye of a client that does not listen now


class _Listener:
    """Hands on what a parser finds, but for headers that were dealt with: those it reads while it is ``deaf``."""

    def __init__(self, protocol: Protocol) -> None:
        self.deaf = True
        self._protocol = protocol
        self.on_body = protocol.on_body
        self.on_message_complete = protocol.on_message_complete

    def on_message_begin(self) -> None:
        if not self.deaf:
            self._protocol.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self.deaf:
            self._protocol.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.deaf:
            self._protocol.on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self.deaf:
            self._protocol.on_headers_complete()


class _Cycle(RequestResponseCycle):
    """Writes a whole answer at once, and lines of headers that it wrote before as they were.

    uvicorn writes head and body apart, which takes two calls of the system, and looks at each header anew. It still
    does for answers of unknown length, and for those that decide about their connection.
    """

    #: What is to be written before the body.
    _head = b""

    async def send(self, message: Any) -> None:
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.transport.is_closing():  # uvicorn tells the last call only, though others may wait before it
            self.disconnected = True
        if self._head:
            head, self._head = self._head, b""
            if self._wrote_whole(head, message):
                return
            if not self.disconnected:
                self.transport.write(head)
        elif not self.response_started and not self.disconnected:
            self._head = self._begun(message)
            if self._head:
                return
        await super().send(message)

    def _begun(self, message: dict[str, Any]) -> bytes:
        """The head of an answer whose length it says; nothing of any other."""
        headers: list[tuple[bytes, bytes]] = message["headers"]
        named = dict(headers)
        length = named.get(b"content-length")
        if length is None or self.scope["method"] == "HEAD" or not _DECIDING.isdisjoint(named):
            return b""
        lines = [_LINES[header] for header in (*self.default_headers, *headers)]
        self.response_started, self.waiting_for_100_continue = True, False
        self.chunked_encoding, self.expected_content_length = False, int(length)
        end = b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n"
        return b"".join((STATUS_LINE[message["status"]], *lines, end))

    def _wrote_whole(self, head: bytes, message: dict[str, Any]) -> bool:
        """Ends the answer, if its whole body is there."""
        body: bytes = message.get("body", b"")
        if message.get("more_body", False) or self.disconnected or len(body) != self.expected_content_length:
            return False
        self.transport.write(head + body)
        self.expected_content_length, self.response_complete = 0, True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
        return True


class _Lines(dict[tuple[bytes, bytes], bytes]):
    """The lines of headers; those written of late are looked up. Raises RuntimeError for what is more than a line."""

    def __missing__(self, header: tuple[bytes, bytes]) -> bytes:
        name, value = header
        if HEADER_RE.search(name) or HEADER_VALUE_RE.search(value):
            raise RuntimeError(f"no header of HTTP: {name!r}")
        line = b"%s: %s\r\n" % (name.lower(), value)
        if len(value) <= _LONGEST_KEPT:
            if len(self) >= _MOST_KEPT:
                self.clear()
            self[header] = line
        return line


_LINES = _Lines()


def _hang_up(call: ref[RequestResponseCycle], *, reset: bool) -> None:
    """Closes the connection of a call that was not, or not wholly, answered; what was sent of it still arrives.

    With ``reset`` the client sees its connection reset (RST) instead of an orderly end (FIN).
    """
    cycle = call()
    if cycle is None:  # its task holds it as long as it runs
        return
    cycle.disconnected = True  # or uvicorn would complain of the missing answer, and send one
    if reset:
        connection = cycle.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        cycle.transport.abort()
    else:
        cycle.transport.close()
