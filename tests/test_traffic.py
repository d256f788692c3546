"""Recorded traffic: what is in an exchange and what is not, its bounds, and where it is recorded."""

from __future__ import annotations

import datetime as dt
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from mock_afas.traffic import MOST_BODY, MOST_BYTES, MOST_EXCHANGES, Exchange, Traffic
from tests.support import Afas
from tests.test_wire import KNOWN, PAGE, STREAMED, Kind, call


def exchanges(afas: Afas) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = afas.control("GET", "/traffic").json()["exchanges"]
    return found


def test_an_exchange_is_recorded(afas: Afas) -> None:
    afas.configure(clock="2026-01-02T03:04:05")
    answer = call(afas, "GET", f"{PAGE}?take=2&orderbyfieldids=CurrencyId", IntegrationId="12345_123456")
    (exchange,) = exchanges(afas)
    request, response = exchange.pop("request"), exchange.pop("response")
    assert response == {"status": 200, "outcome": "answered", "body": answer.text, "size": len(answer.content)}
    assert request["headers"].pop("integrationid") == "12345_123456"
    assert request.pop("headers")["authorization"] == "(redacted)"
    assert request == {
        "method": "GET",
        "path": f"/ProfitRestServices/{PAGE}",
        "query": "take=2&orderbyfieldids=CurrencyId",
        "body": "",
        "size": 0,
    }
    assert abs(dt.datetime.fromisoformat(exchange.pop("started")) - dt.datetime.now()) < dt.timedelta(days=1)  # noqa: DTZ005
    assert 0 < exchange.pop("duration_ms") < 60_000
    assert 0 < exchange.pop("port") < 65_536
    assert exchange == {
        "number": 1,
        "parallel": 1,
        "client": "127.0.0.1",
        "http_version": "1.1",
        "token": "T00001",
        "rows": 2,
        "columns": len(answer.json()["rows"][0]),
        "faults": [],
    }


@pytest.mark.parametrize("kind", KNOWN, ids=str)
def test_every_kind_of_answer_is_recorded_where_the_token_belongs(afas: Afas, kind: Kind) -> None:
    answer = kind.get(afas)
    recorded = exchanges(afas)
    assert [(one["request"]["method"], one["response"]["status"]) for one in recorded] == [(kind.method, kind.status)]
    assert recorded[0]["response"]["size"] == len(answer.content)
    assert recorded[0]["response"]["body"] == answer.text[:MOST_BODY]


def test_what_no_token_assigns_is_recorded_in_the_first_environment(demo: Afas) -> None:
    call(demo, "GET", "nergens/hier", Authorization="AfasToken bm9uc2Vuc2U=")
    last = exchanges(demo)[-1]
    assert (last["request"]["path"], last["response"]["status"]) == ("/ProfitRestServices/nergens/hier", 401)
    assert (last["token"], last["parallel"]) == ("", 0)


def test_traffic_is_numbered_on_after_it_is_cleared(afas: Afas) -> None:
    for _ in range(3):
        call(afas, "GET", PAGE)
    assert [exchange["number"] for exchange in exchanges(afas)] == [1, 2, 3]
    assert afas.control("DELETE", "/traffic").status_code == 204
    assert exchanges(afas) == []
    call(afas, "GET", PAGE)
    assert [exchange["number"] for exchange in exchanges(afas)] == [4]


def test_bodies_are_cut_at_64_kb_and_their_size_is_not(afas: Afas) -> None:
    streamed = call(afas, "GET", STREAMED)
    whole = call(afas, "GET", "connectors/Zenvoices_LedgerAccounts?take=400&orderbyfieldids=Account")
    sent = b"\xc3\xa9" * 40_000
    afas.http.post(f"{afas.base_url}/connectors/Nergens", headers={"Authorization": afas.authorization}, content=sent)
    recorded = exchanges(afas)
    for answer, exchange in zip((streamed, whole), recorded, strict=False):
        assert exchange["response"]["size"] == len(answer.content) > MOST_BODY
        assert exchange["response"]["body"] == answer.text[:MOST_BODY]
    assert recorded[2]["request"]["size"] == 80_000
    assert recorded[2]["request"]["body"] == sent[:MOST_BODY].decode()


