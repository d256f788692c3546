"""The control API: JSON calls on environments and what belongs to them.

Every error is ``{"error": {"message", "hint"}}``. Bodies are bounded: one over 64 MB is refused unread.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

import mock_afas
from mock_afas import openapi
from mock_afas.control import bodies, end_state, faults
from mock_afas.control.access import AccessCalls
from mock_afas.control.answers import Handler, json
from mock_afas.control.imports import ImportCalls
from mock_afas.control.observed import Observed
from mock_afas.control.ready import describe
from mock_afas.control.snapshots import SnapshotCalls
from mock_afas.environment import Environment, entity_named
from mock_afas.errors import ControlError
from mock_afas.profiles import BASE_PATH
from mock_afas.records import ENTITIES
from mock_afas.registry import Opened, Registry


def translated(handler: Handler) -> Handler:
    """``handler`` with ControlError made into an answer."""

    async def call(request: Request) -> Response:
        try:
            return await handler(request)
        except ControlError as error:
            return json({"error": {"message": error.message, "hint": error.hint}}, error.status)

    return call


def _origin(request: Request) -> str:
    """The address by which the caller reached the server."""
    return str(request.base_url.replace(path="")).rstrip("/")


class ControlApi:
    """The calls, over one registry. ``control_key`` is the key that callers have, None when none is asked for."""

    def __init__(self, registry: Registry, control_key: str | None) -> None:
        self._registry = registry
        self._control_key = control_key
        self._making = asyncio.Lock()

    def routes(self) -> list[BaseRoute]:
        """Every call: its path below ``/_mock``, method and handler."""
        one = "/environments/{env}"
        table: tuple[tuple[str, str, Handler], ...] = (
            ("GET", "/health", self.health),
            ("GET", "/openapi.json", self.openapi),
            ("GET", "/environments", self.list_environments),
            ("POST", "/environments", self.create),
            ("GET", one, self.show),
            ("PATCH", one, self.change),
            ("DELETE", one, self.delete),
            ("POST", f"{one}/forks", self.fork),
            ("POST", f"{one}/reset", self.reset),
            *SnapshotCalls(self._environment).table(one),
            ("GET", f"{one}/data", self.list_data),
            ("GET", f"{one}/data/{{entity}}", self.data),
            ("PUT", f"{one}/data/{{entity}}", self.put_data),
            ("GET", f"{one}/books", self.books),
            ("GET", f"{one}/logbook", self.logbook),
            ("GET", f"{one}/logbook/{{reference}}", self.logbook_entry),
            *Observed(self._environment).calls(one),
            ("GET", f"{one}/faults", self.faults),
            ("POST", f"{one}/faults", self.add_fault),
            ("DELETE", f"{one}/faults", self.clear_faults),
            ("DELETE", f"{one}/faults/{{fault}}", self.remove_fault),
            *AccessCalls(self._registry, self._described).calls(one),
            *ImportCalls(self._registry).calls(one),
        )
        return [Route(path, translated(handler), methods=[method]) for method, path, handler in table]

    def _environment(self, request: Request) -> Environment:
        return self._registry.find(request.path_params["env"])

    # ------------------------------------------------------------ environments

    async def health(self, _request: Request) -> Response:
        return json({"status": "ready", "version": mock_afas.__version__})

    async def openapi(self, request: Request) -> Response:
        wanted = request.query_params.get("environment")
        environment = self._registry.default if wanted is None else self._registry.find(wanted)
        if environment is None:
            raise ControlError("there is no environment", hint="POST /environments makes one", status=404)
        return json(await asyncio.to_thread(openapi.document, environment, f"{_origin(request)}{BASE_PATH}"))

    async def list_environments(self, _request: Request) -> Response:
        return json({"environments": [env.profile.as_dict() for env in self._registry.environments.values()]})

    async def create(self, request: Request) -> Response:
        settings = await bodies.read_object(request)
        async with self._making:
            opened = await asyncio.to_thread(self._registry.create, settings)
        return json(self._described(request, opened), 201)

    def _described(self, request: Request, opened: Opened) -> dict[str, Any]:
        """What a client needs, with the address by which the caller reaches the server."""
        return describe(opened, _origin(request), self._control_key)

    async def show(self, request: Request) -> Response:
        profile = self._environment(request).profile
        return json(profile.as_dict())

    async def change(self, request: Request) -> Response:
        environment = self._environment(request)
        changes = await bodies.read_object(request)
        blocked = changes.pop("blocked_periods", None)
        rows = bodies.blocked_periods(blocked) if blocked is not None else []
        await self._registry.configure(environment, changes)
        if rows:
            await environment.put_data(entity_named("periods"), rows)
        return json(environment.profile.as_dict())

    async def delete(self, request: Request) -> Response:
        self._registry.delete(self._environment(request))
        return Response(status_code=204)

    async def fork(self, request: Request) -> Response:
        return json(self._described(request, await self._registry.fork(self._environment(request))), 201)

    async def reset(self, request: Request) -> Response:
        environment = self._environment(request)
        await environment.reset()
        return json(environment.profile.as_dict())

    # ------------------------------------------------------------ data

    async def list_data(self, request: Request) -> Response:
        self._environment(request)
        return json({"entities": sorted(ENTITIES)})

    async def data(self, request: Request) -> Response:
        entity = entity_named(request.path_params["entity"])
        return json({"entity": entity.name, "rows": await self._environment(request).data(entity)})

    async def put_data(self, request: Request) -> Response:
        entity = entity_named(request.path_params["entity"])
        environment = self._environment(request)
        body = await bodies.read(request)
        rows = body.get("rows") if isinstance(body, dict) else body
        if not isinstance(rows, list):
            raise ControlError("the body holds no rows", hint='send a list of rows, or {"rows": [...]}')
        await environment.put_data(entity, rows)
        return json({"entity": entity.name, "put": len(rows)})

    async def books(self, request: Request) -> Response:
        environment = self._environment(request)
        text = request.query_params.get("changed_since")
        since = None if text is None else bodies.moment("changed_since", text)
        return json(
            end_state.nested(
                {
                    name: await environment.data(
                        ENTITIES[name], since=since, owner=None if name == owner else ENTITIES[owner]
                    )
                    for name, owner in end_state.OWNERS.items()
                }
            )
        )

    # ------------------------------------------------------------ logbook

    async def logbook(self, request: Request) -> Response:
        return json({"entries": [entry.as_dict() for entry in self._environment(request).logbook.entries()]})

    async def logbook_entry(self, request: Request) -> Response:
        reference = request.path_params["reference"]
        entry = self._environment(request).logbook.find(reference)
        if entry is None:
            raise ControlError(f"the logbook has no '{reference}'", hint="GET the logbook for what it has", status=404)
        return json(entry.as_dict())

    # ------------------------------------------------------------ faults

    async def faults(self, request: Request) -> Response:
        return json({"faults": [fault.as_dict() for fault in self._environment(request).faults.listed]})

    async def add_fault(self, request: Request) -> Response:
        environment = self._environment(request)
        return json(faults.added(environment, await bodies.read(request)).as_dict(), 201)

    async def clear_faults(self, request: Request) -> Response:
        self._environment(request).faults.clear()
        return Response(status_code=204)

    async def remove_fault(self, request: Request) -> Response:
        self._environment(request).faults.remove(request.path_params["fault"])
        return Response(status_code=204)
