"""What FiEntries make in the books: lines, invoices, payments, allocations, commitments; and that books stay right."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_afas.errors import ProfitError
from mock_afas.ledger.book import Result
from mock_afas.ledger.payment_terms import due_date
from mock_afas.ledger.posting import divided, money, rounded, times
from tests.ledger_bodies import ACCEPTED, Body, allocated, costs, entry, line, payment, purchase, sale, spread, two
from tests.ledger_cases import committed
from tests.ledger_support import delete, demo_book, invoice, lines_of, post

ONE = 1_000_000


def test_numbers_and_the_answer() -> None:
    book = demo_book()
    highest = book.highest("entries", "entry", administration=1)
    assert post(book, purchase()) == Result("FiEntryPar", {"UnId": "1", "EnNo": str(highest + 1), "InId": "F-1"})
    assert post(book, two(line("1", "0200", 1))).keys == {"UnId": "1", "EnNo": str(highest + 2), "InId": ""}
    assert (post(book, purchase(head={"UnId": 2})).keys or {})["EnNo"] == str(
        book.highest("entries", "entry", administration=2)
    )


def test_without_administrations_there_is_no_unit() -> None:
    book = demo_book()
    book.tables["administrations"] = {}
    with pytest.raises(ProfitError, match="entry_unit_unknown"):
        post(book, purchase(head={"UnId": None}))


def test_lines_carry_everything() -> None:
    book = demo_book()
    relation = {"BpNr": "2024-77", "Ds": "Advies", "PaId": "123", "Judg": "keesz", "InId": "F-1", "PaCd": "14"}
    first, second, third = lines_of(book, post(book, purchase(relation=relation)))
    assert first["account"] == "50013"
    assert (first["debit"], first["credit"]) == (0, 121 * ONE)
    assert (first["currency"], first["rate"], first["credit_currency"]) == ("EUR", ONE, 121 * ONE)
    assert (first["reviewer"], first["blocked_for_payment"], first["due_date"]) == ("KEESZ", 1, "2024-03-19")
    assert (second["vat_code"], second["vat_amount"], second["description"]) == ("5", 21 * ONE, None)
    assert (third["account"], third["vat_code"], third["vat_amount"]) == ("1500", "5", None)
    made = invoice(book, "50013", "F-1")
    assert (made["amount"], made["open_amount"], made["open_amount_currency"]) == (121 * ONE,) * 3
    assert (made["voucher_number"], made["description"], made["payment_reference"]) == ("2024-77", "Advies", "123")
    assert (made["invoice_date"], made["due_date"], made["payment_condition"]) == ("2024-03-05", "2024-03-19", "14")
    assert (made["reviewer"], made["blocked_for_payment"], made["journal"]) == ("KEESZ", 1, "10")


def test_vat_amounts_have_the_side_of_their_line() -> None:
    book = demo_book()
    assert [row["vat_amount"] for row in lines_of(book, post(book, sale()))] == [None, -21 * ONE, None]
    zero = entry(line("3", "50013", -10, InId="Z"), line("1", "4510", 10, VaId="8"))
    assert [row["vat_amount"] for row in lines_of(book, post(book, zero))] == [None, 0]


def test_currency_amounts_are_made_where_they_are_left_out() -> None:
    book = demo_book()
    relation = {"CuId": "nok", "Rate": "7.5"}
    post(book, purchase(creditor="60002", relation={**relation, "InId": "N1"}))
    made = invoice(book, "60002", "N1")
    assert (made["currency"], made["rate"], made["amount_currency"]) == ("NOK", 7_500_000, 907_500_000)
    foreign = {"AmDe": None, "AmCr": None, "AmCc": "907.50", "CuId": "NOK", "InId": "N2"}
    post(book, purchase(creditor="60002", relation=foreign))
    assert invoice(book, "60002", "N2")["amount"] == 121 * ONE


def test_a_body_without_currency_books_in_euros_whatever_the_relation_has() -> None:
    book = demo_book()
    post(book, purchase(creditor="60002"))
    assert invoice(book, "60002", "F-1")["currency"] == "EUR"


def test_autonumbering_takes_what_the_relation_has_not() -> None:
    book = demo_book()
    number = book.highest("entries", "entry", administration=1) + 1
    book.put(
        "invoices",
        administration=1,
        side="supplier",
        relation="50013",
        invoice=f"INK{number:07d}",
        amount=1,
        journal="10",
    )
    result = post(book, purchase(head={"AuNu": True}, relation={"InId": None}))
    assert result.keys == {"UnId": "1", "EnNo": str(number), "InId": f"INK{number + 1:07d}"}
    assert {row["invoice"] for row in lines_of(book, result)} == {f"INK{number + 1:07d}"}
    assert (post(book, purchase(head={"AuNu": True})).keys or {})["InId"] == "F-1"
    assert (post(book, {**payment(None, 5)}).keys or {})["InId"] == ""


@pytest.mark.parametrize(
    ("condition", "due"),
    {
        "00": "2024-01-31", "07": "2024-02-07", "30": "2024-03-01", "30E": "2024-03-31", "60E": "2024-03-31",
        "1M": "2024-02-29", "2M": "2024-03-31", "1MU": "2024-03-15", "3T": "2024-04-30", "VB": "2024-01-31",
        "INC": "2024-02-10",
    }.items(),
)  # fmt: skip
def test_due_dates_by_payment_condition(condition: str, due: str) -> None:
    book = demo_book()
    post(book, purchase(relation={"PaCd": condition, "BpDa": "2024-01-31"}))
    assert invoice(book, "50013", "F-1")["due_date"] == due


def test_due_dates_without_condition_and_at_the_end_of_time() -> None:
    assert due_date(None, "2024-01-31") == "2024-01-31"
    assert due_date({"kind": "D", "days": 10**9, "months": 0}, "2024-01-31") == "9999-12-31"
    assert due_date({"kind": "M", "days": 0, "months": 10**6}, "2024-01-31") == "9999-12-31"
    assert due_date({"kind": None, "days": 3, "months": None}, "2024-01-31") == "2024-02-03"


def test_the_condition_of_the_relation_counts_when_the_line_has_none() -> None:
    book = demo_book()
    post(book, purchase(creditor="50055", account="4125", cost={"VaId": None}))
    assert invoice(book, "50055", "F-1")["due_date"] == "2024-05-05"


def test_payments_lower_what_is_open_and_may_exceed_it() -> None:
    book = demo_book()
    post(book, payment("ink00188", 1806.22))
    assert invoice(book, "60005", "INK00188")["open_amount"] == 0
    post(book, payment("INK00188", 1))
    assert invoice(book, "60005", "INK00188")["open_amount"] == -ONE


def test_payments_of_foreign_invoices_lower_both_amounts() -> None:
    book = demo_book()
    post(book, purchase(creditor="60002", relation={"CuId": "NOK", "Rate": "7.5", "AmCc": "907.50", "InId": "N1"}))
    post(book, payment("N1", 21, creditor="60002"))
    made = invoice(book, "60002", "N1")
    assert (made["open_amount"], made["open_amount_currency"]) == (100 * ONE, 750 * ONE)
    post(book, payment("N1", 100, creditor="60002", CuId="NOK", AmDc=749))
    made = invoice(book, "60002", "N1")
    assert (made["open_amount"], made["open_amount_currency"]) == (0, ONE)


def test_an_unknown_invoice_stays_an_open_payment_until_it_is_booked() -> None:
    book = demo_book()
    before = book.dump()
    first, second = (post(book, payment("LATER", amount)).keys or {} for amount in (100, 21))
    open_payment = invoice(book, "60005", "LATER")
    assert (open_payment["amount"], open_payment["open_amount"], open_payment["journal"]) == (0, -121 * ONE, "50")
    assert open_payment["entry"] == int(first["EnNo"])
    post(book, purchase(creditor="60005", relation={"InId": "LATER"}))
    booked = invoice(book, "60005", "LATER")
    assert (booked["amount"], booked["open_amount"], booked["journal"]) == (121 * ONE, 0, "10")
    with pytest.raises(ProfitError, match="line_invoice_number_used"):
        post(book, purchase(creditor="60005", relation={"InId": "LATER"}))
    delete(book, EnNo=first["EnNo"])
    delete(book, EnNo=second["EnNo"])
    delete(book, JoCo="10", InId="LATER")
    assert book.dump() == before


def test_an_open_payment_in_euros_is_converted_when_its_invoice_is_foreign() -> None:
    book = demo_book()
    post(book, payment("LATER", 21, creditor="60002"))
    post(book, purchase(creditor="60002", relation={"InId": "LATER", "CuId": "NOK", "Rate": 7.5, "AmCc": 907.5}))
    booked = invoice(book, "60002", "LATER")
    assert (booked["open_amount"], booked["open_amount_currency"]) == (100 * ONE, 750 * ONE)


def test_an_entry_is_deleted_when_its_invoice_is_no_longer_there() -> None:
    book = demo_book()
    post(book, purchase())
    del book.tables["invoices"][1, "supplier", "50013", "f-1"]
    book = book.copy()
    delete(book, UnId="1", InId="F-1")


def test_an_invoice_number_on_ledger_lines_alone_is_answered_and_makes_no_invoice() -> None:
    book = demo_book()
    result = post(book, purchase(relation={"InId": None}, cost={"InId": "F-9"}))
    assert (result.keys or {})["InId"] == "F-9"
    assert book.find("invoices", 1, "supplier", "50013", "F-9") is None


def test_open_payments_pass_to_the_next_entry_when_the_first_goes() -> None:
    book = demo_book()
    first, second = (post(book, payment("LATER", amount)).keys or {} for amount in (100, 21))
    delete(book, UnId="1", EnNo=first["EnNo"])
    left = invoice(book, "60005", "LATER")
    assert (left["open_amount"], left["entry"]) == (-21 * ONE, int(second["EnNo"]))
    delete(book, UnId="1", EnNo=second["EnNo"])
    assert book.find("invoices", 1, "supplier", "60005", "LATER") is None


def test_what_a_general_journal_booked_on_an_open_payment_is_an_invoice_when_that_goes() -> None:
    book = demo_book()
    before = book.dump()
    paid = post(book, payment("LATER", 100)).keys or {}
    corrected = [
        post(book, two(line("3", "60005", amount, InId=number))).keys or {}
        for amount, number in ((30, "later"), (5, "LATER"))
    ]
    delete(book, UnId="1", EnNo=paid["EnNo"])
    left = invoice(book, "60005", "LATER")
    assert (left["entry"], left["amount"], left["open_amount"]) == (int(corrected[0]["EnNo"]), -30 * ONE, -35 * ONE)
    for keys in reversed(corrected):
        delete(book, UnId="1", EnNo=keys["EnNo"])
    assert book.dump() == before


def test_a_general_journal_corrects_an_invoice_or_makes_an_open_item() -> None:
    book = demo_book()
    post(book, two(line("2", "10044", -82.5, InId="V0002407")))
    assert invoice(book, "10044", "V0002407", "customer")["open_amount"] == 2000 * ONE
    post(book, two(line("2", "10044", 50, InId="BEGIN"), JoCo="73"))
    made = invoice(book, "10044", "BEGIN", "customer")
    assert (made["amount"], made["open_amount"]) == (50 * ONE, 50 * ONE)


def test_a_credit_invoice_is_below_zero() -> None:
    book = demo_book()
    post(book, ACCEPTED["a credit invoice"])
    assert invoice(book, "50013", "C1")["open_amount"] == -121 * ONE


def test_lines_of_one_invoice_add_up_in_its_currency() -> None:
    book = demo_book()
    foreign = line("3", "60002", -10, InId="N", CuId="NOK", Rate=7.5)
    post(book, entry(foreign, line("3", "60002", -5, InId="n"), line("1", "4210", 15)))
    made = invoice(book, "60002", "N")
    assert (made["amount"], made["amount_currency"]) == (15 * ONE, 112_500_000)


def test_commitments_go_down_and_up_again() -> None:
    book = demo_book()

    def left() -> Any:
        return (book.find("commitments", 1, 7) or {})["open_amount"]

    before = left()
    result = post(book, ACCEPTED["commitment on every line"])
    assert before - left() == 100 * ONE
    other = post(
        book, ACCEPTED["commitment on the creditor"] | purchase(creditor="50022", relation={"InId": "F-2", "CmNo": 7})
    )
    assert before - left() == 221 * ONE
    for keys in (result.keys, other.keys):
        delete(book, EnNo=(keys or {})["EnNo"])
    assert left() == before


def test_allocations_of_one_and_of_several_parts() -> None:
    book = demo_book()
    result = post(book, allocated("4600", 100, {"DiC1": "oost", "DiC2": "ict", "Quan": 2}))
    part = book.where("entry_allocations", administration=1)[-1]
    assert (part["allocation_1"], part["allocation_2"], part["debit"], part["quantity"]) == (
        "OOST",
        "ICT",
        100 * ONE,
        2 * ONE,
    )
    assert lines_of(book, result)[1]["allocation_1"] == "OOST"
    parts = ({"DiC1": "11", "DiC2": "ICT", "AmDe": 30}, {"DiC1": "12", "DiC2": "ICT"})
    result = post(book, allocated("4600", 100, *parts))
    rows = book.where("entry_allocations", administration=1)[-2:]
    assert [(row["part"], row["debit"], row["debit_currency"]) for row in rows] == [
        (1, 30 * ONE, 30 * ONE),
        (2, 70 * ONE, 70 * ONE),
    ]
    of_line = lines_of(book, result)[1]
    assert (of_line["allocation_1"], of_line["allocation_2"]) == (None, "ICT")


def test_allocations_in_a_currency() -> None:
    book = demo_book()
    parts = [{"DiC1": "11", "AmDe": 30, "AmDc": 200, "CuId": "NOK"}, {"DiC1": "12", "AmDe": 70}]
    post(book, two(line("1", "4600", 100, {"FiDimEntries": parts}, CuId="NOK", Rate=7.5)))
    rows = book.where("entry_allocations", administration=1)[-2:]
    assert [(row["debit_currency"], row["currency"]) for row in rows] == [(200 * ONE, "NOK"), (525 * ONE, "NOK")]


def test_the_only_part_of_a_line_can_have_its_own_amount_of_currency() -> None:
    book = demo_book()
    post(book, two(line("1", "4600", 100, {"FiDimEntries": [{"DiC1": "11", "AmDc": 700}]}, CuId="NOK", Rate=7.5)))
    row = book.where("entry_allocations", administration=1)[-1]
    assert (row["debit"], row["debit_currency"], row["credit_currency"]) == (100 * ONE, 700 * ONE, 0)


def test_codes_and_assignments_made_on_the_fly() -> None:
    book = demo_book()
    body = two(line("1", "4108", 100, {"FiDimEntries": [{"DiC1": "west"}]}), AdDa="1")
    post(book, body)
    made = book.find("allocation_assignments", 1, "4108", 1, "WEST")
    assert made is not None
    assert (made["code"], made["description"], made["blocked"]) == ("WEST", "Regio West", 0)
    post(book, two(line("1", "4108", 100, {"FiDimEntries": [{"DiC1": "NIEUW"}]}), AdDa="1", AdDc="1"))
    assert book.find("allocation_assignments", 1, "4108", 1, "NIEUW") is not None
    blocked = two(line("1", "4108", 100, {"FiDimEntries": [{"DiC1": "ZUID"}]}), AdDa="1", AdDc="1")
    with pytest.raises(ProfitError, match="allocation_not_assigned"):
        post(book, blocked)


def test_project_costs() -> None:
    book = demo_book()
    result = post(book, costs(ItCd="k02", PrSt="20", AmSe=150, Ch=True, Qu=1.5, Ds="Doorbelast"))
    row = book.where("entry_projects", administration=1)[-1]
    assert (row["item_type"], row["item"], row["stage"], row["charge"]) == ("6", "K02", "20", 1)
    assert (row["cost"], row["sales_amount"], row["quantity"]) == (100 * ONE, 150 * ONE, 1_500_000)
    assert (row["currency"], row["rate"]) == ("EUR", ONE)
    assert lines_of(book, result)[1]["project"] == "300000"


def test_accruals_are_spread_and_rounded() -> None:
    book = demo_book()
    post(book, spread(YeEn=2025, PeEn=2, SuAc="1400", VaRo="T"))
    rows = book.where("entry_transitories", administration=1)
    assert [(row["year"], row["period"]) for row in rows][:2] == [(2024, 4), (2024, 5)]
    assert (rows[-1]["year"], rows[-1]["period"], rows[-1]["suspense_account"]) == (2025, 2, "1400")
    assert [row["amount"] for row in rows] == [10 * ONE] * 10 + [20 * ONE]


def test_bank_accounts_by_number_and_by_id() -> None:
    book = demo_book()
    post(book, purchase(creditor="60011", relation={"BankAccount": "0027384905"}))
    assert invoice(book, "60011", "F-1")["bank_account"] == "0027384905"
    own = book.where("bank_accounts", organisation_id=(book.find("suppliers", "60021") or {})["organisation_id"])[1]
    post(book, purchase(creditor="60021", relation={"IdBa": own["bank_account_id"], "AmGa": 40}))
    made = invoice(book, "60021", "F-1")
    assert (made["bank_account"], made["g_amount"]) == ("NL47ABNA0990451873", 40 * ONE)


@pytest.mark.parametrize("field", ["CuId", "Rate", "AmDc", "AmCc"])
def test_each_field_of_currencies_is_refused_without_them(field: str) -> None:
    given = {"CuId": "XYZ", "Rate": 7.5, "AmDc": 0, "AmCc": 5}
    with pytest.raises(ProfitError, match="licence_currencies"):
        post(demo_book(), purchase(relation={field: given[field]}), without=["currencies"])


def test_fields_of_missing_features_can_be_ignored() -> None:
    book = demo_book()
    settings: dict[str, Any] = {
        "without": ("currencies", "projects", "allocation", "commitments"),
        "missing_features": "ignored",
    }
    post(book, purchase(creditor="60002", relation={"CuId": "NOK", "Rate": 0, "AmCc": 5}), **settings)
    assert invoice(book, "60002", "F-1")["currency"] == "EUR"
    result = post(book, committed(99) | two(line("1", "8080", 100, PrId="X", CmNo=99)), **settings)
    assert lines_of(book, result)[1]["project"] is None
    result = post(book, allocated("8074", 100, {"DiC1": "?"}), **settings)
    assert lines_of(book, result)[1]["allocation_1"] is None
    post(book, costs(PrId="?"), **settings)


def test_a_financial_year_that_is_not_the_calendars() -> None:
    book = demo_book()
    for row in list(book.where("periods", administration=1, year=2024)):
        book.put(
            "periods", **{**row, "date_from": "2024-07-01", "date_to": "2024-07-01", "blocked": int(row["period"] == 2)}
        )
    book.put("periods", administration=1, year=2024, period=2, date_from="2024-03-01", date_to="2024-04-30")
    with pytest.raises(ProfitError, match="entry_date_blocked"):
        post(book, purchase())


def test_deletion_by_invoice_and_journal() -> None:
    book = demo_book()
    before = book.dump()
    post(book, purchase())
    delete(book, UnId="1", JoCo="10", InId="F-1", Year="2024", Peri="3")
    assert book.dump() == before


@pytest.mark.parametrize(
    ("amount", "whole"),
    [(14_999, 10_000), (15_000, 20_000), (-15_000, -20_000), (-14_999, -10_000), (0, 0), (4_999, 0)],
)
def test_amounts_are_rounded_to_cents(amount: int, whole: int) -> None:
    assert rounded(amount) == whole
    assert times(amount, ONE) == whole
    assert divided(amount, ONE) == whole


def test_no_sum_outgrows_the_books() -> None:
    book = demo_book()
    most = 999_999_999_999
    thrice = [line("3", "60005", -most, InId="X") for _ in range(3)]
    with pytest.raises(ProfitError, match="entry_amount_too_large"):
        post(book, entry(*thrice, *(line("1", "4510", most) for _ in range(3))))
    post(book, payment("X", most))
    with pytest.raises(ProfitError, match="entry_amount_too_large"):
        post(book, payment("X", 1))
    parts: list[Body] = [{"DiC1": "11", "AmCr": most}, {"DiC1": "12", "AmCr": most}, {"DiC1": "13"}]
    with pytest.raises(ProfitError, match="entry_amount_too_large"):
        post(book, allocated("4600", 100, *parts))
    first, second = (
        purchase(account="4710", creditor="50022", cost={"CmNo": 7}, relation={"InId": number}, net=800_000_000_000)
        for number in ("F-1", "F-2")
    )
    post(book, first)
    with pytest.raises(ProfitError, match="entry_amount_too_large"):
        post(book, second)


def test_messages_write_amounts_by_language() -> None:
    assert money(-1_234_567_890) == {"nl": "-1234,57", "en": "-1234.57"}


# ---------------------------------------------------------------- whatever is booked

_RELATIONS = st.sampled_from([("3", "50013"), ("3", "50011"), ("2", "10004"), ("2", "10044")])
_ACCOUNTS = st.sampled_from([("1", number) for number in ("4510", "0200", "1901", "1100", "4600", "8010")])
_AMOUNTS = st.integers(-100_000, 100_000).map(lambda cents: cents / 100)
_LINES = st.tuples(_ACCOUNTS | _RELATIONS, _AMOUNTS, st.sampled_from([None, "P1", "P2", "INK00190"]))
_ENTRIES = st.tuples(st.sampled_from(["50", "80"]), st.lists(_LINES, min_size=1, max_size=6))


def _random(journal: str, drawn: list[tuple[Any, float, str | None]]) -> Body:
    lines = [line(place[0], place[1], amount, InId=number) for place, amount, number in drawn]
    left = -sum(round(amount * 100) for _, amount, _ in drawn) / 100
    return entry(*lines, line("1", "1990", left), JoCo=journal)


@given(st.lists(_ENTRIES, min_size=1, max_size=4), st.data())
def test_books_stay_balanced_and_open_amounts_follow_the_lines(
    entries: list[tuple[str, list[tuple[Any, float, str | None]]]], data: st.DataObject
) -> None:
    book = demo_book()
    before = book.dump()
    posted = [post(book, _random(journal, drawn)) for journal, drawn in entries]
    expected: dict[tuple[Any, ...], int] = {}
    for result in posted:
        rows = lines_of(book, result)
        assert sum(int(str(row["debit"])) - int(str(row["credit"])) for row in rows) == 0
        for row in rows:
            if row["account_kind"] != "1" and row["invoice"] is not None:
                side, sign = ("supplier", -1) if row["account_kind"] == "3" else ("customer", 1)
                key = (1, side, row["account"], str(row["invoice"]).casefold())
                amount = sign * (int(str(row["debit"])) - int(str(row["credit"])))
                expected[key] = expected.get(key, 0) + amount
    for key, amount in expected.items():
        earlier: Any = before["invoices"].get(key, {"open_amount": 0})
        now: Any = book.tables["invoices"][key]
        assert now["open_amount"] - earlier["open_amount"] == amount
    for result in data.draw(st.permutations(posted)) if _payments_only(entries) else reversed(posted):
        delete(book, EnNo=(result.keys or {})["EnNo"])
    assert book.dump() == before


def _payments_only(entries: list[tuple[str, list[Any]]]) -> bool:
    """Payments can be undone in any order; what a general journal made cannot before what came upon it."""
    return all(journal == "50" for journal, _ in entries)
