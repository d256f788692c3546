"""Composition root: one ASGI application of Profit's URLs and the control API."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_afas.control.api import ControlApi
from mock_afas.control.guard import Guard
from mock_afas.control.ready import CONTROL_PATH
from mock_afas.profiles import BASE_PATH
from mock_afas.registry import Registry
from mock_afas.wire.answers import GZIP_LEVEL, takes_gzip
from mock_afas.wire.routes import Wire


class Application:
    """Sends what is below ``/ProfitRestServices``, in any case, straight to the wire, and the rest to a router.

    The short cut spares each of a client's calls the router and, when it takes no gzip, the gzip middleware.
    """

    def __init__(self, wire: ASGIApp, other: ASGIApp) -> None:
        self._wire = wire
        self._compressed = GZipMiddleware(wire, compresslevel=GZIP_LEVEL)
        self._other = other
        self._base = BASE_PATH.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._is_profits(scope["path"].lower()):
            await self._other(scope, receive, send)
        elif scope["method"] != "HEAD" and takes_gzip(scope["headers"]):
            await self._compressed(scope, receive, send)
        else:
            await self._wire(scope, receive, send)

    def _is_profits(self, path: str) -> bool:
        return path.startswith(self._base) and path[len(self._base) : len(self._base) + 1] in ("", "/")


async def _home(_request: Request) -> Response:
    return PlainTextResponse(f"mock_afas: Profit is at {BASE_PATH}, the control API at {CONTROL_PATH}/health\n")


async def _http_error(_request: Request, error: Exception) -> Response:
    """An unknown path or method of the control API, in the form of its other errors."""
    if not isinstance(error, HTTPException):
        raise error
    complaint = {"message": error.detail, "hint": "docs/reference/control-api.md lists the calls"}
    return JSONResponse({"error": complaint}, error.status_code, headers=error.headers)


def create_app(registry: Registry, *, control_key: str | None = None) -> ASGIApp:
    """The whole application. ``control_key`` None opens the control API to loopback callers only."""
    calls = ControlApi(registry, control_key).routes()
    control = Guard(Starlette(routes=calls, exception_handlers={HTTPException: _http_error}), control_key)
    routes = [Route("/", _home), Mount(CONTROL_PATH, control)]
    return Application(Wire(registry), Starlette(routes=routes))