@pytest.mark.parametrize("path", [PAGE, STREAMED, "connectors/Nergens"])
def test_no_body_is_recorded_of_a_head(afas: Afas, path: str) -> None:
    call(afas, "HEAD", path)
    response = exchanges(afas)[0]["response"]
    assert (response["body"], response["size"]) == ("", 0)


def test_the_size_of_a_packed_answer_is_what_is_in_it(afas: Afas) -> None:
    answer = call(afas, "GET", STREAMED, Accept_Encoding="gzip")
    assert exchanges(afas)[0]["response"]["size"] == len(answer.content)


def test_at_most_10_000_exchanges_are_kept(afas: Afas) -> None:
    request = f"GET /ProfitRestServices/profitversion HTTP/1.1\r\nAuthorization: {afas.authorization}\r\n\r\n".encode()
    with socket.create_connection((urlsplit(afas.base_url).hostname, urlsplit(afas.base_url).port)) as client:
        reader = client.makefile("rb")
        for _ in range(102):
            client.sendall(request * 100)
            for _ in range(100):
                while reader.readline() != b"\r\n":
                    pass
                assert reader.read(21) == b'{"version":"8.0.0.0"}'
    traffic = afas.control("GET", "/traffic").json()
    assert len(traffic["exchanges"]) == MOST_EXCHANGES == 10_000
    assert traffic["dropped"] == 200
    assert [traffic["exchanges"][at]["number"] for at in (0, -1)] == [201, 10_200]


def test_at_most_64_mb_of_traffic_is_kept() -> None:
    """Of the class itself, and not as JSON: that much of it takes many seconds to write."""
    traffic = Traffic()
    body = b"x" * MOST_BODY
    for _ in range(2_000):
        traffic.record(Exchange(1, 0.0, 0.0, "GET", "/", b"", [], body, len(body), 200, body, len(body), 1, "", ""))
    kept = len(traffic.exchanges())
    assert kept + traffic.dropped == 2_000
    assert 0.95 * MOST_BYTES < kept * 2 * MOST_BODY <= MOST_BYTES


@pytest.mark.parametrize("name", ["token", "apiKey", "access_token", "AUTHORIZATION"])
def test_secrets_in_a_query_string_are_not_recorded(afas: Afas, name: str) -> None:
    call(afas, "GET", f"{PAGE}?take=1&{name}=GEHEIM&skip=0", Cookie="a=GEHEIM", Proxy_Authorization="GEHEIM")
    assert "GEHEIM" not in json.dumps(exchanges(afas))
    assert exchanges(afas)[0]["request"]["query"] == f"take=1&{name}=(redacted)&skip=0"


@pytest.mark.parametrize(
    "query",
    [
        "token=XSECRETX",
        "%74oken=XSECRETX",
        "take=1;token=XSECRETX",
        "take=1&my_Api-Key=XSECRETX",
        "AccessToken=XSECRETX",
    ],
)
def test_secrets_in_a_query_are_left_out(afas: Afas, query: str) -> None:
    afas.get("connectors/Zenvoices_Items", query)
    assert "XSECRETX" not in afas.control("GET", "/traffic").text


@pytest.mark.parametrize(
    "body", ["grant_type=x&client_secret=XSECRETX", '{"apiKey": "XSECRETX", "a": 1}', '{"refresh_token":"XSECRETX']
)
def test_secrets_in_a_body_are_left_out(afas: Afas, body: str) -> None:
    url = f"{afas.base_url}/connectors/FiEntries"
    afas.http.post(url, content=body, headers={"Authorization": afas.authorization, "X-Api-Key": "XSECRETX"})
    text = afas.control("GET", "/traffic").text
    assert "XSECRETX" not in text
    assert "(redacted)" in text


def test_large_headers_are_cut(afas: Afas) -> None:
    afas.get("connectors/Zenvoices_Items", X_First="kept", X_Second="x" * 50_000)
    exchange = afas.control("GET", "/traffic").json()["exchanges"][-1]
    assert "x-second" not in exchange["request"]["headers"]
