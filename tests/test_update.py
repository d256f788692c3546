"""UpdateConnectors over HTTP: URLs, shapes of bodies, answers, and that a write is done whole or not at all."""

from __future__ import annotations

import base64
import copy
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests import bodies
from tests.support import Afas, fork


def send(afas: Afas, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return afas.http.request(
        method,
        f"{afas.base_url}/connectors/{path}",
        content=content,
        headers={"Authorization": afas.authorization, "Content-Type": "application/json", **named},
    )


def post(afas: Afas, connector: str, body: Any, status: int = 201) -> Any:
    answer = send(afas, "POST", connector, body)
    assert answer.status_code == status, answer.text
    return answer.json()


def books(afas: Afas) -> dict[str, list[dict[str, Any]]]:
    answer = afas.control("GET", "/books")
    assert answer.status_code == 200
    state: dict[str, list[dict[str, Any]]] = answer.json()
    return state


def invoice(afas: Afas, number: str) -> dict[str, Any]:
    (row,) = afas.rows("Zenvoices_SupplierInvoices", filterfieldids="InvoiceNr", filtervalues=number, operatortypes="1")
    return row


# ---------------------------------------------------------------- what is made


def test_a_booking_shows_up_everywhere(afas: Afas) -> None:
    made = post(afas, "FiEntries", bodies.purchase("TEST-1"))
    keys = made["results"]["FiEntryPar"]
    assert set(keys) == {"UnId", "EnNo", "InId"}
    assert all(isinstance(value, str) for value in keys.values())
    assert keys["InId"] == "TEST-1"
    row = invoice(afas, "TEST-1")
    assert (row["CreditorId"], row["AmtInvoice"], row["Balance"]) == ("50013", 121, 121)
    entry = next(
        one for one in books(afas)["entries"] if str(one["entry"]) == keys["EnNo"] and one["administration"] == 1
    )
    assert [(one["account"], one["debit"], one["credit"]) for one in entry["lines"]] == [
        ("50013", 0, 121),
        ("4510", 100, 0),
        ("1500", 21, 0),
    ]
    lines = afas.rows(
        "Profit_Transactions", filterfieldids="UnitId,EntryNo", filtervalues=f"1,{keys['EnNo']}", operatortypes="1,1"
    )
    assert len(lines) == 3


def test_a_new_supplier_can_be_booked_on_at_once(afas: Afas) -> None:
    keys = post(afas, "KnPurchaseRelationOrg", bodies.supplier("Café 't Hoekje"))["results"]["KnPurchaseRelationOrg"]
    assert set(keys) == {"BcCo", "CrId"}
    (row,) = afas.rows("Zenvoices_Suppliers", filterfieldids="CreditorId", filtervalues=keys["CrId"], operatortypes="1")
    assert (row["CreditorName"], row["BcCo"], row["Address"]) == ("Café 't Hoekje", keys["BcCo"], "Storkstraat")
    post(afas, "FiEntries", bodies.purchase("TEST-2", creditor=keys["CrId"]))
    assert invoice(afas, "TEST-2")["CreditorId"] == keys["CrId"]


def test_an_attachment_comes_back_byte_for_byte(afas: Afas) -> None:
    content = bytes(range(256)) * 40
    body = bodies.dossier_item(base64.b64encode(content).decode())
    subject = post(afas, "KnSubject", body)["results"]["KnSubject"]["SbId"]
    (row,) = afas.rows(
        "Profit_Subject_Attachments", filterfieldids="subject_id", filtervalues=subject, operatortypes="1"
    )
    for path in (
        f"subjectconnector/{subject}/{row['file_id']}",
        f"SubjectConnector?SubjectId={subject}&FileId={row['file_id']}",
        f"fileconnector/{row['file_id']}/{row['file_name']}",
        f"fileconnector?fileid={row['file_id']}&filename={row['file_name']}",
    ):
        answer = afas.get(path).json()
        assert (answer["filename"], answer["mimetype"]) == ("factuur.pdf", "application/pdf")
        assert base64.b64decode(answer["filedata"]) == content
    assert afas.get(f"subjectconnector/{subject}/00000000").status_code == 404


# ---------------------------------------------------------------- shapes


def shaped(change: str) -> Any:
    body = bodies.purchase("TEST-3")
    element = body["FiEntryPar"]["Element"]
    lines = element["Objects"]["FiEntries"]
    match change:
        case "element in a list":
            body["FiEntryPar"]["Element"] = [element]
        case "fields in a list":
            element["Fields"] = [element["Fields"]]
            for one in lines["Element"]:
                one["Fields"] = [one["Fields"]]
        case "objects in a list":
            element["Objects"] = [element["Objects"]]
        case "objects twice":
            first, *rest = lines["Element"]
            element["Objects"] = [{"FiEntries": {"Element": first}}, {"FiEntries": {"Element": rest}}]
        case "key on the element":
            element["@UnId"] = element["Fields"].pop("UnId")
        case "action among the fields":
            element["Fields"]["@Action"] = "insert"
        case "action on the element":
            element["@action"] = "insert"
        case "json types":
            for one in lines["Element"]:
                one["Fields"] |= {"AmDe": float(one["Fields"]["AmDe"]), "AmCr": float(one["Fields"]["AmCr"])}
            element["Fields"] |= {"Year": 2024, "Peri": 1, "UnId": 1, "AuNu": False}
        case "nulls":
            element["Fields"]["AuNu"] = None
            lines["Element"][0]["Objects"] = None
    return body


@pytest.mark.parametrize(
    "change",
    [
        "as it is",
        "element in a list",
        "fields in a list",
        "objects in a list",
        "objects twice",
        "key on the element",
        "action among the fields",
        "action on the element",
        "json types",
        "nulls",
    ],
)
def test_shapes_of_a_body(afas: Afas, change: str) -> None:
    post(afas, "FiEntries", shaped(change))
    assert invoice(afas, "TEST-3")["Balance"] == 121


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "text/plain",
        "text/plain;charset=UTF-8",
        "application/x-www-form-urlencoded",
        "",
    ],
)
def test_content_types(afas: Afas, content_type: str) -> None:
    answer = send(afas, "POST", "FiEntries", bodies.purchase("TEST-4"), Content_Type=content_type)
    assert answer.status_code == 201


