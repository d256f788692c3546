"""OAuth by client credentials: setting it up, getting access tokens, and calling with them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_afas.access import AppConnector, bearer_digest
from mock_afas.registry import Registry
from mock_afas.store.catalog import Catalog
from tests.support import Afas

Json = dict[str, Any]
FORM = "application/x-www-form-urlencoded"


def app_connector(afas: Afas, **settings: Any) -> str:
    body = {
        "description": "Mine",
        "authentication": "client_credentials",
        "get_connectors": ["Profit_Users"],
        **settings,
    }
    answer = afas.control("POST", "/app-connectors", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def user_of(afas: Afas) -> str:
    return str(afas.control("GET", "/users").json()["users"][0]["id"])


def new_client(afas: Afas, app: str = "") -> Json:
    answer = afas.control("POST", f"/app-connectors/{app or app_connector(afas)}/clients", {"user": user_of(afas)})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def ask(afas: Afas, form: Mapping[str, str] | str | bytes, **headers: str) -> httpx.Response:
    """A request for an access token. ``headers`` are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = {"data": form} if isinstance(form, Mapping) else {"content": form}
    return afas.http.post(f"{afas.base_url}/oauth/token", headers=named, **content)


def credentials(client: Json, **changes: str) -> dict[str, str]:
    given = {"grant_type": "client_credentials", **{name: client[name] for name in ("client_id", "client_secret")}}
    return {name: value for name, value in {**given, **changes}.items() if value}


def access_token(afas: Afas, client: Json) -> str:
    answer = ask(afas, credentials(client))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def status(afas: Afas, token: str, path: str = "connectors/Profit_Users", scheme: str = "Bearer") -> int:
    answer = afas.http.get(f"{afas.base_url}/{path}", headers={"Authorization": f"{scheme} {token}"})
    return answer.status_code


def test_an_access_token_opens_what_the_app_connector_lists(afas: Afas) -> None:
    client = new_client(afas)
    assert client["token_url"] == f"{afas.base_url}/oauth/token"
    answer = ask(afas, credentials(client))
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    granted = answer.json()
    token = granted.pop("access_token")
    assert granted == {"token_type": "Bearer", "expires_in": 3600, "refresh_token": None}
    assert status(afas, token) == status(afas, token, scheme="bearer") == status(afas, token.upper()) == 200
    assert status(afas, token, "connectors/Zenvoices_Suppliers") == 500
    listed = afas.http.get(f"{afas.base_url}/metainfo", headers={"Authorization": f"Bearer {token}"}).json()
    assert [connector["id"] for connector in listed["getConnectors"]] == ["Profit_Users"]
    assert listed["info"]["appName"] == "Mine"


def test_a_secret_is_shown_once_and_kept_nowhere(afas: Afas) -> None:
    client = new_client(afas)
    token = access_token(afas, client)
    shown = [afas.control("GET", path).text for path in ("/app-connectors", "/traffic", "/logbook")]
    for secret in (client["client_secret"], token):
        assert not any(secret in text or secret.upper() in text for text in shown)
    (app,) = [
        app for app in afas.control("GET", "/app-connectors").json()["app_connectors"] if app["description"] == "Mine"
    ]
    assert app["clients"] == [{name: client[name] for name in ("client_id", "user", "app_connector")}]


def test_the_id_and_secret_can_come_by_http_basic(afas: Afas) -> None:
    client = new_client(afas)
    packed = base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    answer = ask(afas, {"grant_type": "client_credentials"}, Authorization=f"Basic {packed}")
    assert status(afas, answer.json()["access_token"]) == 200


@pytest.mark.parametrize("version", [5, 6, 7, 8, 9])
def test_oauth_comes_with_profit_6(afas: Afas, version: int) -> None:
    client = new_client(afas)
    afas.configure(profit_version=version)
    answer = ask(afas, credentials(client))
    assert answer.status_code == (404 if version < 6 else 200)
    asked = {"description": "Other", "authentication": "client_credentials"}
    assert afas.control("POST", "/app-connectors", asked).status_code == (422 if version < 6 else 201)


WRONG: tuple[tuple[str, Callable[[Json], Any], Json, int, str, str], ...] = (
    ("unknown id", lambda client: credentials(client, client_id="x"), {}, 401, "invalid_client", "client_id"),
    ("wrong secret", lambda client: credentials(client, client_secret="é"), {}, 401, "invalid_client", "client_id"),
    ("no secret", lambda client: credentials(client, client_secret=""), {}, 401, "invalid_client", "client_id"),
    ("nothing", lambda _: "", {"Content_Type": FORM}, 401, "invalid_client", "client_id"),
    ("another grant", lambda client: credentials(client, grant_type="password"), {}, 400, "unsupported_grant_type",
     "grant_type"),
    ("no grant", lambda client: credentials(client, grant_type=""), {}, 400, "invalid_request", "grant_type"),
    ("JSON", lambda _: "{}", {"Content_Type": "application/json"}, 400, "invalid_request", "Content-Type"),
    ("no UTF-8", lambda _: b"a=\xff", {"Content_Type": FORM}, 400, "invalid_request", "Content-Type"),
    ("many parameters", lambda _: "a=1&" * 50, {"Content_Type": FORM}, 400, "invalid_request", "Content-Type"),
    ("another environment", credentials, {"Host": "99999.rest.afas.online"}, 400, "unauthorized_client", "Host"),
)  # fmt: skip


