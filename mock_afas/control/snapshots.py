"""The calls on snapshots of an environment."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from mock_afas.control import bodies
from mock_afas.control.answers import Handler, json
from mock_afas.environment import Environment

Call = tuple[str, str, Handler]


class SnapshotCalls:
    """The calls, over the environments that ``find`` gives for a request."""

    def __init__(self, find: Callable[[Request], Environment]) -> None:
        self._find = find

    def table(self, one: str) -> tuple[Call, ...]:
        """Method, path and handler of each call; ``one`` is the path of an environment."""
        return (
            ("GET", f"{one}/snapshots", self.all),
            ("POST", f"{one}/snapshots", self.take),
            ("POST", f"{one}/snapshots/{{name}}/restore", self.restore),
            ("DELETE", f"{one}/snapshots/{{name}}", self.delete),
        )

    async def all(self, request: Request) -> Response:
        return json({"snapshots": [snapshot.as_dict() for snapshot in self._find(request).snapshots.all()]})

    async def take(self, request: Request) -> Response:
        environment = self._find(request)
        body = bodies.checked(await bodies.read_object(request), {"name": str})
        return json((await environment.take_snapshot(body.get("name"))).as_dict(), 201)

    async def restore(self, request: Request) -> Response:
        environment = self._find(request)
        await environment.restore_snapshot(request.path_params["name"])
        return json(environment.profile.as_dict())

    async def delete(self, request: Request) -> Response:
        await self._find(request).delete_snapshot(request.path_params["name"])
        return Response(status_code=204)