# ---------------------------------------------------------------- URLs


@pytest.mark.parametrize(
    "path",
    [
        "FiEntries/FiEntryPar/UnId,JoCo/1,10/FiEntries/@EnNo/{EnNo}",
        "FiEntries/FiEntryPar/@UnId,@JoCo/1,10/FiEntries/EnNo/{EnNo}",
        "fientries/FiEntryPar/UnId,JoCo/1,10/FiEntries/InId/TEST-5",
        "FiEntries/FiEntryPar/@Year/2024/FiEntries/@EnNo/{EnNo}",
        "FiEntriesCustom/fientrypar/unid,joco/1,10/fientries/@enno/{EnNo}",
        "FiEntries/FiEntryPar/UnId%2CJoCo/1%2C10/FiEntries/%40EnNo/{EnNo}",
        "FiEntries/FiEntryPar/UnId,Year,Peri/1,02024,01/FiEntries/@EnNo/0{EnNo}",
        "FiEntries/FiEntryPar/FiEntries/EnNo/{EnNo}",
        "FiEntries/FiEntries/EnNo/{EnNo}/",
    ],
)
def test_deletes(afas: Afas, path: str) -> None:
    before = books(afas)
    keys = post(afas, "FiEntries", bodies.purchase("TEST-5"))["results"]["FiEntryPar"]
    answer = send(afas, "DELETE", path.format(**keys))
    assert (answer.status_code, answer.content) == (200, b"")
    assert books(afas) == before


@pytest.mark.parametrize("number", ["2024/001", "A,B", "A%B", "A%41", "A B", "é1", "A#1", "A?1", "A+B", "@A", 'A"\\B'])
def test_signs_in_a_value_of_a_url(afas: Afas, number: str) -> None:
    before = books(afas)
    for path in ("FiEntryPar/UnId,JoCo/1,10/FiEntries/InId/{}", "FiEntryPar/UnId,InId/1,{}"):
        post(afas, "FiEntries", bodies.purchase(number))
        answer = send(afas, "DELETE", "FiEntries/" + path.format(quote(number, safe="")))
        assert (answer.status_code, answer.content) == (200, b"")
        assert books(afas) == before


