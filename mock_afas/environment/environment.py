"""The use cases of one environment: read connectors, describe them, show and put data, fork, reset."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mock_afas import imports, values
from mock_afas.access import Access, AppConnector
from mock_afas.connectors import Definitions, GetConnector, UpdateConnector
from mock_afas.environment import opened
from mock_afas.environment.idling import Idling
from mock_afas.environment.master_data import checked_rows, shown_rows
from mock_afas.environment.opened import OpenedConnectors
from mock_afas.environment.reading import Reader, Rows
from mock_afas.environment.visits import Visits
from mock_afas.environment.writing import WriteCall, carry_out
from mock_afas.errors import ControlError
from mock_afas.faults import Faults
from mock_afas.ledger.book import Result
from mock_afas.logbook import Logbook
from mock_afas.profiles import Profile
from mock_afas.records import ENTITIES, Entity, Stored
from mock_afas.store.books import Books, MissingKey
from mock_afas.store.ledger_book import LedgerBook
from mock_afas.store.snapshots import Snapshot, Snapshots
from mock_afas.traffic import Traffic

if TYPE_CHECKING:
    from mock_afas.imports.importing import Batch, Report
    from mock_afas.imports.uploads import Upload

#: A body above so many bytes is handled in a worker thread.
LARGE_BODY = 262_144


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
        self.visits = Visits(profile.dialect.parallel_calls)
        self.chance = random.Random(profile.seed)  # noqa: S311 - repeatable on purpose, guards nothing
        self._keeper = keeper
        self._writing = asyncio.Lock()
        self._ledger: tuple[Books, LedgerBook] | None = None
        self._idling = Idling(lambda: self.books)
        self._renew()

    def _renew(self) -> None:
        """Makes anew what depends on configuration and definitions, with all that it keeps from call to call."""
        self._opened = OpenedConnectors(self.definitions, self.profile)
        self._reader = Reader(self.profile, self.chance)

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
            self.visits.allow(profile.dialect.parallel_calls)
        self.profile = profile
        self._renew()
        self.traffic.changed()
        self._keeper.keep(self)

    def next_reference(self) -> str:
        """A log reference: 32 hex digits in capitals."""
        return f"{self.chance.getrandbits(128):032X}"

    # ------------------------------------------------------------ connectors

    def get_connectors(self, app: AppConnector) -> list[GetConnector]:
        """The GetConnectors that ``app`` opens and this environment's features allow, in the order of the app."""
        return self._opened.of(app)

    def get_connector(self, connector_id: str, app: AppConnector) -> GetConnector:
        """The GetConnector that ``app`` may read. Raises ProfitError, or Refusal 401 where AMB-07 says so."""
        return self._opened.find(connector_id, app)

    def update_connectors(self, app: AppConnector) -> list[UpdateConnector]:
        """The UpdateConnectors that ``app`` opens, in its order."""
        return opened.update_connectors(app)

    def update_connector(self, connector_id: str, app: AppConnector) -> UpdateConnector | None:
        """The UpdateConnector called ``connector_id`` if ``app`` opens it."""
        return opened.update_connector(connector_id, app)

    async def import_definitions(self, upload: Upload) -> Report:
        """Adds what was uploaded to the GetConnectors, or puts it in the place of those of the same name.

        A connector is imported whole or not at all; what stands in the way of one does not hinder the others.
        """
        profile = self.profile
        batch = await asyncio.to_thread(
            imports.mapped, upload, seed=profile.seed, without=profile.without, known=self.definitions
        )
        return self._imported(batch)

    def import_shipped(self, patterns: Sequence[str]) -> Report:
        """Adds shipped GetConnectors by id; ``*`` stands for any characters. Raises ControlError for none of a name."""
        return self._imported(imports.shipped(patterns, without=self.profile.without, known=self.definitions))

    def _imported(self, batch: Batch) -> Report:
        if batch.connectors:
            self.definitions = batch.added_to(self.definitions)
            self._renew()
            self._keeper.keep(self)
        return batch.report

    # ------------------------------------------------------------ reading

    def read(self, connector: GetConnector, query_string: bytes) -> Coroutine[Any, Any, Rows]:
        """The answer to a GET of ``connector``. Raises ProfitError."""
        self._idling.calls += 1
        return self._reader.read(self.books, connector, query_string)

    # ------------------------------------------------------------ writing

    async def write(self, call: WriteCall) -> Result:
        """Carries out a call of an UpdateConnector: all of it, or nothing.

        Raises ProfitError, Refusal for what the connector cannot do, and documents.InvalidJson.
        """
        books = self.books
        slow = len(call.body) > LARGE_BODY or (call.method == "DELETE" and books.behind)
        if not slow and books.holders == 1 and not self._writing.locked() and not books.lock.locked():
            # Nobody is at the books, and nobody can come in between: this takes its turn without waiting for one.
            self._idling.wrote()
            return self._written(books, call)
        async with self._writing:
            books = await self._writable()
            self._idling.wrote()
            async with books.lock:
                if slow:
                    return await asyncio.to_thread(self._written, books, call)
                return self._written(books, call)

    def _written(self, books: Books, call: WriteCall) -> Result:
        return carry_out(call, self._ledger_book(books), self.profile, self.now())

    @asynccontextmanager
    async def looked_up(self) -> AsyncIterator[LedgerBook]:
        """The books to look rows up in, while nobody writes."""
        books = self.books  # others may take their place while somebody is at these
        async with books.lock:
            yield self._ledger_book(books)

    def _ledger_book(self, books: Books) -> LedgerBook:
        if self._ledger is None or self._ledger[0] is not books:
            self._ledger = (books, LedgerBook(books))
        return self._ledger[1]

    # ------------------------------------------------------------ data

    async def data(
        self, entity: Entity, *, since: dt.datetime | None = None, owner: Entity | None = None
    ) -> list[dict[str, object]]:
        """All rows of ``entity`` as the control API shows them; see ``Books.rows`` for ``since`` and ``owner``."""
        stamp = None if since is None else values.stored_moment(since)
        return shown_rows(entity, await self.stored(entity, stamp, owner))

    async def stored(
        self, entity: Entity, since: str | None = None, owner: Entity | None = None
    ) -> list[dict[str, Stored]]:
        """All rows of ``entity`` in stored form; see ``Books.rows`` for ``since`` and ``owner``."""
        books = self.books  # others may take their place while somebody is at these
        async with books.lock:
            return await asyncio.to_thread(books.rows, entity, since, owner)

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
        self._idling.end()
        self.books.release()
        self.base.release()
        self.snapshots.release()
