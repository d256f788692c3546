"""How many calls run at once (AMB-08): slow readers hold their places, and everybody gives his back."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support import Afas, fork, start

#: Seconds that a call is watched to see that it waits, and within which must happen what has to happen.
WATCHED = 0.3
TIMEOUT = 30
LARGE_PATH = "connectors/Zenvoices_Customers?skip=-1&take=-1"


class Caller:
    """A client on a socket of its own, which need not read what it asks for."""

    def __init__(self, afas: Afas, method: str = "GET", path: str = LARGE_PATH, *headers: str) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self._socket.settimeout(TIMEOUT)
        address = urlsplit(afas.base_url)
        self._socket.connect((address.hostname, address.port))
        asked = f"{method} /ProfitRestServices/{path} HTTP/1.1"
        self._socket.sendall("\r\n".join((asked, f"Authorization: {afas.authorization}", *headers, "", "")).encode())
        self._read = bytearray()

    def begin(self) -> Caller:
        """Reads the beginning of the answer; the server holds back megabytes until the rest is read."""
        self._read += self._socket.recv(64)
        assert self._read.startswith(b"HTTP/1.1 200 OK")
        return self

    def finish(self) -> None:
        """Reads the rest of the answer."""
        while not self._read.endswith(b"0\r\n\r\n"):
            part = self._socket.recv(2**20)
            assert part, "the answer broke off"
            self._read += part
        self.leave()

    def leave(self) -> None:
        """Goes away, whatever is still to come."""
        self._socket.close()


@pytest.fixture(scope="module")
def large() -> Iterator[Afas]:
    """An environment with more customers than fit into the buffers of a connection, on a server of its own."""
    serving, client = start(rows=8_000)
    client.get(LARGE_PATH, Accept_Encoding="identity")  # prepares the rows: from now on an answer begins at once
    yield client
    client.http.close()
    serving.stop()


@pytest.fixture
def afas(large: Afas) -> Iterator[Afas]:
    private = fork(large)
    yield private
    private.control("DELETE")


@pytest.fixture
def readers(afas: Afas) -> Iterator[Callable[[int], list[Caller]]]:
    """Starts slow readers, and ends those that are left."""
    with ExitStack() as leaving:

        def readers(count: int) -> list[Caller]:
            started = [Caller(afas).begin() for _ in range(count)]
            for reader in started:
                leaving.callback(reader.leave)
            return started

        yield readers


@pytest.fixture
def later() -> Iterator[Callable[..., Future[httpx.Response]]]:
    """Makes a call in a thread."""
    with ThreadPoolExecutor(16) as pool, httpx.Client(timeout=TIMEOUT) as http:

        def later(afas: Afas, path: str = "profitversion", method: str = "GET") -> Future[httpx.Response]:
            headers = {"Authorization": afas.authorization}
            return pool.submit(http.request, method, f"{afas.base_url}/{path}", headers=headers)

        yield later


def waits(call: Future[httpx.Response]) -> bool:
    """Whether a call is still without an answer after a while."""
    return not wait([call], timeout=WATCHED).done


def answered(call: Future[httpx.Response], *statuses: int) -> bool:
    """Whether a call is answered; the slow readers of a test end only when it ends them."""
    return call.result(TIMEOUT).status_code in (statuses or (200,))


Readers = Callable[[int], list[Caller]]
Later = Callable[..., Future[httpx.Response]]


@pytest.mark.parametrize("end", [Caller.leave, Caller.finish], ids=["leaves", "finishes"])
@pytest.mark.parametrize("allowed", [5, 8])
def test_one_call_too_many_waits_until_another_ends(
    afas: Afas, readers: Readers, later: Later, allowed: int, end: Callable[[Caller], None]
) -> None:
    afas.configure(dialect={"AMB-08": str(allowed)})
    others = readers(allowed - 1)
    assert answered(later(afas))
    others += readers(1)
    call = later(afas)
    assert waits(call)
    end(others[2])
    assert answered(call)
    assert answered(later(afas))


def test_five_are_allowed_by_default(afas: Afas, readers: Readers, later: Later) -> None:
    others = readers(5)
    calls = [later(afas) for _ in range(3)]
    assert waits(calls[0])
    others[0].leave()
    assert all(answered(call) for call in calls)


def test_unlimited_calls_do_not_wait(afas: Afas, readers: Readers, later: Later) -> None:
    afas.configure(dialect={"AMB-08": "unlimited"})
    readers(12)
    assert answered(later(afas))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "metainfo"),
        ("GET", "connectors/Zenvoices_Currencies"),
        ("HEAD", "profitversion"),
        ("GET", "connectors/Nergens"),
        ("POST", "connectors/FiEntries"),
    ],
)
def test_every_call_counts(afas: Afas, readers: Readers, later: Later, method: str, path: str) -> None:
    others = readers(5)
    call = later(afas, path, method)
    assert waits(call)
    others[0].leave()
    assert answered(call, 200, 400, 500)


def test_other_environments_and_the_control_api_do_not_wait(
    large: Afas, afas: Afas, readers: Readers, later: Later
) -> None:
    readers(5)
    assert answered(later(large))
    assert answered(later(afas, method="OPTIONS"))
    assert afas.control("GET").status_code == 200


def test_a_setting_is_changed_while_calls_are_under_way(afas: Afas, readers: Readers, later: Later) -> None:
    others = readers(5)
    held = later(afas)
    assert waits(held)
    afas.configure(dialect={"AMB-08": "unlimited"})
    assert answered(later(afas))
    others[0].leave()
    assert answered(held)
    afas.configure(dialect={"AMB-08": "5"})
    assert answered(later(afas))


def test_a_caller_who_gives_up_waiting_takes_no_place(afas: Afas, readers: Readers, later: Later) -> None:
    others = readers(5)
    for _ in range(5):
        impatient = Caller(afas, "GET", "profitversion")
        impatient.leave()
    for other in others:
        other.leave()
    assert answered(later(afas))
    readers(4)
    assert answered(later(afas))


def revoke(afas: Afas) -> None:
    afas.control("DELETE", "/tokens/T00001")


def restrict(afas: Afas) -> None:
    afas.control("PATCH", "/app-connectors/1", {"ip_addresses": ["192.0.2.1"]})


@pytest.mark.parametrize(
    ("status", "method", "path", "prepare"),
    [
        (200, "GET", "metainfo", None),
        (200, "HEAD", LARGE_PATH, None),
        (401, "GET", "metainfo", revoke),
        (403, "GET", "metainfo", restrict),
        (404, "GET", "nergens", None),
        (404, "GET", f"metainfo?{'x' * 2_049}", None),
        (405, "PATCH", "metainfo", None),
        (500, "GET", "connectors/Nergens", None),
        (500, "POST", "connectors/Nergens", None),
        (503, "GET", "metainfo", lambda afas: afas.configure(maintenance=60)),
    ],
)
def test_every_answer_gives_its_place_back(
    afas: Afas, later: Later, status: int, method: str, path: str, prepare: Callable[[Afas], None] | None
) -> None:
    if prepare is not None:
        prepare(afas)
    assert all(answered(later(afas, path, method), status) for _ in range(7))


@pytest.mark.parametrize("sent", ["", "Content-Type: application/json"])
def test_a_caller_who_leaves_in_the_middle_of_a_body_gives_its_place_back(afas: Afas, later: Later, sent: str) -> None:
    for _ in range(7):
        Caller(afas, "POST", "connectors/FiEntries", "Content-Length: 1000", *([sent] if sent else [])).leave()
    assert answered(later(afas))


def test_traffic_tells_how_many_calls_there_were(afas: Afas, readers: Readers, later: Later) -> None:
    afas.configure(dialect={"AMB-08": "unlimited"})
    others = readers(3)
    assert answered(later(afas))
    for other in others:
        other.finish()
    assert answered(later(afas))
    recorded = afas.control("GET", "/traffic").json()["exchanges"]
    short = [exchange["parallel"] for exchange in recorded if exchange["request"]["path"].endswith("profitversion")]
    assert short == [4, 1]
    assert sorted(exchange["parallel"] for exchange in recorded) == [1, 1, 2, 3, 4]


def test_an_answer_whose_reader_left_is_recorded(afas: Afas, readers: Readers, later: Later) -> None:
    for reader in readers(5):
        reader.leave()
    assert answered(later(afas))
    recorded = [exchange["response"] for exchange in afas.control("GET", "/traffic").json()["exchanges"]]
    assert sum(response["size"] > 1_000_000 for response in recorded) >= 1
    assert {response["status"] for response in recorded} == {200}


def test_fifty_callers_at_once_are_all_answered(afas: Afas, later: Later) -> None:
    calls = [later(afas, "connectors/Zenvoices_Currencies?take=2") for _ in range(50)]
    assert all(answered(call) for call in calls)
    assert len(afas.control("GET", "/traffic").json()["exchanges"]) == 50
