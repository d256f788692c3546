"""The use cases of one environment: read connectors, describe them, show and put data, fork, reset."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
import random
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from mock_afas import connectors, documents, records, values
from mock_afas.access import Access, AppConnector
from mock_afas.connectors import Definitions, GetConnector, UpdateConnector
from mock_afas.errors import ControlError, ProfitError, Reason, Refusal
from mock_afas.faults import Faults
from mock_afas.imports import importing
from mock_afas.imports.importing import Report
from mock_afas.imports.uploads import Upload
from mock_afas.ledger import licence
from mock_afas.ledger.book import Circumstances, Draft, Result
from mock_afas.ledger.handlers import HANDLERS, Handlers
from mock_afas.logbook import Logbook
from mock_afas.profiles import Profile
from mock_afas.query import ALL, Query, compile_query, parsed
from mock_afas.records import ENTITIES, Entity, Stored
from mock_afas.store.books import Books, MissingKey
from mock_afas.store.extended import all_columns
from mock_afas.store.ledger_book import LedgerBook
from mock_afas.store.projections import Projection
from mock_afas.store.rendering import Rendering, rendering_of
from mock_afas.store.snapshots import Snapshot, Snapshots
from mock_afas.traffic import Traffic

#: An answer with more rows than this is streamed, this many rows at a time.
STREAMED_FROM = 1_000
CHUNK = 500
#: So many compiled queries are kept.
MOST_QUERIES = 1_024
#: A body above so many bytes is handled in a worker thread.
LARGE_BODY = 262_144

T = TypeVar("T")


class Rows(NamedTuple):
    """An answer to a read: whole in ``body``, or in ``parts`` when it is long. ``found`` is how many rows it has."""

    body: bytes = b""
    parts: AsyncIterator[bytes] | None = None
    found: int = 0


class WriteCall(NamedTuple):
    """A call of an UpdateConnector: its exact id, the method, the object its URL names, keys from the URL, the body."""

    connector: str
    method: str
    object: str
    keys: Mapping[str, str]
    body: bytearray
    user: str


class Shuffled:
    """A permutation of ids that costs nothing to make: position i stands at (a·i + b) mod n."""

    def __init__(self, ids: Sequence[int], chance: random.Random) -> None:
        self._ids = ids
        size = max(len(ids), 1)
        self._offset = int(chance.random() * size)
        self._step = int(chance.random() * size) | 1
        while math.gcd(self._step, size) != 1:
            self._step += 2

    def __len__(self) -> int:
        return len(self._ids)

    def slice(self, start: int, stop: int) -> list[int]:
        size = len(self._ids)
        step, offset, ids = self._step, self._offset, self._ids
        return [ids[(step * at + offset) % size] for at in range(min(start, size), min(stop, size))]


class Stable:
    """Ids in the order they come in."""

    def __init__(self, ids: Sequence[int]) -> None:
        self._ids = ids

    def __len__(self) -> int:
        return len(self._ids)

    def slice(self, start: int, stop: int) -> Sequence[int]:
        return self._ids[start:stop]


class Visit(NamedTuple):
    """One call under way. ``parallel`` is how many there were when it began, itself included."""

    environment: Environment
    slots: asyncio.Semaphore | None
    parallel: int

    def leave(self) -> None:
        """Ends the call, so that one that waits can go on."""
        self.environment.under_way -= 1
        if self.slots is not None:
            self.slots.release()


class Keeper(Protocol):
    """Where environments are kept, so that they survive the process; in memory it does nothing."""

    def new_path(self) -> Path | None:
        """A path for a new file of books, or None for memory."""

    def keep(self, environment: Environment) -> None:
        """Makes the configuration, the access and the choice of books of ``environment`` durable."""


class Environment:
    """One environment: configuration, books, access, recorded traffic, logbook and faults.

    ``base`` are the books that a reset goes back to; ``definitions`` the GetConnectors there are, by default all that
    are shipped, or none in a bare environment.
    """

    def __init__(
        self,
        profile: Profile,
        books: Books,
        base: Books,
        access: Access,
        keeper: Keeper,
        *,
        snapshots: Iterable[Snapshot] = (),
        definitions: Definitions | None = None,
    ) -> None:
        self.profile = profile
        self.definitions = definitions or Definitions(shipped=not profile.bare)
        self.books = books
        self.base = base
        self.access = access
        self.snapshots = Snapshots(snapshots)
        self.traffic = Traffic()
        self.logbook = Logbook()
        self.faults = Faults(profile.seed)
        self.under_way = 0
        self.chance = random.Random(profile.seed)  # noqa: S311 - repeatable on purpose, guards nothing
        self._keeper = keeper
        self._writing = asyncio.Lock()
        self._slots = _slots(profile)
        self._ledger: tuple[Books, LedgerBook] | None = None
        self._renderings: dict[GetConnector, Rendering] = {}
        self._queries: dict[tuple[GetConnector, bytes], Query] = {}
        self._opened: dict[str, tuple[AppConnector, GetConnector]] = {}

    # ------------------------------------------------------------ configuration

    @property
    def id(self) -> str:
        """The name of the environment, such as ``O12345AA``."""
        return self.profile.environment

    def now(self) -> dt.datetime:
        """Amsterdam wall-clock time by the environment's clock."""
        return self.profile.clock.now()

    def configure(self, profile: Profile) -> None:
        """Puts another configuration into force. Projections that it changes are made anew at the next read."""
        if profile.dialect.parallel_calls != self.profile.dialect.parallel_calls:
            self._slots = _slots(profile)
        self.profile = profile
        self.traffic.changed()
        self._renderings.clear()
        self._queries.clear()
        self._opened.clear()
        self._keeper.keep(self)

    def next_reference(self) -> str:
        """A log reference: 32 hex digits in capitals."""
        return f"{self.chance.getrandbits(128):032X}"

    # ------------------------------------------------------------ calls at once

    async def enter(self, *, waiting: bool = True) -> Visit:
        """Begins a call, waiting while as many run as AMB-08 allows. The visit has to be left.

        Without ``waiting`` the call is counted and no more, for one that is turned away.
        """
        slots = self._slots if waiting else None
        self.under_way += 1
        parallel = self.under_way
        if slots is not None:
            try:
                await slots.acquire()
            except BaseException:
                self.under_way -= 1
                raise
        return Visit(self, slots, parallel)

    # ------------------------------------------------------------ connectors

    def get_connectors(self, app: AppConnector) -> list[GetConnector]:
        """The GetConnectors that ``app`` opens and this environment's features allow, in the order of the app."""
        listed = (self.definitions.find(name) for name in app.get_connectors)
        return [connector for connector in listed if connector and self._has(connector)]

    def _has(self, connector: GetConnector) -> bool:
        return connector.feature is None or connector.feature not in self.profile.without

    def get_connector(self, connector_id: str, app: AppConnector) -> GetConnector:
        """The GetConnector that ``app`` may read. Raises ProfitError, or Refusal 401 where AMB-07 says so."""
        opened = self._opened.get(connector_id)
        if opened is not None and opened[0] is app:
            return opened[1]
        connector, problem = self._find(connector_id, app)
        if connector is None:
            reason = Reason("GetConnector of the app connector", "path", connector_id, problem)
            if self.profile.dialect.unknown_connector == "unauthorized":
                raise Refusal(401, reason)
            raise ProfitError("get_connector_unsupported", reason)
        if connector.blocked or connector.id.lower() in self.profile.blocked_connectors:
            reason = Reason("GetConnector is not blocked", "path", connector_id, "a definition that is not blocked")
            raise ProfitError("get_connector_blocked", reason)
        if len(self._opened) >= MOST_QUERIES:
            self._opened.clear()
        self._opened[connector_id] = (app, connector)
        return connector

    def _find(self, connector_id: str, app: AppConnector) -> tuple[GetConnector | None, str]:
        """The connector, or None and what stands in its way."""
        wanted = connector_id.lower()
        connector = self.definitions.find(wanted)
        exact = self.profile.dialect.identifiers == "case_sensitive"
        if connector is None or (exact and connector.id != connector_id):
            return None, "the id of an imported GetConnector"
        if not any(name.lower() == wanted for name in app.get_connectors):
            return None, f"a GetConnector listed in app connector '{app.description}'"
        if not self._has(connector):
            return None, f"the environment lacks the feature '{connector.feature}'"
        return connector, ""

    def update_connectors(self, app: AppConnector) -> list[UpdateConnector]:
        """The UpdateConnectors that ``app`` opens, in its order."""
        known = connectors.update_connector_ids()
        return [
            connectors.update_connector(known[name.lower()]) for name in app.update_connectors if name.lower() in known
        ]

    def update_connector(self, connector_id: str, app: AppConnector) -> UpdateConnector | None:
        """The UpdateConnector called ``connector_id`` if ``app`` opens it."""
        exact = connectors.update_connector_ids().get(connector_id.lower())
        if exact is None or exact.lower() not in _lowered(app.update_connectors):
            return None
        return connectors.update_connector(exact)

    async def import_definitions(self, upload: Upload) -> Report:
        """Adds what was uploaded to the GetConnectors, or puts it in the place of those of the same name.

        A connector is imported whole or not at all; what stands in the way of one does not hinder the others.
        """
        profile = self.profile
        batch = await asyncio.to_thread(
            importing.mapped, upload, seed=profile.seed, without=profile.without, known=self.definitions
        )
        return self._imported(batch)

    def import_shipped(self, patterns: Sequence[str]) -> Report:
        """Adds shipped GetConnectors by id; ``*`` stands for any characters. Raises ControlError for none of a name."""
        return self._imported(importing.shipped(patterns, without=self.profile.without, known=self.definitions))

    def _imported(self, batch: importing.Batch) -> Report:
        definitions = self.definitions.having(batch.connectors)
        if len(definitions.imported) > importing.MOST_IMPORTED:
            hint = "make another environment for the rest"
            raise ControlError(
                f"an environment holds at most {importing.MOST_IMPORTED:,} imported connectors", hint=hint
            )
        if batch.connectors:
            self.definitions = definitions
            self._opened.clear()
            self._renderings.clear()
            self._queries.clear()
            self._keeper.keep(self)
        return batch.report

    # ------------------------------------------------------------ reading

    def _compiled(self, connector: GetConnector, query_string: bytes) -> Query:
        """The query that ``query_string`` asks of ``connector``; those of late are kept. Raises ProfitError."""
        known = self._queries.get((connector, query_string))
        if known is None:
            known = compile_query(connector, parsed(query_string), self.profile.dialect)
            if len(self._queries) >= MOST_QUERIES:
                self._queries.clear()
            self._queries[connector, query_string] = known
        return known

    async def read(self, connector: GetConnector, query_string: bytes) -> Rows:
        """The answer to a GET of ``connector``. Raises ProfitError."""
        query = self._compiled(connector, query_string)
        books = self.books
        rendering = self._renderings.get(connector)
        if rendering is None:
            rendering = self._renderings[connector] = rendering_of(self.profile, connector)
        projection = books.projection(connector, rendering)
        if books.lock.locked() or projection.needs_preparation(query):
            async with books.lock:
                await asyncio.to_thread(projection.prepare, query)
        before, after = rendering.frame
        before %= query.echo
        if query.take == ALL or query.take > STREAMED_FROM:
            ids = await self._found(books, projection, projection.walk, query)
            parts = self._stream(projection, ids, projection.snapshot(), query, (before, after))
            return Rows(parts=parts, found=_span(query, len(ids)))
        if query.order or self.profile.dialect.order == "stable":
            page = await self._found(books, projection, projection.page, query)
        else:
            ids = await self._found(books, projection, projection.walk, query)
            page = Shuffled(ids, self.chance).slice(query.skip, query.skip + query.take)
        body = b"".join((before, projection.joined(projection.snapshot(), page), after))
        return Rows(body, found=len(page))

    async def _found(self, books: Books, projection: Projection, find: Callable[[Query], T], query: Query) -> T:
        """What ``find`` gives, from a worker thread when it would hold up other requests."""
        if not projection.is_long(query):
            return find(query)
        async with books.lock:
            return await asyncio.to_thread(find, query)

    async def _stream(
        self, projection: Projection, ids: Sequence[int], rows: list[bytes], query: Query, frame: tuple[bytes, bytes]
    ) -> AsyncIterator[bytes]:
        """The answer in parts. Which rows it has was decided when it was asked for, however slowly it is read."""
        yield frame[0]
        shuffled = not query.order and self.profile.dialect.order == "shuffled"
        walk = Shuffled(ids, self.chance) if shuffled else Stable(ids)
        end = query.skip + _span(query, len(walk))
        separator = b""
        for start in range(query.skip, end, CHUNK):
            part = projection.joined(rows, walk.slice(start, min(start + CHUNK, end)))
            if part:
                yield separator + part
                separator = projection.rendering.separator.encode()
        yield frame[1]

    # ------------------------------------------------------------ writing

    async def write(self, call: WriteCall) -> Result:
        """Carries out a call of an UpdateConnector: all of it, or nothing.

        Raises ProfitError, Refusal for what the connector cannot do, and documents.InvalidJson.
        """
        handlers = HANDLERS[call.connector]
        async with self._writing:
            books = await self._writable()
            async with books.lock:
                if len(call.body) > LARGE_BODY or (call.method == "DELETE" and books.behind):
                    return await asyncio.to_thread(self._written, books, handlers, call)
                return self._written(books, handlers, call)

    def _written(self, books: Books, handlers: Handlers, call: WriteCall) -> Result:
        book = self._ledger_book(books)
        draft = Draft(book, self._circumstances(call.user))
        result = self._handled(handlers, call, draft)
        book.apply(draft.changes, draft.details, draft.circumstances.now)
        return result

    def _handled(self, handlers: Handlers, call: WriteCall, draft: Draft) -> Result:
        if call.method == "DELETE":
            return handlers.deletes(call.object)(call.keys, draft)
        write, action = handlers.writes(call.method, call.object)
        ignore = self.profile.dialect.unknown_field == "ignored"
        node = documents.read(call.connector, call.body, action=action, ignore_unknown=ignore)
        documents.take_keys(call.connector, node, call.keys)
        licence.enforce(node, draft)
        return write(node, draft)

    @asynccontextmanager
    async def looked_up(self) -> AsyncIterator[LedgerBook]:
        """The books to look rows up in, while nobody writes."""
        async with self.books.lock:
            yield self._ledger_book(self.books)

    def _ledger_book(self, books: Books) -> LedgerBook:
        if self._ledger is None or self._ledger[0] is not books:
            self._ledger = (books, LedgerBook(books))
        return self._ledger[1]

    def _circumstances(self, user: str) -> Circumstances:
        now = values.stored_moment(self.now())
        dialect = self.profile.dialect
        return Circumstances(
            now=now,
            today=now[:10],
            user=user,
            without=self.profile.without,
            missing_features=dialect.missing_features,
            identifier_checks=dialect.identifier_checks,
        )

    # ------------------------------------------------------------ data

    async def data(
        self, entity: Entity, *, since: dt.datetime | None = None, owner: Entity | None = None
    ) -> list[dict[str, object]]:
        """All rows of ``entity`` as the control API shows them; see ``Books.rows`` for ``since`` and ``owner``."""
        columns = {column.name: column for _, column in all_columns(entity)}
        stamp = None if since is None else values.stored_moment(since)
        async with self.books.lock:
            rows = await asyncio.to_thread(self.books.rows, entity, stamp, owner)
        return [{name: records.shown(columns[name], value) for name, value in row.items()} for row in rows]

    async def stored(self, entity: Entity) -> list[dict[str, Stored]]:
        """All rows of ``entity`` in stored form."""
        async with self.books.lock:
            return await asyncio.to_thread(self.books.rows, entity)

    async def put_data(self, entity: Entity, rows: Sequence[object]) -> None:
        """Inserts rows or changes them by key; all or none. Raises ControlError naming row and column."""
        checked = checked_rows(entity, rows)
        self.traffic.changed()
        now = values.stored_moment(self.now())
        async with self._writing:
            books = await self._writable()
            async with books.lock:
                try:
                    await asyncio.to_thread(books.put, entity, checked, now)
                except MissingKey as missing:
                    hint = f"a row is found by {', '.join(entity.key)}"
                    raise ControlError(f"a row of '{entity.name}' has no '{missing}'", hint=hint) from None

    async def switch_autonumbering(self, *, on: bool) -> None:
        """Switches the automatic numbering of creditors and debtors in every administration."""
        entity = ENTITIES["administrations"]
        numbers = [row["administration"] for row in await self.data(entity)]
        flags = {"autonumber_creditors": on, "autonumber_debtors": on}
        await self.put_data(entity, [{"administration": number, **flags} for number in numbers])

    async def _writable(self) -> Books:
        """The books, copied first when somebody shares them."""
        shared = self.books
        if shared.holders == 1:
            return shared
        async with shared.lock:
            books = await asyncio.to_thread(shared.writable, self._keeper.new_path, shared.projections_made())
        if books is not shared:
            self.books = books
            self._keeper.keep(self)
        return books

    # ------------------------------------------------------------ copies

    async def fork(self, profile: Profile) -> Environment:
        """A private copy under another profile; it starts with the same users, app connectors and definitions, without
        tokens.
        """
        async with self._writing:
            books, base = self.books.share(), self.books.share()
            return Environment(profile, books, base, self.access.copy(), self._keeper, definitions=self.definitions)

    async def reset(self) -> None:
        """Puts the books back to what they were when the environment was made. Access and configuration stay.

        Faults are removed, so that none is left over from the test before.
        """
        self.faults.clear()
        self.traffic.changed()
        async with self._writing:
            self._replace_books(self.base)

    def _replace_books(self, books: Books) -> None:
        given_up, self.books = self.books, books.share()
        self._keeper.keep(self)
        given_up.release()

    async def take_snapshot(self, name: str | None) -> Snapshot:
        """Remembers the books under ``name``, or one made up; nothing is copied now. Raises ControlError."""
        async with self._writing:
            snapshot, replaced = self.snapshots.take(name, self.books, self.now())
            self._keeper.keep(self)
            if replaced is not None:
                replaced.release()
            return snapshot

    async def restore_snapshot(self, name: str) -> None:
        """Puts the books back to a snapshot. Access and configuration stay. Raises ControlError 404."""
        async with self._writing:
            self._replace_books(self.snapshots.find(name).books)

    async def delete_snapshot(self, name: str) -> None:
        """Forgets a snapshot. Raises ControlError 404."""
        async with self._writing:
            given_up = self.snapshots.delete(name)
            self._keeper.keep(self)
            given_up.release()

    def release(self) -> None:
        """Gives up the books, when the environment is deleted. Calls that a fault holds up are dropped."""
        self.faults.ended.set()
        self.books.release()
        self.base.release()
        self.snapshots.release()


