"""Financial years and periods: which exist, and which are blocked.

Year with period and the entry date decide whether something can be booked; the voucher date does not, and neither date
needs to lie in the period (wire.md section 7).
"""

from __future__ import annotations

from typing import NamedTuple

from mock_afas.documents import Node
from mock_afas.ledger.book import Draft, refuse
from mock_afas.ledger.posting import Facts, Posting, refuse_key, refuse_unknown


class Span(NamedTuple):
    """A period by its year and number."""

    year: int
    period: int


def check_period(draft: Draft, node: Node, unit: int) -> Span:
    """``Year`` and ``Peri`` are a period of the administration, and not blocked."""
    year, period = node.number("Year") or 0, node.number("Peri") or 0
    found = draft.find("periods", unit, year, period)
    if found is None:
        if not draft.where("periods", administration=unit, year=year):
            refuse_unknown("entry_year_unknown", node, "Year", f"a financial year of administration {unit}")
        refuse_unknown("entry_period_unknown", node, "Peri", f"a period of {year}")
    if found["blocked"]:
        allowed = "a period that is not blocked"
        refuse("entry_period_blocked", node, "Peri", allowed=allowed, period=str(period), year=str(year))
    return Span(year, period)


def check_entry_date(posting: Posting, node: Node) -> None:
    """``EnDa`` is in no blocked period. Outside every period of the administration none can be blocked."""
    day = str(node.fields["EnDa"])
    if is_blocked(posting.draft, posting.unit, day):
        refuse("entry_date_blocked", node, "EnDa", allowed="a date in a period that is open", date=written(day))
    posting.findings.open_dates[day] = True


def check_deletable(draft: Draft, entry: Facts, days: set[str]) -> None:
    """What is booked in a blocked period stays. ``days`` are the entry dates of the entry's lines."""
    unit, year, period = entry["administration"], entry["year"], entry["period"]
    found = draft.find("periods", unit, year, period)
    if found is not None and found["blocked"]:
        allowed = "an entry in a period that is not blocked"
        refuse_key("entry_period_blocked", "EnNo", entry["entry"], allowed, period=str(period), year=str(year))
    for day in sorted(days):
        if is_blocked(draft, unit, day):
            refuse_key("entry_date_blocked", "EnNo", entry["entry"], "an entry in an open period", date=written(day))


def is_blocked(draft: Draft, unit: int, day: str) -> bool:
    """Whether ``day`` lies in a blocked period of the administration."""
    found: Facts | None = draft.find("periods", unit, int(day[:4]), int(day[5:7]))
    if found is None or not _holds(found, day):
        # The financial year is not the calendar's, or its periods are no months.
        found = next((row for row in draft.where("periods", administration=unit) if _holds(row, day)), None)
    return found is not None and bool(found["blocked"])


def _holds(period: Facts, day: str) -> bool:
    start, end = period["date_from"], period["date_to"]
    return start is not None and end is not None and bool(start <= day <= end)


def written(day: str) -> str:
    """A date as in Profit's messages: day, month and year without leading zeros."""
    return f"{int(day[8:10])}-{int(day[5:7])}-{int(day[:4])}"
