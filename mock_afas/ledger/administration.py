"""The administration, the journal and the number of an entry."""

from __future__ import annotations

from typing import NamedTuple

from mock_afas.documents import Node
from mock_afas.ledger.book import Draft, refuse
from mock_afas.ledger.period import check_period
from mock_afas.ledger.posting import Facts, Findings, Posting, blank_line, refuse_key, refuse_unknown, require


def last_used(draft: Draft) -> Facts | None:
    """The administration of a document that names none: the user's last (documented).

    That is the one of the user's last entry, and before the first the one with the lowest number (our reading).
    """
    last: Facts | None = draft.find("last_administrations", draft.circumstances.user)
    found: Facts | None = None if last is None else draft.find("administrations", last["administration"])
    if found is not None:
        return found
    known: list[Facts] = list(draft.where("administrations"))
    return min(known, key=lambda row: int(row["administration"]), default=None)


def remember(draft: Draft, unit: int) -> None:
    """``unit`` is the last administration of the user from now on."""
    user = draft.circumstances.user
    kept: dict[str, int] = draft.kept(("administrations", "last_administrations"), "last")
    if user not in kept:
        last = last_used(draft)
        kept[user] = unit if last is None else last["administration"]
    if kept[user] != unit:
        save = draft.insert if draft.find("last_administrations", user) is None else draft.change
        save("last_administrations", (user,), {"user_id": user, "administration": unit})


def administration(draft: Draft, node: Node) -> Facts:
    """The administration of ``UnId``. One that does not exist is "No unit available" (wire.md section 7)."""
    number = node.number("UnId")
    found = last_used(draft) if number is None else draft.find("administrations", number)
    if found is None:
        refuse("entry_unit_unknown", node, "UnId", value=number, allowed="an administration")
    return found


def administration_in_url(draft: Draft, number: str | None) -> Facts:
    """As ``administration``, for a number in a URL."""
    found: Facts | None = None
    if number is None:
        found = last_used(draft)
    elif number.isascii() and number.isdigit():
        found = draft.find("administrations", int(number))
    if found is None:
        refuse_key("entry_unit_unknown", "UnId", number, "an administration")
    return found


def journal(draft: Draft, node: Node, unit: int) -> Facts:
    """The journal of ``JoCo``: one of the administration, and not blocked."""
    found: Facts | None = draft.find("journals", unit, node.fields["JoCo"])
    if found is None:
        refuse_unknown("entry_journal_unknown", node, "JoCo", f"a journal of administration {unit}")
    if found["blocked"]:
        refuse("entry_journal_blocked", node, "JoCo", allowed="an open journal", journal=found["journal"])
    return found


class _Head(NamedTuple):
    """Where an entry is booked, and what was found out about lines that are booked there."""

    administration: Facts
    journal: Facts
    year: int
    period: int
    findings: Findings


#: So many heads are kept, with up to some 2,500 findings of 1.5 kB each.
MOST_HEADS = 64
#: The entities that the rules for lines look at.
_LOOKED_AT = (
    "administrations",
    "journals",
    "periods",
    "accounts",
    "tax_codes",
    "allocation_assignments",
    "customers",
    "suppliers",
)


def _head(node: Node, draft: Draft) -> _Head:
    """What the head of the document names, checked, and kept for other documents that name the same."""
    get, circumstances = node.fields.get, draft.circumstances
    kept: dict[object, _Head] = draft.kept(_LOOKED_AT, circumstances.without, circumstances.missing_features)
    named = get("UnId")
    if named is None:
        last = last_used(draft)
        named = None if last is None else last["administration"]
    sent = (named, get("JoCo"), get("Year"), get("Peri"))
    known = kept.get(sent)
    if known is None or known.findings.are_many():
        require("entry_field_missing", node, "JoCo", "Year", "Peri")
        company = administration(draft, node)
        unit: int = company["administration"]
        book = journal(draft, node, unit)
        known = _Head(company, book, *check_period(draft, node, unit), Findings())
        if len(kept) >= MOST_HEADS:
            kept.clear()
        kept[sent] = known
    return known


def opened(node: Node, draft: Draft) -> Posting:
    """What the head of the document says, checked. The entry gets the next number of its administration."""
    company, book, year, period, findings = _head(node, draft)
    unit: int = company["administration"]
    number = draft.next_number("entries", "entry", administration=unit)
    currency = company["currency"] or "EUR"
    return Posting(
        draft=draft,
        node=node,
        unit=unit,
        administration=company,
        journal=book,
        journal_kind=str(book["kind"]),
        year=year,
        period=period,
        entry=number,
        base_currency=currency,
        blank_line=blank_line(unit, number, currency),
        # An assignment that this document makes is not in the books yet, and may never be.
        findings=Findings() if node.number("AdDa") else findings,
    )
