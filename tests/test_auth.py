"""Who may call: tokens, users, addresses and hosts, and that secrets are nowhere to be seen. wire.md section 2."""

from __future__ import annotations

import base64
import json
import re
import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from mock_afas.access import token_xml
from mock_afas.records import ENTITIES
from mock_afas.registry import Registry
from mock_afas.serving import Serving, bind
from tests.support import Afas, client_of, fork

USER = "12345.zenvoices"
PATHS = ("connectors/Zenvoices_Currencies", "metainfo", "metainfo/get/Zenvoices_Currencies", "profitversion", "nergens")
UNKNOWN_DATA = "0123456789ABCDEF" * 4


def packed(xml: str) -> str:
    return base64.b64encode(xml.encode()).decode()


def call(afas: Afas, authorization: str | None, path: str = "profitversion", **headers: str) -> httpx.Response:
    """GET with an ``Authorization`` header of its own, or (None) without one."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if authorization is not None:
        sent["Authorization"] = authorization
    return afas.http.get(f"{afas.base_url}/{path}", headers=sent)


def status(afas: Afas, authorization: str | None = None, **headers: str) -> int:
    """The status of a call that reads the version, by default with the environment's own token."""
    return call(afas, authorization or afas.authorization, **headers).status_code


def assert_bare(answer: httpx.Response, status: int) -> None:
    assert (answer.status_code, answer.content) == (status, b"")
    assert answer.headers["content-length"] == "0"
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    assert "x-profit-error" not in answer.headers


def last_reason(afas: Afas) -> dict[str, str]:
    """Why the last call was refused, from the logbook."""
    reason: dict[str, str] = afas.control("GET", "/logbook").json()["entries"][0]["reason"]
    return reason


def data_of(afas: Afas) -> str:
    """The 64 hex digits of the environment's token."""
    found = re.search("<data>(.*)</data>", afas.token)
    assert found
    return found[1]


def issue(afas: Afas, app: str = "1", **body: Any) -> tuple[str, str]:
    """A new token: its id and the whole ``Authorization`` header."""
    answer = afas.control("POST", f"/app-connectors/{app}/tokens", {"user": USER, **body})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], answer.json()["authorization"]


# ---------------------------------------------------------------- the header

WRONG: dict[str, str | None] = {
    "missing": None,
    "empty": "",
    "scheme alone": "AfasToken",
    "no scheme": packed(token_xml(UNKNOWN_DATA)),
    "unknown token": f"AfasToken {packed(token_xml(UNKNOWN_DATA))}",
    "Basic": "Basic dXNlcjpwYXNz",
    "Bearer": "Bearer abc.def.ghi",
    "AfasTokens": f"AfasTokens {packed(token_xml(UNKNOWN_DATA))}",
    "not base64": "AfasToken %%%%",
    "base64 cut short": f"AfasToken {packed(token_xml(UNKNOWN_DATA))[:-3]}",
    "two tokens": f"AfasToken {packed(token_xml(UNKNOWN_DATA))} {packed(token_xml(UNKNOWN_DATA))}",
    "base64 of base64": f"AfasToken {packed(packed(token_xml(UNKNOWN_DATA)))}",
    "base64 of nothing": "AfasToken ====",
    "base64 of no XML": f"AfasToken {packed('nonsense')}",
    "base64 of other XML": f"AfasToken {packed('<token><version>2</version><data>AB</data></token>')}",
    "base64 of no text": f"AfasToken {base64.b64encode(bytes(range(256))).decode()}",
    "too few digits": f"AfasToken {packed(token_xml(UNKNOWN_DATA[1:]))}",
    "no hex digits": f"AfasToken {packed(token_xml('G' + UNKNOWN_DATA[1:]))}",
    "huge": f"AfasToken {packed('x' * 20_000)}",
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("header", WRONG.values(), ids=WRONG)
def test_a_token_that_is_missing_or_wrong(demo: Afas, header: str | None, path: str) -> None:
    assert_bare(call(demo, header, path), 401)


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "PATCH"])
def test_every_method_needs_a_token(demo: Afas, method: str) -> None:
    answer = demo.http.request(method, f"{demo.base_url}/connectors/FiEntries")
    assert_bare(answer, 401)


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as shown": lambda data: f"AfasToken {packed(token_xml(data))}",
    "scheme in small letters": lambda data: f"afastoken {packed(token_xml(data))}",
    "scheme in capitals": lambda data: f"AFASTOKEN {packed(token_xml(data))}",
    "more spaces": lambda data: f"AfasToken   {packed(token_xml(data))}",
    "digits in small letters": lambda data: f"AfasToken {packed(token_xml(data.lower()))}",
    "XML on lines": lambda data: "AfasToken " + packed(token_xml(data).replace("><", ">\r\n  <") + "\n"),
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_spellings_of_a_good_token(demo: Afas, spelling: Callable[[str], str]) -> None:
    assert status(demo, spelling(data_of(demo))) == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("version", [5, 6, 7, 8, 9])
