"""What the next read would have to do is done while no call comes: bookings that wait get into their tables.

It happens in steps of some five milliseconds in a worker thread, with the books locked as for a write, so that a call
that comes meanwhile waits for one step at most. A step is one transaction: a process that is killed has done it, or has
not. Nothing is started for a call: one timer of the event loop looks now and then whether calls came since.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mock_afas.store.books import Books

#: Seconds without a call after which work begins, and between two looks.
PAUSE = 0.05
#: While calls come, a step is done at each look once so many bookings wait, unless more calls than so many came
#: since the look before: then somebody wants to be fast, and pays at the first read.
MANY_WAITING = 1_000
MANY_CALLS = 10


class Idling:
    """Looks after the books of one environment. ``calls`` is for its reads to count up."""

    def __init__(self, books: Callable[[], Books]) -> None:
        """``books`` gives those of the environment as they are at the time."""
        self.calls = 0
        #: Gives nothing once it ended.
        self._books: Callable[[], Books | None] = books
        self._seen = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        #: The timer that runs, or that began the work which is under way; None while there is nothing to do.
        self._timer: asyncio.TimerHandle | None = None
        self._working: asyncio.Task[None] | None = None

    def wrote(self) -> None:
        """Notes a call that wrote. To be called in the event loop that the books are used in."""
        self.calls += 1
        if self._timer is None or self._loop is not asyncio.get_running_loop():
            self._loop = asyncio.get_running_loop()
            self._look_later(self._loop)

    def end(self) -> None:
        """Ends it with the environment. A step under way is finished, as its thread cannot be stopped."""
        self._books = _none
        if self._timer is not None:
            self._timer.cancel()

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._seen = self.calls
        self._timer = loop.call_later(PAUSE, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        calls, books = self.calls - self._seen, self._books()
        if books is None:
            return
        if calls and (calls > MANY_CALLS or books.behind < MANY_WAITING):
            self._look_later(loop)
        else:
            self._working = loop.create_task(self._work(loop, once=calls > 0))

    async def _work(self, loop: asyncio.AbstractEventLoop, *, once: bool) -> None:
        """Does what there is to do until a call comes, or a step of it. An error ends it until the next write."""
        seen, more = self.calls, True
        try:
            while more and self.calls == seen:
                more = await self._step()
                if once:
                    break
        finally:
            self._timer = self._working = None
        if (more or self.calls != seen) and self._books() is not None:
            self._look_later(loop)

    async def _step(self) -> bool:
        """Does one step; whether there may be more to do."""
        books = self._books()
        if books is None:
            return False
        async with books.lock:
            if books is not self._books():  # others took their place while these were locked
                return True
            return await asyncio.to_thread(books.step, books.projections_made())


def _none() -> None:
    return None
