"""While no call comes, what was booked gets into its tables; whatever happens meanwhile, nobody misses anything."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mock_afas.environment import Environment, idling
from mock_afas.environment.idling import PAUSE, Idling
from mock_afas.environment.writing import WriteCall
from mock_afas.records import ENTITIES
from mock_afas.registry import Registry
from mock_afas.store.books import Books
from mock_afas.store.ledger_book import LedgerBook
from tests.ledger_bodies import line, memorial
from tests.support import Afas, client_of, start
from tests.test_deferred import MADE, book, booked, booking, read_connector, row_of
from tests.test_process import client, served


def comes(true: Callable[[], bool], seconds: float = 30) -> bool:
    """Whether it comes true while nobody calls."""
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(PAUSE / 5)
    return true()


@pytest.fixture
def served_here() -> Iterator[tuple[Environment, Afas]]:
    """A server in this process, so that its books can be looked into, and its environment."""
    registry = Registry()
    serving, afas = start(registry)
    yield registry.find(afas.environment), afas
    afas.http.close()
    serving.stop()


def large(name: str, lines: int = 100) -> Any:
    """A booking of so many lines that a step moves few of them."""
    return memorial(line("1", "1901", -lines, Ds=name), *(line("1", "4600", 1, Ds=name) for _ in range(lines)))


def post(afas: Afas, body: Any) -> None:
    url = f"{afas.base_url}/connectors/FiEntries"
    answer = afas.http.post(url, json=body, headers={"Authorization": afas.authorization})
    assert answer.status_code == 201, answer.text


def lines_named(afas: Afas) -> Counter[str]:
    rows = afas.rows("Profit_Transactions", skip="-1", take="-1")
    return Counter(row["Description"] for row in rows if row["Description"] and row["Description"].startswith("Idle"))


def named(*names: str, lines: int = 101) -> Counter[str]:
    return Counter(dict.fromkeys(names, lines))


# ---------------------------------------------------------------- through the server


def test_bookings_get_into_their_tables_and_projections(served_here: tuple[Environment, Afas]) -> None:
    environment, afas = served_here
    book(afas, "one")
    assert comes(lambda: environment.books.behind == 0)
    read_connector(afas, "one")
    (projection,) = environment.books.projections_made()
    book(afas, "two")
    assert comes(lambda: not projection.wanted)
    assert environment.books.behind == 0
    assert projection.size == environment.books.connection.execute("SELECT count(*) FROM entry_lines").fetchone()[0]
    assert [read_connector(afas, name) for name in ("one", "two")] == [MADE["entry_lines"]] * 2


def test_what_is_read_right_after_a_write_has_it(served_here: tuple[Environment, Afas]) -> None:
    """At any moment of what goes on after the write before."""
    _, afas = served_here
    for at in range(12):
        post(afas, large(f"Idle {at}"))
        assert lines_named(afas) == named(*(f"Idle {before}" for before in range(at + 1)))
        post(afas, booking(f"between {at}"))
        time.sleep(PAUSE * at / 8)


def test_writers_and_readers_while_it_goes_on(
    served_here: tuple[Environment, Afas], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls that come all the time do not keep many bookings waiting, and are right while these move."""
    environment, afas = served_here
    monkeypatch.setattr(idling, "MANY_WAITING", 5)
    for at in range(10):
        post(afas, large(f"Idle of before {at}"))

    def write(writer: int) -> list[str]:
        names = [f"Idle {writer}.{at}" for at in range(10)]
        for name in names:
            post(afas, large(name, 30))
            assert lines_named(afas)[name] == 31
        return names

    with ThreadPoolExecutor(4) as pool:
        names = [name for made in pool.map(write, range(4)) for name in made]
    assert lines_named(afas) == named(*(f"Idle of before {at}" for at in range(10))) + named(*names, lines=31)
    assert comes(lambda: environment.books.behind == 0)


