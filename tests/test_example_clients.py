"""The example clients, driven by their protocol against a real server: what they do, and what they survive."""

from __future__ import annotations

import ast
import base64
import json
import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest

from mock_afas.connectors import FEATURES
from tests.drivers import COMMANDS, EXAMPLES, INTEGRATION, Client, Json
from tests.support import Afas, fork

OPERATIONS = {
    *("connect", "features", "read", "create_supplier", "create_customer", "update_supplier"),
    *("book_purchase_invoice", "book_sales_invoice", "release_invoice", "attach_document"),
}
PDF = base64.b64encode(b"%PDF-1.7 \xff\xfe\x00").decode()
RELATION: Json = {
    "name": "Café d'Été, Zn; & Cie 🏢",
    "country": "DE",
    "street": "Straße",
    "house_number": "12 bis",
    "postal_code": "01067",
    "city": "Görlitz",
    "iban": "NL91ABNA0417164300",
    "vat_number": "NL001234567B01",
    "coc_number": "12345678",
    "payment_condition": "30",
}
LINE: Json = {"account": "4510", "amount": "330.58", "tax_code": "5", "tax_amount": "69.42", "tax_account": "1500"}
PURCHASE: Json = {
    "administration": 1,
    "journal": "10",
    "supplier_id": "50013",
    "invoice_number": "F2024-1",
    "invoice_date": "2024-03-05",
    "due_date": "2024-04-01",
    "description": "Papier",
    "total": "400.00",
    "lines": [LINE],
}


@pytest.fixture(scope="module", params=["node", "python"])
def process(request: pytest.FixtureRequest) -> Iterator[Client]:
    if shutil.which(COMMANDS[request.param][0]) is None:
        pytest.skip(f"{request.param} is not installed")
    client = Client(COMMANDS[request.param])
    yield client
    assert client.stop() == 0


@pytest.fixture
def client(process: Client, afas: Afas) -> Client:
    process.start(afas)
    return process


def books(afas: Afas) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = json.loads(afas.control("GET", "/books").content, parse_float=Decimal)
    return found


def entry_of(afas: Afas, booked: Json) -> Json:
    (entry,) = [
        entry
        for entry in books(afas)["entries"]
        if (entry["administration"], entry["entry"]) == (1, int(booked["entry_number"]))
    ]
    return entry


def invoices(afas: Afas, number: str = "F2024-1") -> list[Json]:
    return [invoice for invoice in books(afas)["invoices"] if invoice["invoice"] == number]


def fault(afas: Afas, kind: str, phase: str = "before", match: Json | None = None, **effect: Any) -> None:
    body = {"match": {"times": 1, **(match or {})}, "phase": phase, "effect": {"kind": kind, **effect}}
    answer = afas.control("POST", "/faults", body)
    assert answer.status_code == 201, answer.text


def calls(afas: Afas, method: str = "", connector: str = "") -> list[Json]:
    exchanges: list[Json] = afas.control("GET", "/traffic").json()["exchanges"]
    return [
        one
        for one in exchanges
        if one["request"]["method"].startswith(method) and one["request"]["path"].endswith(connector)
    ]


def findings(afas: Afas) -> list[str]:
    return [one["rule"] for one in afas.control("GET", "/findings").json()["findings"]]


# ---------------------------------------------------------------- each operation


def test_it_introduces_itself(process: Client, afas: Afas) -> None:
    told = process.start(afas)["ok"]
    assert set(told) == {"name", "version", "language", "operations", "features"}
    assert set(told["operations"]) == OPERATIONS
    assert set(told["features"]) == set(FEATURES)


def test_it_connects(client: Client) -> None:
    found = client.ok("connect")["administrations"]
    assert [one["id"] for one in found] == [1, 2, 3, 4, 5]
    assert all(one["name"] for one in found)


def test_an_operation_it_does_not_know_is_skipped(client: Client) -> None:
    assert set(client.run("close_the_year")["skipped"]) == {"reason"}


