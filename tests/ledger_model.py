"""A small ledger in plain Python that knows nothing of the program: what should be open, taken, numbered and left.

Amounts are cents. An amount of an invoice is above zero where it usually is: a creditor's credit, a debtor's debit.
Numbers of invoices and relations compare without case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

PURCHASE, SALES, BANK, GENERAL = "10", "20", "50", "80"
#: Journals whose lines on a relation make an invoice with a new number, and those that pay.
_INVOICING, _PAYING = {PURCHASE, SALES}, {"40", BANK}

State = dict[str, list[dict[str, Any]]]
InvoiceKey = tuple[int, str, str, str]


class Refused(Exception):
    """The books do not take what was asked; the words say why."""


def cents(amount: float | None) -> int:
    return round(100 * (amount or 0))


def invoice_key(unit: int, side: str, relation: str, number: str) -> InvoiceKey:
    return unit, side, relation.casefold(), number.casefold()


class Effect(NamedTuple):
    """What a line on a relation does to an invoice."""

    side: str
    relation: str
    number: str
    amount: int


class Use(NamedTuple):
    """What a cost line takes of a commitment."""

    commitment: int
    supplier: str
    amount: int


@dataclass
class Invoice:
    amount: int
    open: int
    #: The entry that it belongs to, and the journal of that entry.
    entry: int
    journal: str
    blocked: bool = False

    @property
    def only_paid(self) -> bool:
        """Whether it is the payment of an invoice that nobody has seen."""
        return not self.amount and self.journal in _PAYING


@dataclass
class Commitment:
    open: int
    supplier: str
    settled: bool


@dataclass
class Entry:
    journal: str
    effects: dict[InvoiceKey, int] = field(default_factory=dict)
    uses: dict[int, int] = field(default_factory=dict)


class Ledger:
    """The books as they should be, beginning with what ``books`` shows."""

    def __init__(self, state: State) -> None:
        self.entries = {(one["administration"], one["entry"]): _entry(one) for one in state["entries"]}
        self.invoices = {_key_of(one): _invoice(one) for one in state["invoices"]}
        self.commitments = {
            (one["administration"], one["commitment"]): Commitment(
                cents(one["open_amount"]), one["supplier_id"], one["settled"]
            )
            for one in state["commitments"]
        }
        self.suppliers = {one["supplier_id"]: one["name"] for one in state["suppliers"]}
        self.customers = {one["customer_id"]: one["name"] for one in state["customers"]}
        self.subjects = {one["subject_id"]: (one["description"], len(one["attachments"])) for one in state["subjects"]}

    # ------------------------------------------------------------ entries

    def next_entry(self, unit: int) -> int:
        return 1 + max((number for of_unit, number in self.entries if of_unit == unit), default=0)

    def book(self, unit: int, journal: str, effects: Iterable[Effect], use: Use | None = None) -> int:
        """Books an entry; gives its number."""
        number = self.next_entry(unit)
        amounts: dict[InvoiceKey, int] = {}
        for effect in effects:
            self._check_relation(effect)
            key = invoice_key(unit, effect.side, effect.relation, effect.number)
            amounts[key] = amounts.get(key, 0) + effect.amount
        self._check_numbers(journal, amounts)
        uses = {} if use is None else {self._checked(unit, use): use.amount}
        for key, amount in amounts.items():
            self._change_invoice(key, amount, number, journal)
        for commitment, amount in uses.items():
            self.commitments[unit, commitment].open -= amount
        self.entries[unit, number] = Entry(journal, amounts, uses)
        return number

    def _check_relation(self, effect: Effect) -> None:
        known = self.suppliers if effect.side == "supplier" else self.customers
        if effect.relation not in known:
            raise Refused(f"no {effect.side} {effect.relation}")

    def _check_numbers(self, journal: str, amounts: Iterable[InvoiceKey]) -> None:
        for key in amounts if journal in _INVOICING else ():
            found = self.invoices.get(key)
            if found is not None and not found.only_paid:
                raise Refused(f"invoice number {key} is taken")

    def _checked(self, unit: int, use: Use) -> int:
        found = self.commitments.get((unit, use.commitment))
        if found is None or found.settled or found.supplier != use.supplier:
            raise Refused(f"commitment {use.commitment} is not for this")
        return use.commitment

    def _change_invoice(self, key: InvoiceKey, amount: int, entry: int, journal: str) -> None:
        found = self.invoices.get(key)
        if found is None:
            self.invoices[key] = Invoice(0 if journal in _PAYING else amount, amount, entry, journal)
        elif journal in _INVOICING:
            self.invoices[key] = Invoice(amount, amount + found.open, entry, journal)
        else:
            found.open += amount

    def delete(self, unit: int, number: int) -> None:
        """Deletes an entry and undoes what it did."""
        entry = self.entries.get((unit, number))
        if entry is None:
            raise Refused(f"no entry {number}")
        for key in entry.effects:
            found = self.invoices.get(key)
            if found and self._made(found, number) and found.open != found.amount:
                raise Refused(f"invoice {key} is paid")
        del self.entries[unit, number]
        for key, amount in entry.effects.items():
            self._undo(key, amount, number)
        for commitment, amount in entry.uses.items():
            self.commitments[unit, commitment].open += amount

    @staticmethod
    def _made(invoice: Invoice, entry: int) -> bool:
        return invoice.entry == entry and not invoice.only_paid

    def _undo(self, key: InvoiceKey, amount: int, entry: int) -> None:
        found = self.invoices.get(key)
        if found is None:
            return
        others = [number for (unit, number), one in self.entries.items() if unit == key[0] and key in one.effects]
        if self._made(found, entry) or (found.only_paid and not others):
            del self.invoices[key]
            return
        found.open -= amount
        if found.only_paid and found.entry == entry:
            found.entry = others[0]
            found.journal = self.entries[key[0], others[0]].journal

    # ------------------------------------------------------------ the rest

    def block(self, unit: int, side: str, relation: str, number: str, *, blocked: bool) -> None:
        """Blocks an invoice for payment, or releases it."""
        found = self.invoices.get(invoice_key(unit, side, relation, number))
        if found is None:
            raise Refused(f"no invoice {number}")
        found.blocked = blocked

    def delete_supplier(self, number: str) -> None:
        """Deletes a supplier that nothing was booked on; dossier items do not link to those of the tests."""
        used = {key[2] for key in self.invoices if key[1] == "supplier"}
        used |= {key[2] for entry in self.entries.values() for key in entry.effects if key[1] == "supplier"}
        if number not in self.suppliers or number.casefold() in used:
            raise Refused(f"supplier {number} is in use")
        del self.suppliers[number]

    def next_subject(self) -> int:
        return 1 + max(self.subjects, default=0)


def _key_of(row: dict[str, Any]) -> InvoiceKey:
    return invoice_key(row["administration"], row["side"], row["relation"], row["invoice"])


def _invoice(row: dict[str, Any]) -> Invoice:
    amounts = cents(row["amount"]), cents(row["open_amount"])
    return Invoice(*amounts, row["entry"], row["journal"], row["blocked_for_payment"])


def _entry(row: dict[str, Any]) -> Entry:
    entry = Entry(row["journal"])
    for line in row["lines"]:
        amount = cents(line["debit"]) - cents(line["credit"])
        if line["account_kind"] != "1" and line["invoice"]:
            side, sign = ("customer", 1) if line["account_kind"] == "2" else ("supplier", -1)
            key = invoice_key(row["administration"], side, line["account"], line["invoice"])
            entry.effects[key] = entry.effects.get(key, 0) + sign * amount
        if line["commitment"] is not None and line["account_kind"] == "1":
            entry.uses[line["commitment"]] = entry.uses.get(line["commitment"], 0) + amount
    return entry


def differences(ledger: Ledger, state: State) -> dict[str, Any]:
    """What the books show that the ledger does not, and the other way round; empty when they agree."""
    shown = Ledger(state)
    found: dict[str, Any] = {"unbalanced": _unbalanced(state)}
    for name in ("invoices", "commitments", "suppliers", "customers", "subjects"):
        ours, theirs = vars(ledger)[name], vars(shown)[name]
        found[name] = {
            key: (ours.get(key), theirs.get(key)) for key in ours | theirs if ours.get(key) != theirs.get(key)
        }
    found["entries"] = ledger.entries.keys() ^ shown.entries.keys()
    return {name: difference for name, difference in found.items() if difference}


def _unbalanced(state: State) -> set[tuple[int, int]]:
    """Entries whose lines do not balance; when there are none, the trial balance of each administration is zero."""
    return {
        (one["administration"], one["entry"])
        for one in state["entries"]
        if sum(cents(line["debit"]) - cents(line["credit"]) for line in one["lines"]) or not one["lines"]
    }
