"""What the books must hold after a client booked an invoice: our own reading, sharing no code with the mock's ledger.

Amounts are signed: debit above zero, credit below. So a purchase credits its creditor (below zero) and debits costs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from mock_afas_contracts.observed import Books

Side = Literal["supplier", "customer"]
_CENT = Decimal("0.01")
#: How Profit numbers the kinds of ledger lines.
LEDGER, DEBTOR, CREDITOR = "1", "2", "3"
_RELATION_KIND: Mapping[Side, str] = {"supplier": CREDITOR, "customer": DEBTOR}
AXES = ("1", "2", "3", "4", "5")


@dataclass(frozen=True)
class Posting:
    """What one line is on an account: what may not differ from the invoice."""

    account: str
    amount: Decimal
    tax_code: str | None
    allocations: tuple[tuple[str, str], ...] = ()
    project: str | None = None
    commitment: str | None = None


@dataclass(frozen=True)
class ExpectedEntry:
    """The entry that an invoice has to become, in the administration's own currency."""

    side: Side
    administration: int
    journal: str
    year: int
    period: int
    relation: str
    #: Signed amount on the relation's line.
    relation_amount: Decimal
    costs: Counter[Posting]
    #: Signed sums by VAT account and code, however many lines they are spread over.
    taxes: Mapping[tuple[str, str], Decimal]


def expected(side: Side, invoice: Mapping[str, Any]) -> ExpectedEntry:
    """The entry for the arguments of ``book_purchase_invoice`` or ``book_sales_invoice``."""
    sign = 1 if side == "supplier" else -1
    rate = Decimal(invoice.get("rate", 1))

    def euros(text: str) -> Decimal:
        return sign * (Decimal(text) / rate).quantize(_CENT, ROUND_HALF_UP)

    costs: Counter[Posting] = Counter()
    taxes: dict[tuple[str, str], Decimal] = {}
    for line in invoice["lines"]:
        costs[_expected_posting(line, euros(line["amount"]))] += 1
        if Decimal(line.get("tax_amount", 0)):
            key = (line["tax_account"], line["tax_code"])
            taxes[key] = taxes.get(key, Decimal(0)) + euros(line["tax_amount"])
    year, month, _ = (int(part) for part in invoice["invoice_date"].split("-"))
    return ExpectedEntry(
        side=side,
        administration=int(invoice["administration"]),
        journal=invoice["journal"],
        year=year,
        period=month,
        relation=str(invoice[f"{side}_id"]),
        relation_amount=-euros(invoice["total"]),
        costs=costs,
        taxes=taxes,
    )


def _expected_posting(line: Mapping[str, Any], amount: Decimal) -> Posting:
    commitment = line.get("commitment")
    return Posting(
        account=line["account"],
        amount=amount,
        tax_code=line.get("tax_code"),
        allocations=tuple(sorted(line.get("allocations", {}).items())),
        project=line.get("project"),
        commitment=None if commitment is None else str(commitment),
    )


def signed(line: Mapping[str, Any]) -> Decimal:
    """Debit less credit of a line in the books."""
    return Decimal(line["debit"]) - Decimal(line["credit"])


def booked_posting(line: Mapping[str, Any]) -> Posting:
    """A ledger line of the books in the same words, wherever Profit keeps its allocation and project."""
    codes = {axis: line[f"allocation_{axis}"] for axis in AXES if line[f"allocation_{axis}"]}
    for part in line["allocations"]:
        codes |= {axis: part[f"allocation_{axis}"] for axis in AXES if part[f"allocation_{axis}"]}
    projects = [part["project"] for part in line["projects"]]
    commitment = line["commitment"]
    return Posting(
        account=line["account"],
        amount=signed(line),
        tax_code=line["vat_code"],
        allocations=tuple(sorted(codes.items())),
        project=line["project"] or (projects[0] if projects else None),
        commitment=None if commitment is None else str(commitment),
    )