@pytest.mark.parametrize(("side", "key"), [("supplier", "CreditorId"), ("customer", "DebtorId")])
def test_it_creates_a_relation_once(client: Client, afas: Afas, side: str, key: str) -> None:
    made = client.ok(f"create_{side}", **RELATION)
    assert client.ok(f"create_{side}", **RELATION) == made
    other = client.ok(f"create_{side}", **RELATION | {"postal_code": "01069"})
    assert other != made
    (row,) = [row for row in books(afas)[f"{side}s"] if row[f"{side}_id"] == made[f"{side}_id"]]
    given = {name: RELATION[name] for name in ("name", "street", "postal_code", "city", "coc_number", "iban")}
    assert {name: row[name] for name in given} == given
    assert (row["country"], row["house_number"], row["house_number_addition"]) == ("D", 12, "bis")
    assert row["vat_number"] == RELATION["vat_number"]
    assert row["payment_condition"] == "30"


def test_it_changes_what_is_named(client: Client, afas: Afas) -> None:
    number = client.ok("create_supplier", **RELATION)["supplier_id"]
    for _ in range(2):
        client.ok("update_supplier", supplier_id=number, city="Leiden", iban="NL02ABNA0123456789", name="Nieuw")
    (row,) = [row for row in books(afas)["suppliers"] if row["supplier_id"] == number]
    assert (row["name"], row["city"], row["iban"]) == ("Nieuw", "Leiden", "NL02ABNA0123456789")
    assert (row["street"], row["postal_code"], row["house_number"]) == ("Straße", "01067", 12)
    accounts = afas.control("GET", "/data/bank_accounts").json()["rows"]
    assert len([one for one in accounts if one["organisation_id"] == row["organisation_id"]]) == 2


def test_it_books_a_purchase_with_its_document_and_releases_it(client: Client, afas: Afas) -> None:
    document = {"file_name": "Factuur é.PDF", "content_base64": PDF}
    booked = client.ok("book_purchase_invoice", **PURCHASE, reviewer="ALLARDJ", document=document)
    assert booked["invoice_number"] == "F2024-1"
    (invoice,) = invoices(afas)
    assert (invoice["amount"], invoice["due_date"], invoice["reviewer"]) == (400, "2024-04-01", "ALLARDJ")
    assert invoice["blocked_for_payment"]
    lines = [
        (line["account"], line["debit"] - line["credit"], line["vat_code"]) for line in entry_of(afas, booked)["lines"]
    ]
    assert lines == [("50013", -400, None), ("4510", Decimal("330.58"), "5"), ("1500", Decimal("69.42"), "5")]
    (subject,) = [one for one in books(afas)["subjects"] if str(one["subject_id"]) == booked["subject_id"]]
    assert (subject["subject_type"], subject["destination"], subject["destination_invoice"]) == (-5, "50013", "F2024-1")
    (file,) = subject["attachments"]
    assert afas.get(f"subjectconnector/{booked['subject_id']}/{file['file_id']}").json()["filedata"] == PDF
    client.ok("release_invoice", administration=1, supplier_id="50013", invoice_number="F2024-1")
    assert not invoices(afas)[0]["blocked_for_payment"]


def test_it_attaches_a_document(client: Client, afas: Afas) -> None:
    client.ok("book_purchase_invoice", **PURCHASE)
    where = {"administration": 1, "supplier_id": "50013", "invoice_number": "F2024-1"}
    made = client.ok("attach_document", **where, file_name="a.docx", content_base64=PDF)
    (subject,) = [one for one in books(afas)["subjects"] if one["destination_invoice"] == "F2024-1"]
    assert str(subject["subject_id"]) == made["subject_id"]


def test_it_books_a_sale_with_allocation(client: Client, afas: Afas) -> None:
    codes = {"1": "WEST", "2": "ICT", "3": "LOG", "4": "NOORD", "5": "MAAT"}
    line = {"account": "8000", "amount": "100", "tax_code": "1", "tax_amount": "21.00", "tax_account": "1510"}
    sale = {name: value for name, value in PURCHASE.items() if name != "supplier_id"}
    sale |= {"journal": "20", "customer_id": "10004", "total": "121.00", "lines": [line | {"allocations": codes}]}
    lines = entry_of(afas, client.ok("book_sales_invoice", **sale))["lines"]
    assert [(line["account"], line["debit"] - line["credit"]) for line in lines] == [
        ("10004", 121),
        ("8000", -100),
        ("1510", -21),
    ]
    assert {axis: lines[1][f"allocation_{axis}"] for axis in codes} == codes


