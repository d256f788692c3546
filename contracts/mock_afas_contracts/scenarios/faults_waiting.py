"""Faults that pass if one waits: a locked booking layout, maintenance, too many calls; and errors that never pass."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from mock_afas_contracts import checks, strategies
from mock_afas_contracts.contract import contract
from mock_afas_contracts.driver import Failed, Ok
from mock_afas_contracts.observed import Exchange
from mock_afas_contracts.scenarios.faults import BOOKING, SUPPLIERS, booked_in_the_end, told_truly
from mock_afas_contracts.story import Story

#: How much a wait may seem shorter than it was, since it is measured at the other side of the line. In seconds.
_UNSHARP = 0.05
#: By how much waits have to grow from the first to the last, and how long the last has to be at least, in seconds.
_GROWTH, _LEAST = 1.6, 0.15
_LONG = 7200


def _longest_pauses(story: Story, calls: Sequence[Exchange]) -> list[float]:
    """The longest time between two of ``calls`` in which the client asked for nothing at all: that is how it waited."""
    traffic = story.traffic()
    spans = [[one for one in traffic if a.number <= one.number <= b.number] for a, b in pairwise(calls)]
    return [max(checks.waits(span)) for span in spans]


@contract(
    id="faults/locked-layout-retried",
    sentence="A booking that is refused because another user has the booking layout open is tried again, and works.",
    severity="must",
    evidence="documented: a booking layout can be locked by another user, and AFAS advises to try again",
    operations=("book_purchase_invoice",),
    faults=("locked",),
    examples=0.2,
)
def locked_layout_retried(story: Story) -> None:
    language = story.draw(st.sampled_from(["nl", "en"]))
    if language != "nl":
        story.tell_client(language=language)
    story.fault("locked", **BOOKING)
    invoice = strategies.small_purchase()
    outcome = story.run("book_purchase_invoice", **invoice)
    story.check(isinstance(outcome, Ok), "the booking is tried again", outcome=str(outcome))
    checks.booked_once(story, "supplier", invoice)


@contract(
    id="faults/locked-layout-waits",
    sentence="While the booking layout stays locked, the waits between tries grow.",
    severity="should",
    evidence="documented: AFAS advises to try again. Ours: with growing waits, as whoever has it open takes a while",
    operations=("book_purchase_invoice",),
    faults=("locked",),
    examples=0.1,
)
def locked_layout_waits(story: Story) -> None:
    story.fault("locked", **BOOKING, times=3)
    invoice = strategies.small_purchase()
    told_truly(story, story.run("book_purchase_invoice", **invoice), invoice)
    pauses = _longest_pauses(story, checks.posts(story.traffic(), "FiEntries"))
    shown = [round(pause, 2) for pause in pauses]
    story.check(not pauses or pauses[-1] >= _LEAST, "the client waits before it tries again", waits=shown)
    grown = len(pauses) < 3 or pauses[-1] >= pauses[0] * _GROWTH
    story.check(grown, "waits between tries grow", waits=shown)


def _told_to_wait(story: Story, seconds: float) -> None:
    """After an answer that asks for so many seconds, nothing is asked until they are over."""
    for turned_away, following in pairwise(story.traffic()):
        if turned_away.status in (429, 503):
            waited = following.started - turned_away.ended
            story.check(
                waited >= seconds - _UNSHARP,
                "nothing is asked before the time that AFAS gave is over",
                asked_for=seconds,
                waited=round(waited, 2),
                by=f"{following.method} {following.path}",
            )


@contract(
    id="faults/maintenance-obeyed",
    sentence="In maintenance the client stays away for as long as AFAS says, and then does what it was asked.",
    severity="must",
    evidence="documented: maintenance is 503 with retry_after, in seconds",
    operations=("book_purchase_invoice",),
    faults=("maintenance",),
    examples=0.17,
)
def maintenance_obeyed(story: Story) -> None:
    where = story.draw(st.sampled_from([dict(BOOKING), {}]))
    story.fault("maintenance", **where, retry_after=1)
    booked_in_the_end(story, strategies.small_purchase())
    _told_to_wait(story, 1)


@contract(
    id="faults/long-maintenance-told",
    sentence="When maintenance lasts for hours, the client says so and asks nothing more meanwhile.",
    severity="must",
    evidence="documented: maintenance is 503 with retry_after, in seconds; two hours in AFAS' example",
    operations=("book_purchase_invoice",),
    faults=("maintenance",),
    examples=0.1,
)
def long_maintenance_told(story: Story) -> None:
    story.fault("maintenance", **BOOKING, retry_after=_LONG, times=None)
    invoice = strategies.small_purchase()
    outcome = story.run("book_purchase_invoice", **invoice)
    story.check(isinstance(outcome, Failed), "the client says that it did not book", outcome=str(outcome))
    told_truly(story, outcome, invoice)
    _told_to_wait(story, _LONG)


@contract(
    id="faults/maintenance-during-sync",
    sentence="A synchronisation that maintenance breaks into gets every row once, after the wait.",
    severity="must",
    evidence="documented: maintenance is 503 with retry_after, in seconds. Assumed: it can begin between two pages",
    operations=("read",),
    faults=("maintenance",),
    examples=0.17,
)
def maintenance_during_sync(story: Story) -> None:
    story.put_data("suppliers", strategies.supplier_rows(120))
    wanted = story.rows(SUPPLIERS)
    story.fault("maintenance", connector=SUPPLIERS, nth=story.draw(st.sampled_from([2, 1])), retry_after=1)
    outcome = story.run("read", connector=SUPPLIERS)
    if isinstance(outcome, Failed):
        outcome = story.run("read", connector=SUPPLIERS)  # it may leave the next try to its user
    else:
        _told_to_wait(story, 1)
    story.check(isinstance(outcome, Ok), "the table is read after maintenance", outcome=str(outcome))
    if isinstance(outcome, Ok):
        checks.same_rows(story, wanted, outcome.result["rows"], ("CreditorId",), "every row is read exactly once")


@contract(
    id="faults/throttled",
    sentence="A call that is turned away because there are too many is made again after the time that AFAS gave.",
    severity="must",
    evidence="documented: a limit on calls at once. Assumed: that those above it are turned away, and how",
    operations=("book_purchase_invoice",),
    faults=("throttle",),
    examples=0.17,
)
def throttled(story: Story) -> None:
    status = story.draw(st.sampled_from([503, 429]))
    story.fault("throttle", **BOOKING, parallel=0, status=status, retry_after=1)
    booked_in_the_end(story, strategies.small_purchase())
    _told_to_wait(story, 1)


#: Changes of an invoice, or of its only line, that make AFAS refuse it.
_REFUSED: tuple[dict[str, Any], ...] = ({"account": "9999999"}, {"tax_code": "77"}, {"account": "8000"})


@contract(
    id="faults/validation-not-retried",
    sentence="A booking that AFAS refuses for what is in it is sent once, and never again by itself.",
    severity="must",
    evidence="documented: an error of validation stays one until its cause is taken away",
    operations=("book_purchase_invoice",),
    faults=("error",),
    examples=0.34,
)
def validation_not_retried(story: Story) -> None:
    plain = strategies.small_purchase()
    wrong = story.draw(st.sampled_from([*_REFUSED, {}]))
    invoice = {**plain, "lines": [{**plain["lines"][0], **wrong}]}
    if not wrong:
        story.fault("error", **BOOKING, times=None, message="De boeking voldoet niet aan een eigen controle.")
    outcome = story.run("book_purchase_invoice", **invoice)
    if isinstance(outcome, Ok):
        story.fail("the client says that it failed", outcome=str(outcome))
    sent = len(checks.posts(story.traffic(), "FiEntries"))
    story.check(sent <= 1, "a booking that is refused is sent once", times=sent)
    checks.not_booked(story, "supplier", invoice)
