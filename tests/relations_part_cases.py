"""The rules of the organisation behind a relation, its addresses, bank accounts and contacts, with their documents."""

from __future__ import annotations

from tests.relations_cases import (
    AT,
    AT_BANK,
    CHECKS,
    IN_PURCHASE,
    IN_SALES,
    NEW,
    OF_DEBTOR,
    OLD,
    PERSON,
    PUT,
    Case,
    Text,
    missing,
    single,
    taken,
    unknown,
)
from tests.relations_support import (
    ADDRESS,
    GOOD_IBAN,
    PURCHASE,
    SALES,
    below,
    change,
    creditor,
    debtor,
    known,
    met,
    organisation,
    post,
)

NUMBER = ("Nummer", "Number")
NAME = ("Naam", "Name")
COUNTRY = ("Land", "Country")
OF_BANK = ("Land van de bank", "Country of bank")
TITLE = ("Titel/aanhef", "Title/salutation")
MATCH = ("Organisatie vergelijken op", "Organisatie vergelijken op")
KVK, FISCAL = ("KvK-nummer", "COC number"), ("Fiscaalnummer", "Fiscal number")
NO_HIT = (
    "Er is geen organisatie/persoon gevonden via zoeken op adres.",
    "No organisation/person was found by searching on address.",
)
ANOTHER = (
    "De organisatie/persoon van een bestaande relatie kan niet worden gewijzigd.",
    "The organisation/person of an existing contact cannot be changed.",
)
PICTURE = (
    "Het veld 'FileName' is verplicht bij het toevoegen van een afbeelding.",
    "The field 'FileName' is mandatory when adding an image.",
)


def _kept(name: str) -> Text:
    return f"Verwijderen is niet toegestaan bij '{name}'.", f"Deleting is not allowed for '{name}'."


