"""The books of the demo company: entries, their lines and the invoices they make, in order of date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from mock_afas.demo.batch import Batch
from mock_afas.demo.invoices import NO_ALLOCATION, Allocations, Invoice, Item
from mock_afas.demo.moments import Moments
from mock_afas.demo.tables import Row
from mock_afas.demo.vat import ON_TOP, REVERSE_CHARGE, VatCodes
from mock_afas.values import MILLIONTHS

LEDGER, CUSTOMER, SUPPLIER = "1", "2", "3"
PURCHASE_JOURNAL, SALES_JOURNAL, BANK_JOURNAL = "10", "20", "50"
BANK_ACCOUNT = "1100"
#: How a stored amount counts cents.
CENT = MILLIONTHS // 100

ENTRY_COLUMNS = ("administration", "entry", "year", "period", "journal", "created", "modified")
LINE_COLUMNS = (
    "administration",
    "entry",
    "sequence",
    "account_kind",
    "account",
    "debit",
    "credit",
    "entry_date",
    "voucher_date",
    "voucher_number",
    "invoice",
    "vat_code",
    "vat_amount",
    "description",
    "currency",
    "rate",
    "debit_currency",
    "credit_currency",
    "commitment",
    "project",
    *(f"allocation_{axis}" for axis in range(1, 6)),
)
INVOICE_COLUMNS = (
    "administration",
    "side",
    "relation",
    "invoice",
    "entry",
    "journal",
    "voucher_number",
    "invoice_date",
    "due_date",
    "currency",
    "rate",
    "amount",
    "amount_currency",
    "open_amount",
    "open_amount_currency",
    "description",
    "payment_reference",
    "blocked_for_payment",
    "reviewer",
    "payment_condition",
    "created",
    "modified",
)

_Posting = tuple[str, int, int, Any]


class Books:
    """Books invoices, their payments and memorials, and holds the rows until they are taken.

    Entries of each administration count up from ``first_entry``. Amounts come in cents, above zero debit.
    """

    def __init__(self, moments: Moments, vat: VatCodes, *, first_entry: int = 1) -> None:
        self._moments = moments
        self._vat = vat
        self._next_entry: dict[int, int] = defaultdict(lambda: first_entry)
        self._entries: list[Row] = []
        self._lines: list[Row] = []
        self._invoices: list[Row] = []
        #: Cents booked on each (administration, commitment).
        self.used: dict[tuple[int, int], int] = defaultdict(int)

    def book(self, invoices: Iterable[Invoice], memorials: Iterable[dict[str, Any]]) -> None:
        """Books everything that happened up to yesterday, day by day."""
        todo: list[_Posting] = []
        for invoice in invoices:
            todo.append((invoice.day, 1, len(todo), invoice))
            if invoice.paid:
                todo.append((invoice.paid_on, 2, len(todo), invoice))
        for memorial in memorials:
            if memorial["date"] <= self._moments.last_day:
                todo.append((memorial["date"], 0, len(todo), memorial))
        for _, step, _, facts in sorted(todo):
            (self._memorial, self.invoice, self.payment)[step](facts)

    def take(self) -> Iterator[Batch]:
        """Entries, their lines and the invoices since the last time."""
        yield Batch("entries", ENTRY_COLUMNS, self._entries)
        yield Batch("entry_lines", LINE_COLUMNS, self._lines)
        yield Batch("invoices", INVOICE_COLUMNS, self._invoices)
        self._entries, self._lines, self._invoices = [], [], []

    def _entry(self, administration: int, journal: str, day: str) -> _Entry:
        number = self._next_entry[administration]
        self._next_entry[administration] = number + 1
        created = self._moments.at(day, number)
        self._entries.append((administration, number, int(day[:4]), int(day[5:7]), journal, created, created))
        return _Entry(self._lines, administration, number, day, created)

    def _memorial(self, facts: dict[str, Any]) -> None:
        for administration in facts["administrations"]:
            entry = self._entry(administration, facts["journal"], facts["date"])
            voucher = f"MEMO{entry.number:04d}"
            for account, amount in facts["lines"]:
                entry.line((LEDGER, account), round(amount * 100), voucher, None, facts["description"])

    def invoice(self, invoice: Invoice) -> None:
        """Books an invoice. Its row already shows what will be paid of it."""
        purchase = invoice.side == "supplier"
        journal = PURCHASE_JOURNAL if purchase else SALES_JOURNAL
        entry = self._entry(invoice.administration, journal, invoice.day)
        # A purchase has its cost on the debit side and the supplier on the credit side; a sale the other way round.
        sign, kind = (1, SUPPLIER) if purchase else (-1, CUSTOMER)
        self._relation_line(entry, kind, invoice, -sign * invoice.total, invoice.voucher)
        for item in invoice.items:
            self._item(entry, invoice, item, sign)
        self._vat_lines(entry, invoice, sign)
        self._invoices.append(self._invoice_row(invoice, entry, journal))

    def _relation_line(self, entry: _Entry, kind: str, invoice: Invoice, amount: int, voucher: str) -> None:
        foreign = None if invoice.currency == "EUR" else (invoice.currency, invoice.rate)
        entry.line((kind, invoice.relation), amount, voucher, invoice.number, invoice.description, foreign=foreign)

    def _item(self, entry: _Entry, invoice: Invoice, item: Item, sign: int) -> None:
        if item.commitment is not None:
            self.used[invoice.administration, item.commitment] += item.net
        account, amount, text = (LEDGER, item.account), sign * item.net, item.description
        vat = (item.vat_code, sign * item.vat)
        more = (item.commitment, item.project, item.allocations)
        entry.line(account, amount, invoice.voucher, invoice.number, text, vat=vat, more=more)

    def _vat_lines(self, entry: _Entry, invoice: Invoice, sign: int) -> None:
        """One line a VAT code; a purchase under reverse charge has VAT on both sides."""
        nets: dict[str, tuple[int, int]] = {}
        for item in invoice.items:
            if item.vat_code is not None:
                net, vat = nets.get(item.vat_code, (0, 0))
                nets[item.vat_code] = net + item.net, vat + item.vat
        for vat_code, (net, vat) in nets.items():
            code = self._vat[vat_code]
            if code.account is None:
                continue
            amounts: tuple[int, ...] = (vat,) if code.method == ON_TOP else ()
            if code.method == REVERSE_CHARGE:
                shifted = self._vat.amount(vat_code, net, invoice.day)
                amounts = (shifted, -shifted)
            for amount in amounts:
                account = (LEDGER, code.account)
                entry.line(account, sign * amount, invoice.voucher, invoice.number, "Btw", vat=(vat_code, None))

    def payment(self, invoice: Invoice) -> None:
        """Books by bank what was paid of an invoice."""
        entry = self._entry(invoice.administration, BANK_JOURNAL, invoice.paid_on)
        sign, kind = (1, SUPPLIER) if invoice.side == "supplier" else (-1, CUSTOMER)
        voucher = f"BANK{entry.number:04d}"
        entry.line((LEDGER, BANK_ACCOUNT), -sign * invoice.paid, voucher, None, "Betaling")
        self._relation_line(entry, kind, invoice, sign * invoice.paid, voucher)

    def _invoice_row(self, invoice: Invoice, entry: _Entry, journal: str) -> Row:
        left = invoice.total - invoice.paid
        modified = self._moments.at(invoice.paid_on, entry.number + 9) if invoice.paid else entry.created
        in_currency, paid = _converted(invoice.total, invoice.rate), _converted(invoice.paid, invoice.rate)
        key = (invoice.administration, invoice.side, invoice.relation, invoice.number, entry.number, journal)
        dates = (invoice.voucher, invoice.day, invoice.due, invoice.currency, invoice.rate)
        amounts = (invoice.total * CENT, in_currency, left * CENT, in_currency - paid)
        review = (invoice.payment_reference, int(invoice.blocked), invoice.reviewer, invoice.condition)
        return (*key, *dates, *amounts, invoice.description, *review, entry.created, modified)


def _converted(cents: int, rate: int) -> int:
    """``cents`` of euros as a stored amount of a currency, in whole cents of it; ``rate`` in millionths."""
    amount = (abs(cents) * rate + MILLIONTHS // 2) // MILLIONTHS * CENT
    return amount if cents >= 0 else -amount


class _Entry:
    """One entry that is being written."""

    def __init__(self, lines: list[Row], administration: int, number: int, day: str, created: str) -> None:
        self._lines = lines
        self._administration = administration
        self._sequence = 0
        self.number = number
        self._day = day
        self.created = created

    def line(
        self,
        account: tuple[str, str],
        amount: int,
        voucher: str,
        invoice: str | None,
        description: str,
        *,
        vat: tuple[str | None, int | None] = (None, None),
        foreign: tuple[str, int] | None = None,
        more: tuple[int | None, str | None, Allocations] = (None, None, NO_ALLOCATION),
    ) -> None:
        """Adds a line on an account of a kind; ``amount`` in cents, above zero debit."""
        self._sequence += 1
        debit, credit = (amount * CENT, 0) if amount > 0 else (0, -amount * CENT)
        currency = ("EUR", MILLIONTHS, debit, credit) if foreign is None else _in_currency(amount, foreign)
        vat_code, vat_amount = vat
        stored_vat = None if vat_amount is None else vat_amount * CENT
        commitment, project, allocations = more
        head = (self._administration, self.number, self._sequence, *account, debit, credit, self._day, self._day)
        text = (voucher, invoice, vat_code, stored_vat, description)
        self._lines.append((*head, *text, *currency, commitment, project, *allocations))


def _in_currency(amount: int, foreign: tuple[str, int]) -> tuple[str, int, int, int]:
    currency, rate = foreign
    converted = _converted(amount, rate)
    return (currency, rate, converted, 0) if amount > 0 else (currency, rate, 0, -converted)
