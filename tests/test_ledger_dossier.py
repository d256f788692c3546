"""The rules of dossier items, each by a body that just passes and the nearest one that does not."""

from __future__ import annotations

import base64
from typing import Any, NamedTuple

import pytest

from mock_afas import fixtures, messages
from mock_afas.errors import ProfitError
from mock_afas.ledger.book import Result
from tests.dossier import BILL, FEATURED, FILE, INVOICE, NOTE, PNG, SUPPLIER, Body, Shelf, fresh, write


@pytest.fixture
def books() -> Shelf:
    return fresh()


# ---------------------------------------------------------------- rules


class Case(NamedTuple):
    """Calls of (fields, links, attachments): one that just passes, and the nearest that is refused by ``key``.

    ``at`` is where the logbook says the fault is, ``value`` what stood there.
    """

    key: str
    passes: tuple[Any, ...]
    fails: tuple[Any, ...]
    at: str
    value: str
    nl: str
    en: str
    number: int = -2147180996
    action: str = "insert"


LINKED = "Objects/KnSubjectLink/Element[0]/Fields"
ATTACHED = "Objects/KnSubjectAttachment/Element[0]/Fields"


def required(
    key: str, passes: Any, fails: Any, at: str, label: str, en: str = "", value: str = "", **more: Any
) -> Case:
    nl, en = f"Vul een waarde in bij '{label}'.", f"Enter a value for '{en or label}'."
    return Case(key, passes, fails, at, value, nl, en, **more)


def unknown(key: str, passes: Any, fails: Any, at: str, value: str, label: str, en: str, **more: Any) -> Case:
    nl, en = f"De ingevulde waarde bij '{label}' bestaat niet.", f"The value entered for '{en}' does not exist."
    return Case(key, passes, fails, at, value, nl, en, -2147220469, **more)


def sized(size: int) -> Body:
    return {**FILE, "FileStream": base64.b64encode(bytes(size)).decode()}


def link_unknown(field: str, known: Any, wrong: Any, nl: str, en: str) -> Case:
    passes, fails = (NOTE, [{field: known}]), (NOTE, [{field: wrong}])
    return unknown("subject_link_unknown", passes, fails, f"{LINKED}/{field}", str(wrong), nl, en)


def destination_unknown(kind: str, known: str, wrong: str) -> Case:
    passes, fails = ((NOTE, [{"SfTp": kind, "SfId": code}]) for code in (known, wrong))
    more = ("Bestemming", "Bestemming")
    return unknown("subject_destination_unknown", passes, fails, f"{LINKED}/SfId", wrong, *more)


def not_allowed(passes: Any, fails: Any, at: str, value: str, **more: Any) -> Case:
    nl = "Deze bestemming is niet geldig voor dit type dossieritem"
    en = "This destination is not valid for this type of dossier item"
    return Case("subject_destination_not_allowed", passes, fails, at, value, nl, en, **more)


def invoice_unknown(known: Body, wrong: Body, field: str, nl: str, en: str, fields: Body = NOTE) -> Case:
    passes, fails = (fields, [known]), (fields, [wrong])
    return unknown("subject_invoice_unknown", passes, fails, f"{LINKED}/{field}", str(wrong[field]), nl, en)


