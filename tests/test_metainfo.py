"""Metainfo in its three forms, and that what connectors serve is what metainfo says of it. wire.md section 4."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from mock_afas import connectors
from mock_afas.records import ENTITIES, Column
from mock_afas.store.extended import all_columns
from tests.support import Afas, client_of, fork

Json = dict[str, Any]

UNSUPPORTED = "Deze connector wordt niet ondersteund of de gebruiker is niet geautoriseerd."
GETS = tuple(connector.id for connector in connectors.get_connectors().values())
UPDATES = ("FiEntries", "FiInvoice", "KnPurchaseRelationOrg", "KnSalesRelationOrg", "KnSubject")
DATA_TYPES = {"string", "int", "boolean", "date", "decimal", "blob"}

GET_FIELD = {
    "id": str,
    "fieldId": str,
    "dataType": str,
    "label": str,
    "length": int,
    "controlType": int,
    "decimals": int,
    "decimalsFieldId": str,
}
UPDATE_FIELD = {
    "fieldId": str,
    "primaryKey": bool,
    "dataType": str,
    "label": str,
    "mandatory": bool,
    "length": int,
    "decimals": int,
    "decimalFieldId": str,
    "notzero": bool,
    "controlType": int,
    "values": (list, type(None)),
}


def metainfo(afas: Afas, path: str = "", **headers: str) -> Json:
    answer = afas.get(f"metainfo{path}", **headers)
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    return document


def assert_has(document: Json, types: dict[str, Any]) -> None:
    """Exactly the keys of ``types``, in their order, each of its type."""
    assert list(document) == list(types)
    for name, kind in types.items():
        kinds = kind if isinstance(kind, tuple) else (kind,)
        assert type(document[name]) in kinds, (name, document[name])


# ---------------------------------------------------------------- the three forms


@pytest.mark.parametrize(("kind", "version"), [("O", 8), ("T", 8), ("A", 5)])
def test_the_overview(demo: Afas, kind: str, version: int) -> None:
    settings = {"type": kind, "profit_version": version}
    made = demo.http.post(f"{demo.control_url}/environments", json=settings).json()
    afas = client_of(made, demo.http)
    document = metainfo(afas)
    assert_has(document, {"updateConnectors": list, "getConnectors": list, "info": dict})
    for connector in document["updateConnectors"] + document["getConnectors"]:
        assert_has(connector, {"id": str, "description": str})
        assert connector["description"]
    assert sorted(connector["id"] for connector in document["getConnectors"]) == sorted(GETS)
    assert [connector["id"] for connector in document["updateConnectors"]] == list(UPDATES)
    assert document["info"] == {
        "envid": f"{kind}{afas.participant}AA",
        "appName": "Zenvoices",
        "group": "Zenvoices",
        "tokenExpiry": "0",
    }
    afas.control("DELETE")


@pytest.mark.parametrize("name", GETS)
def test_of_a_get_connector(demo: Afas, name: str) -> None:
    document = metainfo(demo, f"/get/{name}")
    assert_has(document, {"name": str, "description": str, "fields": list})
    assert document["name"] == name
    for at, field in enumerate(document["fields"], 1):
        assert_has(field, GET_FIELD)
        assert field["dataType"] in DATA_TYPES
        assert field["fieldId"] == f"U{at:03d}"
        assert field["label"]
        assert (field["length"] > 0) == (field["dataType"] == "string"), field
        assert field["decimals"] == 0 or field["dataType"] == "decimal", field


def objects_of(document: Json) -> Iterator[Json]:
    for below in document["objects"]:
        yield below
        yield from objects_of(below)


@pytest.mark.parametrize("name", UPDATES)
def test_of_an_update_connector(demo: Afas, name: str) -> None:
    document = metainfo(demo, f"/update/{name}")
    assert_has(document, {"id": str, "name": str, "description": str, "fields": list, "objects": list})
    assert document["id"] == name
    assert document["name"] == ("FiEntryPar" if name == "FiEntries" else name)
    for below in objects_of(document):
        assert_has(below, {"name": str, "fields": list, "objects": list})
    for field in (field for node in (document, *objects_of(document)) for field in node["fields"]):
        assert_has(field, UPDATE_FIELD)
        assert field["dataType"] in DATA_TYPES
        for value in field["values"] or ():
            assert_has(value, {"id": str, "description": str})
        assert field["values"] != []
    assert any(field["primaryKey"] for field in document["fields"])


def test_the_objects_of_an_update_connector(demo: Afas) -> None:
    entries = metainfo(demo, "/update/FiEntries")
    assert [below["name"] for below in entries["objects"]] == ["FiEntries"]
    assert [below["name"] for below in entries["objects"][0]["objects"]] == [
        "FiDimEntries",
        "FiPrjEntries",
        "FiTransEntries",
    ]
    account_kind = next(field for field in entries["objects"][0]["fields"] if field["fieldId"] == "VaAs")
    assert [value["id"] for value in account_kind["values"]] == ["1", "2", "3"]


# ---------------------------------------------------------------- which, and in which language


@pytest.mark.parametrize(
    "path", ["/get/Nergens", "/update/Nergens", "/get/FiEntries", "/update/Zenvoices_Suppliers", "/get/%20", "/get/%00"]
)
def test_unknown(demo: Afas, path: str) -> None:
    answer = demo.get(f"metainfo{path}")
    assert (answer.status_code, answer.json()["externalMessage"]) == (500, UNSUPPORTED)


def test_unauthorised(afas: Afas) -> None:
    afas.control("PATCH", "/app-connectors/1", {"get_connectors": ["Profit_Users"], "update_connectors": []})
    document = metainfo(afas)
    assert [connector["id"] for connector in document["getConnectors"]] == ["Profit_Users"]
    assert document["updateConnectors"] == []
    for path in ("/get/Zenvoices_Suppliers", "/update/FiEntries"):
        answer = afas.get(f"metainfo{path}")
        assert (answer.status_code, answer.json()["externalMessage"]) == (500, UNSUPPORTED)
    afas.configure(dialect={"AMB-07": "unauthorized"})
    assert afas.get("metainfo/get/Zenvoices_Suppliers").status_code == 500, "AMB-07 is about reading"
    afas.control("PATCH", "/app-connectors/1", {"update_connectors": ["fientries"]})
    assert metainfo(afas, "/update/FIENTRIES")["id"] == "FiEntries"


def test_each_app_connector_has_its_own(afas: Afas) -> None:
    app = {"description": "Ander", "group": "Groep", "get_connectors": ["profit_users", "Zenvoices_Items"]}
    number = afas.control("POST", "/app-connectors", app).json()["id"]
    issued = afas.control("POST", f"/app-connectors/{number}/tokens", {"user": "12345.zenvoices"}).json()
    document = metainfo(afas, Authorization=issued["authorization"])
    assert [connector["id"] for connector in document["getConnectors"]] == ["Profit_Users", "Zenvoices_Items"]
    assert (document["info"]["appName"], document["info"]["group"]) == ("Ander", "Groep")


def texts_of(document: Json) -> list[str]:
    """Every label and description of a document, top down."""
    own = [document["description"]] if "description" in document else []
    own += [field["label"] for field in document.get("fields", ())]
    for below in (
        *document.get("objects", ()),
        *document.get("getConnectors", ()),
        *document.get("updateConnectors", ()),
    ):
        own += texts_of(below)
    return own


def without_texts(document: Json) -> Any:
    return json.loads(re.sub(r'"(label|description)": "(\\.|[^"\\])*"', r'"\1": ""', json.dumps(document)))


PATHS = ("", *(f"/get/{name}" for name in GETS if name.startswith("Zen")), *(f"/update/{name}" for name in UPDATES))


@pytest.mark.parametrize("path", PATHS)
def test_labels_follow_the_language(demo: Afas, path: str) -> None:
    dutch, belgian, english = (metainfo(demo, path, Accept_Language=wanted) for wanted in ("nl-nl", "nl-be", "en-us"))
    assert dutch == belgian == metainfo(demo, path)
    assert without_texts(dutch) == without_texts(english)
    differing = [pair for pair in zip(texts_of(dutch), texts_of(english), strict=True) if pair[0] != pair[1]]
    assert len(differing) > len(texts_of(dutch)) / 2


def test_labels_follow_the_language_of_the_environment(afas: Afas) -> None:
    english = metainfo(afas, "/get/Zenvoices_Suppliers", Accept_Language="en-us")
    afas.configure(language="en")
    assert metainfo(afas, "/get/Zenvoices_Suppliers") == english


@pytest.mark.parametrize("version", [5, 6, 7, 8, 9])
def test_profitversion(afas: Afas, version: int) -> None:
    afas.configure(profit_version=version)
    document = afas.get("profitversion").json()
    assert_has(document, {"version": str})
    assert document["version"].split(".")[0] == str(version)


# ---------------------------------------------------------------- what it says is true

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def _string(value: Any, field: Json) -> bool:
    return isinstance(value, str) and len(value) <= field["length"]


def _decimal(value: Any, field: Json) -> bool:
    exponent = value.as_tuple().exponent if isinstance(value, Decimal) else 0
    return isinstance(value, Decimal | int) and isinstance(exponent, int) and -exponent <= field["decimals"]


FITS: dict[str, Callable[[Any, Json], bool]] = {
    "string": _string,
    "int": lambda value, _: type(value) is int,
    "boolean": lambda value, _: isinstance(value, bool),
    "date": lambda value, _: isinstance(value, str) and MOMENT.fullmatch(value) is not None,
    "decimal": _decimal,
    "blob": lambda value, _: isinstance(value, str),
}


def misfits(afas: Afas, name: str) -> list[tuple[str, Any]]:
    """The values of a connector that are not what its metainfo says; also a row whose fields are others."""
    fields = metainfo(afas, f"/get/{name}")["fields"]
    answer = afas.get(f"connectors/{name}", "skip=-1&take=-1")
    assert answer.status_code == 200
    found: list[tuple[str, Any]] = []
    for row in json.loads(answer.text, parse_float=Decimal)["rows"]:
        if list(row) != [field["id"] for field in fields]:
            found.append(("fields", list(row)))
        found += [
            (field["id"], row[field["id"]])
            for field in fields
            if row[field["id"]] is not None and not FITS[field["dataType"]](row[field["id"]], field)
        ]
    return found


@pytest.fixture(scope="module")
def generated(demo: Afas) -> Iterator[Afas]:
    """An environment with 300 suppliers, customers and invoices beside the demo data."""
    made = demo.http.post(f"{demo.control_url}/environments", json={"rows": 300}).json()
    afas = client_of(made, demo.http)
    yield afas
    afas.control("DELETE")


@pytest.mark.parametrize("name", GETS)
def test_every_value_fits(generated: Afas, name: str) -> None:
    assert misfits(generated, name) == []


@pytest.fixture(scope="module")
def lean(demo: Afas) -> Iterator[Afas]:
    """An environment whose licence lacks every feature, with decimals cut short."""
    afas = fork(demo)
    without = ["currencies", "projects", "allocation", "commitments"]
    afas.configure(without=without, dialect={"decimal_zeros": "trimmed"}, profit_version=7)
    yield afas
    afas.control("DELETE")


def test_every_value_fits_without_features(lean: Afas) -> None:
    for connector in metainfo(lean)["getConnectors"]:
        assert misfits(lean, connector["id"]) == [], connector


#: The largest value that the books take for a column, by its kind.
LARGEST: dict[str, Callable[[Column], Any]] = {
    "text": lambda column: "é" * (column.length or 1_000),
    "integer": lambda _: 2**31 - 1,
    "boolean": lambda _: True,
    "decimal": lambda column: "999999999999." + "9" * (column.decimals or 0),
    "date": lambda _: "9999-12-31",
    "datetime": lambda _: "9999-12-31T23:59:59",
    "blob": lambda _: "AA==",
}
#: Columns whose values other entities give a meaning.
MEANT = {"axis": 5, "side": "supplier"}


def largest(column: Column) -> Any:
    return MEANT.get(column.name, LARGEST[column.kind](column))


@pytest.fixture(scope="module")
def large(demo: Afas) -> Iterator[Afas]:
    """An environment with one row more in every entity, of the largest values."""
    afas = fork(demo)
    for entity in ENTITIES.values():
        afas.put(entity.name, {column.name: largest(column) for _, column in all_columns(entity)})
    yield afas
    afas.control("DELETE")


@pytest.mark.parametrize("name", GETS)
def test_the_largest_values_fit(demo: Afas, large: Afas, name: str) -> None:
    assert misfits(large, name) == []
