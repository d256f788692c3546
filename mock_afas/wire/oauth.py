"""Access tokens for clients that authenticate by OAuth, from Profit 6 on. wire.md section 2.

Client credentials are imitated; the authorization code with PKCE, for which people log in, is not.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, unquote_plus

from mock_afas.access import ACCESS_SECONDS, AUTHENTICATION_FROM, CLIENT_CREDENTIALS, OAuthClient, digest
from mock_afas.environment import Environment
from mock_afas.errors import Reason, Refusal, UnderMaintenance
from mock_afas.registry import Registry
from mock_afas.wire import answers
from mock_afas.wire.answers import Answer
from mock_afas.wire.calls import Call

_FORM = "application/x-www-form-urlencoded"
#: A form has no more parameters and bytes.
_MOST_PARAMETERS, MOST_BYTES = 32, 65_536


class OAuthError(Exception):
    """A request for an access token that is refused: ``code`` is one of those of RFC 6749, section 5.2."""

    def __init__(self, code: str, reason: Reason, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason
        self.status = status


def answer(call: Call, body: bytes, registry: Registry, check_host: Callable[[Call, Environment], None]) -> Answer:
    """The answer to ``POST /oauth/token``. Raises OAuthError, Refusal and UnderMaintenance."""
    form = _form(call, body)
    environment, client = _client(call, form, registry)
    call.environment = environment
    profile, app = environment.profile, environment.access.app_connectors[client.app_connector]
    if profile.profit_version < AUTHENTICATION_FROM:
        allowed = f"Profit {AUTHENTICATION_FROM} or newer"
        raise Refusal(404, Reason("OAuth in this version", "path", call.scope["path"], allowed))
    try:
        check_host(call, environment)
    except Refusal as refusal:
        raise OAuthError("unauthorized_client", refusal.reason) from None
    if app.authentication != CLIENT_CREDENTIALS:
        reason = Reason("authentication of the app connector", "client_id", client.id, app.authentication)
        raise OAuthError("unauthorized_client", reason)
    if form.get("grant_type") != CLIENT_CREDENTIALS:
        reason = Reason(
            "grant of the app connector", "grant_type", form.get("grant_type", "")[:100], CLIENT_CREDENTIALS
        )
        raise OAuthError("unsupported_grant_type" if "grant_type" in form else "invalid_request", reason)
    if profile.maintenance and (retry_after := profile.maintenance_left()):
        raise UnderMaintenance(retry_after)
    granted = {
        "access_token": registry.grant(environment, client),
        "token_type": "Bearer",
        "expires_in": ACCESS_SECONDS,
        "refresh_token": None,
    }
    return answers.json(granted)


def refused(error: OAuthError) -> Answer:
    """The answer to a request for an access token that is refused."""
    return answers.with_status(error.status, {"error": error.code})


def _form(call: Call, body: bytes) -> Mapping[str, str]:
    """The parameters of the body. Raises OAuthError for one that is no form."""
    sent = (call.header(b"content-type") or b"").decode("latin-1").partition(";")[0].strip().lower()
    refused = OAuthError("invalid_request", Reason("body is a form", "Content-Type", sent[:100], _FORM))
    if sent != _FORM:
        raise refused
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS))
    except ValueError:
        raise refused from None


def _client(call: Call, form: Mapping[str, str], registry: Registry) -> tuple[Environment, OAuthClient]:
    """The client whose id and secret are sent, in the body or by HTTP Basic. Raises OAuthError."""
    client_id, secret = _basic(call) or (form.get("client_id", ""), form.get("client_secret", ""))
    found = registry.by_client(client_id)
    if found is None or not hmac.compare_digest(digest(secret), found[1].digest):
        reason = Reason("client id and secret", "client_id", client_id[:100], "those of a client of an app connector")
        raise OAuthError("invalid_client", reason, 401)
    return found


def _basic(call: Call) -> tuple[str, str] | None:
    """The id and secret of an ``Authorization: Basic`` header; None without one that can be read."""
    scheme, _, packed = (call.header(b"authorization") or b"").decode("latin-1").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(packed, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return unquote_plus(client_id), unquote_plus(secret)
