"""What is odd in the books though Profit takes it: remarks beside the findings on traffic.

A VAT amount need not fit its rate: Profit books what it is given (wire.md section 7). A client that splits VAT wrongly
learns it here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from mock_afas import values

Stored = Mapping[str, object]
#: What rounding each line by itself can make of a cent, for each line, in millionths.
_ROUNDING = 10_000


def on_vat(lines: Sequence[Stored]) -> list[dict[str, object]]:
    """A remark for each VAT code of an entry whose VAT lines differ from the rate over the other lines.

    ``lines`` are rows of ``entry_lines`` in stored form; one of a VAT account has no ``vat_amount`` of its own.
    """
    groups: dict[tuple[object, object, object], list[Stored]] = defaultdict(list)
    for line in lines:
        if line["vat_code"] is not None:
            groups[line["administration"], line["entry"], line["vat_code"]].append(line)
    return [remark for key, group in groups.items() for remark in _of_group(key, group)]


def _of_group(key: tuple[object, object, object], lines: list[Stored]) -> Iterator[dict[str, object]]:
    expected = sum(_number(line["vat_amount"]) for line in lines)
    booked = sum(_number(line["debit"]) - _number(line["credit"]) for line in lines if line["vat_amount"] is None)
    if abs(expected - booked) <= _ROUNDING * len(lines):
        return
    administration, entry, code = key
    yield {
        "id": "vat-amount",
        "severity": "remark",
        "message": f"the VAT lines of code {code} differ from its rate over the other lines",
        "administration": administration,
        "entry": entry,
        "vat_code": code,
        "expected": values.format_decimal(expected, 2),
        "booked": values.format_decimal(booked, 2),
    }


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
