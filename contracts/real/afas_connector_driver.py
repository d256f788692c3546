"""Drives ``afas-connector``: ``python -m contracts.real.afas_connector_driver`` from the root of a checkout.

Each operation is one call of its ``get``, ``post`` or ``put``, by their defaults. Its caller writes the bodies, so the
bodies are this driver's: as plain as can be, of what the operation was given, with nothing looked up before.
"""

from __future__ import annotations

import importlib
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
    made = _given(client.post("KnPurchaseRelationOrg", body))
    return {"supplier_id": made["results"]["KnPurchaseRelationOrg"]["CrId"]}


def _debit(amount: str) -> Json:
    """An amount on the debit side; below zero it stands on the other."""
    return {"AmCr": amount[1:]} if amount.startswith("-") else {"AmDe": amount}


def _credit(amount: str) -> Json:
    return {"AmDe": amount[1:]} if amount.startswith("-") else {"AmCr": amount}


def _lines(given: Json) -> list[Json]:
    get = given.get
    dated = {"EnDa": given["invoice_date"], "BpDa": given["invoice_date"], "Ds": given["description"]}
    head = {"VaAs": "3", "AcNr": given["supplier_id"], "InId": given["invoice_number"], "BpNr": given["invoice_number"]}
    head |= {"DaEx": get("due_date"), "Judg": get("reviewer"), "BlPa": get("blocked"), **_credit(given["total"])}
    made = [_element(dated | head)]
    for line in given["lines"]:
        tax, codes = line.get("tax_code"), line.get("allocations") or {}
        fields = {"VaAs": "1", "AcNr": line["account"], "VaId": tax, **_debit(line["amount"])}
        described = {"Ds": line.get("description") or given["description"]}
        allocation = _element({f"DiC{axis}": code for axis, code in codes.items()}) if codes else None
        made.append(_element(dated | fields | described, FiDimEntries=allocation))
        if line.get("tax_amount") not in {None, "0.00"}:
            vat = {"VaAs": "1", "AcNr": line.get("tax_account"), "VaId": tax, **_debit(line["tax_amount"])}
            made.append(_element(dated | vat))
    return made


def _book(client: Any, given: Json) -> Json:
    date = given["invoice_date"]
    top = {"Year": int(date[:4]), "Peri": int(date[5:7]), "UnId": given["administration"], "JoCo": given["journal"]}
    body = {"FiEntryPar": {"Element": {"Fields": top, "Objects": {"FiEntries": {"Element": _lines(given)}}}}}
    keys = _given(client.post("FiEntries", body))["results"]["FiEntryPar"]
    return {"entry_number": keys["EnNo"], "invoice_number": keys["InId"]}


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
    made = _given(client.post("KnSubject", {"KnSubject": {"Element": element}}))
    return {"subject_id": made["results"]["KnSubject"]["SbId"]}


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
