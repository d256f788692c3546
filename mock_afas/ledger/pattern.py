"""Ledger lines that differ in amounts and texts only from one that was found to be right.

Nearly all lines do: an integration books on the same accounts, VAT codes and allocation codes day in, day out. The
rules have had their say about all of that, so such a line is made of the row that they left, and of its own amounts.
"""

from __future__ import annotations

from typing import Any

from mock_afas.documents import Node
from mock_afas.ledger.posting import CENT, LEDGER, Line, Pattern, Posting, times

#: What lines may differ in: their amounts, and texts that no rule looks at.
_OWN = frozenset(("AmDe", "AmCr", "Ds", "BpNr", "InId"))
#: What a line may say beside that; it is part of the key.
_SHARED = frozenset(("VaAs", "AcNr", "EnDa", "BpDa", "VaId", "CuId", "DaEx"))
_FIELDS = _OWN | _SHARED
_CODES = frozenset(("DiC1", "DiC2", "DiC3", "DiC4", "DiC5"))

#: Values of a line that are the same in all lines of a pattern, as they were sent.
PatternKey = tuple[object, ...]


def key_of(node: Node) -> PatternKey | None:
    """What tells the pattern of a line; None for a line that says more than patterns have room for."""
    given, children = node.fields, node.children
    if not _FIELDS.issuperset(given) or node.custom:
        return None
    allocated: object = None
    if children:
        parts = children.get("FiDimEntries")
        if parts is None or len(parts) != 1 or len(children) > 1:
            return None
        part = parts[0]
        if not _CODES.issuperset(part.fields) or part.custom:
            return None
        allocated = tuple(part.fields.items())
    get = given.get
    return get("VaAs"), get("AcNr"), get("EnDa"), get("BpDa"), get("VaId"), get("CuId"), get("DaEx"), allocated


def repeated(posting: Posting, key: PatternKey, node: Node, sequence: int) -> Line | None:
    """The line of ``node``, when one of the same pattern was found to be right and its amounts are."""
    known = posting.findings.patterns.get(key)
    if known is None:
        return None
    given: Any = node.fields
    get = given.get
    debit: int = get("AmDe") or 0
    credit: int = get("AmCr") or 0
    if (debit and credit) or debit % CENT or credit % CENT:
        return None
    account, pattern, rate = known
    row = pattern.copy()
    row["entry"] = posting.entry
    row["sequence"] = sequence
    row["voucher_number"] = get("BpNr")
    row["invoice"] = get("InId")
    row["description"] = get("Ds")
    row["debit"] = row["debit_currency"] = debit
    row["credit"] = row["credit_currency"] = credit
    if rate is not None:
        row["vat_amount"] = times(debit - credit, rate)
    return Line(node, LEDGER, account, row)


def keep(posting: Posting, key: PatternKey, line: Line) -> None:
    """Keeps a line that was found to be right for others of its pattern, if its account asks for nothing else."""
    place = posting.findings.places.get((line.node.fields["AcNr"], line.node.fields.get("VaId")))
    plain = line.kind == LEDGER and line.row["currency"] == posting.base_currency and not line.allocations
    if plain and place is not None and not place.demanding:
        posting.findings.patterns[key] = Pattern(line.account, line.row.copy(), place.rate)
