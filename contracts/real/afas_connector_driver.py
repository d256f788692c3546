"""Drives ``afas-connector``: ``python -m contracts.real.afas_connector_driver`` from the root of a checkout.

Each operation is one call of its ``get``, ``post`` or ``put``, by their defaults. Its caller writes the bodies, so the
bodies are this driver's: as plain as can be, of what the operation was given, with nothing looked up before.
"""

from __future__ import annotations

import importlib
from decimal import Decimal
from importlib.metadata import version
from typing import Any

from contracts.real.lines import AT_LEAST, Driven, Json, Refused, administrations, serve, wall_clock

_package: Any = importlib.import_module("afas_connector")  # it has no types


def connected(start: Json) -> Any:
    return _package.AfasConnector(connector_url=f"{start['base_url']}/connectors", token=start["token"])


def _given(came: tuple[int, Any]) -> Any:
    """What the client gave. Its callers see a status, and nothing beside it unless the status says success."""
    status, body = came
    if not 200 <= status < 300:
        raise Refused(f"status {status}")
    return body


def _keys(came: tuple[int, Any], root: str) -> Json:
    """The keys of what was made, in either shape that AFAS answers in."""
    body = _given(came)
    keys: Json = body.get("results", body)[root]
    return keys


def _element(fields: Json, **objects: Any) -> Json:
    given = {name: value for name, value in fields.items() if value is not None}
    below = {name: {"Element": each} for name, each in objects.items() if each}
    return {"Fields": given, **({"Objects": below} if below else {})}


def _read(client: Any, given: Json) -> list[Json]:
    since = given.get("changed_since")
    filters = [_package.AfasFilter("ModifiedDate", wall_clock(since), AT_LEAST)] if since else None
    rows: list[Json] = _given(client.get(given["connector"], filters=filters))["rows"]
    return rows


def _connect(client: Any, _: Json) -> Json:
    return administrations(_read(client, {"connector": "Zenvoices_AdministrationDetails"}))


def _create_supplier(client: Any, given: Json) -> Json:
    get = given.get
    address = {"CoId": get("country"), "PbAd": False, "Ad": get("street"), "HmNr": get("house_number")}
    address |= {"ZpCd": get("postal_code"), "Rs": get("city"), "ResZip": False}
    account = {"CoId": given["iban"][:2], "Iban": given["iban"], "IbCk": True} if get("iban") else {}
    organisation = _element(
        {"MatchOga": "6", "AutoNum": True, "PadAdr": True, "Nm": get("name"), "CcNr": get("coc_number")},
        KnBasicAddressAdr=_element(address),
        KnBankAccount=_element(account) if account else None,
    )
    fields = {"CuId": get("currency") or "EUR", "PaCd": get("payment_condition"), "VaId": get("vat_number")}
    body = {"KnPurchaseRelationOrg": {"Element": _element(fields, KnOrganisation=organisation)}}
    return {"supplier_id": _keys(client.post("KnPurchaseRelationOrg", body), "KnPurchaseRelationOrg")["CrId"]}


def _side(amount: str, over: str, under: str) -> Json:
    """An amount on its side; below zero it stands on the other."""
    return {under: amount[1:]} if amount.startswith("-") else {over: amount}


def _lines(given: Json) -> list[Json]:
    get = given.get
    shared = {"EnDa": given["invoice_date"], "BpDa": given["invoice_date"], "Ds": given["description"]}
    head = {"VaAs": "3", "AcNr": given["supplier_id"], "InId": given["invoice_number"], "BpNr": given["invoice_number"]}
    head |= {"DaEx": get("due_date"), "Judg": get("reviewer"), "BlPa": get("blocked")}
    made = [_element(shared | head | _side(given["total"], "AmCr", "AmDe"))]
    for line in given["lines"]:
        fields = shared | {"VaAs": "1", "VaId": line.get("tax_code")}
        described = {"Ds": line.get("description") or given["description"], "AcNr": line["account"]}
        made.append(_element(fields | described | _side(line["amount"], "AmDe", "AmCr")))
        if Decimal(line.get("tax_amount") or 0):
            account = {"AcNr": line.get("tax_account")}
            made.append(_element(fields | account | _side(line["tax_amount"], "AmDe", "AmCr")))
    return made


def _book(client: Any, given: Json) -> Json:
    date = given["invoice_date"]
    top = {"Year": int(date[:4]), "Peri": int(date[5:7]), "UnId": given["administration"], "JoCo": given["journal"]}
    body = {"FiEntryPar": {"Element": {"Fields": top, "Objects": {"FiEntries": {"Element": _lines(given)}}}}}
    keys = _keys(client.post("FiEntries", body), "FiEntryPar")
    made = {"entry_number": keys["EnNo"], "invoice_number": keys["InId"]}
    return made | (_attach(client, given | given["document"]) if given.get("document") else {})


def _release(client: Any, given: Json) -> Json:
    which = {"UnId": given["administration"], "DcNr": given["supplier_id"], "InId": given["invoice_number"]}
    body = {"FiInvoice": {"Element": {"Fields": {"VaAd": "3", **which, "BlPa": False}}}}
    _given(client.put("FiInvoice", body))
    return {}


def _attach(client: Any, given: Json) -> Json:
    invoice = {"PiUn": given["administration"], "PiTp": "1", "PiId": given["invoice_number"]}
    link = {"SfTp": "11", "SfId": given["supplier_id"], **invoice}
    file = {"FileName": given["file_name"], "FileStream": given["content_base64"]}
    item = {"StId": "-5", "Ds": f"{given['file_name']}: {given['invoice_number']}"}
    element = _element(item, KnSubjectLink=_element(link), KnSubjectAttachment=_element(file))
    return {"subject_id": _keys(client.post("KnSubject", {"KnSubject": {"Element": element}}), "KnSubject")["SbId"]}


DRIVEN = Driven(
    name="afas-connector",
    version=version("afas-connector"),
    connected=connected,
    operations={
        "connect": _connect,
        "read": lambda client, given: {"rows": _read(client, given)},
        "create_supplier": _create_supplier,
        "book_purchase_invoice": _book,
        "release_invoice": _release,
        "attach_document": _attach,
    },
)

if __name__ == "__main__":
    serve(DRIVEN)
