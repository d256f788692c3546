"""When an invoice is due, by the kind of its payment condition.

AFAS documents that the due date follows from the voucher date and the payment condition, not how each kind counts: that
is our reading.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Callable, Mapping
from functools import lru_cache

from mock_afas.ledger.posting import Facts

_Rule = Callable[[dt.date, int, int], dt.date]
_LAST = dt.date.max


def _days(day: dt.date, days: int, _months: int) -> dt.date:
    return dt.date.fromordinal(max(1, min(day.toordinal() + days, _LAST.toordinal())))


def _end_of_month(day: dt.date) -> dt.date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _credit_months(day: dt.date, _days: int, months: int) -> dt.date:
    """The same day so many months later, or the last of that month when it has no such day."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not dt.MINYEAR <= years <= dt.MAXYEAR:
        return _LAST
    return dt.date(years, month + 1, min(day.day, monthrange(years, month + 1)[1]))


#: By kind: cash, days, days and then to the end of that month, credit months, credit months and then days of
#: postponement, instalments (the last of ``months`` that follow each other by ``days``), in advance, direct debit.
_KINDS: Mapping[str, _Rule] = {
    "C": lambda day, _days, _months: day,
    "D": _days,
    "E": lambda day, days, months: _end_of_month(_days(day, days, months)),
    "M": _credit_months,
    "U": lambda day, days, months: _days(_credit_months(day, days, months), days, 0),
    "T": lambda day, days, months: _days(day, days * max(1, months), 0),
    "V": lambda day, _days, _months: day,
    "I": _days,
}


def due_date(condition: Facts | None, day: str) -> str:
    """The due date of an invoice of ``day`` under a payment condition; ``day`` itself when there is none."""
    if condition is None:
        return day
    return _due(condition["kind"], condition["days"] or 0, condition["months"] or 0, day)


@lru_cache(maxsize=4096)
def _due(kind: str | None, days: int, months: int, day: str) -> str:
    rule = _KINDS.get(kind or "", _days)
    return rule(dt.date.fromisoformat(day), days, months).isoformat()