_UPDATE_OF_PARENT = {"KnOrganisation": {"Element": {"@Action": "update", "Fields": {"MatchOga": "9"}}}}
_ADR = below("KnBasicAddressAdr", **ADDRESS)
_PAD = below("KnBasicAddressPad", **ADDRESS)
ORGANISATIONS = (
    Case(
        "organisation_missing",
        creditor(organisation()),
        post(PURCHASE, Fields={"CuId": "EUR"}),
        ("Vul een waarde in bij 'Organisatie/persoon'.", "Enter a value for 'Organisation/Person'."),
        f"{PURCHASE}/Element",
        "",
        "KnOrganisation",
    ),
    Case(
        "organisation_match_needs_update",
        change(organisation(MatchOga="9")),
        creditor(organisation(MatchOga="9")),
        (
            "Bij deze MatchOga waarde (9) is het verplicht om 'Action=\"update\"' te gebruiken.",
            "With this MatchOga value (9) it is mandatory to use 'Action=\"update\"'.",
        ),
        f"{IN_PURCHASE}/Fields/MatchOga",
        "9",
        "@Action",
    ),
    *(
        missing("organisation_search_value_missing", place, name, good, label, "searched for", MatchOga=how, **more)
        for place, how, name, good, label, more in (
            (NEW, "1", "CcNr", "12345678", KVK, {}),
            (NEW, "2", "FiNr", "12345678", FISCAL, {}),
            (NEW, "3", "Nm", "12345678", NAME, {}),
            (NEW, "0", "BcCo", "12345678", NUMBER, {"AutoNum": False}),
            (OLD, "0", "BcCo", "1000040", NUMBER, {}),
        )
    ),
    missing(
        "organisation_search_value_missing", PERSON, "SoSe", "999900845", ("BSN", "'BSN'"), "searched", MatchPer="1"
    ),
    *(
        unknown("organisation_unknown", place, name, good, bad, label, allowed, MatchOga=how)
        for place, how, name, good, bad, label, allowed in (
            (NEW, "0", "BcCo", "1000002", "1000600", NUMBER, "an organisation"),
            (OLD, "0", "BcCo", "1000040", "12345678", NUMBER, "organisation 1000040"),
            (OLD, "1", "CcNr", "30316760", "12345678", KVK, "organisation 1000040"),
            (OLD, "2", "FiNr", "800390805", "12345678", FISCAL, "organisation 1000040"),
            (OLD, "3", "Nm", "LIFTSERVICE Nederland B.V.", "Liftservice", NAME, "organisation 1000040"),
        )
    ),
    unknown("organisation_unknown", OLD, "BcCo", "1000040", "123", NUMBER, "1000040", MatchOga="0", AutoNum=False),
    unknown(
        "organisation_unknown",
        NEW,
        "BcId",
        1000002,
        1000003,
        ("Organisatie/persoon (intern)", "Organisation/Person (internal)"),
        "an organisation",
        MatchOga="0",
    ),
    Case(
        "organisation_unknown",
        change(_UPDATE_OF_PARENT),
        creditor(_UPDATE_OF_PARENT),
        (f"De ingevulde waarde bij '{MATCH[0]}' bestaat niet.", f"The value entered for '{MATCH[1]}' does not exist."),
        f"{IN_PURCHASE}/Fields/MatchOga",
        "9",
        "the relation is new",
    ),
    Case(
        "organisation_address_no_hit",
        change(organisation(_ADR, MatchOga="4", Nm=None)),
        change(organisation(below("KnBasicAddressAdr", **{**ADDRESS, "HmNr": 106}), MatchOga="4", Nm=None)),
        NO_HIT,
        f"{IN_PURCHASE}/Objects/KnBasicAddressAdr/Element",
        "",
        "the address of an organisation",
        before=(change(known("1000040", _ADR)),),
    ),
    Case(
        "organisation_address_no_hit",
        change(organisation(_PAD, MatchOga="5", Nm=None, PadAdr=False)),
        change(organisation(_ADR, MatchOga="5", Nm=None, PadAdr=False)),
        NO_HIT,
        IN_PURCHASE,
        "",
        "the address of an organisation",
        before=(change(known("1000040", _PAD, PadAdr=False)),),
    ),
    Case(
        "organisation_several",
        debtor(organisation(MatchOga="3", Nm="Dubbele")),
        debtor(organisation(MatchOga="3", Nm="dubbel")),
        ("Er zijn meerdere organisaties/personen gevonden.", "More than one organisation/person was found."),
        IN_SALES,
        "1002005, 1002006",
        "finds one",
        before=(creditor(organisation(Nm="Dubbel")), creditor(organisation(Nm="Dubbel"))),
    ),
    single("organisation_of_another", OLD, "BcCo", "1000040", "1000017", ANOTHER, "1000040", MatchOga="0"),
    single("organisation_of_another", OLD, "MatchOga", "9", "6", ANOTHER, "organisation 1000040"),
    missing("organisation_number_missing", NEW, "BcCo", "10001", NUMBER, "AutoNum true", AutoNum=False),
    single(
        "organisation_number_taken",
        NEW,
        "BcCo",
        "1001492",
        "1000002",
        taken(("Organisatie/persoon", "Organisatie/persoon")),
        "a number that nothing has",
        AutoNum=False,
    ),
    missing("organisation_name_missing", NEW, "Nm", "J", NAME, "a name"),
    missing("organisation_name_missing", OLD, "Nm", "J", NAME, "a name", MatchOga="9"),
    unknown(
        "organisation_parent_unknown",
        OF_DEBTOR,
        "BcPa",
        "1002000",
        "1009999",
        ("Onderdeel van organisatie", "Part of organisation"),
        "organisations",
    ),
    unknown("organisation_title_unknown", OF_DEBTOR, "TtId", "ALG", "ALX", TITLE, "ALG"),
    single(
        "organisation_picture_name_missing",
        OF_DEBTOR,
        "FileName",
        "logo.png",
        "",
        PICTURE,
        "picture",
        FileStream="iVBORw0KGgo=",
    ),
    single(
        "value_invalid",
        OF_DEBTOR,
        "FileStream",
        "iVBORw0KGgo=",
        "iVBORw0KGgo",
        ("De ingevulde waarde bij 'Afbeelding' is ongeldig.", "The value entered for 'Afbeelding' is invalid."),
        "base64",
        FileName="logo.png",
    ),
    Case(
        "value_too_long",
        creditor(organisation(Re="x" * 2000)),
        creditor(organisation(Re="x" * 2001)),
        ("De ingevulde waarde bij 'Opmerking' is te lang.", "The value entered for 'Remark' is too long."),
        f"{IN_PURCHASE}/Fields/Re",
        "x" * 200,
        "2000",
    ),
    single(
        "organisation_coc_number_invalid",
        NEW,
        "CcNr",
        "31045207",
        "3104520",
        ("Het KvK-nummer '3104520' is ongeldig.", "The COC number '3104520' is invalid."),
        "eight digits",
        settings=CHECKS,
    ),
    Case(
        "organisation_coc_number_invalid",
        creditor(organisation(below("KnBasicAddressAdr", CoId="D"), CcNr="HRB 1")),
        creditor(organisation(below("KnBasicAddressAdr", CoId="NL"), CcNr="HRB 1")),
        ("Het KvK-nummer 'HRB 1' is ongeldig.", "The COC number 'HRB 1' is invalid."),
        f"{IN_PURCHASE}/Fields/CcNr",
        "HRB 1",
        "eight digits",
        settings=CHECKS,
    ),
    single(
        "organisation_fiscal_number_invalid",
        OLD,
        "FiNr",
        "803115751",
        "803115752",
        (
            "Het fiscaal nummer '803115752' voldoet niet aan de 11-proef.",
            "The fiscal number '803115752' does not pass the 11-test.",
        ),
        "11-test",
        settings=CHECKS,
        MatchOga="9",
    ),
)

