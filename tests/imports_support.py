"""What tests of imports share: a small export, a call that imports, and definitions in the form of metainfo."""

from __future__ import annotations

from typing import Any

import orjson

from tests.gcn_writer import Written, WrittenField
from tests.support import Afas

CURRENCIES = Written(
    "zenvoices_currencies",
    (
        WrittenField("U002", "Omschrijving", ("Kn", "Cur", "Ds"), label="Valutanaam"),
        WrittenField("U001", "CurrencyId", ("Kn", "Vdf", "Str")),
        WrittenField("U003", "Geheim", ("Kn", "Qqq", "Zz"), label="Geheim bedrag"),
    ),
    description="Onze valuta",
)


def send(afas: Afas, body: bytes | object) -> dict[str, Any]:
    """Imports ``body``, JSON unless it is bytes; fails unless the answer is 200."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    answer = afas.http.post(f"{afas.control_url}/environments/{afas.environment}/import", content=content)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    assert set(report) == {"imported", "errors"}
    assert all(set(error) == {"connector", "message"} for error in report["errors"])
    return report


def names(report: dict[str, Any]) -> list[str]:
    return [one["connector"] for one in report["imported"]]


def how(report: dict[str, Any], at: int = 0) -> dict[str, tuple[str, str | None]]:
    """How each field of an imported connector was mapped, and to what."""
    return {field["id"]: (field["mapped"], field["to"]) for field in report["imported"][at]["fields"]}


def listed(afas: Afas) -> list[str]:
    return [connector["id"] for connector in afas.get("metainfo").json()["getConnectors"]]


def add(afas: Afas, *connectors: str) -> None:
    """Puts connectors into the app connector, as an administrator does after an import."""
    answer = afas.control("PATCH", "/app-connectors/1", {"get_connectors": [*listed(afas), *connectors]})
    assert answer.status_code == 200, answer.text


def metainfo(afas: Afas, connector: str) -> dict[str, Any]:
    document: dict[str, Any] = afas.get(f"metainfo/get/{connector}").json()
    return document


def a_field(identity: str, data_type: str = "string", **more: Any) -> dict[str, Any]:
    shape = {"label": identity, "length": 0, "controlType": 1, "decimals": 0, "decimalsFieldId": ""}
    return {"id": identity, "fieldId": "U900", "dataType": data_type, **shape, **more}


def definition(**changes: Any) -> dict[str, Any]:
    return {"name": "Acme_X", "description": "X", "fields": [a_field("A")], **changes}
