"""Transitory entries (FiTransEntries): a line spread over the periods that it is about.

The periods must exist and none may be blocked (wire.md section 7). The amount is spread evenly; ``VaRo`` rounds what
each period gets, and the last takes what is left (our reading).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mock_afas.documents import Node
from mock_afas.ledger.book import refuse
from mock_afas.ledger.period import Span
from mock_afas.ledger.posting import CENT, LEDGER, ONE, Facts, Line, Posting, refuse_unknown, require

#: What the amount of a period is rounded to, by ``VaRo``: not, whole, tens, hundreds, thousands.
_ROUNDING: Mapping[str, int] = {"N": CENT, "G": ONE, "T": 10 * ONE, "H": 100 * ONE, "D": 1000 * ONE}


def spread(posting: Posting, line: Line) -> None:
    """Makes a row for each period. Several elements spread the amount over all of their periods together."""
    parts = line.node.below("FiTransEntries")
    if not parts:
        return
    if line.kind != LEDGER:
        refuse("transitory_not_applicable", parts[0], allowed="none on a debtor or creditor")
    places: list[tuple[Span, str | None]] = []
    for part in parts:
        account = suspense_account(posting, part)
        places += [(span, account) for span in periods(posting, part)]
    amounts: Any = line.row
    unit = _ROUNDING[parts[0].text("VaRo") or "N"]
    shares = _shares(amounts["debit"] - amounts["credit"], len(places), unit)
    line.transitories = [
        {
            "administration": posting.unit,
            "entry": posting.entry,
            "sequence": line.row["sequence"],
            "part": number,
            "year": span.year,
            "period": span.period,
            "suspense_account": account,
            "amount": amount,
        }
        for number, ((span, account), amount) in enumerate(zip(places, shares, strict=True), 1)
    ]


def periods(posting: Posting, part: Node) -> list[Span]:
    """The periods from ``YeSt``/``PeSt`` up to ``YeEn``/``PeEn``, all of which exist and are open."""
    require("transitory_field_missing", part, "YeSt", "PeSt", "YeEn", "PeEn")
    start = Span(part.number("YeSt") or 0, part.number("PeSt") or 0)
    end = Span(part.number("YeEn") or 0, part.number("PeEn") or 0)
    for field, span in (("PeSt", start), ("PeEn", end)):
        if posting.draft.find("periods", posting.unit, span.year, span.period) is None:
            refuse_unknown("transitory_period_unknown", part, field, "a period of the administration")
    if start > end:
        refuse("transitory_backwards", part, "PeEn", allowed=f"{start.year}/{start.period} or later")
    known = posting.draft.where("periods", administration=posting.unit)
    spans: list[Span] = []
    for row in sorted(known, key=_span):
        span = _span(row)
        if start <= span <= end:
            if row["blocked"]:
                names = {"period": str(span.period), "year": str(span.year)}
                refuse("transitory_period_blocked", part, "PeSt", allowed="periods that are not blocked", **names)
            spans.append(span)
    return spans


def suspense_account(posting: Posting, part: Node) -> str | None:
    """The ledger account of ``SuAc``, when it is given."""
    number = part.text("SuAc")
    if number is None:
        return None
    found = posting.draft.find("accounts", posting.unit, number)
    if found is None or found["blocked"]:
        refuse_unknown("transitory_account_unknown", part, "SuAc", "an open ledger account")
    return str(found["account"])


def _span(row: Facts) -> Span:
    return Span(row["year"], row["period"])


def _shares(amount: int, count: int, unit: int) -> list[int]:
    each = abs(amount) // count // unit * unit * (1 if amount >= 0 else -1)
    return [each] * (count - 1) + [amount - each * (count - 1)]
