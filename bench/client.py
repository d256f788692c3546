"""A client that notes when bytes come in, and that can read slowly."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

from bench.machine import CannotRun
from bench.sample import NAME
from bench.servers import HOST

#: Stands in the first row of an answer and not before it. Chunked framing may come between rows, not into them.
_IN_FIRST_ROW = f'"{NAME}":'.encode()


@dataclass(frozen=True, slots=True)
class Download:
    """Seconds from the request to the first byte, to the first row and to the end; and the bytes of it all."""

    first_byte: float
    first_row: float
    total: float
    size: int


def request_bytes(path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: {HOST}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join((*lines, "Connection: close", "", "")).encode()


def download(port: int, path: str, headers: Mapping[str, str], *, bytes_per_second: float = 0) -> Download:
    """Reads an answer to its end, no faster than ``bytes_per_second`` unless that is 0. Raises CannotRun."""
    with socket.create_connection((HOST, port), timeout=120) as connection:
        if bytes_per_second:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        began = time.perf_counter()
        connection.sendall(request_bytes(path, headers))
        beginning = connection.recv(65_536)
        first_byte = time.perf_counter() - began
        if b" 200 " not in beginning[:20]:
            raise CannotRun(f"mock_afas answers {path} with {beginning[:200]!r}")
        while _IN_FIRST_ROW not in beginning:
            beginning += _received(connection)
        first_row = time.perf_counter() - began
        size = len(beginning)
        while part := connection.recv(65_536):
            size += len(part)
            if bytes_per_second:
                time.sleep(max(0.0, began + size / bytes_per_second - time.perf_counter()))
        return Download(first_byte, first_row, time.perf_counter() - began, size)


def _received(connection: socket.socket) -> bytes:
    part = connection.recv(65_536)
    if not part:
        raise CannotRun("the answer ended before its first row")
    return part
