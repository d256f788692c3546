"""Who may call an environment: system users, app connectors and their tokens.

A token is tied to a user and issued by an app connector, which lists the connectors it opens and may restrict the
addresses that call (wire.md section 2). A token's secret is shown once and kept only as its SHA-256.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from mock_afas.errors import ControlError, Reason, Refusal

TOKEN_DIGITS = 64
#: How a client of an app connector can identify itself, and the Profit version from which it can be chosen.
CLASSIC, CLIENT_CREDENTIALS = "token", "client_credentials"
AUTHENTICATIONS = (CLASSIC, CLIENT_CREDENTIALS)
AUTHENTICATION_FROM = 6
#: How long an access token of OAuth lasts.
ACCESS_SECONDS = 3_600
_MOST_NAME = 100


@dataclass(frozen=True, slots=True)
class SystemUser:
    """A user that connectors run as.

    ``groups`` are the user groups it belongs to; None puts it into whichever group an app connector names.
    """

    id: str
    description: str = ""
    blocked: bool = False
    groups: tuple[str, ...] | None = None

    def is_in(self, group: str) -> bool:
        """Whether the user belongs to ``group``, compared without case; an empty one holds everybody."""
        named = None if self.groups is None else {name.casefold() for name in self.groups}
        return not group or named is None or group.casefold() in named


@dataclass(frozen=True, slots=True)
class AppConnector:
    """What an integration may call. ``ip_addresses`` empty allows every address; ranges need Profit 8.

    ``group`` is the user group whose members may use it; empty, everybody may. ``authentication`` is how a client
    identifies itself; before Profit 6 there was nothing to choose.
    """

    id: str
    description: str
    group: str = ""
    authentication: str = "token"
    ip_addresses: tuple[str, ...] = ()
    get_connectors: tuple[str, ...] = ()
    update_connectors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """A classic token, or an access token of OAuth.

    ``digest`` is the SHA-256, in hex, of its 64 hex digits in capitals; see ``bearer_digest`` for access tokens.
    """

    id: str
    digest: str
    user: str
    app_connector: str
    created: str
    expires: str | None = None
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """What an app connector gives an integration that authenticates by OAuth. ``digest`` is that of its secret."""

    id: str
    digest: str
    user: str
    app_connector: str


def digest(data: str) -> str:
    """The SHA-256, in hex, of a token's data; hex digits compare without case."""
    return hashlib.sha256(data.upper().encode("ascii", "replace")).hexdigest()


def bearer_digest(data: str) -> str:
    """The digest of an access token, which no classic token with the same data has."""
    return digest(f"Bearer {data}")


def token_xml(data: str) -> str:
    """A token as AFAS shows it once."""
    return f"<token><version>1</version><data>{data}</data></token>"


def _user(data: Mapping[str, Any]) -> SystemUser:
    groups = data.get("groups")
    return SystemUser(**{**data, "groups": None if groups is None else tuple(groups)})


def check_user_name(name: str, participant: str) -> None:
    """Raises ControlError unless a new system user may be called ``name``."""
    prefix = f"{participant}."
    if not name.startswith(prefix) or not 0 < len(name) - len(prefix) <= _MOST_NAME or not name.isprintable():
        hint = f"the name of a system user begins with the participant number and a dot, as in {prefix}zenvoices"
        raise ControlError(f"'id' is {name[:_MOST_NAME]!r}", hint=hint)


