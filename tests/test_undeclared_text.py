"""Characters other than ASCII in bodies, declared as UTF-8 or not: the setting ``undeclared_text``."""

from __future__ import annotations

import json

import httpx
import pytest

from tests import bodies
from tests.support import Afas

DECLARED = (
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    'Application/JSON; Charset="utf-8"',
    'text/plain; CHARSET = "UTF-8"; boundary=x',
    "application/json; version=1; charset=utf8",
)
UNDECLARED = (
    "",
    "application/json",
    "application/json; charset=",
    "application/json; charset=iso-8859-1",
    "application/json; charset=utf-16",
    "application/json; charset=utf-80",
    "application/json; x-charset=utf-8",
    "charset=utf-8",
)
CAFE = "Café € 😀 e\u0301"


def sent_to(afas: Afas, sent: bytes, content_type: str | None, method: str = "POST") -> httpx.Response:
    headers = {} if content_type is None else {"Content-Type": content_type}
    return afas.http.request(
        method,
        f"{afas.base_url}/connectors/KnPurchaseRelationOrg",
        content=sent,
        headers={"Authorization": afas.authorization, **headers},
    )


def supplier_named(afas: Afas, sent: bytes, content_type: str | None, method: str = "POST") -> str:
    """The name that a GetConnector shows of a supplier made, or changed, by the body ``sent``."""
    answer = sent_to(afas, sent, content_type, method)
    assert answer.status_code == 201, answer.text
    number = answer.json()["results"]["KnPurchaseRelationOrg"]["CrId"] if method == "POST" else "50017"
    (row,) = afas.rows("Zenvoices_Suppliers", filterfieldids="CreditorId", filtervalues=number, operatortypes="1")
    name: str = row["CreditorName"]
    return name


def as_sent(name: str) -> bytes:
    return json.dumps(bodies.supplier(name), ensure_ascii=False).encode()


@pytest.mark.parametrize("content_type", [None, *DECLARED, *UNDECLARED])
def test_text_is_utf_8_whether_declared_or_not(afas: Afas, content_type: str | None) -> None:
    assert supplier_named(afas, as_sent(CAFE), content_type) == CAFE


@pytest.mark.parametrize("content_type", DECLARED)
def test_declared_text_is_kept(afas: Afas, content_type: str) -> None:
    afas.configure(dialect={"undeclared_text": "question_marks"})
    assert supplier_named(afas, as_sent(CAFE), content_type) == CAFE


@pytest.mark.parametrize("content_type", [None, *UNDECLARED])
def test_undeclared_text_can_arrive_as_question_marks(afas: Afas, content_type: str | None) -> None:
    afas.configure(dialect={"undeclared_text": "question_marks"})
    assert supplier_named(afas, as_sent(CAFE), content_type) == "Caf? ? ? e?"
    assert supplier_named(afas, json.dumps(bodies.supplier(CAFE)).encode(), content_type) == CAFE, "escapes are ASCII"
    afas.configure(dialect={"undeclared_text": "kept"})
    assert supplier_named(afas, as_sent(CAFE), content_type) == CAFE


def test_undeclared_text_of_a_change(afas: Afas) -> None:
    afas.configure(dialect={"undeclared_text": "question_marks"})
    organisation = {"KnOrganisation": {"Element": {"Fields": {"MatchOga": "9", "Nm": "Café €"}}}}
    body = {"KnPurchaseRelationOrg": {"Element": {"@CrId": "50017", "Fields": {}, "Objects": organisation}}}
    sent = json.dumps(body, ensure_ascii=False).encode()
    assert supplier_named(afas, sent, "application/json", "PUT") == "Caf? ?"
    assert supplier_named(afas, sent, "application/json; charset=utf-8", "PUT") == "Café €"


def test_undeclared_text_is_recorded_as_it_was_sent(afas: Afas) -> None:
    afas.configure(dialect={"undeclared_text": "question_marks"})
    supplier_named(afas, as_sent("Café €"), "application/json")
    entries = afas.control("GET", "/traffic?format=har").json()["log"]["entries"]
    assert "Café €" in entries[-2]["request"]["postData"]["text"]
    found = afas.control("GET", "/findings").json()["findings"]
    assert "body-without-charset" in [finding["rule"] for finding in found]


def test_undeclared_text_of_a_call_with_a_fault(afas: Afas) -> None:
    afas.configure(dialect={"undeclared_text": "question_marks"})
    fault = {"effect": {"kind": "delay", "milliseconds": 1}}
    assert afas.control("POST", "/faults", fault).status_code == 201
    assert supplier_named(afas, as_sent("Café €"), "application/json") == "Caf? ?"


@pytest.mark.parametrize("choice", ["kept", "question_marks"])
@pytest.mark.parametrize("broken", ["Café €".encode("latin-1", "replace"), b"Caf\xc3", b"\xed\xa0\x80", b"a\x80"])
def test_what_is_no_utf_8_is_no_json(afas: Afas, choice: str, broken: bytes) -> None:
    afas.configure(dialect={"undeclared_text": choice})
    before = afas.control("GET", "/books").json()
    sent = as_sent("NAME").replace(b"NAME", broken)
    for body in (sent, sent + broken):
        answer = sent_to(afas, body, "application/json")
        assert (answer.status_code, answer.json()) == (400, {"message": "Invalid json"})
    assert afas.control("GET", "/books").json() == before


@pytest.mark.parametrize("blanks", [2**20 - 60, 2**20 - 59, 2**20 - 58, 3 * 2**20])
def test_undeclared_text_in_a_large_body(afas: Afas, blanks: int) -> None:
    """Also where a character lies across the parts in which a body is looked at."""
    afas.configure(dialect={"undeclared_text": "question_marks"})
    sent = as_sent("Café €" + "é" * 50)
    at = sent.index(b"Caf")
    padded = b" " * (blanks - at) + sent + b" " * blanks
    assert supplier_named(afas, padded, "application/json") == "Caf? ?" + "?" * 50
