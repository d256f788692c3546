"""The rules of FiEntries at their borders: for each a body that just passes, and the nearest that does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from mock_afas import messages
from mock_afas.connectors import Feature
from tests.ledger_bodies import (
    SPREAD,
    Body,
    allocated,
    costs,
    entry,
    line,
    memorial,
    payment,
    purchase,
    sale,
    spread,
    two,
)
from tests.ledger_support import MemoryBook

UNKNOWN, GENERAL = -2147220469, messages.GENERAL
Prepare = Callable[[MemoryBook], None]


class Case(NamedTuple):
    """A rule, a body that it lets pass, and the nearest that it refuses: what is said, and what the logbook keeps."""

    rule: str
    passes: Body
    fails: Body
    nl: str
    en: str
    path: str
    value: str
    allowed: str
    number: int = GENERAL
    prepare: Prepare | None = None
    without: tuple[Feature, ...] = ()


def unknown(
    rule: str, passes: Body, fails: Body, label: tuple[str, str], path: str, value: str, allowed: str, **more: Any
) -> Case:
    nl = f"De ingevulde waarde bij '{label[0]}' bestaat niet."
    en = f"The value entered for '{label[1]}' does not exist."
    return Case(rule, passes, fails, nl, en, path, value, allowed, UNKNOWN, **more)


def missing(
    rule: str,
    passes: Body,
    fails: Body,
    label: tuple[str, str],
    path: str,
    *,
    value: str = "",
    allowed: str = "a value",
) -> Case:
    nl = f"Vul een waarde in bij '{label[0]}'."
    return Case(rule, passes, fails, nl, f"Enter a value for '{label[1]}'.", path, value, allowed)


HEAD, FIRST, SECOND, THIRD = (
    "FiEntryPar/Element",
    *(f"FiEntryPar/Element/Objects/FiEntries/Element[{at}]" for at in range(3)),
)
PURCHASE = purchase()
ACCOUNT = ("Rekeningnummer", "Account number")
DIM, PRJ, TRANS = (f"{SECOND}/Objects/{name}/Element[0]" for name in ("FiDimEntries", "FiPrjEntries", "FiTransEntries"))


def committed(number: int | None, account: str = "4710", creditor: str = "50022") -> Body:
    return purchase(cost={"CmNo": number}, account=account, creditor=creditor)


def change(entity: str, **columns: Any) -> Prepare:
    return lambda book: book.put(entity, **columns)


def same_account_twice(book: MemoryBook) -> None:
    """Creditor 60021 gets its G-account once more."""
    organisation = (book.find("suppliers", "60021") or {})["organisation_id"]
    book.put("bank_accounts", bank_account_id=99_999, iban="NL47ABNA0990451873", organisation_id=organisation)


CASES = [
    Case(
        "entry_unit_unknown", purchase(head={"UnId": 2}), purchase(head={"UnId": 9}), "No unit available",
        "No unit available", f"{HEAD}/Fields/UnId", "9", "an administration",
    ),
    *(
        missing("entry_field_missing", PURCHASE, purchase(head={name: None}), label, f"{HEAD}/Fields/{name}")
        for name, label in {
            "JoCo": ("Dagboek", "Journal"),
            "Year": ("Boekjaar", "Financial year"),
            "Peri": ("Periode", "Period"),
        }.items()
    ),
    unknown(
        "entry_journal_unknown", PURCHASE, purchase(head={"JoCo": "11"}), ("Dagboek", "Journal"),
        f"{HEAD}/Fields/JoCo", "11", "a journal of administration 1",
    ),
    Case(
        "entry_journal_blocked", purchase(head={"UnId": 2}), PURCHASE, "Dagboek 10 is geblokkeerd.",
        "Journal 10 is blocked.", f"{HEAD}/Fields/JoCo", "10", "an open journal",
        prepare=change("journals", administration=1, journal="10", blocked=1),
    ),
    unknown(
        "entry_year_unknown", purchase(head={"Year": 2027}), purchase(head={"Year": 2028}),
        ("Boekjaar", "Financial year"), f"{HEAD}/Fields/Year", "2028", "a financial year of administration 1",
    ),
    unknown(
        "entry_period_unknown", purchase(head={"Peri": 12}), purchase(head={"Peri": 13}), ("Periode", "Period"),
        f"{HEAD}/Fields/Peri", "13", "a period of 2024",
    ),
    Case(
        "entry_period_blocked", purchase(head={"Year": 2023, "Peri": 7}), purchase(head={"Year": 2023, "Peri": 8}),
        "Voor deze administratie is periode 8 van jaar 2023 geblokkeerd.",
        "Period 8 of year 2023 is blocked for this administration.", f"{HEAD}/Fields/Peri", "8",
        "a period that is not blocked",
    ),
    Case(
        "entry_date_blocked", purchase(everywhere={"EnDa": "2023-09-01", "BpDa": "2023-08-01"}),
        purchase(vat={"EnDa": "2023-08-01"}), "Datum '1-8-2023' valt in een geblokkeerde periode",
        "Date '1-8-2023' is in a blocked period", f"{THIRD}/Fields/EnDa", "2023-08-01",
        "a date in a period that is open",
    ),
    Case(
        "entry_number_given", purchase(relation={"@EnNo": ""}), purchase(relation={"EnNo": 1}),
        "Bij toevoegen journaalpost mag het journaalpostnummer niet worden opgegeven.",
        "When adding a journal entry, the journal entry number may not be specified.", f"{FIRST}/Fields/EnNo", "1",
        "no value",
    ),
    Case(
        "entry_without_lines", entry(line("3", "50013", 0)), entry(),
        "De financiële mutatie heeft geen boekingsregels.", "The financial entry has no lines.", HEAD, "",
        "at least one line in FiEntries",
    ),
    Case(
        "entry_unbalanced", purchase(vat={"AmDe": 21.004}), purchase(vat={"AmDe": 21.005}),
        "De financiële mutatie is niet in balans: het totaal debet is 121,01 en het totaal credit is 121,00.",
        "The financial entry is not balanced: total debit is 121.01 and total credit is 121.00.", HEAD,
        "debit 121.01, credit 121.00", "equal totals",
    ),
    Case(
        "entry_amount_too_large", purchase(relation={"CuId": "NOK", "Rate": "1000000"}),
        purchase(relation={"CuId": "NOK", "Rate": "10000000000"}), "Het bedrag 1210000000000,00 is te groot.",
        "The amount 1210000000000.00 is too large.", FIRST, "1210000000000.00", "amounts below 1000000000000",
    ),
    *(
        missing("line_field_missing", PURCHASE, purchase(cost={name: None}), label, f"{SECOND}/Fields/{name}")
        for name, label in {
            "VaAs": ("Kenmerk rekening", "Account feature"),
            "AcNr": ACCOUNT,
            "EnDa": ("Datum boeking", "Date entry"),
            "BpDa": ("Boekstukdatum", "Voucher date"),
        }.items()
    ),
    unknown(
        "line_account_unknown", PURCHASE, purchase(account="4511"), ACCOUNT, f"{SECOND}/Fields/AcNr", "4511",
        "a ledger account of administration 1",
    ),
    unknown(
        "line_account_unknown", PURCHASE, purchase(creditor="50013X"), ACCOUNT, f"{FIRST}/Fields/AcNr", "50013X",
        "a supplier",
    ),
    missing(
        "line_account_of_other_kind", PURCHASE, purchase(cost={"AcNr": "50013"}), ACCOUNT, f"{SECOND}/Fields/AcNr",
        value="50013", allowed="a ledger account, as VaAs says",
    ),
    missing(
        "line_account_of_other_kind", PURCHASE, purchase(creditor="4510"), ACCOUNT, f"{FIRST}/Fields/AcNr",
        value="4510", allowed="a supplier, as VaAs says",
    ),
    Case(
        "line_account_blocked", purchase(account="4950"), purchase(account="4999"),
        "Grootboekrekening 4999 is geblokkeerd.", "General ledger account 4999 is blocked.", f"{SECOND}/Fields/AcNr",
        "4999", "an open account",
    ),
    *(
        Case(
            "line_control_account",
            memorial(line("1", near, 10), line("1", "1000", -10)),
            memorial(line("1", number, 10), line("1", "1000", -10)),
            f"Verzamelrekening {number} kan niet rechtstreeks worden geboekt.",
            f"Collective account {number} cannot be booked directly.",
            f"{FIRST}/Fields/AcNr",
            number,
            "the debtor or creditor itself, with VaAs 2 or 3",
        )
        for number, near in {"1600": "1601", "1300": "1301"}.items()
    ),
    Case(
        "line_relation_blocked", purchase(creditor="50059"), purchase(creditor="50060"),
        "Relatie 50060 is geblokkeerd.", "Relation 50060 is blocked.", f"{FIRST}/Fields/AcNr", "50060",
        "a relation that is not blocked",
    ),
    Case(
        "line_relation_on_hold", payment(None, 10, creditor="50050"), purchase(creditor="50050"),
        "Relatie 50050 is tijdelijk geblokkeerd.", "Relation 50050 is temporarily blocked.", f"{FIRST}/Fields/AcNr",
        "50050", "a relation that is not blocked",
    ),
    Case(
        "line_two_amounts", purchase(cost={"AmCr": "0"}), purchase(cost={"AmCr": "0.01"}),
        "Vul een bedrag debet of een bedrag credit in, niet beide (100,00 en 0,01).",
        "Enter an amount debit or an amount credit, not both (100.00 and 0.01).", f"{SECOND}/Fields/AmDe",
        "100000000", "an amount in AmDe or in AmCr",
    ),
    unknown(
        "line_currency_unknown", purchase(relation={"CuId": "usd"}), purchase(relation={"CuId": "USX"}),
        ("Valuta", "Currency"), f"{FIRST}/Fields/CuId", "USX", "a currency",
    ),
    Case(
        "line_rate_invalid", purchase(relation={"CuId": "NOK", "Rate": "0.000001"}),
        purchase(relation={"CuId": "NOK", "Rate": 0}), "De ingevulde waarde bij 'Koers' moet groter zijn dan 0.",
        "The value entered for 'Exchange rate' must be greater than 0.", f"{FIRST}/Fields/Rate", "0",
        "a rate above zero",
    ),
    unknown(
        "line_vat_unknown", purchase(cost={"VaId": "6"}), purchase(cost={"VaId": "66"}), ("Btw-code", "VAT code"),
        f"{SECOND}/Fields/VaId", "66", "a VAT code",
    ),
    Case(
        "line_vat_blocked", PURCHASE, purchase(cost={"VaId": "17"}), "Btw-code 17 is geblokkeerd.",
        "VAT code 17 is blocked.", f"{SECOND}/Fields/VaId", "17", "a VAT code that is not blocked",
    ),
    Case(
        "line_vat_of_other_side", two(line("1", "4510", 100, VaId="1")), purchase(cost={"VaId": "1"}),
        "Btw-code 1 is niet toegestaan in dagboek 10.", "VAT code 1 is not allowed in journal 10.",
        f"{SECOND}/Fields/VaId", "1", "a purchase code",
    ),
    Case(
        "line_vat_of_other_side", sale(), sale(VaId="5"), "Btw-code 5 is niet toegestaan in dagboek 20.",
        "VAT code 5 is not allowed in journal 20.", f"{SECOND}/Fields/VaId", "5", "a sales code",
    ),
    Case(
        "line_vat_not_allowed", purchase(account="4000", cost={"VaId": None}), purchase(account="4000"),
        "(AfasFiEntry)Btw is niet toegestaan voor rekening 4000.",
        "(AfasFiEntry)Vat is not allowed for account 4000.", f"{SECOND}/Fields/VaId", "5", "no VAT code",
    ),
    unknown(
        "line_payment_condition_unknown", purchase(relation={"PaCd": "14k"}), purchase(relation={"PaCd": "15"}),
        ("Betalingsvoorwaarde", "Payment condition"), f"{FIRST}/Fields/PaCd", "15", "a payment condition",
    ),
    Case(
        "line_payment_condition_blocked", purchase(relation={"PaCd": "60"}), purchase(relation={"PaCd": "90"}),
        "Betalingsvoorwaarde 90 is geblokkeerd.", "Payment condition 90 is blocked.", f"{FIRST}/Fields/PaCd", "90",
        "one that is not blocked",
    ),
    unknown(
        "line_reviewer_unknown", purchase(relation={"Judg": "keesz"}), purchase(relation={"Judg": "KEES"}),
        ("Beoordelaar", "Reviewer"), f"{FIRST}/Fields/Judg", "KEES", "a user",
    ),
    *(
        Case(
            "line_reviewer_invalid",
            purchase(relation={"Judg": "ALLARDJ"}),
            purchase(relation={"Judg": user}),
            f"Gebruiker {user} is geen beoordelaar.",
            f"User {user} is not a reviewer.",
            f"{FIRST}/Fields/Judg",
            user,
            "a user who is a reviewer and not blocked",
        )
        for user in ("FLOORA", "BRANDR")
    ),
    Case(
        "line_bank_account_unknown", purchase(relation={"BankAccount": "NL47 ABNA 0990 4518 73"}, creditor="60021"),
        purchase(relation={"BankAccount": "NL47ABNA0990451873"}),
        "Bankrekening NL47ABNA0990451873 niet gevonden bij rekening 50013.",
        "Bank account NL47ABNA0990451873 not found for account 50013.", f"{FIRST}/Fields/BankAccount",
        "NL47ABNA0990451873", "an account of the relation that occurs once",
    ),
    Case(
        "line_bank_account_unknown", purchase(relation={"BankAccount": "NO6315034200111"}, creditor="60002"),
        purchase(relation={"BankAccount": "NL47ABNA0990451873"}, creditor="60021"),
        "Bankrekening NL47ABNA0990451873 niet gevonden bij rekening 60021.",
        "Bank account NL47ABNA0990451873 not found for account 60021.", f"{FIRST}/Fields/BankAccount",
        "NL47ABNA0990451873", "an account of the relation that occurs once",
        prepare=same_account_twice,
    ),
    Case(
        "line_bank_account_not_allowed", purchase(cost={"BankAccount": ""}), purchase(cost={"BankAccount": "1"}),
        "Afwijkende betaalrekening is niet toegestaan.", "A deviating payment account is not allowed.",
        f"{SECOND}/Fields/BankAccount", "1", "none on a ledger account",
    ),
    Case(
        "line_bank_account_not_allowed", purchase(cost={"IdBa": ""}), purchase(cost={"IdBa": 1}),
        "Afwijkende betaalrekening is niet toegestaan.", "A deviating payment account is not allowed.",
        f"{SECOND}/Fields/IdBa", "1", "none on a ledger account",
    ),
    unknown(
        "line_payment_account_unknown", purchase(relation={"IdBa": 7}, creditor="50006"),
        purchase(relation={"IdBa": 7}, creditor="50007"), ("Afwijkende betaalrekening", "Deviating payment account"),
        f"{FIRST}/Fields/IdBa", "7", "a bank account of the relation",
    ),
    Case(
        "line_g_amount_not_allowed", purchase(cost={"AmGa": 0}), purchase(cost={"AmGa": 1}),
        "Bedrag G-rekening is niet toegestaan bij een grootboekrekening.",
        "A 'G'-account amount is not allowed for a general ledger account.", f"{SECOND}/Fields/AmGa", "1000000",
        "none on a ledger account",
    ),
    Case(
        "line_g_amount_too_high", purchase(creditor="60021", relation={"AmGa": 121}),
        purchase(creditor="60021", relation={"AmGa": "121.01"}),
        "Bedrag G-rekening 121,01 moet tussen 0 en 121,00 liggen.",
        "The 'G'-account amount 121.01 must be between 0 and 121.00.", f"{FIRST}/Fields/AmGa", "121010000",
        "from 0 to 121.00",
    ),
    Case(
        "line_g_amount_without_account", purchase(creditor="60021", relation={"AmGa": 20}),
        purchase(creditor="60020", relation={"AmGa": 20}), "Crediteur 60020 heeft geen G-rekening.",
        "Creditor 60020 has no 'G'-account.", f"{FIRST}/Fields/AmGa", "20000000",
        "none for a creditor without G-account",
    ),
    Case(
        "line_invoice_number_used", purchase(relation={"InId": "INK00190"}, creditor="50014"),
        purchase(relation={"InId": "ink00190"}),
        "General message: Factuurnummer ink00190 wordt al gebruikt in financieel bij relatie(nummer) 50013",
        "General message: Invoice number ink00190 is already used in finance for Creditor 50013.",
        f"{FIRST}/Fields/InId", "ink00190", "a number that the relation has not used",
    ),
    Case(
        "line_invoice_number_used", sale(debtor="10045", invoice="V0002407"),
        sale(debtor="10044", invoice="V0002407"),
        "General message: Factuurnummer V0002407 wordt al gebruikt in financieel bij relatie(nummer) 10044",
        "General message: Invoice number V0002407 is already used in finance for Debtor 10044.",
        f"{FIRST}/Fields/InId", "V0002407", "a number that the relation has not used",
    ),
    Case(
        "allocation_required", allocated("8074", -100, {"DiC1": "WEST", "DiC2": "ICT"}), allocated("8074", -100),
        "Code verbijzondering voor as 'Kostenplaats' moet gevuld worden voor rekening 8074",
        "General message: Cost center assignment is required for account 8074.", SECOND, "", "FiDimEntries with DiC1",
    ),
    Case(
        "allocation_required", allocated("8074", -100, {"DiC1": "WEST", "DiC2": "ICT"}),
        allocated("8074", -100, {"DiC1": "WEST", "DiC2": ""}),
        "Code verbijzondering voor as 'Kostendrager' moet gevuld worden voor rekening 8074",
        "General message: Cost unit assignment is required for account 8074.", f"{DIM}/Fields/DiC2", "",
        "a code assigned to the account",
    ),
    *(
        Case(
            "allocation_not_assigned",
            allocated("4108", 100, {"DiC1": "11"}),
            allocated("4108", 100, {"DiC1": code}),
            f"General message: Er is geen toewijzing van Kostenplaats '{code}' bij rekening 4108 of de toewijzing is"
            " geblokkeerd.",
            f"General message: There is no assignment for cost center '{code}' with account '4108' or the assignment is"
            " blocked.",
            f"{DIM}/Fields/DiC1",
            code,
            "a code assigned to the account",
        )
        for code in ("10575", "WEST", "ZUID")
    ),
    unknown(
        "allocation_code_unknown",
        two(line("1", "4108", 100, {"FiDimEntries": [{"DiC1": "NEW"}]}), AdDa=True, AdDc="1"),
        two(line("1", "4108", 100, {"FiDimEntries": [{"DiC1": "NEW"}]}), AdDa=True, AdDc="0"),
        ("Code verbijzonderingsas 1", "Exception axis code 1"), f"{DIM}/Fields/DiC1", "NEW",
        "a code of the axis, or AdDc",
    ),
    Case(
        "allocation_not_applicable", allocated("4410", 100, {"DiC1": "WEST"}),
        allocated("4410", 100, {"DiC1": "WEST", "DiC2": "ICT"}),
        "As 'Kostendrager' is niet van toepassing voor rekening 4410.",
        "Axis 'Cost unit' does not apply to account 4410.", f"{DIM}/Fields/DiC2", "ICT", "no code",
    ),
    Case(
        "allocation_not_applicable", two(line("2", "10004", 100)),
        two(line("2", "10004", 100, {"FiDimEntries": [{"DiC1": "WEST"}]})),
        "As 'Kostenplaats' is niet van toepassing voor rekening 10004.",
        "Axis 'Cost center' does not apply to account 10004.", DIM, "10004", "no allocation",
    ),
    Case(
        "allocation_without_amount", allocated("4600", 100, {"DiC1": "WEST"}),
        allocated("4600", 100, {"DiC1": "WEST", "AmDe": 0, "AmCr": 0}), "Vul een bedrag in bij de verbijzondering.",
        "Enter an amount for the allocation.", f"{DIM}/Fields/AmDe", "0", "an amount, or none at all",
    ),
    Case(
        "allocation_without_amount", allocated("4600", 100, {"DiC1": "WEST"}, {"DiC1": "OOST", "AmDe": 99}),
        allocated("4600", 100, {"DiC1": "WEST"}, {"DiC1": "OOST", "AmDe": 100}),
        "Vul een bedrag in bij de verbijzondering.", "Enter an amount for the allocation.", f"{DIM}/Fields/AmDe", "",
        "less in the other parts",
    ),
    Case(
        "allocation_unbalanced", allocated("4600", 100, {"DiC1": "WEST", "AmDe": 60}, {"DiC1": "OOST", "AmDe": 40}),
        allocated("4600", 100, {"DiC1": "WEST", "AmDe": 60}, {"DiC1": "OOST", "AmDe": 39.99}),
        "Het verbijzonderde bedrag 99,99 is niet gelijk aan het bedrag van de regel 100,00.",
        "The allocated amount 99.99 does not equal the amount of the line 100.00.", DIM, "99.99", "100.00",
    ),
    Case(
        "project_entry_required", costs(), two(line("1", "4320", 100)),
        "Projectboeking is verplicht voor grootboekrekening 4320.",
        "A project entry is required for general ledger account 4320.", SECOND, "", "FiPrjEntries with PrId and ItCd",
    ),
    missing("project_field_missing", costs(), costs(PrId=None), ("Project", "Project"), f"{PRJ}/Fields/PrId"),
    missing("project_field_missing", costs(), costs(ItCd=""), ("Itemcode", "Itemcode"), f"{PRJ}/Fields/ItCd"),
    unknown(
        "project_unknown", costs(), costs(PrId="300099"), ("Project", "Project"), f"{PRJ}/Fields/PrId", "300099",
        "a project",
    ),
    unknown(
        "project_unknown", purchase(cost={"PrId": "600000"}), purchase(cost={"PrId": "600099"}),
        ("Project", "Project"), f"{SECOND}/Fields/PrId", "600099", "a project",
    ),
    Case(
        "project_completed", costs(), costs(PrId="300001"),
        "Project 300001 is gereed. Er kan niet meer op worden geboekt.",
        "Project 300001 is completed. It can no longer be booked.", f"{PRJ}/Fields/PrId", "300001",
        "a project that is not completed",
    ),
    Case(
        "project_of_other_administration", costs(PrId="800001"), costs(PrId="800004"),
        "Boekingen voor dit project zijn niet toegestaan in deze administratie",
        "Bookings for this project are not allowed in this administration", f"{PRJ}/Fields/PrId", "800004",
        "a project of administration 1 or of none",
    ),
    Case(
        "project_not_applicable", two(line("2", "10004", 100)),
        two(line("2", "10004", 100, {"FiPrjEntries": [{"PrId": "300000", "ItCd": "K01"}]})),
        "Projectboeking is niet toegestaan voor rekening 10004.", "A project entry is not allowed for account 10004.",
        PRJ, "", "no project costs",
    ),
    unknown(
        "project_stage_unknown", costs(PrSt="20"), costs(PrSt="21"), ("Projectfase", "Project phase"),
        f"{PRJ}/Fields/PrSt", "21", "a stage of project 300000",
    ),
    Case(
        "project_stage_completed", costs(PrSt="30"), costs(PrSt="20"),
        "Projectfase 20 van project 300000 is gereed. Er kan niet meer op worden geboekt.",
        "Project phase 20 of project 300000 is completed. It can no longer be booked.", f"{PRJ}/Fields/PrSt", "20",
        "a stage that is not completed", prepare=change("project_stages", project="300000", stage="20", completed=1),
    ),
    unknown(
        "project_item_unknown", costs(ItCd="k02"), costs(ItCd="K77"), ("Itemcode", "Itemcode"), f"{PRJ}/Fields/ItCd",
        "K77", "an item",
    ),
    unknown(
        "project_item_unknown", costs(ItCd="K02", VaIt="6"), costs(ItCd="K02", VaIt="1"), ("Itemcode", "Itemcode"),
        f"{PRJ}/Fields/ItCd", "K02", "an item of type 1",
    ),
    Case(
        "project_item_blocked", costs(ItCd="K04"), costs(ItCd="K99"), "Item K99 is geblokkeerd.",
        "Item K99 is blocked.", f"{PRJ}/Fields/ItCd", "K99", "an item that is not blocked",
    ),
    unknown(
        "project_employee_unknown", costs(EmId="5000430"), costs(EmId="5000431"), ("Medewerker", "Employee"),
        f"{PRJ}/Fields/EmId", "5000431", "an employee",
    ),
    missing(
        "transitory_field_missing", spread(), spread(PeEn=None), ("Periode t/m", "Period up to and incl"),
        f"{TRANS}/Fields/PeEn",
    ),
    unknown(
        "transitory_period_unknown", spread(YeEn=2025, PeEn=12), spread(PeEn=13),
        ("Periode t/m", "Period up to and incl"), f"{TRANS}/Fields/PeEn", "13", "a period of the administration",
    ),
    Case(
        "transitory_backwards", spread(PeEn=4), spread(PeEn=3),
        "De ingevulde waarde bij 'Periode t/m' ligt voor de eerste periode.",
        "The value entered for 'Period up to and incl' is before the first period.", f"{TRANS}/Fields/PeEn", "3",
        "2024/4 or later",
    ),
    Case(
        "transitory_period_blocked", spread(YeSt=2023, PeSt=9), spread(YeSt=2023, PeSt=8),
        "Binnen de gekozen selectie is periode 8 van jaar 2023 geblokkeerd.||De transitorische post kan hierdoor niet"
        " gegenereerd worden.",
        "Within the selection, period 8 of year 2023 is blocked.||The accrual can therefore not be generated.",
        f"{TRANS}/Fields/PeSt", "8", "periods that are not blocked",
    ),
    unknown(
        "transitory_account_unknown", spread(SuAc="1400"), spread(SuAc="1401"),
        ("Tussenrekening", "Suspense account"), f"{TRANS}/Fields/SuAc", "1401", "an open ledger account",
    ),
    Case(
        "transitory_not_applicable", two(line("2", "10004", 100)),
        two(line("2", "10004", 100, {"FiTransEntries": [SPREAD]})),
        "Een transitorische post is niet toegestaan bij een debiteur of crediteur.",
        "An accrual is not allowed for a debtor or creditor.", TRANS, "", "none on a debtor or creditor",
    ),
    unknown(
        "commitment_unknown", committed(7), committed(110), ("Nummer verplichting", "Liability number"),
        f"{SECOND}/Fields/CmNo", "110", "a commitment of administration 1",
    ),
    Case(
        "commitment_settled", purchase(cost={"CmNo": 4}, account="4210", creditor="50011"),
        purchase(cost={"CmNo": 3}, account="4030", creditor="50005"), "Verplichting 3 is afgewikkeld.",
        "Liability 3 is settled.", f"{SECOND}/Fields/CmNo", "3", "a commitment that is not settled",
    ),
    Case(
        "commitment_of_other_account", committed(7), committed(7, account="4700"),
        "Verplichting 7 hoort niet bij grootboekrekening 4700.",
        "Liability 7 does not belong to general ledger account 4700.", f"{SECOND}/Fields/CmNo", "7",
        "a line on account 4710",
    ),
    Case(
        "commitment_of_other_supplier", committed(7), committed(7, creditor="50013"),
        "Verplichting 7 hoort niet bij crediteur 50013.", "Liability 7 does not belong to creditor 50013.",
        f"{SECOND}/Fields/CmNo", "7", "creditor 50022",
    ),
    Case(
        "commitment_required", two(line("1", "4710", 100)), committed(None),
        "Verplichting is verplicht voor grootboekrekening 4710.",
        "A liability is required for general ledger account 4710.", f"{SECOND}/Fields/CmNo", "", "a commitment",
    ),
    Case(
        "licence_currencies", purchase(relation={"CuId": "EUR"}), purchase(relation={"CuId": "NOK"}),
        "De functionaliteit 'Valuta' is niet beschikbaar in deze omgeving.",
        "The functionality 'Currencies' is not available in this environment.", f"{FIRST}/Fields/CuId", "NOK",
        "no value", without=("currencies",),
    ),
    Case(
        "licence_projects", two(line("1", "4320", 100)), costs(),
        "De functionaliteit 'Projecten' is niet beschikbaar in deze omgeving.",
        "The functionality 'Projects' is not available in this environment.", PRJ, "FiPrjEntries", "nothing",
        without=("projects",),
    ),
    Case(
        "licence_projects", PURCHASE, purchase(cost={"PrId": "300000"}),
        "De functionaliteit 'Projecten' is niet beschikbaar in deze omgeving.",
        "The functionality 'Projects' is not available in this environment.", f"{SECOND}/Fields/PrId", "300000",
        "no value", without=("projects",),
    ),
    Case(
        "licence_allocation", allocated("8074", -100), allocated("8074", -100, {"DiC1": "WEST"}),
        "De functionaliteit 'Verbijzondering' is niet beschikbaar in deze omgeving.",
        "The functionality 'Allocation' is not available in this environment.", DIM, "FiDimEntries", "nothing",
        without=("allocation",),
    ),
    Case(
        "licence_commitments", committed(None), committed(7),
        "De functionaliteit 'Verplichtingen' is niet beschikbaar in deze omgeving.",
        "The functionality 'Liabilities' is not available in this environment.", f"{SECOND}/Fields/CmNo", "7",
        "no value", without=("commitments",),
    ),
]  # fmt: skip
