"""Environments that lack features of the licence: a client works on without them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from hypothesis import strategies as st

from mock_afas_contracts import checks, protocol, strategies
from mock_afas_contracts.contract import contract
from mock_afas_contracts.driver import Failed, Ok
from mock_afas_contracts.story import Story

FEATURES = protocol.features()
#: Every combination of features that can be missing, those that lack least first.
COMBINATIONS = [list(some) for count in range(len(FEATURES) + 1) for some in combinations(FEATURES, count)]
#: One combination for each story that has to be cheap: nothing, each feature by itself, everything.
_FEW = [combination for combination in COMBINATIONS if len(combination) in (1, len(FEATURES))]
#: Connectors that an environment without the feature does not have.
CONNECTORS: Mapping[str, tuple[str, ...]] = {
    "currencies": ("Zenvoices_Currencies", "Profit_Currency"),
    "projects": (
        *("Zenvoices_Projects", "Zenvoices_ProjectStages", "Zenvoices_Items"),
        *("Profit_Projects", "Profit_Projectstage", "Profit_Worktype"),
    ),
    "allocation": ("Zenvoices_AllocationCodeAssignments", "Profit_Allocation_Assigments"),
    "commitments": ("Zenvoices_Commitments",),
}
#: Fields and objects of bodies that belong to the feature.
NAMES: Mapping[str, frozenset[str]] = {
    "currencies": frozenset(("Rate", "AmDc", "AmCc", "AcPa", "AcCr", "InAc")),
    "projects": frozenset(("PrId", "FiPrjEntries", "PjId")),
    "allocation": frozenset(("FiDimEntries", "AdDc", "AdDa")),
    "commitments": frozenset(("CmNo", "RsNo")),
}
#: What a line says of each feature but currencies, and the account that takes it.
_LINES: Mapping[str, dict[str, Any]] = {
    "projects": {"account": "4320", "amount": "100.00", "project": "300000", "item": "K01"},
    "allocation": {"account": "4600", "amount": "50.00", "allocations": {"1": "WEST", "2": "ICT"}},
    "commitments": {"account": "4710", "amount": "20.00", "commitment": 7},
}


def invoice_with(features: frozenset[str]) -> dict[str, Any]:
    """An invoice with a line for each of the features, beside a plain one."""
    plain = strategies.small_purchase(supplier_id="50022")
    lines = [*plain["lines"], *(line for name, line in _LINES.items() if name in features)]
    return {**plain, "lines": lines, "total": strategies.total_of(lines)}


def lack(story: Story, without: list[str]) -> None:
    if without:
        story.environment(without=without)


@contract(
    id="features/reported",
    sentence="The client says which features the environment has, for every combination of them.",
    severity="must",
    evidence="documented: metainfo lists the connectors there are. Known of an integration: licences lack some",
    operations=("features",),
    dialects=("unknown_connector",),
    examples=1.34,
)
def reported(story: Story) -> None:
    without = story.draw(st.sampled_from(COMBINATIONS))
    lack(story, without)
    _reported_truly(story, without)


def _reported_truly(story: Story, without: list[str]) -> None:
    told = story.succeed("features")
    wrong = {name: told[name] for name in sorted(story.features) if told[name] is not (name not in without)}
    story.check(not wrong, "the features are those of the environment", missing=without, wrongly_told=wrong)


@contract(
    id="features/asked-anew",
    sentence="A feature that comes or goes while the client works is noticed when it is asked for the features again.",
    severity="should",
    evidence="assumed: a licence changes while an integration runs",
    operations=("features",),
    examples=0.4,
)
def asked_anew(story: Story) -> None:
    before, after = story.draw(st.sampled_from([[[], one] for one in _FEW] + [[one, []] for one in _FEW]))
    lack(story, before)
    _reported_truly(story, before)
    story.environment(without=after)
    _reported_truly(story, after)


@contract(
    id="features/works-without",
    sentence="Without any combination of features, suppliers are created and invoices booked with what there is.",
    severity="must",
    evidence="known of an integration: some licences lack currencies, projects, allocation or commitments",
    operations=("book_purchase_invoice",),
    examples=1.34,
)
def works_without(story: Story) -> None:
    without = story.draw(st.sampled_from(COMBINATIONS))
    lack(story, without)
    there = story.features - frozenset(without)
    invoice = invoice_with(there)
    story.succeed("book_purchase_invoice", **invoice)
    checks.booked_once(story, "supplier", invoice)


@contract(
    id="features/relations-without",
    sentence="Without any feature, suppliers are created and changed, and tables read.",
    severity="must",
    evidence="known of an integration: some licences lack currencies, projects, allocation or commitments",
    operations=("create_supplier", "read"),
    examples=0.4,
)
def relations_without(story: Story) -> None:
    lack(story, story.draw(st.sampled_from(_FEW)))
    address = {"country": "NL", "street": "Kade", "house_number": "1", "postal_code": "1234AB", "city": "Gouda"}
    made = story.succeed("create_supplier", name="Nieuw", currency="EUR", **address)["supplier_id"]
    (row,) = story.changes().suppliers
    story.check(str(made) == row["supplier_id"], "the supplier is created", told=made, row=row["supplier_id"])
    story.check(row["currency"] == "EUR", "the supplier has the currency of the administration", is_=row["currency"])
    for connector in ("Zenvoices_LedgerAccounts", "Zenvoices_Suppliers"):
        story.succeed("read", connector=connector)


def _names(body: Any) -> Iterator[str]:
    """The names of all fields and objects that a body gives a value."""
    if isinstance(body, list):
        for each in body:
            yield from _names(each)
    elif isinstance(body, dict):
        for name, value in body.items():
            if value not in (None, "", [], {}):
                yield name
                yield from _names(value)


@contract(
    id="features/nothing-sent",
    sentence="Nothing of a feature that the environment lacks is sent to it.",
    severity="must",
    evidence="assumed: Profit refuses what the licence lacks, or leaves it out without a word",
    operations=("book_purchase_invoice",),
    dialects=("missing_features",),
    examples=0.5,
)
def nothing_sent(story: Story) -> None:
    without = story.draw(st.sampled_from(_FEW))
    lack(story, without)
    invoice = invoice_with(story.features)
    if "currencies" in without:
        invoice = {**invoice, "currency": "EUR"}
    outcome = story.run("book_purchase_invoice", **invoice)
    sent = {name for one in story.traffic() if one.writes for name in _names(one.sent)}
    wrong = sorted(sent & frozenset().union(*(NAMES[name] for name in without)))
    story.check(not wrong, "nothing of a missing feature is sent", missing=without, sent=wrong)
    _refused_by_itself_or_booked(story, outcome, invoice)


def _refused_by_itself_or_booked(story: Story, outcome: Ok | Failed, invoice: Mapping[str, Any]) -> None:
    """A client may say no to what it cannot book whole, or book it without: both are right, if it says what it did."""
    booked = story.changes().invoices_of("supplier", invoice["supplier_id"], invoice["invoice_number"])
    done = isinstance(outcome, Ok)
    story.check(len(booked) == done, "the client says whether it booked", told=str(outcome), booked=len(booked))


@contract(
    id="features/missing-currency-told",
    sentence="An invoice in another currency is not booked as euros where currencies are missing: the client says no.",
    severity="must",
    evidence="assumed: without currencies Profit takes amounts in the base currency alone",
    operations=("book_purchase_invoice",),
    features=("currencies",),
    dialects=("missing_features",),
    examples=0.17,
)
def missing_currency_told(story: Story) -> None:
    story.environment(without=["currencies"])
    rate = story.draw(st.sampled_from(["11.50", "0.86"]))
    invoice = strategies.small_purchase(supplier_id="60002", currency="NOK", rate=rate)
    outcome = story.run("book_purchase_invoice", **invoice)
    story.check(isinstance(outcome, Failed), "the client says that it cannot book it", outcome=str(outcome))
    checks.not_booked(story, "supplier", invoice)


@contract(
    id="features/missing-not-called",
    sentence="Connectors that metainfo does not list are not called.",
    severity="should",
    evidence="documented: metainfo lists the connectors that a token may call",
    operations=("features", "read"),
    dialects=("unknown_connector",),
    examples=0.4,
)
def missing_not_called(story: Story) -> None:
    without = story.draw(st.sampled_from(_FEW))
    lack(story, without)
    missing = [connector for name in without for connector in CONNECTORS[name]]
    story.run("features")
    story.run("read", connector=missing[0])
    if story.can("book_purchase_invoice"):
        story.run("book_purchase_invoice", **strategies.small_purchase())
    called = sorted({one.path for one in story.traffic() for connector in missing if one.calls(connector)})
    story.check(not called, "what the environment lacks is not called", missing=without, called=called)


@contract(
    id="features/missing-told",
    sentence="Reading a connector that the environment lacks fails, saying so: it is not an empty table.",
    severity="must",
    evidence="seen: a connector that is not there answers with an error. Documented: it is 401",
    operations=("read",),
    dialects=("unknown_connector",),
    examples=0.34,
)
def missing_told(story: Story) -> None:
    feature = story.draw(st.sampled_from(FEATURES))
    story.environment(without=[feature])
    outcome = story.run("read", connector=CONNECTORS[feature][0])
    story.check(isinstance(outcome, Failed), "the client says that it could not read", outcome=str(outcome))
