"""Invoices that are in the books (FiInvoice): payment terms, release for payment, reminders, restrictions."""

from __future__ import annotations

from collections.abc import Mapping

from mock_afas.documents import Node
from mock_afas.ledger.administration import last_used
from mock_afas.ledger.book import Draft, Result, refuse
from mock_afas.ledger.payment_terms import due_date
from mock_afas.ledger.posting import RELATIONS, Facts, Making, invoice_number, refuse_unknown, require, rounded
from mock_afas.ledger.relation_line import matching, payment_condition

_KEY = ("administration", "side", "relation", "invoice")
#: Columns by the field that changes them. ``""`` empties what it can.
_TEXTS: Mapping[str, str] = {
    "ExDa": "due_date",
    "Ds": "description",
    "PaId": "payment_reference",
    "NrDu": "reminders",
    "LdDa": "last_reminder",
    "DdId": "mandate",
    "DaCl": "restriction_days",
    "DaDp": "discount_days",
    "Fref": "reference",
}
_SWITCHES: Mapping[str, str] = {
    "BlPa": "blocked_for_payment",
    "DuLe": "remind",
    "AuPa": "auto_payment",
    "PaBa": "refund",
    "VaPa": "discount_includes_vat",
}
_AMOUNTS: Mapping[str, str] = {
    "AmCr": "restriction",
    "AcCr": "restriction_currency",
    "AmPa": "discount",
    "AcPa": "discount_currency",
}


def put(node: Node, draft: Draft) -> Result:
    """Changes an invoice by a FiInvoice: only the fields that are named. Raises ProfitError."""
    invoice = found_invoice(node, draft)
    check_restriction(node, invoice)
    row: Making = {name: invoice[name] for name in _KEY}
    given = node.fields
    condition = payment_condition(draft, node, "invoice_payment_condition")
    if condition is not None:
        row["payment_condition"] = condition["payment_condition"]
        if invoice["invoice_date"]:
            row["due_date"] = due_date(condition, invoice["invoice_date"])
    elif "PaCd" in given:
        row["payment_condition"] = None
    for field, column in _TEXTS.items():
        if field in given:
            row[column] = given[field]
    for field, column in _SWITCHES.items():
        if field in given:
            row[column] = given[field] or 0
    for field, column in _AMOUNTS.items():
        if field in given:
            amount = node.number(field)
            row[column] = None if amount is None else rounded(amount)
    if "BankAccount" in given:
        row["bank_account"] = payment_account(node, draft, invoice)
    if len(row) > len(_KEY):
        draft.change("invoices", tuple(invoice[name] for name in _KEY), row)
    return Result("FiInvoice", None)


def found_invoice(node: Node, draft: Draft) -> Facts:
    """The invoice of ``UnId``, ``VaAd``, ``DcNr`` and ``InId``.

    Official examples leave ``VaAd`` and ``DcNr`` out: that is accepted when the invoice is then unique. Without
    ``UnId`` it is looked for in the user's last administration (our reading, as for entries).
    """
    require("invoice_field_missing", node, "InId")
    number, kind, relation = node.number("UnId"), node.text("VaAd"), node.text("DcNr")
    unit = last_used(draft) if number is None else draft.find("administrations", number)
    if unit is None:
        refuse("invoice_unit_unknown", node, "UnId", value=number, allowed="an administration")
    invoice = invoice_number(node.text("InId")) or ""
    found: list[Facts] = list(draft.where("invoices", administration=unit["administration"], invoice=invoice))
    if kind is not None:
        found = [row for row in found if row["side"] == RELATIONS[kind][2]]
    if relation is not None:
        found = [row for row in found if row["relation"].casefold() == relation.casefold()]
    if not found:
        refuse_unknown("invoice_unknown", node, "InId", "an invoice of the administration and relation")
    if len(found) > 1:
        relations = ", ".join(f"{row['side']} {row['relation']}" for row in found)
        allowed = f"VaAd and DcNr: {relations} have this number"
        refuse("invoice_ambiguous", node, "InId", allowed=allowed, invoice=str(found[0]["invoice"]))
    return found[0]


def check_restriction(node: Node, invoice: Facts) -> None:
    """A credit restriction cannot be changed on an invoice that is fully matched (documented; the text is ours)."""
    if node.number("AmCr") is not None and not invoice["open_amount"]:
        refuse("invoice_matched", node, "AmCr", allowed="no value", invoice=str(invoice["invoice"]))


def payment_account(node: Node, draft: Draft, invoice: Facts) -> str | None:
    """The account of ``BankAccount``, one of the relation's; None when it is cleared."""
    written = node.text("BankAccount")
    if written is None:
        return None
    entity = next(entity for entity, _, side in RELATIONS.values() if side == invoice["side"])
    relation = draft.find(entity, invoice["relation"])
    organisation = None if relation is None else relation["organisation_id"]
    found = matching(draft, organisation if isinstance(organisation, str) else None, written)
    if found is None:
        allowed = "an account of the relation that occurs once"
        names = {"bank_account": written, "account": str(invoice["relation"])}
        refuse("invoice_bank_account_unknown", node, "BankAccount", allowed=allowed, **names)
    return found
