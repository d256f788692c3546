"""All operations and faults together, in any order, against a model of what has to be in the books."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from mock_afas_contracts import checks, model, strategies
from mock_afas_contracts.contract import contract
from mock_afas_contracts.driver import Failed, Ok
from mock_afas_contracts.story import Story

#: How often a user tries again before giving up.
MOST_TRIES = 5
_CONTENT = "SGFsbG8="


@dataclass
class Day:
    """One story: what the client has done by its own word."""

    story: Story
    done: model.Done = field(default_factory=model.Done)
    #: Whether a fault waits for a call.
    faulty: bool = False

    def persist(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Does something as a user would: again, while it does not work. Faults pass, so in the end it has to."""
        outcome = self.story.run(operation, **arguments)
        for _ in range(MOST_TRIES - 1):
            if isinstance(outcome, Ok):
                break
            outcome = self.story.run(operation, **arguments)
        if isinstance(outcome, Failed):
            title = f"the client can {operation.replace('_', ' ')} once AFAS works again"
            self.story.fail(title, message=outcome.message)
        return outcome.result

    def book(self, side: model.Side, operation: str, invoice: Mapping[str, Any]) -> None:
        if self.done.has(side, invoice):
            return
        self.persist(operation, invoice)
        self.done.booked(side, invoice)


Rule = Callable[[Day, Mapping[str, Any]], None]


def book_a_purchase_invoice(day: Day, step: Mapping[str, Any]) -> None:
    day.book("supplier", "book_purchase_invoice", step["invoice"])


def book_a_sales_invoice(day: Day, step: Mapping[str, Any]) -> None:
    day.book("customer", "book_sales_invoice", step["invoice"])


def book_for_a_new_supplier(day: Day, step: Mapping[str, Any]) -> None:
    supplier = day.persist("create_supplier", step["relation"])["supplier_id"]
    day.done.relations["supplier", str(supplier)] = step["relation"]["name"]
    book_a_purchase_invoice(day, {"invoice": {**step["invoice"], "supplier_id": str(supplier)}})


def book_a_credit_invoice(day: Day, step: Mapping[str, Any]) -> None:
    day.book("supplier", "book_purchase_invoice", strategies.negated(step["invoice"]))


def book_into_a_blocked_period(day: Day, step: Mapping[str, Any]) -> None:
    """AFAS refuses it, and whatever else goes wrong, the client does not say that it is booked."""
    outcome = day.story.run("book_purchase_invoice", **{**step["invoice"], "invoice_date": "2023-08-15"})
    day.story.check(isinstance(outcome, Failed), "what AFAS refuses is told as failed", outcome=str(outcome))


def change_an_iban(day: Day, step: Mapping[str, Any]) -> None:
    day.persist("update_supplier", {"supplier_id": step["supplier"], "iban": step["iban"]})
    day.done.ibans[step["supplier"]] = step["iban"]


def read_the_purchase_invoices(day: Day, _step: Mapping[str, Any]) -> None:
    rows = day.persist("read", {"connector": "Zenvoices_SupplierInvoices"})["rows"]
    read = {(row["CreditorId"], row["InvoiceNr"]): row["AmtInvoice"] for row in rows if row["UnitId"] == 1}
    for (side, relation, number), invoice in day.done.invoices.items():
        if side == "supplier":
            amount = read.get((relation, number))
            told = checks.same_value(Decimal(invoice["total"]), amount)
            day.story.check(told, "what was booked is read back", invoice=number, total=invoice["total"], read=amount)


def the_licence_changes(day: Day, step: Mapping[str, Any]) -> None:
    day.story.environment(without=step["without"])
    told = day.persist("features", {})
    wanted = {name: name not in step["without"] for name in told}
    day.story.check(told == wanted, "the client says which features there are", told=told, wanted=wanted)


def look_at_the_administrations(day: Day, _step: Mapping[str, Any]) -> None:
    told = day.persist("connect", {})["administrations"]
    ids = sorted(str(one["id"]) for one in told)
    day.story.check(ids == ["1", "2", "3", "4", "5"], "every administration is given once", told=told)


