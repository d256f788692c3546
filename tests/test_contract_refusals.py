"""What contracts say is wrong with an invoice is what AFAS has against it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import strategies as st

from mock_afas.messages import catalogue
from mock_afas_contracts.contract import CONTRACTS
from mock_afas_contracts.driver import Driver
from mock_afas_contracts.judging import PROFILES
from mock_afas_contracts.scenarios.booking_refusals import FEATURES, PURCHASES, SALES
from mock_afas_contracts.search import Limits, Search
from mock_afas_contracts.story import Stage
from mock_afas_contracts.strategies import small_purchase, small_sale
from mock_afas_contracts.target import Target
from tests.drivers import COMMANDS, Client, Json
from tests.support import Afas

#: The rule that refuses each kind of invoice; see docs/reference/validation.md.
PURCHASE_RULES = {
    "the period is closed": "entry_period_blocked",
    "there is no such account": "line_account_unknown",
    "the account is blocked": "line_account_blocked",
    "the account collects creditors": "line_control_account",
    "there is no such VAT code": "line_vat_unknown",
    "the VAT code is blocked": "line_vat_blocked",
    "the VAT code is one of sales": "line_vat_of_other_side",
    "the account takes no VAT": "line_vat_not_allowed",
    "the supplier is blocked": "line_relation_blocked",
    "the supplier is on hold": "line_relation_on_hold",
    "there is no such supplier": "line_account_unknown",
    "the number is used already": "line_invoice_number_used",
    "there is no such journal": "entry_journal_unknown",
    "there is no such administration": "entry_unit_unknown",
    "the reviewer is a user who does not review": "line_reviewer_invalid",
    "there is no such reviewer": "line_reviewer_unknown",
    "a mandatory code is missing": "allocation_required",
    "the code is not assigned to the account": "allocation_not_assigned",
    "the assignment of the code is blocked": "allocation_not_assigned",
    "the account does not have the axis": "allocation_not_applicable",
    "project costs are missing": "project_entry_required",
    "the project is completed": "project_completed",
    "the project is another administration's": "project_of_other_administration",
    "there is no such item": "project_item_unknown",
    "the item is blocked": "project_item_blocked",
    "a mandatory commitment is missing": "commitment_required",
    "the commitment is settled": "commitment_settled",
    "the commitment is another supplier's": "commitment_of_other_supplier",
    "the commitment is another account's": "commitment_of_other_account",
    "there is no such commitment": "commitment_unknown",
    "there is no such currency": "line_currency_unknown",
}
SALES_RULES = {
    "the customer is blocked": "line_relation_blocked",
    "the customer is on hold": "line_relation_on_hold",
    "there is no such customer": "line_account_unknown",
    "the number is used already": "line_invoice_number_used",
    "the period is closed": "entry_period_blocked",
    "the VAT code is one of purchases": "line_vat_of_other_side",
}
ALL_PURCHASES = dict(PURCHASES) | {why: changes for kinds in FEATURES.values() for why, changes in kinds.items()}


@pytest.fixture(scope="module")
def process() -> Iterator[Client]:
    client = Client(COMMANDS["python"])
    yield client
    assert client.stop() == 0


@pytest.fixture
def client(process: Client, afas: Afas) -> Client:
    process.start(afas)
    return process


def broken_rule(client: Client, afas: Afas, operation: str, invoice: Json) -> object:
    """The sentence of the rule by which an invoice is refused."""
    reference = client.failed(operation, **invoice)["log_reference"]
    return afas.logged(reference)["reason"]["rule"]


def sentence(rule: str) -> str:
    return catalogue()[rule].rule


def test_every_kind_has_its_rule() -> None:
    assert set(PURCHASE_RULES) == set(ALL_PURCHASES)
    assert set(SALES_RULES) == set(SALES)


@pytest.mark.parametrize("seed", range(5))
def test_a_run_tells_every_kind(seed: int) -> None:
    told: list[str] = []
    kinds = sorted(PURCHASES)
    every_kind = replace(
        CONTRACTS["booking/refusal-passed-on"], tell=lambda story: told.append(story.draw(st.sampled_from(kinds)))
    )
    stage = Stage(cast("Driver", None), cast("Target", None))
    Search(every_kind, stage, {}, seed).run(Limits(round(PROFILES["fast"].examples * every_kind.examples), shrinking=1))
    assert sorted(told) == kinds


@pytest.mark.parametrize("why", PURCHASE_RULES)
def test_a_purchase_invoice_is_refused_for_what_is_wrong_with_it(client: Client, afas: Afas, why: str) -> None:
    invoice = small_purchase(**ALL_PURCHASES[why])
    assert broken_rule(client, afas, "book_purchase_invoice", invoice) == sentence(PURCHASE_RULES[why])


@pytest.mark.parametrize("why", SALES_RULES)
def test_a_sales_invoice_is_refused_for_what_is_wrong_with_it(client: Client, afas: Afas, why: str) -> None:
    invoice = small_sale(**SALES[why])
    assert broken_rule(client, afas, "book_sales_invoice", invoice) == sentence(SALES_RULES[why])
