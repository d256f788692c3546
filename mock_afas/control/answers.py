"""What calls of the control API are made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response

Handler = Callable[[Request], Awaitable[Response]]
#: Method, path below ``/_mock``, handler.
Call = tuple[str, str, Handler]


def json(document: object, status: int = 200) -> Response:
    """An answer of JSON."""
    return Response(orjson.dumps(document), status, media_type="application/json")
