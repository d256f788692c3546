"""Mistakes in reading: pages, values, what changed."""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from array import array
from collections.abc import Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from careful import EQUAL, CarefulClient, Filter, Row

from contracts.rogues.base import rogue

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


class PagesBySkipAndTake(CarefulClient):
    """Pages in the plainest way, as a start for mistakes: right as long as nothing moves meanwhile."""

    gap = 0

    def rows(self, connector: str, filters: Iterable[Filter] = ()) -> Iterator[Row]:
        filters, take, skip = list(filters), self.take(connector), 0
        while True:
            page = self.get(f"connectors/{connector}", "rows", self.query(connector, filters, skip, take))
            yield from page
            if len(page) < take:
                return
            skip += take + self.gap


@rogue("Pages without an order.", caught_by="read/pages-once")
class NoOrder(PagesBySkipAndTake):
    def query(self, connector: str, filters: Iterable[Filter], skip: int, take: int) -> str:
        return re.sub("&orderbyfieldids=[^&]*", "", super().query(connector, filters, skip, take))


@rogue("Orders pages by a name that several rows share.", caught_by="read/pages-once-though-names-repeat")
class OrderByName(PagesBySkipAndTake):
    def order(self, connector: str) -> list[str]:
        names = [field["id"] for field in self.fields(connector)]
        return [next((name for name in names if name.endswith("Name")), names[-1])]


@rogue("Skips and takes while rows come in, and meets some of them twice.", caught_by="read/rows-added-while-paging")
class MovedRowsTwice(PagesBySkipAndTake):
    pass


@rogue("Reads the first page and takes it for everything.", caught_by="read/pages-once")
class FirstPageOnly(CarefulClient):
    def rows(self, connector: str, filters: Iterable[Filter] = ()) -> Iterator[Row]:
        query = self.query(connector, filters, 0, self.take(connector))
        yield from self.get(f"connectors/{connector}", "rows", query)


@rogue("Skips one row too many between pages.", caught_by="read/pages-once")
class OffByOne(PagesBySkipAndTake):
    gap = 1


@rogue("Forgets the last page when that is not full.", caught_by="read/pages-once")
class ForgetsLastPage(CarefulClient):
    def rows(self, connector: str, filters: Iterable[Filter] = ()) -> Iterator[Row]:
        found = list(super().rows(connector, filters))
        yield from found[: len(found) // self.page_size * self.page_size or None]


@rogue("Keeps decimals in single precision.", caught_by="read/decimals-exact")
class SinglePrecision(CarefulClient):
    def parsed(self, text: str) -> Any:
        return json.loads(json.dumps(super().parsed(text), default=lambda value: array("f", [float(value)])[0]))


@rogue("Reads decimals as whole numbers.", caught_by="read/decimals-exact")
class WholeNumbers(CarefulClient):
    def parsed(self, text: str) -> Any:
        return json.loads(json.dumps(super().parsed(text), default=int))


@rogue("Believes the Z of dates and converts them from UTC to Amsterdam.", caught_by="read/wall-clock-dates")
class ConvertsFalseZ(CarefulClient):
    def wall_clock(self, value: Any) -> Any:
        if not isinstance(value, str) or not value.endswith("Z"):
            return value
        return dt.datetime.fromisoformat(value).astimezone(AMSTERDAM).strftime("%Y-%m-%dT%H:%M:%S")


@rogue("Keeps the day of a moment and drops its time.", caught_by="read/wall-clock-dates")
class DropsTimes(CarefulClient):
    def wall_clock(self, value: Any) -> Any:
        return value.partition("T")[0] if isinstance(value, str) and value.endswith("Z") else value


@rogue("Asks for rows changed exactly at a moment, not since.", caught_by="manners/exact-match-on-time")
class ChangedExactlyAt(CarefulClient):
    def changed(self, connector: str, since: str) -> list[Filter]:
        return [(name, EQUAL, value) for name, _, value in super().changed(connector, since)]


@rogue("Ends the moment it asks from in Z.", caught_by="manners/filter-value-with-z")
class ChangedSinceZ(CarefulClient):
    def changed(self, connector: str, since: str) -> list[Filter]:
        return [(name, how, f"{value}Z") for name, how, value in super().changed(connector, since)]


@rogue("Converts the moment it asks from, which makes it later.", caught_by="read/changed-since")
class ChangedSinceConverted(CarefulClient):
    def changed(self, connector: str, since: str) -> list[Filter]:
        moment = dt.datetime.fromisoformat(since.removesuffix("Z")).replace(tzinfo=dt.UTC).astimezone(AMSTERDAM)
        return super().changed(connector, moment.strftime("%Y-%m-%dT%H:%M:%S"))


@rogue("Leaves out fields that are empty.", caught_by="read/nulls-kept")
class DropsNulls(CarefulClient):
    def rows(self, connector: str, filters: Iterable[Filter] = ()) -> Iterator[Row]:
        for row in super().rows(connector, filters):
            yield {name: value for name, value in row.items() if value is not None}


@rogue("Makes empty text of what is empty.", caught_by="read/nulls-kept")
class NullsAsText(CarefulClient):
    def rows(self, connector: str, filters: Iterable[Filter] = ()) -> Iterator[Row]:
        for row in super().rows(connector, filters):
            yield {name: "" if value is None else value for name, value in row.items()}


@rogue("Reads UTF-8 as Latin-1.", caught_by="read/text-unchanged")
class ReadsLatin1(CarefulClient):
    def parsed(self, text: str) -> Any:
        return super().parsed(text.encode().decode("latin-1"))


@rogue("Strips accents from what it reads.", caught_by="read/text-unchanged")
class StripsAccents(CarefulClient):
    def parsed(self, text: str) -> Any:
        return super().parsed("".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)))


@rogue("Takes columns by their place instead of their name.", caught_by="read/columns-by-name")
class ColumnsByPlace(CarefulClient):
    columns = ("UnitId", "JournalId", "Description", "JournalType", "Blocked", "ContraAccount", "CurrencyId")

    def rows(self, connector: str, filters: Iterable[Filter] = ()) -> Iterator[Row]:
        for row in super().rows(connector, filters):
            named = connector == "Zenvoices_Journals"
            yield dict(zip(self.columns, row.values(), strict=False)) if named else row
