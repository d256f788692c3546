"""Addresses, headers and encodings of what is below ``/ProfitRestServices``. wire.md 1, 3 and 6."""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest

from mock_afas import connectors
from tests.support import Afas

ALL = "skip=-1&take=-1"
PAGE = "connectors/Zenvoices_Currencies"
STREAMED = f"connectors/Zenvoices_Periods?{ALL}&orderbyfieldids=Unit,Year,Period"
UNKNOWN = "GetConnector niet ondersteund voor deze app of de gebruiker is niet geautoriseerd"
JSON = "application/json; charset=utf-8"
XML = "application/xml; charset=utf-8"
HEX_32 = re.compile(r"[0-9A-F]{32}")

ALWAYS = {
    "cache-control": "no-store, no-cache",
    "x-afas-proxy-version": "4.3.0.0",
    "x-content-type-options": "nosniff",
    "x-frame-options": "deny",
    "strict-transport-security": "max-age=31536000",
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "Content-Type, Accept, Authorization, OnlineSessionId, Accept-Language",
    "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS",
    "access-control-max-age": "1728000",
}
#: Headers that differ from call to call, with their form.
VARYING = {
    "date": re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"),
    "x-afas-proxy-stats": re.compile(r"init\(\d+ms\), before response\(\d+ms\), complete\(\d+ms\)"),
    "x-trace-identifier": HEX_32,
}


