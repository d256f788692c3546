"""Ledger lines that differ in amounts and texts only from one that was found to be right.

Nearly all lines do: an integration books on the same accounts, VAT codes and allocation codes day in, day out. The
rules have had their say about all of that, so such a line is made of the row that they left, and of its own amounts.
"""

from __future__ import annotations

from typing import Any

from mock_afas.documents import Node
from mock_afas.ledger.posting import CENT, LEDGER, MOST_FINDINGS, Line, Making, Pattern, Posting, fill_texts, times

#: What lines of a pattern may differ in: their amounts, and texts that no rule looks at.
_OWN = frozenset(("AmDe", "AmCr", "Ds", "BpNr", "InId"))
#: What they may say beside that, which is the same in all of them.
_SHARED = ("VaAs", "AcNr", "VaId", "EnDa", "BpDa", "CuId")
_FIELDS = _OWN.union(_SHARED)

#: The columns of texts, which are in each row of a pattern: changing a cell is quicker than adding one.
_TEXTS = frozenset(("description", "voucher_number", "invoice"))

#: The shared values of a line and the fields of the one part of its allocation, as they were sent.
PatternKey = tuple[object, ...]


def key_of(node: Node) -> PatternKey | None:
    """What tells the pattern of a line; None for a line that says more than patterns have room for."""
    given, children = node.fields, node.children
    if not _FIELDS.issuperset(given) or node.custom:
        return None
    codes: object = None
    if children:
        parts = children.get("FiDimEntries")
        if parts is None or len(parts) != 1 or len(children) > 1 or parts[0].custom:
            return None
        codes = tuple(parts[0].fields.items())
    get = given.get
    return get("VaAs"), get("AcNr"), get("VaId"), get("EnDa"), get("BpDa"), get("CuId"), codes


def repeated(posting: Posting, node: Node, sequence: int) -> Line | None:
    """The line of ``node``, when one of the same pattern was found to be right and its amounts are."""
    key = key_of(node)
    known = None if key is None else posting.findings.patterns.get(key)
    if known is None:
        return None
    given: Any = node.fields
    get = given.get
    debit: int = get("AmDe") or 0
    credit: int = get("AmCr") or 0
    if (debit and credit) or debit % CENT or credit % CENT:
        return None
    account, shared, rate = known
    row = shared.copy()
    row["entry"] = posting.entry
    row["sequence"] = sequence
    fill_texts(row, node)
    row["debit"] = row["debit_currency"] = debit
    row["credit"] = row["credit_currency"] = credit
    if rate is not None:
        row["vat_amount"] = times(debit - credit, rate)
    return Line(node, LEDGER, account, row)


def keep(posting: Posting, line: Line) -> None:
    """Keeps a line that was found to be right for others of its pattern, unless its allocation is one of its own."""
    key, own, patterns = key_of(line.node), posting.base_currency, posting.findings.patterns
    if len(patterns) >= MOST_FINDINGS:  # of a single document; what earlier ones found was few
        return
    if key is not None and line.kind == LEDGER and line.row["currency"] == own and not line.allocations:
        said: Making = {column: cell for column, cell in line.row.items() if cell is not None or column in _TEXTS}
        place = posting.findings.places[line.node.fields["AcNr"], line.node.fields.get("VaId")]
        patterns[key] = Pattern(line.account, said, place.rate)
