"""KnOrganisation: which organisation a relation belongs to, and what changes there (wire.md section 7).

MatchOga says how it is looked for. Without a hit it is added when the relation is new; a relation that exists keeps its
organisation. Without MatchOga it is 0 where BcCo is given, else 9 when the relation exists and 6 when it is new.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from mock_afas.documents import Node
from mock_afas.ledger import address, bank_account, contact, custom_fields, identifiers
from mock_afas.ledger.book import Cell, Draft, Row, refuse
from mock_afas.ledger.party import (
    ORGANISATION,
    by_number,
    check_picture,
    derived_search_name,
    number_for_new,
    only_hit,
    places,
    searched,
)
from mock_afas.ledger.references import code_of, copied, not_deleted, note_of, only, referred
from mock_afas.ledger.rows import new_row, settled

_COLUMNS = {
    "Nm": "name",
    "SeNm": "search_name",
    "TeNr": "phone",
    "MbNr": "mobile",
    "EmAd": "email",
    "HoPa": "homepage",
    "CcNr": "coc_number",
    "FiNr": "fiscal_number",
}
_HOME = "NL"


class Placed(NamedTuple):
    """The organisation of a relation: its number, the accounts that the document adds, whether it was touched."""

    number: str
    accounts: list[Row]
    touched: bool


def of_new_relation(node: Node, draft: Draft, more: Mapping[str, Cell]) -> Placed:
    """The organisation of the relation that ``node`` adds; ``more`` are columns that the relation itself fills."""
    organisation = only(node, "KnOrganisation") or refuse(
        "organisation_missing", node, allowed="an object KnOrganisation"
    )
    _check(organisation, draft)
    row = _match(organisation, draft, own=None)
    if row is None:
        return _added(organisation, draft, more)
    return _changed(organisation, draft, row, more)


def of_relation(node: Node, draft: Draft, own: str, more: Mapping[str, Cell]) -> Placed:
    """The organisation ``own`` of the relation that ``node`` changes."""
    organisation = only(node, "KnOrganisation")
    row = draft.find("organisations", own) or {"organisation_id": own, "name": None}
    if organisation is None:
        if more:
            draft.change("organisations", (own,), {"organisation_id": own, **more})
        return Placed(own, [], touched=bool(more))
    _check(organisation, draft)
    found = _match(organisation, draft, own=own)
    if found is None or str(found["organisation_id"]).casefold() != own.casefold():
        field = "BcCo" if organisation.text("BcCo") else "MatchOga"
        refuse("organisation_of_another", organisation, field, allowed=f"organisation {own} of this relation")
    return _changed(organisation, draft, row, more)


# ---------------------------------------------------------------- checks


def _check(node: Node, draft: Draft) -> None:
    not_deleted(node)
    check_picture(node)
    referred(node, "BcPa", draft, "organisations", "organisation_parent_unknown")
    code_of(node, "TtId", draft, "title", "organisation_title_unknown")


def _check_numbers(node: Node, draft: Draft, address_id: Cell) -> None:
    at = draft.find("addresses", address_id) if address_id is not None else None
    country = str(at["country"]) if at else _HOME
    identifiers.check_coc_number(node, "CcNr", country, draft)
    identifiers.check_fiscal_number(node, "FiNr", country, draft)


# ---------------------------------------------------------------- which organisation

Match = Callable[[Node, Draft, str | None], Row | None]


def _match(node: Node, draft: Draft, *, own: str | None) -> Row | None:
    how = node.text("MatchOga") or ("0" if node.text("BcCo") else "6" if own is None else "9")
    return _MATCHES[how](node, draft, own)


def _by_number(node: Node, draft: Draft, own: str | None) -> Row | None:
    """MatchOga 0. A relation that is added without a number gets an organisation with the next number."""
    numbered = node.text("BcCo") or node.number("BcId") is not None
    if not numbered and (own is not None or not node.number("AutoNum")):
        searched(node, "BcCo")
    row = by_number(node, draft, ORGANISATION, "organisation_unknown")
    _must_hit(row, node, "BcCo", own)
    return row


def _by_column(field: str, column: str) -> Match:
    def match(node: Node, draft: Draft, own: str | None) -> Row | None:
        hits = draft.where("organisations", type=ORGANISATION, **{column: searched(node, field)})
        row = only_hit(node, hits, "organisation_several")
        _must_hit(row, node, field, own)
        return row

    return match


def _must_hit(row: Row | None, node: Node, field: str, own: str | None) -> None:
    """A relation that exists has an organisation, so the search has to find it."""
    if row is None and own is not None:
        refuse("organisation_unknown", node, field, allowed=f"organisation {own} of this relation")


def _by_address(name: str, column: str) -> Match:
    def match(node: Node, draft: Draft, _own: str | None) -> Row | None:
        at = only(node, name)
        ids = address.found(at, draft) if at else ()
        hits = [row for place in ids for row in draft.where("organisations", type=ORGANISATION, **{column: place})]
        return only_hit(node, hits, "organisation_several") or refuse(
            "organisation_address_no_hit", at or node, allowed="the address of an organisation"
        )

    return match


def _always_new(_node: Node, _draft: Draft, _own: str | None) -> None:
    return None


def _of_parent(node: Node, draft: Draft, own: str | None) -> Row | None:
    if node.action != "update":
        refuse("organisation_match_needs_update", node, "MatchOga", allowed='PUT, or "@Action": "update"')
    row = draft.find("organisations", own) if own is not None else None
    return row or refuse("organisation_unknown", node, "MatchOga", allowed="0 to 6: the relation is new itself")


_MATCHES: Mapping[str, Match] = {
    "0": _by_number,
    "1": _by_column("CcNr", "coc_number"),
    "2": _by_column("FiNr", "fiscal_number"),
    "3": _by_column("Nm", "name"),
    "4": _by_address("KnBasicAddressAdr", "address_id"),
    "5": _by_address("KnBasicAddressPad", "postal_address_id"),
    "6": _always_new,
    "9": _of_parent,
}


# ---------------------------------------------------------------- what changes


def _added(node: Node, draft: Draft, more: Mapping[str, Cell]) -> Placed:
    name = node.text("Nm") or refuse("organisation_name_missing", node, "Nm", allowed="a name")
    number = number_for_new(node, draft)
    values = {**_values(node), **places(node, draft, {}), **more}
    _check_numbers(node, draft, values.get("address_id"))
    values["search_name"] = values.get("search_name") or derived_search_name(name)
    head = {"organisation_id": number, "type": ORGANISATION, "custom": custom_fields.merged(node)}
    draft.insert("organisations", (number,), new_row("organisations", {**values, **head}))
    accounts = bank_account.all_added(node, draft, number)
    contact.all_placed(node, draft, number, name)
    return Placed(number, accounts, touched=False)


def _changed(node: Node, draft: Draft, row: Row, more: Mapping[str, Cell]) -> Placed:
    if "Nm" in node.fields and node.text("Nm") is None:
        refuse("organisation_name_missing", node, "Nm", value="", allowed="a name")
    number = str(row["organisation_id"])
    values = {**_values(node), **places(node, draft, row), **more}
    _check_numbers(node, draft, values.get("address_id", row.get("address_id")))
    if node.custom:
        values["custom"] = custom_fields.merged(node, row.get("custom"))
    accounts = bank_account.all_added(node, draft, number)
    contacts = contact.all_placed(node, draft, number, str(values.get("name") or row["name"]))
    touched = bool(values or accounts or contacts)
    if touched:
        head = {"organisation_id": number}
        draft.change("organisations", (number,), {**settled("organisations", values), **head})
    return Placed(number, accounts, touched)


def _values(node: Node) -> dict[str, Cell]:
    values = copied(node, _COLUMNS)
    if "Re" in node.fields:
        values["note"] = note_of(node, "Re")
    return values
