"""Addresses: KnBasicAddressAdr and KnBasicAddressPad (wire.md section 7). Who lives at the same place shares one row.

An address in a document stands for a whole address: what it leaves out is empty, not what it was before. Profit keeps
addresses with their day of change (BeginDate); these books keep the last one, from whatever day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mock_afas.documents import Node
from mock_afas.ledger.book import Cell, Draft, Put, Row, refuse
from mock_afas.ledger.references import copied, country_of, not_deleted
from mock_afas.ledger.rows import free_number, new_row

_COLUMNS = {
    "PbAd": "po_box",
    "StAd": "street_prefix",
    "Ad": "street",
    "HmNr": "house_number",
    "HmAd": "house_number_addition",
    "ZpCd": "postal_code",
    "Rs": "city",
    "AdAd": "addition",
}


def placed(node: Node, draft: Draft) -> int:
    """The id of the address in ``node``: of an identical one that is there, or of a row that this adds."""
    address = _read(node, draft)
    wanted = new_row("addresses", address)
    del wanted["address_id"]
    for row in (*_in_draft(draft), *_similar(address, draft)):
        if all(row.get(column) == value for column, value in wanted.items()):
            return _id_of(row)
    number = free_number(draft, "addresses", "address_id")
    draft.insert("addresses", (number,), {**wanted, "address_id": number})
    return number


def found(node: Node, draft: Draft) -> Sequence[int]:
    """The ids of the addresses that are as ``node`` says, as far as it says; capitals do not count."""
    return [_id_of(row) for row in _similar(_read(node, draft), draft)]


def _read(node: Node, draft: Draft) -> dict[str, Cell]:
    not_deleted(node)
    country = country_of(node, "CoId", draft, "address_country_missing", "address_country_unknown")
    if node.number("ResZip"):
        _says(node, "ZpCd", "address_postal_code_missing")
        _says(node, "Rs", "address_city_missing")
    return {**copied(node, _COLUMNS), "country": country}


def _says(node: Node, field: str, rule: str) -> None:
    """ResZip true asks Profit to look up the city by the postal code; both are to be given then."""
    if node.text(field) is None:
        refuse(rule, node, field, allowed="a value, since ResZip is true")


def _similar(address: Mapping[str, Cell], draft: Draft) -> Sequence[Row]:
    given = {column: value for column, value in address.items() if value is not None}
    return draft.where("addresses", **given)


def _in_draft(draft: Draft) -> list[Row]:
    """Addresses that the document itself adds: its postal address can be the same as its address."""
    return [change.row for change in draft.changes if isinstance(change, Put) and change.entity == "addresses"]


def _id_of(row: Row) -> int:
    number = row["address_id"]
    assert isinstance(number, int)  # noqa: S101 - the key of the entity
    return number
