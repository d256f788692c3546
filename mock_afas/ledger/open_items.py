"""Invoices of debtors and creditors, and what is open of them.

The relation's line of a purchase or sales journal makes an invoice, whose number is new for the relation within the
administration. In cash and bank journals ``InId`` names the invoice that is paid; one that is unknown stays as an open
payment (wire.md section 7). Our readings:

- amounts of an invoice are above zero where it usually is: a creditor's credit, a debtor's debit;
- a payment can exceed what is open, which is then below zero;
- an open payment is a row without an amount, with an open amount below zero, until an invoice takes its number;
- any other journal changes what is open of the invoice it names, or makes it, as opening balances do;
- a line without ``InId`` makes no open item.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mock_afas.documents import Node
from mock_afas.ledger.book import Draft, Key, refuse
from mock_afas.ledger.posting import (
    BANK,
    CASH,
    CREDITOR,
    LEDGER,
    PURCHASE,
    RELATIONS,
    SALES,
    Facts,
    Line,
    Making,
    Posting,
    check_size,
    rounded,
    times,
)

_INVOICE_JOURNALS = (PURCHASE, SALES)
_PAYMENT_JOURNALS = (CASH, BANK)
#: What autonumbering puts before its number, by kind of journal.
_PREFIXES = {PURCHASE: "INK", SALES: "VK"}
_RELATION_IN_ENGLISH = {"supplier": "Creditor", "customer": "Debtor"}


@dataclass(slots=True)
class OpenItem:
    """What an entry does to one invoice; ``row`` is the first line on it."""

    key: Key
    row: Facts
    node: Node | None
    account: Facts
    amount: int
    amount_currency: int


def number_invoices(posting: Posting, lines: list[Line]) -> None:
    """Gives the lines of the entry an invoice number where ``AuNu`` asks for it and none is given.

    The number is our own: a prefix and the number of the entry, or the next that the relation does not have yet.
    Payments are not numbered.
    """
    if not posting.node.number("AuNu") or posting.journal_kind in _PAYMENT_JOURNALS:
        return
    unnumbered = [line for line in lines if line.kind != LEDGER and line.row["invoice"] is None]
    if not unnumbered:
        return
    prefix, number = _PREFIXES.get(posting.journal_kind, "F"), posting.entry
    while _taken(posting, unnumbered, invoice := f"{prefix}{number:07d}"):
        number += 1
    for line in lines:
        row = line.row
        if row["invoice"] is None:
            row["invoice"] = invoice


def _taken(posting: Posting, lines: list[Line], invoice: str) -> bool:
    """Whether the relation of one of ``lines`` has an invoice with this number."""
    find, unit = posting.draft.find, posting.unit
    return any(find("invoices", unit, RELATIONS[line.kind][2], line.row["account"], invoice) for line in lines)


def gathered(posting: Posting, lines: list[Line]) -> list[OpenItem]:
    """The invoices that the lines are about. Refuses a number that the relation has already in an invoice journal."""
    items: dict[tuple[str, str], OpenItem] = {}
    for line in lines:
        if line.kind != LEDGER and line.row["invoice"] is not None:
            _gather(items, posting.unit, line.row, line.node, line.account)
    for item in items.values():
        check_size(item.node, item.amount, item.amount_currency)
        if posting.journal_kind in _INVOICE_JOURNALS:
            check_number_free(posting, item)
    return list(items.values())


def of_rows(draft: Draft, unit: int, rows: list[Facts]) -> list[OpenItem]:
    """The invoices that lines in the books are about."""
    items: dict[tuple[str, str], OpenItem] = {}
    for row in rows:
        if row["account_kind"] != LEDGER and row["invoice"] is not None:
            entity = RELATIONS[row["account_kind"]][0]
            _gather(items, unit, row, None, draft.find(entity, row["account"]) or {})
    return list(items.values())


def _gather(items: dict[tuple[str, str], OpenItem], unit: int, row: Any, node: Node | None, account: Facts) -> None:
    side = RELATIONS[row["account_kind"]][2]
    sign = -1 if row["account_kind"] == CREDITOR else 1
    amount = sign * (row["debit"] - row["credit"])
    there = sign * ((row["debit_currency"] or 0) - (row["credit_currency"] or 0))
    place = (f"{side} {row['account']}".casefold(), row["invoice"].casefold())
    known = items.get(place)
    if known is None:
        key = (unit, side, row["account"], row["invoice"])
        items[place] = OpenItem(key, row, node, account, amount, there)
        return
    known.amount += amount
    known.amount_currency += in_currency(known.row, amount, there, row["currency"])


def in_currency(invoice: Facts, amount: int, there: int, currency: str) -> int:
    """An amount in the currency of an invoice; ``there`` is the same amount in ``currency``."""
    if currency == invoice["currency"]:
        return there
    return times(amount, invoice["rate"]) if invoice["rate"] else amount


def check_number_free(posting: Posting, item: OpenItem) -> None:
    """An invoice number occurs once for a relation within an administration, open payments left out (documented)."""
    found: Facts | None = posting.draft.find("invoices", *item.key)
    if found is None or item.node is None or is_payment(posting.draft, found):
        return
    _, side, relation, invoice = item.key
    names = {"invoice": str(invoice), "relation": str(relation)}
    kind = {"nl": "relatie(nummer)", "en": _RELATION_IN_ENGLISH[str(side)]}
    allowed = "a number that the relation has not used"
    refuse("line_invoice_number_used", item.node, "InId", value=invoice, allowed=allowed, kind=kind, **names)


def is_payment(draft: Draft, invoice: Facts) -> bool:
    """Whether an invoice is only the payment of one that is unknown."""
    if invoice["amount"]:
        return False
    journal = draft.find("journals", invoice["administration"], invoice["journal"])
    return journal is not None and journal["kind"] in _PAYMENT_JOURNALS


def write(posting: Posting, items: list[OpenItem]) -> None:
    """Makes the invoices, or changes what is open of them."""
    draft, now = posting.draft, posting.draft.circumstances.now
    for item in items:
        found: Facts | None = draft.find("invoices", *item.key)
        if found is None:
            row = _invoice(posting, item)
            draft.insert("invoices", item.key, {**row, "created": now, "modified": now})
        elif posting.journal_kind in _INVOICE_JOURNALS:
            row = _invoice(posting, item)
            paid, there = found["open_amount"], found["open_amount_currency"]
            if found["currency"] != row["currency"]:
                there = times(paid, int(row["rate"] or 0))
            row["open_amount"], row["open_amount_currency"] = item.amount + paid, item.amount_currency + there
            check_size(item.node, item.amount + paid, item.amount_currency + there)
            draft.change("invoices", item.key, row)
        else:
            change_open(draft, found, item)


def change_open(draft: Draft, invoice: Facts, item: OpenItem, *, back: bool = False) -> None:
    """Changes what is open of an invoice by a payment or correction; ``back`` undoes that."""
    sign = -1 if back else 1
    there = in_currency(invoice, item.amount, item.amount_currency, item.row["currency"])
    names = ("administration", "side", "relation", "invoice")
    row: Making = {name: invoice[name] for name in names}
    left, left_there = (
        invoice["open_amount"] + sign * item.amount,
        (invoice["open_amount_currency"] or 0) + sign * there,
    )
    check_size(item.node, left, left_there)
    row["open_amount"], row["open_amount_currency"] = left, left_there
    draft.change("invoices", tuple(invoice[name] for name in names), row)


def _invoice(posting: Posting, item: OpenItem) -> Making:
    """The row of an invoice. In a payment journal it is an open payment: nothing was invoiced."""
    row, account = item.row, item.account
    get = (item.node or posting.node).fields.get
    invoiced = 0 if posting.journal_kind in _PAYMENT_JOURNALS else 1
    discount, there = get("AmDp"), get("AcPa")
    automatic = get("AuPa")
    unit, side, relation, invoice = item.key
    return {
        "administration": unit,
        "side": side,
        "relation": relation,
        "invoice": invoice,
        "entry": posting.entry,
        "journal": posting.journal["journal"],
        "voucher_number": row["voucher_number"],
        "invoice_date": row["voucher_date"],
        "due_date": row["due_date"],
        "currency": row["currency"],
        "rate": row["rate"],
        "amount": item.amount * invoiced,
        "amount_currency": item.amount_currency * invoiced,
        "open_amount": item.amount,
        "open_amount_currency": item.amount_currency,
        "description": row["description"],
        "payment_reference": row["payment_reference"],
        "blocked_for_payment": row["blocked_for_payment"],
        "reviewer": row["reviewer"],
        "payment_condition": row["payment_condition"],
        "reference": get("Fref"),
        "bank_account": row["bank_account"],
        "mandate": get("DdId"),
        "g_amount": row["g_amount"],
        "auto_payment": account.get("auto_payment", 0) if automatic is None else automatic,
        "refund": get("PaBa") or 0,
        "remind": 0,
        "reminders": None,
        "last_reminder": None,
        "restriction_days": get("DaCl"),
        "restriction": None,
        "restriction_currency": None,
        "discount_includes_vat": get("VaPa") or 0,
        "discount_days": get("DaDp"),
        "discount": rounded(discount) if isinstance(discount, int) else None,
        "discount_currency": rounded(there) if isinstance(there, int) else None,
    }
