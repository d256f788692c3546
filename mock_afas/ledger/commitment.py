"""Commitments: what was ordered before it is invoiced. Booking on one lowers its open amount.

``CmNo`` is a commitment of the administration (wire.md section 7). That it may be exceeded is our reading: its open
amount goes below zero.
"""

from __future__ import annotations

from typing import Any

from mock_afas.documents import Node
from mock_afas.ledger.book import Draft, refuse
from mock_afas.ledger.posting import (
    CREDITOR,
    LEDGER,
    PURCHASE,
    Facts,
    Line,
    Posting,
    check_size,
    refuse_unknown,
)
from mock_afas.ledger.vat import is_vat_account


def commitment_number(posting: Posting, node: Node, kind: str, account: Facts) -> int | None:
    """The commitment of a line: one that exists and is not settled, for the account of the line. None without.

    VAT uses nothing of a commitment that its line names.
    """
    draft, number = posting.draft, node.number("CmNo")
    if number is None:
        check_required(posting, node, kind, account)
        return None
    found: Facts | None = draft.find("commitments", posting.unit, number)
    if found is None:
        refuse_unknown("commitment_unknown", node, "CmNo", f"a commitment of administration {posting.unit}")
    if found["settled"]:
        refuse("commitment_settled", node, "CmNo", allowed="a commitment that is not settled", commitment=str(number))
    wanted = found["account"]
    if kind == LEDGER and is_vat_account(account):
        return None
    if kind == LEDGER and wanted and _differ(wanted, account["account"]):
        names = {"commitment": str(number), "account": str(account["account"])}
        refuse("commitment_of_other_account", node, "CmNo", allowed=f"a line on account {wanted}", **names)
    return number


def check_required(posting: Posting, node: Node, kind: str, account: Facts) -> None:
    """An account can demand a commitment. It does so for purchases (our reading)."""
    needed = kind == LEDGER and account["commitment_mandatory"] and posting.journal_kind == PURCHASE
    if needed and not posting.draft.lacks("commitments"):
        refuse("commitment_required", node, "CmNo", value="", allowed="a commitment", account=account["account"])


def check_suppliers(posting: Posting, lines: list[Line]) -> None:
    """A commitment to a creditor is booked in an entry with that creditor, if the entry has any."""
    if not posting.committed:
        return
    creditors = {str(line.row["account"]).casefold() for line in lines if line.kind == CREDITOR}
    for line in posting.committed if creditors else ():
        number = line.row["commitment"]
        found: Facts = posting.draft.find("commitments", posting.unit, number) or {}
        supplier = found.get("supplier_id")
        if supplier and supplier.casefold() not in creditors:
            names = {"commitment": str(line.row["commitment"]), "relation": min(creditors)}
            refuse("commitment_of_other_supplier", line.node, "CmNo", allowed=f"creditor {supplier}", **names)


def use(draft: Draft, unit: int, rows: list[Facts], *, back: bool = False) -> None:
    """Lowers the open amounts of the commitments on lines by what these cost; ``back`` raises them again.

    Of an entry that names one on cost lines these count. Only when none does, the creditor's line counts.
    """
    costs: dict[int, int] = {}
    invoiced: dict[int, int] = {}
    for row in rows:
        number: Any = row["commitment"]
        if number is not None:
            creditor = row["account_kind"] == CREDITOR
            amount = row["debit"] - row["credit"]
            amounts = invoiced if creditor else costs
            amounts[number] = amounts.get(number, 0) + (-amount if creditor else amount)
    for number, amount in {**invoiced, **costs}.items():
        found: Facts | None = draft.find("commitments", unit, number)
        if found is not None:
            left = (found["open_amount"] or 0) + (amount if back else -amount)
            check_size(None, left)
            row = {"administration": unit, "commitment": number, "open_amount": left}
            draft.change("commitments", (unit, number), row)


def _differ(one: str, other: str) -> bool:
    return one != other and one.casefold() != other.casefold()