def test_a_key_of_a_url_is_a_field(afas: Afas) -> None:
    keys = post(afas, "FiEntries", bodies.purchase("TEST-5"))["results"]["FiEntryPar"]
    before = books(afas)
    path = f"FiEntries/FiEntryPar/UnId,Dagboek/1,10/FiEntries/@EnNo/{keys['EnNo']}"
    refused = send(afas, "DELETE", path).json()
    assert refused["externalMessage"] == "Veld 'Dagboek' is niet bekend bij deze UpdateConnector."
    assert afas.logged(refused["profitLogReference"])["reason"]["path"] == "URL/Dagboek"
    assert books(afas) == before
    afas.configure(dialect={"AMB-12": "ignored"})
    assert send(afas, "DELETE", path).status_code == 200


def test_an_attachment_is_added_by_the_url_of_its_object(afas: Afas) -> None:
    subject = post(afas, "KnSubject", bodies.dossier_item())["results"]["KnSubject"]["SbId"]
    more = {"FileName": "bijlage.png", "FileStream": "iVBORw0KGgo="}
    body = {
        "KnSubject": {"Element": {"@SbId": subject, "Objects": {"KnSubjectAttachment": {"Element": {"Fields": more}}}}}
    }
    answer = send(afas, "POST", "KnSubject/KnSubjectAttachment", body)
    assert answer.status_code == 201, answer.text
    rows = afas.rows("Profit_Subject_Attachments", filterfieldids="subject_id", filtervalues=subject, operatortypes="1")
    assert sorted(row["file_name"] for row in rows) == ["bijlage.png", "factuur.pdf"]


def test_the_largest_file(afas: Afas) -> None:
    large = bodies.dossier_item(base64.b64encode(bytes(10 * 2**20 + 1)).decode())
    before = books(afas)
    afas.configure(dialect={"attachment_size": "10"})
    refused = post(afas, "KnSubject", large, status=500)
    assert refused["externalMessage"] == "Bestand 'factuur.pdf' is groter dan 10 MB."
    assert books(afas) == before
    post(afas, "KnSubject", bodies.dossier_item(base64.b64encode(bytes(10 * 2**20)).decode()))
    afas.configure(dialect={"attachment_size": "unlimited"})
    post(afas, "KnSubject", large)


@pytest.mark.parametrize("path", ["KnSubject/KnSubjectLink", "knsubject/knsubjectlink"])
def test_a_link_is_added_by_the_url_of_its_object(afas: Afas, path: str) -> None:
    link = {"KnSubjectLink": {"Element": {"Fields": {"SfTp": "4", "SfId": "10100"}}}}
    answer = send(afas, "POST", path, {"KnSubject": {"Element": {"@SbId": "9937", "Objects": link}}})
    assert (answer.status_code, answer.json()) == (201, {"results": {"KnSubject": {"SbId": "9937"}}})
    (item,) = [row for row in afas.control("GET", "/data/subjects").json()["rows"] if row["subject_id"] == 9937]
    assert (item["destination_type"], item["destination"]) == (4, "10100")


@pytest.mark.parametrize("name", ["KnOrganisation", "KnBankAccount", "knbankaccount"])
def test_a_bank_account_is_added_by_the_url_of_its_object(afas: Afas, name: str) -> None:
    before = afas.rows("Zenvoices_Suppliers", take="1000")
    account = {"KnBankAccount": {"Element": {"Fields": {"CoId": "NL", "IbCk": True, "Iban": "NL91ABNA0417164300"}}}}
    organisation = {"KnOrganisation": {"Element": {"Fields": {"MatchOga": "9"}, "Objects": account}}}
    body = {"KnPurchaseRelationOrg": {"Element": {"@CrId": "50017", "Fields": {"PaCd": "14"}, "Objects": organisation}}}
    assert send(afas, "POST", f"KnPurchaseRelationOrg/{name}", body).status_code == 201
    after = {row["CreditorId"]: row for row in afas.rows("Zenvoices_Suppliers", take="1000")}
    assert len(after) == len(before), "nothing is added but the account"
    assert (after["50017"]["IBAN"], after["50017"]["PaymentCondition"]) == ("NL91ABNA0417164300", "14")


