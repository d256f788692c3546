"""Answers to reads of GetConnectors: a page of rows, or more of them as a stream."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncIterator, Callable, Sequence
from typing import NamedTuple, TypeVar

from mock_afas.connectors import GetConnector
from mock_afas.profiles import Profile
from mock_afas.query import ALL, Query, compile_query, parsed
from mock_afas.store.books import Books
from mock_afas.store.projections import Projection
from mock_afas.store.rendering import Rendering, rendering_of

#: An answer with more rows than this is streamed, this many rows at a time.
STREAMED_FROM = 1_000
CHUNK = 500
#: So many compiled queries are kept.
MOST_QUERIES = 1_024

T = TypeVar("T")


class Rows(NamedTuple):
    """An answer to a read: whole in ``body``, or in ``parts`` when it is long. ``found`` is how many rows it has."""

    body: bytes = b""
    parts: AsyncIterator[bytes] | None = None
    found: int = 0


class Shuffled:
    """A permutation of ids that costs nothing to make: position i stands at (a·i + b) mod n."""

    def __init__(self, ids: Sequence[int], chance: random.Random) -> None:
        self._ids = ids
        size = max(len(ids), 1)
        self._offset = int(chance.random() * size)
        self._step = int(chance.random() * size) | 1
        while math.gcd(self._step, size) != 1:
            self._step += 2

    def slice(self, start: int, stop: int) -> list[int]:
        size = len(self._ids)
        step, offset, ids = self._step, self._offset, self._ids
        return [ids[(step * at + offset) % size] for at in range(min(start, size), min(stop, size))]


class Stable:
    """Ids in the order they come in."""

    def __init__(self, ids: Sequence[int]) -> None:
        self._ids = ids

    def slice(self, start: int, stop: int) -> Sequence[int]:
        return self._ids[start:stop]


class Reader:
    """Reads GetConnectors under one configuration; queries and renderings are kept from one read to the next.

    ``chance`` decides the order of rows that nobody ordered (AMB-05).
    """

    def __init__(self, profile: Profile, chance: random.Random) -> None:
        self._profile = profile
        self._stable = profile.dialect.order == "stable"
        self._chance = chance
        self._renderings: dict[GetConnector, Rendering] = {}
        self._queries: dict[tuple[GetConnector, bytes], Query] = {}

    def _compiled(self, connector: GetConnector, query_string: bytes) -> Query:
        """The query that ``query_string`` asks of ``connector``; those of late are kept. Raises ProfitError."""
        known = self._queries.get((connector, query_string))
        if known is None:
            known = compile_query(connector, parsed(query_string), self._profile.dialect)
            if len(self._queries) >= MOST_QUERIES:
                self._queries.clear()
            self._queries[connector, query_string] = known
        return known

    async def read(self, books: Books, connector: GetConnector, query_string: bytes) -> Rows:
        """The answer to a GET of ``connector`` from ``books``. Raises ProfitError."""
        query = self._compiled(connector, query_string)
        rendering = self._renderings.get(connector)
        if rendering is None:
            rendering = self._renderings[connector] = rendering_of(self._profile, connector)
        projection = books.projection(connector, rendering)
        if books.lock.locked() or projection.needs_preparation(query):
            async with books.lock:
                await asyncio.to_thread(projection.prepare, query)
        before, after = rendering.frame
        before %= query.echo
        if query.take == ALL or query.take > STREAMED_FROM:
            ids = await _found(books, projection, projection.walk, query)
            parts = self._stream(projection, ids, projection.snapshot(), query, (before, after))
            return Rows(parts=parts, found=_span(query, len(ids)))
        if query.order or self._stable:
            page = await _found(books, projection, projection.page, query)
        else:
            ids = await _found(books, projection, projection.walk, query)
            page = Shuffled(ids, self._chance).slice(query.skip, query.skip + query.take)
        body = b"".join((before, projection.joined(projection.snapshot(), page), after))
        return Rows(body, found=len(page))

    async def _stream(
        self, projection: Projection, ids: Sequence[int], rows: list[bytes], query: Query, frame: tuple[bytes, bytes]
    ) -> AsyncIterator[bytes]:
        """The answer in parts. Which rows it has was decided when it was asked for, however slowly it is read."""
        yield frame[0]
        walk = Stable(ids) if query.order or self._stable else Shuffled(ids, self._chance)
        end = query.skip + _span(query, len(ids))
        separator = b""
        for start in range(query.skip, end, CHUNK):
            part = projection.joined(rows, walk.slice(start, min(start + CHUNK, end)))
            if part:
                yield separator + part
                separator = projection.rendering.separator.encode()
        yield frame[1]


async def _found(books: Books, projection: Projection, find: Callable[[Query], T], query: Query) -> T:
    """What ``find`` gives, from a worker thread when it would hold up other requests."""
    if not projection.is_long(query):
        return find(query)
    async with books.lock:
        return await asyncio.to_thread(find, query)


def _span(query: Query, found: int) -> int:
    """How many of ``found`` rows the query asks for."""
    left = max(found - query.skip, 0)
    return left if query.take == ALL else min(left, query.take)
