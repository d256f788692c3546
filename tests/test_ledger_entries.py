"""FiEntries at the level of the ledger: each rule at its border, what is accepted, and undoing it."""

from __future__ import annotations

import pytest

from mock_afas import messages
from mock_afas.errors import ProfitError
from mock_afas.fixtures import read_json
from tests.ledger_bodies import ACCEPTED, Body, payment, purchase
from tests.ledger_cases import CASES, GENERAL, UNKNOWN, Case
from tests.ledger_support import MemoryBook, delete, demo_book, post, said


def _case_id(case: Case) -> str:
    return f"{case.rule} {case.path.rsplit('/', 1)[-1]} {case.value}"


def _prepared(case: Case) -> MemoryBook:
    book = demo_book()
    if case.prepare is not None:
        case.prepare(book)
    return book


@pytest.mark.parametrize("case", CASES, ids=_case_id)
def test_what_a_rule_just_lets_pass(case: Case) -> None:
    post(_prepared(case), case.passes, without=case.without)


@pytest.mark.parametrize("case", CASES, ids=_case_id)
def test_what_a_rule_just_refuses(case: Case) -> None:
    book = _prepared(case)
    before = book.dump()
    with pytest.raises(ProfitError) as caught:
        post(book, case.fails, without=case.without)
    error = caught.value
    assert (error.key, error.number) == (case.rule, case.number)
    assert said(error) == case.nl
    assert said(error, "en") == case.en
    reason = error.reason
    assert (reason.path, reason.value, reason.allowed) == (case.path, case.value, case.allowed)
    assert reason.rule == messages.catalogue()[case.rule].rule != ""
    assert book.dump() == before


DELETIONS = [
    ("entry_unit_unknown", {"UnId": "9", "EnNo": "1"}, "No unit available", GENERAL),
    ("entry_unit_unknown", {"UnId": "one", "EnNo": "1"}, "No unit available", GENERAL),
    ("entry_key_missing", {"UnId": "1", "JoCo": "10"},
     "Geef het nummer van de journaalpost of het factuurnummer op.", GENERAL),
    ("entry_unknown", {"UnId": "1", "EnNo": "99999"}, "Journaalpost 99999 is niet gevonden.", UNKNOWN),
    ("entry_unknown", {"UnId": "1", "EnNo": "x"}, "Journaalpost x is niet gevonden.", UNKNOWN),
    ("entry_unknown", {"UnId": "1", "JoCo": "20", "InId": "F-1"}, "Journaalpost F-1 is niet gevonden.", UNKNOWN),
    ("entry_ambiguous", {"UnId": "1", "InId": "F-1"},
     "Er is meer dan één journaalpost met factuurnummer F-1.", GENERAL),
    ("entry_paid", {"UnId": "1", "JoCo": "10", "InId": "f-1"},
     "De journaalpost kan niet worden verwijderd: op factuur F-1 van relatie 50013 is al afgeletterd.", GENERAL),
    ("entry_period_blocked", {"UnId": "1", "EnNo": "1", "Year": "2012"},
     "Voor deze administratie is periode 1 van jaar 2012 geblokkeerd.", GENERAL),
    ("entry_date_blocked", {"UnId": "1", "InId": "F-2"},
     "Datum '5-3-2024' valt in een geblokkeerde periode", GENERAL),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "keys", "nl", "number"), DELETIONS)
def test_deletions_that_are_refused(rule: str, keys: dict[str, str], nl: str, number: int) -> None:
    book = demo_book()
    post(book, purchase())
    post(book, payment("F-1", 0.01, creditor="50013"))
    post(book, purchase(relation={"InId": "F-2"}, head={"Peri": 4}))
    book.put("periods", administration=1, year=2024, period=3, blocked=int(rule == "entry_date_blocked"))
    before = book.dump()
    with pytest.raises(ProfitError) as caught:
        delete(book, **keys)
    assert (caught.value.key, caught.value.number, said(caught.value)) == (rule, number, nl)
    assert caught.value.reason.rule
    assert caught.value.reason.allowed
    assert book.dump() == before


def test_each_message_of_entries_is_reached() -> None:
    reached = {case.rule for case in CASES} | {rule for rule, *_ in DELETIONS}
    assert reached == set(read_json("messages/entries.json"))


# ---------------------------------------------------------------- bodies as AFAS documents them


@pytest.mark.parametrize("body", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_bodies_that_are_accepted_and_undone(body: Body) -> None:
    book = demo_book()
    before = book.dump()
    result = post(book, body)
    assert result.root == "FiEntryPar"
    assert result.keys is not None
    assert all(isinstance(value, str) for value in result.keys.values())
    delete(book, UnId=result.keys["UnId"], EnNo=result.keys["EnNo"])
    assert book.dump() == before