def test_the_object_of_a_url_must_be_one_that_can_be_posted(afas: Afas) -> None:
    before = books(afas)
    for path in ("KnSubject/Onzin", "FiEntries/FiEntries", "KnSalesRelationOrg/KnSubjectLink"):
        body = bodies.purchase("TEST-9") if path.startswith("Fi") else bodies.dossier_item()
        answer = send(afas, "POST", path, body)
        assert answer.status_code == 500
        name = path.partition("/")[2]
        assert answer.json()["externalMessage"] == f"Veld '{name}' is niet bekend bij deze UpdateConnector."
    assert books(afas) == before
    assert send(afas, "POST", "FiEntries/fientrypar", bodies.purchase("TEST-9")).status_code == 201


def test_parts_of_a_dossier_item_are_deleted_by_their_own_url(afas: Afas) -> None:
    def item() -> dict[str, Any]:
        (found,) = [row for row in books(afas)["subjects"] if row["subject_id"] == int(subject)]
        return found

    subject = post(afas, "KnSubject", bodies.dossier_item())["results"]["KnSubject"]["SbId"]
    (file,) = item()["attachments"]
    path = f"KnSubject/KnSubject/@SbId/{subject}"
    assert send(afas, "DELETE", f"{path}/KnSubjectLink/@SbId/{subject}").status_code == 200
    assert (item()["destination"], item()["destination_invoice"], len(item()["attachments"])) == (None, None, 1)
    wrong = send(afas, "DELETE", f"{path}/KnSubjectAttachment/@FileId/{'0' * 32}")
    assert wrong.json()["externalMessage"] == "De ingevulde waarde bij 'File Id' bestaat niet."
    assert send(afas, "DELETE", f"{path}/KnSubjectAttachment/@FileId/{file['file_id']}").status_code == 200
    assert item()["attachments"] == []
    assert afas.get(f"subjectconnector/{subject}/{file['file_id']}").status_code == 404
    assert send(afas, "DELETE", path).status_code == 200


def test_a_dossier_item_outlives_its_invoice(afas: Afas) -> None:
    def item() -> dict[str, Any]:
        (found,) = [row for row in books(afas)["subjects"] if row["subject_id"] == int(subject)]
        return found

    keys = post(afas, "FiEntries", bodies.purchase("TEST-5"))["results"]["FiEntryPar"]
    link = {"SfTp": "11", "SfId": "50013", "PiUn": 1, "PiId": "TEST-5"}
    body = {"Fields": {"StId": -5, "Ds": "x"}, "Objects": {"KnSubjectLink": {"Element": {"Fields": link}}}}
    subject = post(afas, "KnSubject", {"KnSubject": {"Element": body}})["results"]["KnSubject"]["SbId"]
    assert (item()["destination"], item()["destination_invoice"]) == ("50013", "TEST-5")
    assert send(afas, "DELETE", f"FiEntries/FiEntryPar/UnId/1/FiEntries/@EnNo/{keys['EnNo']}").status_code == 200
    assert (item()["destination"], item()["destination_administration"]) == ("50013", None)
    post(afas, "FiEntries", bodies.purchase("TEST-5"))
    assert item()["destination_invoice"] is None, "the next invoice with this number is another one"


@pytest.mark.parametrize("name", ["KnOrganisation", "KnBankAccount", "Onzin"])
def test_parts_of_a_relation_stay(afas: Afas, name: str) -> None:
    before = books(afas)
    path = f"KnPurchaseRelationOrg/KnPurchaseRelationOrg/@CrId/50003/{name}/@BcCo/1000017"
    answer = send(afas, "DELETE", path)
    assert answer.json()["externalMessage"] == f"Verwijderen is niet toegestaan bij '{name}'."
    assert books(afas) == before


