"""Financial entries (FiEntries): what AFAS accepts, and what an entry makes in the books.

Everything is checked before anything is drafted: the head of the document, each line, and then what the lines make
together. AFAS documents the connector under "Financiële mutatie"; wire.md section 7 says what we know of it.
"""

from __future__ import annotations

from mock_afas.documents import Node
from mock_afas.ledger import commitment, lines, open_items
from mock_afas.ledger.administration import opened, remember
from mock_afas.ledger.book import Draft, Result, refuse
from mock_afas.ledger.posting import LEDGER, Line, Making, Posting
from mock_afas.ledger.reversal import delete

__all__ = ["delete", "post"]


def post(node: Node, draft: Draft) -> Result:
    """Books an entry from a FiEntryPar. Raises ProfitError when a rule refuses it.

    The result has the numbers of the administration and the entry, and the invoice number: empty when none was given
    or made.
    """
    posting = opened(node, draft)
    given = node.children.get("FiEntries")
    if not given:
        refuse("entry_without_lines", node, value="", allowed="at least one line in FiEntries")
    read = [lines.read(posting, line, number) for number, line in enumerate(given, 1)]
    lines.check_balance(node, read)
    commitment.check_suppliers(posting, read)
    open_items.number_invoices(posting, read)
    items = open_items.gathered(posting, read)
    _write(posting, read)
    open_items.write(posting, items)
    remember(draft, posting.unit)
    if posting.committed:
        commitment.use(draft, posting.unit, [line.row for line in posting.committed])
    return Result("FiEntryPar", {"UnId": str(posting.unit), "EnNo": str(posting.entry), "InId": _invoice_number(read)})


def _write(posting: Posting, read: list[Line]) -> None:
    """Drafts the entry, its lines and what belongs to these."""
    draft, unit, number, now = posting.draft, posting.unit, posting.entry, posting.draft.circumstances.now
    head: Making = {
        "administration": unit,
        "entry": number,
        "year": posting.year,
        "period": posting.period,
        "journal": posting.journal["journal"],
        "created": now,
        "modified": now,
    }
    draft.insert("entries", (unit, number), head)
    draft.attach("entry_lines", [line.row for line in read])
    for line in read:
        if line.allocations or line.projects or line.transitories:
            draft.attach("entry_allocations", line.allocations)
            draft.attach("entry_projects", line.projects)
            draft.attach("entry_transitories", line.transitories)


def _invoice_number(read: list[Line]) -> str:
    """The invoice number of the first debtor or creditor that has one, or else of the first line that has one."""
    first = ""
    for line in read:
        number = line.row["invoice"]
        if number is not None:
            if line.kind != LEDGER:
                return str(number)
            first = first or str(number)
    return first
