"""Reads the tables of ``fixtures/demo`` into batches: values as people write them become values as they are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from zlib import crc32

from mock_afas.demo.batch import Batch
from mock_afas.demo.moments import Moments
from mock_afas.fixtures import read_json
from mock_afas.records import ENTITIES
from mock_afas.values import MILLIONTHS

_STAMPS = ("created", "modified")
Row = tuple[object, ...]


def millionths(number: float | None) -> int | None:
    """A number of a fixture as a stored decimal."""
    return None if number is None else round(number * MILLIONTHS)


def _truth(value: object) -> int:
    return 1 if value else 0


_STORE: dict[str, Callable[[Any], object]] = {"decimal": millionths, "boolean": _truth}


def stored(entity: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterable[Sequence[object]]:
    """``rows`` with decimals in millionths and booleans as 0 or 1."""
    kinds = {column.name: column.kind for column in ENTITIES[entity].columns}
    changes = [(place, _STORE[kinds[name]]) for place, name in enumerate(columns) if kinds[name] in _STORE]
    for row in rows:
        if not changes:
            yield row
            continue
        values = list(row)
        for place, store in changes:
            values[place] = store(values[place])
        yield values


def stamped(
    entity: str, columns: Sequence[str], rows: Iterable[Sequence[object]], moments: Moments
) -> tuple[tuple[str, ...], list[Row]]:
    """Columns and rows with those of created and modified that the entity has and ``columns`` lacks."""
    wanted = [name for name in _STAMPS if ENTITIES[entity].column(name) and name not in columns]
    if not wanted:
        return tuple(columns), [tuple(row) for row in rows]
    first = 2 - len(wanted)
    salt = crc32(entity.encode()) % 5000
    stamp = moments.created_and_modified
    return (*columns, *wanted), [(*row, *stamp(key)[first:]) for key, row in enumerate(rows, salt)]


def table(entity: str, moments: Moments) -> Batch:
    """The rows of ``fixtures/demo/{entity}.json``."""
    document = read_json(f"demo/{entity}.json")
    columns = document["columns"]
    return Batch(entity, *stamped(entity, columns, stored(entity, columns, document["rows"]), moments))


def per_administration(
    entity: str, columns: Sequence[str], rows: Sequence[Sequence[object]], units: Sequence[int], moments: Moments
) -> Batch:
    """``rows``, in their stored form, once for each administration, with stamps that move up a row in each."""
    full, once = stamped(entity, columns, rows, moments)
    added = len(full) - len(columns)
    stamps = [row[len(row) - added :] for row in once]
    repeated = [
        (administration, *row, *stamp)
        for turn, administration in enumerate(units)
        for row, stamp in zip(rows, stamps[turn:] + stamps[:turn], strict=True)
    ]
    return Batch(entity, ("administration", *full), repeated)
