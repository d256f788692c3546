"""The amounts of a line, in the administration's currency and in that of the line.

A body without ``CuId`` books in the administration's currency, whatever the relation's is. A rate is the amount of the
currency for one of the administration's: NOK at 7.5 is 10000 and 75000. That amounts agree with ``Rate`` is not
checked, for AFAS' own examples do not always.
"""

from __future__ import annotations

from typing import Any

from mock_afas.documents import Node
from mock_afas.ledger.book import refuse
from mock_afas.ledger.posting import (
    CENT,
    ONE,
    Facts,
    Making,
    Posting,
    check_size,
    divided,
    money,
    refuse_unknown,
    rounded,
    times,
)

_FIELDS = frozenset(("CuId", "Rate", "AmDc", "AmCc"))


def fill(posting: Posting, node: Node, row: Making) -> int:
    """Puts the amounts of a line into its row, in whole cents; ``AmDe`` and ``AmCr`` that are left out are zero.

    Returns what it books in the administration's currency, above zero debit.
    """
    given: Any = node.fields
    debit: int = given.get("AmDe") or 0
    credit: int = given.get("AmCr") or 0
    if debit % CENT or credit % CENT:
        debit, credit = rounded(debit), rounded(credit)
    if debit and credit:
        shown = {"debit": money(debit), "credit": money(credit)}
        refuse("line_two_amounts", node, "AmDe", allowed="an amount in AmDe or in AmCr", **shown)
    row["debit"] = row["debit_currency"] = debit
    row["credit"] = row["credit_currency"] = credit
    if not _FIELDS.isdisjoint(given):
        return _in_currency(posting, node, row, debit, credit)
    return debit - credit


def _in_currency(posting: Posting, node: Node, row: Making, debit: int, credit: int) -> int:
    """What ``CuId``, ``Rate``, ``AmDc`` and ``AmCc`` change about the amounts."""
    own = check_currency(posting, node)
    rate = node.number("Rate")
    if rate is not None and rate <= 0:
        refuse("line_rate_invalid", node, "Rate", allowed="a rate above zero")
    if own is None:
        return debit - credit
    rate = rate or own["daily_rate"] or own["rate"] or ONE
    there, back = rounded(node.number("AmDc") or 0), rounded(node.number("AmCc") or 0)
    if node.number("AmDe") is None and node.number("AmCr") is None:
        row["debit"], row["credit"] = debit, credit = divided(there, rate), divided(back, rate)
    elif node.number("AmDc") is None and node.number("AmCc") is None:
        there, back = times(debit, rate), times(credit, rate)
    check_size(node, debit, credit, there, back)
    row["currency"], row["rate"] = own["currency"], rate
    row["debit_currency"], row["credit_currency"] = there, back
    return debit - credit


def check_currency(posting: Posting, node: Node) -> Facts | None:
    """The currency of ``CuId``, which must exist; None when that is the administration's, or none is given."""
    code = node.text("CuId")
    if code is None or code.casefold() == posting.base_currency.casefold():
        return None
    found: Facts | None = posting.draft.find("currencies", code)
    if found is None:
        refuse_unknown("line_currency_unknown", node, "CuId", "a currency")
    return found