DELETED = {"@Action": "delete", "Fields": {"FileId": "F" * 32}}
CASES = (
    required("subject_type_missing", (NOTE,), ({"Ds": "x"},), "Fields/StId", "Type dossieritem", "Dossier item type"),
    Case("subject_type_not_own", (BILL,), ({**BILL, "StId": "-6"},), "Fields/StId", "-6",
         "Een dossieritem van type -6 kan niet via een UpdateConnector worden vastgelegd.",
         "A dossier item of type -6 cannot be recorded through an UpdateConnector."),
    Case("subject_type_not_own", ({**NOTE, "StId": 1},), ({**NOTE, "StId": 0},), "Fields/StId", "0",
         "Een dossieritem van type 0 kan niet via een UpdateConnector worden vastgelegd.",
         "A dossier item of type 0 cannot be recorded through an UpdateConnector."),
    unknown("subject_type_unknown", (NOTE,), ({**NOTE, "StId": 3},), "Fields/StId", "3",
            "Type dossieritem", "Dossier item type"),
    required("subject_description_missing", (NOTE,), ({"StId": 4},), "Fields/Ds", "Onderwerp", "Subject"),
    required("subject_description_missing", (NOTE,), ({"StId": 4, "Ds": ""},), "Fields/Ds", "Onderwerp", "Subject"),
    required("subject_description_missing", ({"SbId": 9910, "SbTx": ""},), ({"SbId": 9910, "Ds": ""},), "Fields/Ds",
             "Onderwerp", "Subject", action="update"),
    *(Case("subject_id_invalid", ({**NOTE, "SbId": good},), ({**NOTE, "SbId": wrong},), "Fields/SbId", str(wrong),
           "De ingevulde waarde bij 'Dossieritem' is ongeldig.", "The value entered for 'Dossier item' is invalid.")
      for good, wrong in ((1, 0), (10**9, 10**9 + 1))),
    Case("subject_id_taken", ({**NOTE, "@SbId": 9911},), ({**NOTE, "@SbId": 9910},), "Fields/SbId", "9910",
         "(AntaObject) De primaire sleutel bestaat al voor veld 'Dossieritem'",
         "(AntaObject) The primary key already exists for field 'Dossier item'"),
    required("subject_id_missing", ({"SbId": 9910, "Ds": "x"},), ({"Ds": "x"},), "Fields/SbId",
             "Dossieritem", "Dossier item", action="update"),
    required("subject_id_missing", ({"SbId": 9910}, None, [FILE]), ({"SbId": ""}, None, [FILE]), "Fields/SbId",
             "Dossieritem", "Dossier item", action="attach"),
    required("subject_id_missing", ({"SbId": "9910"},), ({},), "Fields/SbId",
             "Dossieritem", "Dossier item", action="delete"),
    unknown("subject_unknown", ({"SbId": 9910},), ({"SbId": 9911},), "Fields/SbId", "9911",
            "Dossieritem", "Dossier item", action="update"),
    *(unknown("subject_unknown", ({"SbId": "9937"},), ({"SbId": wrong},), "Fields/SbId", wrong,
              "Dossieritem", "Dossier item", action="delete") for wrong in ("9938", "x", "9" * 30)),
    *(Case("subject_read_only", ({"SbId": "9991"},), ({"SbId": "8000"},), "Fields/SbId", "8000",
           "Dossieritem 8000 kan niet worden gewijzigd: het type dossieritem is alleen lezen.",
           "Dossier item 8000 cannot be changed: its type is read only.", action=action)
      for action in ("update", "delete")),
    Case("subject_note_too_long", ({**NOTE, "SbTx": "é" * 20_000},), ({**NOTE, "SbTx": "é" * 20_001},),
         "Fields/SbTx", "é" * 200,
         "De ingevulde waarde bij 'Toelichting' is te lang.", "The value entered for 'Comment' is too long."),
    unknown("subject_sender_unknown", ({**NOTE, "UsId": "floora"},), ({**NOTE, "UsId": "FLOORB"},),
            "Fields/UsId", "FLOORB", "Instuurder", "Sender"),
    unknown("subject_responsible_unknown", ({**NOTE, "EmId": "5000430"},), ({**NOTE, "EmId": "5000431"},),
            "Fields/EmId", "5000431", "Verantwoordelijke", "Resp. person"),
    unknown("subject_responsible_unknown", ({**NOTE, "EmId": "beekm"},), ({**NOTE, "EmId": "000255"},),
            "Fields/EmId", "000255", "Verantwoordelijke", "Resp. person"),
    required("subject_responsible_missing", ({**NOTE, "StId": 70, "EmId": "ALLARDJ"},), ({**NOTE, "StId": 70},),
             "Fields/EmId", "Verantwoordelijke", "Resp. person"),
    required("subject_responsible_missing", ({"SbId": 9951, "StId": 70, "EmId": "KEESZ"},),
             ({"SbId": 9951, "StId": 70},), "Fields/EmId", "Verantwoordelijke", "Resp. person", action="update"),
    *(unknown("subject_feature_unknown", ({**NOTE, f"FvF{at}": 104},), ({**NOTE, f"FvF{at}": 103},),
              f"Fields/FvF{at}", "103", f"Waarde kenmerk {at}", f"Feature value {at}") for at in (1, 2, 3)),
    required("subject_feature_missing", ({**FEATURED, "FvF2": 111},), (FEATURED,), "Fields/FvF1",
             "Waarde kenmerk 1", "Feature value 1"),
    not_allowed((BILL, [SUPPLIER]), (BILL, [{"SfTp": "4", "SfId": "10079"}]), f"{LINKED}/SfTp", "4"),
    not_allowed((NOTE, [{"SfTp": "1"}]), (BILL, [{"SfTp": "1"}]), f"{LINKED}/SfTp", "1"),
    not_allowed(({**NOTE, "StId": 30}, [{"ToEm": True, "SfId": "KEESZ"}]),
                ({**NOTE, "StId": 30}, [{"ToBC": True, "BcId": "1000017"}]), f"{LINKED}/ToBC", "3"),
    not_allowed(({"SbId": 9951, "StId": 4},), ({"SbId": 9951, "StId": -5},), "Fields/StId", "-5", action="update"),
    required("subject_destination_missing", (NOTE, [{"SfTp": "4", "PjId": "300000"}]), (NOTE, [{"SfTp": "4"}]),
             f"{LINKED}/SfId", "Bestemming"),
    destination_unknown("2", "5000430", "000255"),
    destination_unknown("3", "1000032", "50013"),
    destination_unknown("4", "10178", "50013"),
    destination_unknown("10", "1", "9"),
    destination_unknown("11", "50013", "10178"),
    destination_unknown("17", "000255", "5000430"),
    link_unknown("BcId", "1000032", "99", "Organisatie/persoon", "Organisation/person"),
    link_unknown("CdId", 1005, 1, "Contact", "Contact"),
    link_unknown("SiUn", 1, 99, "Administratie (Verkoop)", "Administration (Sales)"),
    link_unknown("PiUn", 1, 99, "Administratie (Inkoop)", "Administration (Purchasing)"),
    link_unknown("PjId", "300000", "300999", "Project", "Project"),
    link_unknown("SjId", 9937, 9938, "Dossieritem", "Dossier item"),
    link_unknown("CcSn", 1, 9, "Vervoermiddel", "Means of transport"),
    link_unknown("OrNu", "00000009", "9", "Pakbon", "Packing slip"),
    link_unknown("BiId", "k01", "K0", "Itemcode", "Item code"),
    Case("subject_contact_elsewhere", (NOTE, [{"BcId": "1000372", "CdId": 1005}]),
         (NOTE, [{"BcId": "1000372", "CdId": 970}]), f"{LINKED}/CdId", "970",
         "De ingevulde waarde bij 'Contact' hoort niet bij organisatie/persoon 1000372.",
         "The value entered for 'Contact' does not belong to organisation/person 1000372."),
    invoice_unknown(INVOICE, {**INVOICE, "PiId": "PUR000233"}, "PiId", "Inkoopfactuur", "Purchase invoice", BILL),
    invoice_unknown(INVOICE, {**INVOICE, "SfId": "60005"}, "PiId", "Inkoopfactuur", "Purchase invoice", BILL),
    invoice_unknown(INVOICE, {**INVOICE, "PiUn": "2"}, "PiId", "Inkoopfactuur", "Purchase invoice", BILL),
    invoice_unknown({**SUPPLIER, "SiUn": 1, "SiTp": 1, "SiId": "PUR000232"},
                    {**SUPPLIER, "SiUn": 1, "SiTp": 1, "SiId": "V0002407"}, "SiId", "Verkoopfactuur", "Sales invoice"),
    invoice_unknown({"SfTp": 4, "SfId": "10044", "SiUn": 1, "SiId": "V0002407"},
                    {"SfTp": 4, "SfId": "10208", "SiUn": 1, "SiId": "V0002407"},
                    "SiId", "Verkoopfactuur", "Sales invoice"),
    invoice_unknown({"PiId": "ink00190"}, {"PiId": "V0002407"}, "PiId", "Inkoopfactuur", "Purchase invoice"),
    Case("attachment_absent", ({"SbId": 9910}, None, [FILE]), ({"SbId": 9910},), "", "",
         "Object 'KnSubjectAttachment' ontbreekt.", "Object 'KnSubjectAttachment' is missing.", action="attach"),
    Case("attachment_not_allowed", (NOTE, None, [FILE]), ({**NOTE, "StId": 97}, None, [FILE]),
         ATTACHED.removesuffix("/Fields"), "", "Aan dit type dossieritem kan geen bestand worden gekoppeld.",
         "No file can be linked to this type of dossier item."),
    *(required("attachment_name_missing", (NOTE, None, [FILE]), (NOTE, None, [wrong]), f"{ATTACHED}/FileName",
               "FileName", value=wrong.get("FileName") or "")
      for wrong in ({"FileStream": PNG}, {**FILE, "FileName": ""}, {**FILE, "FileName": None},
                    {**FILE, "FileName": " "})),
    required("attachment_name_missing", ({**NOTE, "SbPa": "a", "FileStream": PNG},), ({**NOTE, "FileStream": PNG},),
             "Fields/SbPa", "FileName of the attachment"),
    *(required("attachment_content_missing", (NOTE, None, [FILE]), (NOTE, None, [wrong]), f"{ATTACHED}/FileStream",
               "File as byte-array")
      for wrong in ({"FileName": "a"}, {**FILE, "FileStream": ""}, {**FILE, "FileStream": None},
                    {**FILE, "FileStream": " "})),
    required("attachment_content_missing", ({**NOTE, "SbPa": "a", "FileStream": PNG},),
             ({**NOTE, "SbPa": "a", "FileTrans": 1},), "Fields/FileStream", "File as byte-array"),
    *(Case("attachment_content_invalid", (NOTE, None, [FILE]), (NOTE, None, [{**FILE, "FileStream": wrong}]),
           f"{ATTACHED}/FileStream", wrong, "De ingevulde waarde bij 'File as byte-array' is ongeldig.",
           "The value entered for 'File as byte-array' is invalid.")
      for wrong in ("iVBORw0KGgo", "iVBORw0K!Ggo=", "data:image/png;base64,iVBORw0KGgo=", "é")),
    Case("attachment_too_large", (NOTE, None, [sized(10 * 2**20)]), (NOTE, None, [FILE, sized(10 * 2**20 + 1)]),
         f"{ATTACHED.replace('[0]', '[1]')}/FileStream", "10485761 bytes", "Bestand 'a.png' is groter dan 10 MB.",
         "File 'a.png' is larger than 10 MB."),
    unknown("attachment_unknown", ({"SbId": 9910}, None, [FILE]), ({"SbId": 9910}, None, [DELETED]),
            f"{ATTACHED}/FileId", "F" * 32, "File Id", "File Id", action="update"),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.key}-{case.at.rpartition('/')[2]}-{case.value[:12]}")