PARTS = (
    missing("address_country_missing", AT, "CoId", "B", COUNTRY, "a country"),
    unknown("address_country_unknown", AT, "CoId", "b", "BE", COUNTRY, "countries"),
    missing("address_postal_code_missing", AT, "ZpCd", "1", ("Postcode", "Postal code"), "ResZip", ResZip=True),
    missing("address_city_missing", AT, "Rs", "A", ("Woonplaats", "City"), "ResZip", ResZip="1"),
    missing("bank_account_country_missing", AT_BANK, "CoId", "NL", OF_BANK, "a country", BaAc="849835607"),
    unknown("bank_account_country_unknown", AT_BANK, "CoId", "NL", "NLD", OF_BANK, "countries", BaAc="849835607"),
    missing("bank_account_number_missing", AT_BANK, "BaAc", "1", ("Bankrekening", "Bank account"), "an IBAN"),
    unknown(
        "bank_account_type_unknown",
        AT_BANK,
        "BkTp",
        528001,
        528002,
        ("Type bank", "Bank type"),
        "528000, 528001",
        BaAc="1",
    ),
    *(
        single(
            "bank_account_iban_invalid",
            AT_BANK,
            "Iban",
            GOOD_IBAN,
            bad,
            (f"IBAN-nummer '{bad}' is ongeldig.", f"IBAN number '{bad}' is invalid."),
            "check digits",
            IbCk=True,
        )
        for bad in ("NL91ABNA0417164301", "NL91", "91ABNA0417164300")
    ),
    single(
        "bank_account_iban_cleared",
        PUT,
        "Iban",
        GOOD_IBAN,
        "",
        ("Het IBAN-nummer kan niet worden verwijderd.", "The IBAN number cannot be deleted."),
        "another IBAN",
    ),
    *(
        Case(
            rule,
            creditor(organisation({name: {"Element": {"Fields": fields}}})),
            creditor(organisation({name: {"Element": {"@Action": "delete", "Fields": fields}}})),
            text,
            f"{IN_PURCHASE}/Objects/{name}/Element",
            "delete",
            "insert",
        )
        for name, fields, rule, text in (
            ("KnBasicAddressAdr", ADDRESS, "relation_part_deleted", _kept("KnBasicAddressAdr")),
            ("KnContact", {"ExAd": "Inkoop"}, "relation_part_deleted", _kept("KnContact")),
            (
                "KnBankAccount",
                {"CoId": "NL", "Iban": GOOD_IBAN},
                "bank_account_deleted",
                ("Een bankrekening kan niet worden verwijderd.", "A bank account cannot be deleted."),
            ),
        )
    ),
    Case(
        "contact_person_missing",
        met(SALES, person={}, ViKc="PRS"),
        met(SALES, ViKc="PRS"),
        (
            "Soort contact 'PRS' is alleen mogelijk in combinatie met een persoon.",
            "Contact type 'PRS' is only possible in combination with a person.",
        ),
        f"{IN_SALES}/Objects/KnContact/Element/Fields/ViKc",
        "PRS",
        "KnPerson",
    ),
    unknown("person_unknown", PERSON, "BcCo", "1000744", "1000002", NUMBER, "a person", MatchPer="0"),
    Case(
        "person_several",
        met(person={"MatchPer": "2", "FiNm": "Anna", "LaNm": "Wit", "ViGe": "V"}),
        met(person={"MatchPer": "2", "FiNm": "Anna", "LaNm": "Wit"}),
        ("Er zijn meerdere personen gevonden.", "More than one person was found."),
        PERSON.path,
        "1002006, 1002008",
        "finds one",
        before=tuple(met(person={"FiNm": "Anna", "LaNm": "Wit", "ViGe": gender}) for gender in "VM"),
    ),
    missing("person_name_missing", PERSON, "LaNm", "V", ("Achternaam", "Last name"), "a name"),
    missing(
        "person_name_missing", PERSON, "LaNm", "V", ("Achternaam", "Last name"), "a name", MatchPer="0", BcCo="1000744"
    ),
    single(
        "person_bsn_invalid",
        PERSON,
        "SoSe",
        "999901217",
        "999901218",
        (
            "Het BSN '999901218' voldoet niet aan de 11-proef.",
            "The 'BSN' '999901218' does not pass the 11-test.",
        ),
        "11-test",
    ),
    unknown("person_title_unknown", PERSON, "TtId", "ALG", "XYZ", TITLE, "ALG"),
    unknown("person_title_unknown", PERSON, "TtEx", "ALG", "XYZ", ("Tweede titel", "Secondary title"), "ALG"),
    unknown(
        "person_country_of_birth_unknown",
        PERSON,
        "CoBi",
        "SME",
        "XX",
        ("Geboorteland", "Country of birth"),
        "countries",
    ),
    single(
        "organisation_picture_name_missing",
        PERSON,
        "FileName",
        "foto.png",
        "",
        PICTURE,
        "picture",
        FileStream="iVBORw0KGgo=",
    ),
)
