"""What a client does when an answer gets lost, is damaged, or comes late.

Nobody but the client knows what it then has to do; the books tell whether it did. In each story a user tries again
while the client says that it does not know what became of something.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from mock_afas_contracts import checks, strategies
from mock_afas_contracts.contract import contract
from mock_afas_contracts.driver import Failed, Ok
from mock_afas_contracts.story import Story

SUPPLIERS = "Zenvoices_Suppliers"
MOST_TRIES = 3
#: The faults below hit the calls that write: by connector, they are found in any client.
BOOKING: Mapping[str, Any] = {"connector": "FiEntries", "method": "POST"}
RELATION: Mapping[str, Any] = {
    "name": "Nieuw & Zonen",
    "country": "NL",
    "street": "Dorpsstraat",
    "house_number": "12",
    "postal_code": "1234AB",
    "city": "Utrecht",
}

#: Ways in which the line takes an answer away. The first is the plainest.
LOSSES: tuple[dict[str, Any], ...] = (
    {"kind": "drop"},
    {"kind": "drop", "reset": True},
    {"kind": "status", "status": 502},
    {"kind": "truncate"},
    {"kind": "status", "status": 504, "body": "Gateway Timeout"},
)
#: Answers of status 200 that say nothing.
GARBAGE: tuple[dict[str, Any], ...] = (
    {"kind": "garbage"},
    {"kind": "garbage", "form": "html"},
    {"kind": "garbage", "form": "bytes"},
    {"kind": "status", "status": 200},
    {"kind": "status", "status": 200, "body": {}},
)


def until_known(story: Story, operation: str, **arguments: Any) -> Ok | Failed:
    """Does something, and again as a user would while the client does not know what became of it."""
    outcome = story.run(operation, **arguments)
    for _ in range(MOST_TRIES):
        if isinstance(outcome, Ok) or outcome.outcome != "unknown":
            break
        outcome = story.run(operation, **arguments)
    return outcome


def told_truly(story: Story, outcome: Ok | Failed, invoice: Mapping[str, Any]) -> None:
    """What the client says of a booking is so. What it does not know, it may say."""
    if isinstance(outcome, Ok):
        checks.booked_once(story, "supplier", invoice)
        return
    booked = story.changes().invoices_of("supplier", invoice["supplier_id"], invoice["invoice_number"])
    story.check(len(booked) <= 1, "the invoice is booked at most once", times=len(booked))
    story.check(
        outcome.outcome == "unknown" or not booked,
        "a booking is called rejected only when it is not in the books",
        told=outcome.message,
    )


def booked_in_the_end(story: Story, invoice: Mapping[str, Any]) -> None:
    """Books while the outcome is unknown: then the client knows, and the invoice is in the books once."""
    outcome = until_known(story, "book_purchase_invoice", **invoice)
    told_truly(story, outcome, invoice)
    story.check(isinstance(outcome, Ok), "the client finds out that the invoice is booked", outcome=str(outcome))


def arrange(story: Story, effect: Mapping[str, Any], **where: Any) -> None:
    """Arranges one of the effects above."""
    rest = dict(effect)
    story.fault(rest.pop("kind"), **where, **rest)


# ---------------------------------------------------------------- bookings


@contract(
    id="faults/lost-answer-after-commit",
    sentence="An invoice whose booking got no answer, though AFAS carried it out, ends up in the books exactly once.",
    severity="must",
    evidence="documented: a request goes on after the client gave up. Known of an integration: a retry after a "
    "time-out meets the error of the duplicate invoice",
    operations=("book_purchase_invoice",),
    faults=("drop", "status", "truncate"),
    examples=0.7,
)
def lost_answer_after_commit(story: Story) -> None:
    loss = story.draw(st.sampled_from(LOSSES))
    invoice = story.draw(strategies.purchase_invoices(most_lines=2))
    arrange(story, loss, **BOOKING, phase="after")
    booked_in_the_end(story, invoice)


@contract(
    id="faults/lost-before-commit",
    sentence="A booking that never reached AFAS is not taken for done: it is sent again, and is in the books once.",
    severity="must",
    evidence="assumed: a line breaks before a request arrives as well as after",
    operations=("book_purchase_invoice",),
    faults=("drop", "status", "truncate"),
    examples=0.4,
)
def lost_before_commit(story: Story) -> None:
    arrange(story, story.draw(st.sampled_from(LOSSES)), **BOOKING, phase="before")
    booked_in_the_end(story, strategies.small_purchase())


@contract(
    id="faults/lost-more-than-once",
    sentence="An invoice is booked once, however often its answers get lost, before or after AFAS carried it out.",
    severity="must",
    evidence="documented: a request goes on after the client gave up",
    operations=("book_purchase_invoice",),
    faults=("drop",),
    examples=0.25,
)
def lost_more_than_once(story: Story) -> None:
    phases = story.draw(st.sampled_from([["before", "after"], ["after", "after"], ["before", "before", "after"]]))
    for at, phase in enumerate(phases, 1):
        arrange(story, {"kind": "drop"}, **BOOKING, phase=phase, nth=at)
    booked_in_the_end(story, strategies.small_purchase())


@contract(
    id="faults/sale-booked-once",
    sentence="A sales invoice whose booking got no answer is in the books exactly once, too.",
    severity="must",
    evidence="documented: a request goes on after the client gave up",
    operations=("book_sales_invoice",),
    faults=("drop",),
    examples=0.17,
)
def sale_booked_once(story: Story) -> None:
    line = {"account": "8010", "amount": "100.00"}
    plain = strategies.small_purchase(journal=strategies.SALES_JOURNAL, total="100.00", lines=[line])
    invoice = {name: value for name, value in plain.items() if name != "supplier_id"} | {"customer_id": "10004"}
    story.fault("drop", **BOOKING, phase=story.draw(st.sampled_from(["after", "before"])))
    outcome = until_known(story, "book_sales_invoice", **invoice)
    story.check(isinstance(outcome, Ok), "the client finds out that the invoice is booked", outcome=str(outcome))
    checks.booked_once(story, "customer", invoice)


#: Stretches in which nothing is answered: to bookings, or from the second look at invoices on as well.
_SILENCES: tuple[tuple[dict[str, Any], ...], ...] = (
    ({**BOOKING, "phase": "after"},),
    ({**BOOKING, "phase": "after"}, {"connector": "Zenvoices_SupplierInvoices", "nth": 2}),
    ({**BOOKING, "phase": "before"},),
)


@contract(
    id="faults/unknown-outcome-told",
    sentence="When nobody can say whether an invoice is booked, the client says just that: neither done nor refused.",
    severity="must",
    evidence="documented: a request goes on after the client gave up, so no answer is no refusal",
    operations=("book_purchase_invoice",),
    faults=("drop",),
    examples=0.17,
)
def unknown_outcome_told(story: Story) -> None:
    for silence in story.draw(st.sampled_from([list(silence) for silence in _SILENCES])):
        story.fault("drop", **silence, times=None)
    invoice = strategies.small_purchase()
    told_truly(story, story.run("book_purchase_invoice", **invoice), invoice)
    story.clear_faults()
    outcome = until_known(story, "book_purchase_invoice", **invoice)
    told = outcome.outcome if isinstance(outcome, Failed) else "booked"
    story.check(told != "unknown", "once AFAS answers again, the outcome is known", outcome=str(outcome))
    checks.booked_once(story, "supplier", invoice)


@contract(
    id="faults/time-limit-of-afas",
    sentence="AFAS' message that its 900 seconds are over is no refusal: the invoice is in the books once.",
    severity="must",
    evidence="documented: a call takes at most 900 seconds, and what it began goes on",
    operations=("book_purchase_invoice",),
    faults=("error",),
    examples=0.34,
)
def time_limit_of_afas(story: Story) -> None:
    language = story.draw(st.sampled_from(["nl", "en"]))
    key = story.draw(st.sampled_from(["timeout", "command_timeout"]))
    if language != "nl":
        story.tell_client(language=language)
    story.fault("error", **BOOKING, phase="after", key=key)
    booked_in_the_end(story, strategies.small_purchase())


@contract(
    id="faults/slow-answer",
    sentence="An answer that takes a while is waited for; whoever gives up does not call the booking refused.",
    severity="must",
    evidence="documented: a call may take up to 900 seconds, and goes on after the client gave up",
    operations=("book_purchase_invoice",),
    faults=("delay",),
    examples=0.1,
)
def slow_answer(story: Story) -> None:
    story.fault("delay", **BOOKING, phase="after", milliseconds=story.draw(st.sampled_from([800, 1200])))
    booked_in_the_end(story, strategies.small_purchase())


@contract(
    id="faults/garbage-answer",
    sentence="An answer that is no JSON, or says nothing, is not taken for success, whatever its status.",
    severity="must",
    evidence="assumed: a proxy in between answers 200 with a page of its own",
    operations=("book_purchase_invoice",),
    faults=("garbage", "status"),
)
def garbage_answer(story: Story) -> None:
    effect = story.draw(st.sampled_from(GARBAGE))
    arrange(story, effect, **BOOKING, phase=story.draw(st.sampled_from(["before", "after"])))
    booked_in_the_end(story, strategies.small_purchase())


@contract(
    id="faults/unexpected-error-told",
    sentence="An error of AFAS without a word, again and again, is told: not taken for success, nor for a refusal.",
    severity="must",
    evidence="documented: 500 is any error of Profit. Assumed: it can come without its usual body",
    operations=("book_purchase_invoice",),
    faults=("status",),
    examples=0.1,
)
def unexpected_error_told(story: Story) -> None:
    status = story.draw(st.sampled_from([500, 520]))
    story.fault("status", **BOOKING, phase="after", times=None, status=status)
    invoice = strategies.small_purchase()
    told_truly(story, story.run("book_purchase_invoice", **invoice), invoice)


# ---------------------------------------------------------------- other writes


@contract(
    id="faults/relation-created-once",
    sentence="A relation whose creation got no answer exists once, and the client knows its number.",
    severity="must",
    evidence="documented: a request goes on after the client gave up. Assumed: Profit takes a second relation of the "
    "same name without a word",
    operations=("create_supplier",),
    faults=("drop", "status", "garbage"),
    examples=0.5,
)
def relation_created_once(story: Story) -> None:
    effect = story.draw(st.sampled_from([*LOSSES[:3], GARBAGE[0]]))
    phase = story.draw(st.sampled_from(["after", "before"]))
    arrange(story, effect, connector="KnPurchaseRelationOrg", method="POST", phase=phase)
    outcome = until_known(story, "create_supplier", **RELATION)
    made = [str(row["supplier_id"]) for row in story.changes().suppliers if row["name"] == RELATION["name"]]
    story.check(len(made) == 1, "the supplier exists exactly once", suppliers=made)
    told = str(outcome.result["supplier_id"]) if isinstance(outcome, Ok) else outcome.message
    story.check(told == made[0], "the client knows the supplier's number", told=told, number=made[0])


@contract(
    id="faults/document-attached-once",
    sentence="A document whose attaching got no answer is attached exactly once.",
    severity="must",
    evidence="documented: a request goes on after the client gave up. Assumed: Profit takes the same file twice",
    operations=("book_purchase_invoice", "attach_document"),
    faults=("drop", "status", "garbage"),
    examples=0.5,
)
def document_attached_once(story: Story) -> None:
    effect = story.draw(st.sampled_from([*LOSSES[:3], GARBAGE[0]]))
    phase = story.draw(st.sampled_from(["after", "before"]))
    invoice = strategies.small_purchase()
    story.succeed("book_purchase_invoice", **invoice)
    arrange(story, effect, connector="KnSubject", method="POST", phase=phase)
    which = {name: invoice[name] for name in ("administration", "supplier_id", "invoice_number")}
    outcome = until_known(story, "attach_document", **which, file_name="factuur.pdf", content_base64="SGFsbG8=")
    story.check(isinstance(outcome, Ok), "the client finds out that the document is attached", outcome=str(outcome))
    files = [
        attached["file_name"]
        for subject in story.changes().subjects
        if subject["destination_invoice"] == invoice["invoice_number"]
        for attached in subject["attachments"]
    ]
    story.check(files == ["factuur.pdf"], "the document is attached exactly once", files=files)


@contract(
    id="faults/release-repeated",
    sentence="A release whose answer got lost ends well: the invoice is released, and nothing else is changed.",
    severity="must",
    evidence="documented: FiInvoice answers without a body, and a request goes on after the client gave up",
    operations=("book_purchase_invoice", "release_invoice"),
    faults=("drop",),
    dialects=("put_status",),
    examples=0.2,
)
def release_repeated(story: Story) -> None:
    invoice = strategies.small_purchase(blocked=True)
    story.succeed("book_purchase_invoice", **invoice)
    story.fault("drop", connector="FiInvoice", method="PUT", phase=story.draw(st.sampled_from(["after", "before"])))
    which = {name: invoice[name] for name in ("administration", "supplier_id", "invoice_number")}
    outcome = until_known(story, "release_invoice", **which)
    story.check(isinstance(outcome, Ok), "the client finds out that the invoice is released", outcome=str(outcome))
    (row,) = story.changes().invoices_of("supplier", invoice["supplier_id"], invoice["invoice_number"])
    story.check(not row["blocked_for_payment"], "the invoice is released")


# ---------------------------------------------------------------- reading

_BROKEN_PAGES: tuple[dict[str, Any], ...] = (
    {"kind": "truncate"},
    {"kind": "truncate", "bytes": 1},
    {"kind": "drop"},
    {"kind": "garbage"},
)


@contract(
    id="faults/page-cut-off",
    sentence="A page that is lost or damaged on its way is read again: it is neither the last one, nor empty.",
    severity="must",
    evidence="assumed: a line breaks in the middle of an answer",
    operations=("read",),
    faults=("truncate", "drop", "garbage"),
    examples=0.7,
)
def page_cut_off(story: Story) -> None:
    story.put_data("suppliers", strategies.supplier_rows(120))
    wanted = story.rows(SUPPLIERS)
    effect = story.draw(st.sampled_from(_BROKEN_PAGES))
    arrange(story, effect, connector=SUPPLIERS, nth=story.draw(st.sampled_from([2, 1])))
    outcome = until_known(story, "read", connector=SUPPLIERS)
    story.check(isinstance(outcome, Ok), "what is lost is read again", outcome=str(outcome))
    if isinstance(outcome, Ok):
        checks.same_rows(story, wanted, outcome.result["rows"], ("CreditorId",), "every row is read exactly once")


@contract(
    id="faults/unreadable-told",
    sentence="A connector that cannot be read is said to be so, and is not taken for an empty one.",
    severity="must",
    evidence="assumed: a line can stay broken",
    operations=("read",),
    faults=("drop",),
    examples=0.1,
)
def unreadable_told(story: Story) -> None:
    story.fault("drop", connector=SUPPLIERS, times=None)
    outcome = story.run("read", connector=SUPPLIERS)
    story.check(isinstance(outcome, Failed), "the client says that it could not read", outcome=str(outcome))