def test_it_books_projects_and_commitments(client: Client, afas: Afas) -> None:
    lines = [
        {"account": "4320", "amount": "100", "project": "300000", "item": "K01"},
        {"account": "4710", "amount": "20", "commitment": 7},
    ]
    booked = client.ok("book_purchase_invoice", **PURCHASE | {"supplier_id": "50022", "total": "120", "lines": lines})
    _, costs, committed = entry_of(afas, booked)["lines"]
    (project,) = costs["projects"]
    assert (project["project"], project["item"], project["cost"]) == ("300000", "K01", 100)
    assert committed["commitment"] == 7


@pytest.mark.parametrize("rate", ["7.5", None])
def test_it_books_a_credit_invoice_in_another_currency(client: Client, afas: Afas, rate: str | None) -> None:
    lines = [{"account": "4510", "amount": amount} for amount in ("-33.33", "-33.33", "-33.34")]
    given = {"currency": "NOK", "total": "-100.00", "lines": lines} | ({"rate": rate} if rate else {})
    booked = client.ok("book_purchase_invoice", **PURCHASE | given)
    (invoice,) = invoices(afas)
    assert (invoice["currency"], invoice["amount_currency"]) == ("NOK", -100)
    made = entry_of(afas, booked)["lines"]
    assert sum(line["debit"] - line["credit"] for line in made) == 0
    if rate:
        assert invoice["amount"] == Decimal("-13.33")


# ---------------------------------------------------------------- reading


def test_it_reads_every_row_once_with_its_digits(client: Client, afas: Afas) -> None:
    afas.put("suppliers", *({"supplier_id": f"T{number}", "name": f"Nummer {number}"} for number in range(271)))
    for connector in ("Zenvoices_Suppliers", "Profit_Transactions"):
        answer = afas.get(f"connectors/{connector}", {"skip": "-1", "take": "-1"})
        wanted = json.loads(answer.text, parse_float=str)["rows"]
        read = [
            {name: str(v) if isinstance(v, Decimal) else v for name, v in row.items()}
            for row in client.ok("read", connector=connector)["rows"]
        ]
        assert len(read) == len(wanted)
        assert {json.dumps(row) for row in read} == {json.dumps(_without_z(row)) for row in wanted}
    assert "paging-without-order" not in findings(afas)


def _without_z(row: Json) -> Json:
    moment = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
    return {k: v[:-1] if isinstance(v, str) and moment.fullmatch(v) else v for k, v in row.items()}


def test_it_reads_what_changed_in_spite_of_hidden_fractions(client: Client, afas: Afas) -> None:
    afas.configure(dialect={"time_fractions": "hidden"})
    afas.put("suppliers", {"supplier_id": "T1", "name": "Verandert"})
    (seen,) = [row for row in client.ok("read", connector="Zenvoices_Suppliers")["rows"] if row["CreditorId"] == "T1"]
    again = client.ok("read", connector="Zenvoices_Suppliers", changed_since=seen["ModifiedDate"])["rows"]
    assert [row["CreditorId"] for row in again] == ["T1"]
    assert {"filter-value-with-z", "exact-match-on-time"}.isdisjoint(findings(afas))


def test_rows_that_come_and_go_while_it_pages_disturb_no_others(client: Client, afas: Afas) -> None:
    afas.put("suppliers", *({"supplier_id": f"T{number:03}", "name": "Vast"} for number in range(250)))
    coming = [{"supplier_id": f"A{number}{{n}}", "name": "Nieuw"} for number in range(30)]
    fault(
        afas,
        "change_data",
        match={"connector": "Zenvoices_Suppliers", "nth": 2, "times": 2},
        entity="suppliers",
        rows=coming,
    )
    read = [row["CreditorId"] for row in client.ok("read", connector="Zenvoices_Suppliers")["rows"]]
    assert len(read) == len(set(read))
    assert {f"T{number:03}" for number in range(250)} <= set(read)


@pytest.mark.parametrize("version", [5, 6, 7])
def test_it_reads_the_json_of_older_versions(client: Client, afas: Afas, version: int) -> None:
    afas.configure(profit_version=version)
    afas.put("currencies", {"currency": "TST", "description": "Met -.5 erin", "rate": Decimal("0.5").__float__()})
    (row,) = [row for row in client.ok("read", connector="Zenvoices_Currencies")["rows"] if row["CurrencyId"] == "TST"]
    assert (row["Currency"], row["Exchange_Rate"]) == ("Met -.5 erin", Decimal("0.5"))


# ---------------------------------------------------------------- environments that differ


