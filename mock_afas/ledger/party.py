"""What organisations and persons have in common: numbers from one sequence, how they are found, addresses, pictures."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from mock_afas.documents import Node, decoded
from mock_afas.ledger import address
from mock_afas.ledger.book import Cell, Draft, Row, refuse
from mock_afas.ledger.references import number_taken, only
from mock_afas.ledger.rows import free_number

ORGANISATION, PERSON = "O", "P"


def number_for_new(node: Node, draft: Draft) -> str:
    """The number of an organisation or person to be added: BcCo, or the next one where AutoNum is true.

    AutoNum false needs BcCo. Without AutoNum a BcCo that is given counts, else the number is automatic.
    """
    automatic, given = node.number("AutoNum"), node.text("BcCo")
    if automatic == 1 or (automatic is None and given is None):
        return str(free_number(draft, "organisations", "organisation_id"))
    if given is None:
        refuse("organisation_number_missing", node, "BcCo", allowed="a free number, or AutoNum true")
    if draft.find("organisations", given):
        number_taken(node, "BcCo", "organisation_number_taken")
    return given


def by_number(node: Node, draft: Draft, kind: str, rule: str) -> Row | None:
    """The organisation or person that BcCo (or the internal number BcId) names.

    None is one to be added: without a number, or with one that nobody has, as the other searches do without a hit. An
    unknown internal number, and the number of the other kind, are refused by ``rule``.
    """
    internal = node.number("BcId")
    number = node.text("BcCo") or (None if internal is None else str(internal))
    if number is None:
        return None
    row = draft.find("organisations", number)
    if row is None and node.text("BcCo"):
        return None
    if row is None or row["type"] != kind:
        what = "an organisation" if kind == ORGANISATION else "a person"
        refuse(rule, node, "BcCo" if node.text("BcCo") else "BcId", allowed=what)
    return row


def only_hit(node: Node, hits: Sequence[Row], rule: str) -> Row | None:
    """The one that was found; None without any. Several are refused (wire.md section 7)."""
    if len(hits) > 1:
        numbers = ", ".join(str(row["organisation_id"]) for row in hits[:10])
        refuse(rule, node, value=numbers, allowed="a search that finds one at most")
    return hits[0] if hits else None


def searched(node: Node, field: str) -> str:
    """What to look for. It cannot be empty."""
    return node.text(field) or refuse(
        "organisation_search_value_missing", node, field, allowed="a value, since it is searched for"
    )


def check_picture(node: Node) -> None:
    """A picture has a name, and is base64."""
    content = node.fields.get("FileStream")
    if not isinstance(content, bytes):
        return
    if node.text("FileName") is None:
        refuse("organisation_picture_name_missing", node, "FileName", allowed="the name of the picture's file")
    if decoded(content) is None:
        refuse("value_invalid", node, "FileStream", value=content[:60].decode("utf-8", "replace"), allowed="base64")


def places(node: Node, draft: Draft, row: Row) -> dict[str, Cell]:
    """The columns ``address_id`` and ``postal_address_id`` after ``node``, as far as it changes them.

    PadAdr true: the postal address follows the address, as it does without PadAdr where the two are one already.
    """
    at, postal = only(node, "KnBasicAddressAdr"), only(node, "KnBasicAddressPad")
    before, postal_before = row.get("address_id"), row.get("postal_address_id")
    follows = node.number("PadAdr")
    if follows is None:
        follows = postal is None and before == postal_before
    values: dict[str, Cell] = {}
    if at is not None:
        values["address_id"] = address.placed(at, draft)
    if postal is not None and not follows:
        values["postal_address_id"] = address.placed(postal, draft)
    elif follows and (at is not None or before != postal_before):
        values["postal_address_id"] = values.get("address_id", before)
    return values


def derived_search_name(name: str) -> str:
    """The search name that Profit proposes: the first ten letters and digits of the name, in capitals."""
    plain = unicodedata.normalize("NFKD", name).upper()
    return "".join(char for char in plain if char.isalnum())[:10]
