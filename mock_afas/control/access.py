"""The calls for users, app connectors and tokens: steps B, D, E and F of the set-up guide."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mock_afas import connectors
from mock_afas.access import (
    AUTHENTICATION_FROM,
    Access,
    AppConnector,
    OAuthClient,
    SystemUser,
    Token,
    check_user_name,
)
from mock_afas.control import bodies
from mock_afas.control.answers import Call, json
from mock_afas.environment import Environment, check_get_connectors
from mock_afas.errors import ControlError
from mock_afas.registry import Opened, Registry

#: What a client needs of an environment and the data of a token; the form of the ready file.
Describe = Callable[[Request, Opened], Mapping[str, Any]]

_USER_KEYS = {"id": str, "description": str, "blocked": bool, "groups": list}
_APP_CONNECTOR_KEYS = {
    "description": str,
    "group": str,
    "authentication": str,
    "ip_addresses": list,
    "get_connectors": list,
    "update_connectors": list,
}


def _app_connector(body: dict[str, Any], environment: Environment) -> dict[str, Any]:
    """Settings of an app connector. Raises ControlError for a connector that is not there, and other mistakes."""
    settings = bodies.checked(body, _APP_CONNECTOR_KEYS)
    version = environment.profile.profit_version
    if "authentication" in settings and version < AUTHENTICATION_FROM:
        hint = f"leave it out: app connectors have an authentication type from Profit {AUTHENTICATION_FROM} on"
        raise ControlError(f"'authentication' is not known in Profit {version}", hint=hint)
    if "description" in settings and not settings["description"].strip():
        raise ControlError("'description' is empty", hint="it tells administrators which app this is")
    check_get_connectors("get_connectors", settings.get("get_connectors", ()), environment.definitions)
    known = connectors.update_connector_ids()
    for name in settings.get("update_connectors", ()):
        if name.lower() not in known:
            hint = f"there are {', '.join(known.values())}"
            raise ControlError(f"'update_connectors': there is no UpdateConnector '{name}'", hint=hint)
    return settings


def _shown_token(token: Token) -> dict[str, Any]:
    """A token as it can be seen afterwards: everything but its data."""
    return {key: value for key, value in asdict(token).items() if key != "digest"}


def _shown_app(app: AppConnector, access: Access) -> dict[str, Any]:
    tokens = [_shown_token(token) for token in access.tokens.values() if token.app_connector == app.id]
    clients = [_shown_client(client) for client in access.clients.values() if client.app_connector == app.id]
    return {**asdict(app), "tokens": tokens, "clients": clients}


def _shown_client(client: OAuthClient) -> dict[str, Any]:
    """A client of OAuth as it can be seen afterwards: everything but its secret."""
    return {"client_id": client.id, "user": client.user, "app_connector": client.app_connector}


class AccessCalls:
    """The calls, over one registry."""

    def __init__(self, registry: Registry, describe: Describe) -> None:
        self._registry = registry
        self._describe = describe

    def calls(self, environment: str) -> Sequence[Call]:
        """The calls, below the path ``environment``."""
        apps = f"{environment}/app-connectors"
        return (
            ("GET", f"{environment}/users", self.users),
            ("POST", f"{environment}/users", self.put_user),
            ("GET", apps, self.app_connectors),
            ("POST", apps, self.add_app_connector),
            ("PATCH", f"{apps}/{{app}}", self.change_app_connector),
            ("POST", f"{apps}/{{app}}/tokens", self.issue_token),
            ("DELETE", f"{environment}/tokens/{{token}}", self.revoke_token),
            ("POST", f"{apps}/{{app}}/clients", self.add_client),
            ("DELETE", f"{environment}/clients/{{client}}", self.remove_client),
        )

    def _environment(self, request: Request) -> Environment:
        return self._registry.find(request.path_params["env"])

    async def users(self, request: Request) -> Response:
        return json({"users": [asdict(user) for user in self._environment(request).access.users.values()]})

    async def put_user(self, request: Request) -> Response:
        """Adds a system user, or changes what is given of one that is there."""
        environment = self._environment(request)
        body = bodies.checked(await bodies.read_object(request), _USER_KEYS, required=("id",))
        known = environment.access.users.get(body["id"])
        if known is None:
            check_user_name(body["id"], environment.profile.participant)
        user = replace(known or SystemUser(body["id"]), **body)
        environment.access.put_user(user)
        self._registry.changed(environment)
        return json(asdict(user), 201)

    async def app_connectors(self, request: Request) -> Response:
        access = self._environment(request).access
        return json({"app_connectors": [_shown_app(app, access) for app in access.app_connectors.values()]})

    async def add_app_connector(self, request: Request) -> Response:
        environment = self._environment(request)
        body = _app_connector(await bodies.read_object(request), environment)
        if "description" not in body:
            raise ControlError("'description' is missing", hint="it tells administrators which app this is")
        number = 1 + max((int(app) for app in environment.access.app_connectors), default=0)
        app = AppConnector(**{**body, "id": str(number)})
        environment.access.put_app_connector(app)
        self._registry.changed(environment)
        return json(asdict(app), 201)

    async def change_app_connector(self, request: Request) -> Response:
        environment = self._environment(request)
        known = environment.access.app_connectors.get(request.path_params["app"])
        if known is None:
            raise ControlError(f"there is no app connector '{request.path_params['app']}'", status=404)
        app = replace(known, **_app_connector(await bodies.read_object(request), environment))
        environment.access.put_app_connector(app)
        self._registry.changed(environment)
        return json(asdict(app))

    async def issue_token(self, request: Request) -> Response:
        environment = self._environment(request)
        body = bodies.checked(await bodies.read_object(request), {"user": str, "expires": str}, required=("user",))
        expires = bodies.moment("expires", body["expires"]) if "expires" in body else None
        token, data = self._registry.issue_token(
            environment, app_connector=request.path_params["app"], user=body["user"], expires=expires
        )
        shown = self._describe(request, Opened(environment, data))
        return json({**_shown_token(token), "token": shown["token"], "authorization": shown["authorization"]}, 201)

    async def revoke_token(self, request: Request) -> Response:
        environment = self._environment(request)
        token = environment.access.revoke(request.path_params["token"])
        self._registry.changed(environment)
        return json(_shown_token(token))

    async def add_client(self, request: Request) -> Response:
        """A client of OAuth, with its secret and the address that gives access tokens for both."""
        environment = self._environment(request)
        body = bodies.checked(await bodies.read_object(request), {"user": str}, required=("user",))
        client, secret = self._registry.add_client(
            environment, app_connector=request.path_params["app"], user=body["user"]
        )
        address = f"{self._describe(request, Opened(environment))['base_url']}/oauth/token"
        return json({**_shown_client(client), "client_secret": secret, "token_url": address}, 201)

    async def remove_client(self, request: Request) -> Response:
        environment = self._environment(request)
        return json(_shown_client(self._registry.remove_client(environment, request.path_params["client"])))