@pytest.mark.parametrize("without", [set(some) for some in combinations(FEATURES, 2)] + [set(FEATURES)], ids=sorted)
def test_it_works_without_features_and_sends_nothing_of_them(client: Client, afas: Afas, without: set[str]) -> None:
    afas.configure(without=sorted(without))
    assert client.ok("features") == {feature: feature not in without for feature in FEATURES}
    line: Json = (
        {"account": "4710", "amount": "20", "commitment": 7}
        if "projects" not in without
        else {"account": "4320", "amount": "20"}
    )
    line |= {"project": "300000", "item": "K01"} if "projects" in without else {}
    line |= {"allocations": {"1": "WEST"}} if "allocation" in without else {}
    line |= {"commitment": 7} if "commitments" in without else {}
    client.ok("book_purchase_invoice", **PURCHASE | {"supplier_id": "50022", "total": "20", "lines": [line]})
    client.ok("create_supplier", **RELATION, currency="EUR")


def test_a_connector_of_a_missing_feature_is_told_and_not_called(client: Client, afas: Afas) -> None:
    afas.configure(without=["projects"])
    failure = client.failed("read", connector="Zenvoices_Projects")
    assert "projects" in failure["message"]
    assert calls(afas, connector="Zenvoices_Projects") == []


def test_it_follows_to_another_environment(client: Client, afas: Afas) -> None:
    client.ok("features")
    other = fork(afas)
    other.configure(without=list(FEATURES))
    client.start(other)
    assert not any(client.ok("features").values())
    other.control("DELETE")


@pytest.mark.parametrize(
    "dialect",
    [
        {"results": "bare", "put_status": "200"},
        {"paging": "strict", "identifiers": "case_sensitive", "collation": "cs_as"},
        {"unknown_connector": "unauthorized", "decimal_zeros": "trimmed", "filter_precedence": "or_first"},
    ],
    ids=lambda dialect: " ".join(dialect.values()),
)
def test_it_works_with_each_reading_of_what_nobody_knows(client: Client, afas: Afas, dialect: dict[str, str]) -> None:
    afas.configure(dialect=dialect)
    made = client.ok("create_supplier", **RELATION)
    assert client.ok("create_supplier", **RELATION) == made
    client.ok("book_purchase_invoice", **PURCHASE, blocked=True)
    client.ok("release_invoice", administration=1, supplier_id="50013", invoice_number="F2024-1")
    assert not invoices(afas)[0]["blocked_for_payment"]
    assert len(client.ok("read", connector="Zenvoices_Periods")["rows"]) > 500


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("language", "message"),
    [("nl", "wordt al gebruikt in financieel"), ("en", "is already used in finance")],
)
def test_a_refusal_comes_with_the_words_and_reference_of_afas(
    process: Client, afas: Afas, language: str, message: str
) -> None:
    process.start(afas, language=language)
    process.ok("book_purchase_invoice", **PURCHASE)
    failure = process.failed("book_purchase_invoice", **PURCHASE)
    assert message in failure["message"]
    assert failure["outcome"] == "rejected"
    assert afas.logged(failure["log_reference"])["reason"]["rule"]
    assert len(calls(afas, "POST", "FiEntries")) == 2


def test_autonumbering_that_is_off_is_told(client: Client, afas: Afas) -> None:
    afas.configure(autonumber=False)
    failure = client.failed("create_supplier", **RELATION)
    assert "Nummer crediteur" in failure["message"]
    assert afas.logged(failure["log_reference"])


def test_a_wrong_token_is_told_once(process: Client, afas: Afas) -> None:
    process.start(afas, token=afas.token.replace("<data>", "<data>0")[: len(afas.token)])
    failure = process.failed("connect")
    assert "401" in failure["message"]
    assert failure["outcome"] == "rejected"


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"file_name": "factuur.exe", "content_base64": PDF}, "type"),
        ({"file_name": "pdf", "content_base64": PDF}, "type"),
        ({"file_name": "a.pdf", "content_base64": "geen base64"}, "base64"),
        ({"file_name": "a.pdf", "content_base64": base64.b64encode(b"x" * (10 * 2**20 + 1)).decode()}, "bytes"),
    ],
    ids=["type", "no type", "no base64", "too large"],
)
def test_a_document_that_cannot_be_attached_stops_the_booking(
    client: Client, afas: Afas, document: Json, why: str
) -> None:
    failure = client.failed("book_purchase_invoice", **PURCHASE, document=document)
    assert why in failure["message"]
    assert invoices(afas) == []
    assert calls(afas) == []


