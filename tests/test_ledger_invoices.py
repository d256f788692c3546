"""FiInvoice at the level of the ledger: which invoice it finds, what it changes, and each rule at its border."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from mock_afas import messages
from mock_afas.errors import ProfitError
from mock_afas.fixtures import read_json
from mock_afas.ledger import invoice
from mock_afas.ledger.book import Draft, Put, Result, Row
from tests.ledger_support import MemoryBook, circumstances, demo_book, node_of, said

UNKNOWN, GENERAL = -2147220469, messages.GENERAL
ONE = 1_000_000
Fields = dict[str, Any]


def put(book: MemoryBook, **fields: Any) -> list[Put]:
    """Puts a body and brings it into the books; a field that is None is left out."""
    given = {name: value for name, value in fields.items() if value is not None}
    draft = Draft(book, circumstances())
    node = node_of("FiInvoice", {"FiInvoice": {"Element": {"Fields": given}}}, "update")
    assert invoice.put(node, draft) == Result("FiInvoice", None)
    book.apply(draft)
    return [change for change in draft.changes if isinstance(change, Put)]


def found(book: MemoryBook, relation: str, number: str, side: str = "supplier") -> Row:
    row = book.find("invoices", 1, side, relation, number)
    assert row is not None
    return row


OPEN: Fields = {"UnId": "1", "VaAd": "3", "DcNr": "50022", "InId": "INK00200"}
MATCHED: Fields = {"UnId": 1, "VaAd": "3", "DcNr": "50028", "InId": "INK00211"}


class Case(NamedTuple):
    """A rule, fields that it lets pass, and the nearest that it refuses: what is said, and what the logbook keeps."""

    rule: str
    passes: Fields
    fails: Fields
    nl: str
    en: str
    field: str
    value: str
    allowed: str
    number: int = GENERAL


CASES = [
    Case(
        "invoice_unit_unknown", OPEN, OPEN | {"UnId": 9}, "No unit available", "No unit available", "UnId", "9",
        "an administration",
    ),
    Case(
        "invoice_field_missing", OPEN, OPEN | {"InId": ""}, "Vul een waarde in bij 'Factuurnummer'.",
        "Enter a value for 'Invoice number'.", "InId", "", "a value",
    ),
    *(
        Case(
            "invoice_unknown", OPEN, OPEN | other, "De ingevulde waarde bij 'Factuurnummer' bestaat niet.",
            "The value entered for 'Invoice number' does not exist.", "InId", str((OPEN | other)["InId"]),
            "an invoice of the administration and relation", UNKNOWN,
        )
        for other in ({"InId": "INK00299"}, {"UnId": 2}, {"VaAd": "2"}, {"DcNr": "50023"})
    ),
    Case(
        "invoice_ambiguous", {"UnId": 1, "InId": "TWICE", "DcNr": "50013"}, {"UnId": 1, "InId": "TWICE"},
        "Er is meer dan één factuur met nummer TWICE. Geef het type rekening en het subnummer op.",
        "There is more than one invoice with number TWICE. Specify the type of account and the sub-number.",
        "InId", "TWICE", "VaAd and DcNr: supplier 50013, customer 10004 have this number",
    ),
    Case(
        "invoice_matched", OPEN | {"AmCr": 5}, MATCHED | {"AmCr": 5},
        "Kredietbeperking is niet toegestaan: factuur INK00211 is volledig afgeletterd.",
        "A credit restriction is not allowed: invoice INK00211 is fully matched.", "AmCr", "5000000", "no value",
    ),
    Case(
        "invoice_payment_condition_unknown", OPEN | {"PaCd": "30e"}, OPEN | {"PaCd": "31"},
        "De ingevulde waarde bij 'Betaalvoorwaarde' bestaat niet.",
        "The value entered for 'Payment condition' does not exist.", "PaCd", "31", "a payment condition", UNKNOWN,
    ),
    Case(
        "invoice_payment_condition_blocked", OPEN | {"PaCd": "60"}, OPEN | {"PaCd": "90"},
        "Betalingsvoorwaarde 90 is geblokkeerd.", "Payment condition 90 is blocked.", "PaCd", "90",
        "one that is not blocked",
    ),
    Case(
        "invoice_bank_account_unknown", OPEN | {"BankAccount": ""}, OPEN | {"BankAccount": "NL00BANK0123456789"},
        "Bankrekening NL00BANK0123456789 niet gevonden bij rekening 50022.",
        "Bank account NL00BANK0123456789 not found for account 50022.", "BankAccount", "NL00BANK0123456789",
        "an account of the relation that occurs once",
    ),
]  # fmt: skip


@pytest.fixture
def book() -> MemoryBook:
    books = demo_book()
    for side, relation in (("supplier", "50013"), ("customer", "10004")):
        books.put("invoices", administration=1, side=side, relation=relation, invoice="TWICE", open_amount=ONE)
    return books


def _case_id(case: Case) -> str:
    return f"{case.rule} {case.fails}"


@pytest.mark.parametrize("case", CASES, ids=_case_id)
def test_what_a_rule_just_lets_pass(book: MemoryBook, case: Case) -> None:
    put(book, **case.passes)


@pytest.mark.parametrize("case", CASES, ids=_case_id)
def test_what_a_rule_just_refuses(book: MemoryBook, case: Case) -> None:
    before = book.dump()
    with pytest.raises(ProfitError) as caught:
        put(book, **case.fails)
    error = caught.value
    assert (error.key, error.number, said(error), said(error, "en")) == (case.rule, case.number, case.nl, case.en)
    reason = error.reason
    assert (reason.path, reason.value) == (f"FiInvoice/Element/Fields/{case.field}", case.value)
    assert reason.allowed == case.allowed
    assert reason.rule == messages.catalogue()[case.rule].rule != ""
    assert book.dump() == before


def test_each_message_of_invoices_is_reached() -> None:
    assert {case.rule for case in CASES} == set(read_json("messages/invoices.json"))


@pytest.mark.parametrize("left_out", [(), ("VaAd",), ("DcNr",), ("VaAd", "DcNr"), ("UnId", "VaAd", "DcNr")])
def test_release_for_payment_by_as_much_as_makes_the_invoice_unique(
    book: MemoryBook, left_out: tuple[str, ...]
) -> None:
    assert found(book, "50022", "INK00200")["blocked_for_payment"] == 1
    changed = put(book, **OPEN | dict.fromkeys(left_out), BlPa="0")
    assert len(changed) == 1
    after = found(book, "50022", "INK00200")
    assert (after["blocked_for_payment"], after["reviewer"]) == (0, "ALLARDJ")


def test_only_named_fields_change(book: MemoryBook) -> None:
    before = found(book, "50022", "INK00200")
    assert put(book, **OPEN) == []
    put(book, **OPEN, Ds="Nieuw", ink=None)
    assert found(book, "50022", "INK00200") == {**before, "description": "Nieuw"}


def test_a_new_payment_condition_moves_the_due_date_from_the_invoice_date(book: MemoryBook) -> None:
    put(book, **OPEN, PaCd="60")
    after = found(book, "50022", "INK00200")
    assert (after["payment_condition"], after["due_date"]) == ("60", "2013-02-05")
    put(book, **OPEN, PaCd="14", ExDa="2013-03-01")
    after = found(book, "50022", "INK00200")
    assert (after["payment_condition"], after["due_date"]) == ("14", "2013-03-01")
    put(book, **OPEN, PaCd="")
    after = found(book, "50022", "INK00200")
    assert (after["payment_condition"], after["due_date"]) == (None, "2013-03-01")


def test_everything_else_is_kept(book: MemoryBook) -> None:
    account = book.where("bank_accounts", organisation_id=(book.find("suppliers", "50022") or {})["organisation_id"])[0]
    fields = {
        "PaId": "1012000118806", "BlPa": True, "DuLe": "1", "NrDu": 2, "LdDa": "2013-02-01", "AuPa": "true",
        "PaBa": 1, "DdId": "M-1", "DaCl": 10, "AmCr": "12.344", "AcCr": 12.35, "VaPa": True, "DaDp": 8,
        "AmPa": 50, "AcPa": 51, "Fref": "REF", "BankAccount": account["iban"],
    }  # fmt: skip
    put(book, **OPEN, **fields)
    after = found(book, "50022", "INK00200")
    expected = {
        "payment_reference": "1012000118806", "blocked_for_payment": 1, "remind": 1, "reminders": 2,
        "last_reminder": "2013-02-01", "auto_payment": 1, "refund": 1, "mandate": "M-1", "restriction_days": 10,
        "restriction": 12_340_000, "restriction_currency": 12_350_000, "discount_includes_vat": 1, "discount_days": 8,
        "discount": 50 * ONE, "discount_currency": 51 * ONE, "reference": "REF", "bank_account": account["iban"],
    }  # fmt: skip
    assert {name: after[name] for name in expected} == expected
    put(book, **OPEN, BlPa="", AmCr="", PaId="", BankAccount="")
    after = found(book, "50022", "INK00200")
    assert [after[name] for name in ("blocked_for_payment", "restriction", "payment_reference", "bank_account")] == [
        0,
        None,
        None,
        None,
    ]


def test_a_matched_invoice_takes_everything_but_a_restriction(book: MemoryBook) -> None:
    put(book, **MATCHED, Ds="Betaald", AmCr="")
    assert found(book, "50028", "INK00211")["description"] == "Betaald"


def test_sales_invoices(book: MemoryBook) -> None:
    put(book, UnId="1", VaAd="2", DcNr="10044", InId="v0002407", DuLe=True, NrDu=1)
    assert found(book, "10044", "V0002407", "customer")["reminders"] == 1
