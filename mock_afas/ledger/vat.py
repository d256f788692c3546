"""VAT of a line: the code, whether it fits journal and account, and the VAT that belongs to an amount.

VAT is a line of its own on a VAT account, with the code of the lines it is over (wire.md section 7). Nothing demands
that line, nor that it has a code, nor that its amount follows from the rate: documented bodies go without.
"""

from __future__ import annotations

from mock_afas.documents import Node
from mock_afas.ledger.book import refuse
from mock_afas.ledger.posting import LEDGER, PURCHASE, SALES, Facts, Posting, refuse_unknown

_VAT_ACCOUNT = "T"
#: The method of a code whose VAT is on top of the amount.
_ON_TOP = "O"
_SIDES = {PURCHASE: "a purchase code", SALES: "a sales code"}


def is_vat_account(account: Facts) -> bool:
    """Whether a ledger account collects VAT."""
    return bool(account["collect_account_type"] == _VAT_ACCOUNT)


def vat_code(posting: Posting, node: Node, kind: str, account: Facts) -> Facts | None:
    """The VAT code of a line: one that exists, is not blocked, fits the journal and is allowed on the account."""
    code = node.fields.get("VaId")
    if code is None:
        return None
    found: Facts | None = posting.draft.find("tax_codes", code)
    if found is None:
        refuse_unknown("line_vat_unknown", node, "VaId", "a VAT code")
    if found["blocked"]:
        refuse("line_vat_blocked", node, "VaId", allowed="a VAT code that is not blocked", code=found["tax_code"])
    check_side(posting, node, found)
    if kind == LEDGER and not account["vat_allowed"]:
        refuse("line_vat_not_allowed", node, "VaId", allowed="no VAT code", account=account["account"])
    return found


def check_side(posting: Posting, node: Node, code: Facts) -> None:
    """A purchase journal takes purchase codes, a sales journal sales codes, any other both."""
    wanted = _SIDES.get(posting.journal_kind)
    if wanted and code["side"] and code["side"] != posting.journal_kind:
        names = {"code": code["tax_code"], "journal": posting.journal["journal"]}
        refuse("line_vat_of_other_side", node, "VaId", allowed=wanted, **names)


def rate_on_top(code: Facts, account: Facts) -> int | None:
    """The VAT over one of an amount on a ledger account, in millionths; none on lines that are VAT themselves.

    Under reverse charge, without VAT or exempt it is zero.
    """
    if is_vat_account(account):
        return None
    return code["rate"] // 100 if code["method"] == _ON_TOP and code["rate"] else 0