def create_a_customer(day: Day, step: Mapping[str, Any]) -> None:
    customer = day.persist("create_customer", step["relation"])["customer_id"]
    day.done.relations["customer", str(customer)] = step["relation"]["name"]


def book_the_last_invoice_again(day: Day, _step: Mapping[str, Any]) -> None:
    """A user does not remember. Whether the client says that it is there or refuses, it stays there once."""
    purchases = [invoice for (side, *_), invoice in day.done.invoices.items() if side == "supplier"]
    if purchases:
        day.story.run("book_purchase_invoice", **purchases[-1])


def release_what_is_blocked(day: Day, _step: Mapping[str, Any]) -> None:
    for key in sorted(day.done.blocked):
        _, supplier, number = key
        day.persist("release_invoice", {"administration": 1, "supplier_id": supplier, "invoice_number": number})
        day.done.blocked.remove(key)


def attach_a_document(day: Day, step: Mapping[str, Any]) -> None:
    purchases = [(relation, number) for side, relation, number in day.done.invoices if side == "supplier"]
    if not purchases:
        return
    supplier, number = purchases[-1]
    names = day.done.documents.setdefault((supplier, number), [])
    if step["file_name"] in names:
        return
    invoice = {"administration": 1, "supplier_id": supplier, "invoice_number": number}
    day.persist("attach_document", {**invoice, "file_name": step["file_name"], "content_base64": _CONTENT})
    names.append(step["file_name"])


def restart_the_client(day: Day, _step: Mapping[str, Any]) -> None:
    day.story.restart_client()


#: What may go wrong at one of the next calls.
_EFFECTS: Mapping[str, Mapping[str, Any]] = {
    "the answer is lost": {"kind": "drop", "phase": "after"},
    "the call is lost": {"kind": "drop", "phase": "before"},
    "the answer is garbage": {"kind": "garbage", "phase": "after"},
    "the answer is cut off": {"kind": "truncate", "phase": "after"},
    "a proxy fails": {"kind": "status", "phase": "before", "status": 502},
    "AFAS fails": {"kind": "error", "phase": "before", "key": "unexpected"},
    "the layout is locked": {"kind": "locked", "phase": "before"},
    "AFAS is in maintenance": {"kind": "maintenance", "phase": "before", "retry_after": 1},
    "AFAS is slow": {"kind": "delay", "phase": "before", "milliseconds": 200},
}


def something_goes_wrong(day: Day, step: Mapping[str, Any]) -> None:
    where = {name: step[name] for name in ("method", "nth", "times")}
    day.story.fault(**_EFFECTS[step["what"]], **where)
    day.faulty = True


def _faults(effects: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "do": st.just("something goes wrong"),
            "what": st.sampled_from(effects),
            "method": st.sampled_from(["POST", "GET"]),
            "nth": st.integers(1, 2),
            "times": st.integers(1, 2),
        }
    )


#: Features that a licence can lack without the invoices of these stories needing them.
_LICENCES: tuple[list[str], ...] = ([], ["currencies"], ["commitments"], ["currencies", "commitments"])
#: Lines that ask for more than an amount: an allocation, or a project.
_ALLOCATED = {"account": "4108", "tax_code": "5", "tax_account": "1500", "allocations": {"1": "11"}}
_OF_A_PROJECT = {"account": "4320", "tax_code": "5", "tax_account": "1500", "project": "300000", "item": "K01"}


@st.composite
def _purchases(draw: st.DrawFn) -> dict[str, Any]:
    invoice = draw(strategies.purchase_invoices(most_lines=2))
    more = draw(st.sampled_from([None, _ALLOCATED, _OF_A_PROJECT]))
    if more is not None:
        amount = draw(strategies.cents(1, 10_000))
        tax = strategies.text_of(Decimal(amount) * 21 / 100)
        lines = [*invoice["lines"], {**more, "amount": amount, "tax_amount": tax}]
        invoice |= {"lines": lines, "total": strategies.total_of(lines)}
    number = draw(st.integers(1, 10**6).map(lambda number: f"D{number}"))
    return invoice | {"invoice_number": number} | draw(st.sampled_from([{}, {"blocked": True}, {"reviewer": "BEEKM"}]))


