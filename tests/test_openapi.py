"""The OpenAPI document of an environment: valid, complete, and true of what the server answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import pytest
import schemathesis
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from mock_afas.cli import main
from mock_afas.connectors import FEATURES, get_connectors
from tests import bodies
from tests.support import Afas, fork

Document = dict[str, Any]
#: Connectors of each kind: with every type of field, with fields of features, and those of features.
_SOME = ["Zenvoices_Currencies", "Zenvoices_Suppliers", "Zenvoices_Projects", "Profit_Users", "Zenvoices_Commitments"]
_UPDATES = ["FiEntries", "FiInvoice", "KnPurchaseRelationOrg", "KnSalesRelationOrg", "KnSubject"]


def described(afas: Afas) -> Document:
    answer = afas.http.get(f"{afas.control_url}/openapi.json", params={"environment": afas.environment})
    assert answer.status_code == 200, answer.text
    document: Document = answer.json()
    return document


def limited(afas: Afas, gets: list[str], updates: list[str]) -> None:
    """Lets the app connector of ``afas`` open these connectors only."""
    answer = afas.control("PATCH", "/app-connectors/1", {"get_connectors": gets, "update_connectors": updates})
    assert answer.status_code == 200, answer.text


def served(document: Document) -> set[str]:
    """The connectors that have a path."""
    return {path.split("/")[2] for path in document["paths"] if path.startswith("/connectors/")}


def validator(document: Document, name: str) -> jsonschema.Draft202012Validator:
    """Judges by the schema ``name`` of a document."""
    return jsonschema.Draft202012Validator({**document, "$ref": f"#/components/schemas/{name}"})


# ---------------------------------------------------------------- valid and complete


def test_the_whole_document_is_valid_and_has_every_connector(demo: Afas) -> None:
    document = described(demo)
    OpenAPIV31SpecValidator(document).validate()
    assert served(document) == {connector.id for connector in get_connectors().values()} | set(_UPDATES)
    assert document["servers"] == [{"url": demo.base_url}]
    assert document["info"]["version"] == "8.0.0.0"
    scheme = document["components"]["securitySchemes"]["token"]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "Authorization")
    assert {"/profitversion", "/metainfo", "/metainfo/get/{connector}", "/fileconnector/{fileId}/{fileName}"} <= set(
        document["paths"]
    )
    identities = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(identities) == len(set(identities))


_METHODS: Mapping[str, set[str]] = {
    "/connectors/FiEntries": {"post"},
    "/connectors/FiEntries/FiEntryPar/UnId,JoCo/{UnId},{JoCo}/FiEntries/@EnNo/{EnNo}": {"delete"},
    "/connectors/FiInvoice": {"put"},
    "/connectors/KnPurchaseRelationOrg": {"post", "put"},
    "/connectors/KnPurchaseRelationOrg/KnPurchaseRelationOrg/@CrId/{CrId}": {"put", "delete"},
    "/connectors/KnSalesRelationOrg/KnSalesRelationOrg/@DbId/{DbId}": {"put"},
    "/connectors/KnSubject/KnSubject/@SbId/{SbId}": {"put", "delete"},
    "/connectors/KnSubject/KnSubjectAttachment": {"post"},
    "/connectors/KnSubject/KnSubject/@SbId/{SbId}/KnSubjectAttachment/@FileId/{FileId}": {"delete"},
}


@pytest.mark.parametrize("path", _METHODS)
def test_an_update_connector_has_its_urls(demo: Afas, path: str) -> None:
    assert set(described(demo)["paths"][path]) == _METHODS[path]


def test_the_url_of_a_deletion_works(afas: Afas) -> None:
    path = "/connectors/FiEntries/FiEntryPar/UnId,JoCo/{UnId},{JoCo}/FiEntries/@EnNo/{EnNo}"
    assert path in described(afas)["paths"]
    url, headers = f"{afas.base_url}/connectors/FiEntries", {"Authorization": afas.authorization}
    made = afas.http.post(url, json=bodies.purchase("OA-1"), headers=headers).json()["results"]["FiEntryPar"]
    keys = {"UnId": "1", "JoCo": "10", "EnNo": made["EnNo"]}
    assert afas.http.delete(f"{afas.base_url}{path.format(**keys)}", headers=headers).status_code == 200


@pytest.mark.parametrize("version", [5, 9])
def test_versions_and_dialects(afas: Afas, version: int) -> None:
    limited(afas, _SOME, ["FiInvoice", "KnSubject"])
    afas.configure(
        profit_version=version, language="en", dialect={"put_status": "200", "invalid_json": "500", "results": "bare"}
    )
    document = described(afas)
    OpenAPIV31SpecValidator(document).validate()
    assert document["info"]["version"] == f"{version}.0.0.0"
    subject = document["paths"]["/connectors/KnSubject"]
    assert {"200", "500"} <= set(subject["put"]["responses"])
    assert "201" not in subject["put"]["responses"]
    assert "results" not in str(subject["post"]["responses"]["201"])
    assert document["paths"]["/connectors/Zenvoices_Currencies"]["get"]["summary"] == "Currencies for Zenvoices"


def test_a_bare_environment_opens_nothing(demo: Afas) -> None:
    made = demo.http.post(f"{demo.control_url}/environments", json={"bare": True}).json()
    answer = demo.http.get(f"{demo.control_url}/openapi.json", params={"environment": made["participant"]})
    demo.http.delete(f"{demo.control_url}/environments/{made['environment']}")
    document = answer.json()
    OpenAPIV31SpecValidator(document).validate()
    assert served(document) == set()
    assert not [path for path in document["paths"] if path.startswith("/metainfo/")]


def test_the_environment_is_the_first_or_the_one_that_is_named(demo: Afas, afas: Afas) -> None:
    unnamed = demo.http.get(f"{demo.control_url}/openapi.json").json()
    assert unnamed["info"]["title"].endswith(demo.environment)
    assert described(afas)["info"]["title"].endswith(afas.environment)
    missing = demo.http.get(f"{demo.control_url}/openapi.json", params={"environment": "99999"})
    assert missing.status_code == 404
    assert missing.json()["error"]["hint"]


def test_oauth_is_offered_where_an_app_connector_wants_it(afas: Afas) -> None:
    assert set(described(afas)["components"]["securitySchemes"]) == {"token"}
    app = {"description": "OAuth", "authentication": "client_credentials", "get_connectors": ["Profit_Users"]}
    assert afas.control("POST", "/app-connectors", app).status_code == 201
    document = described(afas)
    assert document["security"] == [{"token": []}, {"client_credentials": []}]
    flow = document["components"]["securitySchemes"]["client_credentials"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == f"{afas.base_url}/oauth/token"


@pytest.mark.parametrize("name", ["Mijn_Export", "Eigen lijst {1} ë"])
def test_an_imported_connector_is_described_under_its_name(afas: Afas, name: str) -> None:
    field = {
        "label": "Naam",
        "dataType": "string",
        "length": 20,
        "controlType": 1,
        "decimals": 0,
        "decimalsFieldId": "",
    }
    fields = [{**field, "id": identity, "fieldId": identity} for identity in ("Naam", "Iets_eigens")]
    sent = {"name": name, "description": "Een export", "fields": fields}
    assert afas.control("POST", "/import", sent).json()["errors"] == []
    limited(afas, [name], [])
    document = described(afas)
    OpenAPIV31SpecValidator(document).validate()
    (path,) = [path for path in document["paths"] if path.startswith("/connectors/")]
    rows = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    row = document["components"]["schemas"][rows["properties"]["rows"]["items"]["$ref"].rpartition("/")[2]]
    assert list(row["properties"]) == ["Naam", "Iets_eigens"]
    headers = {"Authorization": afas.authorization}
    answer = afas.http.get(f"{afas.base_url}{path}", params={"take": "1"}, headers=headers)
    assert answer.status_code == 200
    assert list(answer.json()["rows"][0]) == ["Naam", "Iets_eigens"]


def test_the_command_prints_it(afas: Afas) -> None:
    limited(afas, ["Zenvoices_Currencies"], [])
    arguments = ["openapi", "--control", afas.control_url, "--environment", afas.environment]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0
    assert f"AFAS Profit {afas.environment}" in done.stdout


# ---------------------------------------------------------------- features


@pytest.mark.parametrize("feature", FEATURES)
def test_what_belongs_to_a_missing_feature_is_not_there(afas: Afas, feature: str) -> None:
    having = {connector.id for connector in get_connectors().values() if connector.feature == feature}
    before = described(afas)
    assert having <= served(before)
    afas.configure(without=[feature])
    after = described(afas)
    assert served(before) - served(after) == having
    names = {
        field: any(name.endswith(f".{field}") for name in after["components"]["schemas"])
        for field in ("FiPrjEntries", "FiDimEntries")
    }
    assert names["FiPrjEntries"] is (feature != "projects")
    assert names["FiDimEntries"] is (feature != "allocation")
    head = after["components"]["schemas"]["FiEntries.insert.FiEntryPar.FiEntries"]["properties"]["Fields"]["properties"]
    assert ("CmNo" in head) is (feature != "commitments")
    assert ("Rate" in head) is (feature != "currencies")


def _rows(afas: Afas, connector: str) -> list[dict[str, Any]]:
    return afas.rows(connector, skip="0", take="60")


@pytest.mark.parametrize("without", [[], list(FEATURES)], ids=["every feature", "no feature"])
def test_rows_of_every_connector_are_as_described(afas: Afas, without: list[str]) -> None:
    afas.configure(without=without)
    document = described(afas)
    names = served(document) - set(_UPDATES)
    assert len(names) > 30
    wrong = {}
    for name in sorted(names):
        rows = validator(document, f"{name}.row")
        problems = [error.message for row in _rows(afas, name) for error in rows.iter_errors(row)]
        if problems:
            wrong[name] = problems[:3]
    assert wrong == {}


# ---------------------------------------------------------------- bodies


@pytest.mark.parametrize(
    ("connector", "body"),
    [
        ("FiEntries", bodies.purchase("OA-1")),
        ("FiEntries", bodies.entry(bodies.line("1", "4510", debit="1.25", Rate=1.1, VaId=None), UnId=1, AuNu=True)),
        ("KnPurchaseRelationOrg", bodies.supplier()),
        ("KnSubject", bodies.dossier_item()),
    ],
)
def test_bodies_that_are_accepted_fit(demo: Afas, connector: str, body: dict[str, Any]) -> None:
    errors = [error.message for error in validator(described(demo), f"{connector}.insert").iter_errors(body)]
    assert errors == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"FiEntry": {}},
        {"FiEntryPar": {"Element": {"Fields": {"Colour": 1}}}},
        {"FiEntryPar": {"Element": {"Fields": {"UnId": 1}}}},
        {"FiEntryPar": {"Element": {"Fields": {"Year": [], "Peri": 1, "JoCo": "10"}}}},
        {"FiEntryPar": {"Element": []}},
    ],
    ids=str,
)
def test_bodies_that_are_refused_do_not(demo: Afas, body: dict[str, Any]) -> None:
    assert not validator(described(demo), "FiEntries.insert").is_valid(body)


# ---------------------------------------------------------------- schemathesis

_TESTED = (
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
)


@pytest.fixture(scope="module")
def fuzzed(demo: Afas) -> Iterator[Afas]:
    """An environment of which schemathesis makes what it likes."""
    private = fork(demo)
    limited(private, _SOME, ["FiEntries", "FiInvoice", "KnSubject"])
    yield private
    private.control("DELETE")


def test_answers_to_made_up_calls_are_as_described(fuzzed: Afas) -> None:
    """Every operation, with calls made of its schema: documented statuses and bodies, and no error of our own."""
    found = list(schemathesis.openapi.from_dict(described(fuzzed)).get_all_operations())
    operations = [operation.ok() for operation in found if isinstance(operation, Ok)]
    assert len(operations) == len(found) > 20
    for operation in operations:

        @settings(
            max_examples=5,
            database=None,
            derandomize=True,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def check(case: schemathesis.Case[Any]) -> None:
            answer = case.call(base_url=fuzzed.base_url, headers={"Authorization": fuzzed.authorization})
            case.validate_response(answer, checks=[*_TESTED])

        check()
    entries = fuzzed.control("GET", "/logbook").json()["entries"]
    assert entries
    assert [entry for entry in entries if entry["reason"]["rule"] == "internal error of mock_afas"] == []