# ---------------------------------------------------------------- answers


def test_the_wrapper_of_results(afas: Afas) -> None:
    afas.configure(dialect={"AMB-09": "bare"})
    assert set(post(afas, "FiEntries", bodies.purchase("TEST-6"))) == {"FiEntryPar"}


@pytest.mark.parametrize("status", [201, 200])
def test_the_status_of_a_put(afas: Afas, status: int) -> None:
    afas.configure(dialect={"AMB-10": str(status)})
    body = {
        "FiInvoice": {"Element": {"Fields": {"UnId": 1, "VaAd": "3", "DcNr": "50022", "InId": "INK00200", "BlPa": 0}}}
    }
    answer = send(afas, "PUT", "FiInvoice", body)
    assert (answer.status_code, answer.content) == (status, b"")
    assert invoice(afas, "INK00200")["Blocked"] is False


NO_JSON = [b"", b"{", b"[1", b"\xff\xfe", b'{"a": NaN}', b'{"a": "\\ud800"}', b"[" * 5_000, b"\0"]


@pytest.mark.parametrize("content", NO_JSON, ids=lambda content: repr(content[:8]))
@pytest.mark.parametrize("status", [400, 500])
def test_what_is_no_json(afas: Afas, content: bytes, status: int) -> None:
    afas.configure(dialect={"AMB-11": str(status)})
    answer = send(afas, "POST", "FiEntries", content)
    assert (answer.status_code, answer.json()) == (status, {"message": "Invalid json"})


@pytest.mark.parametrize(
    "body",
    [
        *({}, [], 3, "x", None),
        *({"FiEntries": {}}, {"FiEntryPar": []}, {"FiEntryPar": {}}, {"FiEntryPar": ""}),
        *({"FiEntryPar": {"Element": []}}, {"FiEntryPar": {"Element": None}}, {"FiEntryPar": {"Element": ""}}),
    ],
    ids=str,
)
def test_what_has_no_element(afas: Afas, body: Any) -> None:
    answer = send(afas, "POST", "FiEntries", json.dumps(body).encode())
    assert (answer.status_code, answer.content) == (400, b"")


def test_a_name_that_no_definition_has(afas: Afas) -> None:
    body = bodies.purchase("TEST-7", Naam="x")
    refused = post(afas, "FiEntries", body, status=500)
    assert "Naam" in refused["externalMessage"]
    assert afas.logged(refused["profitLogReference"])["reason"]["path"] == "FiEntryPar/Element/Fields/Naam"
    afas.configure(dialect={"AMB-12": "ignored"})
    post(afas, "FiEntries", body)


def test_a_name_beside_the_elements(afas: Afas) -> None:
    body = bodies.purchase("TEST-8")
    lines = body["FiEntryPar"]["Element"]["Objects"]["FiEntries"]
    lines |= {"@xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance", "Objects": {"FiDimEntries": {"Element": {}}}}
    refused = post(afas, "FiEntries", body, status=500)
    assert refused["externalMessage"] == "Veld 'Objects' is niet bekend bij deze UpdateConnector."
    path = "FiEntryPar/Element/Objects/FiEntries/Objects"
    assert afas.logged(refused["profitLogReference"])["reason"]["path"] == path
    del lines["Objects"]
    post(afas, "FiEntries", body)


@pytest.mark.parametrize("place", ["the entry", "a line"])
@pytest.mark.parametrize("among_fields", [True, False])
@pytest.mark.parametrize(
    ("action", "status"), [("", 201), (None, 201), ("Insert", 201), ("delete", 500), ("wis", 500), (1, 500)]
)
def test_the_action_of_an_element(
    afas: Afas, place: str, among_fields: bool, action: str | int | None, status: int
) -> None:
    before = books(afas)
    body = bodies.purchase("TEST-8")
    element = body["FiEntryPar"]["Element"]
    if place == "a line":
        element = element["Objects"]["FiEntries"]["Element"][1]
    (element["Fields"] if among_fields else element)["@Action"] = action
    post(afas, "FiEntries", body, status)
    assert (books(afas) == before) is (status == 500)