def call(afas: Afas, method: str, path: str, **headers: str) -> httpx.Response:
    """A call without compression."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {"Authorization": afas.authorization, "Accept-Encoding": "identity", **named}
    return afas.http.request(method, f"{afas.base_url}/{path}", headers=sent)


def restrict(afas: Afas, *addresses: str) -> None:
    answer = afas.control("PATCH", "/app-connectors/1", {"ip_addresses": addresses})
    assert answer.status_code == 200, answer.text


# ---------------------------------------------------------------- headers


class Kind(NamedTuple):
    """A kind of answer: how to get it, its status and content type, and the headers it has beside the usual."""

    name: str
    status: int
    content_type: str
    path: str
    method: str = "GET"
    prepare: Callable[[Afas], None] = lambda _: None
    headers: dict[str, str] = {}  # noqa: RUF012 - read only
    more: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return self.name

    def get(self, afas: Afas) -> httpx.Response:
        self.prepare(afas)
        return call(afas, self.method, self.path, **self.headers)


ERROR_HEADER = frozenset(("x-profit-error",))
KINDS = (
    Kind("a page", 200, JSON, PAGE),
    Kind("an empty page", 200, JSON, f"{PAGE}?skip=1000"),
    Kind("a streamed answer", 200, JSON, STREAMED),
    Kind("metainfo", 200, JSON, "metainfo"),
    Kind("metainfo of a GetConnector", 200, JSON, "metainfo/get/Zenvoices_Currencies"),
    Kind("metainfo of an UpdateConnector", 200, JSON, "metainfo/update/FiInvoice"),
    Kind("version", 200, JSON, "profitversion"),
    Kind("unknown field", 500, JSON, f"{PAGE}?orderbyfieldids=Nergens", more=ERROR_HEADER),
    Kind("unknown connector", 500, JSON, "connectors/Nergens", more=ERROR_HEADER),
    Kind("unknown metainfo", 500, JSON, "metainfo/get/Nergens", more=ERROR_HEADER),
    Kind("write", 500, JSON, "connectors/Nergens", "POST", more=ERROR_HEADER),
    Kind("wrong token", 401, XML, PAGE, headers={"Authorization": "AfasToken bm9uc2Vuc2U="}),
    Kind("wrong address", 403, XML, PAGE, prepare=lambda afas: restrict(afas, "192.0.2.1")),
    Kind("nothing there", 404, XML, "nergens"),
    Kind("long query string", 404, XML, f"{PAGE}?x={'y' * 2_049}"),
    Kind("wrong method", 405, XML, "profitversion", "PATCH"),
    Kind("options", 200, XML, PAGE, "OPTIONS"),
    Kind(
        "maintenance",
        503,
        JSON,
        PAGE,
        prepare=lambda afas: afas.configure(maintenance=7_200),
        more=frozenset(("retry-after",)),
    ),
)
#: Those whose caller a token tells.
KNOWN = tuple(kind for kind in KINDS if kind.name not in ("options", "wrong token"))
each_kind = pytest.mark.parametrize("kind", KINDS, ids=str)


@each_kind
def test_headers(afas: Afas, kind: Kind) -> None:
    answer = kind.get(afas)
    assert answer.status_code == kind.status
    length = "transfer-encoding" if kind.path is STREAMED else "content-length"
    assert set(answer.headers) == {*ALWAYS, *VARYING, "content-type", length, *kind.more}
    assert ALWAYS.items() <= dict(answer.headers).items()
    for name, form in VARYING.items():
        assert form.fullmatch(answer.headers[name]), name
    assert answer.headers["content-type"] == kind.content_type
    assert (answer.content == b"") == (kind.content_type == XML)
    if length == "content-length":
        assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize("kind", KNOWN, ids=str)
@pytest.mark.parametrize("version", [5, 6, 7, 8, 9])
def test_a_trace_identifier_comes_from_profit_7(afas: Afas, kind: Kind, version: int) -> None:
    afas.configure(profit_version=version)
    answer = kind.get(afas)
    assert answer.status_code == kind.status
    assert ("x-trace-identifier" in answer.headers) == (version >= 7)


def test_every_call_has_a_trace_identifier_of_its_own(demo: Afas) -> None:
    assert len({call(demo, "GET", "profitversion").headers["x-trace-identifier"] for _ in range(20)}) == 20


HEADED = tuple(kind for kind in KINDS if kind.method == "GET")


@pytest.mark.parametrize("kind", HEADED, ids=str)
def test_head_is_get_without_its_body(afas: Afas, kind: Kind) -> None:
    afas.configure(dialect={"order": "stable"})
    got, headed = kind.get(afas), kind._replace(method="HEAD").get(afas)
    assert headed.status_code == got.status_code
    assert headed.content == b""
    differing = {*VARYING, "transfer-encoding", "x-profit-error"}
    assert {name: value for name, value in headed.headers.items() if name not in differing} == {
        name: value for name, value in got.headers.items() if name not in differing
    }


def test_no_body_follows_a_head(demo: Afas) -> None:
    """A byte of it would be taken for the beginning of the next answer."""
    connection = http.client.HTTPConnection(urlsplit(demo.base_url).netloc)
    for path in (STREAMED, PAGE, "connectors/Nergens", "metainfo"):
        for method in ("HEAD", "GET"):
            connection.request(method, f"/ProfitRestServices/{path}", headers={"Authorization": demo.authorization})
            answer = connection.getresponse()
            assert bool(answer.read()) == (method == "GET")
    connection.close()


@pytest.mark.parametrize("path", [PAGE, "connectors/Nergens", "metainfo", "nergens", "connectors/FiEntries/FiEntryPar"])
def test_options_needs_no_token(demo: Afas, path: str) -> None:
    preflight = {
        "Origin": "https://example.com",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = demo.http.options(f"{demo.base_url}/{path}", headers=preflight)
    assert (answer.status_code, answer.content) == (200, b"")
    assert ALWAYS.items() <= dict(answer.headers).items()


@pytest.mark.parametrize(
    "path", [f"connectors/Zenvoices_Suppliers?orderbyfieldids=CreditorId&{ALL}", STREAMED, "metainfo"]
)
def test_gzip_for_a_client_that_accepts_it(demo: Afas, path: str) -> None:
    plain = call(demo, "GET", path)
    packed = call(demo, "GET", path, Accept_Encoding="deflate, gzip;q=0.9")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert packed.num_bytes_downloaded < len(plain.content) / 2
    assert ALWAYS.items() <= dict(packed.headers).items()


def test_gzip_leaves_an_answer_without_body_alone(demo: Afas) -> None:
    answer = call(demo, "GET", "nergens", Accept_Encoding="gzip")
    assert answer.headers["content-length"] == "0"
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("path", [PAGE, STREAMED])
def test_http_1_0_gets_no_chunks(demo: Afas, path: str) -> None:
    with socket.create_connection((urlsplit(demo.base_url).hostname, urlsplit(demo.base_url).port)) as client:
        client.sendall(
            f"GET /ProfitRestServices/{path} HTTP/1.0\r\nAuthorization: {demo.authorization}\r\n\r\n".encode()
        )
        answer = http.client.HTTPResponse(client)
        answer.begin()
        body = answer.read()
    assert answer.getheader("transfer-encoding") is None
    assert answer.getheader("content-length") == str(len(body))
    assert json.loads(body)["rows"]


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "path",
    [
        "/profitrestservices/connectors/Zenvoices_Suppliers",
        "/PROFITRESTSERVICES/CONNECTORS/ZENVOICES_SUPPLIERS",
        "/profitrestservices/CONNECTORS/zenvoices_suppliers",
        "/ProfitRestServices/connectors/Zenvoices_Suppliers/",
        "/ProfitRestServices/connectors/Zenvoices%5FSuppliers",
        "/ProfitRestServices/MetaInfo",
        "/ProfitRestServices/Metainfo",
        "/profitRestServices/METAINFO/GET/zenvoices_suppliers",
        "/profitRestServices/metainfo/Update/fientries",
        "/ProfitRestServices/ProfitVersion",
    ],
)
def test_case_does_not_count_in_a_path(demo: Afas, path: str) -> None:
    url = demo.base_url.removesuffix("/ProfitRestServices") + path
    assert demo.http.get(url, headers={"Authorization": demo.authorization}).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("connectors/Zenvoices_Currencies", 200),
        ("CONNECTORS/Zenvoices_Currencies", 200),
        ("connectors/zenvoices_currencies", 500),
        ("connectors/Zenvoices_Currencies?orderbyfieldids=CurrencyId", 200),
        ("connectors/Zenvoices_Currencies?orderbyfieldids=currencyid", 500),
        ("metainfo/get/Zenvoices_Currencies", 200),
        ("metainfo/get/zenvoices_currencies", 500),
        ("MetaInfo/Update/FiEntries", 200),
        ("metainfo/update/fientries", 500),
    ],
)
def test_case_counts_in_ids_where_amb_04_says_so(afas: Afas, path: str, status: int) -> None:
    afas.configure(dialect={"AMB-04": "case_sensitive"})
    assert call(afas, "GET", path).status_code == status
    afas.configure(dialect={"AMB-04": "case_insensitive"})
    assert call(afas, "GET", path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "",
        "nergens",
        "connectors",
        "connectors/",
        "connectors//Zenvoices_Currencies",
        "connectors/Zenvoices_Currencies/more",
        "metainfo/get",
        "metainfo/nergens/Zenvoices_Currencies",
        "metainfo/get/Zenvoices_Currencies/more",
        "profitversion/more",
        "../_mock/health",
        "%2e%2e/_mock/health",
    ],
)
def test_nothing_is_there(demo: Afas, path: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(demo.base_url).netloc)
    connection.request("GET", f"/ProfitRestServices/{path}", headers={"Authorization": demo.authorization})
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (404, b"")
    connection.close()


@pytest.mark.parametrize("base", ["/ProfitRestServices", "/profitrestservices", "/PROFITRESTSERVICES/"])
def test_nothing_is_at_the_base_path(demo: Afas, base: str) -> None:
    url = demo.base_url.removesuffix("/ProfitRestServices") + base
    answer = demo.http.get(url, headers={"Authorization": demo.authorization})
    assert (answer.status_code, answer.content) == (404, b"")
    assert ALWAYS.items() <= dict(answer.headers).items()


@pytest.mark.parametrize("filler", ["x", "%41", "%C3%A9", "&"])
@pytest.mark.parametrize("path", [PAGE, "metainfo", "profitversion"])
def test_a_query_string_has_2049_characters_at_most(demo: Afas, path: str, filler: str) -> None:
    """Its question mark counts, and so does every character of what is percent-encoded."""
    query = "?take=1&x="
    longest = query + (filler * 2_049)[: (2_049 - len(query)) // len(filler) * len(filler)].ljust(
        2_049 - len(query), "x"
    )
    assert len(longest) == 2_049
    assert call(demo, "GET", path + longest).status_code == 200
    assert call(demo, "GET", f"{path}{longest}x").status_code == 404


# ---------------------------------------------------------------- which connectors there are


@pytest.mark.parametrize("path", ["connectors/Nergens", "connectors/FiEntries", "connectors/%00", "connectors/%FF"])
def test_an_unknown_connector(afas: Afas, path: str) -> None:
    answer = call(afas, "GET", path)
    assert (answer.status_code, answer.json()["externalMessage"]) == (500, UNKNOWN)
    afas.configure(dialect={"AMB-07": "unauthorized"})
    answer = call(afas, "GET", path)
    assert (answer.status_code, answer.content) == (401, b"")
    assert call(afas, "GET", PAGE).status_code == 200


def listed(afas: Afas, kind: str = "getConnectors") -> list[str]:
    return [connector["id"] for connector in afas.get("metainfo").json()[kind]]


def test_a_connector_that_is_not_in_the_app_connector(afas: Afas) -> None:
    assert call(afas, "GET", PAGE).status_code == 200
    for connectors_of_app in (["zenvoices_SUPPLIERS"], []):
        afas.control("PATCH", "/app-connectors/1", {"get_connectors": connectors_of_app})
        assert call(afas, "GET", PAGE).json()["externalMessage"] == UNKNOWN
        assert call(afas, "GET", "metainfo/get/Zenvoices_Currencies").status_code == 500
    afas.configure(dialect={"AMB-07": "unauthorized"})
    assert call(afas, "GET", PAGE).status_code == 401
    afas.control("PATCH", "/app-connectors/1", {"get_connectors": ["zenvoices_currencies"]})
    assert call(afas, "GET", PAGE).status_code == 200
    assert listed(afas) == ["Zenvoices_Currencies"]


MISSING = (
    ("currencies", ["Zenvoices_Currencies"]),
    ("projects", ["Zenvoices_Projects", "Zenvoices_ProjectStages", "Zenvoices_Items"]),
    ("allocation", ["Zenvoices_AllocationCodeAssignments"]),
    ("commitments", ["Zenvoices_Commitments"]),
)


@pytest.mark.parametrize(("feature", "refused"), MISSING)
def test_a_feature_that_the_licence_lacks(afas: Afas, feature: str, refused: list[str]) -> None:
    before = listed(afas)
    afas.configure(without=[feature])
    gone = set(before) - set(listed(afas))
    assert {name for name in gone if name.startswith("Zenvoices_")} == set(refused)
    for name in gone:
        assert call(afas, "GET", f"connectors/{name}").json()["externalMessage"] == UNKNOWN
        assert call(afas, "GET", f"metainfo/get/{name}").status_code == 500
    afas.configure(without=[])
    assert listed(afas) == before
    for name in gone:
        assert call(afas, "GET", f"connectors/{name}").status_code == 200


@pytest.mark.parametrize("feature", [feature for feature, _ in MISSING])
def test_the_columns_of_a_feature_that_the_licence_lacks_are_null(afas: Afas, feature: str) -> None:
    def filled() -> set[tuple[str, str]]:
        return {
            (connector.id, field.id)
            for connector in connectors.get_connectors().values()
            if connector.feature != feature and any(field.feature == feature for field in connector.fields)
            for row in afas.rows(connector.id, skip="-1", take="-1")
            for field in connector.fields
            if field.feature == feature and row[field.id] is not None
        }

    assert filled()
    afas.configure(without=[feature])
    assert not filled()


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip", True),
        ("deflate, gzip;q=0.5", True),
        ("gzip; q=1.0", True),
        ("gzip;q=0", False),
        ("gzip;q=0.0, deflate", False),
        ("xgzip", False),
        ("identity", False),
    ],
)
def test_gzip_is_for_those_who_accept_it(demo: Afas, accepted: str, compressed: bool) -> None:
    answer = demo.get("metainfo", Accept_Encoding=accepted)
    assert (answer.headers.get("content-encoding") == "gzip") is compressed