_plain = _purchases()
_sales = st.builds(
    lambda invoice, number: {**invoice, "invoice_number": number},
    strategies.sales_invoices(most_lines=2),
    st.integers(1, 10**6).map(lambda number: f"D{number}"),
)


@dataclass(frozen=True)
class Kind:
    """One kind of step: the rule, the operations it needs, and what is drawn for it."""

    rule: Rule
    operations: tuple[str, ...]
    steps: st.SearchStrategy[dict[str, Any]]


def _kind(rule: Rule, *operations: str, **parts: st.SearchStrategy[Any]) -> tuple[str, Kind]:
    name = rule.__name__.replace("_", " ")
    return name, Kind(rule, operations, st.fixed_dictionaries({"do": st.just(name), **parts}))


#: The kind that is in every story: most others need something that is booked.
BOOK = "book a purchase invoice"
KINDS: dict[str, Kind] = dict(
    (
        _kind(book_a_purchase_invoice, "book_purchase_invoice", invoice=_plain),
        _kind(book_the_last_invoice_again, "book_purchase_invoice"),
        _kind(book_a_sales_invoice, "book_sales_invoice", invoice=_sales),
        _kind(
            book_for_a_new_supplier,
            "create_supplier",
            "book_purchase_invoice",
            relation=strategies.relations(),
            invoice=_plain,
        ),
        _kind(book_a_credit_invoice, "book_purchase_invoice", invoice=_plain),
        _kind(book_into_a_blocked_period, "book_purchase_invoice", invoice=_plain),
        _kind(change_an_iban, "update_supplier", supplier=st.sampled_from(strategies.SUPPLIERS), iban=strategies.ibans),
        _kind(read_the_purchase_invoices, "read"),
        _kind(the_licence_changes, "features", without=st.sampled_from(_LICENCES)),
        _kind(look_at_the_administrations, "connect"),
        _kind(create_a_customer, "create_customer", relation=strategies.relations()),
        _kind(release_what_is_blocked, "release_invoice"),
        _kind(attach_a_document, "attach_document", file_name=st.sampled_from(["factuur.pdf", "bon.jpg"])),
        _kind(restart_the_client),
    )
)


@contract(
    id="together/any-order",
    sentence="Whatever is done in whatever order, and whatever fails on the way, the books hold what the client says.",
    severity="must",
    evidence="documented: a body is one transaction, and a request goes on after the client gave up",
    operations=("book_purchase_invoice",),
    faults=("drop", "garbage", "truncate", "status", "error", "locked", "maintenance", "delay"),
)
def any_order(story: Story) -> None:
    possible = [name for name, kind in KINDS.items() if all(map(story.can, kind.operations))]
    # Some kinds of steps and faults only: more of the same finds what a bit of everything does not.
    chosen = story.draw(st.lists(st.sampled_from(possible), min_size=2, max_size=5, unique=True))
    effects = story.draw(st.lists(st.sampled_from(list(_EFFECTS)), max_size=3, unique=True))
    steps = [KINDS[name].steps for name in (BOOK, *chosen)]
    faults = [_faults(effects) for _ in chosen] if effects else []
    plan = story.draw_list(st.one_of([*steps, *faults]), min_size=4, max_size=9)
    day = Day(story)
    for step in plan:
        if step["do"] == "something goes wrong":
            something_goes_wrong(day, step)
            continue
        KINDS[step["do"]].rule(day, step)
        wrong = day.done.differences(story.changes())
        story.check(not wrong, "the books hold what the client says it did", **wrong)
        checks.entries_balance(story)
        if day.faulty:
            story.clear_faults()
            day.faulty = False