@lru_cache(maxsize=256)
def _lowered(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


def _slots(profile: Profile) -> asyncio.Semaphore | None:
    allowed = profile.dialect.parallel_calls
    return None if allowed == "unlimited" else asyncio.Semaphore(int(allowed))


def _span(query: Query, found: int) -> int:
    """How many of ``found`` rows the query asks for."""
    left = max(found - query.skip, 0)
    return left if query.take == ALL else min(left, query.take)


def checked_rows(entity: Entity, rows: Sequence[object]) -> list[dict[str, Stored]]:
    """Rows of the control API in stored form. Raises ControlError naming row and column."""
    return [_checked(entity, row, at) for at, row in enumerate(rows)]


def _checked(entity: Entity, row: object, at: int) -> dict[str, Stored]:
    if not isinstance(row, dict):
        raise ControlError(f"row {at} of '{entity.name}' is no object", hint='rows look like {"column": value}')
    columns = {column.name: column for _, column in all_columns(entity)}
    checked = {}
    for name, value in row.items():
        if name not in columns:
            raise ControlError(
                f"row {at}: '{entity.name}' has no column '{name}'", hint=f"the columns are {', '.join(columns)}"
            )
        try:
            checked[name] = records.stored(columns[name], value)
        except values.NotAValue as allowed:
            raise ControlError(f"row {at}: '{name}' is {str(value)[:100]!r}", hint=f"it takes {allowed}") from None
    return checked


def check_get_connectors(key: str, names: Iterable[str], definitions: Definitions) -> None:
    """Raises ControlError when one of ``names``, given under ``key``, is no GetConnector of ``definitions``."""
    for name in names:
        if definitions.find(name) is None:
            listed = ", ".join(connector.id for connector in definitions.known.values()) or "none yet"
            hint = f"import it first (POST .../import, or mock-afas import); there are: {listed}"
            raise ControlError(f"'{key}': there is no GetConnector '{name}'", hint=hint)


def entity_named(name: str) -> Entity:
    """The entity called ``name``. Raises ControlError 404."""
    if name not in ENTITIES:
        raise ControlError(f"there is no entity '{name}'", hint=f"there are {', '.join(sorted(ENTITIES))}", status=404)
    return ENTITIES[name]
