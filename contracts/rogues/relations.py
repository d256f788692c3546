"""Mistakes with suppliers and customers."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from careful import PURCHASE, CarefulClient, Filter, Row

from contracts.rogues.base import rogue

CONTAINS = 6


@rogue("Creates a relation without looking whether it is there.", caught_by="relations/created-once")
class NeverLooksFirst(CarefulClient):
    def create(self, side: Row, given: Row) -> Row:
        keys = self.write("POST", side["connector"], self.relation(side, given, {}))
        return {side["argument"]: keys[side["key"]]}


@rogue("Looks for suppliers before it creates one, but not for customers.", caught_by="relations/customer-created-once")
class CustomersTwice(CarefulClient):
    def find_relation(self, side: Row, wanted: Row) -> Row | None:
        return super().find_relation(side, wanted) if side is PURCHASE else None


@rogue("Looks for a relation on the first page alone.", caught_by="relations/found-among-namesakes")
class FirstPageOfNamesakes(CarefulClient):
    def find_relation(self, side: Row, wanted: Row) -> Row | None:
        rows = islice(self.rows(side["rows"], [self.starting(side["name"], wanted["name"])]), self.page_size)
        found = next((row for row in rows if self.same(side, row, wanted)), None)
        return {side["key"]: found[side["id"]]} if found else None


@rogue("Takes a relation whose name merely contains the wanted one.", caught_by="relations/similar-told-apart")
class FindsByPart(CarefulClient):
    def starting(self, field: str, value: str) -> Filter:
        return (field, CONTAINS, value)

    def same(self, side: Row, row: Row, wanted: Row) -> bool:
        return str(wanted["name"]).lower() in str(row[side["name"]]).lower()


@rogue("Looks for a name with a comma as if that were two values.", caught_by="relations/found-by-any-name")
class CommaUnescaped(CarefulClient):
    def filter(self, filters: Iterable[Filter]) -> dict[str, str]:
        found = list(filters)
        lists = {"filterfieldids": 0, "filtervalues": 2, "operatortypes": 1} if found else {}
        return {name: ",".join(str(each[at]) for each in found) for name, at in lists.items()}


@rogue("Strips accents from names, since somebody once had trouble with them.", caught_by="relations/names-unchanged")
class PlainNames(CarefulClient):
    def relation(self, side: Row, given: Row, old: Row) -> Row:
        name = unicodedata.normalize("NFD", given.get("name") or "").encode("ascii", "ignore").decode()
        return super().relation(side, given | ({"name": name} if name else {}), old)


@rogue("Loses characters that need four bytes.", caught_by="relations/names-unchanged")
class ThreeBytes(CarefulClient):
    def encoded(self, body: Any) -> bytes | None:
        content = super().encoded(body)
        return content and "".join(c if ord(c) < 0x10000 else "?" for c in content.decode()).encode()


@rogue("Loses what follows the number of a house.", caught_by="relations/address-whole")
class BareHouseNumber(CarefulClient):
    def address(self, given: Row, old: Row) -> Row:
        return super().address(given, old) | {"HmAd": None}


@rogue("Creates relations without their bank account.", caught_by="relations/iban-kept")
class NoIban(CarefulClient):
    def create(self, side: Row, given: Row) -> Row:
        return super().create(side, {name: value for name, value in given.items() if name != "iban"})


@rogue("Leaves out numbers that identify a supplier.", caught_by="relations/numbers-kept")
class NoNumbers(CarefulClient):
    def relation(self, side: Row, given: Row, old: Row) -> Row:
        made = super().relation(side, given, old)
        made["Objects"]["KnOrganisation"]["Element"]["Fields"].pop("CcNr", None)
        return made


@rogue("Treats suppliers with care, and gives customers a name alone.", caught_by="relations/customer-as-told")
class BareCustomers(CarefulClient):
    def relation(self, side: Row, given: Row, old: Row) -> Row:
        told = ("name", "country", "street", "house_number", "postal_code", "city")
        bare = {name: given[name] for name in told if name in given}
        return super().relation(side, given if side is PURCHASE else bare, old)


@rogue("Adds the bank account again with each change.", caught_by="relations/iban-added-once")
class IbanEachTime(CarefulClient):
    def relation(self, side: Row, given: Row, old: Row) -> Row:
        return super().relation(side, given, old | {"IBAN": None} if old else old)


@rogue("Changes a part of an address and empties the rest.", caught_by="relations/only-what-is-named")
class EmptiesAddress(CarefulClient):
    def address(self, given: Row, old: Row) -> Row:
        return super().address(given, {"Country": old.get("Country")})


@rogue("Clears all fields that a change does not name.", caught_by="relations/only-what-is-named")
class ClearsTheRest(CarefulClient):
    def relation(self, side: Row, given: Row, old: Row) -> Row:
        body = super().relation(side, given, old)
        body["Fields"] = {"PaCd": "", "VaId": "", **body["Fields"]} if old else body["Fields"]
        return body


@rogue("Makes up a number when AFAS gives none.", caught_by="relations/autonumbering-off-told")
class InventsNumbers(CarefulClient):
    def create(self, side: Row, given: Row) -> Row:
        element = self.relation(side, given, {}) | {f"@{side['key']}": "987654"}
        found = self.find_relation(side, given) or self.write("POST", side["connector"], element)
        return {side["argument"]: found[side["key"]]}


@rogue("Creates a relation a second time when the answer got lost.", caught_by="faults/relation-created-once")
class DoubleRelation(CarefulClient):
    def write(self, method: str, connector: str, body: Row, look: Callable[[], Any] = lambda: None) -> Row:
        blind = connector.startswith("Kn") and "Relation" in connector
        return super().write(method, connector, body, (lambda: None) if blind else look)
