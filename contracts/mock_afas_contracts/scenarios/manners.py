"""Manners on the line: the rules on traffic as contracts, each with a story that tempts a client to break it.

Whether the client gets what it wants matters to other contracts; here the recorded traffic alone is judged, by the rule
that the server's findings have under the same name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hypothesis import strategies as st

from mock_afas.traffic import RULES
from mock_afas_contracts import strategies
from mock_afas_contracts.contract import contract
from mock_afas_contracts.protocol import features
from mock_afas_contracts.story import Story
from mock_afas_contracts.target import NOW

_RULES = {rule.id: rule for rule in RULES}
_EARLIER = "2026-11-20T08:30:00"
#: Connectors with a field that says when a row was changed.
_CHANGING = ("Zenvoices_Suppliers", "Zenvoices_Customers")
#: Small connectors that belong to no feature.
_SMALL = ("Zenvoices_Journals", "Zenvoices_Countries")
#: So many fields more make a table wide: a few hundred rows of it are more values than one answer may hold.
_WIDE = 600


def judged(story: Story, rule_id: str) -> None:
    """The rule finds nothing in the traffic of the story."""
    found = [one for one in story.afas.findings()["findings"] if one["rule"] == rule_id]
    rule = _RULES[rule_id]
    seen = [one["message"] for one in found]
    story.check(not found, rule.advice.rstrip("."), found=seen)


class Manner(NamedTuple):
    """A rule on traffic as a contract: what a right client does, and the story that tempts it."""

    id: str
    rule: str
    sentence: str
    tell: Callable[[Story], None]
    operations: tuple[str, ...]
    faults: tuple[str, ...] = ()
    examples: float = 0.3


def _read_many(story: Story) -> None:
    story.put_data("suppliers", strategies.supplier_rows(story.draw(st.sampled_from([450, 900]))))
    story.run("read", connector="Zenvoices_Suppliers")


def _read_a_wide_table(story: Story) -> None:
    definition = story.definition("Zenvoices_Suppliers")
    more = [{**definition["fields"][0], "id": f"Vrij{at}", "fieldId": f"V{at:03d}"} for at in range(_WIDE)]
    story.import_definition({**definition, "fields": [*definition["fields"], *more]})
    story.put_data("suppliers", strategies.supplier_rows(150_000 // _WIDE))
    story.run("read", connector="Zenvoices_Suppliers")


def _read_changes(story: Story) -> None:
    since = story.draw(st.sampled_from([NOW, _EARLIER, f"{_EARLIER}Z"]))
    story.run("read", connector=story.draw(st.sampled_from(_CHANGING)), changed_since=since)


def _read_again_what_changed(story: Story) -> None:
    connector = story.draw(st.sampled_from(_CHANGING))
    story.succeed("read", connector=connector)
    for _ in range(2):
        story.run("read", connector=connector, changed_since=NOW)


def _read_a_few(story: Story) -> None:
    story.run("connect")
    for connector in (*_SMALL, "Zenvoices_Users", "Zenvoices_Suppliers"):
        story.run("read", connector=connector)


def _read_again_and_again(story: Story) -> None:
    """Calls enough for a client that opens a connection for each to be known by it."""
    for at in range(15):
        story.run("read", connector=_SMALL[at % len(_SMALL)])


#: The connector that tells of each feature.
_TELLING = {
    "currencies": "Zenvoices_Currencies",
    "projects": "Zenvoices_Projects",
    "allocation": "Zenvoices_AllocationCodeAssignments",
    "commitments": "Zenvoices_Commitments",
}


def _read_what_the_licence_lacks(story: Story) -> None:
    without = story.draw(st.lists(st.sampled_from(features()), min_size=1, unique=True))
    story.environment(without=without)
    story.run("features")
    for _ in range(3):
        story.run("read", connector=_TELLING[without[0]])
        if story.can("book_purchase_invoice"):
            number = story.draw(strategies.invoice_numbers)
            story.run("book_purchase_invoice", **strategies.small_purchase(invoice_number=number))


def _create_with_a_long_name(story: Story) -> None:
    name = story.draw(st.sampled_from(["漢字日本" * 12, "Coöperatie 'De Ëén' " * 4, "A" * 60, "🏢" * 24]))
    address = story.draw(strategies.addresses())
    story.run("create_supplier", name=name.strip(), **address)


def _book_without_an_answer(story: Story) -> None:
    story.fault("drop", connector="FiEntries", method="POST", phase=story.draw(st.sampled_from(["before", "after"])))
    outcome = story.run("book_purchase_invoice", **strategies.small_purchase())
    if getattr(outcome, "outcome", "") == "unknown":
        story.run("book_purchase_invoice", **strategies.small_purchase())


def _book_what_is_refused(story: Story) -> None:
    plain = strategies.small_purchase()
    wrong = story.draw(st.sampled_from([{"account": "9999999"}, {"tax_code": "77"}, {"account": "8000"}]))
    lines = [{**plain["lines"][0], **wrong}]
    story.run("book_purchase_invoice", **{**plain, "lines": lines})


def _call_with_the_token_of_a_blocked_user(story: Story) -> None:
    """A token that nobody knows leaves no traffic where we look; that of a blocked user does."""
    users = story.afas.control("GET", "/users")["users"]
    for user in users:
        story.afas.control("POST", "/users", {"id": user["id"], "blocked": True})
    story.note("the administrator blocks the user of the token")
    story.run("connect")


def _read_in_maintenance(story: Story) -> None:
    wait = story.draw(st.sampled_from([1, 2]))
    story.fault("maintenance", retry_after=wait, nth=story.draw(st.integers(1, 2)))
    story.run("connect")
    story.run("read", connector="Zenvoices_Journals")


def _write_other_than_ascii(story: Story) -> None:
    name = story.draw(st.sampled_from(["Coöperatie Súd", "漢字", "🏢 BV", "Łódź"]))
    address = story.draw(strategies.addresses())
    story.run("create_supplier", name=name, **address)


def _book_many_lines(story: Story) -> None:
    count = story.draw(st.sampled_from([1_005, 1_201]))
    lines = [{"account": "4510", "amount": "1.00"}] * count
    story.run("book_purchase_invoice", **strategies.small_purchase(lines=lines, total=f"{count}.00"))


def _attach_too_much(story: Story) -> None:
    invoice = strategies.small_purchase()
    story.succeed("book_purchase_invoice", **invoice)
    content = "QUJD" * (story.draw(st.sampled_from([10, 12])) * 2**20 // 3 + 1)
    which = {name: invoice[name] for name in ("administration", "supplier_id", "invoice_number")}
    story.run("attach_document", **which, file_name="scan.pdf", content_base64=content)


_READ = ("read",)
_BOOK = ("book_purchase_invoice",)
_CREATE = ("create_supplier",)

MANNERS = (
    Manner(
        "manners/paging-without-order",
        "paging-without-order",
        "Pages of a connector are asked for in an order.",
        _read_many,
        _READ,
    ),
    Manner(
        "manners/all-rows-at-once",
        "all-rows-at-once",
        "Rows are read in pages, never all at once with skip -1.",
        _read_many,
        _READ,
    ),
    Manner(
        "limits/columns-times-rows",
        "answer-too-large",
        "No answer holds 150,000 values or more, columns times rows.",
        _read_a_wide_table,
        _READ,
        examples=0.05,
    ),
    Manner(
        "limits/query-string",
        "query-string-too-long",
        "No query string is longer than 2,049 characters.",
        _create_with_a_long_name,
        _CREATE,
    ),
    Manner(
        "limits/query-string-near",
        "query-string-near-limit",
        "Query strings keep away from the limit of 2,049 characters, however long names are once encoded.",
        _create_with_a_long_name,
        _CREATE,
    ),
    Manner(
        "limits/parallel-calls",
        "too-many-at-once",
        "Not more calls are under way at once than AFAS allows.",
        _read_many,
        _READ,
    ),
    Manner(
        "limits/lines",
        "too-many-lines",
        "An entry of more than 1,000 lines is split, or refused by the client itself.",
        _book_many_lines,
        _BOOK,
        examples=0.1,
    ),
    Manner(
        "limits/document-size",
        "large-body",
        "A document that makes a body of more than 10 MB is not sent.",
        _attach_too_much,
        ("book_purchase_invoice", "attach_document"),
        examples=0.1,
    ),
    Manner(
        "manners/whole-table-again",
        "whole-table-again",
        "Who has read a table asks for what changed since, not for all of it again.",
        _read_again_what_changed,
        _READ,
    ),
    Manner(
        "manners/one-call-for-each-value",
        "one-call-for-each-value",
        "Rows are read by filters and pages, not one call a row.",
        _read_a_few,
        ("connect", "read"),
        examples=0.1,
    ),
    Manner(
        "manners/unsupported-connector-again",
        "unsupported-connector-again",
        "A connector that the licence lacks is not called again and again.",
        _read_what_the_licence_lacks,
        ("features", "read"),
    ),
    Manner(
        "manners/filter-value-with-z",
        "filter-value-with-z",
        "Moments in filters are wall-clock time, without a Z.",
        _read_changes,
        _READ,
    ),
    Manner(
        "manners/exact-match-on-time",
        "exact-match-on-time",
        "Times are asked for as a span, since answers hide their fractions.",
        _read_changes,
        _READ,
    ),
    Manner(
        "manners/blind-retry-of-write",
        "blind-retry-of-write",
        "Before a write is sent again after no answer, the client looks whether it was carried out.",
        _book_without_an_answer,
        _BOOK,
        ("drop",),
    ),
    Manner(
        "manners/validation-error-again",
        "validation-error-again",
        "A body that AFAS refused is not sent again.",
        _book_what_is_refused,
        _BOOK,
    ),
    Manner(
        "manners/unauthorized-again",
        "unauthorized-again",
        "A call that was answered 401 is not made again with the same token.",
        _call_with_the_token_of_a_blocked_user,
        ("connect",),
        examples=0.1,
    ),
    Manner(
        "manners/before-retry-after",
        "before-retry-after",
        "In maintenance nothing is asked before the time that AFAS gave is over.",
        _read_in_maintenance,
        ("connect", "read"),
        ("maintenance",),
    ),
    Manner(
        "manners/connection-for-each-call",
        "connection-for-each-call",
        "Calls share connections.",
        _read_again_and_again,
        _READ,
        examples=0.1,
    ),
    Manner(
        "manners/missing-integration-id",
        "missing-integration-id",
        "Every call says which integration it is from, in the header IntegrationId.",
        _read_a_few,
        ("connect", "read"),
        examples=0.1,
    ),
    Manner(
        "manners/token-outside-header",
        "token-outside-header",
        "The token goes into the header Authorization, and nowhere else.",
        _read_a_few,
        ("connect", "read"),
        examples=0.1,
    ),
    Manner(
        "manners/body-without-charset",
        "body-without-charset",
        "A body with other characters than ASCII says that it is UTF-8.",
        _write_other_than_ascii,
        _CREATE,
    ),
)


def _enter(manner: Manner) -> None:
    rule = _RULES[manner.rule]

    @contract(
        id=manner.id,
        sentence=manner.sentence,
        severity="must" if rule.severity == "error" else "should",
        evidence=f"{rule.sure}: {rule.evidence.rstrip('.')}",
        operations=manner.operations,
        faults=manner.faults,
        examples=manner.examples,
    )
    def _tell(story: Story) -> None:
        manner.tell(story)
        judged(story, manner.rule)


for _manner in MANNERS:
    _enter(_manner)
