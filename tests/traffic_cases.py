"""For each traffic rule calls that break it, and the nearest that do not: both against a real server.

A *good* sequence gives no finding of any rule, not only none of the one it stands beside.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import httpx

from tests import bodies
from tests.support import Afas

SUPPLIERS = "Zenvoices_Suppliers"
ACCOUNTS = "Zenvoices_LedgerAccounts"
INVOICES = "Zenvoices_SupplierInvoices"
ORDERED = "orderbyfieldids=CreditorId"
JSON = "application/json; charset=utf-8"
MB = 2**20


class Client:
    """A client of one environment that does all that is asked of it, unless a case tells it otherwise."""

    def __init__(self, afas: Afas) -> None:
        self.afas = afas
        self.http = httpx.Client(timeout=60)
        self._sockets: list[socket.socket] = []
        self.headers = {"Authorization": afas.authorization, "IntegrationId": "12345_123456"}

    def close(self) -> None:
        self.http.close()
        for connection in self._sockets:
            connection.close()

    def read(self, connector: str, query: str = "", **headers: str) -> httpx.Response:
        return self.get(f"connectors/{connector}?{query}", **headers)

    def get(self, path: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.get(f"{self.afas.base_url}/{path}", headers={**self.headers, **named})

    def send(
        self, connector: str, body: Any, method: str = "POST", content_type: str = JSON, **headers: str
    ) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {**self.headers, "Content-Type": content_type}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.request(method, f"{self.afas.base_url}/connectors/{connector}", content=content, headers=named)

    def raw(self, request: str, content: bytes = b"", **headers: str) -> socket.socket:
        """A connection on which a request was sent, with ``content`` behind it, and no answer read."""
        address = urlsplit(self.afas.base_url)
        assert address.hostname
        named = {"Host": address.netloc, **self.headers}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{request} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items()), "", ""]
        connection = socket.create_connection((address.hostname, address.port or 80), timeout=60)
        self._sockets.append(connection)
        connection.sendall("\r\n".join(lines).encode() + content)
        return connection

    def recorded(self, calls: int) -> None:
        """Waits until the environment has so many recorded calls."""
        deadline = time.monotonic() + 120
        while len(self.afas.control("GET", "/traffic").json()["exchanges"]) < calls:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    @contextmanager
    def occupying(self, calls: int) -> Iterator[None]:
        """So many calls that last as long as the block: their bodies are announced and do not come."""
        path = f"{urlsplit(self.afas.base_url).path}/connectors/FiEntries"
        held = [self.raw(f"POST {path}", Content_Length="10", Content_Type=JSON) for _ in range(calls)]
        for _ in range(2):  # answered without waiting for a turn, after the server has seen what came before
            httpx.options(self.afas.base_url, timeout=60)
        yield
        for connection in held:
            connection.sendall(b"0123456789")
            connection.recv(1_000)


Play = Callable[[Client], object]


class Case(NamedTuple):
    bad: Play
    good: Play


# ---------------------------------------------------------------- reading


def _pages(client: Client, connector: str, query: str = "", size: int = 40) -> None:
    skip = 0
    while len(client.read(connector, f"skip={skip}&take={size}&{query}").json()["rows"]) == size:
        skip += size


def _one_page(client: Client) -> None:
    """92 suppliers fit in one page, which needs no order; so does a look whether there is any."""
    client.read(SUPPLIERS, "take=1000")
    client.read(INVOICES, "take=1")


def _large_table(client: Client, take: str) -> None:
    rows = [{"administration": 1, "account": f"9{number:05}", "description": "x"} for number in range(7_000)]
    client.afas.put("accounts", *rows)
    client.read(ACCOUNTS, f"orderbyfieldids=UnitId,Account&{take}")


def _query_of(size: int) -> str:
    return f"{ORDERED}&take=1&x=".ljust(size - 1, "y")


def _changes_only(client: Client) -> None:
    rows = client.read(SUPPLIERS, "take=1000").json()["rows"]
    latest = max(row["ModifiedDate"] for row in rows).removesuffix("Z")
    for _ in range(3):
        client.read(SUPPLIERS, f"filterfieldids=ModifiedDate&filtervalues={latest}&operatortypes=2&take=1000")


def _small_tables_again(client: Client) -> None:
    for _ in range(3):
        client.read("Zenvoices_Currencies", "take=1000")
    _changes_only(client)


def _by_number(client: Client, numbers: Sequence[int]) -> None:
    for number in numbers:
        client.read(SUPPLIERS, f"filterfieldids=CreditorId&filtervalues={number}&operatortypes=1")


def _many_at_once(client: Client) -> None:
    """A loop that is short, one filter for many, and a look before each write: none is one call a row."""
    _by_number(client, range(50_000, 50_009))
    wanted = ";".join(str(number) for number in range(50_000, 50_030))
    fields, operators = ";".join(["CreditorId"] * 30), ";".join(["1"] * 30)
    client.read(SUPPLIERS, f"filterfieldids={fields}&filtervalues={wanted}&operatortypes={operators}")
    for number in range(12):
        looked = f"filterfieldids=InvoiceNumber&filtervalues=N{number}&operatortypes=1"
        client.read(INVOICES, looked)
        client.send("FiEntries", bodies.purchase(f"N{number}"))


def _filtered(client: Client, field: str, value: str, operator: int) -> None:
    client.read(SUPPLIERS, f"filterfieldids={field}&filtervalues={quote(value)}&operatortypes={operator}")


def _names_that_end_in_z(client: Client) -> None:
    _filtered(client, "CreditorName", "Benz", 1)
    _filtered(client, "CreditorName", "2026Z", 13)
    _filtered(client, "ModifiedDate", "2026-01-01T09:00:00", 2)


def _times(client: Client, *filters: tuple[str, str, int]) -> None:
    for field, value, operator in filters:
        _filtered(client, field, value, operator)


# ---------------------------------------------------------------- again


def _unsupported(client: Client, times: int) -> None:
    for _ in range(times):
        client.read("Nergens")


REFUSED = bodies.purchase("R-1", period="99")


def _refused_twice(client: Client) -> None:
    client.send("FiEntries", REFUSED)
    client.send("FiEntries", REFUSED)


def _mended(client: Client) -> None:
    """Another body; the same one after the master data was mended by an administrator; after an own write."""
    client.send("FiEntries", REFUSED)
    client.send("FiEntries", bodies.purchase("R-1"))
    wrong = bodies.purchase("R-2", creditor="77777")
    client.send("FiEntries", wrong)
    client.afas.put("currencies", {"currency": "EUR", "description": "Euro"})
    client.send("FiEntries", wrong)
    client.send("KnPurchaseRelationOrg", bodies.supplier("Nieuw"))
    client.send("FiEntries", wrong)


def _wrong_token(client: Client, *, stops: bool) -> None:
    client.afas.control("PATCH", "/app-connectors/1", {"ip_addresses": ["192.0.2.1"]})
    client.read("Zenvoices_Currencies")
    if not stops:
        client.read("Zenvoices_Currencies")
    client.afas.control("PATCH", "/app-connectors/1", {"ip_addresses": []})
    client.read("Zenvoices_Currencies")


def _maintenance(client: Client, asked: int, wait: float) -> None:
    client.afas.configure(maintenance=asked)
    client.read("Zenvoices_Currencies")
    time.sleep(wait)
    client.read("Zenvoices_Currencies")


def _gave_up(client: Client, body: Any) -> None:
    """A write that takes longer than the client waits; it is carried out all the same."""
    slow = {"match": {"connector": "FiEntries", "times": 1}, "effect": {"kind": "delay", "milliseconds": 2_000}}
    assert client.afas.control("POST", "/faults", slow).status_code == 201
    content = json.dumps(body).encode()
    path = f"{urlsplit(client.afas.base_url).path}/connectors/FiEntries"
    write = client.raw(f"POST {path}", content, Content_Type=JSON, Content_Length=str(len(content)))
    while not client.afas.control("GET", "/faults").json()["faults"][-1]["fired"]:
        time.sleep(0.01)
    write.close()
    client.recorded(1)


def _blind_retry(client: Client) -> None:
    body = bodies.purchase("B-1")
    _gave_up(client, body)
    client.read("Zenvoices_Currencies")
    client.send("FiEntries", body)


# ---------------------------------------------------------------- how calls are made


def _crowd(client: Client, calls: int) -> None:
    with client.occupying(calls):
        pass


def _closing(client: Client) -> None:
    for _ in range(2):
        client.read("Zenvoices_Currencies", Connection="close")


def _keeping(client: Client) -> None:
    """One connection for all, closed with the last call."""
    for _ in range(12):
        client.read("Zenvoices_Currencies")
    client.read("Zenvoices_Currencies", Connection="close")


def _in_the_clear(client: Client, host: str) -> None:
    client.read("Zenvoices_Currencies", Host=host)


def _without_integration_id(client: Client) -> None:
    del client.headers["IntegrationId"]
    client.read("Zenvoices_Currencies")


def _token_in_query(client: Client) -> None:
    client.read("Zenvoices_Currencies", f"take=2&token={quote(client.afas.token)}")


def _talk_of_tokens(client: Client) -> None:
    _filtered(client, "CreditorName", "token=geheim", 6)
    client.send("FiEntries", bodies.purchase("T-1", De="token"))


# ---------------------------------------------------------------- bodies


def _accents(client: Client, content_type: str, *, escaped: bool) -> None:
    body = bodies.supplier("Café Één")
    client.send("KnPurchaseRelationOrg", json.dumps(body, ensure_ascii=escaped).encode(), content_type=content_type)


def _encoded_well(client: Client) -> None:
    _accents(client, JSON, escaped=False)
    _accents(client, "application/json", escaped=True)


def _entry(lines: int) -> dict[str, Any]:
    pairs = [bodies.line("1", "4510", debit="1"), bodies.line("1", "1500", credit="1")]
    return bodies.entry(*(pairs * (lines // 2 + 1))[:lines], journal="80")


def _body_of(client: Client, size: int) -> None:
    client.send("FiEntries", json.dumps(bodies.purchase("G-1")).encode().ljust(size))


def _announced(client: Client, size: int) -> None:
    path = f"{urlsplit(client.afas.base_url).path}/connectors/KnSubject"
    client.raw(f"POST {path}", Content_Length=str(size), Content_Type=JSON).recv(1_000)


def _in_turn(*sequences: Play) -> Play:
    def sequence(client: Client) -> None:
        for one in sequences:
            one(client)

    return sequence


CASES: Mapping[str, Case] = {
    "paging-without-order": Case(
        lambda client: _pages(client, SUPPLIERS),
        _in_turn(lambda client: _pages(client, ACCOUNTS, "orderbyfieldids=UnitId,Account", 400), _one_page),
    ),
    "all-rows-at-once": Case(
        lambda client: client.read("Zenvoices_Currencies", "skip=-1&take=-1"),
        lambda client: client.read("Zenvoices_Currencies", "skip=0&take=1000"),
    ),
    "answer-too-large": Case(
        lambda client: _large_table(client, "take=7500"),
        lambda client: _large_table(client, "take=7000"),
    ),
    "query-string-too-long": Case(
        lambda client: client.read(SUPPLIERS, _query_of(2_050)),
        lambda client: client.read(SUPPLIERS, _query_of(1_800)),
    ),
    "query-string-near-limit": Case(
        lambda client: client.read(SUPPLIERS, _query_of(2_049)),
        lambda client: client.read(SUPPLIERS, _query_of(1_800)),
    ),
    "whole-table-again": Case(
        _in_turn(*[lambda client: _pages(client, SUPPLIERS, ORDERED)] * 2),
        _small_tables_again,
    ),
    "one-call-for-each-value": Case(
        lambda client: _by_number(client, range(50_000, 50_010)),
        _many_at_once,
    ),
    "unsupported-connector-again": Case(
        lambda client: _unsupported(client, 3),
        lambda client: _unsupported(client, 2),
    ),
    "filter-value-with-z": Case(
        lambda client: _filtered(client, "ModifiedDate", "2026-01-01T09:00:00Z", 2),
        _names_that_end_in_z,
    ),
    "exact-match-on-time": Case(
        lambda client: _filtered(client, "ModifiedDate", "2026-01-01T09:00:00", 1),
        lambda client: _times(client, ("ModifiedDate", "2026-01-01T09:00:00", 2), ("CreditorName", "2026-01-01", 1)),
    ),
    "blind-retry-of-write": Case(_blind_retry, lambda client: client.send("FiEntries", bodies.purchase("B-2"))),
    "validation-error-again": Case(_refused_twice, _mended),
    "unauthorized-again": Case(
        lambda client: _wrong_token(client, stops=False),
        lambda client: _wrong_token(client, stops=True),
    ),
    "before-retry-after": Case(
        lambda client: _maintenance(client, 30, 0),
        lambda client: _maintenance(client, 1, 1.1),
    ),
    "too-many-at-once": Case(lambda client: _crowd(client, 6), lambda client: _crowd(client, 5)),
    "connection-for-each-call": Case(_closing, _keeping),
    "plain-http": Case(
        lambda client: _in_the_clear(client, "afas.example.nl"),
        lambda client: _in_the_clear(client, "localhost:8080"),
    ),
    "missing-integration-id": Case(_without_integration_id, lambda client: client.read("Zenvoices_Currencies")),
    "token-outside-header": Case(_token_in_query, _talk_of_tokens),
    "body-without-charset": Case(
        lambda client: _accents(client, "application/json", escaped=False),
        _encoded_well,
    ),
    "too-many-lines": Case(
        lambda client: client.send("FiEntries", _entry(1_001)), lambda client: client.send("FiEntries", _entry(1_000))
    ),
    "large-body": Case(
        lambda client: _body_of(client, 10 * MB + 1),
        lambda client: _body_of(client, 10 * MB),
    ),
    "body-too-large": Case(
        lambda client: _announced(client, 75 * MB + 1),
        lambda client: _body_of(client, 10 * MB),
    ),
}


def play(sequence: Play, afas: Afas) -> None:
    """Lets a client of ``afas`` make the calls of a case."""
    client = Client(afas)
    try:
        sequence(client)
    finally:
        client.close()
