"""An HTTP proxy that leads the hosts of AFAS to this server, and nothing anywhere else.

A client with ``12345.rest.afas.online`` wired in asks its proxy to CONNECT there. It gets a tunnel that ends here: TLS
with a certificate for that name, and behind it the server itself. Every other host is refused, so that no test can
reach anything real by mistake.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import ssl
from collections.abc import Callable
from typing import cast

from mock_afas.profiles import HOST_SUFFIXES

#: Longest head of a CONNECT in bytes, and seconds to send it and to agree on TLS.
MOST_HEAD = 16 * 1024
PATIENCE = 15.0

_CONNECT = re.compile(rb"CONNECT ([^\s:]+):(\d{1,5}) HTTP/1\.[01]\r\n", re.IGNORECASE)
_SERVED = re.compile(rf"\d{{5}}\.rest({'|'.join(HOST_SUFFIXES.values())})\.afas\.online")
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_REASONS = {400: "Bad Request", 403: "Forbidden", 405: "Method Not Allowed", 431: "Request Header Fields Too Large"}

_log = logging.getLogger("mock_afas")


class Proxy:
    """Listens for CONNECT; what comes through a tunnel goes to a protocol of the server."""

    def __init__(self, listener: socket.socket, context: ssl.SSLContext) -> None:
        self._listener = listener
        self._context = context
        self._server: asyncio.Server | None = None
        self._is_over = False
        self._waiting: set[asyncio.Transport] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, make_protocol: Callable[[], asyncio.Protocol]) -> None:
        """Begins to listen; ``make_protocol`` makes what serves one connection."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Tunnel(self, make_protocol), sock=self._listener)

    def stop(self) -> None:
        """Takes no more connections, and closes those that have no tunnel yet; the others are the server's."""
        self._is_over = True
        if self._server is not None:
            self._server.close()
        for transport in list(self._waiting):
            transport.close()

    def opened(self, transport: asyncio.Transport) -> None:
        self._waiting.add(transport)

    def over(self, transport: asyncio.Transport) -> None:
        self._waiting.discard(transport)

    def lead(self, transport: asyncio.Transport, host: str, make_protocol: Callable[[], asyncio.Protocol]) -> None:
        """Agrees on TLS over ``transport`` and lets a protocol of the server have what comes of it."""
        task = asyncio.get_running_loop().create_task(self._led(transport, host, make_protocol))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _led(
        self, transport: asyncio.Transport, host: str, make_protocol: Callable[[], asyncio.Protocol]
    ) -> None:
        early = _Early()
        try:
            secure = await asyncio.get_running_loop().start_tls(
                transport, early, self._context, server_side=True, ssl_handshake_timeout=PATIENCE
            )
        except OSError as error:  # an SSLError is one, and so are a TimeoutError and a ConnectionError
            secure, why = None, getattr(error, "reason", None) or str(error) or type(error).__name__
        else:
            why = "it closed the connection"
        finally:
            self.over(transport)
        if secure is None or early.lost or transport.is_closing():  # uvloop gives a transport of a closed one, too
            transport.close()
            if not (early.lost or self._is_over):
                _log.warning("a client of %s broke off TLS (%s); does it trust the authority of --ca-file?", host, why)
            return
        protocol = make_protocol()
        secure.set_protocol(protocol)
        protocol.connection_made(secure)
        if early.data:
            protocol.data_received(bytes(early.data))


class _Early(asyncio.Protocol):
    """Keeps what a client sends between its handshake and the protocol that is to serve it."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.lost = False

    def data_received(self, data: bytes) -> None:
        self.data += data

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.lost = True


class _Tunnel(asyncio.Protocol):
    """One connection up to its tunnel: reads the CONNECT and answers it."""

    def __init__(self, proxy: Proxy, make_protocol: Callable[[], asyncio.Protocol]) -> None:
        self._proxy = proxy
        self._make_protocol = make_protocol
        self._head = bytearray()
        self._decided = False
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # of uvloop it is one by what it does
        self._proxy.opened(self._transport)
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._proxy.over(self._transport)

    def data_received(self, data: bytes) -> None:
        if self._decided:
            return
        self._head += data
        if b"\r\n\r\n" in self._head:
            self._decide(*bytes(self._head).split(b"\r\n\r\n", 1))
        elif len(self._head) > MOST_HEAD:
            self._refuse(431, "the head of the request is too long")

    def _decide(self, head: bytes, rest: bytes) -> None:
        connect = _CONNECT.match(head + b"\r\n")
        if connect is None:
            method = head.split(b" ", 1)[0][:20].decode("latin-1")
            self._refuse(405, f"this proxy takes CONNECT only, for https addresses, and not {method!r}")
            return
        host, port = connect[1].decode("latin-1").lower(), int(connect[2])
        if port != 443 or not _SERVED.fullmatch(host):
            wanted = f"{host[:200]!r}, port {port}"
            _log.warning("the proxy refused to connect to %s", wanted)
            self._refuse(
                403, f"this proxy leads to hosts of AFAS only, such as 12345.rest.afas.online:443; not {wanted}"
            )
        elif rest:
            self._refuse(400, "nothing may follow a CONNECT before its answer")
        else:
            self._establish(host)

    def _establish(self, host: str) -> None:
        self._end_of_wait()
        if self._transport is not None:
            self._transport.write(_ESTABLISHED)
            self._transport.pause_reading()
            self._proxy.lead(self._transport, host, self._make_protocol)

    def _refuse(self, status: int, why: str) -> None:
        self._end_of_wait()
        body = f"mock_afas: {why}\n".encode()
        head = f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        length = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        if self._transport is not None:
            self._transport.write((head + length).encode() + body)
            self._transport.close()

    def _end_of_wait(self) -> None:
        self._decided = True
        if self._timer is not None:
            self._timer.cancel()