@pytest.mark.parametrize("pause", [0, PAUSE, PAUSE + 0.02, 3 * PAUSE])
def test_forks_snapshots_and_resets_while_bookings_wait(served_here: tuple[Environment, Afas], pause: float) -> None:
    _, afas = served_here
    first, second = [f"Idle {at}" for at in range(8)], [f"Idle {at}" for at in range(8, 16)]
    for name in first:
        post(afas, large(name))
    time.sleep(pause)
    child = client_of(afas.control("POST", "/forks").json(), afas.http)
    assert afas.control("POST", "/snapshots", {"name": "then"}).status_code == 201
    for name in second:
        post(afas, large(name))
    time.sleep(pause)
    assert afas.control("POST", "/snapshots/then/restore").status_code == 200
    post(child, large("Idle in the child"))
    time.sleep(pause)
    assert lines_named(afas) == named(*first)
    post(afas, large("Idle after it"))
    assert afas.control("POST", "/reset").status_code == 200
    assert lines_named(afas) == Counter()
    assert lines_named(child) == named(*first, "Idle in the child")
    assert child.control("DELETE").status_code in {200, 204}


@pytest.mark.parametrize("pause", [0, PAUSE, PAUSE + 0.02])
def test_a_kill_at_any_moment(tmp_path: Path, pause: float) -> None:
    data, names = ("--data", str(tmp_path / "data")), [f"Idle {at}" for at in range(12)]
    with served(tmp_path, *data) as (process, ready):
        for name in names:
            post(client(ready), large(name))
        time.sleep(pause)
        process.kill()
    with served(tmp_path, *data) as (_, ready):
        assert lines_named(client(ready)) == named(*names)


def test_the_process_stops_in_good_order_meanwhile(tmp_path: Path) -> None:
    data, names = ("--data", str(tmp_path / "data")), [f"Idle {at}" for at in range(12)]
    with served(tmp_path, *data) as (process, ready):
        lines_named(client(ready))
        for name in names:
            post(client(ready), large(name))
        ready["http"].close()
        time.sleep(PAUSE + 0.02)
        process.send_signal(signal.SIGTERM)
        _, complaints = process.communicate(timeout=30)
        assert (process.returncode, complaints) == (0, "")
    with served(tmp_path, *data) as (_, ready):
        assert lines_named(client(ready)) == named(*names)


# ---------------------------------------------------------------- without a server


def write(environment: Environment, body: Any) -> Coroutine[Any, Any, object]:
    content = bytearray(json.dumps(body).encode())
    return environment.write(WriteCall("FiEntries", "POST", "", {}, content, "tester"))


def works() -> list[asyncio.Task[Any]]:
    """What goes on in the event loop beside the test itself."""
    return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def until(true: Callable[[], bool]) -> bool:
    for _ in range(3_000):
        if true():
            return True
        await asyncio.sleep(0.01)
    return False


def test_each_event_loop_gets_its_timer() -> None:
    """An environment that is used in one loop after the other, some of which ended before anything happened."""
    environment = Registry().create({}).environment

    async def only_write() -> None:
        await write(environment, large("Idle"))

    async def write_and_wait() -> bool:
        await only_write()
        return await until(lambda: environment.books.behind == 0)

    asyncio.run(only_write())
    asyncio.run(only_write())
    assert environment.books.behind == 2
    assert asyncio.run(write_and_wait())


@pytest.mark.parametrize("pause", [0, PAUSE + 0.005])
def test_nothing_is_left_of_an_environment_that_was_deleted(pause: float) -> None:
    async def delete() -> None:
        registry = Registry()
        environment = registry.create({}).environment
        for at in range(20):
            await write(environment, large(f"Idle {at}"))
        waiting = environment.books.behind
        await asyncio.sleep(pause)
        registry.delete(environment)
        assert await until(lambda: not works())
        left = environment.books.behind
        assert pause or left == waiting
        await asyncio.sleep(2 * PAUSE)
        assert (works(), environment.books.behind) == ([], left)

    asyncio.run(delete())


