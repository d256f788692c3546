"""An environment described as OpenAPI 3.1: what its app connectors open, with the fields it has now."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from mock_afas.access import CLASSIC, CLIENT_CREDENTIALS, AppConnector
from mock_afas.connectors import GetConnector, UpdateConnector
from mock_afas.environment import Environment
from mock_afas.openapi import paths, schemas

_ABOUT = """\
What environment {environment} serves through its app connectors. Made from the definitions of mock_afas: AFAS \
itself has `/metainfo` only. Paths, names of parameters and ids of connectors compare without case. Errors are 500, \
with a message for people; nobody should decide anything on `errorNumber`. Answers without a body have none.\
"""
_HEADER = "`AfasToken`, a space, and the base64 of `<token><version>1</version><data>…</data></token>`"
_Connector = TypeVar("_Connector", GetConnector, UpdateConnector)


def document(environment: Environment, base_url: str) -> dict[str, Any]:
    """The OpenAPI document of ``environment``; ``base_url`` ends in ``/ProfitRestServices``."""
    profile = environment.profile
    gets = _opened(environment, environment.get_connectors)
    updates = _opened(environment, environment.update_connectors)
    made = schemas.Schemas(profile.language, profile.without)
    schemes = _schemes(environment, base_url)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"AFAS Profit {environment.id}",
            "version": f"{profile.profit_version}.0.0.0",
            "description": _ABOUT.format(environment=environment.id),
        },
        "servers": [{"url": base_url}],
        "security": [{name: []} for name in schemes],
        "paths": paths.paths(gets, updates, made, profile.dialect),
        "components": {
            "securitySchemes": schemes,
            "parameters": paths.PARAMETERS,
            "responses": paths.RESPONSES,
            "schemas": made.made,
        },
    }


def _schemes(environment: Environment, base_url: str) -> dict[str, Any]:
    """How a client identifies itself: by a token, or by OAuth where an app connector wants that."""
    wanted = {app.authentication for app in environment.access.app_connectors.values()} or {CLASSIC}
    flow = {"tokenUrl": f"{base_url}/oauth/token", "scopes": {}}
    schemes = {
        CLASSIC: {"type": "apiKey", "in": "header", "name": "Authorization", "description": _HEADER},
        CLIENT_CREDENTIALS: {"type": "oauth2", "flows": {"clientCredentials": flow}},
    }
    return {name: scheme for name, scheme in schemes.items() if name in wanted}


def _opened(environment: Environment, of: Callable[[AppConnector], Iterable[_Connector]]) -> list[_Connector]:
    """What any app connector opens, once each."""
    apps = environment.access.app_connectors.values()
    return list({connector.id: connector for app in apps for connector in of(app)}.values())
