"""The rules of relations hold, documented bodies pass, and what is accepted shows where clients read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from mock_afas import messages
from mock_afas.errors import ProfitError
from mock_afas.fixtures import read_json
from tests.relations_cases import RELATION, Case
from tests.relations_part_cases import ORGANISATIONS, PARTS
from tests.relations_support import (
    ADDRESS,
    CUSTOM,
    NOW,
    PURCHASE,
    SALES,
    Office,
    below,
    change,
    creditor,
    debtor,
    delete,
    known,
    organisation,
    post,
    put,
)

#: The number of an error about something that does not exist.
UNKNOWN = -2147220469
CASES = (*RELATION, *ORGANISATIONS, *PARTS)


def name_of(case: Case) -> str:
    return case.rule


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_what_just_passes(case: Case) -> None:
    case.office().send(case.good)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_what_just_fails(case: Case) -> None:
    office = case.office()
    before = office.book.copy().tables
    with pytest.raises(ProfitError) as caught:
        office.send(case.bad)
    error = caught.value
    message = messages.catalogue()[case.rule]
    assert error.key == case.rule
    assert error.number == (UNKNOWN if case.text[0].endswith("bestaat niet.") else messages.GENERAL)
    assert messages.text(error.key, "nl", error.parameters) == case.text[0]
    assert messages.text(error.key, "en", error.parameters) == case.text[1]
    assert error.reason.rule == message.rule
    assert (error.reason.path, error.reason.value) == (case.path, case.value)
    assert error.reason.allowed
    assert case.allowed in error.reason.allowed
    assert office.book.tables == before


def test_every_message_is_reached() -> None:
    assert set(read_json("messages/relations.json")) <= {case.rule for case in CASES}


@pytest.mark.parametrize(
    ("entity", "row", "what"),
    [
        ("invoices", {"administration": 2, "side": "supplier", "relation": "32303", "invoice": "1"}, "facturen"),
        (
            "entry_lines",
            {"administration": 2, "entry": 1, "sequence": 9, "account_kind": "3", "account": "32303"},
            "boek",
        ),
        ("commitments", {"administration": 2, "commitment": 999_999, "supplier_id": "32303"}, "verplichtingen"),
        ("subjects", {"subject_id": 999_999, "destination_type": 11, "destination": "32303"}, "dossieritems"),
    ],
)
def test_what_keeps_a_creditor(entity: str, row: Mapping[str, Any], what: str) -> None:
    office = Office()
    office.send(creditor(CrId="32303"))
    office.draft(delete("32303"))
    office.book.put(entity, **row)
    with pytest.raises(ProfitError) as caught:
        office.send(delete("32303"))
    assert what in messages.text(caught.value.key, "nl", caught.value.parameters)


def test_the_same_of_a_debtor_keeps_no_creditor() -> None:
    office = Office()
    office.send(creditor(CrId="32303"))
    for line, kind in enumerate("12", 1):
        office.book.put(
            "entry_lines", administration=2, entry=1, sequence=90 + line, account_kind=kind, account="32303"
        )
    office.book.put("invoices", administration=2, side="customer", relation="32303", invoice="1")
    office.book.put("subjects", subject_id=999_999, destination_type=4, destination="32303")
    office.send(delete("32303"))


# ---------------------------------------------------------------- bodies of the kinds that AFAS documents

STREET = {"PbAd": "0", "Ad": "Storkstraat", "HmNr": "105", "ZpCd": "3833LC", "CoId": "NL", "Rs": "Leusden"}
DOCUMENTED = {
    "basis": post(
        PURCHASE,
        **{"@CrId": ""},
        Fields={"CuId": "EUR", "InPv": "A"},
        Objects={
            "KnOrganisation": {
                "Element": {
                    "Fields": {"PadAdr": "1", "AutoNum": "1", "MatchOga": "6", "Nm": "Jansen"},
                    "Objects": below("KnBasicAddressAdr", **STREET, ResZip="0"),
                }
            }
        },
    ),
    "bank account on a change": put(
        PURCHASE,
        "50017",
        Objects=known(
            "1000040", below("KnBankAccount", CoId="NL", IbCk=True, BaAc="849835607", BkTp="528001", AcGa=True)
        ),
    ),
    "debtor with a post box": debtor(
        organisation(
            {
                **below("KnBasicAddressAdr", **STREET, ResZip=False),
                **below(
                    "KnBasicAddressPad", PbAd=True, HmNr="105", ZpCd="3833LC", CoId="NL", Rs="Leusden", ResZip=False
                ),
            },
            PadAdr=False,
            SeNm="ZOEKNAAM",
        ),
        IsDb=True,
        PaCd="14",
        ColA="1300",
        InPv="E",
    ),
    "blocked debtor": put(SALES, "10100", Fields={"Bl": True}, Objects=known("1000241")),
    "numbers given": debtor(organisation(AutoNum=False, BcCo="10001"), DbId="40999"),
    "numbers given and searched": creditor(organisation(MatchOga="0", AutoNum=False, BcCo="32300"), CrId="32301"),
    "coded values as truth": creditor(VaDu=True, PayM=True, Krli=False, AuPa="true", CuId="eur"),
    "organisation becomes debtor": debtor(known("1000002", AutoNum=None), DbId="125810"),
    "by number of the chamber of commerce": creditor(organisation(MatchOga="1", CcNr="31012345")),
    "contact person": debtor(
        organisation(
            below(
                "KnContact",
                {
                    "Fields": {"PadAdr": True, "ViKc": "PRS", "ViFu": "100", "FuDs": "Directeur"},
                    "Objects": below(
                        "KnPerson",
                        PadAdr=True,
                        AutoNum=True,
                        MatchPer="7",
                        LaNm="Jansen",
                        In="J.",
                        ViGe="M",
                        TtId="ALG",
                    ),
                },
            )
        )
    ),
    "contact of the relation": put(SALES, "10178", Fields={"CtP1": "1005"}),
    "custom fields": creditor(organisation(**{CUSTOM: "x"}), **{CUSTOM: True}),
}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_documented_bodies_are_accepted(name: str) -> None:
    keys = Office().send(DOCUMENTED[name])
    assert all(isinstance(value, str) and value for value in keys.values())
    assert list(keys) == (["BcCo", "CrId"] if DOCUMENTED[name].connector == PURCHASE else ["DbId", "BcCo"])


def test_documented_bodies_pass_one_after_the_other() -> None:
    office = Office()
    for write in DOCUMENTED.values():
        office.send(write)


# ---------------------------------------------------------------- numbers


def test_numbers_follow_the_highest() -> None:
    office = Office()
    assert office.send(creditor()) == {"CrId": "60031", "BcCo": "1002005"}
    assert office.send(creditor(CrId="70000")) == {"CrId": "70000", "BcCo": "1002006"}
    assert office.send(creditor()) == {"CrId": "70001", "BcCo": "1002007"}
    assert office.send(debtor()) == {"DbId": "50002", "BcCo": "1002008"}


def test_a_number_that_the_document_itself_takes_is_not_given_again() -> None:
    person = below("KnPerson", MatchPer="7", AutoNum=True, LaNm="Vries")
    objects = organisation(below("KnContact", {"Objects": person}), AutoNum=False, BcCo="1002005")
    office = Office()
    assert office.send(creditor(objects))["BcCo"] == "1002005"
    (contact,) = office.book.where("contacts", organisation_id="1002005")
    assert contact["person_id"] == "1002006"


def test_a_refused_document_uses_up_no_number() -> None:
    office = Office()
    with pytest.raises(ProfitError):
        office.send(creditor(organisation(Nm=None)))
    assert office.send(creditor())["CrId"] == "60031"


def test_automatic_numbers_need_every_administration() -> None:
    office = Office()
    office.book.put("administrations", administration=3, autonumber_debtors=0)
    office.send(creditor())
    with pytest.raises(ProfitError) as caught:
        office.send(debtor())
    assert messages.text(caught.value.key, "nl", caught.value.parameters) == "Vul een waarde in bij 'Nummer debiteur'."


# ---------------------------------------------------------------- what a reader sees


def test_a_new_creditor_is_among_the_suppliers() -> None:
    office = Office()
    bank = below("KnBankAccount", CoId="NL", Iban="nl91 abna 0417 1643 00", IbCk=True)
    place = below("KnBasicAddressAdr", **{**ADDRESS, "HmAd": "b"})
    fields = {"PaCd": "30", "VaId": "NL803115751B01", "IvJu": "KEESZ", "ToAc": "4210", "Krli": "1500.5", "VaDu": True}
    objects = organisation({**bank, **place}, TeNr="033-4341800", EmAd="info@jansen.example", CcNr="31045207")
    keys = office.send(creditor(objects, PayM=True, AuPa=True, **fields))
    shown = office.read("Zenvoices_Suppliers", "supplier_id", keys["CrId"])
    assert shown == {
        "CreditorId": "60031",
        "CreditorName": "Jansen",
        "BcCo": "1002005",
        "SearchName": "JANSEN",
        "Adressline1": "Storkstraat 105 b",
        "Adressline3": "3833LC Leusden",
        "Adressline4": "Nederland",
        "TelNr": "033-4341800",
        "Email": "info@jansen.example",
        "IBAN": "NL91ABNA0417164300",
        "Btw-nummer": "NL803115751B01",
        "ChOfCommNr": "31045207",
        "PaymentCondition": "30",
        "CreditLimit": 1_500_500_000,
        "TempBlocked": 0,
        "VatDuty": "1",
        "AutoPayment": 1,
        "Blocked": 0,
        "CreateDate": NOW,
        "ModifiedDate": NOW,
        "Address": "Storkstraat",
        "Number": 105,
        "NumberAdd": "b",
        "ZipCode": "3833LC",
        "Recidence": "Leusden",
        "Country": "NL",
        "BIC": "ABNANL2A",
        "CollectAccount": "1600",
        "CurrencyId": "EUR",
        "Reviewer": "KEESZ",
        "ContraAccount": "4210",
        "PaymentMethod": "1",
    }


def test_a_change_names_what_it_changes() -> None:
    office = Office()
    before = office.read("Zenvoices_Suppliers", "supplier_id", "50017")
    office.send(change(Bl=True, PaCd="60"))
    after = office.read("Zenvoices_Suppliers", "supplier_id", "50017")
    assert after == {**before, "TempBlocked": 1, "PaymentCondition": "60", "ModifiedDate": NOW}
    office.send(change(BlTl=True, Bl=False, PaCd="", Krli="", ToAc=""))
    cleared = {"PaymentCondition": None, "ContraAccount": None, "TempBlocked": 0, "Blocked": 1, "ModifiedDate": NOW}
    assert office.read("Zenvoices_Suppliers", "supplier_id", "50017") == {**before, **cleared}


def test_the_vat_number_is_read_from_the_organisation() -> None:
    office = Office()
    office.send(creditor(known("1000241"), CrId="32301", VaId="NL803115751B01"))
    assert office.read("Zenvoices_Customers", "customer_id", "10100")["VatNr"] == "NL803115751B01"
    office.send(put(SALES, "10100", Fields={"VaId": ""}))
    assert office.read("Zenvoices_Suppliers", "supplier_id", "32301")["Btw-nummer"] is None


def test_a_control_account_that_is_cleared_is_the_usual_one() -> None:
    office = Office()
    office.send(change(ColA="1601"))
    assert office.read("Zenvoices_Suppliers", "supplier_id", "50017")["CollectAccount"] == "1601"
    office.send(change(ColA=""))
    assert office.read("Zenvoices_Suppliers", "supplier_id", "50017")["CollectAccount"] == "1600"


@pytest.mark.parametrize(
    ("field", "column"),
    [("IvJu", "Reviewer"), ("ToAc", "ContraAccount"), ("VaDu", "VatDuty"), ("PayM", "PaymentMethod")],
)
def test_what_is_cleared_is_empty(field: str, column: str) -> None:
    office = Office()
    assert office.read("Zenvoices_Suppliers", "supplier_id", "50017")[column]
    office.send(change(**{field: ""}))
    assert office.read("Zenvoices_Suppliers", "supplier_id", "50017")[column] is None


def test_codes_are_kept_as_the_books_write_them() -> None:
    office = Office()
    office.send(change(CuId="nok", PaCd="14k", IvJu="jongw", BlTl="1"))
    row = office.read("Zenvoices_Suppliers", "supplier_id", "50017")
    assert (row["CurrencyId"], row["PaymentCondition"], row["Reviewer"]) == ("NOK", "14K", "JONGW")


def test_a_change_of_the_organisation_moves_each_relation_on_it() -> None:
    office = Office()
    office.send(creditor(known("1000241"), CrId="32301"))
    for entity, number in (("suppliers", "32301"), ("customers", "10100")):
        office.book.put(entity, **{entity.rstrip("s") + "_id": number}, modified="2020-01-01T00:00:00.000000")
    office.send(put(SALES, "10100", Objects=known("1000241", Nm="Nieuwe naam")))
    assert office.read("Zenvoices_Suppliers", "supplier_id", "32301")["ModifiedDate"] == NOW
    customer = office.read("Zenvoices_Customers", "customer_id", "10100")
    assert (customer["DebtorName"], customer["ModifiedDate"]) == ("Nieuwe naam", NOW)


def test_a_change_of_the_relation_alone_leaves_the_organisation() -> None:
    office = Office()
    before = office.book.find("organisations", "1000241")
    office.send(DOCUMENTED["blocked debtor"])
    assert office.book.find("organisations", "1000241") == before


def test_deleting_leaves_the_organisation() -> None:
    office = Office()
    keys = office.send(creditor())
    office.send(delete(keys["CrId"]))
    assert office.book.find("suppliers", keys["CrId"]) is None
    assert office.book.find("organisations", keys["BcCo"])
    office.send(creditor(known(keys["BcCo"])))


@pytest.mark.parametrize(("missing_features", "currency"), [("refused", "EUR"), ("ignored", "USD")])
def test_without_currencies_there_is_the_base_currency(missing_features: str, currency: str) -> None:
    settings = {"without": frozenset({"currencies"}), "missing_features": missing_features}
    office = Office(settings=settings)
    keys = office.send(creditor(CuId=currency))
    assert office.book.find("suppliers", keys["CrId"])["currency"] == "EUR"  # type: ignore[index]
    office.send(post(PURCHASE, Objects=organisation()))
    office.send(change(number="60002", CuId=""))
    assert office.book.find("suppliers", "60002")["currency"] == "NOK"  # type: ignore[index]


def test_custom_fields_are_kept_and_changed_by_name() -> None:
    office = Office()
    other = "U" + "f" * 32
    office.send(creditor(organisation(**{CUSTOM: "o"}), CrId="32301", **{CUSTOM: "een", other: 2}))
    office.send(change(known("1002005", **{CUSTOM: "p"}), number="32301"))
    office.send(change(number="32301", **{other.lower().replace("u", "U", 1): "", CUSTOM: True}))

    def custom(entity: str, number: str) -> Any:
        row = office.book.find(entity, number)
        assert row is not None
        return orjson.loads(str(row["custom"]))

    assert custom("suppliers", "32301") == {CUSTOM: True}
    assert custom("organisations", "1002005") == {CUSTOM: "p"}
