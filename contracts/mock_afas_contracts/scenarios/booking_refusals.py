"""Bookings that AFAS refuses: told as AFAS says it, and nothing of them is left in the books."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from mock_afas_contracts import checks, model, strategies
from mock_afas_contracts.contract import contract
from mock_afas_contracts.driver import Failed
from mock_afas_contracts.observed import Row
from mock_afas_contracts.story import Story
from mock_afas_contracts.strategies import small_purchase, small_sale

LANGUAGES = ("nl", "en")


def _on(account: str, **more: Any) -> list[Row]:
    """Lines with one on a certain account, without VAT."""
    return [{"account": account, "amount": "121.00", **more}]


def _taxed(code: str, account: str = "4510") -> list[Row]:
    """Lines with one on a certain VAT code."""
    told = {"tax_code": code, "tax_amount": "21.00", "tax_account": "1500"}
    return [{"account": account, "amount": "100.00", **told}]


#: What is wrong with a purchase invoice: the part of a plain one that is replaced.
PURCHASES: Mapping[str, Row] = {
    "the period is closed": {"invoice_date": "2023-08-15"},
    "there is no such account": {"lines": _on("4998")},
    "the account is blocked": {"lines": _on("4999")},
    "the account collects creditors": {"lines": _on("1600")},
    "there is no such VAT code": {"lines": _taxed("77")},
    "the VAT code is blocked": {"lines": _taxed("17")},
    "the VAT code is one of sales": {"lines": _taxed("1")},
    "the account takes no VAT": {"lines": _taxed("5", "4040")},
    "the supplier is blocked": {"supplier_id": "50060"},
    "the supplier is on hold": {"supplier_id": "50050"},
    "there is no such supplier": {"supplier_id": "59999"},
    "the number is used already": {"supplier_id": "50015", "invoice_number": "INK00526"},
    "there is no such journal": {"journal": "99"},
    "there is no such administration": {"administration": 99},
    "the reviewer is a user who does not review": {"reviewer": "SMITH"},
    "there is no such reviewer": {"reviewer": "NIEMAND"},
}
#: The same for what only some licences have, by feature.
FEATURES: Mapping[str, Mapping[str, Row]] = {
    "allocation": {
        "a mandatory code is missing": {"lines": _on("4108")},
        "the code is not assigned to the account": {"lines": _on("4108", allocations={"1": "WEST"})},
        "the assignment of the code is blocked": {"lines": _on("4108", allocations={"1": "ZUID"})},
        "the account does not have the axis": {"lines": _on("4500", allocations={"1": "11"})},
    },
    "projects": {
        "project costs are missing": {"lines": _on("4320")},
        "the project is completed": {"lines": _on("4320", project="300001", item="K01")},
        "the project is another administration's": {"lines": _on("4320", project="300003", item="K01")},
        "there is no such item": {"lines": _on("4320", project="300000", item="K98")},
        "the item is blocked": {"lines": _on("4320", project="300000", item="K99")},
    },
    "commitments": {
        "a mandatory commitment is missing": {"supplier_id": "50022", "lines": _on("4710")},
        "the commitment is settled": {
            "supplier_id": "50003",
            "lines": _on("4108", allocations={"1": "12"}, commitment=117),
        },
        "the commitment is another supplier's": {"supplier_id": "50013", "lines": _on("4510", commitment=8)},
        "the commitment is another account's": {"supplier_id": "50028", "lines": _on("4520", commitment=8)},
        "there is no such commitment": {"lines": _on("4510", commitment=99999)},
    },
    "currencies": {
        "there is no such currency": {"currency": "XXX", "rate": "2"},
    },
}
SALES: Mapping[str, Row] = {
    "the customer is blocked": {"customer_id": "10230"},
    "the customer is on hold": {"customer_id": "10231"},
    "there is no such customer": {"customer_id": "19999"},
    "the number is used already": {"customer_id": "10001", "invoice_number": "V008001"},
    "the period is closed": {"invoice_date": "2023-08-31"},
    "the VAT code is one of purchases": {"lines": _taxed("5", "8010")},
}


def _refused(story: Story, side: model.Side, operation: str, invoice: Row) -> None:
    """The client tells in both languages what AFAS has against an invoice, and nothing is booked."""
    for language in LANGUAGES:
        story.tell_client(language=language)
        sent_before = len(checks.posts(story.traffic(), "FiEntries"))
        outcome = story.run(operation, **invoice)
        if not isinstance(outcome, Failed):
            story.fail("the client tells that AFAS refused the invoice", told=str(outcome))
        story.check(outcome.outcome == "rejected", "the client knows that nothing was booked", told=outcome.outcome)
        checks.not_booked(story, side, invoice)
        if len(checks.posts(story.traffic(), "FiEntries")) > sent_before:  # else it knew by itself, and says why
            checks.refusal_passed_on(story, outcome)


@contract(
    id="booking/refusal-passed-on",
    sentence="What AFAS has against an invoice is told in its words, with the log reference, in the user's language.",
    severity="must",
    evidence="documented: externalMessage is for the user, in the language asked for; support needs profitLogReference",
    operations=("book_purchase_invoice",),
    examples=len(PURCHASES) / 12,
)
def refusal_passed_on(story: Story) -> None:
    why = story.draw(st.sampled_from(sorted(PURCHASES)))
    story.note(f"This invoice is refused: {why}.")
    _refused(story, "supplier", "book_purchase_invoice", small_purchase(**PURCHASES[why]))


def _enter_for_feature(feature: str, kinds: Mapping[str, Row]) -> None:
    @contract(
        id=f"booking/refusal-passed-on-{feature}",
        sentence=f"What AFAS has against the {feature} of an invoice is told in its own words, with the log reference.",
        severity="must",
        evidence="documented: externalMessage is for the user, and support needs profitLogReference",
        operations=("book_purchase_invoice",),
        features=(feature,),
        examples=len(kinds) / 12,
    )
    def _tell(story: Story) -> None:
        why = story.draw(st.sampled_from(sorted(kinds)))
        story.note(f"This invoice is refused: {why}.")
        _refused(story, "supplier", "book_purchase_invoice", small_purchase(**kinds[why]))


for _feature, _kinds in FEATURES.items():
    _enter_for_feature(_feature, _kinds)


@contract(
    id="booking/sales-refusal-passed-on",
    sentence="What AFAS has against a sales invoice is told in its own words, with the log reference.",
    severity="must",
    evidence="documented: externalMessage is for the user, and support needs profitLogReference",
    operations=("book_sales_invoice",),
    examples=len(SALES) / 12,
)
def sales_refusal_passed_on(story: Story) -> None:
    why = story.draw(st.sampled_from(sorted(SALES)))
    story.note(f"This invoice is refused: {why}.")
    _refused(story, "customer", "book_sales_invoice", small_sale(**SALES[why]))


@contract(
    id="booking/nothing-half-booked",
    sentence="One line that AFAS refuses keeps the whole invoice out of the books, wherever the line stands.",
    severity="must",
    evidence="documented: a body is checked as a whole and is one transaction; an entry is one body",
    operations=("book_purchase_invoice",),
    examples=0.5,
)
def nothing_half_booked(story: Story) -> None:
    wrong_lines = [*_on("4998"), *_on("4999"), *_taxed("77"), *_taxed("5", "4040")]
    before, after, wrong = story.draw(
        strategies.plan(st.integers(0, 3), st.integers(0, 3), st.sampled_from(wrong_lines))
    )
    good = {"account": "4510", "amount": "12.50"}
    lines = [good] * before + [wrong] + [good] * after
    invoice = small_purchase(lines=lines, total=strategies.total_of(lines))
    outcome = story.run("book_purchase_invoice", **invoice)
    story.check(isinstance(outcome, Failed), "the client tells that AFAS refused the invoice", told=str(outcome))
    checks.not_booked(story, "supplier", invoice)
    made = [entry["entry"] for entry in story.changes().entries]
    story.check(not made, "no entry is made for a part of an invoice", entries=made)


@contract(
    id="booking/corrected-after-refusal",
    sentence="An invoice that was refused is booked, once, when it is sent again without its mistake.",
    severity="must",
    evidence="documented: what is refused leaves nothing behind, so its number stays free",
    operations=("book_purchase_invoice",),
    examples=0.3,
)
def corrected_after_refusal(story: Story) -> None:
    mistakes = [
        "the period is closed",
        "there is no such VAT code",
        "there is no such account",
        "the supplier is blocked",
    ]
    invoice = small_purchase()
    outcome = story.run("book_purchase_invoice", **{**invoice, **PURCHASES[story.draw(st.sampled_from(mistakes))]})
    story.check(isinstance(outcome, Failed), "the client tells that AFAS refused the invoice", told=str(outcome))
    story.succeed("book_purchase_invoice", **invoice)
    checks.booked_once(story, "supplier", invoice)


@contract(
    id="booking/number-used-once",
    sentence="Another invoice of a number that is booked already is refused, and the first stays as it is.",
    severity="must",
    evidence="documented: an invoice number is unique for a relation within an administration",
    operations=("book_purchase_invoice",),
    examples=0.25,
)
def number_used_once(story: Story) -> None:
    first = small_purchase()
    changes: list[Row] = [{"total": "242.00", "lines": _on("4510") * 2}, {"invoice_date": "2026-10-24"}, {}]
    changed = story.draw(st.sampled_from(changes))
    story.succeed("book_purchase_invoice", **first)
    outcome = story.run("book_purchase_invoice", **{**first, **changed})
    if changed:
        story.check(isinstance(outcome, Failed), "the client tells that the number is used", told=str(outcome))
    checks.booked_once(story, "supplier", first)


@contract(
    id="booking/release-refusal-passed-on",
    sentence="What AFAS has against a release is told in its own words, and no other invoice is released.",
    severity="must",
    evidence="documented: FiInvoice finds an invoice by administration, relation and number together",
    operations=("book_purchase_invoice", "release_invoice"),
    examples=0.25,
)
def release_refusal_passed_on(story: Story) -> None:
    other = story.draw(st.sampled_from(strategies.OTHERS))
    invoice = small_purchase(blocked=True)
    story.succeed("book_purchase_invoice", **invoice)
    which = {name: invoice[name] for name in ("administration", "supplier_id", "invoice_number")}
    outcome = story.run("release_invoice", **{**which, **other})
    if not isinstance(outcome, Failed):
        story.fail("the client tells that there is no such invoice", told=str(outcome))
    row = checks.booked_once(story, "supplier", invoice)
    story.check(row["blocked_for_payment"], "an invoice that was not named stays blocked")
    if any(one.calls("FiInvoice") for one in story.traffic()):
        checks.refusal_passed_on(story, outcome)
