"""A bare Starlette application with 30 routes: the most that a server on this stack can answer.

Run as ``python -m bench.peers.bare PORT FILE``; every route answers with the contents of FILE, unread otherwise.
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ROUTES = 30


def create_app(body: bytes) -> Starlette:
    """The application; ``/connectors15/{name}`` is the route in the middle."""

    async def answer(_request: Request) -> Response:
        return Response(body, media_type="application/json")

    return Starlette(routes=[Route(f"/connectors{number}/{{name}}", answer) for number in range(ROUTES)])


def main() -> None:
    port, file = sys.argv[1:]
    uvicorn.run(
        create_app(Path(file).read_bytes()),
        port=int(port),
        http="httptools",
        loop="uvloop",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
