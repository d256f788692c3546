"""What is odd in the books though Profit takes it: remarks beside the findings on traffic.

A VAT amount need not fit its rate: Profit books what it is given (wire.md section 7). Nor does AFAS document that it
refuses a debtor in a purchase journal, a creditor in a sales journal, or a VAT account without VAT code there. A client
that does so by mistake learns it here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from mock_afas import values

Stored = Mapping[str, object]
#: What rounding each line by itself can make of a cent, for each line, in millionths.
_ROUNDING = 10_000


#: What remarks look at.
ENTITIES = ("entry_lines", "entries", "journals", "accounts")
_PURCHASE, _SALES = "I", "V"
#: By kind of journal: the kind of account that has no place there, and what each is called.
_OTHER_SIDE = {_PURCHASE: ("2", "a debtor", "purchase"), _SALES: ("3", "a creditor", "sales")}
_LEDGER, _VAT_ACCOUNT = "1", "T"


def on_books(tables: Mapping[str, Sequence[Stored]]) -> list[dict[str, object]]:
    """All remarks on books; ``tables`` holds the rows of ENTITIES in stored form."""
    return on_vat(tables["entry_lines"]) + list(_on_journals(tables))


def _on_journals(tables: Mapping[str, Sequence[Stored]]) -> Iterator[dict[str, object]]:
    """Remarks on lines that are unusual in a purchase or sales journal."""
    kinds = {(row["administration"], row["journal"]): row["kind"] for row in tables["journals"]}
    journals = {(row["administration"], row["entry"]): row["journal"] for row in tables["entries"]}
    collecting = {
        (row["administration"], row["account"])
        for row in tables["accounts"]
        if row["collect_account_type"] == _VAT_ACCOUNT
    }
    for line in tables["entry_lines"]:
        unit = line["administration"]
        journal = journals.get((unit, line["entry"]))
        kind = kinds.get((unit, journal))
        if kind not in (_PURCHASE, _SALES):
            continue
        other, called, name = _OTHER_SIDE[kind]
        if line["account_kind"] == other:
            message = f"{called} is booked in {name} journal {journal}"
            yield _of_line("relation-of-other-side", message, line)
        elif line["account_kind"] == _LEDGER and not line["vat_code"] and (unit, line["account"]) in collecting:
            message = f"VAT account {line['account']} is booked without VAT code in {name} journal {journal}"
            yield _of_line("vat-code-missing", message, line)


def _of_line(remark: str, message: str, line: Stored) -> dict[str, object]:
    place = {name: line[name] for name in ("administration", "entry", "sequence", "account")}
    return {"id": remark, "severity": "remark", "message": message, **place}


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
