"""Bank accounts: KnBankAccount, and the preferred account of a relation (wire.md section 7).

KnBankAccount only ever adds: several at a time, the same number twice as well. A BIC that is given is not compared with
the IBAN. An IBAN cannot be deleted.
"""

from __future__ import annotations

from collections.abc import Sequence

from mock_afas.documents import Node
from mock_afas.ledger import identifiers
from mock_afas.ledger.bics import bic_of
from mock_afas.ledger.book import Cell, Draft, Row, refuse
from mock_afas.ledger.references import code_of, referred
from mock_afas.ledger.rows import free_number, new_row

_ORDINARY, _G_ACCOUNT = "528000", "528001"


def added(node: Node, draft: Draft, owner: str) -> Row:
    """Adds the account in ``node`` to the organisation or person ``owner``; returns its row."""
    if node.action == "delete":
        refuse("bank_account_deleted", node, value="delete", allowed="insert", object=node.definition.name)
    if node.number("IbCk"):
        identifiers.check_iban(node, "Iban")
    iban = _compact(node, "Iban")
    kind = code_of(node, "BkTp", draft, "bank_type", "bank_account_type_unknown")
    return _insert(
        draft,
        owner,
        {
            "country": _country(node, draft, iban),
            "iban": iban,
            "bic": _compact(node, "Bic") or (bic_of(iban) if iban else None),
            "account_number": _account_number(node, iban),
            "g_account": node.number("AcGa") or 0,
            "bank_type": kind or (_G_ACCOUNT if node.number("AcGa") else _ORDINARY),
            "name": node.text("BaNm"),
        },
    )


def all_added(node: Node, draft: Draft, owner: str) -> list[Row]:
    """Adds every KnBankAccount below ``node``."""
    return [added(account, draft, owner) for account in node.below("KnBankAccount")]


def preferred(node: Node, draft: Draft, owner: str, added_now: list[Row], current: Cell) -> dict[str, Cell]:
    """The columns ``iban`` and ``bic`` of the relation in ``node``: empty where they stay as they are.

    Preferred is the account that the relation names by Iban or BaAc. One that its organisation does not have yet
    becomes one of its accounts. Without a name it is the last account with an IBAN, and no G account, that the
    document adds.
    """
    if "Iban" in node.fields and node.text("Iban") is None and current:
        refuse("bank_account_iban_cleared", node, "Iban", value="", allowed="another IBAN")
    accounts = [*added_now[::-1], *draft.where("bank_accounts", organisation_id=owner)]
    for field, column in (("Iban", "iban"), ("BaAc", "account_number")):
        number = _compact(node, field)
        if number is not None:
            known = next((row for row in accounts if identifiers.compact(str(row[column] or "")) == number), None)
            return _shown(known or _named(node, draft, owner))
    return _first_usual(added_now[::-1])


def preferred_at_first(draft: Draft, owner: str) -> dict[str, Cell]:
    """The columns ``iban`` and ``bic`` of a new relation without an account of its own: its organisation has one."""
    return _first_usual(draft.where("bank_accounts", organisation_id=owner))


def _first_usual(accounts: Sequence[Row]) -> dict[str, Cell]:
    return next((_shown(row) for row in accounts if row["iban"] and not row["g_account"]), {})


def _named(node: Node, draft: Draft, owner: str) -> Row:
    iban = _compact(node, "Iban")
    row = {
        "country": _country(node, draft, iban),
        "iban": iban,
        "bic": bic_of(iban) if iban else None,
        "account_number": _account_number(node, iban),
        "bank_type": _ORDINARY,
    }
    return _insert(draft, owner, row)


def _shown(account: Row) -> dict[str, Cell]:
    return {"iban": account["iban"], "bic": account["bic"]}


def _insert(draft: Draft, owner: str, values: dict[str, Cell]) -> Row:
    number = free_number(draft, "bank_accounts", "bank_account_id")
    row = new_row("bank_accounts", {"bank_account_id": number, "organisation_id": owner, **values})
    draft.insert("bank_accounts", (number,), row)
    return row


def _compact(node: Node, field: str) -> str | None:
    written = node.text(field)
    return identifiers.compact(written) or None if written else None


def _country(node: Node, draft: Draft, iban: str | None) -> Cell:
    """CoId; without it the country of the IBAN."""
    row = referred(node, "CoId", draft, "countries", "bank_account_country_unknown")
    if row is None and iban is not None:
        row = next(iter(draft.where("countries", iso2=iban[:2])), None)
    return row["country"] if row else refuse("bank_account_country_missing", node, "CoId", allowed="a country")


def _account_number(node: Node, iban: str | None) -> str:
    """BaAc; without it what the IBAN says after its bank, for the Netherlands without leading zeros."""
    written = node.text("BaAc")
    if written is not None:
        return written
    if iban is None:
        refuse("bank_account_number_missing", node, "BaAc", allowed="an account number or an IBAN")
    return (iban[8:].lstrip("0") if iban.startswith("NL") else iban[4:]) or iban
