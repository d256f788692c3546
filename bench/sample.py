"""The rows that all servers serve, what is searched in them, and the files that the peers read them from."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONNECTOR = "Zenvoices_Suppliers"
KEY = "CreditorId"
NAME = "CreditorName"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Needle:
    """Text to search names for, and the share of names that hold it."""

    text: str
    share: float

    def __str__(self) -> str:
        return f"{self.share * 100:.0f} %"


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of the connector as our server gave them. ``often`` is in about 70 % of the names, ``seldom`` in 1 %."""

    size: int
    often: Needle
    seldom: Needle
    key: str


def _grams(name: str) -> set[str]:
    """Runs of one to three plain letters in a name: every server finds them, whatever it does about accents."""
    runs = {name[at : at + size] for size in (1, 2, 3) for at in range(len(name) - size + 1)}
    return {run for run in runs if run.isascii() and run.isalpha()}


def _nearest(counts: Counter[str], size: int, share: float) -> Needle:
    text = min(sorted(counts), key=lambda gram: abs(counts[gram] / size - share))
    return Needle(text, counts[text] / size)


def sample_of(rows: Sequence[Row]) -> Sample:
    """What to ask about ``rows``; the needles are chosen by counting."""
    counts = Counter(gram for row in rows for gram in _grams(str(row[NAME]).lower()))
    size = len(rows)
    return Sample(size, _nearest(counts, size, 0.7), _nearest(counts, size, 0.01), str(rows[size // 2][KEY]))


def write_json(rows: Sequence[Row], path: Path) -> None:
    """The database of json-server: one collection ``rows``."""
    path.write_text(json.dumps({"rows": rows}, ensure_ascii=False), encoding="utf-8")


def write_sqlite(rows: Sequence[Row], path: Path) -> None:
    """The database of datasette: one table ``rows``, its key primary, its names indexed, analysed."""
    path.unlink(missing_ok=True)
    names = list(rows[0])
    columns = ", ".join(f'"{name}"{" TEXT PRIMARY KEY" if name == KEY else ""}' for name in names)
    places = ", ".join("?" * len(names))
    values: Iterable[tuple[Any, ...]] = (tuple(row[name] for name in names) for row in rows)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"CREATE TABLE rows ({columns})")
        database.executemany(f"INSERT INTO rows VALUES ({places})", values)
        database.execute(f'CREATE INDEX names ON rows ("{NAME}")')
        database.execute("ANALYZE")
