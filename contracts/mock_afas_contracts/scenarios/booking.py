"""Booking invoices: what stands in the books is what the invoice says."""

from __future__ import annotations

from mock_afas_contracts import checks, strategies
from mock_afas_contracts.contract import contract
from mock_afas_contracts.story import Story


@contract(
    id="booking/balance-to-the-cent",
    sentence="A purchase invoice of any amounts and VAT is booked to the cent, and debit equals credit.",
    severity="must",
    evidence="documented: total debit is total credit in the base currency, and VAT is a line of its own",
    operations=("book_purchase_invoice",),
    dialects=("results",),
    examples=2,
)
def balance_to_the_cent(story: Story) -> None:
    invoice = story.draw(strategies.purchase_invoices())
    story.succeed("book_purchase_invoice", **invoice)
    checks.booked_once(story, "supplier", invoice)
    checks.entries_balance(story)