def test_a_rule_refuses_what_just_does_not_pass(books: Shelf, case: Case) -> None:
    write(Shelf(books.tables), case.action, *case.passes)
    before = Shelf(books.tables).tables
    with pytest.raises(ProfitError) as refused:
        write(books, case.action, *case.fails)
    error = refused.value
    texts = [messages.text(error.key, language, error.parameters) for language in ("nl", "en")]
    assert (error.key, *texts, error.number) == (case.key, case.nl, case.en, case.number)
    root = "KnSubject" if case.action == "delete" else "KnSubject/Element"
    assert (error.reason.path, error.reason.value) == (f"{root}/{case.at}".rstrip("/"), case.value)
    assert error.reason.rule == messages.catalogue()[case.key].rule
    assert error.reason.allowed
    assert books.tables == before


def test_every_message_is_reached() -> None:
    assert {case.key for case in CASES} == set(fixtures.read_json("messages/dossier.json"))


# ---------------------------------------------------------------- what AFAS documents

DOCUMENTED = (
    (BILL, [{**INVOICE, "BcId": "1000032", "DoCRM": "1"}], [{"FileName": "example.png", "FileStream": PNG}]),
    ({**NOTE, "SbTx": "Graag snel hulp!"},),
    (BILL, [{**SUPPLIER, "BcId": "1000032", "SiUn": 1, "SiTp": 1, "SiId": "PUR000232"}], [FILE, FILE]),
    ({**NOTE, "StId": 26, "FvF1": 104, "FvF2": "111"}, [{"ToBC": "1", "SfTp": "3", "SfId": "1000032"}]),
    ({**NOTE, "StId": 96, "EmId": "ALLARDJ", "UsId": "FLOORA"}, [{"ToSR": True, "SfTp": 4, "SfId": 10178,
     "CdId": 1005}]),
    ({**NOTE, "StId": 19, "SbPa": "contract.pdf", "FileTrans": True, "FileStream": PNG}, [{"ToEm": True, "SfTp": "2",
     "SfId": "5000430"}]),
    ({**NOTE, "StId": 15, "id": "klachtenworkflow", "ViPr": "H", "SaId": "BEL", "ScId": "WEB", "SbHi": 3, "FeCo": 2},
     [{"ToAp": "true", "SfTp": "17", "SfId": "000255"}]),
    ({**NOTE, "StId": 2, "Da": "2019-03-01T10:00:00", "St": "1", "DtSt": "2019-03-02"},
     [{"BcId": 1000744, "CcSn": "1"}]),
    ({**NOTE, "StId": 5}, [{"SfTp": "4", "SfId": "10120", "OrNu": "00000009"}]),
    ({**NOTE, "SbPa": "p:/archief/brief.pdf", "FileTrans": False, "UsId": "12345.FLOORA"},),
    ({**NOTE, "SbId": "", "EmId": "", "SbPa": "", "FileStream": ""}, [{"SfTp": "", "SfId": "", "BcId": ""}]),
)  # fmt: skip


@pytest.mark.parametrize("call", DOCUMENTED)
def test_documented_bodies_pass(books: Shelf, call: tuple[Any, ...]) -> None:
    assert write(books, "insert", *call) == Result("KnSubject", {"SbId": "10022"})
    assert books.find("subjects", 10022) is not None