def _ip_ranges(addresses: tuple[str, ...]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    try:
        return [ipaddress.ip_network(address, strict=False) for address in addresses]
    except ValueError as error:
        hint = "give addresses such as 10.0.0.7 or ranges such as 10.0.0.0/24"
        raise ControlError(f"'ip_addresses': {error}", hint=hint) from None


class Access:
    """The users, app connectors and tokens of one environment. They survive a reset of its books."""

    def __init__(
        self,
        users: Mapping[str, SystemUser] | None = None,
        app_connectors: Mapping[str, AppConnector] | None = None,
        tokens: Mapping[str, Token] | None = None,
        clients: Mapping[str, OAuthClient] | None = None,
    ) -> None:
        self.users = dict(users or {})
        self.app_connectors = dict(app_connectors or {})
        self.tokens = dict(tokens or {})
        self.clients = dict(clients or {})

    def copy(self) -> Access:
        """The same users and app connectors, without tokens: a token is unique to one environment."""
        return Access(self.users, self.app_connectors)

    def as_dict(self) -> dict[str, Any]:
        return {
            "users": [asdict(user) for user in self.users.values()],
            "app_connectors": [asdict(app) for app in self.app_connectors.values()],
            "tokens": [asdict(token) for token in self.tokens.values()],
            "clients": [asdict(client) for client in self.clients.values()],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Access:
        apps = [
            AppConnector(
                id=app["id"],
                description=app["description"],
                group=app["group"],
                authentication=app["authentication"],
                ip_addresses=tuple(app["ip_addresses"]),
                get_connectors=tuple(app["get_connectors"]),
                update_connectors=tuple(app["update_connectors"]),
            )
            for app in data["app_connectors"]
        ]
        return cls(
            {user["id"]: _user(user) for user in data["users"]},
            {app.id: app for app in apps},
            {token["id"]: Token(**token) for token in data["tokens"]},
            {client["id"]: OAuthClient(**client) for client in data.get("clients", ())},
        )

    def put_user(self, user: SystemUser) -> None:
        self.users[user.id] = user

    def put_app_connector(self, app: AppConnector) -> None:
        """Adds or replaces an app connector. Raises ControlError for an address or authentication that is none."""
        _ip_ranges(app.ip_addresses)
        if app.authentication not in AUTHENTICATIONS:
            hint = f"it takes {' or '.join(AUTHENTICATIONS)}"
            raise ControlError(f"'authentication' is {app.authentication[:100]!r}", hint=hint)
        self.app_connectors[app.id] = app

    def first_pair(self) -> tuple[AppConnector, SystemUser] | None:
        """The first app connector of classic tokens that has a user who may use it, and that user."""
        pairs = ((app, user) for app in self.app_connectors.values() for user in self.users.values())
        return next(
            ((app, user) for app, user in pairs if app.authentication == CLASSIC and user.is_in(app.group)), None
        )

    def issue(
        self, *, app_connector: str, user: str, now: dt.datetime, expires: dt.datetime | None = None, data: str = ""
    ) -> tuple[Token, str]:
        """A new token and its data of 64 hex digits, which is never shown again. Raises ControlError."""
        self._check_may_use(app_connector, user, CLASSIC)
        data = data or secrets.token_hex(TOKEN_DIGITS // 2).upper()
        identity = f"T{sum(known.startswith('T') for known in self.tokens) + 1:05d}"
        token = Token(
            id=identity,
            digest=digest(data),
            user=user,
            app_connector=app_connector,
            created=now.isoformat(timespec="seconds"),
            expires=expires.isoformat(timespec="seconds") if expires else None,
        )
        self.tokens[identity] = token
        return token, data

    def _check_may_use(self, app_connector: str, user: str, authentication: str) -> None:
        """Raises ControlError unless ``user`` can be let in by ``app_connector``, in this way."""
        app = self.app_connectors.get(app_connector)
        if app is None:
            raise ControlError(f"there is no app connector '{app_connector}'", status=404)
        if app.authentication != authentication:
            hint = f"set its 'authentication' to \"{authentication}\", or use an app connector that has it"
            message = f"app connector '{app_connector}' authenticates by {app.authentication}"
            raise ControlError(message, hint=hint, status=409)
        if user not in self.users:
            raise ControlError(f"there is no user '{user}'", hint="create the user first")
        if not self.users[user].is_in(app.group):
            hint = f"add the user to it, or name the user's own group in app connector '{app_connector}'"
            raise ControlError(f"user '{user}' is not in user group '{app.group}' of the app connector", hint=hint)

    def add_client(self, *, app_connector: str, user: str) -> tuple[OAuthClient, str]:
        """A new client of OAuth and its secret, which is never shown again. Raises ControlError."""
        self._check_may_use(app_connector, user, CLIENT_CREDENTIALS)
        identity, secret = secrets.token_hex(16), secrets.token_hex(TOKEN_DIGITS // 2)
        client = OAuthClient(identity, digest(secret), user, app_connector)
        self.clients[identity] = client
        return client, secret

    def remove_client(self, client_id: str) -> OAuthClient:
        """Removes a client. Access tokens it has stay valid as long as they last. Raises ControlError 404."""
        if client_id not in self.clients:
            raise ControlError(f"there is no client '{client_id}'", status=404)
        return self.clients.pop(client_id)

    def grant(self, client: OAuthClient, *, now: dt.datetime) -> tuple[Token, str]:
        """An access token for ``client``, which lasts ``ACCESS_SECONDS``, and its data."""
        data = secrets.token_hex(TOKEN_DIGITS // 2)
        token = Token(
            id=f"A{secrets.token_hex(8)}",
            digest=bearer_digest(data),
            user=client.user,
            app_connector=client.app_connector,
            created=now.isoformat(timespec="seconds"),
            expires=(now + dt.timedelta(seconds=ACCESS_SECONDS)).isoformat(timespec="seconds"),
        )
        self.tokens[token.id] = token
        return token, data

    def forget_expired(self, *, now: dt.datetime) -> list[Token]:
        """Removes access tokens that expired an access token's time ago, and returns them."""
        limit = (now - dt.timedelta(seconds=ACCESS_SECONDS)).isoformat(timespec="seconds")
        old = [token for token in self.tokens.values() if token.id.startswith("A") and (token.expires or "") < limit]
        for token in old:
            del self.tokens[token.id]
        return old

    def revoke(self, token_id: str) -> Token:
        """Marks a token revoked; it stays known, so that its use is told apart in the logbook."""
        if token_id not in self.tokens:
            raise ControlError(f"there is no token '{token_id}'", status=404)
        self.tokens[token_id] = replace(self.tokens[token_id], revoked=True)
        return self.tokens[token_id]

    def admit(
        self, token_id: str, *, address: str, profit_version: int, now: Callable[[], dt.datetime]
    ) -> AppConnector:
        """The app connector that ``token_id`` opens for a caller at ``address``. Raises Refusal 401 or 403."""
        token = self.tokens[token_id]
        if token.revoked:
            raise Refusal(401, Reason("token revoked", "Authorization", token.id))
        if token.expires is not None and token.expires <= now().isoformat(timespec="seconds"):
            raise Refusal(401, Reason("token expired", "Authorization", token.id, f"used before {token.expires}"))
        user = self.users.get(token.user)
        if user is None or user.blocked:
            raise Refusal(401, Reason("user blocked", "Authorization", token.user, "a user that is not blocked"))
        app = self.app_connectors[token.app_connector]
        if not user.is_in(app.group):
            raise Refusal(401, Reason("user group of the app connector", "Authorization", user.id, app.group))
        if app.ip_addresses and not _allowed(address, app.ip_addresses, profit_version):
            raise Refusal(403, Reason("IP restriction", "client address", address, ", ".join(app.ip_addresses)))
        return app


def _allowed(address: str, allowed: tuple[str, ...], profit_version: int) -> bool:
    """Whether an IP restriction lets ``address`` in. Ranges and IPv6 count from Profit 8 only."""
    try:
        caller = ipaddress.ip_address(address)
    except ValueError:
        return False
    if caller.version == 6 and caller.ipv4_mapped is not None:
        caller = caller.ipv4_mapped  # how a socket that takes both kinds shows IPv4
    for network in _ip_ranges(allowed):
        single = network.num_addresses == 1
        if profit_version < 8 and (network.version == 6 or not single):
            continue
        if caller in network:
            return True
    return False
