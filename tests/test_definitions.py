"""The shipped definitions are complete and right, and a loader that meets anything odd says so."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest

from mock_afas import connectors, fixtures
from mock_afas.connectors import DefinitionError, GetConnector, UpdateObject, parse_get, parse_update
from mock_afas.store.books import Books
from mock_afas.store.sources import SOURCES

ZENVOICES = {
    "AdministrationDetails",
    "LedgerAccounts",
    "Journals",
    "Periods",
    "TaxCodes",
    "TaxRateGroups",
    "Suppliers",
    "Customers",
    "SupplierInvoices",
    "PaymentConditions",
    "Countries",
    "Currencies",
    "Projects",
    "ProjectStages",
    "Items",
    "AllocationCodeAssignments",
    "Commitments",
    "Reviewers",
}
FEATURES = {
    "Zenvoices_Currencies": "currencies",
    "Zenvoices_Projects": "projects",
    "Zenvoices_ProjectStages": "projects",
    "Zenvoices_Items": "projects",
    "Zenvoices_AllocationCodeAssignments": "allocation",
    "Zenvoices_Commitments": "commitments",
}
GET = list(connectors.get_connectors().values())


def test_all_connectors_are_there() -> None:
    ids = {connector.id for connector in GET}
    assert {name for name in ids if name.startswith("Zenvoices_")} == {f"Zenvoices_{name}" for name in ZENVOICES}
    assert len(ids) == 18 + 28
    assert set(connectors.update_connector_ids().values()) == {
        "FiEntries",
        "FiInvoice",
        "KnPurchaseRelationOrg",
        "KnSalesRelationOrg",
        "KnSubject",
    }


@pytest.mark.parametrize("connector", GET, ids=lambda connector: connector.id)
def test_a_definition_is_complete(connector: GetConnector) -> None:
    assert set(connector.description) == {"nl", "en"}
    assert connector.modelled_on
    if connector.id.startswith("Zenvoices_"):
        assert connector.feature == FEATURES.get(connector.id)
    for at, field in enumerate(connector.fields, 1):
        assert field.field_id == f"U{at:03d}"
        assert set(field.label) == {"nl", "en"}
        assert all(field.label.values())
        assert (field.length > 0) == (field.data_type == "string"), field.id
        assert (field.decimals > 0) == (field.data_type == "decimal"), field.id


@pytest.mark.parametrize("connector", GET, ids=lambda connector: connector.id)
def test_every_column_is_one_of_the_source(connector: GetConnector) -> None:
    cursor = Books.create().connection.execute(SOURCES[connector.source].sql)
    columns = {description[0] for description in cursor.description}
    assert {field.column for field in connector.fields} <= columns


def _objects(node: UpdateObject) -> list[UpdateObject]:
    return [node, *(below for child in node.objects for below in _objects(child))]


def test_update_definitions_hold_fields_at_every_level() -> None:
    for connector_id in connectors.update_connector_ids().values():
        connector = connectors.update_connector(connector_id)
        assert set(connector.methods) <= {"POST", "PUT", "DELETE"}
        for node in _objects(connector.root):
            assert node.fields, node.name
            assert len({field.id for field in node.fields}) == len(node.fields)


def _valid(kind: str) -> Any:
    name = {"get": "get/Zenvoices_Currencies", "update": "update/FiInvoice"}[kind]
    return orjson.loads((fixtures.root() / f"connectors/{name}.json").read_bytes())


BROKEN: list[tuple[str, list[str | int], Any, str]] = [
    ("get", ["colour"], "red", "colour"),
    ("get", ["fields", 0, "colour"], "red", "colour"),
    ("get", ["fields", 0, "dataType"], "number", "number"),
    ("get", ["feature"], "currency", "currency"),
    ("get", ["fields", 0, "feature"], "x", "'x'"),
    ("get", ["fields", 1, "id"], "currencyid", "twice"),
    ("get", ["fields", 0], 3, "object"),
    ("update", ["colour"], "red", "colour"),
    ("update", ["fields", 0, "colour"], "red", "colour"),
    ("update", ["fields", 0, "dataType"], "float", "float"),
    ("update", ["objects"], [{"name": "X"}], "many"),
]


@pytest.mark.parametrize(("kind", "path", "value", "named"), BROKEN, ids=str)
def test_what_the_loader_does_not_know_is_an_error(kind: str, path: list[str | int], value: Any, named: str) -> None:
    data = copy.deepcopy(_valid(kind))
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    parse = parse_get if kind == "get" else parse_update
    with pytest.raises(DefinitionError, match=named) as caught:
        parse(data, "file.json")
    assert "file.json" in str(caught.value)


@pytest.mark.parametrize("missing", ["id", "description", "modelled_on", "source", "fields"])
def test_what_is_missing_is_named(missing: str) -> None:
    data = _valid("get")
    del data[missing]
    with pytest.raises(DefinitionError, match=missing):
        parse_get(data, "file.json")
