"""Any number of suppliers, customers and purchase invoices beside the demo company's own: what ``--rows`` makes.

Ids count up from above those of the demo company: suppliers from 1000001, customers from 3000001, their organisations,
addresses and bank accounts from 6000001 and 8000001, entries from 1000001 in each administration. Rows are made in
chunks while they are read; nothing of the size of the whole is ever held.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from mock_afas.demo.batch import Batch
from mock_afas.demo.books import Books
from mock_afas.demo.identifiers import dutch_iban, rsin
from mock_afas.demo.invoices import Invoice, Item
from mock_afas.demo.master import is_blocked
from mock_afas.demo.moments import FIRST_ORDINAL, Moments
from mock_afas.demo.pools import Named, Pools, dutch_pools
from mock_afas.demo.relations import (
    ADDRESS_COLUMNS,
    BANK,
    BANK_ACCOUNT_COLUMNS,
    CUSTOMER_COLUMNS,
    DOMESTIC,
    ORGANISATION_COLUMNS,
    SUPPLIER_COLUMNS,
    Names,
    search_name,
)
from mock_afas.demo.tables import Row
from mock_afas.demo.vat import ON_TOP, VatCodes
from mock_afas.fixtures import read_json
from mock_afas.values import MILLIONTHS

if TYPE_CHECKING:
    from random import Random

FIRST_ENTRY = 1_000_001
#: Above this, ids of suppliers would meet those of customers.
_MOST_ROWS = 2_000_000
_CHUNK = 4_000
_ADMINISTRATIONS = 5
_TERMS = (("30", 30), ("14", 14), ("30", 30), ("60", 60))
#: Every fourth invoice has two cost lines; of each ten, those with these numbers are paid.
_SPLIT, _PAID = 4, (3, 7)
_MOMENTS = 20_000


class Side(NamedTuple):
    """Suppliers or customers: where their ids begin, and what makes their scattered numbers differ."""

    entity: str
    columns: tuple[str, ...]
    first: int
    first_organisation: int
    serial: int
    control_account: str


_SUPPLIERS = Side("suppliers", SUPPLIER_COLUMNS, 1_000_001, 6_000_001, 0, "1600")
_CUSTOMERS = Side("customers", CUSTOMER_COLUMNS[:-1], 3_000_001, 8_000_001, _MOST_ROWS, "1300")


class OpenDay(NamedTuple):
    """A day of an open period."""

    day: str
    ordinal: int
    year: int


def total_rows(rows: int) -> int:
    """How many table rows ``generated`` gives for this many suppliers, customers and invoices."""
    paid = rows // 10 * len(_PAID) + sum(rows % 10 > number for number in _PAID)
    return rows * (4 + 4 + 5) + -(-rows // _SPLIT) + 3 * paid


def generated(*, rows: int, seed: int, today: dt.date) -> Iterator[Batch]:
    """``rows`` suppliers, as many customers and as many purchase invoices of these suppliers.

    The same arguments give the same rows. Raises ValueError as ``base`` does.
    """
    if not rows:
        return
    from random import Random  # noqa: PLC0415 - the base needs no chance, and the server starts with the base

    moments, names = Moments(today), Names()
    offset = Random(f"{seed}/numbers").randrange(_MOST_ROWS)  # noqa: S311 - no secret
    maker = _Maker(moments, dutch_pools(seed, names), names.banks, offset)
    for side in (_SUPPLIERS, _CUSTOMERS):
        chance = Random(f"{seed}/{side.entity}")  # noqa: S311 - no secret
        for numbers in _chunks(rows):
            yield from maker.relations(side, numbers, chance)
    yield from _bookings(moments, rows, Random(f"{seed}/invoices"))  # noqa: S311 - no secret


def _chunks(rows: int) -> Iterator[range]:
    return (range(start, min(start + _CHUNK, rows)) for start in range(0, rows, _CHUNK))


def _bookings(moments: Moments, rows: int, chance: Random) -> Iterator[Batch]:
    vat = VatCodes()
    purchases = _Purchases(moments, vat, rows, chance)
    books = Books(moments, vat, first_entry=FIRST_ENTRY)
    for numbers in _chunks(rows):
        for number in numbers:
            invoice = purchases.invoice(number)
            books.invoice(invoice)
            if invoice.paid:
                books.payment(invoice)
        yield from books.take()


class _Maker:
    """Makes relations from pools."""

    def __init__(self, moments: Moments, pools: Pools, banks: list[tuple[str, str]], offset: int) -> None:
        self._pools = pools
        self._banks = banks
        self._offset = offset
        # Up to the fraction of a second, which each row gets of its own.
        pairs = (moments.created_and_modified(key) for key in range(_MOMENTS))
        self._moments = [(created[:20], modified[:20]) for created, modified in pairs]

    def relations(self, side: Side, numbers: range, chance: Random) -> Iterator[Batch]:
        """One chunk: addresses, organisations, bank accounts and the relations themselves."""
        made = [self._relation(side, number, chance) for number in numbers]
        yield Batch("addresses", ADDRESS_COLUMNS, [rows[0] for rows in made])
        yield Batch("organisations", ORGANISATION_COLUMNS, [rows[1] for rows in made])
        yield Batch("bank_accounts", BANK_ACCOUNT_COLUMNS, [rows[2] for rows in made])
        yield Batch(side.entity, side.columns, [rows[3] for rows in made])

    def _name(self, draw: float, city: Named, chance: Random) -> Named:
        pools, families = self._pools, self._pools.families
        if draw < 0.3:
            return pools.companies[int(chance.random() * len(pools.companies))]
        template = pools.templates[int(chance.random() * len(pools.templates))]
        first = families[int(chance.random() * len(families))]
        second = families[int(draw * len(families))]
        label = template.label.format(first.label, second.label, city.label)
        return Named(template.name.format(first.name, second.name, city.name), label)

    def _relation(self, side: Side, number: int, chance: Random) -> tuple[Row, Row, Row, Row]:
        pools, draw = self._pools, chance.random()
        place = pools.places[int(chance.random() * len(pools.places))]
        name = self._name(draw, place.city, chance)
        created, modified = self._moments[int(chance.random() * _MOMENTS)]
        fraction = f"{number * 7919 % 999_999 + 1:06d}"
        stamps = (created + fraction, modified + fraction)
        identity = side.first_organisation + number
        street = pools.streets[int(chance.random() * len(pools.streets))]
        house = 1 + int(draw * draw * 400)
        addition = "ABC"[number % 3] if number % 9 == 2 else None
        address = (identity, 0, street, house, addition, place.postal_code, place.city.name, "NL", *stamps)
        organisation, serial = str(identity), side.serial + number + self._offset
        bank, bic = self._banks[int(chance.random() * len(self._banks))]
        account = 100_000_000 + serial * 424_242_431 % 899_999_963
        iban = dutch_iban(bank, account)
        bank_account = (identity, organisation, "NL", bic, iban, str(account), 0, BANK, "Zakelijke rekening")
        relation = _relation_row(side, number, organisation, (iban, bic), stamps)
        return address, _organisation_row(identity, serial, name, place.phone, stamps), bank_account, relation


def _organisation_row(identity: int, serial: int, name: Named, phone: str, stamps: tuple[str, str]) -> Row:
    # Steps that share no factor with what they wrap around at: no two of six million serials give the same number.
    fiscal = rsin(10_000_000 + serial * 7_368_787 % 9_999_991 * 9)
    coc = str(10_000_000 + serial * 31_415_927 % 79_999_999)
    head = (str(identity), "O", name.name, search_name(name.label), phone, f"info@{name.label}.example", None, coc)
    return (*head, f"NL{fiscal}B{1 + serial % 4:02d}", fiscal, None, None, identity, identity, *stamps)


def _relation_row(side: Side, number: int, organisation: str, account: tuple[str, str], stamps: tuple[str, str]) -> Row:
    condition = _TERMS[number % len(_TERMS)][0]
    limit, method = (10_000 * MILLIONTHS, None) if side is _CUSTOMERS else (None, "1")
    head = (str(side.first + number), organisation, side.control_account, condition, "EUR", DOMESTIC, None, None)
    return (*head, method, int(number % 3 == 0), limit, 0, 0, *account, *stamps)


class _Purchases:
    """Makes purchase invoices of generated suppliers, dated in open periods."""

    def __init__(self, moments: Moments, vat: VatCodes, rows: int, chance: Random) -> None:
        self._moments = moments
        self._suppliers = rows
        self._chance = chance
        self._vat = vat
        purchases = read_json("demo/invoices.json")["purchase"]
        self._costs = [tuple(purchase) for purchase in purchases if vat[purchase[2]].method == ON_TOP]
        self._days = list(_open_days(moments))

    def invoice(self, number: int) -> Invoice:
        """The invoice with this number; to be asked for in order."""
        random = self._chance.random
        supplier = int(random() * self._suppliers)
        day, ordinal, year = self._days[int(random() * len(self._days))]
        account, text, vat_code = self._costs[int(random() * len(self._costs))]
        draw = random()
        net = 1_500 + int(draw * draw * draw * 1_500_000)
        parts = (net * 3 // 10, net - net * 3 // 10) if number % _SPLIT == 0 else (net,)
        amount = self._vat.amount
        items = tuple(Item(account, part, vat_code, amount(vat_code, part, day), text) for part in parts)
        total = sum(item.net + item.vat for item in items)
        condition, days = _TERMS[supplier % len(_TERMS)]
        due = self._moments.day(ordinal + days)
        unit, relation = 1 + number % _ADMINISTRATIONS, str(_SUPPLIERS.first + supplier)
        name, voucher = f"{year}{number:07d}", f"{year}-{int(draw * 90_000) + 10_000}"
        invoice = Invoice(unit, "supplier", relation, name, day, due, condition, text, items, total, voucher)
        if number % 10 in _PAID:
            return invoice._replace(paid=total, paid_on=min(due, self._moments.last_day))
        return invoice


def _open_days(moments: Moments) -> Iterator[OpenDay]:
    for ordinal in range(FIRST_ORDINAL, moments.last + 1):
        date = dt.date.fromordinal(ordinal)
        if not is_blocked(date.year, date.month):
            yield OpenDay(date.isoformat(), ordinal, date.year)
