"""The control API's calls on what was seen of clients: recorded traffic, and what the rules and remarks find."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mock_afas.control import remarks
from mock_afas.environment import Environment
from mock_afas.records import ENTITIES

Handler = Callable[[Request], Awaitable[Response]]


def _judging() -> Any:
    """The module ``judging``, imported when somebody first looks: a server starts a tenth sooner without it."""
    return import_module("mock_afas.control.judging")


class Observed:
    """The calls, over what ``find`` gives for a request's environment."""

    def __init__(self, find: Callable[[Request], Environment]) -> None:
        self._find = find

    def calls(self, one: str) -> tuple[tuple[str, str, Handler], ...]:
        """Method, path and handler of each call; ``one`` is the path of an environment."""
        return (
            ("GET", f"{one}/findings", self.findings),
            ("GET", f"{one}/traffic", self.traffic),
            ("DELETE", f"{one}/traffic", self.clear),
        )

    async def findings(self, request: Request) -> Response:
        environment = self._find(request)
        tables = {name: await environment.stored(ENTITIES[name]) for name in remarks.ENTITIES}
        odd = await asyncio.to_thread(remarks.on_books, tables)
        exchanges, form = environment.traffic.exchanges(), request.query_params.get("format", "json")
        found = await asyncio.to_thread(_judging().findings, environment, exchanges, odd, form)
        return Response(found.body, media_type=found.media_type)

    async def traffic(self, request: Request) -> Response:
        recorded = self._find(request).traffic
        form = request.query_params.get("format", "json")
        made = await asyncio.to_thread(_judging().traffic, recorded.exchanges(), recorded.dropped, form)
        return Response(made.body, media_type=made.media_type)

    async def clear(self, request: Request) -> Response:
        self._find(request).traffic.clear()
        return Response(status_code=204)
