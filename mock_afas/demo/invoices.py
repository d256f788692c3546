"""What the demo company buys and sells: invoices with fixed numbers, and one every twenty days since 2012."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, NamedTuple

from mock_afas.demo.moments import FIRST_ORDINAL, Moments
from mock_afas.demo.relations import Relations
from mock_afas.demo.tables import millionths
from mock_afas.demo.vat import VatCodes
from mock_afas.fixtures import read_json
from mock_afas.values import MILLIONTHS

Allocations = tuple[str | None, str | None, str | None, str | None, str | None]
NO_ALLOCATION: Allocations = (None, None, None, None, None)
_DAYS_BETWEEN = 20
_IDENTITY = ("administration", "side", "relation", "invoice", "date")


class Item(NamedTuple):
    """A cost or revenue line of an invoice; amounts in cents, below zero on a credit invoice."""

    account: str
    net: int
    vat_code: str | None
    vat: int
    description: str
    allocations: Allocations = NO_ALLOCATION
    project: str | None = None
    commitment: int | None = None


class Invoice(NamedTuple):
    """An invoice as it is booked, and what was paid of it. ``paid`` in cents, ``rate`` in millionths."""

    administration: int
    side: str
    relation: str
    number: str
    day: str
    due: str
    condition: str
    description: str
    items: tuple[Item, ...]
    total: int
    voucher: str
    currency: str = "EUR"
    rate: int = MILLIONTHS
    paid: int = 0
    paid_on: str = ""
    reviewer: str | None = None
    blocked: bool = False
    payment_reference: str | None = None


def _item(line: dict[str, Any], text: str) -> Item:
    net, vat = _cents(line["net"]), _cents(line["vat"])
    item = Item(line["account"], net, line["vat_code"], vat, text, tuple(line.get("allocations", NO_ALLOCATION)))
    return item._replace(project=line.get("project"), commitment=line.get("commitment"))


def _total(items: tuple[Item, ...]) -> int:
    return sum(item.net + item.vat for item in items)


def _cents(amount: float) -> int:
    return round(amount * 100)


class Terms:
    """Payment terms of relations, as far as these are plain days; any other relation pays in 30."""

    def __init__(self, relations: Relations) -> None:
        conditions = read_json("demo/payment_conditions.json")["rows"]
        self._days = {row[0]: row[3] for row in conditions if row[2] == "D"}
        rows = {"supplier": relations.suppliers, "customer": relations.customers}
        self._conditions = {(side, row[0]): str(row[3]) for side, table in rows.items() for row in table}

    def of(self, side: str, relation: str) -> tuple[str, int]:
        """The payment condition of an invoice of ``relation`` and its days."""
        condition = self._conditions[side, relation]
        return (condition, self._days[condition]) if condition in self._days else ("30", self._days["30"])


class Plan:
    """Makes the invoices up to yesterday."""

    def __init__(self, relations: Relations, moments: Moments) -> None:
        self.moments = moments
        self.document: dict[str, Any] = read_json("demo/invoices.json")
        self.terms = Terms(relations)
        self.vat = VatCodes()
        self.reviewers: list[str] = read_json("demo/relations.json")["reviewers"]
        self._foreign = {str(row[0]): (str(row[4]), str(row[5])) for row in relations.suppliers}
        self._rates = {row[0]: millionths(row[2]) or 0 for row in read_json("demo/currencies.json")["rows"]}

    def invoices(self) -> Iterator[Invoice]:
        """Every invoice dated before today."""
        for facts in self.document["invoices"]:
            if facts["date"] <= self.moments.last_day:
                yield self._fixed(facts)
        key, start = 0, FIRST_ORDINAL
        while start <= self.moments.last:
            day = start + key * 13 % 17
            if day <= self.moments.last:
                yield self._sale(key, day) if key % 3 == 2 else self._purchase(key, day)
            key, start = key + 1, start + _DAYS_BETWEEN

    def _fixed(self, facts: dict[str, Any]) -> Invoice:
        items = tuple(_item(line, facts["description"]) for line in facts["lines"])
        condition, days = self.terms.of(facts["side"], facts["relation"])
        ordinal = dt.date.fromisoformat(facts["date"]).toordinal()
        paid_on = facts.get("paid_on", "")
        settled = paid_on and paid_on <= self.moments.last_day
        unit, side, relation, number, day = (facts[name] for name in _IDENTITY)
        due, voucher, total = self.moments.day(ordinal + days), facts.get("voucher") or number, _total(items)
        text = facts["description"]
        invoice = Invoice(unit, side, relation, number, day, due, condition, text, items, total, voucher)
        return invoice._replace(
            paid=_cents(facts["paid"]) if settled else 0,
            paid_on=paid_on if settled else "",
            reviewer=facts.get("reviewer"),
            blocked=facts.get("blocked", False),
            payment_reference=facts.get("payment_reference"),
        )

    def _items(self, key: int, day: str, account: str, text: str, vat_code: str, **more: Any) -> tuple[Item, ...]:
        """One line, or on every fifth invoice two; every thirteenth is a credit invoice, every nineteenth large."""
        net = (5_000 + key * 7919 % 9973 * 37) * (10 if key % 19 == 7 else 1) * (-1 if key % 13 == 6 else 1)
        parts = (net * 3 // 10, net - net * 3 // 10) if key % 5 == 1 else (net,)
        shifted = self.vat[vat_code].method == "V"
        text = f"Credit: {text}" if net < 0 else text
        return tuple(
            Item(account, part, vat_code, 0 if shifted else self.vat.amount(vat_code, part, day), text, **more)
            for part in parts
        )

    def _payment(self, key: int, due: int, total: int) -> tuple[int, str]:
        """What was paid and when: every ninth invoice is open, every ninth half open."""
        paid_on = due + key % 11 - 5
        if key % 9 == 5 or paid_on > self.moments.last:
            return 0, ""
        return (total // 2 if key % 9 == 7 else total), self.moments.day(paid_on)

    def _purchase(self, key: int, ordinal: int) -> Invoice:
        document, day = self.document, self.moments.day(ordinal)
        account, text, vat_code = document["purchase"][key * 5 % len(document["purchase"])]
        relation = str(50_000 + key * 7 % 60 if key % 4 else 60_014 + key % 16)
        if key % 11 == 4:
            relation = document["foreign_suppliers"][key // 11 % len(document["foreign_suppliers"])]
        currency, duty = self._foreign[relation]
        account, vat_code = document["foreign_codes"].get(duty, (account, vat_code))
        items = self._items(key, day, account, text, vat_code)
        total = _total(items)
        condition, days = self.terms.of("supplier", relation)
        reviewer = self.reviewers[key % len(self.reviewers)] if key % 17 in (8, 12) else None
        paid, paid_on = (0, "") if reviewer and key % 17 == 8 else self._payment(key, ordinal + days, total)
        unit, number, voucher = 1 + key * 7 % 10 % 5, f"INK{301 + key:05d}", f"{day[:4]}-{key * 7919 % 9000 + 1000}"
        due = self.moments.day(ordinal + days)
        invoice = Invoice(unit, "supplier", relation, number, day, due, condition, text, items, total, voucher)
        return invoice._replace(
            currency=currency,
            rate=self._rates[currency],
            paid=paid,
            paid_on=paid_on,
            reviewer=reviewer,
            blocked=reviewer is not None and not paid,
            payment_reference=f"{7 + key % 3}{key * 7_368_787 % 10**15:015d}" if key % 4 == 0 else None,
        )

    def _sale(self, key: int, ordinal: int) -> Invoice:
        document, day = self.document, self.moments.day(ordinal)
        turn = key // 3
        account, text, vat_code = document["sales"][turn % len(document["sales"])]
        allocations = document["sales_allocations"].get(account, [NO_ALLOCATION])
        projects = document["sales_projects"].get(account, [None])
        codes, project = tuple(allocations[turn % len(allocations)]), projects[turn // 10 % len(projects)]
        items = self._items(key, day, account, text, vat_code, allocations=codes, project=project)
        relation = str(10_001 + key * 29 % 239)
        condition, days = self.terms.of("customer", relation)
        unit, number, total = 1 if project else 1 + turn % 5, f"V{3001 + key:07d}", _total(items)
        due = self.moments.day(ordinal + days)
        paid, paid_on = self._payment(key, ordinal + days, total)
        invoice = Invoice(unit, "customer", relation, number, day, due, condition, text, items, total, number)
        return invoice._replace(paid=paid, paid_on=paid_on)
