"""Profit's scalars: how a value is stored, written in JSON, and read from a request.

Stored form (what the store keeps and sources select):

========== =============================================================== =======================================
kind       stored as                                                       written as
========== =============================================================== =======================================
text       str                                                             JSON string
integer    int                                                             JSON number
boolean    0 or 1                                                          ``true`` / ``false``
decimal    int, millionths                                                 JSON number
date       ``YYYY-MM-DD``                                                  ``"YYYY-MM-DDT00:00:00Z"``
datetime   ``YYYY-MM-DDTHH:MM:SS.ffffff``, Amsterdam wall clock            ``"YYYY-MM-DDTHH:MM:SSZ"``: the Z is false
========== =============================================================== =======================================
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

#: A stored decimal counts these.
MILLIONTHS = 1_000_000
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
INT32 = range(-(2**31), 2**31)
INT64 = range(-(2**63), 2**63)

_DECIMAL = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})")
_INTEGER = re.compile(r"[+-]?\d{1,40}")
_MOMENT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?)?")
_TRUTHS = {"true": 1, "1": 1, "false": 0, "0": 0}


class NotAValue(ValueError):
    """The text is no value of the kind; the message says what would be."""


def parse_integer(text: str) -> int:
    """An integer of any size up to 40 digits. Raises NotAValue."""
    if not _INTEGER.fullmatch(text.strip()) or not text.isascii():
        raise NotAValue("a whole number, such as 42")
    return int(text)


def parse_decimal(text: str) -> Decimal:
    """A decimal number with a point, no thousands separators, no exponent. Raises NotAValue."""
    stripped = text.strip()
    if not _DECIMAL.fullmatch(stripped) or not stripped.isascii():
        raise NotAValue("a number with a decimal point, such as 330.58")
    try:
        return Decimal(stripped)
    except InvalidOperation:  # pragma: no cover - the pattern admits nothing Decimal refuses
        raise NotAValue("a number with a decimal point, such as 330.58") from None


def parse_boolean(text: str) -> int:
    """``true``, ``false``, ``1`` or ``0`` as 1 or 0. Raises NotAValue."""
    truth = _TRUTHS.get(text.strip().lower())
    if truth is None:
        raise NotAValue("true, false, 1 or 0")
    return truth


def parse_moment(text: str) -> dt.datetime:
    """A date or a date with time, ISO, without zone. A trailing ``Z`` or offset is refused. Raises NotAValue."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None or not text.isascii():
        raise NotAValue("a date such as 2017-07-01 or 2017-07-01T00:00:02, without Z")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    microsecond = int(((match[7] or "0") + "000000")[:6])
    try:
        return dt.datetime(year, month, day, hour, minute, second, microsecond)  # noqa: DTZ001 - wall clock by nature
    except ValueError as error:
        raise NotAValue(f"a date that exists ({error})") from None


def stored_decimal(number: Decimal) -> int:
    """Millionths of ``number``, rounded half up. Raises NotAValue beyond 12 digits before the point."""
    if not number.is_finite() or abs(number) >= 10**12:
        raise NotAValue("a number below 1,000,000,000,000")
    return int((number * MILLIONTHS).to_integral_value(rounding="ROUND_HALF_UP"))


@lru_cache(maxsize=4_096)
def parse_millionths(text: str) -> int:
    """A decimal number in stored form, rounded half up to six digits. Raises NotAValue as its parts do."""
    match = _PLAIN.fullmatch(text)
    if match is None:
        return stored_decimal(parse_decimal(text))
    whole = int(match[2]) * MILLIONTHS + int((match[3] or "0").ljust(6, "0"))
    return -whole if match[1] else whole


#: A number that needs no rounding and is in range: up to 12 digits before the point and 6 after it.
_PLAIN = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,6}))?")


def folded(key: Sequence[str | int | bytes | None]) -> tuple[str | int | bytes | None, ...]:
    """The cells of a key without case, as the books compare them."""
    return tuple([part.casefold() if isinstance(part, str) else part for part in key])


def stored_moment(moment: dt.datetime) -> str:
    """``YYYY-MM-DDTHH:MM:SS.ffffff``."""
    return moment.isoformat(timespec="microseconds")


def format_decimal(millionths: int, decimals: int, *, padded: bool = True, leading_zero: bool = True) -> str:
    """A stored decimal as Profit writes it, rounded half up to ``decimals`` digits.

    Without ``leading_zero`` a number below one starts with its point (``-.5``), as before Profit 7; that is no JSON,
    and clients had to live with it. Without ``padded`` trailing zeros are dropped.
    """
    sign = "-" if millionths < 0 else ""
    unit = 10 ** (6 - decimals)
    scaled = (abs(millionths) + unit // 2) // unit
    if not scaled:
        sign = ""
    whole, rest = divmod(scaled, 10**decimals)
    digits = f"{rest:0{decimals}d}" if decimals else ""
    if not padded:
        digits = digits.rstrip("0")
    head = "" if not whole and digits and not leading_zero else str(whole)
    return f"{sign}{head}.{digits}" if digits else f"{sign}{head}"


def amsterdam(moment: dt.datetime) -> dt.datetime:
    """An aware moment as Amsterdam wall-clock time without zone."""
    return moment.astimezone(AMSTERDAM).replace(tzinfo=None)