def differences(wanted: ExpectedEntry, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What of an entry in the books is not as wanted: what, with both; empty when all is right."""
    tax_accounts = {account for account, _ in wanted.taxes}
    relation_lines, costs, taxes = _sorted_out(wanted, entry["lines"], tax_accounts)
    pairs: dict[str, tuple[object, object]] = {
        "administration": (wanted.administration, entry["administration"]),
        "journal": (wanted.journal, entry["journal"]),
        "year and period": ((wanted.year, wanted.period), (entry["year"], entry["period"])),
        "amount of the relation": (wanted.relation_amount, sum(map(signed, relation_lines), Decimal(0))),
        "relations": ([wanted.relation], sorted({line["account"] for line in relation_lines})),
        "lines": (_readable(wanted.costs), _readable(costs)),
        "VAT": (_by_account(wanted.taxes), _by_account(taxes)),
    }
    return {name: {"wanted": a, "booked": b} for name, (a, b) in pairs.items() if a != b}


def _sorted_out(
    wanted: ExpectedEntry, lines: Sequence[Mapping[str, Any]], tax_accounts: set[str]
) -> tuple[list[Mapping[str, Any]], Counter[Posting], dict[tuple[str, str], Decimal]]:
    relation_lines: list[Mapping[str, Any]] = []
    costs: Counter[Posting] = Counter()
    taxes: dict[tuple[str, str], Decimal] = {}
    for line in lines:
        if line["account_kind"] == _RELATION_KIND[wanted.side]:
            relation_lines.append(line)
        elif line["account"] in tax_accounts:
            key = (line["account"], line["vat_code"])
            taxes[key] = taxes.get(key, Decimal(0)) + signed(line)
        else:
            costs[booked_posting(line)] += 1
    return relation_lines, costs, taxes


def _readable(costs: Counter[Posting]) -> list[str]:
    return sorted(_words(one) for one in costs.elements())


def _words(one: Posting) -> str:
    words = f"{one.account} {one.amount.quantize(_CENT)}"
    rest = {
        "code": one.tax_code,
        "allocations": dict(one.allocations),
        "project": one.project,
        "commitment": one.commitment,
    }
    return words + "".join(f" {name} {value}" for name, value in rest.items() if value)


def _by_account(taxes: Mapping[tuple[str, str], Decimal]) -> dict[str, str]:
    booked = sorted((key, amount) for key, amount in taxes.items() if amount)
    return {f"{account} code {code}": str(amount.quantize(_CENT)) for (account, code), amount in booked}


# ---------------------------------------------------------------- the whole of what a client did


@dataclass(frozen=True)
class Done:
    """What a client carried out so far, by its own word: what has to be in the books, and nothing else."""

    #: Arguments of bookings by side, relation and invoice number.
    invoices: dict[tuple[Side, str, str], Mapping[str, Any]] = field(default_factory=dict)
    #: IBANs that suppliers were given.
    ibans: dict[str, str] = field(default_factory=dict)
    #: Names of relations that were created, by side and number.
    relations: dict[tuple[Side, str], str] = field(default_factory=dict)
    #: File names by supplier and invoice number.
    documents: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    #: Invoices that are blocked for payment.
    blocked: set[tuple[Side, str, str]] = field(default_factory=set)

    def has(self, side: Side, invoice: Mapping[str, Any]) -> bool:
        """Whether there is an invoice of this number already."""
        return _key(side, invoice) in self.invoices

    def booked(self, side: Side, invoice: Mapping[str, Any]) -> None:
        key = _key(side, invoice)
        self.invoices[key] = invoice
        if invoice.get("blocked") or invoice.get("reviewer"):
            self.blocked.add(key)

    def differences(self, books: Books) -> dict[str, Any]:
        """What of the changes in the books is not as it was done: what, with both; empty when all is right."""
        found = {(row["side"], row["relation"], row["invoice"]): row for row in books.invoices}
        ibans = {row["supplier_id"]: row["iban"] for row in books.suppliers}
        pairs: dict[str, tuple[object, object]] = {
            "invoices": (sorted(self.invoices), sorted(found)),
            "number of entries": (len(self.invoices), len(books.entries)),
            "relations": (sorted(self.relations.items()), sorted(self._made(books))),
            "IBANs": (self.ibans, {supplier: ibans.get(supplier) for supplier in self.ibans}),
            "documents": (self._documents(), _attached(books)),
            "blocked": (sorted(self.blocked), sorted(key for key, row in found.items() if row["blocked_for_payment"])),
        }
        wrong: dict[str, Any] = {name: {"wanted": a, "booked": b} for name, (a, b) in pairs.items() if a != b}
        return wrong or self._differences_of_entries(books, found)

    def _made(self, books: Books) -> Iterator[tuple[tuple[Side, str], str]]:
        """The relations in the books that are new, and those that should be."""
        rows: list[tuple[Side, Any]] = [("supplier", row) for row in books.suppliers]
        rows += [("customer", row) for row in books.customers]
        for side, row in rows:
            if row["created"] == row["modified"] or (side, row[f"{side}_id"]) in self.relations:
                yield (side, row[f"{side}_id"]), row["name"]

    def _documents(self) -> list[tuple[str, str, str]]:
        return sorted((*key, name) for key, names in self.documents.items() for name in names)

    def _differences_of_entries(self, books: Books, found: Mapping[Any, Mapping[str, Any]]) -> dict[str, Any]:
        entries = {(entry["administration"], entry["entry"]): entry for entry in books.entries}
        for (side, relation, number), invoice in self.invoices.items():
            row = found[side, relation, number]
            entry = entries[row["administration"], row["entry"]]
            wrong = differences(expected(side, invoice), entry)
            if wrong:
                return {f"invoice {number} of {relation}": wrong}
        return {}


def _key(side: Side, invoice: Mapping[str, Any]) -> tuple[Side, str, str]:
    return side, str(invoice[f"{side}_id"]), invoice["invoice_number"]


def _attached(books: Books) -> list[tuple[str, str, str]]:
    return sorted(
        (subject["destination"], subject["destination_invoice"], attachment["file_name"])
        for subject in books.subjects
        for attachment in subject["attachments"]
    )
