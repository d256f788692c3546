"""KnPurchaseRelationOrg and KnSalesRelationOrg: creditors and debtors (wire.md section 7).

A relation stands on an organisation, and an organisation has one relation of each side at most. What changes in the
organisation changes its relations too, so that a client that polls either for changes sees it.
"""

from __future__ import annotations

from collections.abc import Mapping

from mock_afas import connectors
from mock_afas.documents import KeysNode, Node
from mock_afas.ledger import bank_account, custom_fields, organisation, relation_fields
from mock_afas.ledger.book import Cell, Draft, Result, Row, refuse
from mock_afas.ledger.references import number_taken
from mock_afas.ledger.relation_fields import PURCHASE, SALES, Side
from mock_afas.ledger.rows import free_number, new_row, settled

#: What keeps a creditor from being deleted: rows of an entity with these values, and the creditor in the last column.
_DEPENDENT: tuple[tuple[str, dict[str, Cell], str, Mapping[str, str]], ...] = (
    ("invoices", {"side": "supplier"}, "relation", {"nl": "facturen", "en": "invoices"}),
    ("entry_lines", {"account_kind": "3"}, "account", {"nl": "boekingen", "en": "entries"}),
    ("commitments", {}, "supplier_id", {"nl": "verplichtingen", "en": "commitments"}),
    ("subjects", {"destination_type": 11}, "destination", {"nl": "dossieritems", "en": "dossier items"}),
)


def post_purchase(node: Node, draft: Draft) -> Result:
    """Adds a creditor."""
    return _post(PURCHASE, node, draft)


def put_purchase(node: Node, draft: Draft) -> Result:
    """Changes the named fields of a creditor and of the organisation behind it."""
    return _put(PURCHASE, node, draft)


def post_sales(node: Node, draft: Draft) -> Result:
    """Adds a debtor."""
    return _post(SALES, node, draft)


def put_sales(node: Node, draft: Draft) -> Result:
    """Changes the named fields of a debtor and of the organisation behind it."""
    return _put(SALES, node, draft)


def delete_purchase(keys: Mapping[str, str], draft: Draft) -> Result:
    """Removes a creditor that nothing refers to. The organisation stays, as it can be a debtor as well."""
    definition = connectors.update_connector(PURCHASE.root).root
    node = KeysNode(definition, keys)
    row = _existing(PURCHASE, node, draft)
    number = row[PURCHASE.key]
    for entity, values, column, called in _DEPENDENT:
        if draft.where(entity, **values, **{column: number}):
            refuse("relation_in_use", node, "CrId", allowed="a creditor without dependent data", what=called)
    draft.remove(PURCHASE.entity, (number,))
    return Result(PURCHASE.root, None)


# ---------------------------------------------------------------- both sides


def _post(side: Side, node: Node, draft: Draft) -> Result:
    number = _number_for_new(side, node, draft)
    relation_fields.currency(node, "CuId", draft, side)
    columns = relation_fields.columns(node, draft, side)
    placed = organisation.of_new_relation(node, draft, _shared(columns))
    _is_the_only_one(side, node, draft, placed.number)
    relation_fields.check_contacts(node, draft, placed.number)
    usual: Row = {
        "control_account": relation_fields.usual_control_account(draft, side),
        "currency": relation_fields.base_currency(draft),
    }
    head: Row = {side.key: number, "organisation_id": placed.number, "custom": custom_fields.merged(node)}
    account = bank_account.preferred(node, draft, placed.number, placed.accounts, None)
    account = account or bank_account.preferred_at_first(draft, placed.number)
    draft.insert(side.entity, (number,), new_row(side.entity, {**usual, **columns, **account, **head}))
    if placed.touched:
        _touch(draft, placed.number)
    return _result(side, number, placed.number)


def _put(side: Side, node: Node, draft: Draft) -> Result:
    row = _existing(side, node, draft)
    number, owner = str(row[side.key]), str(row["organisation_id"])
    columns = relation_fields.columns(node, draft, side)
    placed = organisation.of_relation(node, draft, owner, _shared(columns))
    relation_fields.check_contacts(node, draft, owner)
    columns |= bank_account.preferred(node, draft, owner, placed.accounts, row.get("iban"))
    if node.custom:
        columns["custom"] = custom_fields.merged(node, row.get("custom"))
    draft.change(side.entity, (number,), {**settled(side.entity, columns), side.key: number})
    if placed.touched:
        _touch(draft, owner, but=(side.entity, number))
    return _result(side, number, owner)


def _number_for_new(side: Side, node: Node, draft: Draft) -> str:
    """The number that is given, when nothing has it; without one the next, when numbering is automatic."""
    given = node.text(side.number)
    if given is not None:
        if draft.find(side.entity, given):
            number_taken(node, side.number, "relation_number_taken")
        return given
    units = draft.where("administrations")
    if not units or not all(unit[side.autonumber] for unit in units):
        refuse("relation_number_not_automatic", node, side.number, value="", allowed="a free number")
    return str(free_number(draft, side.entity, side.key))


def _existing(side: Side, node: Node, draft: Draft) -> Row:
    number = node.text(side.number)
    if number is None:
        refuse("relation_number_missing", node, side.number, value="", allowed=f"one of {side.entity}")
    return draft.find(side.entity, number) or refuse(
        "relation_unknown", node, side.number, allowed=f"one of {side.entity}"
    )


def _is_the_only_one(side: Side, node: Node, draft: Draft, owner: str) -> None:
    """An organisation has one relation of each side (seen for sales; our reading for purchase)."""
    if draft.where(side.entity, organisation_id=owner):
        refuse(side.second, node, value=owner, allowed=f"an organisation that is not among {side.entity} yet")


def _shared(columns: Mapping[str, Cell]) -> dict[str, Cell]:
    """What the relation says and its organisation keeps too: the VAT number that clients read."""
    return {"vat_number": columns["vat_identification"]} if "vat_identification" in columns else {}


def _touch(draft: Draft, owner: str, *, but: tuple[str, str] | None = None) -> None:
    """Moves the day of change of the relations on an organisation that changed."""
    for side in (PURCHASE, SALES):
        for row in draft.where(side.entity, organisation_id=owner):
            number = row[side.key]
            if (side.entity, number) != but:
                draft.change(side.entity, (number,), {side.key: number})


def _result(side: Side, number: str, owner: str) -> Result:
    """The keys, in the order in which AFAS shows them."""
    keys = {"BcCo": owner, side.number: number}
    return Result(side.root, {name: keys[name] for name in side.keys})