def test_a_token_sent_without_base64(afas: Afas, version: int, path: str) -> None:
    afas.configure(profit_version=version)
    answer = call(afas, f"AfasToken {afas.token}", path)
    if version < 7:
        assert_bare(answer, 401)
    else:
        assert answer.status_code == 500
        error = answer.json()
        assert error["externalMessage"] == "Er is een onverwachte fout opgetreden."
        assert error["errorNumber"] == -2147180999
        assert afas.logged(error["profitLogReference"])["reason"]["rule"] == "token sent without base64"
    assert last_reason(afas)["rule"] == "token sent without base64"


def test_an_unknown_token_sent_without_base64(demo: Afas) -> None:
    assert call(demo, f"AfasToken {token_xml(UNKNOWN_DATA)}").json()["errorNumber"] == -2147180999


# ---------------------------------------------------------------- tokens and users


def test_a_token_expires(afas: Afas) -> None:
    afas.configure(clock="2026-06-01T12:00:00")
    _, header = issue(afas, expires="2026-06-01T13:00:00")
    assert status(afas, header) == 200
    afas.configure(clock="2026-06-01T12:59:59")
    assert status(afas, header) == 200
    for late in ("2026-06-01T13:00:00", "2026-06-02T00:00:00"):
        afas.configure(clock=late)
        assert_bare(call(afas, header), 401)
        assert last_reason(afas)["rule"] == "token expired"
        assert status(afas) == 200, "the other token does not expire"
    afas.configure(clock="2026-06-01T12:00:00")
    assert status(afas, header) == 200


def test_a_token_is_revoked(afas: Afas) -> None:
    token, header = issue(afas)
    assert status(afas, header) == 200
    assert afas.control("DELETE", f"/tokens/{token}").json()["revoked"]
    assert_bare(call(afas, header), 401)
    assert last_reason(afas) == {"rule": "token revoked", "path": "Authorization", "value": token, "allowed": ""}
    assert status(afas) == 200


def test_a_user_is_blocked_and_unblocked(afas: Afas) -> None:
    for blocked, expected in ((True, 401), (False, 200), (True, 401), (False, 200)):
        afas.control("POST", "/users", {"id": USER, "blocked": blocked})
        answer = call(afas, afas.authorization)
        assert answer.status_code == expected
        if blocked:
            assert_bare(answer, 401)
            assert last_reason(afas)["rule"] == "user blocked"


def test_a_blocked_user_blocks_no_other(afas: Afas) -> None:
    other = f"{afas.participant}.other"
    afas.control("POST", "/users", {"id": other})
    _, header = issue(afas, user=other)
    afas.control("POST", "/users", {"id": other, "blocked": True})
    assert (status(afas, header), status(afas)) == (401, 200)


def test_a_token_opens_the_connectors_of_its_app_connector_only(afas: Afas) -> None:
    app = {"description": "Klein", "get_connectors": ["Zenvoices_Currencies"]}
    number = afas.control("POST", "/app-connectors", app).json()["id"]
    _, header = issue(afas, number)
    assert call(afas, header, "connectors/Zenvoices_Currencies").status_code == 200
    assert call(afas, header, "connectors/Zenvoices_Countries").status_code == 500
    assert call(afas, header, "metainfo").json()["info"]["appName"] == "Klein"


