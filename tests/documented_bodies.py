"""Bodies of the kinds that AFAS' pages show for the UpdateConnectors, with the numbers of the demo environment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tests import documented_entries
from tests.documented_entries import parts

Json = dict[str, Any]
PNG = "iVBORw0KGgo="
IBAN = "NL91ABNA0417164300"


class Call(NamedTuple):
    """One call and what it is for; ``path`` follows ``/connectors/``."""

    about: str
    method: str
    path: str
    body: Json


# ---------------------------------------------------------------- relations


ADDRESS = {"CoId": "NL", "PbAd": False, "Ad": "Storkstraat", "HmNr": 105, "ZpCd": "3833LC", "Rs": "Leusden"}
PO_BOX = {"CoId": "NL", "PbAd": True, "HmNr": "1000", "ZpCd": "3800AA", "Rs": "Amersfoort", "ResZip": True}
ACCOUNT = {"CoId": "NL", "IbCk": True, "Iban": IBAN, "BkTp": "528000", "AcGa": False, "AcCk": False, "CalM": "1"}
PERSON = {
    "PadAdr": True, "AutoNum": True, "MatchPer": "7", "SeNm": "PUFFELEN", "CaNm": "Piet", "FiNm": "Pieter", "In": "P.",
    "Is": "van", "LaNm": "Puffelen", "SpNm": False, "ViGe": "M", "PsNa": "NL", "DaBi": "1980-01-01", "CoBi": "NL",
    "TtId": "ALG", "SoSe": "123456782", "AddToPortal": False, "EmA2": "piet@example.org",
}  # fmt: skip


def one(name: str, fields: Json, **objects: Json) -> Json:
    return {name: {"Element": {"Fields": fields, **({"Objects": objects} if objects else {})}}}


def organisation(fields: Json | None = None, **objects: Json) -> Json:
    given = {"PadAdr": True, "AutoNum": True, "MatchOga": "6", "Nm": "Jansen", **(fields or {})}
    shown = {name: value for name, value in given.items() if value is not None}
    return one("KnOrganisation", shown, **{**one("KnBasicAddressAdr", {**ADDRESS, "ResZip": False}), **objects})


def known(number: str | None, **objects: Json) -> Json:
    """An organisation that is there, by its number, or as that of its relation."""
    found = {"MatchOga": "0", "BcCo": number} if number else {"MatchOga": "9"}
    return one("KnOrganisation", found, **objects)


def contact(*, person: Json | None = PERSON, **fields: Any) -> Json:
    given = {"PadAdr": True, "ExAd": "Inkoop", "ViFu": "100", "FuDs": "Directeur", "TeNr": "033", **fields}
    return one("KnContact", given, **(one("KnPerson", person) if person else {}))


def creditor(below: Json | None = None, *, key: str | None = None, **fields: Any) -> Json:
    return _relation("KnPurchaseRelationOrg", "@CrId", below, key, {"CuId": "EUR", **fields})


def debtor(below: Json | None = None, *, key: str | None = None, **fields: Any) -> Json:
    return _relation("KnSalesRelationOrg", "@DbId", below, key, {"IsDb": True, "CuId": "EUR", **fields})


def _relation(root: str, name: str, below: Json | None, key: str | None, fields: Json) -> Json:
    shown = {field: value for field, value in fields.items() if value is not None}
    element: Json = {"Fields": shown} | ({} if key is None else {name: key})
    return {root: {"Element": element | ({"Objects": below} if below else {})}}


def _new_creditors() -> Iterator[tuple[str, Json]]:
    yield (
        "creditor: terms and a contact person",
        creditor(
            organisation(
                {"SeNm": "JANSEN", "CcNr": "12345678", "FiNr": "123456789", "EmAd": "info@example.org"},
                **one("KnBankAccount", ACCOUNT),
                **contact(),
            ),
            IsCr=True, PaCd="30", VaDu=True, VaId="NL123456789B01", PayM=True, Krli=False, ColA="1600", PrLs="*****",
            ToAc="4510", IvJu="KEESZ", InPv="A", LgId="NL", Rm="Let op",
        ),
    )  # fmt: skip
    yield "creditor: own number", creditor(organisation(), key="32301")
    yield "creditor: own number among the fields", creditor(organisation(), CrId="32303")
    yield "creditor: organisation with its own number", creditor(organisation({"AutoNum": False, "BcCo": "32300"}))
    for how in ("0", "1", "2", "3"):
        fields = {"MatchOga": how, "BcCo": "1001492", "CcNr": "87654321", "FiNr": "987654321", "Nm": "Nergens bekend"}
        yield f"creditor: nobody is found by {how}", creditor(organisation(fields))
    yield "creditor: on an organisation", creditor(known("1000002"))
    yield "creditor: on that of a debtor", creditor(known("1000203", **one("KnBankAccount", ACCOUNT)))
    yield "creditor: post office box", creditor(organisation({"PadAdr": False}, **one("KnBasicAddressPad", PO_BOX)))
    yield "creditor: in Norway", creditor(one("KnOrganisation", {"MatchOga": "6", "Nm": "Fjord AS"}), CuId="NOK")
    yield (
        "creditor: German account",
        creditor(organisation(**one("KnBankAccount", {"CoId": "D", "IbCk": True, "Iban": "DE89370400440532013000"}))),
    )
    yield (
        "creditor: account that is not checked",
        creditor(organisation(**one("KnBankAccount", {"CoId": "NL", "IbCk": False, "BaAc": "123456789"}))),
    )
    yield (
        "creditor: known person",
        creditor(organisation(**contact(person={"MatchPer": "0", "BcCo": "1000744"}))),
    )
    for duty in ("0", "5", "6", "7"):
        yield f"creditor: VAT duty {duty}", creditor(organisation(), VaDu=duty)
    yield (
        "creditor: Belgian account",
        creditor(organisation(**one("KnBankAccount", {"CoId": "B", "IbCk": "1", "Iban": "BE68 5390 0754 7034"}))),
    )
    yield "creditor: department", creditor(organisation(**contact(person=None)))


def _new_debtors() -> Iterator[tuple[str, Json]]:
    for number in ("40999", "20010", "125810", ""):
        yield f"debtor: number '{number}'", debtor(organisation(), key=number)
    yield "debtor: on an organisation", debtor(known("1000002"), ColA="1301")
    yield (
        "debtor: invoices by e-mail",
        debtor(organisation({"EmAd": "f@example.org"}), InPv="E", PaCd="14", ColA="1300"),
    )
    yield (
        "debtor: collected",
        debtor(organisation(**one("KnBankAccount", ACCOUNT)), AuPa=True, SiPA=False, VaDt="B", PaSp=True),
    )
    yield (
        "debtor: delivery address",
        debtor(
            organisation(
                **one(
                    "KnContact", {"ViKc": "AFL", "ExAd": "Magazijn"}, **one("KnBasicAddressAdr", {**ADDRESS, "HmNr": 7})
                )
            )
        ),
    )
    yield "debtor: contact person", debtor(organisation(**contact(ViKc="PRS")))
    yield (
        "debtor: in England",
        debtor(organisation(**one("KnBasicAddressAdr", {**ADDRESS, "CoId": "GB"})), CuId="GBP", VaDu="4"),
    )


def _changes() -> Iterator[Call]:
    put = "KnPurchaseRelationOrg"
    none = {"CuId": None}
    for number, owner in (("50003", "1000017"), ("50005", "1000021"), ("50011", "1000029"), ("50028", "1000726")):
        yield Call(f"creditor {number}: blocked", "PUT", put, creditor(known(owner), key=number, Bl=True, **none))
    yield Call(
        "creditor: address",
        "PUT",
        put,
        creditor(
            known("1000040", **one("KnBasicAddressAdr", {**ADDRESS, "BeginDate": "2024-01-01"})), key="50017", **none
        ),
    )
    yield Call(
        "creditor: two accounts",
        "PUT",
        put,
        creditor(
            known("1000040", KnBankAccount={"Element": [{"Fields": ACCOUNT}, {"Fields": ACCOUNT}]}), key="50017", **none
        ),
    )
    updated = {
        "KnOrganisation": {"Element": {"@Action": "update", "Fields": {"MatchOga": "9", "EmAd": "a@example.org"}}}
    }
    yield Call("creditor: its own organisation", "PUT", put, creditor(updated, key="50034", **none))
    yield Call("creditor: contact", "PUT", put, creditor(known("1000032"), key="50013", CtI1=970, **none))
    put = "KnSalesRelationOrg"
    for number, owner in (("10079", "1000203"), ("10140", "1000310"), ("10150", "1000325"), ("10205", "1000425")):
        yield Call(
            f"debtor {number}: terms", "PUT", put, debtor(known(owner), key=number, PaCd="14", IsDb=None, **none)
        )
    yield Call(
        "debtor: contact person",
        "PUT",
        put,
        debtor(known("1000372", **contact(ViKc="PRS")), key="10178", IsDb=None, **none),
    )
    yield Call("debtor: contact is preferred", "PUT", put, debtor(key="10178", CtP1=1005, IsDb=None, **none))
    yield Call("debtor: key among the fields", "PUT", put, debtor(DbId="10100", BlTl=True, IsDb=None, **none))


# ---------------------------------------------------------------- dossier items and invoices


def subject(link: Json | Sequence[Json] | None = None, *files: str, key: str | None = None, **fields: Any) -> Json:
    links = [link] if isinstance(link, dict) else list(link or ())
    objects: Json = {}
    if links:
        objects |= parts("KnSubjectLink", *links)
    if files:
        objects |= parts("KnSubjectAttachment", *({"FileName": name, "FileStream": PNG} for name in files))
    element: Json = {"Fields": fields} | ({} if key is None else {"@SbId": key})
    return {"KnSubject": {"Element": element | ({"Objects": objects} if objects else {})}}


NOTE: Json = {"StId": "4", "Ds": "Notitie"}
#: Links of a note, by what they are to.
LINKS: dict[str, Json] = {
    "a debtor": {"ToSR": True, "SfTp": "4", "SfId": "10100", "BcId": "1000241"},
    "a creditor": {"ToPR": "1", "SfTp": "11", "SfId": "50013", "BcId": "1000032", "DoCRM": True},
    "an organisation by its flag": {"ToBC": "1", "BcId": "1000372"},
    "a person": {"SfTp": "3", "SfId": "1000744"},
    "an employee": {"ToEm": "1", "SfTp": "2", "SfId": "5000430"},
    "an applicant": {"ToAp": True, "SfTp": "17", "SfId": "000256"},
    "an employer": {"SfTp": "10", "SfId": "1"},
    "a client": {"ToCl": True, "SfTp": "8", "SfId": "1000744"},
    "nothing": {"SfTp": "1"},
    "a contact": {"SfTp": "4", "SfId": "10178", "BcId": "1000372", "CdId": "1005"},
    "a contact alone": {"CdId": "970"},
    "a project": {"SfTp": "1", "PjId": "300000"},
    "a vehicle": {"ToBC": "1", "SfTp": "3", "SfId": "1000585", "BcId": "1000585", "CcSn": "1"},
    "a sales invoice": {"SfTp": "4", "SfId": "49299", "SiUn": "1", "SiTp": "1", "SiId": "VK004979"},
    "a purchase invoice": {"SfTp": "11", "SfId": "50013", "PiUn": "1", "PiTp": "1", "PiId": "INK00190"},
    "a delivery note": {"ToSR": "1", "SfTp": "4", "SfId": "10120", "OrNu": "00000009"},
    "a dossier item": {"SjId": "9910"},
    "an order and an item": {"SfTp": "4", "SfId": "10001", "Sor": "123", "VaIt": "Art", "BiId": "1000"},
}


def _subjects() -> Iterator[tuple[str, Json]]:
    for kind in ("2", "5", "15", "19", "26", "96"):
        yield f"dossier item of type {kind}", subject({"SfTp": "4", "SfId": "10001"}, StId=kind, Ds="x")
    for about, link in LINKS.items():
        yield f"note linked to {about}", subject(link, **NOTE)
    yield (
        "purchase invoice with two files of one name",
        subject(LINKS["a purchase invoice"], "factuur.pdf", "factuur.pdf", StId="-5", Ds="Factuur"),
    )
    wrong = {"SfTp": "11", "SfId": "50013", "SiUn": "1", "SiTp": "1", "SiId": "PUR000232"}
    yield "purchase invoice by the names for sales", subject(wrong, "a.pdf", StId="-5", Ds="Factuur")
    flagged = {"ToPR": "1", "SfId": "50013", "SiUn": "1", "SiTp": "1", "SiId": "PUR000232"}
    yield "purchase invoice by its flag", subject(flagged, "a.pdf", StId="-5", Ds="Factuur")
    flagged = {"DoCRM": "1", "ToBC": "1", "ToPR": "1", "SfId": "50013", "BcId": "1000032"}
    yield "purchase invoice of a creditor and its organisation", subject(flagged, StId="-5", Ds="Factuur")
    yield "note for a user by the whole name", subject(**NOTE, EmId="12345.ALLARDJ")
    yield "complaint with features", subject(StId="15", Ds="Klacht", FvF1="104", FvF2="111", ViPr="H")
    for sender in ("FLOORA", "5000430", "1000744", "12345.ALLARDJ"):
        yield f"note sent by {sender}", subject(**NOTE, UsId=sender, EmId="ALLARDJ")
    yield "note with a file of its own", subject(**NOTE, SbPa="a.txt", FileStream=PNG, FileTrans=True, MarkOpened=True)
    yield "note on a file elsewhere", subject(**NOTE, SbPa="p:/archief/a.txt", FileTrans=False)
    yield "note that is done", subject(**NOTE, Da="2013-01-01T10:00:00", St="1", DtSt="2013-01-02", SbBl="0", SbHi="1")
    yield "note with a workflow", subject(**NOTE, id="5E4A9B1C4D0F4A0E8E1F1B6A3C2D1E0F")
    own = {"KnS04": {"Element": {"Fields": {"U0123456789ABCDEF0123456789ABCDEF": "vrij"}}}}
    body = subject(LINKS["a debtor"], **NOTE)
    body["KnSubject"]["Element"]["Objects"] |= own
    yield "note with an object of its type", body


def _changes_of_subjects() -> Iterator[Call]:
    put = "KnSubject"
    yield Call("dossier item: subject", "PUT", put, subject(key="9910", Ds="Nieuw"))
    yield Call("dossier item: done", "PUT", put, subject(SbId="9937", St=True, DtSt="2024-01-01"))
    yield Call("dossier item: type", "PUT", put, subject(key="9937", StId="26"))
    yield Call("dossier item: link", "PUT", put, subject({"SbId": "9910", "SfTp": "4", "SfId": "10100"}, key="9910"))
    yield Call("dossier item: file", "PUT", put, subject(None, "x.pdf", key="9910"))
    yield Call("dossier item: one more file", "POST", f"{put}/KnSubjectAttachment", subject(None, "x.pdf", key="9937"))
    yield Call("dossier item: one more link", "POST", f"{put}/KnSubjectLink", subject(LINKS["a debtor"], key="9937"))


def _invoices() -> Iterator[Call]:
    def invoice(number: str, **fields: Any) -> Json:
        return one("FiInvoice", {"UnId": "1", "InId": number, **fields})

    purchased, sold = {"VaAd": "3", "DcNr": "50013"}, {"VaAd": "2", "DcNr": "10001"}
    for about, body in (
        ("blocked", invoice("INK00207", BlPa=True)),
        ("due", invoice("INK00190", **purchased, ExDa="2024-01-01")),
        ("terms", invoice("INK00207", PaCd="30")),
        ("mandate", invoice("V0002609", VaAd="2", DdId="6001649", AuPa=True)),
        ("reminders", invoice("V0002363", VaAd="2", DuLe=True, NrDu="2", LdDa="2024-01-01")),
        ("restriction", invoice("V008001", **sold, AmCr="10", DaCl="5", VaPa=True, DaDp=3, AmPa=2)),
        ("texts", invoice("VK004979", Ds="Omschrijving", PaId="1", Fref="R")),
        ("Belgian deductions", invoice("00001893", VaAd="2", DcNr="10208", PaBa=False, DeDu="FOD", AmFO=1, InAm=3)),
    ):
        yield Call(f"invoice: {about}", "PUT", "FiInvoice", body)


def calls() -> Iterator[Call]:
    """Every call."""
    for path, bodies in (
        ("FiEntries", tuple(documented_entries.bodies())),
        ("KnPurchaseRelationOrg", tuple(_new_creditors())),
        ("KnSalesRelationOrg", tuple(_new_debtors())),
        ("KnSubject", tuple(_subjects())),
    ):
        yield from (Call(about, "POST", path, body) for about, body in bodies)
    yield from _changes()
    yield from _changes_of_subjects()
    yield from _invoices()


# ---------------------------------------------------------------- shapes


def as_lists(content: Any) -> Any:
    """A body in the other shape: each Element, Fields and Objects an array, every value text."""
    if isinstance(content, list):
        return [as_lists(part) for part in content]
    if not isinstance(content, dict):
        return _as_text(content)
    changed = {name: as_lists(part) for name, part in content.items()}
    for name in ("Element", "Fields"):
        if name in changed and not isinstance(changed[name], list):
            changed[name] = [changed[name]]
    if "Objects" in changed:
        changed["Objects"] = [{name: part} for name, part in changed["Objects"].items()]
    return changed


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(int(value))
    return value if value is None else str(value)
