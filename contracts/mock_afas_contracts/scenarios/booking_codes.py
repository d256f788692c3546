"""Booking what belongs to the lines of an invoice: allocation, projects, commitments, reviewers, currencies."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import strategies as st

from mock_afas_contracts import checks, strategies
from mock_afas_contracts.contract import contract
from mock_afas_contracts.driver import Failed
from mock_afas_contracts.observed import Row
from mock_afas_contracts.story import Story
from mock_afas_contracts.strategies import CENT, small_purchase, small_sale

# ---------------------------------------------------------------- allocation and projects

#: Codes that are assigned to accounts in the demo environment; 4108 and 8000 demand one on every axis they have.
_PURCHASE_CODES: tuple[tuple[str, dict[str, str]], ...] = (
    ("4600", {"1": "11", "2": "ICT"}),
    ("4108", {"1": "12"}),
    ("4030", {"1": "WEST", "2": "HANDEL"}),
    ("4450", {"1": "13", "5": "MAAT"}),
    ("7010", {"2": "OND"}),
    ("4410", {"1": "OOST"}),
)
_SALES_CODES: tuple[tuple[str, dict[str, str]], ...] = (
    ("8074", {"1": "13", "2": "ICT"}),
    ("8000", {"1": "OOST", "2": "DETACH", "3": "R&D", "4": "EXPORT", "5": "STAND"}),
    ("8090", {"3": "VERK", "4": "NOORD"}),
)


def _allocated(choices: tuple[tuple[str, dict[str, str]], ...]) -> st.SearchStrategy[Row]:
    """A line on an account with its codes."""
    return st.builds(
        lambda pair, amount: {"account": pair[0], "amount": amount, "allocations": pair[1]},
        st.sampled_from(choices),
        strategies.cents(1, 100_000),
    )


@contract(
    id="booking/allocation-of-every-line",
    sentence="Every line of a purchase invoice carries its codes, on each axis.",
    severity="must",
    evidence="documented: an account can demand a code on each axis; FiDimEntries belongs to a line",
    operations=("book_purchase_invoice",),
    features=("allocation",),
)
def allocation_of_every_line(story: Story) -> None:
    lines = story.draw_list(_allocated(_PURCHASE_CODES), min_size=1, max_size=3)
    invoice = small_purchase(lines=lines, total=strategies.total_of(lines))
    story.succeed("book_purchase_invoice", **invoice)
    checks.booked_once(story, "supplier", invoice)


@contract(
    id="booking/sales-allocation-of-every-line",
    sentence="Every line of a sales invoice carries its codes, up to five of them.",
    severity="must",
    evidence="documented: there are five axes, and an account can demand a code on each",
    operations=("book_sales_invoice",),
    features=("allocation",),
    examples=0.5,
)
def sales_allocation_of_every_line(story: Story) -> None:
    lines = story.draw_list(_allocated(_SALES_CODES), min_size=1, max_size=3)
    invoice = small_sale(lines=lines, total=strategies.total_of(lines))
    story.succeed("book_sales_invoice", **invoice)
    checks.booked_once(story, "customer", invoice)


#: Lines on projects: an account that demands project costs with an item, and one that merely takes the project.
_PROJECTS: tuple[Row, ...] = (
    {"account": "4320", "project": "300000", "item": "K01"},
    {"account": "4320", "project": "800001", "item": "T1"},
    {"account": "4320", "project": "600003", "item": "K02"},
    {"account": "4510", "project": "910004"},
)


@contract(
    id="booking/project",
    sentence="Costs of a project are booked on the project, with their item and amount.",
    severity="must",
    evidence="documented: an account can demand project costs; FiPrjEntries has project, item and cost of a line",
    operations=("book_purchase_invoice",),
    features=("projects",),
    examples=0.5,
)
def project(story: Story) -> None:
    of_project, amount = story.draw(strategies.plan(st.sampled_from(_PROJECTS), strategies.cents(1, 10**6)))
    lines = [{"account": "4510", "amount": "10.00"}, {**of_project, "amount": amount}]
    invoice = small_purchase(lines=lines, total=strategies.total_of(lines))
    story.succeed("book_purchase_invoice", **invoice)
    checks.booked_once(story, "supplier", invoice)
    if "item" in of_project:
        costs = [part for _, line in story.changes().lines() for part in line["projects"]]
        got = [[part["project"], part["item"], part["cost"]] for part in costs]
        wanted = [[of_project["project"], of_project["item"], Decimal(amount)]]
        story.check(got == wanted, "the project has the costs", wanted=wanted, got=got)


# ---------------------------------------------------------------- commitments and reviewers

#: Commitments of the demo environment with their account, supplier and open amount. Two accounts demand one.
_COMMITMENTS = {
    8: ("4510", "50028", Decimal(950)),
    7: ("4710", "50022", Decimal(1875)),
    6: ("4115", "50017", Decimal(4050)),
    10: ("0230", "50035", Decimal("2980.40")),
}


@contract(
    id="booking/commitment",
    sentence="An invoice that belongs to a commitment is booked on it, and takes its amount off what is open.",
    severity="must",
    evidence="documented: CmNo names a commitment, whose open amount goes down; an account can demand one",
    operations=("book_purchase_invoice",),
    features=("commitments",),
    examples=0.5,
)
def commitment(story: Story) -> None:
    number, amount = story.draw(strategies.plan(st.sampled_from(list(_COMMITMENTS)), strategies.cents(1, 95_000)))
    account, supplier, before = _COMMITMENTS[number]
    line = {"account": account, "amount": amount, "commitment": number}
    invoice = small_purchase(supplier_id=supplier, lines=[line], total=line["amount"])
    story.succeed("book_purchase_invoice", **invoice)
    checks.booked_once(story, "supplier", invoice)
    changed = {row["commitment"]: row["open_amount"] for row in story.changes().commitments}
    wanted = {number: before - Decimal(amount)}
    story.check(changed == wanted, "the commitment is open for the rest", wanted=wanted, got=changed)


@contract(
    id="booking/reviewer",
    sentence="An invoice with a reviewer waits for that reviewer, and is blocked for payment until then.",
    severity="must",
    evidence="documented: Judg is a user who is a reviewer, which blocks the invoice for payment",
    operations=("book_purchase_invoice",),
    examples=len(strategies.REVIEWERS) / 12,
)
def reviewer(story: Story) -> None:
    who = story.draw(st.sampled_from(strategies.REVIEWERS))
    invoice = small_purchase(reviewer=who)
    story.succeed("book_purchase_invoice", **invoice)
    row = checks.booked_once(story, "supplier", invoice)
    story.check(row["reviewer"] == who, "the invoice has its reviewer", wanted=who, got=row["reviewer"])
    story.check(row["blocked_for_payment"], "an invoice under review is blocked for payment")


@contract(
    id="booking/blocked-for-payment",
    sentence="An invoice is blocked for payment when it is to be, and only then.",
    severity="must",
    evidence="documented: BlPa blocks an invoice for payment",
    operations=("book_purchase_invoice",),
    examples=0.25,
)
def blocked_for_payment(story: Story) -> None:
    told: dict[str, Any] = story.draw(st.sampled_from([{"blocked": True}, {"blocked": False}, {}]))
    invoice = small_purchase(**told)
    story.succeed("book_purchase_invoice", **invoice)
    blocked = checks.booked_once(story, "supplier", invoice)["blocked_for_payment"]
    wanted = told.get("blocked", False)
    story.check(blocked is wanted, "the invoice is blocked as it says", wanted=wanted, got=blocked)


# ---------------------------------------------------------------- releasing

#: The same number thrice; each story releases one of them.
_SAME_NUMBER = (
    {"administration": 1, "supplier_id": "50013"},
    {"administration": 1, "supplier_id": "50000"},
    {"administration": 2, "supplier_id": "50000"},
)


@contract(
    id="booking/release-the-right-invoice",
    sentence="Of invoices with the same number, the one of the supplier and administration that are named is released.",
    severity="must",
    evidence="documented: FiInvoice finds an invoice by administration, relation and number together",
    operations=("book_purchase_invoice", "release_invoice"),
    examples=0.25,
)
def release_the_right_invoice(story: Story) -> None:
    wanted = story.draw(st.sampled_from(_SAME_NUMBER))
    for which in _SAME_NUMBER:
        story.succeed("book_purchase_invoice", **small_purchase(**which, blocked=True))
    before = {_place(row): row for row in story.changes().invoices}
    story.succeed("release_invoice", **wanted, invoice_number="F-1")
    after = {_place(row): row for row in story.changes().invoices}
    released = [place for place, row in after.items() if not row["blocked_for_payment"]]
    place = f"administration {wanted['administration']}, supplier {wanted['supplier_id']}"
    story.check(released == [place], "the invoice that is named is released, and no other", wanted=place, got=released)
    changed = {
        name: [before[place][name], value]
        for name, value in after[place].items()
        if name not in ("blocked_for_payment", "modified") and before[place][name] != value
    }
    story.check(not changed, "nothing else of the invoice changes", **changed)


def _place(row: Row) -> str:
    return f"administration {row['administration']}, supplier {row['relation']}"


@contract(
    id="booking/release-after-review",
    sentence="An invoice that a reviewer had to see is released for payment once the client says so.",
    severity="must",
    evidence="documented: a reviewer blocks payment, and FiInvoice releases it later",
    operations=("book_purchase_invoice", "release_invoice"),
    dialects=("put_status",),
    examples=0.1,
)
def release_after_review(story: Story) -> None:
    invoice = small_purchase(reviewer=story.draw(st.sampled_from(strategies.REVIEWERS)))
    story.succeed("book_purchase_invoice", **invoice)
    which = {name: invoice[name] for name in ("administration", "supplier_id", "invoice_number")}
    story.succeed("release_invoice", **which)
    row = checks.booked_once(story, "supplier", invoice)
    story.check(not row["blocked_for_payment"], "the invoice can be paid")


# ---------------------------------------------------------------- currencies

#: Suppliers that send invoices in their own currency.
_FOREIGN = {"60002": "NOK", "60011": "USD", "60003": "GBP"}


def _in_currency(supplier: str, rate: str, lines: Sequence[Row]) -> Row:
    foreign = {"supplier_id": supplier, "currency": _FOREIGN[supplier], "rate": rate}
    return small_purchase(**foreign, lines=lines, total=strategies.total_of(lines))


def _keeps_currency(story: Story, row: Row, invoice: Row) -> None:
    """The open item has the currency, the rate, and the amount in the currency."""
    wanted = [invoice["currency"], Decimal(invoice["rate"]), Decimal(invoice["total"])]
    got = [row["currency"], Decimal(row["rate"]), Decimal(row["amount_currency"])]
    story.check(got == wanted, "the invoice is open in its own currency, by its rate", wanted=wanted, got=got)


@contract(
    id="booking/currency",
    sentence="An invoice in another currency is booked in both: its own amount, and that divided by the rate.",
    severity="must",
    evidence="documented: AmDc and AmCc are beside AmDe and AmCr; NOK at 7.5 makes 75000 of 10000",
    operations=("book_purchase_invoice",),
    features=("currencies",),
)
def currency(story: Story) -> None:
    supplier, rate, whole = story.draw(
        strategies.plan(
            st.sampled_from(list(_FOREIGN)),
            st.sampled_from(["7.5", "1.25", "0.8", "20", "161.5"]),
            st.lists(st.integers(1, 10_000), min_size=1, max_size=3),
        )
    )
    lines = [
        {"account": account, "amount": strategies.text_of(Decimal(rate) * amount)}
        for account, amount in zip(strategies.COST_ACCOUNTS, whole, strict=False)
    ]
    invoice = _in_currency(supplier, rate, lines)
    story.succeed("book_purchase_invoice", **invoice)
    _keeps_currency(story, checks.booked_once(story, "supplier", invoice), invoice)


_taxed = strategies.plan(strategies.cents(1_000, 1_000_000), strategies.purchase_codes)


@contract(
    id="booking/currency-balances",
    sentence="Amounts in another currency that do not convert to whole cents still make an entry that balances.",
    severity="must",
    evidence="documented: total debit is total credit in the base currency, to the cent",
    operations=("book_purchase_invoice",),
    features=("currencies",),
)
def currency_balances(story: Story) -> None:
    rate = story.draw(st.sampled_from(["1.084315", "7.45985", "3", "0.85712", "161.905"]))
    drawn = story.draw(st.lists(_taxed, min_size=3, max_size=5))
    lines = [
        strategies.taxed_line(account, Decimal(amount), code)
        for account, (amount, code) in zip(strategies.COST_ACCOUNTS, drawn, strict=False)
    ]
    invoice = _in_currency("60011", rate, lines)
    story.succeed("book_purchase_invoice", **invoice)
    checks.entries_balance(story)
    rows = story.changes().invoices_of("supplier", "60011", invoice["invoice_number"])
    story.check(len(rows) == 1, "the invoice is booked exactly once", times=len(rows))
    _keeps_currency(story, rows[0], invoice)
    total = (Decimal(invoice["total"]) / Decimal(rate)).quantize(CENT, ROUND_HALF_UP)
    story.check(rows[0]["amount"] == total, "the supplier is owed the converted total", wanted=total)
    booked = {line["account"]: Decimal(line["debit"]) - Decimal(line["credit"]) for _, line in story.changes().lines()}
    for line in lines:
        wanted = Decimal(line["amount"]) / Decimal(rate)
        got = booked.get(line["account"], Decimal(0))
        near = abs(got - wanted) < CENT * (len(lines) + 2)
        story.check(
            near, "each line is its amount divided by the rate", account=line["account"], wanted=wanted, got=got
        )


@contract(
    id="booking/own-currency-named",
    sentence="An invoice that names the administration's own currency is a plain one, with or without a rate.",
    severity="must",
    evidence="documented: amounts in a currency stand beside those of the administration",
    operations=("book_purchase_invoice",),
    examples=0.2,
)
def own_currency_named(story: Story) -> None:
    told = story.draw(st.sampled_from([{"currency": "EUR"}, {"currency": "EUR", "rate": "1"}]))
    invoice = small_purchase(**told)
    story.succeed("book_purchase_invoice", **invoice)
    row = checks.booked_once(story, "supplier", invoice)
    got = [row["currency"], row["rate"]]
    story.check(got == ["EUR", 1], "the invoice is in euros", got=got)


@contract(
    id="booking/rate-looked-up",
    sentence="An invoice in another currency that comes without a rate gets the one that AFAS has, not 1.",
    severity="must",
    evidence="documented: the currencies that can be read have their rates",
    operations=("book_purchase_invoice",),
    features=("currencies",),
    examples=0.2,
)
def rate_looked_up(story: Story) -> None:
    rate = story.draw(st.sampled_from(["7.5", "8"]))
    story.put_data("currencies", [{"currency": "NOK", "rate": rate, "daily_rate": rate}])
    lines = [{"account": "4510", "amount": "1200.00"}]
    invoice = _in_currency("60002", rate, lines)
    told = {name: value for name, value in invoice.items() if name != "rate"}
    outcome = story.run("book_purchase_invoice", **told)
    if isinstance(outcome, Failed):  # it may ask its caller for the rate, but may not guess it
        checks.not_booked(story, "supplier", invoice)
    else:
        _keeps_currency(story, checks.booked_once(story, "supplier", invoice), invoice)
