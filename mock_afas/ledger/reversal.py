"""Deletion of entries: undoes what they made. AFAS documents the calls, not what stands in their way.

Our readings: what lies in a blocked period stays, and so does an invoice of which something was paid.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from mock_afas.ledger import commitment, open_items
from mock_afas.ledger.administration import administration_in_url
from mock_afas.ledger.book import Draft, Result
from mock_afas.ledger.open_items import OpenItem
from mock_afas.ledger.period import check_deletable
from mock_afas.ledger.posting import RELATIONS, Facts, refuse_key
from mock_afas.values import folded

#: What belongs to the lines of an entry.
_BELOW_LINES = ("entry_allocations", "entry_projects", "entry_transitories")
#: What dossier items about an invoice are about, by its side.
_DESTINATIONS = {"supplier": 11, "customer": 4}
_NAMES_OF_INVOICE = ("administration", "side", "relation", "invoice")


def delete(keys: Mapping[str, str], draft: Draft) -> Result:
    """Deletes the entry that ``keys`` of the URL name: ``EnNo`` or ``InId``, with ``UnId``, ``JoCo`` and ``Year``.

    Raises ProfitError when there is none, or several, or it cannot be undone.
    """
    unit: int = administration_in_url(draft, keys.get("UnId") or None)["administration"]
    entry = found_entry(keys, draft, unit)
    number: int = entry["entry"]
    rows = _lines(draft, unit, number)
    check_deletable(draft, entry, {row["entry_date"] for row in rows if row["entry_date"]})
    items = open_items.of_rows(draft, unit, rows)
    for item in items:
        check_unpaid(draft, number, item)
    for item in items:
        _undo(draft, number, item)
    commitment.use(draft, unit, rows, back=True)
    for entity in _BELOW_LINES:
        for row in draft.where(entity, administration=unit, entry=number):
            draft.remove(entity, (unit, number, row["sequence"], row["part"]))
    for row in rows:
        draft.remove("entry_lines", (unit, number, row["sequence"]))
    draft.remove("entries", (unit, number))
    return Result("FiEntryPar", None)


def found_entry(keys: Mapping[str, str], draft: Draft, unit: int) -> Facts:
    """The one entry with the number or invoice number in ``keys``, in the journal and year if these are there."""
    number, invoice = keys.get("EnNo"), keys.get("InId")
    if not number and not invoice:
        refuse_key("entry_key_missing", "EnNo", "", "EnNo or InId")
    name, shown = ("EnNo", number) if number else ("InId", invoice)
    if number:
        candidates = {int(number)} if number.isascii() and number.isdigit() and len(number) < 19 else set()
    else:
        lines: list[Facts] = list(draft.where("entry_lines", administration=unit, invoice=invoice))
        candidates = {row["entry"] for row in lines}
    entries = [row for row in (draft.find("entries", unit, entry) for entry in sorted(candidates)) if row is not None]
    matching = [row for row in entries if _is_meant(row, keys)]
    if not matching:
        refuse_key("entry_unknown", name, shown, "an entry of the administration and journal", number=str(shown))
    if len(matching) > 1:
        allowed = f"one entry: {', '.join(str(row['entry']) for row in matching)} match"
        refuse_key("entry_ambiguous", name, shown, allowed, number=str(shown))
    return matching[0]


def _is_meant(entry: Facts, keys: Mapping[str, str]) -> bool:
    journal, year, period = keys.get("JoCo"), keys.get("Year"), keys.get("Peri")
    return (
        (not journal or journal.casefold() == str(entry["journal"]).casefold())
        and (not year or year.lstrip("0") == str(entry["year"]))
        and (not period or period.lstrip("0") == str(entry["period"]))
    )


def check_unpaid(draft: Draft, entry: int, item: OpenItem) -> None:
    """An invoice of which something was paid meanwhile stays."""
    invoice: Facts | None = draft.find("invoices", *item.key)
    if invoice is None or not _made(draft, entry, invoice):
        return
    if invoice["open_amount"] != invoice["amount"]:
        names = {"invoice": str(invoice["invoice"]), "relation": str(invoice["relation"])}
        refuse_key("entry_paid", "EnNo", entry, "an entry whose invoices are open as a whole", **names)


def _made(draft: Draft, entry: int, invoice: Facts) -> bool:
    """Whether the entry invoiced it: not when it only paid an invoice, known or unknown."""
    return bool(invoice["entry"] == entry) and not open_items.is_payment(draft, invoice)


def _undo(draft: Draft, entry: int, item: OpenItem) -> None:
    invoice: Facts | None = draft.find("invoices", *item.key)
    if invoice is None:
        return
    key = tuple(invoice[name] for name in _NAMES_OF_INVOICE)
    if _made(draft, entry, invoice):
        _remove(draft, key)
        return
    others = _other_payments(draft, entry, item) if open_items.is_payment(draft, invoice) else []
    if open_items.is_payment(draft, invoice) and not others:
        _remove(draft, key)
        return
    open_items.change_open(draft, invoice, item, back=True)
    if others and invoice["entry"] == entry:
        _hand_over(draft, invoice, min(others, key=itemgetter("entry", "sequence")))


def _remove(draft: Draft, key: tuple[Any, ...]) -> None:
    """Dossier items about an invoice that goes stay, with its relation (our reading)."""
    unit, side, relation, invoice = key
    draft.remove("invoices", key)
    named = {"destination_administration": unit, "destination_invoice": invoice, "destination": relation}
    for item in draft.where("subjects", destination_type=_DESTINATIONS[side], **named):
        row = {"subject_id": item["subject_id"], "destination_administration": None, "destination_invoice": None}
        draft.change("subjects", (item["subject_id"],), row)


def _other_payments(draft: Draft, entry: int, item: OpenItem) -> list[Facts]:
    """Lines of other entries that pay the same unknown invoice."""
    unit, side, relation, invoice = item.key
    kind = next(kind for kind, (_, _, own) in RELATIONS.items() if own == side)
    same = draft.where("entry_lines", administration=unit, account_kind=kind, account=relation, invoice=invoice)
    return [row for row in same if row["entry"] != entry]


def _hand_over(draft: Draft, invoice: Facts, line: Facts) -> None:
    """An open payment whose entry goes belongs to the next one that booked it."""
    key = tuple(invoice[name] for name in _NAMES_OF_INVOICE)
    entry = draft.find("entries", line["administration"], line["entry"])
    row = dict(zip(_NAMES_OF_INVOICE, key, strict=True))
    row["entry"], row["journal"] = line["entry"], None if entry is None else entry["journal"]
    row["voucher_number"], row["invoice_date"] = line["voucher_number"], line["voucher_date"]
    row["due_date"], row["description"] = line["due_date"], line["description"]
    if not open_items.is_payment(draft, {**row, "amount": 0}):
        # It was booked in another journal, which invoices what nobody has invoiced.
        items = open_items.of_rows(draft, line["administration"], _lines(draft, line["administration"], line["entry"]))
        own = next(item for item in items if folded(item.key) == folded(key))
        row["amount"] = own.amount
        row["amount_currency"] = open_items.in_currency(invoice, own.amount, own.amount_currency, own.row["currency"])
    draft.change("invoices", key, row)


def _lines(draft: Draft, unit: int, entry: int) -> list[Facts]:
    return list(draft.where("entry_lines", administration=unit, entry=entry))
