"""What belongs to a relation: addresses, bank accounts, contacts. What was made once is found again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_afas.demo.identifiers import dutch_iban
from mock_afas.errors import ProfitError
from mock_afas.fixtures import read_json
from mock_afas.ledger.bics import bic_of
from tests.relations_support import (
    ADDRESS,
    CUSTOM,
    GOOD_IBAN,
    NOW,
    SALES,
    Element,
    Office,
    banked,
    below,
    change,
    creditor,
    debtor,
    known,
    lived,
    met,
    organisation,
)

ADR = below("KnBasicAddressAdr", **ADDRESS)
G_ACCOUNT = below("KnBankAccount", CoId="NL", IbCk=True, BaAc="849835607", BkTp="528001", AcGa=True)

# ---------------------------------------------------------------- addresses


def places(office: Office, number: str) -> tuple[Any, Any]:
    row = office.book.find("organisations", number)
    assert row is not None
    return row["address_id"], row["postal_address_id"]


def test_an_identical_address_is_one_row() -> None:
    office = Office()
    first, second = (office.send(lived())["BcCo"] for _ in range(2))
    assert places(office, first) == places(office, second)
    other = office.send(lived(HmAd="a"))["BcCo"]
    assert places(office, other)[0] != places(office, first)[0]


@pytest.mark.parametrize(
    ("padadr", "postal", "same"), [(True, False, True), (True, True, True), (False, True, False), (None, False, True)]
)
def test_the_postal_address(padadr: bool | None, postal: bool, same: bool) -> None:
    post_box = below("KnBasicAddressPad", **{**ADDRESS, "PbAd": True, "Ad": ""})
    objects = {**ADR, **(post_box if postal else {})}
    office = Office()
    at_, at_post = places(office, office.send(creditor(organisation(objects, PadAdr=padadr)))["BcCo"])
    assert (at_ == at_post) is same


def test_without_following_there_is_no_postal_address() -> None:
    office = Office()
    objects = organisation(ADR, PadAdr=False)
    assert places(office, office.send(creditor(objects))["BcCo"])[1] is None


def test_an_address_that_is_also_the_postal_address_is_one_row() -> None:
    objects = {**ADR, **below("KnBasicAddressPad", **ADDRESS)}
    office = Office()
    where, postal = places(office, office.send(creditor(organisation(objects, PadAdr=False)))["BcCo"])
    assert where == postal


def test_moving_house() -> None:
    office = Office()
    keys = office.send(lived())
    office.send(change(known(keys["BcCo"], below("KnBasicAddressAdr", CoId="NL", Rs="Utrecht")), number=keys["CrId"]))
    shown = office.read("Zenvoices_Suppliers", "supplier_id", keys["CrId"])
    assert (shown["Recidence"], shown["Address"], shown["ModifiedDate"]) == ("Utrecht", None, NOW)
    where, postal = places(office, keys["BcCo"])
    assert where == postal, "the postal address was the address, and follows"
    apart = known(keys["BcCo"], ADR, PadAdr=False)
    office.send(change(apart, number=keys["CrId"]))
    assert places(office, keys["BcCo"])[1] == where
    office.send(change(known(keys["BcCo"], PadAdr=True), number=keys["CrId"]))
    moved, postal = places(office, keys["BcCo"])
    assert moved == postal != where


# ---------------------------------------------------------------- bank accounts


def accounts(office: Office, owner: str) -> list[Any]:
    return [dict(row) for row in office.book.where("bank_accounts", organisation_id=owner)]


def preferred(office: Office, number: str) -> tuple[Any, Any]:
    row = office.book.find("suppliers", number)
    assert row is not None
    return row["iban"], row["bic"]


def test_several_accounts_and_the_same_twice() -> None:
    office = Office()
    bank = below("KnBankAccount", *[{"Fields": {"CoId": "NL", "Iban": GOOD_IBAN}}] * 2)
    keys = office.send(creditor(organisation(bank)))
    assert [row["iban"] for row in accounts(office, keys["BcCo"])] == [GOOD_IBAN] * 2


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"Iban": GOOD_IBAN},
            {"bic": "ABNANL2A", "account_number": "417164300", "bank_type": "528000", "country": "NL"},
        ),
        ({"Iban": GOOD_IBAN, "Bic": "RABONL2U"}, {"bic": "RABONL2U"}),
        ({"Iban": "NL91XXXX0417164300"}, {"bic": None}),
        ({"CoId": "", "Iban": "BE92001613820423"}, {"bic": None, "country": "B", "account_number": "001613820423"}),
        ({"BaAc": "849835607", "AcGa": True}, {"iban": None, "g_account": 1, "bank_type": "528001"}),
        ({"BaAc": "1", "BkTp": "528000", "AcGa": True, "BaNm": "ING"}, {"bank_type": "528000", "name": "ING"}),
    ],
)
def test_what_an_account_is(fields: Element, expected: Element) -> None:
    office = Office()
    (row,) = accounts(office, office.send(banked(**fields))["BcCo"])
    assert {name: row[name] for name in expected} == expected


def test_every_bank_of_the_demo_data_is_known() -> None:
    for bank, bic in read_json("demo/names.json")["banks"]:
        assert bic_of(dutch_iban(bank, 1)) == bic


def test_an_added_iban_becomes_the_preferred_one() -> None:
    office = Office()
    before = preferred(office, "50017")
    office.send(change(known("1000040", G_ACCOUNT)))
    assert preferred(office, "50017") == before, "a G account is none to pay on"
    office.send(change(known("1000040", below("KnBankAccount", CoId="NL", Iban=GOOD_IBAN))))
    assert preferred(office, "50017") == (GOOD_IBAN, "ABNANL2A")


def test_the_preferred_account_is_named() -> None:
    office = Office()
    (first,) = accounts(office, "1000040")
    office.send(change(known("1000040", below("KnBankAccount", CoId="NL", Iban=GOOD_IBAN)), Iban=first["iban"]))
    assert preferred(office, "50017") == (first["iban"], first["bic"])
    office.send(change(BaAc="417164300"))
    assert preferred(office, "50017") == (GOOD_IBAN, "ABNANL2A")
    assert len(accounts(office, "1000040")) == 2


def test_a_preferred_account_that_is_new_is_added() -> None:
    office = Office()
    iban = dutch_iban("RABO", 123456789)
    office.send(change(Iban=iban))
    assert preferred(office, "50017") == (iban, "RABONL2U")
    assert [row["iban"] for row in accounts(office, "1000040")][-1] == iban


def test_a_new_relation_is_paid_on_the_account_its_organisation_has() -> None:
    office = Office()
    office.book.put("bank_accounts", bank_account_id=1, organisation_id="1000241", iban=GOOD_IBAN, g_account=1)
    customer = office.book.find("customers", "10100")
    assert customer is not None
    keys = office.send(creditor(known("1000241")))
    assert preferred(office, keys["CrId"]) == (customer["iban"], customer["bic"])


# ---------------------------------------------------------------- contacts


def contacts(office: Office, owner: str) -> list[Any]:
    return [dict(row) for row in office.book.where("contacts", organisation_id=owner)]


def test_a_person_at_an_organisation() -> None:
    office = Office()
    person = {"FiNm": "Ans", "Is": "de", "LaNm": "Vries", "ViGe": "V", "EmA2": "ans@prive.example", "MbNr": "06-1"}
    bank = below("KnBankAccount", CoId="NL", Iban=GOOD_IBAN)
    element = {
        "Fields": {"ViFu": "200", "FuDs": "Administratie", "TeNr": "033-1", "Re": "Belt graag"},
        "Objects": {"KnPerson": {"Element": {"Fields": person, "Objects": {**bank, **ADR}}}},
    }
    keys = office.send(creditor(organisation(below("KnContact", element))))
    (row,) = contacts(office, keys["BcCo"])
    expected = {
        "contact_id": 1007,
        "type": "PRS",
        "name": "Ans de Vries",
        "function": "200",
        "function_card": "Administratie",
        "gender": "V",
        "phone": "033-1",
        "mobile": "06-1",
        "email_private": "ans@prive.example",
        "note": "Belt graag",
        "blocked": 0,
    }
    assert {name: row[name] for name in expected} == expected
    someone = office.book.find("organisations", row["person_id"])
    assert someone is not None
    assert (someone["type"], someone["name"], someone["search_name"]) == ("P", "Ans de Vries", "VRIES")
    assert someone["address_id"] is not None
    assert len(accounts(office, str(row["person_id"]))) == 1
    assert preferred(office, keys["CrId"]) == (None, None), "that account is the person's"
    assert office.read("Profit_Contacts", "contact_id", "1007")


def test_a_contact_without_a_name_has_that_of_the_organisation() -> None:
    office = Office()
    keys = office.send(met(SALES, ViKc="AFL"))
    (row,) = contacts(office, keys["BcCo"])
    assert (row["type"], row["name"], row["department"]) == ("AFL", "Jansen", None)


def test_a_person_looked_for_without_a_number_is_new() -> None:
    office = Office()
    (row,) = contacts(office, office.send(met(person={"MatchPer": "0", "Re": "x"}))["BcCo"])
    assert row["person_id"] == "1002006"


def test_a_contact_that_is_there_is_changed() -> None:
    office = Office()
    before = contacts(office, "1000032")
    person = {"Objects": below("KnPerson", MatchPer="0", BcCo="1000585"), "Fields": {"TeNr": "1", "Bl": True}}
    department = {"Fields": {"ExAd": "verkoop binnendienst", "TeNr": "2"}}
    delivery = {"Fields": {"ExAd": "Magazijn"}, "Objects": ADR}
    office.send(change(known("1000032", below("KnContact", person, department, delivery)), number="50013"))
    after = contacts(office, "1000032")
    assert [row["contact_id"] for row in after] == [row["contact_id"] for row in before] + [1007]
    assert {row["contact_id"]: row["phone"] for row in after} == {970: "1", 971: "2", 1007: None}
    assert [row["name"] for row in after][-1] == "Magazijn"
    assert office.read("Zenvoices_Suppliers", "supplier_id", "50013")["ModifiedDate"] == NOW


PERSONS: list[tuple[Element, Element, bool]] = [
    ({"FiNm": "Ans", "LaNm": "Wit"}, {"MatchPer": "7", "FiNm": "Ans", "LaNm": "Wit"}, False),
    ({"FiNm": "Ans", "LaNm": "Wit"}, {"MatchPer": "2", "FiNm": "ANS", "LaNm": "wit"}, True),
    ({"FiNm": "Ans", "LaNm": "Wit", "ViGe": "V"}, {"MatchPer": "2", "FiNm": "Ans", "LaNm": "Wit", "ViGe": "M"}, False),
    ({"LaNm": "Wit", "EmAd": "a@b.example"}, {"MatchPer": "3", "LaNm": "Wit", "EmAd": "A@b.example"}, True),
    ({"LaNm": "Wit", "EmAd": "a@b.example"}, {"MatchPer": "3", "LaNm": "Wit", "EmAd": "c@b.example"}, False),
    ({"LaNm": "Wit", "MbNr": "06-1"}, {"MatchPer": "4", "LaNm": "Wit", "MbNr": "06-1"}, True),
    ({"LaNm": "Wit", "TeNr": "033-1"}, {"MatchPer": "5", "LaNm": "Wit", "TeNr": "033-2"}, False),
    ({"LaNm": "Wit", "DaBi": "1980-02-03"}, {"MatchPer": "6", "LaNm": "Wit", "DaBi": "1980-02-03"}, True),
    ({"LaNm": "Wit", "SoSe": "111222333"}, {"MatchPer": "1", "LaNm": "Zwart", "SoSe": "1112.22.333"}, True),
    ({"LaNm": "Wit", "AutoNum": False, "BcCo": "10001"}, {"BcCo": "10001", "CaNm": "An", "LaNm": "Zwart"}, True),
]


@pytest.mark.parametrize(("first", "second", "found"), PERSONS)
def test_a_person_is_found_by_what_matchper_says(first: Element, second: Element, found: bool) -> None:
    office = Office()

    def person_of(fields: Element) -> Any:
        objects = organisation(below("KnContact", {"Objects": below("KnPerson", **fields)}))
        (row,) = contacts(office, office.send(creditor(objects))["BcCo"])
        return row["person_id"]

    assert (person_of(first) == person_of(second)) is found


def test_a_person_that_is_found_keeps_its_name_unless_it_is_given() -> None:
    office = Office()
    office.send(met(person={"MatchPer": "0", "BcCo": "1000744", "LaNm": None, "TeNr": "033-9", CUSTOM: 1}))
    row = office.book.find("organisations", "1000744")
    assert row is not None
    assert (row["name"], row["phone"], row["type"]) == ("Joost Veenstra", "033-9", "P")


# ---------------------------------------------------------------- found again

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60)
HOUSES = st.integers(1, 99_999)


@given(
    name=WORDS, street=WORDS, house=HOUSES, city=WORDS.map(lambda word: word[:50]), account=st.integers(0, 9_999_999)
)
def test_what_was_made_once_is_found_again(name: str, street: str, house: int, city: str, account: int) -> None:
    office = Office()
    address = {"CoId": "NL", "PbAd": False, "Ad": street, "HmNr": house, "ZpCd": "1234AB", "Rs": city}
    iban = dutch_iban("TRIO", account)
    objects = {**below("KnBasicAddressAdr", **address), **below("KnBankAccount", CoId="NL", Iban=iban, IbCk=True)}
    keys = office.send(creditor(organisation(objects, Nm=name, CcNr="99999999")))
    shown = office.read("Zenvoices_Suppliers", "supplier_id", keys["CrId"])
    assert (shown["CreditorName"], shown["Address"], shown["Number"], shown["Recidence"]) == (name, street, house, city)
    assert (shown["IBAN"], shown["BIC"]) == (iban, "TRIONL2U")
    searches: list[Callable[[], Element]] = [
        lambda: organisation(MatchOga="0", BcCo=keys["BcCo"]),
        lambda: organisation(MatchOga="1", CcNr="99999999"),
        lambda: organisation(MatchOga="3", Nm=name),
        lambda: organisation(below("KnBasicAddressAdr", **address), MatchOga="4"),
    ]
    for search in searches:
        _, result = office.draft(debtor({**search()}))
        assert result.keys is not None
        assert result.keys["BcCo"] == keys["BcCo"]
    addresses = len(office.book.tables["addresses"])
    second = office.send(debtor(organisation(below("KnBasicAddressAdr", **address), MatchOga="4", Nm=None)))
    assert second["BcCo"] == keys["BcCo"]
    assert len(office.book.tables["addresses"]) == addresses
    with pytest.raises(ProfitError):
        office.send(creditor(known(keys["BcCo"])))