def test_a_token_belongs_to_one_environment(demo: Afas, afas: Afas) -> None:
    """The token selects the environment, and a deleted one takes its tokens along."""
    private = fork(afas)
    assert private.get("metainfo").json()["info"]["envid"] == private.environment != afas.environment
    private.control("DELETE")
    assert_bare(call(private, private.authorization), 401)
    assert (status(afas), status(demo)) == (200, 200)


def test_no_environment_is_left() -> None:
    serving = Serving(Registry(), bind("127.0.0.1", 0), host="127.0.0.1", control_key=None)
    opened = serving.registry.create({})
    serving.run_in_thread()
    with httpx.Client() as http:
        last = client_of(serving.describe(opened), http)
        assert last.control("DELETE").status_code == 204
        assert_bare(call(last, last.authorization), 401)
        assert call(last, f"AfasToken {last.token}").status_code == 500
        assert http.options(f"{last.base_url}/metainfo").status_code == 200
    serving.stop()


# ---------------------------------------------------------------- hosts


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("{own}.rest.afas.online", 200),
        ("{own}.REST.AFAS.ONLINE:443", 200),
        ("{other}.rest.afas.online", 401),
        ("{other}.rest.afas.online:8443", 401),
        ("{own}.resttest.afas.online", 401),
        ("{own}.restaccept.afas.online", 401),
        ("{other}.resttest.afas.online", 401),
        ("rest.afas.online", 200),
        ("localhost", 200),
        ("mock-afas.internal:8080", 200),
        ("[::1]:8080", 200),
    ],
)
def test_a_host_of_afas_is_that_of_the_token(demo: Afas, afas: Afas, host: str, expected: int) -> None:
    answer = call(afas, afas.authorization, Host=host.format(own=afas.participant, other=demo.participant))
    assert answer.status_code == expected
    if expected == 401:
        assert_bare(answer, 401)
        assert last_reason(afas)["rule"] == "token of another environment"


@pytest.mark.parametrize(("kind", "word"), [("O", "rest"), ("T", "resttest"), ("A", "restaccept")])
def test_each_type_of_environment_has_its_host(demo: Afas, kind: str, word: str) -> None:
    made = demo.http.post(f"{demo.control_url}/environments", json={"type": kind}).json()
    afas = client_of(made, demo.http)
    for known in ("rest", "resttest", "restaccept"):
        expected = 200 if known == word else 401
        assert status(afas, Host=f"{afas.participant}.{known}.afas.online") == expected
    afas.control("DELETE")


# ---------------------------------------------------------------- addresses


def restrict(afas: Afas, *addresses: str) -> None:
    answer = afas.control("PATCH", "/app-connectors/1", {"ip_addresses": addresses})
    assert answer.status_code == 200, answer.text


#: Allowed addresses, and the Profit version from which a caller at 127.0.0.1 may come in; 0 is never.
RESTRICTIONS: tuple[tuple[list[str], int], ...] = (
    (["127.0.0.1"], 5),
    (["192.0.2.1", "127.0.0.1"], 5),
    (["192.0.2.1"], 0),
    (["127.0.0.0/8"], 8),
    (["127.0.0.1/32"], 5),
    (["192.0.2.0/24"], 0),
    (["0.0.0.0/0"], 8),
    (["::1"], 0),
    (["::/0"], 0),
    ([], 5),
)


@pytest.mark.parametrize(("addresses", "since"), RESTRICTIONS, ids=str)
@pytest.mark.parametrize("version", [5, 7, 8])
def test_an_ip_restriction(afas: Afas, addresses: list[str], since: int, version: int) -> None:
    afas.configure(profit_version=version)
    restrict(afas, *addresses)
    answer = call(afas, afas.authorization)
    if since and version >= since:
        assert answer.status_code == 200
        return
    assert_bare(answer, 403)
    assert last_reason(afas) == {
        "rule": "IP restriction",
        "path": "client address",
        "value": "127.0.0.1",
        "allowed": ", ".join(addresses),
    }


