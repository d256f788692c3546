"""Fields that name something: what they name exists, and is kept as the books write it."""

from __future__ import annotations

from typing import NoReturn

from mock_afas.documents import Node
from mock_afas.ledger.book import Cell, Draft, Row, refuse


def referred(node: Node, field: str, draft: Draft, entity: str, rule: str) -> Row | None:
    """The row of ``entity`` that a field names, None when it is empty. Refuses by ``rule`` what is not there."""
    code = node.text(field)
    if code is None:
        return None
    return draft.find(entity, code) or refuse(rule, node, field, allowed=f"one of {entity.replace('_', ' ')}")


def user_called(draft: Draft, written: str) -> Row | None:
    """The user that is called ``written``, or is the employee of that number; None when there is none."""
    return draft.find("users", written) or next(iter(draft.where("users", employee_id=written)), None)


def code_of(node: Node, field: str, draft: Draft, table: str, rule: str) -> str | None:
    """The code of a small code table that a field names, as text or number; None when it is empty."""
    value = node.fields.get(field)
    if value is None:
        return None
    row = draft.find("codes", table, str(value))
    if row is None:
        codes = draft.where("codes", table=table)
        refuse(rule, node, field, allowed=", ".join(str(code["code"]) for code in codes))
    return str(row["code"])


def country_of(node: Node, field: str, draft: Draft, missing: str, unknown: str) -> str:
    """The country a field names; it cannot be empty."""
    row = referred(node, field, draft, "countries", unknown)
    return str(row["country"]) if row else refuse(missing, node, field, allowed="a country")


def accounts_called(number: str, draft: Draft) -> list[Row]:
    """The ledger account ``number`` in each administration that has it."""
    found = (draft.find("accounts", unit["administration"], number) for unit in draft.where("administrations"))
    return [account for account in found if account]


def only(node: Node, name: str) -> Node | None:
    """The element of the object ``name`` below ``node``, of which the definition allows one; None without one."""
    return next(iter(node.below(name)), None)


def not_deleted(node: Node) -> None:
    """What belongs to a relation cannot be deleted through it: these connectors know only its number."""
    if node.action == "delete":
        refuse("relation_part_deleted", node, value="delete", allowed="insert, update", object=node.definition.name)


def number_taken(node: Node, field: str, rule: str) -> NoReturn:
    """Refuses a number that a client chose and that something else has."""
    refuse(rule, node, field, allowed="a number that nothing has yet, or none where numbering is automatic")


def note_of(node: Node, field: str) -> str | None:
    """The text of a memo field; it fits the column ``note``."""
    value = node.fields.get(field)
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if isinstance(text, str) and len(text) > 2000:
        refuse("value_too_long", node, field, value=text, allowed="at most 2000 characters")
    return text if isinstance(text, str) and text else None


def copied(node: Node, columns: dict[str, str]) -> dict[str, Cell]:
    """The fields of ``node`` that are kept as they are, by the column that keeps each."""
    return {column: node.fields[field] for field, column in columns.items() if field in node.fields}
