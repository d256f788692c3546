"""Composition root: one ASGI application of Profit's URLs and the control API."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_afas.control.api import ControlApi
from mock_afas.control.guard import Guard
from mock_afas.control.ready import CONTROL_PATH
from mock_afas.profiles import BASE_PATH
from mock_afas.registry import Registry
from mock_afas.wire.routes import Wire

_GZIP_LEVEL = 4


class Application:
    """Sends what is below ``/ProfitRestServices``, in any case, straight to the wire, and the rest to a router.

    The short cut spares each of a client's calls the router and, when it takes no gzip, the gzip middleware.
    """

    def __init__(self, wire: ASGIApp, other: ASGIApp) -> None:
        self._wire = wire
        self._compressed = GZipMiddleware(wire, compresslevel=_GZIP_LEVEL)
        self._other = other
        self._prefix = f"{BASE_PATH.lower()}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].lower().startswith(self._prefix):
            await self._other(scope, receive, send)
        elif any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"]):
            await self._compressed(scope, receive, send)
        else:
            await self._wire(scope, receive, send)


async def _home(_request: Request) -> Response:
    return PlainTextResponse(f"mock_afas: Profit is at {BASE_PATH}, the control API at {CONTROL_PATH}/health\n")


def create_app(registry: Registry, *, origin: Callable[[], str], control_key: str | None = None) -> ASGIApp:
    """The whole application. ``control_key`` None opens the control API to loopback callers only."""
    control = Guard(Starlette(routes=ControlApi(registry, origin, control_key).routes()), control_key)
    routes = [Route("/", _home), Mount(CONTROL_PATH, control)]
    return Application(Wire(registry), Starlette(routes=routes))
