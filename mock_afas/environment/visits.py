"""Calls at once: how many there are, and the turns they wait for where only so many may run (AMB-08)."""

from __future__ import annotations

import asyncio
from typing import NamedTuple


class Visit(NamedTuple):
    """One call under way. ``parallel`` is how many there were when it began, itself included."""

    visits: Visits
    turns: asyncio.Semaphore | None
    parallel: int

    def leave(self) -> None:
        """Ends the call, so that one that waits can go on."""
        self.visits.under_way -= 1
        if self.turns is not None:
            self.turns.release()


class Visits:
    """The calls of one environment that have begun and not ended; ``under_way`` is how many."""

    def __init__(self, parallel_calls: str) -> None:
        self.under_way = 0
        self.allow(parallel_calls)

    def allow(self, parallel_calls: str) -> None:
        """So many calls run at once from now on, by the setting of the dialect. Those under way keep their turns."""
        self._turns = None if parallel_calls == "unlimited" else asyncio.Semaphore(int(parallel_calls))

    async def enter(self, *, waiting: bool = True) -> Visit:
        """Begins a call, waiting while as many run as may. The visit has to be left.

        Without ``waiting`` the call is counted and no more, for one that is turned away.
        """
        turns = self._turns if waiting else None
        self.under_way += 1
        parallel = self.under_way
        if turns is not None:
            try:
                await turns.acquire()
            except BaseException:
                self.under_way -= 1
                raise
        return Visit(self, turns, parallel)
