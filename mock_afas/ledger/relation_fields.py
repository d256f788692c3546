"""The fields of a purchase or sales relation itself: what each refers to, and the column that keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mock_afas.documents import Node
from mock_afas.ledger import identifiers
from mock_afas.ledger.book import Cell, Draft, refuse
from mock_afas.ledger.references import accounts_called, code_of, referred, user_called


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Purchase or sales: what the two have of their own."""

    root: str
    number: str
    entity: str
    key: str
    #: ``collect_account_type`` of the control accounts, and the column of administrations that names the usual one.
    collects: str
    control_account: str
    usual_control_account: str
    autonumber: str
    second: str
    keys: tuple[str, str]
    plural: Mapping[str, str]


PURCHASE = Side(
    root="KnPurchaseRelationOrg",
    number="CrId",
    entity="suppliers",
    key="supplier_id",
    collects="C",
    control_account="creditor_account",
    usual_control_account="1600",
    autonumber="autonumber_creditors",
    second="relation_second_purchase",
    keys=("BcCo", "CrId"),
    plural={"nl": "crediteuren", "en": "creditors"},
)
SALES = Side(
    root="KnSalesRelationOrg",
    number="DbId",
    entity="customers",
    key="customer_id",
    collects="D",
    control_account="debtor_account",
    usual_control_account="1300",
    autonumber="autonumber_debtors",
    second="relation_second_sales",
    keys=("DbId", "BcCo"),
    plural={"nl": "debiteuren", "en": "debtors"},
)
_COPIED = {
    "VaId": "vat_identification",
    "PayM": "payment_method",
    "AuPa": "auto_payment",
    "Krli": "credit_limit",
    "Bl": "temporarily_blocked",
    "BlTl": "blocked",
}
Rule = Callable[[Node, str, Draft, Side], Cell]


def columns(node: Node, draft: Draft, side: Side) -> dict[str, Cell]:
    """The columns that the fields of ``node`` change. Refuses what a field cannot say."""
    found: dict[str, Cell] = {}
    for field, (column, rule) in _RULES.items():
        if field in node.fields:
            value = rule(node, field, draft, side)
            if column:
                found[column] = value
    found |= {column: node.fields[field] for field, column in _COPIED.items() if field in node.fields}
    if draft.lacks("currencies"):
        found.pop("currency", None)
    return found


def currency(node: Node, field: str, draft: Draft, _side: Side) -> Cell:
    """CuId is required and known. Without currencies in the licence there is only the base currency."""
    if draft.lacks("currencies"):
        base = base_currency(draft)
        written = node.text(field)
        if draft.circumstances.missing_features == "refused" and (written or base).casefold() != base.casefold():
            refuse("relation_currency_not_licensed", node, field, allowed=base)
        return base
    row = referred(node, field, draft, "currencies", "relation_currency_unknown")
    return row["currency"] if row else refuse("relation_currency_missing", node, field, allowed="a currency")


def base_currency(draft: Draft) -> str:
    """What the books of the environment are kept in: the currency of its first administration."""
    return next((str(row["currency"]) for row in draft.where("administrations") if row["currency"]), "EUR")


def usual_control_account(draft: Draft, side: Side) -> str:
    """Where relations are gathered unless they say otherwise: 1600 for creditors, 1300 for debtors."""
    named = (row[side.control_account] for row in draft.where("administrations"))
    return next((str(account) for account in named if account), side.usual_control_account)


def payment_condition(node: Node, field: str, draft: Draft, _side: Side) -> Cell:
    """PaCd is a payment condition that is not blocked."""
    row = referred(node, field, draft, "payment_conditions", "relation_payment_condition_unknown")
    if row is not None and row["blocked"]:
        refuse("relation_payment_condition_blocked", node, field, allowed="one that is not blocked")
    return row["payment_condition"] if row else None


def control_account(node: Node, field: str, draft: Draft, side: Side) -> Cell:
    """ColA is a control account of the side, or one that is gathered on such an account. Cleared, it is the usual."""
    number = node.text(field)
    if number is None:
        return usual_control_account(draft, side)
    accounts = accounts_called(number, draft)
    if not accounts:
        refuse("relation_control_account_unknown", node, field, allowed=f"such as {side.usual_control_account}")
    gathering = {str(account["collect_on"]) for account in accounts if account["collect_on"]}
    accounts += [row for number in gathering for row in accounts_called(number, draft)]
    if all(row["collect_account_type"] != side.collects for row in accounts):
        allowed = f"a control account, such as {side.usual_control_account}"
        refuse("relation_control_account_wrong", node, field, allowed=allowed, account=number, relations=side.plural)
    return accounts[0]["account"]


def contra_account(node: Node, field: str, draft: Draft, _side: Side) -> Cell:
    """ToAc is a ledger account."""
    number = node.text(field)
    if number is None:
        return None
    accounts = accounts_called(number, draft)
    if not accounts:
        refuse("relation_contra_account_unknown", node, field, allowed="a ledger account")
    return accounts[0]["account"]


def reviewer(node: Node, field: str, draft: Draft, _side: Side) -> Cell:
    """IvJu is a user, by its own number or the one of its employee, who reviews and is not blocked."""
    written = node.text(field)
    if written is None:
        return None
    user = user_called(draft, written)
    if user is None:
        refuse("relation_reviewer_unknown", node, field, allowed="a user who is a reviewer")
    if not user["reviewer"] or user["blocked"]:
        refuse("relation_reviewer_wrong", node, field, allowed="a user who is a reviewer", user=str(user["name"]))
    return user["user_id"]


def vat_number(node: Node, field: str, draft: Draft, _side: Side) -> Cell:
    """VaId has the form of its country, where numbers are checked."""
    identifiers.check_vat_number(node, field, draft)
    return node.text(field)


def invoiced_to(node: Node, field: str, draft: Draft, side: Side) -> Cell:
    """FaTo is a sales relation; it can be the one in the document."""
    written = node.text(field)
    if written and written.casefold() != (node.text(side.number) or "").casefold():
        referred(node, field, draft, "customers", "relation_invoice_to_unknown")
    return written


def check_contacts(node: Node, draft: Draft, owner: str) -> None:
    """CtP1, CtP2 and CtI1 are contacts of the organisation behind the relation."""
    for field in ("CtP1", "CtP2", "CtI1"):
        number = node.number(field)
        if number:
            contact = draft.find("contacts", number)
            if contact is None or str(contact["organisation_id"]).casefold() != owner.casefold():
                refuse("relation_contact_unknown", node, field, allowed=f"a contact of organisation {owner}")


def _code(table: str, rule: str) -> Rule:
    return lambda node, field, draft, _side: code_of(node, field, draft, table, rule)


def _reference(entity: str, rule: str) -> Rule:
    def refers(node: Node, field: str, draft: Draft, _side: Side) -> Cell:
        referred(node, field, draft, entity, rule)
        return node.text(field)

    return refers


_RULES: Mapping[str, tuple[str, Rule]] = {
    "CuId": ("currency", currency),
    "PaCd": ("payment_condition", payment_condition),
    "ColA": ("control_account", control_account),
    "ToAc": ("contra_account", contra_account),
    "IvJu": ("reviewer", reviewer),
    "VaDu": ("vat_duty", _code("vat_duty", "relation_vat_duty_unknown")),
    "PrLs": ("", _code("price_list", "relation_price_list_unknown")),
    "EmId": ("", _reference("employees", "relation_employee_unknown")),
    "FaTo": ("", invoiced_to),
    "VaId": ("", vat_number),
}
