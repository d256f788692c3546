"""The call that imports GetConnectors: step C of the set-up guide."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from mock_afas import imports
from mock_afas.control import bodies
from mock_afas.control.answers import Call, json
from mock_afas.errors import ControlError
from mock_afas.registry import Registry

if TYPE_CHECKING:
    from mock_afas.imports.importing import Report

#: How a body begins that asks for our own definitions rather than bringing some.
_SHIPPED = re.compile(rb'\s*\{\s*"shipped"')
_MOST_PATTERNS = 1_000


class ImportCalls:
    """The call, over one registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def calls(self, environment: str) -> Sequence[Call]:
        """The calls, below the path ``environment``."""
        return (("POST", f"{environment}/import", self.take),)

    async def take(self, request: Request) -> Response:
        """Imports what the body holds: a ZIP, one ``.gcn``, JSON of ``/metainfo/get/X``, or names of shipped ones."""
        environment = self._registry.find(request.path_params["env"])
        body = await bodies.read_bytes(request)
        if not body:
            hint = 'send a ZIP, a .gcn export, the JSON of /metainfo/get/X, or {"shipped": ["Zenvoices_*"]}'
            raise ControlError("there is nothing to import", hint=hint)
        if _SHIPPED.match(body):
            return json(_described(environment.import_shipped(_patterns(body))))
        upload = await asyncio.to_thread(imports.read, body)
        return json(_described(await environment.import_definitions(upload)))


def _patterns(body: bytes) -> Sequence[str]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ControlError(f"the body is no JSON: {error}", hint="send UTF-8 JSON", status=400) from None
    patterns: Sequence[str] = bodies.checked(document, {"shipped": list})["shipped"]
    if not 0 < len(patterns) <= _MOST_PATTERNS:
        raise ControlError("'shipped' names nothing", hint='send {"shipped": ["Zenvoices_*"]}, or ["*"] for all')
    return patterns


def _described(report: Report) -> dict[str, Any]:
    return {"imported": report.imported, "errors": report.errors}
