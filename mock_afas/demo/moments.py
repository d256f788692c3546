"""Dates and times of the demo data: spread over the years, always the same, never on or after the day of today.

What happened up to a day does not change when a later day is today: the data only grows.
"""

from __future__ import annotations

import datetime as dt

from mock_afas.fixtures import read_json

#: The demo company's books open here, and no clock may stand before the first working day that has a yesterday in it.
FIRST_DAY = dt.date(2012, 1, 2)
EARLIEST_TODAY = dt.date(2013, 1, 2)
_date = dt.date.fromordinal
FIRST_ORDINAL = FIRST_DAY.toordinal()
#: Master data was made in these days: ten years from the first.
_CREATION_SPAN = 3652
#: Times of day in office hours, with fractions of a second that are never zero.
_TIMES = tuple(
    f"T{7 + i % 12:02d}:{i * 7 % 60:02d}:{i * 13 % 60:02d}.{i * 7919 % 999_983 + 1:06d}" for i in range(1, 212)
)


class Moments:
    """The days up to yesterday, as seen from ``today``. Raises ValueError when the demo company is too young."""

    def __init__(self, today: dt.date) -> None:
        if today < EARLIEST_TODAY:
            raise ValueError(f"the demo data needs a clock at {EARLIEST_TODAY} or later, not {today}")
        self.today = today
        self.last = today.toordinal() - 1
        self.last_day = self.day(self.last)
        self._turned: dict[str, str] = read_json("demo/moments.json")["modified"]

    @staticmethod
    def day(ordinal: int) -> str:
        """The day with this proleptic Gregorian ordinal, as a stored date."""
        return _date(ordinal).isoformat()

    @staticmethod
    def at(day: str, key: int) -> str:
        """A moment in office hours on ``day``; which one follows from ``key``."""
        return day + _TIMES[key % 211]

    def created_and_modified(self, key: int) -> tuple[str, str]:
        """When a record of master data was made and last changed. Both follow from ``key``."""
        last = self.last
        created = FIRST_ORDINAL + key * 7919 % _CREATION_SPAN
        if created > last:
            created = FIRST_ORDINAL + created % (last - FIRST_ORDINAL + 1)
        modified = last - (last - key * 31) % (200 + key * 37 % 1800)
        first = _date(created).isoformat() + _TIMES[key % 211]
        if modified <= created:
            return first, first
        return first, _date(modified).isoformat() + _TIMES[(key + 5) % 211]

    def relation(self, key: int, number: str) -> tuple[str, str]:
        """As ``created_and_modified``, but some relations were changed around a switch of the clock."""
        pair = self.created_and_modified(key)
        turned = self._turned.get(number)
        if turned is None or turned[:10] > self.last_day:
            return pair
        return min(pair[0], turned), turned
