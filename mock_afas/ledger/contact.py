"""KnContact: people, departments and delivery addresses at an organisation (wire.md section 7).

A contact that is there already, the same person or the department of the same name, is changed instead of added.
"""

from __future__ import annotations

from mock_afas.documents import Node
from mock_afas.ledger import address, person
from mock_afas.ledger.book import Cell, Draft, Row, refuse
from mock_afas.ledger.references import copied, not_deleted, note_of, only
from mock_afas.ledger.rows import free_number, new_row, settled

_PERSON, _DEPARTMENT = "PRS", "AFD"
_COLUMNS = {
    "ExAd": "department",
    "ViFu": "function",
    "FuDs": "function_card",
    "TeNr": "phone",
    "MbNr": "mobile",
    "EmAd": "email",
    "Bl": "blocked",
}
_OF_PERSON = {"ViGe": "gender", "TeN2": "phone_private", "MbN2": "mobile_private", "EmA2": "email_private"}
#: Where the contact does not say how to reach a person at work, the person does.
_AT_WORK = {"TeNr": "phone", "MbNr": "mobile", "EmAd": "email"}


def all_placed(node: Node, draft: Draft, owner: str, name: str) -> int:
    """Adds or changes every KnContact below ``node``, the organisation ``owner`` called ``name``; says how many."""
    for contact in node.below("KnContact"):
        _placed(contact, draft, owner, name)
    return len(node.below("KnContact"))


def _placed(node: Node, draft: Draft, owner: str, name: str) -> None:
    human = only(node, "KnPerson")
    _check(node, human)
    for part in ("KnBasicAddressAdr", "KnBasicAddressPad"):
        at = only(node, part)
        if at is not None:
            address.placed(at, draft)
    values = _values(node)
    if human is not None:
        who = person.placed(human, draft)
        values = {**copied(human, _AT_WORK), **values, **copied(human, _OF_PERSON)}
        values |= {"person_id": who["organisation_id"], "name": who["name"]}
    row = _existing(values, draft, owner)
    if row is None:
        named: dict[str, Cell] = {"name": values.get("department") or name}
        _add(node, draft, owner, named | values)
    else:
        key = row["contact_id"]
        draft.change("contacts", (key,), {**settled("contacts", values), "contact_id": key})


def _check(node: Node, human: Node | None) -> None:
    """Of the kinds of contact (ViKc) a person, PRS, is only possible together with KnPerson."""
    not_deleted(node)
    if node.text("ViKc") == _PERSON and human is None:
        refuse("contact_person_missing", node, "ViKc", allowed="AFD, AFL, or an object KnPerson")


def _values(node: Node) -> dict[str, Cell]:
    values = copied(node, _COLUMNS)
    if "Re" in node.fields:
        values["note"] = note_of(node, "Re")
    return values


def _existing(values: dict[str, Cell], draft: Draft, owner: str) -> Row | None:
    """The contact of ``owner`` that is this person, or else has this department."""
    if values.get("person_id"):
        rows = draft.where("contacts", organisation_id=owner, person_id=values["person_id"])
    elif values.get("department"):
        rows = draft.where("contacts", organisation_id=owner, department=values["department"])
        rows = [row for row in rows if not row["person_id"]]
    else:
        rows = []
    return rows[0] if rows else None


def _add(node: Node, draft: Draft, owner: str, values: dict[str, Cell]) -> None:
    number = free_number(draft, "contacts", "contact_id")
    kind = node.text("ViKc") or (_PERSON if values.get("person_id") else _DEPARTMENT)
    head: dict[str, Cell] = {"contact_id": number, "type": kind, "organisation_id": owner}
    draft.insert("contacts", (number,), new_row("contacts", {**values, **head}))
