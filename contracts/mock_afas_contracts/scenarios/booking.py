"""Booking invoices: what stands in the books is what the invoice says."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from mock_afas_contracts import checks, strategies
from mock_afas_contracts.contract import contract
from mock_afas_contracts.driver import Failed
from mock_afas_contracts.story import Story
from mock_afas_contracts.strategies import small_purchase

# ---------------------------------------------------------------- amounts


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


@contract(
    id="booking/sales-balance-to-the-cent",
    sentence="A sales invoice of any amounts and VAT is booked to the cent, on the other side.",
    severity="must",
    evidence="documented: a sales entry debits the debtor and credits revenue and VAT",
    operations=("book_sales_invoice",),
)
def sales_balance_to_the_cent(story: Story) -> None:
    invoice = story.draw(strategies.sales_invoices())
    story.succeed("book_sales_invoice", **invoice)
    checks.booked_once(story, "customer", invoice)
    checks.entries_balance(story)


@contract(
    id="booking/imbalance-refused",
    sentence="An invoice whose lines do not make its total is refused, not made to fit.",
    severity="must",
    evidence="documented: an entry whose debit is not its credit is refused",
    operations=("book_purchase_invoice",),
)
def imbalance_refused(story: Story) -> None:
    total = story.draw(st.sampled_from(["121.01", "120.99", "142.00", "100.00", "0.00", "-121.00"]))
    invoice = small_purchase(total=total)
    outcome = story.run("book_purchase_invoice", **invoice)
    story.check(isinstance(outcome, Failed), "the client tells that the invoice does not balance", told=str(outcome))
    checks.not_booked(story, "supplier", invoice)


@contract(
    id="booking/credit-invoice",
    sentence="A credit invoice is booked the other way round: it lowers what is owed.",
    severity="must",
    evidence="documented: amounts stand on the debit or the credit side of a line",
    operations=("book_purchase_invoice",),
)
def credit_invoice(story: Story) -> None:
    invoice = strategies.negated(story.draw(strategies.purchase_invoices(most_lines=2)))
    story.succeed("book_purchase_invoice", **invoice)
    checks.booked_once(story, "supplier", invoice)


@contract(
    id="booking/sales-credit-invoice",
    sentence="A credit invoice to a customer lowers what the customer owes.",
    severity="must",
    evidence="documented: amounts stand on the debit or the credit side of a line",
    operations=("book_sales_invoice",),
    examples=0.5,
)
def sales_credit_invoice(story: Story) -> None:
    invoice = strategies.negated(story.draw(strategies.sales_invoices(most_lines=2)))
    story.succeed("book_sales_invoice", **invoice)
    checks.booked_once(story, "customer", invoice)


@contract(
    id="booking/line-below-zero",
    sentence="A discount, a line below zero on an invoice that is not a credit invoice, is taken off.",
    severity="must",
    evidence="documented: each line stands on its own side; assumed: no amount is below zero",
    operations=("book_purchase_invoice",),
    examples=0.5,
)
def line_below_zero(story: Story) -> None:
    discount, rest, code = story.draw(
        strategies.plan(strategies.cents(1, 10**4), strategies.cents(1, 10**6), strategies.purchase_codes)
    )
    lines = [
        strategies.taxed_line("4510", Decimal(rest) + Decimal(discount), code),
        strategies.taxed_line("4210", -Decimal(discount), code),
    ]
    invoice = small_purchase(lines=lines, total=strategies.total_of(lines))
    story.succeed("book_purchase_invoice", **invoice)
    checks.booked_once(story, "supplier", invoice)


@contract(
    id="booking/tax-account",
    sentence="VAT goes to the account that the administrator gave its code, also when the caller does not know it.",
    severity="must",
    evidence="documented: VAT is a line on the VAT account; the tax codes that can be read have it",
    operations=("book_purchase_invoice",),
    examples=0.25,
)
def tax_account(story: Story) -> None:
    code, account = story.draw(st.sampled_from([["5", "1500"], ["6", "1500"], ["6", "1522"]]))
    if account == "1522":
        story.put_data("tax_codes", [{"tax_code": code, "side": "I", "account": account}])
    line = {**strategies.taxed_line("4510", Decimal(100), code), "tax_account": account}
    told = {name: value for name, value in line.items() if name != "tax_account"}
    invoice = small_purchase(lines=[line], total=strategies.total_of([line]))
    outcome = story.run("book_purchase_invoice", **{**invoice, "lines": [told]})
    if isinstance(outcome, Failed):  # it may ask its caller for the account, but may not guess it
        checks.not_booked(story, "supplier", invoice)
    else:
        checks.booked_once(story, "supplier", invoice)


# ---------------------------------------------------------------- what identifies an invoice


@contract(
    id="booking/entry-number-told",
    sentence="The client tells the number of the entry that AFAS made, by which a user finds it.",
    severity="must",
    evidence="documented: a POST answers with the keys of what it made. Sources differ on where they stand",
    operations=("book_purchase_invoice",),
    dialects=("results",),
    examples=0.2,
)
def entry_number_told(story: Story) -> None:
    invoice = small_purchase(administration=story.draw(st.sampled_from([1, 2, 3])))
    told = story.succeed("book_purchase_invoice", **invoice)
    row = checks.booked_once(story, "supplier", invoice)
    wanted, got = str(row["entry"]), str(told["entry_number"])
    story.check(got == wanted, "the client tells the number of the entry", wanted=wanted, got=got)


_SIGNS = "ABCxyz0123456789-/ .&+%'#_é"
#: Nine to twelve characters, which AFAS takes whole.
_long_numbers = st.text(_SIGNS, min_size=9, max_size=12).map(lambda text: f"{text[:-1]}9".replace(" ", "0", 1))


@contract(
    id="booking/invoice-number",
    sentence="The number of an invoice is kept as it is, up to the twelve characters that AFAS takes.",
    severity="must",
    evidence="documented: InId has at most 12 characters, BpNr 32",
    operations=("book_purchase_invoice",),
)
def invoice_number(story: Story) -> None:
    number = story.draw(st.one_of(_long_numbers, st.sampled_from(["000000000017", "0", "2026/11 #9", "20261124-001"])))
    invoice = small_purchase(invoice_number=number)
    story.succeed("book_purchase_invoice", **invoice)
    checks.booked_once(story, "supplier", invoice)


@contract(
    id="booking/long-number-not-cut",
    sentence="A number that is longer than AFAS takes is refused or kept whole elsewhere, never cut.",
    severity="must",
    evidence="documented: InId has at most 12 characters, BpNr 32. Two numbers that are cut can be the same",
    operations=("book_purchase_invoice",),
    examples=0.3,
)
def long_number_not_cut(story: Story) -> None:
    length = story.draw(st.sampled_from([13, 20, 32, 40]))
    invoice = small_purchase(invoice_number="2026110000000000000000000000000000000000"[:length])
    outcome = story.run("book_purchase_invoice", **invoice)
    if isinstance(outcome, Failed):
        made = [entry["entry"] for entry in story.changes().entries]
        story.check(not made, "an invoice that the client could not book is not in the books", entries=made)
    else:
        checks.booked_once(story, "supplier", invoice)


@contract(
    id="booking/number-of-another",
    sentence="A number that another supplier or another administration has used already is no obstacle.",
    severity="must",
    evidence="documented: an invoice number is unique for a relation within an administration",
    operations=("book_purchase_invoice",),
    examples=0.25,
)
def number_of_another(story: Story) -> None:
    first = small_purchase()
    second = {**first, **story.draw(st.sampled_from(strategies.OTHERS))}
    for invoice in (first, second):
        story.succeed("book_purchase_invoice", **invoice)
    entries = story.changes().entries
    story.check(len(entries) == 2, "both invoices are booked", entries=len(entries))


@contract(
    id="booking/administration",
    sentence="An invoice is booked in the administration that it is for.",
    severity="must",
    evidence="documented: UnId names the administration; one environment has several",
    operations=("book_purchase_invoice",),
    examples=0.5,
)
def administration(story: Story) -> None:
    invoice = small_purchase(administration=story.draw(st.sampled_from([2, 1, "3", "1", 4, 5])))
    story.succeed("book_purchase_invoice", **invoice)
    checks.booked_once(story, "supplier", invoice)


# ---------------------------------------------------------------- dates and texts

#: Days on which a client that reckons with time zones or with lengths of months goes wrong.
_DAYS = (
    "2026-11-24",
    "2026-01-01",
    "2025-12-31",
    "2024-02-29",
    "2026-03-29",
    "2026-10-25",
    "2026-05-01",
    "2026-11-30",
)


@contract(
    id="booking/invoice-date",
    sentence="The date of an invoice is kept, and its period is the one of that date.",
    severity="must",
    evidence="documented: BpDa is the date of the voucher; Year and Peri are named by the client",
    operations=("book_purchase_invoice",),
    examples=len(_DAYS) / 12,
)
def invoice_date(story: Story) -> None:
    invoice = small_purchase(invoice_date=story.draw(st.sampled_from(_DAYS)))
    story.succeed("book_purchase_invoice", **invoice)
    row = checks.booked_once(story, "supplier", invoice)
    booked = row["invoice_date"]
    story.check(
        booked == invoice["invoice_date"], "the invoice has its date", wanted=invoice["invoice_date"], got=booked
    )


def _shifted_periods(year: int) -> list[dict[str, Any]]:
    """Twelve periods of a financial year that begins in April."""
    firsts = [dt.date(year + (month > 12), (month - 1) % 12 + 1, 1) for month in range(4, 17)]
    return [
        {
            "administration": 2,
            "year": year,
            "period": at + 1,
            "date_from": firsts[at].isoformat(),
            "date_to": (firsts[at + 1] - dt.timedelta(days=1)).isoformat(),
        }
        for at in range(12)
    ]


#: Days with their year and period when the financial year begins in April.
_PERIODS = {
    "2026-11-24": (2026, 8),
    "2026-03-31": (2025, 12),
    "2026-04-01": (2026, 1),
    "2025-12-31": (2025, 9),
}


@contract(
    id="booking/financial-year",
    sentence="Where the financial year is not the calendar year, the periods of the administration are followed.",
    severity="must",
    evidence="documented: Year and Peri are those of the administration, and its periods can be read",
    operations=("book_purchase_invoice",),
    examples=0.4,
)
def financial_year(story: Story) -> None:
    story.put_data("periods", [row for year in (2024, 2025, 2026) for row in _shifted_periods(year)])
    date = story.draw(st.sampled_from(list(_PERIODS)))
    story.succeed("book_purchase_invoice", **small_purchase(administration=2, invoice_date=date))
    (entry,) = story.changes().entries
    wanted, got = _PERIODS[date], (entry["year"], entry["period"])
    story.check(got == wanted, "the entry is in the period of its date", wanted=wanted, got=got)


@contract(
    id="booking/due-date",
    sentence="A due date that is given is kept, also one that differs from the payment condition.",
    severity="must",
    evidence="documented: DaEx is the due date; it may lie before the date of the invoice",
    operations=("book_purchase_invoice",),
    examples=0.5,
)
def due_date(story: Story) -> None:
    days = story.draw(st.sampled_from([45, 0, 1, -3, 8, 90, 365]))
    date = (strategies.TODAY + dt.timedelta(days=days)).isoformat()
    invoice = small_purchase(due_date=date)
    story.succeed("book_purchase_invoice", **invoice)
    due = checks.booked_once(story, "supplier", invoice)["due_date"]
    story.check(due == date, "the invoice is due when it says", wanted=date, got=due)


#: A supplier for each payment condition, with the days until payment.
_CONDITIONS = {"50000": 7, "50003": 30, "50005": 14}


@contract(
    id="booking/due-date-by-condition",
    sentence="An invoice without a due date gets the one of the supplier's payment condition.",
    severity="must",
    evidence="documented: an empty DaEx comes from BpDa and the payment condition",
    operations=("book_purchase_invoice",),
    examples=0.25,
)
def due_date_by_condition(story: Story) -> None:
    supplier = story.draw(st.sampled_from(list(_CONDITIONS)))
    invoice = small_purchase(supplier_id=supplier)
    story.succeed("book_purchase_invoice", **invoice)
    due = checks.booked_once(story, "supplier", invoice)["due_date"]
    wanted = (strategies.TODAY + dt.timedelta(days=_CONDITIONS[supplier])).isoformat()
    story.check(due == wanted, "the invoice is due as the supplier's condition says", wanted=wanted, got=due)


@contract(
    id="booking/description",
    sentence="What an invoice and its lines are for is booked as it was written.",
    severity="should",
    evidence="documented: Ds of each line has 255 characters; text is UTF-8",
    operations=("book_purchase_invoice",),
)
def description(story: Story) -> None:
    whole, of_line = story.draw(strategies.plan(strategies.descriptions, strategies.descriptions))
    plain = small_purchase(description=whole)
    invoice = {**plain, "lines": [{**plain["lines"][0], "description": of_line}]}
    story.succeed("book_purchase_invoice", **invoice)
    row = checks.booked_once(story, "supplier", invoice)
    story.check(row["description"] == whole, "the invoice has its description", wanted=whole, got=row["description"])
    (entry,) = story.changes().entries
    texts = [line["description"] for line in entry["lines"] if line["account"] == invoice["lines"][0]["account"]]
    story.check(texts == [of_line], "the line has its own description", wanted=of_line, got=texts)