@pytest.mark.parametrize("root", ["KnSubject", "KnPurchaseRelationOrg", "KnSalesRelationOrg"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_body_does_not_delete_what_it_is_about(afas: Afas, root: str, method: str) -> None:
    key = {"KnSubject": "SbId", "KnPurchaseRelationOrg": "CrId", "KnSalesRelationOrg": "DbId"}[root]
    number = {"KnSubject": "9910", "KnPurchaseRelationOrg": "50017", "KnSalesRelationOrg": "10100"}[root]
    before = books(afas)
    refused = send(afas, method, root, {root: {"Element": {f"@{key}": number, "@Action": "delete", "Fields": {}}}})
    assert refused.json()["externalMessage"] == f"Verwijderen is niet toegestaan bij '{root}'."
    assert books(afas) == before


def test_a_name_beside_the_root(afas: Afas) -> None:
    body = {**bodies.purchase("TEST-8"), "KnSubject": {}}
    refused = post(afas, "FiEntries", body, status=500)
    assert "KnSubject" in refused["externalMessage"]
    assert afas.logged(refused["profitLogReference"])["reason"]["path"] == "KnSubject"
    afas.configure(dialect={"AMB-12": "ignored"})
    post(afas, "FiEntries", body)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "FiEntries"),
        ("POST", "FiInvoice"),
        ("DELETE", "FiInvoice/FiInvoice/@InId/x"),
        ("DELETE", "KnSalesRelationOrg/KnSalesRelationOrg/@DbId/10001"),
    ],
)
def test_methods_a_connector_does_not_know(afas: Afas, method: str, path: str) -> None:
    assert send(afas, method, path, b"{}").status_code == 405


def test_an_update_connector_that_the_app_connector_does_not_list(afas: Afas) -> None:
    assert afas.control("PATCH", "/app-connectors/1", {"update_connectors": ["KnSubject"]}).status_code == 200
    refused = post(afas, "FiEntries", bodies.purchase("TEST-8"), status=500)
    assert "niet ondersteund" in refused["externalMessage"]


# ---------------------------------------------------------------- whole or not at all


def test_without_unid_the_last_administration_of_the_user_counts(afas: Afas) -> None:
    def booked(unit: str | None, number: str, status: int = 201) -> Any:
        body = bodies.purchase(number)
        body["FiEntryPar"]["Element"]["Fields"]["UnId"] = unit
        if status != 201:
            body["FiEntryPar"]["Element"]["Objects"]["FiEntries"]["Element"][0]["Fields"]["AmCr"] = "1"
        answer = post(afas, "FiEntries", body, status)
        return answer["results"]["FiEntryPar"]["UnId"] if status == 201 else None

    assert booked(None, "L1") == "1", "at first the lowest"
    assert (booked("2", "L2"), booked(None, "L3")) == ("2", "2")
    booked("1", "L4", status=500)
    assert booked("", "L4") == "2", "a refused entry changes nothing"
    invoice = {"FiInvoice": {"Element": {"Fields": {"InId": "L4", "BlPa": True}}}}
    assert send(afas, "PUT", "FiInvoice", invoice).status_code == 201
    assert send(afas, "DELETE", "FiEntries/FiEntries/InId/L4").status_code == 200
    child = fork(afas)
    assert (booked("1", "L5"), booked(None, "L6")) == ("1", "1")
    assert post(child, "FiEntries", bodies.purchase("L7", UnId=None))["results"]["FiEntryPar"]["UnId"] == "2"


def test_blanks_at_the_end_of_an_invoice_number_do_not_count(afas: Afas) -> None:
    assert post(afas, "FiEntries", bodies.purchase("TEST-9  "))["results"]["FiEntryPar"]["InId"] == "TEST-9"
    before = books(afas)
    for number in ("TEST-9", "test-9 "):
        refused = post(afas, "FiEntries", bodies.purchase(number), status=500)
        assert "wordt al gebruikt in financieel" in refused["externalMessage"]
    assert books(afas) == before
    assert post(afas, "FiEntries", bodies.purchase("   "))["results"]["FiEntryPar"]["InId"] == ""
    keys = {"UnId": "1", "InId": "TEST-9 ", "BlPa": True}
    assert send(afas, "PUT", "FiInvoice", {"FiInvoice": {"Element": {"Fields": keys}}}).status_code == 201
    assert invoice(afas, "TEST-9")["Blocked"] is True
    link = {"SfTp": "11", "SfId": "50013", "PiUn": 1, "PiId": "TEST-9 "}
    item = {"Fields": {"StId": -5, "Ds": "x"}, "Objects": {"KnSubjectLink": {"Element": {"Fields": link}}}}
    post(afas, "KnSubject", {"KnSubject": {"Element": item}})


