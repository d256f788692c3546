"""Checks that many contracts share. Each says what should hold, and fails the story with what was seen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from mock_afas_contracts import model
from mock_afas_contracts.driver import Failed
from mock_afas_contracts.observed import Exchange, Row
from mock_afas_contracts.story import Story


def entries_balance(story: Story) -> None:
    """Every entry made in the story balances to the cent."""
    for entry in story.changes().entries:
        difference = sum(map(model.signed, entry["lines"]), Decimal(0))
        story.check(not difference, "debit equals credit in every entry", entry=entry["entry"], difference=difference)


def booked_once(story: Story, side: model.Side, invoice: Mapping[str, Any]) -> Row:
    """The invoice is in the books exactly once, as it was given to the client. Gives its row."""
    changes = story.changes()
    number = invoice["invoice_number"]
    found = changes.invoices_of(side, invoice[f"{side}_id"], number)
    count = len(found)
    story.check(count == 1, "the invoice is booked exactly once", invoice=number, times=count)
    key = (found[0]["administration"], found[0]["entry"])
    (entry,) = [one for one in changes.entries if (one["administration"], one["entry"]) == key]
    wrong = model.differences(model.expected(side, invoice), entry)
    story.check(not wrong, "the entry is what the invoice says", **wrong)
    return found[0]


def not_booked(story: Story, side: model.Side, invoice: Mapping[str, Any]) -> None:
    """Nothing of the invoice is in the books: no open item, no entry, no document."""
    changes = story.changes()
    number = invoice["invoice_number"]
    found = changes.invoices_of(side, invoice[f"{side}_id"], number)
    story.check(not found, "an invoice that AFAS refused is not booked", invoice=number)
    halves = [entry["entry"] for entry, line in changes.lines() if line["invoice"] == number]
    story.check(not halves, "nothing is half booked", entries=halves)
    subjects = [one["subject_id"] for one in changes.subjects if one["destination_invoice"] == number]
    story.check(not subjects, "no document is left behind for an invoice that is not booked", subjects=subjects)


def refusal_passed_on(story: Story, failed: Failed) -> None:
    """The client tells AFAS' own message and log reference of the last error that AFAS answered."""
    errors = [one for one in story.traffic() if one.status == 500 and isinstance(one.answered, dict)]
    story.check(errors, "AFAS refused something")
    answered = errors[-1].answered
    message = answered.get("externalMessage", "")
    told = _squeezed(failed.message)
    story.check(_squeezed(message) in told, "the client tells AFAS' message", message=message, told=failed.message)
    reference = answered.get("profitLogReference")
    story.check(
        failed.log_reference == reference or (failed.log_reference is None and reference in failed.message),
        "the client tells AFAS' log reference",
        reference=reference,
        told=failed.log_reference,
    )


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def posts(traffic: Sequence[Exchange], connector: str) -> list[Exchange]:
    """The calls that add something by an UpdateConnector."""
    return [one for one in traffic if one.calls(connector, "POST")]


def waits(calls: Sequence[Exchange]) -> list[float]:
    """Seconds from the end of each call to the start of the next."""
    return [max(0.0, later.started - earlier.ended) for earlier, later in pairwise(calls)]


# ---------------------------------------------------------------- values

_NUMBER = re.compile(r"[+-]?[0-9]*\.?[0-9]+")


def same_value(wanted: object, got: object) -> bool:
    """Whether a client read a value rightly: decimals to the last digit, as number or text; dates with or without Z."""
    if isinstance(wanted, bool) or wanted is None:
        return wanted is got
    if isinstance(wanted, int | Decimal):
        return _as_decimal(got) == wanted
    if isinstance(wanted, str) and isinstance(got, str):
        return wanted == got or wanted.removesuffix("Z") == got
    return wanted == got


def _as_decimal(value: object) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        return Decimal(value)
    return Decimal(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


def same_rows(story: Story, wanted: Sequence[Row], got: Sequence[Row], key: Sequence[str], title: str) -> None:
    """The client gave exactly these rows, in any order, each once, with every value."""

    def of(row: Row) -> tuple[str, ...]:
        return tuple(str(row.get(name)) for name in key)

    by_key = {of(row): row for row in got}
    missing = [of(row) for row in wanted if of(row) not in by_key]
    wanted_keys = {of(row) for row in wanted}
    strange = [of(row) for row in got if of(row) not in wanted_keys]
    story.check(not missing, title, missing=missing[:10], rows=len(got), wanted=len(wanted))
    story.check(not strange, title, not_there=strange[:10], rows=len(got), wanted=len(wanted))
    story.check(len(got) == len(wanted), title, rows=len(got), wanted=len(wanted))
    for row in wanted:
        theirs = by_key[of(row)]
        wrong = {
            name: {"wanted": value, "got": theirs.get(name)}
            for name, value in row.items()
            if not same_value(value, theirs.get(name))
        }
        story.check(not wrong, "every value arrives as AFAS sent it", row=of(row), **wrong)
