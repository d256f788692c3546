"""Faults, each seen by a client with nothing but a socket, in both phases; what they leave in books and record."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
import pytest

from mock_afas.faults import MOST_FAULTS
from mock_afas.faults.kinds import KINDS
from tests.bodies import purchase
from tests.support import Afas, fork, start
from tests.test_control import error
from tests.test_wire import STREAMED

READ = "connectors/Zenvoices_Currencies?take=5&orderbyfieldids=CurrencyId"
WRITE = "connectors/FiEntries"
ACCOUNTS = "connectors/Zenvoices_LedgerAccounts?skip=-1&take=-1"


@pytest.fixture(autouse=True)
def no_python_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fails a test during which the server noted an error or a warning, its own or uvicorn's."""
    with caplog.at_level(logging.WARNING):
        yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


@dataclass(frozen=True)
class Seen:
    """All that came over a connection up to its end, how that was, and how long it took in seconds."""

    raw: bytes
    end: Literal["closed", "reset"]
    took: float

    @property
    def head(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int | None:
        return int(self.head.split(b" ", 2)[1]) if self.raw else None

    @property
    def headers(self) -> dict[str, str]:
        pairs = (line.partition(b": ") for line in self.head.split(b"\r\n")[1:])
        return {name.decode().lower(): value.decode("latin-1") for name, _, value in pairs}

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def is_whole(self) -> bool:
        return int(self.headers["content-length"]) == len(self.body)


def send(afas: Afas, path: str = READ, *, method: str = "GET", body: Any = None, **headers: str) -> Seen:
    """One request on a connection of its own, as bytes."""
    content = b"" if body is None else json.dumps(body).encode()
    named = {
        "Host": "localhost",
        "Connection": "close",
        "Authorization": afas.authorization,
        "Content-Length": str(len(content)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    address, raw, began = urlsplit(afas.base_url), b"", time.perf_counter()
    end: Literal["closed", "reset"] = "closed"
    with socket.create_connection((address.hostname, address.port), timeout=120) as client:
        client.sendall(f"{method} /ProfitRestServices/{path} HTTP/1.1\r\n{head}\r\n".encode() + content)
        try:
            while part := client.recv(2**16):
                raw += part
        except ConnectionResetError:
            end = "reset"
    return Seen(raw, end, time.perf_counter() - began)


def book(afas: Afas, invoice: str = "F-100", **headers: str) -> Seen:
    return send(afas, WRITE, method="POST", body=purchase(invoice), **headers)


def booked(afas: Afas, invoice: str = "F-100") -> int:
    """How many lines of a relation in the books carry this invoice number."""
    entries = afas.control("GET", "/books").json()["entries"]
    return sum(line["invoice"] == invoice for entry in entries for line in entry["lines"])


def inject(afas: Afas, kind: str, phase: str = "before", match: Mapping[str, Any] | None = None, **options: Any) -> str:
    """Adds a fault and gives its id."""
    body = {"match": match or {}, "phase": phase, "effect": {"kind": kind, **options}}
    answer = afas.control("POST", "/faults", body)
    assert answer.status_code == 201, answer.text
    fault: dict[str, Any] = answer.json()
    assert (fault["matched"], fault["fired"], fault["phase"], fault["effect"]["kind"]) == (0, 0, phase, kind)
    return str(fault["id"])


def counts(afas: Afas) -> list[tuple[int, int]]:
    """How often each fault matched and fired."""
    return [(fault["matched"], fault["fired"]) for fault in afas.control("GET", "/faults").json()["faults"]]


def last(afas: Afas) -> dict[str, Any]:
    """The last recorded exchange."""
    exchange: dict[str, Any] = afas.control("GET", "/traffic").json()["exchanges"][-1]
    return exchange


# ---------------------------------------------------------------- each kind, in both phases


def _is_profit_error(message: str, number: int = -2147180996) -> Callable[[Seen], None]:
    def check(seen: Seen) -> None:
        assert seen.status == 500
        assert (seen.json["externalMessage"], seen.json["errorNumber"]) == (message, number)
        assert len(seen.json["profitLogReference"]) == 32
        assert "x-profit-error" in seen.headers

    return check


def _has_status(status: int, body: bytes = b"") -> Callable[[Seen], None]:
    def check(seen: Seen) -> None:
        assert (seen.status, seen.body) == (status, body)
        assert seen.is_whole

    return check


def _is_dropped(end: str) -> Callable[[Seen], None]:
    def check(seen: Seen) -> None:
        assert (seen.raw, seen.end) == (b"", end)

    return check


def _is_cut(seen: Seen) -> None:
    assert seen.status in {200, 201}
    assert 0 < len(seen.body) < int(seen.headers["content-length"])
    assert seen.end == "closed"
    with pytest.raises(json.JSONDecodeError):
        json.loads(seen.body)


def _is_no_json(seen: Seen) -> None:
    assert seen.status == 200
    assert seen.is_whole
    with pytest.raises(ValueError, match=r"JSON|codec|decode|Expecting|Extra"):
        json.loads(seen.body)


def _asks_back_later(seconds: int, status: int = 503) -> Callable[[Seen], None]:
    def check(seen: Seen) -> None:
        assert seen.status == status
        assert seen.headers["retry-after"] == str(seconds)
        assert seen.json["retry_after"] == seconds
        assert seen.json["error"]["code"] == str(status)

    return check


def _is_late(seen: Seen) -> None:
    assert seen.status in {200, 201}
    assert seen.is_whole
    assert seen.took >= 0.08


def _is_whole(seen: Seen) -> None:
    assert seen.status in {200, 201}
    assert seen.is_whole


LOCKED = "De boekingslay-out is geblokkeerd door een andere gebruiker."
TIMEOUT = "De maximale tijdsduur voor het uitvoeren van de opdracht is verstreken."
PERIOD = "Voor deze administratie is periode 3 van jaar 2024 geblokkeerd."
SUPPLIER = {"supplier_id": "N{n}", "name": "Nieuw {n}"}

#: Kind, options, what the client sees.
CASES: list[tuple[str, dict[str, Any], Callable[[Seen], None]]] = [
    ("delay", {"milliseconds": 80}, _is_late),
    ("delay", {"milliseconds": 80, "jitter_milliseconds": 20}, _is_late),
    ("status", {}, _has_status(500)),
    ("status", {"status": 401}, _has_status(401)),
    ("status", {"status": 502, "body": "<p>Bad Gateway</p>"}, _has_status(502, b"<p>Bad Gateway</p>")),
    ("status", {"status": 400, "body": {"message": "nee"}}, _has_status(400, b'{"message":"nee"}')),
    ("error", {}, _is_profit_error("Er is een onverwachte fout opgetreden.", -2147180999)),
    ("error", {"key": "timeout"}, _is_profit_error(TIMEOUT)),
    ("error", {"key": "entry_period_blocked", "parameters": {"period": "3", "year": "2024"}}, _is_profit_error(PERIOD)),
    ("error", {"message": "Eigen tekst", "number": -7}, _is_profit_error("Eigen tekst", -7)),
    ("error", {"message": "Eigen tekst"}, _is_profit_error("Eigen tekst")),
    ("drop", {}, _is_dropped("closed")),
    ("drop", {"reset": True}, _is_dropped("reset")),
    ("truncate", {}, _is_cut),
    ("truncate", {"bytes": 7}, _is_cut),
    ("truncate", {"bytes": 2**31}, _is_cut),
    ("garbage", {}, _is_no_json),
    ("garbage", {"form": "bytes", "bytes": 1_000}, _is_no_json),
    ("garbage", {"form": "html"}, _is_no_json),
    ("maintenance", {}, _asks_back_later(7_200)),
    ("maintenance", {"retry_after": 3}, _asks_back_later(3)),
    ("locked", {}, _is_profit_error(LOCKED)),
    ("throttle", {"parallel": 0}, _asks_back_later(1)),
    ("throttle", {"parallel": 0, "status": 429, "retry_after": 9}, _asks_back_later(9, 429)),
    ("change_data", {"entity": "suppliers", "rows": [SUPPLIER]}, _is_whole),
]
_GOING_ON = {name for name, kind in KINDS.items() if kind.goes_on}


def _named(case: object) -> str:
    return f"{case}" if isinstance(case, str) else ""


def test_every_kind_has_a_case() -> None:
    assert {kind for kind, _, _ in CASES} == set(KINDS)


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize(("kind", "options", "check"), CASES, ids=_named)
def test_a_write_under_each_kind(
    afas: Afas, kind: str, options: dict[str, Any], check: Callable[[Seen], None], phase: str
) -> None:
    fault = inject(afas, kind, phase, {"method": "POST"}, **options)
    seen = book(afas)
    check(seen)
    is_carried_out = phase == "after" or kind in _GOING_ON
    assert booked(afas) == is_carried_out
    assert counts(afas) == [(1, 1)]
    exchange = last(afas)
    assert exchange["faults"] == [fault]
    assert exchange["response"]["status"] == seen.status
    assert exchange["request"]["body"] == json.dumps(purchase("F-100"))
    assert exchange["parallel"] == 1


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize(("kind", "options", "check"), CASES, ids=_named)
def test_a_read_under_each_kind(
    afas: Afas, kind: str, options: dict[str, Any], check: Callable[[Seen], None], phase: str
) -> None:
    inject(afas, kind, phase, {"connector": "zenvoices_currencies", "times": 1}, **options)
    check(send(afas))
    whole = send(afas)
    assert whole.status == 200
    assert len(whole.json["rows"]) == 5
    assert counts(afas) == [(2, 1)]
    assert [one["faults"] for one in afas.control("GET", "/traffic").json()["exchanges"]] == [["F00001"], []]


# ---------------------------------------------------------------- which calls


@pytest.mark.parametrize(
    ("match", "hits"),
    [
        ({}, [True] * 5),
        ({"nth": 3}, [False, False, True, False, False]),
        ({"times": 2}, [True, True, False, False, False]),
        ({"nth": 2, "times": 2}, [False, True, True, False, False]),
        ({"nth": 4, "times": None}, [False, False, False, True, True]),
        ({"nth": None, "times": None, "method": None, "connector": None}, [True] * 5),
    ],
)
def test_on_which_of_five_calls_it_fires(afas: Afas, match: dict[str, Any], hits: list[bool]) -> None:
    inject(afas, "status", match=match, status=502)
    assert [send(afas).status == 502 for _ in range(5)] == hits
    assert counts(afas) == [(5, sum(hits))]


@pytest.mark.parametrize(
    ("match", "path", "method", "fits"),
    [
        ({"method": "get"}, READ, "GET", True),
        ({"method": "Post"}, READ, "GET", False),
        ({"method": "HEAD"}, READ, "HEAD", True),
        ({"connector": "ZENVOICES_CURRENCIES"}, READ, "GET", True),
        ({"connector": "Zenvoices_Currencies"}, "CONNECTORS/zenvoices_currencies", "GET", True),
        ({"connector": "Zenvoices_Suppliers"}, READ, "GET", False),
        ({"connector": "fientries"}, WRITE, "POST", True),
        ({"connector": "FiEntries"}, "connectors/FiEntriesCustom", "POST", True),
        ({"connector": "KnSubject"}, "connectors/KnSubject/KnSubjectAttachment", "POST", True),
        ({"connector": "metainfo"}, "metainfo/update/FiEntries", "GET", True),
        ({"connector": "FiEntries"}, "metainfo/update/FiEntries", "GET", False),
        ({"connector": "profitversion"}, "ProfitVersion", "GET", True),
        ({"connector": "subjectconnector"}, "subjectconnector/1/2", "GET", True),
        ({"connector": "nergens"}, "nergens", "GET", True),
    ],
)
def test_which_calls_it_fits(afas: Afas, match: dict[str, Any], path: str, method: str, *, fits: bool) -> None:
    inject(afas, "status", match=match, status=418)
    assert (send(afas, path, method=method).status == 418) is fits
    assert counts(afas) == [(int(fits), int(fits))]


@pytest.mark.parametrize("authorization", ["", "AfasToken bm9uc2Vuc2U="])
def test_a_call_of_nobody_meets_no_fault(afas: Afas, authorization: str) -> None:
    inject(afas, "drop")
    assert send(afas, Authorization=authorization).status == 401
    assert counts(afas) == [(0, 0)]


# ---------------------------------------------------------------- several at once


def test_all_that_match_fire_in_order(afas: Afas) -> None:
    ids = [
        inject(afas, "delay", milliseconds=80),
        inject(afas, "status", status=502, body="weg"),
        inject(afas, "truncate", "after", bytes=1),
    ]
    seen = send(afas)
    assert (seen.status, seen.body, seen.headers["content-length"]) == (502, b"w", "3")
    assert seen.took >= 0.08
    assert last(afas)["faults"] == ids
    assert counts(afas) == [(1, 1)] * 3


def test_the_last_of_two_answers_is_sent(afas: Afas) -> None:
    inject(afas, "locked", match={"times": 2})
    inject(afas, "maintenance", match={"times": 1}, retry_after=1)
    assert [send(afas).status for _ in range(3)] == [503, 500, 200]


def test_a_delay_and_a_drop_after_the_commit(afas: Afas) -> None:
    inject(afas, "delay", milliseconds=80)
    inject(afas, "drop", "after")
    seen = book(afas)
    assert (seen.raw, seen.end) == (b"", "closed")
    assert seen.took >= 0.08
    assert booked(afas) == 1


def test_what_is_refused_is_spoiled_too(afas: Afas) -> None:
    inject(afas, "drop", "after")
    assert send(afas, "connectors/Nergens").raw == b""
    (entry,) = afas.control("GET", "/logbook").json()["entries"]
    assert entry["reason"]["rule"] == "GetConnector of the app connector"


_QUICK: dict[str, dict[str, Any]] = {"delay": {"milliseconds": 1}, "truncate": {"bytes": 5}}

# ---------------------------------------------------------------- what each leaves behind


@pytest.mark.parametrize("kind", ["error", "locked", "maintenance", "throttle", "status"])
def test_an_error_is_in_the_logbook(afas: Afas, kind: str) -> None:
    options: dict[str, dict[str, Any]] = {"throttle": {"parallel": 0}, "status": {"status": 404}}
    fault = inject(afas, kind, **options.get(kind, {}))
    seen = send(afas)
    (entry,) = afas.control("GET", "/logbook").json()["entries"]
    assert entry["status"] == seen.status
    assert entry["request"] == "GET /ProfitRestServices/connectors/Zenvoices_Currencies"
    assert (entry["reason"]["rule"], entry["reason"]["value"]) == ("fault", fault)
    if seen.status == 500:
        assert afas.logged(seen.json["profitLogReference"])["message"] == seen.json["externalMessage"]


def test_messages_are_in_the_language_of_the_caller(afas: Afas) -> None:
    inject(afas, "error", key="timeout")
    english = "The maximum duration for performing the assignment has been exceeded."
    assert send(afas, Accept_Language="en-us").json["externalMessage"] == english


@pytest.mark.parametrize(
    ("kind", "outcome", "status", "body"), [("drop", "dropped", None, ""), ("truncate", "truncated", 200, '{"ski')]
)
@pytest.mark.parametrize("phase", ["before", "after"])
def test_the_record_says_what_the_client_got(
    afas: Afas, kind: str, phase: str, outcome: str, status: int | None, body: str
) -> None:
    inject(afas, kind, phase, **_QUICK.get(kind, {}))
    send(afas)
    assert last(afas)["response"] == {"status": status, "outcome": outcome, "body": body, "size": len(body)}


def test_a_status_has_the_headers_that_were_given(afas: Afas) -> None:
    headers = {"Retry-After": "5", "Content-Type": "text/html"}
    inject(afas, "status", status=429, headers=headers, body="<p>")
    seen = send(afas)
    assert (seen.headers["retry-after"], seen.headers["content-type"]) == ("5", "text/html")
    assert seen.headers["x-afas-proxy-version"] == "4.3.0.0"


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body(afas: Afas, status: int) -> None:
    inject(afas, "status", status=status)
    seen = send(afas)
    assert (seen.status, seen.body) == (status, b"")
    assert "content-length" not in seen.headers


def test_rows_are_put_while_a_client_pages(afas: Afas) -> None:
    match = {"connector": "Zenvoices_Suppliers", "nth": 2, "times": 2}
    rows = [{"supplier_id": "!{n}", "name": "Tussendoor {n}"}]
    inject(afas, "change_data", match=match, entity="suppliers", rows=rows)
    pages = [
        [
            row["CreditorId"]
            for row in send(
                afas, f"connectors/Zenvoices_Suppliers?skip={skip}&take=10&orderbyfieldids=CreditorId"
            ).json["rows"]
        ]
        for skip in (0, 10, 20, 30)
    ]
    # each row that came in before the page shifts what follows by one, so a row is seen twice
    assert [pages[0][-1] == pages[1][0], pages[1][-1] == pages[2][0], pages[2][-1] == pages[3][0]] == [
        True,
        True,
        False,
    ]
    names = {row["name"] for row in afas.control("GET", "/data/suppliers").json()["rows"]}
    assert {"Tussendoor 1", "Tussendoor 2"} <= names


def test_several_entities_change_at_once(afas: Afas) -> None:
    changes = [
        {"entity": "suppliers", "rows": [{"supplier_id": "X1", "name": "Nieuw"}]},
        {"entity": "currencies", "rows": [{"currency": "XAU", "description": "Goud {n}", "rate": 2}]},
    ]
    inject(afas, "change_data", "after", changes=changes)
    send(afas)
    assert "Goud 1" in afas.control("GET", "/data/currencies").text
    assert '"X1"' in afas.control("GET", "/data/suppliers").text


def test_a_lock_goes_away_after_n_times(afas: Afas) -> None:
    inject(afas, "locked", match={"connector": "FiEntries", "times": 2})
    assert [book(afas).status for _ in range(3)] == [500, 500, 201]
    assert booked(afas) == 1


def test_the_retry_after_a_spoiled_commit_meets_the_duplicate(afas: Afas) -> None:
    inject(afas, "error", "after", {"method": "POST", "times": 1}, key="timeout")
    assert book(afas).json["externalMessage"] == TIMEOUT
    again = book(afas)
    assert again.status == 500
    assert "Factuurnummer F-100 wordt al gebruikt" in again.json["externalMessage"]
    assert booked(afas) == 1


def test_throttling_counts_calls_at_once(afas: Afas) -> None:
    inject(afas, "throttle", parallel=3)
    inject(afas, "delay", "after", milliseconds=400)
    with ThreadPoolExecutor(8) as pool:
        statuses = [seen.status for seen in pool.map(lambda _: send(afas), range(8))]
    assert 1 <= statuses.count(503) <= 5
    assert statuses.count(200) + statuses.count(503) == 8
    afas.control("DELETE", "/faults/F00002")
    assert send(afas).status == 200
    matched, fired = counts(afas)[0]
    assert (matched, fired) == (9, statuses.count(503))


def test_what_is_throttled_does_not_wait_for_a_turn(demo: Afas) -> None:
    """Five calls run at once (AMB-08); the sixth is turned away at once instead of waiting for one of them."""
    afas = fork(demo)
    inject(afas, "delay", match={"times": 5}, milliseconds=60_000)
    inject(afas, "throttle", parallel=5)
    with ThreadPoolExecutor(5) as pool:
        slow = [pool.submit(send, afas) for _ in range(5)]
        while afas.control("GET", "/faults").json()["faults"][0]["fired"] < 5:
            time.sleep(0.01)
        sixth = send(afas)
        assert sixth.status == 503
        assert not any(one.done() for one in slow)
        assert last(afas)["parallel"] == 6
        afas.control("DELETE")  # which ends the calls that wait


# ---------------------------------------------------------------- how answers break off


@pytest.mark.parametrize("path", [READ, ACCOUNTS], ids=["small", "long"])
def test_a_packed_answer_is_cut(afas: Afas, path: str) -> None:
    whole = send(afas, path, Accept_Encoding="identity").body
    inject(afas, "truncate", "after")
    seen = send(afas, path, Accept_Encoding="gzip")
    assert seen.headers["content-encoding"] == "gzip"
    assert len(seen.body) == int(seen.headers["content-length"]) // 2
    assert int(seen.headers["content-length"]) < len(whole) + 30
    with pytest.raises(EOFError):
        gzip.decompress(seen.body)
    unpacked = zlib.decompressobj(wbits=31).decompress(seen.body)
    assert last(afas)["response"]["size"] == len(unpacked) < len(whole)


@pytest.mark.parametrize("kind", ["drop", "status", "garbage", "locked", "delay"])
def test_other_kinds_with_gzip(afas: Afas, kind: str) -> None:
    inject(afas, kind, "after", **_QUICK.get(kind, {}))
    seen = send(afas, ACCOUNTS, Accept_Encoding="gzip")
    assert seen.status == {"drop": None, "status": 500, "garbage": 200, "locked": 500, "delay": 200}[kind]


def test_a_long_answer_is_cut_with_its_whole_length_announced(afas: Afas) -> None:
    inject(afas, "truncate", "after", bytes=100_000)
    seen = send(afas, STREAMED)
    assert len(seen.body) == 100_000 < int(seen.headers["content-length"])


def test_a_truncated_answer_without_a_body_is_closed(afas: Afas) -> None:
    inject(afas, "truncate", "after")
    seen = send(afas, method="HEAD")
    assert (seen.status, seen.body, seen.end) == (200, b"", "closed")


def test_the_connection_closes_though_the_client_would_keep_it(afas: Afas) -> None:
    inject(afas, "drop", "after", {"nth": 2})
    address = urlsplit(afas.base_url)
    request = f"GET /ProfitRestServices/{READ} HTTP/1.1\r\nHost: x\r\nAuthorization: {afas.authorization}\r\n\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=120) as client:
        client.sendall(request.encode() * 3)
        received = b""
        while part := client.recv(2**16):
            received += part
    assert received.count(b"HTTP/1.1 200") == 1
    assert received.endswith(b"}]}")


@pytest.mark.parametrize("kind", ["drop", "status", "delay"])
def test_a_large_body_that_is_not_carried_out(afas: Afas, kind: str) -> None:
    inject(afas, kind, **_QUICK.get(kind, {}))
    seen = send(afas, WRITE, method="POST", body={"x": "y" * 3_000_000})
    assert seen.status == {"drop": None, "status": 500, "delay": 400}[kind]
    assert last(afas)["request"]["size"] == 3_000_009


# ---------------------------------------------------------------- who waits no longer


def held_up(afas: Afas) -> socket.socket:
    """A connection whose call waits in the server for a minute."""
    inject(afas, "delay", milliseconds=60_000)
    address = urlsplit(afas.base_url)
    client = socket.create_connection((address.hostname, address.port), timeout=120)
    head = f"Host: x\r\nAuthorization: {afas.authorization}\r\nConnection: close\r\n"
    client.sendall(f"GET /ProfitRestServices/{READ} HTTP/1.1\r\n{head}\r\n".encode())
    while counts(afas) != [(1, 1)]:
        time.sleep(0.01)
    return client


def test_a_call_that_waits_is_dropped_with_its_environment(demo: Afas) -> None:
    copy = fork(demo)
    with held_up(copy) as client:
        assert copy.control("DELETE").status_code == 204
        assert client.recv(100) == b""
    assert demo.get(READ).status_code == 200


def test_a_call_that_waits_does_not_keep_the_server_from_stopping(caplog: pytest.LogCaptureFixture) -> None:
    serving, afas = start()
    with held_up(afas) as client:
        afas.http.close()
        serving.stop()
        assert client.recv(100) == b""
    assert not caplog.records, "uvicorn tells when it waited for a call in vain"


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_client_that_gives_up(afas: Afas, phase: str) -> None:
    """What it asked for is carried out all the same."""
    inject(afas, "delay", phase, {"method": "POST"}, milliseconds=300)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{afas.base_url}/{WRITE}",
            json=purchase("F-100"),
            headers={"Authorization": afas.authorization},
            timeout=0.1,
        )
    while not booked(afas):
        time.sleep(0.01)
    while not afas.control("GET", "/traffic").json()["exchanges"]:
        time.sleep(0.01)
    assert last(afas)["response"]["status"] == 201


# ---------------------------------------------------------------- repeatable


def test_random_bytes_repeat_from_the_seed(afas: Afas, demo: Afas) -> None:
    other = fork(demo)
    seen = []
    for environment in (afas, other):
        inject(environment, "garbage", form="bytes", bytes=500)
        seen.append([send(environment).body for _ in range(2)])
    other.control("DELETE")
    assert seen[0] == seen[1]
    assert seen[0][0] != seen[0][1]


# ---------------------------------------------------------------- the control API


def test_a_fault_is_listed_and_removed(afas: Afas) -> None:
    answer = afas.control("POST", "/faults", {"match": {"method": "get"}, "effect": {"kind": "delay"}})
    fault = {
        "id": "F00001",
        "match": {"method": "GET", "connector": None, "nth": 1, "times": None},
        "phase": "before",
        "effect": {"kind": "delay", "milliseconds": 1_000, "jitter_milliseconds": 0},
        "matched": 0,
        "fired": 0,
    }
    assert (answer.status_code, answer.json()) == (201, fault)
    second = inject(afas, "drop", match={"connector": "FiEntries", "nth": 2})
    listed = afas.control("GET", "/faults").json()["faults"]
    assert listed[0] == fault
    assert listed[1]["match"] == {"method": None, "connector": "FiEntries", "nth": 2, "times": 1}
    assert afas.control("DELETE", f"/faults/{second}").status_code == 204
    assert afas.control("DELETE", f"/faults/{second}").status_code == 404
    assert [one["id"] for one in afas.control("GET", "/faults").json()["faults"]] == ["F00001"]
    assert afas.control("DELETE", "/faults").status_code == 204
    assert afas.control("GET", "/faults").json() == {"faults": []}
    assert inject(afas, "drop") == "F00003"


def test_a_listed_fault_can_be_made_again(afas: Afas) -> None:
    for kind, options, _ in CASES:
        inject(afas, kind, **options)
    for fault in afas.control("GET", "/faults").json()["faults"]:
        again = afas.control("POST", "/faults", {name: fault[name] for name in ("match", "phase", "effect")})
        assert again.status_code == 201, again.text
        assert {**again.json(), "id": ""} == {**fault, "id": ""}


def test_forks_and_resets_have_no_faults(afas: Afas) -> None:
    inject(afas, "drop")
    copy = fork(afas)
    assert counts(copy) == []
    assert send(copy).status == 200
    copy.control("DELETE")
    assert afas.control("POST", "/reset").status_code == 200
    assert counts(afas) == []
    assert send(afas).status == 200


def test_there_are_not_endlessly_many(afas: Afas) -> None:
    for _ in range(MOST_FAULTS):
        inject(afas, "delay", match={"connector": "X"})
    answer = afas.control("POST", "/faults", {"effect": {"kind": "drop"}})
    assert answer.status_code == 409
    assert "delete" in error(answer)["hint"]


_EFFECT = {"kind": "drop"}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ([], "fault"),
        ("drop", "fault"),
        ({}, "effect"),
        ({"effect": _EFFECT, "when": 1}, "when"),
        ({"effect": _EFFECT, "phase": "during"}, "phase"),
        ({"effect": _EFFECT, "phase": ["before"]}, "phase"),
        ({"effect": _EFFECT, "match": []}, "match"),
        ({"effect": _EFFECT, "match": {"path": "/"}}, "match.path"),
        ({"effect": _EFFECT, "match": {"method": "PATCH"}}, "match.method"),
        ({"effect": _EFFECT, "match": {"method": 1}}, "match.method"),
        ({"effect": _EFFECT, "match": {"connector": ""}}, "match.connector"),
        ({"effect": _EFFECT, "match": {"connector": 1}}, "match.connector"),
        ({"effect": _EFFECT, "match": {"nth": 0}}, "match.nth"),
        ({"effect": _EFFECT, "match": {"nth": True}}, "match.nth"),
        ({"effect": _EFFECT, "match": {"nth": "1"}}, "match.nth"),
        ({"effect": _EFFECT, "match": {"times": 0}}, "match.times"),
        ({"effect": _EFFECT, "match": {"times": 1.5}}, "match.times"),
        ({"effect": "drop"}, "effect"),
        ({"effect": {}}, "effect.kind"),
        ({"effect": {"kind": "explode"}}, "effect.kind"),
        ({"effect": {"kind": ["drop"]}}, "effect.kind"),
        ({"effect": {"kind": "drop", "bytes": 1}}, "effect.bytes"),
        ({"effect": {"kind": "drop", "reset": 1}}, "effect.reset"),
        ({"effect": {"kind": "delay", "milliseconds": -1}}, "effect.milliseconds"),
        ({"effect": {"kind": "delay", "milliseconds": "80"}}, "effect.milliseconds"),
        ({"effect": {"kind": "delay", "milliseconds": 1e9}}, "effect.milliseconds"),
        ({"effect": {"kind": "status", "status": 100}}, "effect.status"),
        ({"effect": {"kind": "status", "status": 600}}, "effect.status"),
        ({"effect": {"kind": "status", "status": 204, "body": "x"}}, "effect.body"),
        ({"effect": {"kind": "status", "body": "x" * 2_000_000}}, "effect.body"),
        ({"effect": {"kind": "status", "body": json.loads("[" * 252 + "]" * 252)}}, "effect.body"),
        ({"effect": {"kind": "status", "headers": {"X": 1}}}, "effect.headers"),
        ({"effect": {"kind": "status", "headers": {"X": "a\r\nb: c"}}}, "effect.headers"),
        ({"effect": {"kind": "status", "headers": {"X Y": "a"}}}, "effect.headers"),
        ({"effect": {"kind": "status", "headers": {"X": "€"}}}, "effect.headers"),
        ({"effect": {"kind": "status", "headers": {"Content-Length": "3"}}}, "effect.headers"),
        ({"effect": {"kind": "status", "headers": {"transfer-encoding": "chunked"}}}, "effect.headers"),
        ({"effect": {"kind": "error", "key": "nergens"}}, "effect.key"),
        ({"effect": {"kind": "error", "key": ["timeout"]}}, "effect.key"),
        ({"effect": {"kind": "error", "key": "timeout", "message": "x"}}, "effect"),
        ({"effect": {"kind": "error", "key": "entry_period_blocked"}}, "effect.parameters"),
        ({"effect": {"kind": "error", "key": "timeout", "parameters": {"x": "1"}}}, "effect.parameters"),
        ({"effect": {"kind": "error", "parameters": {"x": 1}}}, "effect.parameters"),
        ({"effect": {"kind": "error", "message": ""}}, "effect.message"),
        ({"effect": {"kind": "error", "number": "1"}}, "effect.number"),
        ({"effect": {"kind": "error", "number": 2**63}}, "effect.number"),
        ({"effect": {"kind": "truncate", "bytes": -1}}, "effect.bytes"),
        ({"effect": {"kind": "garbage", "form": "xml"}}, "effect.form"),
        ({"effect": {"kind": "garbage", "bytes": 0}}, "effect.bytes"),
        ({"effect": {"kind": "maintenance", "retry_after": "soon"}}, "effect.retry_after"),
        ({"effect": {"kind": "locked", "times": 2}}, "effect.times"),
        ({"effect": {"kind": "throttle", "status": 500}}, "effect.status"),
        ({"effect": {"kind": "change_data"}}, "effect"),
        ({"effect": {"kind": "change_data", "entity": "suppliers"}}, "effect.rows"),
        ({"effect": {"kind": "change_data", "rows": []}}, "effect.rows"),
        ({"effect": {"kind": "change_data", "changes": {}}}, "effect.changes"),
        ({"effect": {"kind": "change_data", "changes": [{"entity": "suppliers"}]}}, "effect.changes"),
        ({"effect": {"kind": "change_data", "entity": "dragons", "rows": [{}]}}, "dragons"),
        ({"effect": {"kind": "change_data", "entity": "suppliers", "rows": [{"x": 1}]}}, "row 0"),
        ({"effect": {"kind": "change_data", "entity": "suppliers", "rows": [7]}}, "row 0"),
        ({"effect": {"kind": "change_data", "entity": "suppliers", "rows": [{"name": "x"}]}}, "supplier_id"),
        ({"effect": {"kind": "change_data", "entity": "periods", "rows": [{"year": "{n}x"}]}}, "year"),
    ],
)
def test_what_is_no_fault_is_refused(afas: Afas, body: Any, where: str) -> None:
    answer = afas.control("POST", "/faults", body)
    assert answer.status_code == 400, answer.text
    assert where in error(answer)["message"]
    assert error(answer)["hint"]
    assert counts(afas) == []