@pytest.mark.parametrize(("make", "headers", "expected", "code", "at"), [case[1:] for case in WRONG],
                         ids=[case[0] for case in WRONG])  # fmt: skip
def test_what_gets_no_access_token(
    afas: Afas, make: Callable[[Json], Any], headers: Json, expected: int, code: str, at: str
) -> None:
    client = new_client(afas)
    answer = ask(afas, make(client), **headers)
    assert (answer.status_code, answer.json()) == (expected, {"error": code})
    if at not in {"client_id", "Content-Type"}:  # else nobody knows whose call it was
        entry = afas.control("GET", "/logbook").json()["entries"][-1]
        assert (entry["message"], entry["reason"]["path"]) == (code, at)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "oauth/token", 405),
        ("POST", "oauth/authorize", 404),
        ("POST", "oauth", 404),
        ("POST", "OAuth/Token", 401),
    ],
)
def test_other_addresses(afas: Afas, method: str, path: str, expected: int) -> None:
    answer = afas.http.request(
        method, f"{afas.base_url}/{path}", data={"grant_type": "x"} if method == "POST" else None
    )
    assert answer.status_code == expected


def test_a_large_form_is_not_read(afas: Afas) -> None:
    assert ask(afas, b"a" * 65_537, Content_Type=FORM).status_code == 413
    chunks = (b"a" for _ in range(3))
    answer = afas.http.post(f"{afas.base_url}/oauth/token", content=chunks, headers={"Content-Type": FORM})
    assert answer.status_code == 413


def test_access_tokens_expire_by_the_clock_of_the_environment(afas: Afas) -> None:
    afas.configure(clock="2026-11-24T09:00:00")
    client = new_client(afas)
    token = access_token(afas, client)
    afas.configure(clock="2026-11-24T09:59:59")
    assert status(afas, token) == 200
    afas.configure(clock="2026-11-24T10:00:00")
    assert status(afas, token) == 401
    assert status(afas, access_token(afas, client)) == 200
    afas.configure(clock="2026-11-24T12:00:01")
    access_token(afas, client)
    apps = afas.control("GET", "/app-connectors").json()["app_connectors"]
    assert [len(app["tokens"]) for app in apps] == [1, 1], "those that expired long ago are forgotten"


def test_the_two_kinds_of_tokens_do_not_stand_in_for_each_other(afas: Afas) -> None:
    client = new_client(afas)
    token = access_token(afas, client)
    xml = f"<token><version>1</version><data>{token}</data></token>"
    assert status(afas, base64.b64encode(xml.encode()).decode(), scheme="AfasToken") == 401
    data = afas.token.removeprefix("<token><version>1</version><data>").removesuffix("</data></token>")
    assert status(afas, data) == 401
    assert status(afas, token + "0") == 401


def test_an_app_connector_authenticates_one_way(afas: Afas) -> None:
    refused = afas.control("POST", "/app-connectors/1/clients", {"user": user_of(afas)})
    assert (refused.status_code, "client_credentials" in refused.json()["error"]["hint"]) == (409, True)
    app = app_connector(afas)
    refused = afas.control("POST", f"/app-connectors/{app}/tokens", {"user": user_of(afas)})
    assert (refused.status_code, '"token"' in refused.json()["error"]["hint"]) == (409, True)
    client = new_client(afas, app)
    afas.control("PATCH", f"/app-connectors/{app}", {"authentication": "token"})
    assert ask(afas, credentials(client)).json() == {"error": "unauthorized_client"}


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [("99/clients", {"user": "x"}, 404), ("{app}/clients", {"user": "x"}, 422), ("{app}/clients", {}, 422)],
)
def test_clients_that_cannot_be_made(afas: Afas, path: str, body: Json, expected: int) -> None:
    answer = afas.control("POST", f"/app-connectors/{path.format(app=app_connector(afas))}", body)
    assert answer.status_code == expected


def test_a_client_is_removed(afas: Afas) -> None:
    client = new_client(afas)
    token = access_token(afas, client)
    assert afas.control("DELETE", f"/clients/{client['client_id']}").status_code == 200
    assert afas.control("DELETE", f"/clients/{client['client_id']}").status_code == 404
    assert ask(afas, credentials(client)).json() == {"error": "invalid_client"}
    assert status(afas, token) == 200, "an access token lasts"


def test_a_blocked_user_and_maintenance(afas: Afas) -> None:
    client = new_client(afas)
    token = access_token(afas, client)
    afas.configure(maintenance=60)
    answer = ask(afas, credentials(client))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    afas.configure(maintenance=0)
    afas.control("POST", "/users", {"id": user_of(afas), "blocked": True})
    assert status(afas, token) == 401


def test_clients_and_access_tokens_outlive_the_process(tmp_path: Path) -> None:
    registry = Registry(Catalog(tmp_path))
    environment = registry.create({}).environment
    environment.access.put_app_connector(AppConnector("2", "Mine", authentication="client_credentials"))
    client, _ = registry.add_client(environment, app_connector="2", user=next(iter(environment.access.users)))
    data = registry.grant(environment, client)
    registry.close()
    registry = Registry(Catalog(tmp_path))
    kept = registry.environments[environment.id]
    assert registry.by_client(client.id) == (kept, client)
    found = registry.by_token(bearer_digest(data))
    assert found is not None
    assert found[0] is kept
    registry.delete(kept)
    assert registry.by_client(client.id) is None
    assert registry.by_token(bearer_digest(data)) is None
    registry.close()
