"""What only the line of a debtor or creditor carries: due date, reviewer, payment account, G-account amount."""

from __future__ import annotations

from mock_afas.documents import Node
from mock_afas.ledger.book import Draft, refuse
from mock_afas.ledger.payment_terms import due_date
from mock_afas.ledger.posting import (
    CREDITOR,
    LEDGER,
    Facts,
    Making,
    Posting,
    money,
    refuse_unknown,
    rounded,
)
from mock_afas.ledger.references import user_called

#: Fields that mean something on a debtor or creditor only; a ledger line that has one is looked at too.
FIELDS = frozenset(("PaCd", "Judg", "BankAccount", "IdBa", "AmGa"))


def fill(posting: Posting, node: Node, kind: str, account: Facts, row: Making) -> None:
    """Completes the row of a line with these fields."""
    draft, get = posting.draft, node.fields.get
    condition = payment_condition(draft, node, "line_payment_condition")
    if get("Judg") is not None:
        row["reviewer"] = reviewer(draft, node)
        row["blocked_for_payment"] = 1
    if get("BankAccount") is not None:
        row["bank_account"] = bank_account(draft, node, kind, account, str(row["account"]))
    if get("IdBa") is not None:
        row["bank_account"] = bank_account_by_id(draft, node, kind, account)
    if get("AmGa"):
        row["g_amount"] = g_amount(draft, node, kind, account, row)
    if kind != LEDGER:
        own = account["payment_condition"]
        terms = condition or (draft.find("payment_conditions", own) if own else None)
        row["payment_condition"] = None if terms is None else terms["payment_condition"]
        if row["due_date"] is None:
            row["due_date"] = due_date(terms, str(row["voucher_date"]))


def payment_condition(draft: Draft, node: Node, rule: str) -> Facts | None:
    """The payment condition of ``PaCd``: one that exists and is not blocked. None when none is given."""
    code = node.text("PaCd")
    if code is None:
        return None
    found: Facts | None = draft.find("payment_conditions", code)
    if found is None:
        refuse_unknown(f"{rule}_unknown", node, "PaCd", "a payment condition")
    if found["blocked"]:
        refuse(f"{rule}_blocked", node, "PaCd", allowed="one that is not blocked", code=found["payment_condition"])
    return found


def reviewer(draft: Draft, node: Node) -> str:
    """The user of ``Judg``, who must be a reviewer. A reviewer blocks the invoice for payment (wire.md section 7).

    The number of the user's employee is taken as well (our reading).
    """
    found = user_called(draft, str(node.fields["Judg"]))
    if found is None:
        refuse_unknown("line_reviewer_unknown", node, "Judg", "a user")
    if not found["reviewer"] or found["blocked"]:
        allowed = "a user who is a reviewer and not blocked"
        refuse("line_reviewer_invalid", node, "Judg", allowed=allowed, user=str(found["user_id"]))
    return str(found["user_id"])


def bank_account(draft: Draft, node: Node, kind: str, relation: Facts, number: str) -> str:
    """The account of ``BankAccount``: exactly one of the relation's, by IBAN or account number (documented)."""
    if kind == LEDGER:
        refuse("line_bank_account_not_allowed", node, "BankAccount", allowed="none on a ledger account")
    written = str(node.fields["BankAccount"])
    found = matching(draft, relation["organisation_id"], written)
    if found is None:
        allowed = "an account of the relation that occurs once"
        names = {"bank_account": written, "account": number}
        refuse("line_bank_account_unknown", node, "BankAccount", allowed=allowed, **names)
    return found


def matching(draft: Draft, organisation: str | None, written: str) -> str | None:
    """The one bank account of an organisation with this IBAN or number; None when there is none or more."""
    wanted = _plain(written)
    own: list[Facts] = list(draft.where("bank_accounts", organisation_id=organisation))
    found = [row for row in own if wanted and wanted in (_plain(row["iban"]), _plain(row["account_number"]))]
    return str(found[0]["iban"] or found[0]["account_number"]) if len(found) == 1 else None


def bank_account_by_id(draft: Draft, node: Node, kind: str, relation: Facts) -> str:
    """The account of ``IdBa``, by our number of bank accounts: one of the relation's (our reading)."""
    if kind == LEDGER:
        refuse("line_bank_account_not_allowed", node, "IdBa", allowed="none on a ledger account")
    found: Facts | None = draft.find("bank_accounts", node.fields["IdBa"])
    if found is None or found["organisation_id"] != relation["organisation_id"]:
        refuse_unknown("line_payment_account_unknown", node, "IdBa", "a bank account of the relation")
    return str(found["iban"] or found["account_number"])


def g_amount(draft: Draft, node: Node, kind: str, relation: Facts, row: Making) -> int:
    """The part of the line's amount that is paid to a G-account.

    Only on debtors and creditors, not above the amount of the line, and a creditor must have a G-account (our
    reading; for debtors it is the administration's own).
    """
    amount, whole = rounded(node.number("AmGa") or 0), abs(int(row["debit"] or 0) - int(row["credit"] or 0))
    if kind == LEDGER:
        refuse("line_g_amount_not_allowed", node, "AmGa", allowed="none on a ledger account")
    if not 0 <= amount <= whole:
        allowed = f"from 0 to {money(whole)['en']}"
        refuse("line_g_amount_too_high", node, "AmGa", allowed=allowed, amount=money(amount), whole=money(whole))
    own = draft.where("bank_accounts", organisation_id=relation["organisation_id"]) if kind == CREDITOR else ()
    if kind == CREDITOR and not any(account["g_account"] for account in own):
        allowed = "none for a creditor without G-account"
        refuse("line_g_amount_without_account", node, "AmGa", allowed=allowed, relation=str(row["account"]))
    return amount


def _plain(number: str | None) -> str:
    return (number or "").replace(" ", "").replace(".", "").casefold()