def test_an_ip_restriction_is_lifted(afas: Afas) -> None:
    restrict(afas, "192.0.2.1")
    assert status(afas) == 403
    restrict(afas)
    assert status(afas) == 200


@pytest.fixture
def dual() -> Iterator[Afas]:
    """An environment of a server on ``::``, which IPv4 callers reach too."""
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    try:
        listener = bind("::", 0)
    except Exception as error:
        pytest.skip(f"this machine has no IPv6: {error}")
    serving = Serving(Registry(), listener, host="::1", control_key=None)
    opened = serving.registry.create({})
    serving.run_in_thread()
    with httpx.Client() as http:
        yield client_of(serving.describe(opened), http)
    serving.stop()


@pytest.mark.parametrize(
    ("addresses", "version", "expected"),
    [
        (["::1"], 8, 200),
        (["::/64"], 8, 200),
        (["0:0:0:0:0:0:0:1"], 9, 200),
        (["::1"], 7, 403),
        (["::2"], 8, 403),
        (["127.0.0.1"], 8, 403),
    ],
)
def test_an_ipv6_caller(dual: Afas, addresses: list[str], version: int, expected: int) -> None:
    dual.configure(profit_version=version)
    restrict(dual, *addresses)
    assert status(dual) == expected


@pytest.mark.parametrize(("address", "expected"), [("127.0.0.1", 200), ("192.0.2.1", 403), ("::1", 403)])
def test_an_ipv4_caller_of_a_socket_for_both(dual: Afas, address: str, expected: int) -> None:
    restrict(dual, address)
    url = dual.base_url.replace("[::1]", "127.0.0.1")
    assert dual.http.get(f"{url}/metainfo", headers={"Authorization": dual.authorization}).status_code == expected


# ---------------------------------------------------------------- secrets


def secrets_of(*headers: str) -> list[str]:
    """Everything that gives a token away: its digits in either case, its XML in base64."""
    found = []
    for header in headers:
        text = header.removeprefix("AfasToken ")
        digits = re.search("[0-9A-F]{64}", base64.b64decode(text).decode())
        assert digits
        found += [digits[0], digits[0].lower(), text[:40]]
    return found


def everything_shown(afas: Afas) -> str:
    """All that the control API shows of an environment, as text."""
    shown = ["", "/users", "/app-connectors", "/logbook", "/traffic", "/data"]
    shown += [f"/data/{entity}" for entity in ENTITIES]
    answers = [afas.control("GET", path) for path in shown]
    answers.append(afas.http.get(f"{afas.control_url}/environments"))
    assert {answer.status_code for answer in answers} == {200}
    return json.dumps([answer.json() for answer in answers])


def test_no_secret_is_shown_again(afas: Afas) -> None:
    token, issued = issue(afas, expires="2030-01-01T00:00:00")
    for header in (afas.authorization, issued):
        raw = base64.b64decode(header.removeprefix("AfasToken ")).decode()
        for sent in (header, header.lower(), f"AfasToken {raw}", f"AfasToken {raw.lower()}", header[:-4], f"{header}="):
            call(afas, sent, PATHS[0])
            call(afas, sent, "nergens", Host="99999.rest.afas.online")
            call(afas, afas.authorization, f"connectors/Nergens?token={raw}&authorization={header}")
            afas.http.post(f"{afas.base_url}/connectors/Nergens", headers={"Authorization": sent}, json={})
    afas.control("DELETE", f"/tokens/{token}")
    call(afas, issued)
    shown = everything_shown(afas)
    assert [secret for secret in secrets_of(afas.authorization, issued) if secret in shown] == []


def test_a_token_that_no_environment_has_is_not_shown_either(demo: Afas) -> None:
    header = f"AfasToken {packed(token_xml('FEDCBA9876543210' * 4))}"
    call(demo, header)
    call(demo, f"AfasToken {token_xml('FEDCBA9876543210' * 4)}")
    shown = json.dumps([demo.control("GET", path).json() for path in ("/logbook", "/traffic")])
    assert [secret for secret in secrets_of(header) if secret in shown] == []
