"""The public client ``afas-connector``, unmodified, writes by its own ``post``, ``put`` and ``AfasObject``."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from tests import bodies
from tests.support import Afas

EQUAL = 1


@pytest.fixture
def package() -> Any:
    """The package; it has no types, so it is ``Any`` here."""
    return importlib.import_module("afas_connector")


@pytest.fixture
def connector(package: Any, afas: Afas) -> Any:
    return package.AfasConnector(connector_url=f"{afas.base_url}/connectors", token=afas.token)


@pytest.fixture
def as_objects(package: Any, afas: Afas, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The class of objects; these find their server in the variables of the environment."""
    monkeypatch.setenv("AFAS_CONNECTORS_URL", f"{afas.base_url}/connectors")
    monkeypatch.setenv("AFAS_TOKEN", afas.token)
    return package.AfasObject


def found(package: Any, connector: Any, name: str, field: str, value: str) -> dict[str, Any]:
    """The one row of a GetConnector, read by the same client."""
    status, body = connector.get(name, filters=[package.AfasFilter(field, value, EQUAL)])
    assert status == 200
    (row,) = body["rows"]
    assert isinstance(row, dict)
    return row


def test_it_books_an_invoice_and_pays_it(package: Any, connector: Any) -> None:
    status, made = connector.post("FiEntries", bodies.purchase("CLIENT-1"))
    assert status == 201
    assert made["results"]["FiEntryPar"]["InId"] == "CLIENT-1"
    payment = bodies.entry(
        bodies.line("1", "1100", credit="121"), bodies.line("3", "50013", debit="121", InId="CLIENT-1"), journal="50"
    )
    assert connector.post("/FiEntries", payment)[0] == 201
    row = found(package, connector, "Zenvoices_SupplierInvoices", "InvoiceNr", "CLIENT-1")
    assert (row["AmtInvoice"], row["Balance"]) == (121, 0)


def test_it_makes_a_supplier_and_changes_it(package: Any, connector: Any) -> None:
    status, made = connector.post("KnPurchaseRelationOrg", bodies.supplier("Client bv"))
    assert status == 201
    keys = made["results"]["KnPurchaseRelationOrg"]
    organisation = {"Element": {"Fields": {"MatchOga": "0", "BcCo": keys["BcCo"], "Nm": "Cliënt & Zn."}}}
    element = {"@CrId": keys["CrId"], "Fields": {"PaCd": "30"}, "Objects": {"KnOrganisation": organisation}}
    status, _ = connector.put("KnPurchaseRelationOrg", {"KnPurchaseRelationOrg": {"Element": element}})
    assert status == 201
    row = found(package, connector, "Zenvoices_Suppliers", "CreditorId", keys["CrId"])
    assert row["CreditorName"] == "Cliënt & Zn."


def test_an_object_unblocks_an_invoice(package: Any, connector: Any, as_objects: Any, afas: Afas) -> None:
    body = bodies.purchase("CLIENT-2")
    body["FiEntryPar"]["Element"]["Objects"]["FiEntries"]["Element"][0]["Fields"]["BlPa"] = True
    assert connector.post("FiEntries", body)[0] == 201
    assert blocked(afas, "CLIENT-2")
    invoice = as_objects("FiInvoice", {"UnId": 1, "VaAd": "3", "DcNr": "50013", "InId": "CLIENT-2", "BlPa": False})
    assert invoice.update() == (201, "")
    assert not blocked(afas, "CLIENT-2")


def blocked(afas: Afas, invoice: str) -> bool:
    rows = afas.control("GET", "/data/invoices").json()["rows"]
    (state,) = (row["blocked_for_payment"] for row in rows if row["invoice"] == invoice)
    return bool(state)


def test_an_object_changes_a_relation_by_its_key(package: Any, connector: Any, as_objects: Any) -> None:
    organisation = {"Element": {"Fields": {"MatchOga": "0", "BcCo": "1000040", "Nm": "Nieuwe naam"}}}
    relation = as_objects(
        "KnPurchaseRelationOrg",
        fields={"PaCd": "30"},
        metadata={"@CrId": "50017"},
        objects=[{"KnOrganisation": organisation}],
    )
    status, _ = relation.update()
    assert status == 201
    assert found(package, connector, "Zenvoices_Suppliers", "CreditorId", "50017")["CreditorName"] == "Nieuwe naam"


def test_an_object_is_posted_as_its_payload(package: Any, connector: Any, as_objects: Any) -> None:
    file = {"KnSubjectAttachment": {"Element": {"Fields": {"FileName": "brief.pdf", "FileStream": "aGFsbG8="}}}}
    item = as_objects("KnSubject", {"StId": 4, "Ds": "Van een client"}, objects=[file])
    status, made = connector.post("KnSubject", item.payload())
    assert status == 201
    row = found(package, connector, "Profit_Subject_Attachments", "subject_id", made["results"]["KnSubject"]["SbId"])
    assert row["file_name"] == "brief.pdf"


def test_it_sees_what_profit_refuses(connector: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert connector.post("FiEntries", bodies.purchase("CLIENT-3", creditor="999999")) == (500, None)
    assert "externalMessage" in capsys.readouterr().out
    assert connector.put("FiEntries", {}) == (405, None)