def test_a_refused_write_changes_nothing(afas: Afas) -> None:
    post(afas, "FiEntries", bodies.purchase("TEST-9"))
    before = books(afas)
    body = bodies.purchase("TEST-10")
    broken = copy.deepcopy(body)
    broken["FiEntryPar"]["Element"]["Objects"]["FiEntries"]["Element"][-1]["Fields"]["AcNr"] = "9999"
    refused = post(afas, "FiEntries", broken, status=500)
    assert books(afas) == before
    assert afas.logged(refused["profitLogReference"])["reason"]["value"] == "9999"
    first = post(afas, "FiEntries", body)["results"]["FiEntryPar"]["EnNo"]
    numbers = [entry["entry"] for entry in before["entries"] if entry["administration"] == 1]
    assert int(first) == max(numbers) + 1


def test_many_writers_at_once(afas: Afas) -> None:
    afas.configure(dialect={"parallel_calls": "unlimited"})

    def book(number: int) -> str:
        made = post(afas, "FiEntries", bodies.purchase(f"PAR-{number}"))
        entry: str = made["results"]["FiEntryPar"]["EnNo"]
        return entry

    with ThreadPoolExecutor(16) as pool:
        entries = list(pool.map(book, range(120)))
    assert len(set(entries)) == 120
    state = books(afas)
    booked = [one for one in state["entries"] if str(one["entry"]) in entries and one["administration"] == 1]
    assert len(booked) == 120
    for one in booked:
        assert sum(line["debit"] for line in one["lines"]) == sum(line["credit"] for line in one["lines"]) == 121
    assert sum(one["invoice"].startswith("PAR-") for one in state["invoices"]) == 120


def test_a_write_in_a_fork_is_private(afas: Afas) -> None:
    child = afas.control("POST", "/forks").json()
    answer = afas.http.post(
        f"{child['base_url']}/connectors/FiEntries",
        json=bodies.purchase("TEST-11"),
        headers={"Authorization": child["authorization"]},
    )
    assert answer.status_code == 201
    assert not [one for one in books(afas)["invoices"] if one["invoice"] == "TEST-11"]


def test_keys_of_a_put_can_stand_in_the_url(afas: Afas) -> None:
    body: Any = {"FiInvoice": {"Element": {"Fields": {"BlPa": "0"}}}}
    answer = send(afas, "PUT", "FiInvoice/FiInvoice/@UnId,VaAd,DcNr,InId/1,3,50022,INK00200", body)
    assert answer.status_code == 201, answer.text
    assert invoice(afas, "INK00200")["Blocked"] is False
    body["FiInvoice"]["Element"] |= {"@UnId": "", "@InId": None}
    assert send(afas, "PUT", "FiInvoice/FiInvoice/@UnId,InId/1,INK00200", body).status_code == 201
    refused = send(afas, "PUT", "FiInvoice/FiInvoice/@UnId,InId/een,INK00200", body)
    assert refused.status_code == 500
    assert afas.logged(refused.json()["profitLogReference"])["reason"]["path"] == "URL/UnId"


def test_a_custom_field_that_is_nested_deeply(afas: Afas) -> None:
    deep: Any = []
    for _ in range(900):
        deep = [deep]
    refused = post(afas, "KnPurchaseRelationOrg", bodies.supplier(**{"U" + "0" * 32: deep}), status=500)
    assert refused["errorNumber"] == -2147180996
    assert len(afas.logged(refused["profitLogReference"])["reason"]["value"]) < 1_000
