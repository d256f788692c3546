"""Who may use the control API.

On a loopback address it is open to callers whose ``Host`` and ``Origin`` are loopback too, so that a web page that a
developer visits cannot reach it, not even by rebinding a name. On any other address it needs the control key.
"""

from __future__ import annotations

import ipaddress
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send


def is_loopback(host: str) -> bool:
    """Whether ``host``, a name or an address without port, is this machine and no other."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _hostname(netloc: str) -> str:
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


class Guard:
    """ASGI middleware before the control API. ``key`` None opens it to loopback callers."""

    def __init__(self, app: ASGIApp, key: str | None) -> None:
        self._app = app
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = self._problem(Headers(scope=scope)) if scope["type"] == "http" else ""
        if not problem:
            await self._app(scope, receive, send)
            return
        status = 401 if self._key is not None else 403
        await JSONResponse({"error": {"message": problem[0], "hint": problem[1]}}, status)(scope, receive, send)

    def _problem(self, headers: Headers) -> tuple[str, str] | str:
        if self._key is not None:
            sent = headers.get("authorization", "")
            if secrets.compare_digest(sent.encode(), f"Bearer {self._key}".encode()):
                return ""
            return "the control key is missing or wrong", "send 'Authorization: Bearer KEY'; the server printed KEY"
        if not is_loopback(_hostname(headers.get("host", ""))):
            return "the Host header is no loopback address", "call http://127.0.0.1:PORT/_mock or localhost"
        origin = headers.get("origin")
        if origin is not None and not is_loopback(_hostname(origin.partition("://")[2])):
            return "the Origin header is no loopback address", "a page of another site may not use the control API"
        return ""
