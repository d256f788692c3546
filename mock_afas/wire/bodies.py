"""Reads request bodies, large ones not too many at once. wire.md section 5: over 75 MB is 413."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any

from mock_afas.errors import Reason, Refusal

MOST_BYTES = 75 * 2**20
#: Bodies above this are large: at most so many are in memory at once, and at most so many bytes of them.
LARGE = 2**20
MOST_LARGE = 4
MOST_LARGE_BYTES = 80 * 2**20

#: Room for bodies that are not large.
_ALWAYS_FREE = nullcontext()

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


def check_size(size: int) -> None:
    """Raises Refusal 413 for a body of more than 75 MB."""
    if size > MOST_BYTES:
        raise Refusal(413, Reason("size of the body", "body", f"{size} bytes", f"{MOST_BYTES} bytes"))


class Room:
    """Room in memory for large bodies; the rest wait, unread, until one has gone."""

    def __init__(self) -> None:
        self._taken: list[int] = []
        self._changed = asyncio.Condition()

    def of(self, announced: int | None) -> AbstractAsyncContextManager[None]:
        """Room for a body of this announced size; None, a size nobody announced, takes the most there can be.

        Raises Refusal 413.
        """
        size = MOST_BYTES if announced is None else announced
        check_size(size)
        return _ALWAYS_FREE if size <= LARGE else self._taken_by(size)

    @asynccontextmanager
    async def _taken_by(self, size: int) -> AsyncIterator[None]:
        async with self._changed:
            await self._changed.wait_for(lambda: self._fits(size))
            self._taken.append(size)
        try:
            yield
        finally:
            async with self._changed:
                self._taken.remove(size)
                self._changed.notify_all()

    def _fits(self, size: int) -> bool:
        return len(self._taken) < MOST_LARGE and sum(self._taken) + size <= MOST_LARGE_BYTES


async def read(receive: Receive, body: bytearray) -> None:
    """Reads the whole body into ``body``. Raises Refusal: 413 once it is over 75 MB; 400 when it breaks off."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, Reason("whole body", "body", f"{len(body)} bytes", "the body that was announced"))
        body += message.get("body", b"")
        check_size(len(body))
        more = message.get("more_body", False)
