"""Bad manners: AFAS takes it, until it does not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import httpx
from careful import EQUAL, NAMES, CarefulClient, Filter, Row

from contracts.rogues.base import rogue


@rogue("Reads all rows at once, with skip and take -1.", caught_by="manners/all-rows-at-once")
class TakeMinusOne(CarefulClient):
    def rows(self, connector: str, filters: Iterable[Filter] = ()) -> Iterator[Row]:
        yield from self.get(f"connectors/{connector}", "rows", self.query(connector, filters, -1, -1))


@rogue("Asks for more values in a page than AFAS advises.", caught_by="limits/columns-times-rows")
class HugePages(CarefulClient):
    def take(self, connector: str) -> int:
        return 100_000


@rogue("Asks for all spellings of a name in one query, however long that gets.", caught_by="limits/query-string")
class LongQueries(CarefulClient):
    def find_relation(self, side: Row, wanted: Row) -> Row | None:
        name = str(wanted["name"])
        spellings = [name, name.upper(), name.lower(), name.title(), name.swapcase()]
        lists = {"filterfieldids": [side["name"]] * 5, "filtervalues": spellings, "operatortypes": ["1"] * 5}
        query = "&".join(f"{name}={quote(';'.join(each))}" for name, each in lists.items())
        found = self.get(f"connectors/{side['rows']}", "rows", f"?orderbyfieldids={side['id']}&{query}")
        return next(({side["key"]: row[side["id"]]} for row in found if self.same(side, row, wanted)), None)


@rogue("Books invoices of any number of lines in one entry.", caught_by="limits/lines")
class AnyNumberOfLines(CarefulClient):
    most_lines = 100_000


@rogue("Asks for each row by itself.", caught_by="manners/one-call-for-each-value")
class OneCallForEachRow(CarefulClient):
    def read(self, connector: str, changed_since: str | None = None) -> Row:
        whole = super().read(connector, changed_since)
        key = self.order(connector)[0]
        for value in list(dict.fromkeys(row[key] for row in whole["rows"]))[:40]:
            list(self.rows(connector, [(key, EQUAL, str(value))]))
        return whole


@rogue("Reads the whole table again instead of what changed.", caught_by="manners/whole-table-again")
class WholeTableAgain(CarefulClient):
    def changed(self, connector: str, since: str) -> list[Filter]:
        return []


@rogue("Makes twelve calls at once.", caught_by="limits/parallel-calls")
class TwelveAtOnce(CarefulClient):
    def rows(self, connector: str, filters: Iterable[Filter] = ()) -> Iterator[Row]:
        filters, take = list(filters), 25
        queries = [self.query(connector, filters, skip, take) for skip in range(0, take * 60, take)]
        with ThreadPoolExecutor(12) as pool:
            pages = list(pool.map(lambda query: self.get(f"connectors/{connector}", "rows", query), queries))
        yield from (row for page in pages for row in page)


@rogue("Closes the connection after each call.", caught_by="manners/connection-for-each-call")
class ClosesConnections(CarefulClient):
    def headers(self) -> dict[str, str]:
        return super().headers() | {"Connection": "close"}


@rogue("Opens a connection for each call.", caught_by="manners/connection-for-each-call")
class OpensConnections(CarefulClient):
    def begin(self) -> None:
        self.http = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0))
        super().begin()


@rogue("Does not say which integration calls.", caught_by="manners/missing-integration-id")
class NoIntegrationId(CarefulClient):
    def headers(self) -> dict[str, str]:
        return {name: value for name, value in super().headers().items() if name != "IntegrationId"}


@rogue("Sends text that is not ASCII without saying that it is UTF-8.", caught_by="manners/body-without-charset")
class NoCharset(CarefulClient):
    def headers(self) -> dict[str, str]:
        return super().headers() | {"Content-Type": "application/json"}


@rogue("Puts the token into the URL as well.", caught_by="manners/token-outside-header")
class TokenInUrl(CarefulClient):
    def query(self, connector: str, filters: Iterable[Filter], skip: int, take: int) -> str:
        digits = "".join(re.findall("[0-9A-Fa-f]{64}", self.token))
        return f"{super().query(connector, filters, skip, take)}&token={digits}"


@rogue("Tries the connector of each feature at each operation.", caught_by="manners/unsupported-connector-again")
class AsksAgain(CarefulClient):
    def begin(self) -> None:
        super().begin()
        for connectors in NAMES["features"].values():
            self.http.get(f"{self.base_url}/connectors/{connectors[0]}?take=1", headers=self.headers())