def test_ten_megabytes_are_attached(client: Client, afas: Afas) -> None:
    content = base64.b64encode(bytes(range(256)) * (10 * 2**12)).decode()
    booked = client.ok(
        "book_purchase_invoice", **PURCHASE, document={"file_name": "a.tif.pdf", "content_base64": content}
    )
    (subject,) = [one for one in books(afas)["subjects"] if str(one["subject_id"]) == booked["subject_id"]]
    answer = afas.get(f"subjectconnector/{booked['subject_id']}/{subject['attachments'][0]['file_id']}")
    assert answer.json()["filedata"] == content


# ---------------------------------------------------------------- faults

#: What goes wrong with a booking: the kind of fault, its phase and options. Afterwards it is booked, once.
BOOKING_FAULTS: dict[str, tuple[str, str, Json]] = {
    "answer lost": ("drop", "after", {}),
    "connection reset": ("drop", "after", {"reset": True}),
    "request lost": ("drop", "before", {}),
    "answer cut": ("truncate", "after", {"bytes": 20}),
    "answer cut before": ("truncate", "before", {"bytes": 20}),
    "garbage": ("garbage", "after", {}),
    "garbage before": ("garbage", "before", {"form": "html"}),
    "bad gateway": ("status", "after", {"status": 502}),
    "empty success": ("status", "before", {"status": 201}),
    "maintenance": ("maintenance", "before", {"retry_after": 1}),
    "maintenance after": ("maintenance", "after", {"retry_after": 1}),
    "locked": ("locked", "before", {}),
    "time out of AFAS": ("error", "after", {"key": "timeout"}),
}


@pytest.mark.parametrize(("kind", "phase", "effect"), BOOKING_FAULTS.values(), ids=BOOKING_FAULTS)
def test_an_invoice_is_booked_once_whatever_happens(
    client: Client, afas: Afas, kind: str, phase: str, effect: Json
) -> None:
    fault(afas, kind, phase, {"connector": "FiEntries"}, **effect)
    booked = client.ok("book_purchase_invoice", **PURCHASE)
    (invoice,) = invoices(afas)
    assert str(invoice["entry"]) == booked["entry_number"]
    assert {"blind-retry-of-write", "before-retry-after"}.isdisjoint(findings(afas))


@pytest.mark.parametrize("operation", ["book_sales_invoice", "create_supplier", "create_customer", "attach_document"])
def test_what_got_lost_is_found_again(client: Client, afas: Afas, operation: str) -> None:
    client.ok("book_purchase_invoice", **PURCHASE)
    where = {"administration": 1, "supplier_id": "50013", "invoice_number": "F2024-1"}
    sale = {name: value for name, value in PURCHASE.items() if name != "supplier_id"}
    sale |= {"journal": "20", "customer_id": "10004", "total": "1.00", "lines": [{"account": "8010", "amount": "1.00"}]}
    arguments: dict[str, Json] = {
        "book_sales_invoice": sale,
        "attach_document": {**where, "file_name": "a.pdf", "content_base64": PDF},
    }
    before = books(afas)
    fault(afas, "drop", "after", {"method": "POST"})
    client.ok(operation, **arguments.get(operation, RELATION))
    after = books(afas)
    grown = {"book_sales_invoice": "invoices", "attach_document": "subjects", "create_supplier": "suppliers"}
    entity = grown.get(operation, "customers")
    assert len(after[entity]) == len(before[entity]) + 1
    assert "blind-retry-of-write" not in findings(afas)


def test_an_iban_whose_answer_got_lost_is_added_once(client: Client, afas: Afas) -> None:
    fault(afas, "drop", "after", {"method": "PUT"})
    client.ok("update_supplier", supplier_id="50013", iban="NL02ABNA0123456789")
    accounts = afas.control("GET", "/data/bank_accounts").json()["rows"]
    assert len([one for one in accounts if one["iban"] == "NL02ABNA0123456789"]) == 1


def test_an_earlier_invoice_of_that_number_is_not_taken_for_ours(client: Client, afas: Afas) -> None:
    client.ok("book_purchase_invoice", **PURCHASE)
    fault(afas, "drop", "before", {"method": "POST"})
    failure = client.failed("book_purchase_invoice", **PURCHASE)
    assert "wordt al gebruikt" in failure["message"]


