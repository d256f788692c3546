"""The rules of relations, each with a document that just passes and the nearest that just fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.relations_support import (
    CUSTOM,
    PURCHASE,
    SALES,
    Office,
    Write,
    banked,
    below,
    books,
    change,
    creditor,
    debtor,
    delete,
    known,
    lived,
    met,
    organisation,
)

#: A text in Dutch and English.
Text = tuple[str, str]


@dataclass(frozen=True)
class Case:
    """A rule: a document that just passes, the nearest that just fails, and what is said then."""

    rule: str
    good: Write
    bad: Write
    text: Text
    #: Where the fault is, what stands there, and a part of what the logbook says is allowed.
    path: str
    value: str
    allowed: str
    before: tuple[Write, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    autonumber: bool = True

    def office(self) -> Office:
        office = Office(book=books(autonumber=self.autonumber), settings=self.settings)
        for write in self.before:
            office.send(write)
        return office


class Place(NamedTuple):
    """Where a field stands: how to write a document that has it, and the path to its element."""

    write: Callable[..., Write]
    path: str


IN_PURCHASE = f"{PURCHASE}/Element/Objects/KnOrganisation/Element"
IN_SALES = f"{SALES}/Element/Objects/KnOrganisation/Element"
IN_CONTACT = f"{IN_PURCHASE}/Objects/KnContact/Element"
PUT = Place(change, f"{PURCHASE}/Element")
POST = Place(creditor, f"{PURCHASE}/Element")
DEBTOR = Place(debtor, f"{SALES}/Element")
NEW = Place(lambda **fields: creditor(organisation(**fields)), IN_PURCHASE)
OF_DEBTOR = Place(lambda **fields: debtor(organisation(**fields)), IN_SALES)
OLD = Place(lambda **fields: change(organisation(**fields)), IN_PURCHASE)
AT = Place(lived, f"{IN_PURCHASE}/Objects/KnBasicAddressAdr/Element")
AT_BANK = Place(banked, f"{IN_PURCHASE}/Objects/KnBankAccount/Element")
PERSON = Place(lambda **fields: met(person=fields), f"{IN_CONTACT}/Objects/KnPerson/Element")


def single(rule: str, place: Place, name: str, good: Any, bad: Any, text: Text, allowed: str, **more: Any) -> Case:
    """A case of one field; ``more`` holds other fields that both documents have."""
    own = {key: more.pop(key) for key in ("before", "settings", "autonumber") if key in more}
    passes, fails = (place.write(**{**more, name: value}) for value in (good, bad))
    return Case(rule, passes, fails, text, f"{place.path}/Fields/{name}", str(bad), allowed, **own)


def unknown(rule: str, place: Place, name: str, good: Any, bad: Any, label: Text, allowed: str, **more: Any) -> Case:
    text = f"De ingevulde waarde bij '{label[0]}' bestaat niet.", f"The value entered for '{label[1]}' does not exist."
    return single(rule, place, name, good, bad, text, allowed, **more)


def missing(rule: str, place: Place, name: str, good: Any, label: Text, allowed: str, **more: Any) -> Case:
    text = f"Vul een waarde in bij '{label[0]}'.", f"Enter a value for '{label[1]}'."
    return single(rule, place, name, good, "", text, allowed, **more)


CREDITOR = ("Nummer crediteur", "Creditor number")
CURRENCY = ("Valuta", "Currency")
ACCOUNT = ("Verzamelrekening", "Summary account")
REVIEWER = ("Beoordelaar", "Reviewer")
CHECKS = {"identifier_checks": "on"}
NO_CURRENCIES = {"without": frozenset({"currencies"})}
SQL = (
    "[Microsoft][ODBC SQL Server Driver][SQL Server]Cannot insert duplicate key row in object 'dbo.{}'"
    " with unique index 'AfasKnBasicContact'."
)


def taken(label: Text) -> Text:
    dutch = f"De primaire sleutel bestaat al voor veld '{label[0]}'."
    return dutch, f"(AntaObject) The primary key already exists for field '{label[1]}'"


def _no_reviewer(name: str) -> Text:
    return f"Gebruiker '{name}' is geen beoordelaar.", f"User '{name}' is not a reviewer."


def _wrong_account(number: str, dutch: str, english: str) -> Text:
    return (
        f"Rekening {number} is geen verzamelrekening voor {dutch}.",
        f"Account {number} is not a summary account for {english}.",
    )


def _vat(good: str, bad: str) -> Case:
    text = f"Het btw-identificatienummer '{bad}' is ongeldig.", f"The VAT identification number '{bad}' is invalid."
    return single("relation_vat_number_invalid", POST, "VaId", good, bad, text, "the country in front", settings=CHECKS)


RELATION = (
    Case(
        "relation_number_missing",
        change(),
        change(number=None),
        ("Vul een waarde in bij 'Nummer crediteur'.", "Enter a value for 'Creditor number'."),
        f"{PURCHASE}/Element/Fields/CrId",
        "",
        "suppliers",
    ),
    unknown("relation_unknown", PUT, "CrId", "50017", "59999", CREDITOR, "suppliers", number=None),
    missing("relation_number_not_automatic", POST, "CrId", "32301", CREDITOR, "a free number", autonumber=False),
    single("relation_number_taken", POST, "CrId", "32301", "50003", taken(CREDITOR), "a number that nothing has"),
    missing("relation_currency_missing", POST, "CuId", "EUR", CURRENCY, "a currency"),
    missing("relation_currency_missing", PUT, "CuId", "EUR", CURRENCY, "a currency"),
    unknown("relation_currency_unknown", POST, "CuId", "nok", "NOX", CURRENCY, "currencies"),
    single(
        "relation_currency_not_licensed",
        POST,
        "CuId",
        "eur",
        "USD",
        (
            "Vreemde valuta is niet beschikbaar in deze omgeving.",
            "Foreign currency is not available in this environment.",
        ),
        "EUR",
        settings=NO_CURRENCIES,
    ),
    unknown(
        "relation_payment_condition_unknown",
        POST,
        "PaCd",
        "14k",
        "14X",
        ("Betalingsvoorwaarde", "Payment condition"),
        "payment conditions",
    ),
    single(
        "relation_payment_condition_blocked",
        POST,
        "PaCd",
        "60",
        "90",
        (
            "De ingevulde waarde bij 'Betalingsvoorwaarde' is geblokkeerd.",
            "The value entered for 'Payment condition' is blocked.",
        ),
        "not blocked",
    ),
    unknown("relation_control_account_unknown", POST, "ColA", "1600", "1699", ACCOUNT, "1600"),
    single(
        "relation_control_account_wrong",
        POST,
        "ColA",
        "1601",
        "1300",
        _wrong_account("1300", "crediteuren", "creditors"),
        "1600",
    ),
    single(
        "relation_control_account_wrong",
        DEBTOR,
        "ColA",
        "1301",
        "1310",
        _wrong_account("1310", "debiteuren", "debtors"),
        "1300",
    ),
    unknown(
        "relation_contra_account_unknown",
        POST,
        "ToAc",
        "4210",
        "4211",
        ("Voorkeur tegenrekening", "Preferred contra account"),
        "ledger account",
    ),
    unknown("relation_reviewer_unknown", POST, "IvJu", "keesz", "KEESX", REVIEWER, "a user who is a reviewer"),
    single("relation_reviewer_wrong", POST, "IvJu", "5000430", "FLOORA", _no_reviewer("Anouk Floor"), "reviewer"),
    single("relation_reviewer_wrong", POST, "IvJu", "ALLARDJ", "BRANDR", _no_reviewer("René Brand"), "reviewer"),
    unknown("relation_vat_duty_unknown", POST, "VaDu", True, "9", ("Btw-plicht", "VAT duty"), "0, 1, 2, 3, 4, 5, 6, 7"),
    unknown(
        "relation_price_list_unknown",
        POST,
        "PrLs",
        "*****",
        "****",
        ("Voorkeur prijslijst", "Preferred price list"),
        "*****, ACTIE",
    ),
    unknown(
        "relation_employee_unknown",
        DEBTOR,
        "EmId",
        "5000430",
        "5009999",
        ("Verantwoordelijke", "Resp. person"),
        "employees",
    ),
    unknown(
        "relation_invoice_to_unknown",
        DEBTOR,
        "FaTo",
        "40999",
        "40998",
        ("Factureren aan", "Invoice to"),
        "customers",
        DbId="40999",
    ),
    unknown(
        "relation_contact_unknown",
        PUT,
        "CtP1",
        970,
        1005,
        ("Contactpersoon", "Contact person"),
        "organisation 1000032",
        number="50013",
    ),
    _vat("NL803115751B01", "NL803115752B01"),
    _vat("803115751B01", "803115752B01"),
    _vat("BE0428759497", "BE0428759498"),
    _vat("EL094259216", "EL094259217"),
    _vat("CHE107787502MWST", "NL1"),
    Case(
        "relation_second_sales",
        debtor(known("1000002")),
        debtor(known("1000203")),
        (SQL.format("AfasKnSalRelation"),) * 2,
        f"{SALES}/Element",
        "1000203",
        "customers",
    ),
    Case(
        "relation_second_purchase",
        creditor(known("1000203")),
        creditor(known("1000017")),
        (SQL.format("AfasKnPurRelation"),) * 2,
        f"{PURCHASE}/Element",
        "1000017",
        "suppliers",
    ),
    Case(
        "custom_field_invalid",
        creditor(**{CUSTOM: "een"}),
        creditor(**{CUSTOM: ["een"]}),
        (f"De ingevulde waarde bij '{CUSTOM}' is ongeldig.", f"The value entered for '{CUSTOM}' is invalid."),
        f"{PURCHASE}/Element",
        f"{CUSTOM}: ['een']",
        "one value",
    ),
    Case(
        "custom_fields_too_long",
        creditor(**{CUSTOM: "x" * 19_950}),
        creditor(**{CUSTOM: "x" * 19_970}),
        (f"De ingevulde waarde bij '{CUSTOM}' is te lang.", f"The value entered for '{CUSTOM}' is too long."),
        f"{PURCHASE}/Element",
        CUSTOM,
        "20000",
    ),
    Case(
        "object_repeated",
        creditor(organisation()),
        creditor(below("KnOrganisation", {"Fields": {"Nm": "A"}}, {"Fields": {"Nm": "B"}})),
        ("Object 'KnOrganisation' mag maar één keer voorkomen.", "Object 'KnOrganisation' may occur only once."),
        f"{IN_PURCHASE}[1]",
        "2 times",
        "one element",
    ),
    Case(
        "relation_in_use",
        delete("32303"),
        delete("50013"),
        (
            "De inkooprelatie kan niet worden verwijderd: er zijn facturen vastgelegd.",
            "The purchase contact cannot be deleted: there are invoices for it.",
        ),
        f"{PURCHASE}/Fields/CrId",
        "50013",
        "dependent data",
        before=(creditor(CrId="32303"),),
    ),
)
