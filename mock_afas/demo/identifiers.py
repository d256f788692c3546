"""Dutch numbers that pass their checks: IBAN, RSIN and VAT number, KvK number."""

from __future__ import annotations

from functools import cache

#: What the weighted sum of eight ASCII digits is too high by.
_ASCII_ZEROS = ord("0") * (9 + 8 + 7 + 6 + 5 + 4 + 3 + 2)
_NL_00 = 232100  # "NL00" as an IBAN's check sum reads letters: A is 10, B is 11 ...


@cache
def _bank_value(bank: str) -> int:
    """The four letters of a bank in front of a ten-digit account and ``NL00``, as one number."""
    return int("".join(str(int(letter, 36)) for letter in bank)) * 10**16


def dutch_iban(bank: str, account: int) -> str:
    """The IBAN of ``account``, at most ten digits, at the bank with these four letters (ISO 13616, mod 97)."""
    check = 98 - (_bank_value(bank) + account * 1_000_000 + _NL_00) % 97
    return f"NL{check:02d}{bank}{account:010d}"


def rsin(number: int) -> str:
    """A nine-digit fiscal number from the eight digits of ``number``, raised by one where no check digit exists."""
    while True:
        a, b, c, d, e, f, g, h = b"%08d" % number
        check = (9 * a + 8 * b + 7 * c + 6 * d + 5 * e + 4 * f + 3 * g + 2 * h - _ASCII_ZEROS) % 11
        if check < 10:
            return f"{number:08d}{check}"
        number += 1


def coc_number(key: int) -> str:
    """An eight-digit KvK number; different for keys that differ by less than sixty million."""
    return str(30_000_000 + key * 7919 % 59_999_999)
