"""What a client does when the line or AFAS fails in the middle of something."""

from __future__ import annotations

from mock_afas_contracts import checks, strategies
from mock_afas_contracts.contract import contract
from mock_afas_contracts.driver import Failed, Ok
from mock_afas_contracts.story import Story

MOST_TRIES = 3


def book_until_done(story: Story, **invoice: object) -> Ok | Failed:
    """Books, and again as a user would while the client does not know what became of it."""
    outcome = story.run("book_purchase_invoice", **invoice)
    for _ in range(MOST_TRIES):
        if isinstance(outcome, Ok) or outcome.outcome != "unknown":
            break
        outcome = story.run("book_purchase_invoice", **invoice)
    return outcome


@contract(
    id="faults/lost-answer-after-commit",
    sentence="An invoice whose booking got no answer, though AFAS carried it out, ends up in the books exactly once.",
    severity="must",
    evidence="documented: a request goes on after the client gave up. Known of an integration: a retry after a "
    "time-out meets the error of the duplicate invoice",
    operations=("book_purchase_invoice",),
    faults=("drop",),
)
def lost_answer_after_commit(story: Story) -> None:
    invoice = story.draw(strategies.purchase_invoices(most_lines=2))
    story.fault("drop", connector="FiEntries", method="POST", phase="after")
    outcome = book_until_done(story, **invoice)
    story.check(isinstance(outcome, Ok), "the client finds out that the invoice is booked", outcome=str(outcome))
    checks.booked_once(story, "supplier", invoice)
