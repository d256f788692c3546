"""An entry on its way into the books: where it is booked, and the rows that are being made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

from mock_afas import values
from mock_afas.documents import Node
from mock_afas.errors import ProfitError, Reason
from mock_afas.ledger.book import Cell, Draft, refuse
from mock_afas.messages import Parameter, catalogue
from mock_afas.records import ENTITIES

#: A row that rules read; its cells are of the kinds of its columns.
Facts = Mapping[str, Any]
#: A row that rules are making.
Making = dict[str, Cell]

#: What ``VaAs`` says an account is: a ledger account, a debtor or a creditor.
LEDGER, DEBTOR, CREDITOR = "1", "2", "3"
#: The entity that holds debtors and creditors, the column with their number, and the side of their invoices.
RELATIONS = {DEBTOR: ("customers", "customer_id", "customer"), CREDITOR: ("suppliers", "supplier_id", "supplier")}
#: Kinds of journals.
PURCHASE, SALES, CASH, BANK = "I", "V", "K", "B"

#: How a stored amount counts cents, and one.
CENT = values.MILLIONTHS // 100
ONE = values.MILLIONTHS
#: How a product of two stored numbers counts cents, and half of that.
_PRODUCT = CENT * ONE
_HALF = _PRODUCT // 2
_TOO_LARGE = 10**12 * ONE
MOST_FINDINGS = 2_500
_ALLOWED = "amounts below 1000000000000"


class Place(NamedTuple):
    """A ledger account, or a debtor or creditor, with a VAT code that can be booked together.

    ``rate`` is the VAT on top in millionths, None on lines that have no VAT amount. ``demanding`` accounts want a
    commitment or project costs.
    """

    account: Facts
    number: str
    vat_code: str | None
    rate: int | None
    demanding: bool
    allocates: bool


class Pattern(NamedTuple):
    """A ledger line that was found to be right, for others that differ from it in amount and texts only.

    ``row`` is what its row says, without what is empty; ``rate`` is that of its ``Place``.
    """

    account: Facts
    row: Making
    rate: int | None


@dataclass(slots=True)
class Findings:
    """What rules found out about lines of entries with the same head. It lasts until rows that they looked at change.

    Keys are values as they were sent. Nothing that a document only drafted may get into it.
    """

    #: Entry dates that are in open periods.
    open_dates: dict[str, bool] = field(default_factory=dict)
    #: What lines can be booked on, by account number and VAT code.
    places: dict[tuple[object, object], Place] = field(default_factory=dict)
    #: The same of debtors and creditors, by kind, number and VAT code.
    relations: dict[tuple[object, object, object], Place] = field(default_factory=dict)
    #: Columns of allocation codes, by account number and the codes.
    codes: dict[tuple[object, ...], Making] = field(default_factory=dict)
    #: Whole lines; see ``pattern``.
    patterns: dict[tuple[object, ...], Pattern] = field(default_factory=dict)

    def are_many(self) -> bool:
        """Whether they take so much room that they are better found out again."""
        kept: tuple[Sized, ...] = (self.open_dates, self.places, self.relations, self.codes, self.patterns)
        return sum(map(len, kept)) > MOST_FINDINGS


@dataclass(slots=True)
class Posting:
    """Where and how an entry is booked."""

    draft: Draft
    node: Node
    unit: int
    administration: Facts
    journal: Facts
    journal_kind: str
    year: int
    period: int
    entry: int
    base_currency: str
    #: The row of a line that says nothing yet.
    blank_line: Making
    findings: Findings
    #: Lines that use commitments.
    committed: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class Line:
    """A line of the entry: the row of its account, debtor or creditor, and the rows that are made of it."""

    node: Node
    kind: str
    account: Facts
    row: Making
    allocations: Sequence[Making] = ()
    projects: Sequence[Making] = ()
    transitories: Sequence[Making] = ()


_EMPTY: Making = {column.name: 0 if column.kind == "boolean" else None for column in ENTITIES["entry_lines"].columns}


def blank_line(unit: int, entry: int, currency: str) -> Making:
    """The row of a line of an entry, every column of which is empty but for what all of its lines share."""
    return {**_EMPTY, "administration": unit, "entry": entry, "currency": currency, "rate": ONE}


def rounded(millionths: int) -> int:
    """An amount in whole cents, rounded half away from zero."""
    if not millionths % CENT:
        return millionths
    cents = (abs(millionths) + CENT // 2) // CENT * CENT
    return cents if millionths > 0 else -cents


def invoice_number(written: str | None) -> str | None:
    """The number of an invoice as it is kept: without blanks at its end, which SQL Server does not count."""
    return (written or "").rstrip(" ") or None


def fill_texts(row: Making, node: Node) -> None:
    """Puts the texts of a line into its row; no rule looks at them."""
    get: Any = node.fields.get
    row["voucher_number"] = get("BpNr")
    row["invoice"] = invoice_number(get("InId"))
    row["description"] = get("Ds")


def times(amount: int, factor: int) -> int:
    """``amount`` times ``factor``, both in millionths, in whole cents."""
    product = (abs(amount * factor) + _HALF) // _PRODUCT * CENT
    return product if (amount < 0) == (factor < 0) else -product


def divided(amount: int, divisor: int) -> int:
    """``amount`` divided by ``divisor`` above zero, both in millionths, in whole cents."""
    quotient = (2 * abs(amount) * ONE + divisor * CENT) // (2 * divisor * CENT) * CENT
    return quotient if amount >= 0 else -quotient


def money(amount: int) -> Mapping[str, str]:
    """An amount as messages write it."""
    english = f"{values.format_decimal(amount, 2)}"
    return {"nl": english.replace(".", ","), "en": english}


def require(rule: str, node: Node, *fields: str) -> None:
    """Refuses ``node`` by ``rule`` when one of ``fields`` has no value."""
    given = node.fields
    for name in fields:
        if given.get(name) is None:
            refuse(rule, node, name, value="", allowed="a value")


def refuse_unknown(rule: str, node: Node, field: str, allowed: str) -> NoReturn:
    """Refuses a number or code in ``field`` that is not in the books; ``allowed`` says what it should be."""
    refuse(rule, node, field, allowed=allowed)


def refuse_key(rule: str, name: str, value: object, allowed: str, **parameters: Parameter) -> NoReturn:
    """Refuses a call without a body by ``rule``: ``name`` is the key in the URL at fault."""
    reason = Reason(catalogue()[rule].rule, f"URL/{name}", str(value)[:200], allowed)
    raise ProfitError(rule, reason, **parameters)


def check_size(node: Node | None, *amounts: int) -> None:
    """Sums and conversions stay within what a field can hold; ``node`` is None where there is no body."""
    for amount in amounts:
        if abs(amount) >= _TOO_LARGE:
            if node is None:
                refuse_key("entry_amount_too_large", "", money(amount)["en"], _ALLOWED, amount=money(amount))
            refuse("entry_amount_too_large", node, value=money(amount)["en"], allowed=_ALLOWED, amount=money(amount))