def test_a_locked_layout_is_tried_again_with_growing_waits(client: Client, afas: Afas) -> None:
    fault(afas, "locked", match={"connector": "FiEntries", "times": 3})
    client.ok("book_purchase_invoice", **PURCHASE)
    started = [_seconds(call) for call in calls(afas, "POST", "FiEntries")]
    waits = [later - earlier for earlier, later in pairwise(started)]
    assert len(waits) == 3
    assert all(wait >= least for wait, least in zip(waits, (0.19, 0.39, 0.79), strict=True))


def _seconds(call: Json) -> float:
    hours, minutes, seconds = re.split("T|:", call["started"])[1:4]
    return int(hours) * 3600 + int(minutes) * 60 + float(re.match(r"[\d.]+", seconds)[0])  # type: ignore[index]


def test_a_long_maintenance_is_told_and_left_alone(client: Client, afas: Afas) -> None:
    afas.configure(maintenance=7200)
    failure = client.failed("book_purchase_invoice", **PURCHASE)
    assert "7200" in failure["message"]
    assert failure["outcome"] == "rejected"
    assert len(calls(afas)) == 1


def test_an_outcome_that_stays_unknown_is_told_as_such(client: Client, afas: Afas) -> None:
    fault(afas, "drop", match={"connector": "FiEntries", "times": None})
    failure = client.failed("book_purchase_invoice", **PURCHASE)
    assert failure["outcome"] == "unknown"
    assert invoices(afas) == []


@pytest.mark.parametrize(
    ("kind", "effect"),
    [
        ("drop", {}),
        ("truncate", {}),
        ("garbage", {"form": "bytes"}),
        ("status", {"status": 502}),
        ("maintenance", {"retry_after": 1}),
    ],
    ids=str,
)
def test_reading_goes_on_after_trouble(client: Client, afas: Afas, kind: str, effect: Json) -> None:
    fault(afas, kind, match={"connector": "Zenvoices_Periods", "nth": 2}, **effect)
    read = client.ok("read", connector="Zenvoices_Periods")["rows"]
    assert len(read) == len(afas.rows("Zenvoices_Periods", skip="-1", take="-1"))


# ---------------------------------------------------------------- manners


def test_it_has_manners(client: Client, afas: Afas) -> None:
    client.ok("connect")
    client.ok("read", connector="Zenvoices_LedgerAccounts")
    client.ok("create_supplier", **RELATION)
    client.ok("book_purchase_invoice", **PURCHASE, document={"file_name": "a.pdf", "content_base64": PDF})
    assert findings(afas) == []
    headers = [{k.lower(): v for k, v in call["request"]["headers"].items()} for call in calls(afas)]
    assert {one["integrationid"] for one in headers} == {INTEGRATION}
    assert {one["accept-language"] for one in headers} == {"nl-nl"}


def test_the_template_connects_and_says_what_it_cannot(afas: Afas) -> None:
    template = Client(COMMANDS["template"])
    assert template.start(afas)["ok"]["operations"] == ["connect"]
    assert len(template.ok("connect")["administrations"]) == 5
    template.start(afas, token="<token><version>1</version><data>wrong</data></token>")
    assert "401" in template.failed("connect")["message"]
    assert template.stop() == 0


def test_the_how_to_shows_the_template() -> None:
    page = (EXAMPLES.parents[1] / "docs" / "howto" / "test-your-client.md").read_text(encoding="utf-8")
    assert (EXAMPLES / "template" / "driver.py").read_text(encoding="utf-8") in page


def _lines_of_python(path: Path) -> int:
    source = path.read_text(encoding="utf-8")
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    parts = [node for node in ast.walk(ast.parse(source)) if isinstance(node, documented) and ast.get_docstring(node)]
    documentation = {at for node in parts for at in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)}
    lines = enumerate(source.splitlines(), 1)
    return sum(1 for at, line in lines if line.strip() and not line.strip().startswith("#") and at not in documentation)


def _lines_of_javascript(path: Path) -> int:
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return sum(1 for line in lines if line and not line.startswith("//"))


def test_an_example_has_fewer_than_400_lines_of_code() -> None:
    """Blank lines and documentation do not count."""
    assert sum(map(_lines_of_python, (EXAMPLES / "python").glob("*.py"))) < 400
    assert sum(map(_lines_of_javascript, (EXAMPLES / "node").glob("*.mjs"))) < 400