def test_a_reset_meanwhile_is_for_the_books_that_take_their_place() -> None:
    async def reset() -> tuple[int, int]:
        environment = Registry().create({}).environment
        for at in range(20):
            await write(environment, large(f"Idle {at}"))
        old = environment.books
        await old.lock.acquire()
        await asyncio.sleep(2 * PAUSE)  # work has begun, and waits for the lock
        await environment.reset()
        await write(environment, large("Idle"))
        old.lock.release()
        assert await until(lambda: environment.books.behind == 0)
        return old.behind, len(works())

    left, _ = asyncio.run(reset())
    assert left == 20


def test_who_waits_for_books_looks_into_these() -> None:
    """A reset meanwhile puts others in their place, which are locked by whoever uses those."""

    async def look() -> tuple[int, bool]:
        environment = Registry().create({}).environment
        entries = ENTITIES["entries"]
        before = len(await environment.data(entries))
        await write(environment, large("Idle"))
        old = environment.books
        await old.lock.acquire()
        shown = asyncio.create_task(environment.data(entries))
        stored = asyncio.create_task(environment.stored(entries))
        looked_up = asyncio.create_task(of_whom(environment))
        await asyncio.sleep(0)
        await environment.reset()
        old.lock.release()
        assert len(await stored) == before + 1
        return len(await shown) - before, await looked_up is old

    async def of_whom(environment: Environment) -> Books:
        async with environment.looked_up() as book:
            return book._books

    assert asyncio.run(look()) == (1, True)


def test_an_error_ends_it_until_the_next_write(caplog: pytest.LogCaptureFixture) -> None:
    """It is told, and does not come up again and again."""
    steps = 0

    class Failing(Books):
        def step(self, *_: Any) -> bool:
            nonlocal steps
            steps += 1
            raise OSError("disk full")

    async def fail() -> None:
        books = Failing.create()
        idle = Idling(lambda: books)
        for expected in (1, 2):
            idle.wrote()
            assert await until(lambda: steps == expected)  # noqa: B023 - asked at once
            await asyncio.sleep(3 * PAUSE)
            assert steps == expected

    asyncio.run(fail())
    assert "disk full" in caplog.text


def test_a_call_waits_for_one_step_at_most() -> None:
    """Work stops after the step under way when a call comes, and goes on when calls stop coming."""

    async def call() -> list[int]:
        books = Books.create()
        booked(books, *range(1, 301), lines=20)
        idle = Idling(lambda: books)
        idle.wrote()
        seen = []
        while books.behind:
            waiting = books.behind
            assert await until(lambda: books.behind < waiting)  # noqa: B023 - asked at once
            idle.calls += 1
            async with books.lock:
                pass
            seen.append(books.behind)
            await asyncio.sleep(PAUSE / 2)
            assert books.behind == seen[-1]  # a look finds that a call came
        return seen

    assert len(asyncio.run(call())) > 3


def test_bookings_do_not_wait_for_ever_while_calls_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless there are so many calls that somebody measures."""
    monkeypatch.setattr(idling, "MANY_WAITING", 50)

    async def keep_calling(calls: int) -> int:
        books = Books.create()
        booked(books, *range(1, 201), lines=20)
        idle = Idling(lambda: books)
        idle.wrote()
        ends = time.monotonic() + 20
        while books.behind >= 50 and time.monotonic() < ends - (0 if calls == 1 else 19):
            idle.calls += calls
            await asyncio.sleep(PAUSE / 5)
        return books.behind

    assert asyncio.run(keep_calling(1)) < 50
    assert asyncio.run(keep_calling(1_000)) == 200


def test_books_that_are_used_without_a_loop() -> None:
    books = Books.create()
    row = row_of("entry_lines", administration=1, entry=1, sequence=1)
    LedgerBook(books).apply([], {"entry_lines": [row]}, "")
    assert len(books.rows(ENTITIES["entry_lines"])) == 1
    books.close()
