"""Every call of the control API: who may make it, and that no secret is in what it answers afterwards."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from starlette.routing import Route

from mock_afas.control.api import ControlApi
from mock_afas.registry import Registry
from mock_afas.serving import Serving, bind
from tests.support import Afas, fork

KEY = "open sesame"
ROUTES = [
    (method, route.path)
    for route in ControlApi(Registry(), None).routes()
    if isinstance(route, Route)
    for method in sorted((route.methods or set()) - {"HEAD"})
]
_EVERY_ROUTE = pytest.mark.parametrize(("method", "path"), ROUTES, ids=lambda value: value)


def address(path: str, environment: str) -> str:
    """``path`` with things that are not there in it, save the environment."""
    return re.sub(r"\{\w+\}", "nothing", path.replace("{env}", environment))


def is_refused(answer: httpx.Response, status: int) -> bool:
    """Whether ``answer`` is that of the guard, which says what to do and nothing of what was asked for."""
    return (
        answer.status_code == status and set(answer.json()["error"]) == {"message", "hint"} and len(answer.text) < 300
    )


# ---------------------------------------------------------------- without a key, on a loopback address

_FOREIGN: list[dict[str, str]] = [
    {"Host": "evil.example"},
    {"Host": "127.0.0.1.evil.example:8080"},
    {"Host": "192.168.1.7:8080"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1.evil.example"},
    {"Host": "evil.example", "Origin": "http://127.0.0.1"},
    {"Host": "evil.example", "X-Forwarded-Host": "127.0.0.1", "Forwarded": "host=127.0.0.1"},
]


@_EVERY_ROUTE
def test_another_site_may_make_no_call(demo: Afas, method: str, path: str) -> None:
    url = demo.control_url + address(path, demo.environment)
    for headers in _FOREIGN:
        answer = demo.http.request(method, url, headers=headers, content=b"{}" if method in ("POST", "PATCH") else None)
        assert is_refused(answer, 403), headers


@_EVERY_ROUTE
def test_another_site_may_not_ask_whether_it_may(demo: Afas, method: str, path: str) -> None:
    """A browser asks beforehand (preflight) before it sends more than a form; no answer gives leave."""
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": method}
    answer = demo.http.options(demo.control_url + address(path, demo.environment), headers=asked)
    assert is_refused(answer, 403)
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_the_calls_above_changed_nothing(demo: Afas) -> None:
    assert demo.control("GET", "/users").json()["users"][0]["blocked"] is False
    assert demo.control("GET", "/faults").json() == {"faults": []}
    assert demo.control("GET", "/snapshots").json() == {"snapshots": []}
    assert demo.get("profitversion").status_code == 200


# ---------------------------------------------------------------- with a key


@dataclass(frozen=True)
class Keyed:
    """A server that asks for a key."""

    control_url: str
    environment: str


@pytest.fixture(scope="module")
def keyed() -> Iterator[Keyed]:
    serving = Serving(Registry(), bind("127.0.0.1", 0), host="127.0.0.1", control_key=KEY)
    opened = serving.registry.create({})
    serving.run_in_thread()
    yield Keyed(f"{serving.origin}/_mock", opened.environment.id)
    serving.stop()


_WRONG_KEYS = (
    "",
    f"Bearer {KEY}x",
    f"Bearer {KEY[:-1]}",
    f"bearer{KEY}",
    KEY,
    f"AfasToken {KEY}",
    "Bearer é",
)


@_EVERY_ROUTE
def test_a_call_needs_the_key(keyed: Keyed, method: str, path: str) -> None:
    url = keyed.control_url + address(path, keyed.environment)
    with httpx.Client() as http:
        for sent in _WRONG_KEYS:
            headers = [(b"authorization", sent.encode("utf-8"))] if sent else []
            answer = http.request(method, url, headers=headers, content=b"{}" if method in ("POST", "PATCH") else None)
            assert is_refused(answer, 401), sent
            assert KEY not in answer.text


@pytest.mark.parametrize("path", [path for method, path in ROUTES if method == "GET" and path.count("{") < 2])
def test_the_key_opens_a_call_from_anywhere(keyed: Keyed, path: str) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "Host": "mock-afas:8080", "Origin": "https://ours.example"}
    answer = httpx.get(keyed.control_url + address(path, keyed.environment), headers=headers)
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control")]


# ---------------------------------------------------------------- secrets


def forms(authorization: str) -> set[str]:
    """A token as it could stand in an answer: its digits, its XML, its base64, and parts of that."""
    encoded = authorization.removeprefix("AfasToken ")
    xml = base64.b64decode(encoded).decode()
    digits = re.sub(r".*<data>|</data>.*", "", xml)
    return {digits, digits.lower(), encoded, encoded[44:84]}


def oauth_secrets(afas: Afas, user: str) -> set[str]:
    """The secret of a new client of OAuth and an access token for it, both used, also in places where none belongs."""
    app = {"description": "OAuth", "authentication": "client_credentials", "get_connectors": ["Zenvoices_Currencies"]}
    made = afas.control("POST", "/app-connectors", app).json()
    client = afas.control("POST", f"/app-connectors/{made['id']}/clients", {"user": user}).json()
    asked = {
        "grant_type": "client_credentials",
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
    }
    access = afas.http.post(client["token_url"], data=asked).json()["access_token"]
    afas.http.post(client["token_url"], data={**asked, "grant_type": "wrong"})
    afas.http.post(client["token_url"], json=asked)
    afas.http.get(
        f"{afas.base_url}/connectors/Zenvoices_Currencies",
        params={"access_token": access, "client_secret": client["client_secret"]},
        headers={"Authorization": f"Bearer {access}"},
    )
    return {client["client_secret"], access}


def test_no_answer_has_a_token_that_was_given_out_before(demo: Afas) -> None:
    afas = fork(demo)
    user = afas.control("GET", "/users").json()["users"][0]["id"]
    issued = afas.control("POST", "/app-connectors/1/tokens", {"user": user})
    assert issued.status_code == 201, issued.text
    given_out = [afas.authorization, issued.json()["authorization"]]
    secrets = {form for authorization in given_out for form in forms(authorization)}
    for authorization in given_out:
        token = base64.b64decode(authorization.removeprefix("AfasToken ")).decode()
        headers = {"Authorization": authorization, "X-Api-Key": token}
        for path in ("connectors/Zenvoices_Currencies", "connectors/nowhere", "metainfo/get/nowhere"):
            afas.http.get(f"{afas.base_url}/{path}", params={"token": token, "access_token": token}, headers=headers)
        body = {"FiEntryPar": {"Element": {"Fields": {"token": token}}}}
        afas.http.post(f"{afas.base_url}/connectors/FiEntries", json=body, headers=headers)
    secrets |= oauth_secrets(afas, user)
    for method, path in ROUTES:
        if method == "GET" and path.count("{") < 2:
            answer = afas.http.get(afas.control_url + path.replace("{env}", afas.environment))
            assert answer.status_code == 200, path
            assert not [secret for secret in secrets if secret in answer.text], path
    for entry in afas.control("GET", "/logbook").json()["entries"]:
        told = afas.control("GET", f"/logbook/{entry['reference']}").text
        assert not [secret for secret in secrets if secret in told]
    afas.control("DELETE")
