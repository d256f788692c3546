"""KnPerson: people at an organisation, kept as organisations of type P (wire.md section 7).

MatchPer says how a person is looked for; without a hit the person is added. Without MatchPer it is 0 where BcCo is
given, else 7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from mock_afas.documents import Node
from mock_afas.ledger import bank_account, custom_fields, identifiers
from mock_afas.ledger.book import Cell, Draft, Row, refuse
from mock_afas.ledger.party import (
    PERSON,
    by_number,
    check_picture,
    derived_search_name,
    number_for_new,
    only_hit,
    places,
    searched,
)
from mock_afas.ledger.references import code_of, copied, not_deleted, note_of, referred
from mock_afas.ledger.rows import new_row, settled

_COLUMNS = {
    "SeNm": "search_name",
    "TeNr": "phone",
    "MbNr": "mobile",
    "EmAd": "email",
    "HoPa": "homepage",
    "DaBi": "date_of_birth",
}


def placed(node: Node, draft: Draft) -> Row:
    """Finds or adds the person in ``node``, with address and bank accounts; returns number and name."""
    _check(node, draft)
    how = node.text("MatchPer") or ("0" if node.text("BcCo") else "7")
    row = _MATCHES[how](node, draft)
    number, name = _added(node, draft) if row is None else _changed(node, draft, row)
    bank_account.all_added(node, draft, number)
    return {"organisation_id": number, "name": name}


def full_name(node: Node) -> str:
    """Usual name, first name or initials, then prefix and last name."""
    first = node.text("CaNm") or node.text("FiNm") or node.text("In")
    return " ".join(part for part in (first, node.text("Is"), node.text("LaNm")) if part)


def _check(node: Node, draft: Draft) -> None:
    not_deleted(node)
    identifiers.check_bsn(node, "SoSe")
    check_picture(node)
    referred(node, "CoBi", draft, "countries", "person_country_of_birth_unknown")
    for field in ("TtId", "TtEx"):
        code_of(node, field, draft, "title", "person_title_unknown")


# ---------------------------------------------------------------- which person


def _by_number(node: Node, draft: Draft) -> Row | None:
    return by_number(node, draft, PERSON, "person_unknown")


def _by_bsn(node: Node, draft: Draft) -> Row | None:
    searched(node, "SoSe")
    hits = draft.where("organisations", type=PERSON, bsn=identifiers.check_bsn(node, "SoSe"))
    return only_hit(node, hits, "person_several")


def _by_name(node: Node, draft: Draft, field: str = "", column: str = "") -> Row | None:
    """Name and gender, and one more field where the document has it."""
    wanted = [(name, node.text(of)) for of, name in ((field, column), ("ViGe", "gender")) if of and node.text(of)]
    people = draft.where("organisations", type=PERSON, name=full_name(node))
    hits = [row for row in people if all(_agrees(row, name, value, draft) for name, value in wanted)]
    return only_hit(node, hits, "person_several")


def _agrees(person: Row, column: str, value: Cell, draft: Draft) -> bool:
    """Whether the person, or a contact that is this person, has ``value``. A gender nobody knows agrees with any."""
    contacts = draft.where("contacts", person_id=person["organisation_id"])
    held = {str(row[column]).casefold() for row in (person, *contacts) if row.get(column)}
    return str(value).casefold() in held or (column == "gender" and not held)


def _always_new(_node: Node, _draft: Draft) -> None:
    return None


_MATCHES: Mapping[str, Callable[[Node, Draft], Row | None]] = {
    "0": _by_number,
    "1": _by_bsn,
    "2": _by_name,
    "3": partial(_by_name, field="EmAd", column="email"),
    "4": partial(_by_name, field="MbNr", column="mobile"),
    "5": partial(_by_name, field="TeNr", column="phone"),
    "6": partial(_by_name, field="DaBi", column="date_of_birth"),
    "7": _always_new,
}


# ---------------------------------------------------------------- what changes


def _added(node: Node, draft: Draft) -> tuple[str, str]:
    last_name = node.text("LaNm") or refuse("person_name_missing", node, "LaNm", allowed="a name")
    number, name = number_for_new(node, draft), full_name(node)
    values = {**_values(node), **places(node, draft, {}), "name": name}
    values["search_name"] = values.get("search_name") or derived_search_name(last_name)
    head = {"organisation_id": number, "type": PERSON, "custom": custom_fields.merged(node)}
    draft.insert("organisations", (number,), new_row("organisations", {**values, **head}))
    return number, name


def _changed(node: Node, draft: Draft, row: Row) -> tuple[str, str]:
    if "LaNm" in node.fields and node.text("LaNm") is None:
        refuse("person_name_missing", node, "LaNm", value="", allowed="a name")
    number = str(row["organisation_id"])
    values = {**_values(node), **places(node, draft, row)}
    name = full_name(node) if node.text("LaNm") else str(row["name"])
    if node.custom:
        values["custom"] = custom_fields.merged(node, row.get("custom"))
    if values or name != row["name"]:
        head = {"organisation_id": number, "name": name}
        draft.change("organisations", (number,), {**settled("organisations", values), **head})
    return number, name


def _values(node: Node) -> dict[str, Cell]:
    values = copied(node, _COLUMNS)
    if "SoSe" in node.fields:
        values["bsn"] = identifiers.check_bsn(node, "SoSe")
    if "Re" in node.fields:
        values["note"] = note_of(node, "Re")
    return values
