"""Importing GetConnectors: what is uploaded, what becomes of each field, and how imported connectors are served."""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from mock_afas.connectors import get_connectors
from mock_afas.environment import Environment
from mock_afas.imports import guesses, uploads
from mock_afas.imports.guesses import Shape
from mock_afas.registry import Registry
from mock_afas.store.catalog import Catalog
from mock_afas.store.sources import GENERATED_ROWS
from tests.gcn_writer import SERIALISATIONS, Serialisation, Written, WrittenField, write
from tests.imports_support import CURRENCIES, a_field, add, definition, how, listed, metainfo, names, send
from tests.support import Afas, client_of, fork

# ---------------------------------------------------------------- what is served


@pytest.mark.parametrize("serialisation", SERIALISATIONS)
def test_an_export_takes_the_place_of_ours(afas: Afas, serialisation: Serialisation) -> None:
    before = {row["CurrencyId"]: row["Currency"] for row in afas.rows("Zenvoices_Currencies", skip="-1", take="-1")}
    report = send(afas, write(CURRENCIES, serialisation))
    assert (names(report), report["errors"]) == (["zenvoices_currencies"], [])
    assert report["imported"][0]["replaces"]
    assert report["imported"][0]["source"] == "currencies"
    assert how(report) == {
        "Omschrijving": ("dictionary", "description"),
        "CurrencyId": ("field id", "currency"),
        "Geheim": ("filled", None),
    }
    rows = afas.rows("Zenvoices_Currencies", skip="-1", take="-1")
    assert [list(row) for row in rows] == [["Omschrijving", "CurrencyId", "Geheim"]] * len(before)
    assert {row["CurrencyId"]: row["Omschrijving"] for row in rows} == before
    described = metainfo(afas, "Zenvoices_Currencies")
    assert (described["name"], described["description"]) == ("zenvoices_currencies", "Onze valuta")
    assert [(field["fieldId"], field["label"]) for field in described["fields"]] == [
        ("U002", "Valutanaam"),
        ("U001", "Valuta"),
        ("U003", "Geheim bedrag"),
    ]
    assert [field["dataType"] for field in described["fields"]] == ["string", "string", "decimal"]


def test_filters_and_order_work_on_every_field(afas: Afas) -> None:
    """Also on those with values that are made up, which stay the same from read to read."""
    send(afas, write(CURRENCIES, "binary"))
    rows = afas.rows("Zenvoices_Currencies", skip="-1", take="-1", orderbyfieldids="-Geheim")
    amounts = [row["Geheim"] for row in rows]
    assert amounts == sorted(amounts, reverse=True)
    assert len(set(amounts)) > 5
    middle = rows[len(rows) // 2]
    found = afas.rows(
        "Zenvoices_Currencies", filterfieldids="geheim", filtervalues=str(middle["Geheim"]), operatortypes="1"
    )
    assert found == [middle]
    named = afas.rows("Zenvoices_Currencies", filterfieldids="Omschrijving", filtervalues="euro", operatortypes="1")
    assert [row["CurrencyId"] for row in named] == ["EUR"]
    answer = afas.get(
        "connectors/Zenvoices_Currencies", {"filterfieldids": "Currency", "filtervalues": "", "operatortypes": "8"}
    )
    assert answer.status_code == 500


def test_our_own_metainfo_comes_back_as_it_was(afas: Afas) -> None:
    before = {name: metainfo(afas, name) for name in listed(afas)}
    rows = {name: afas.rows(name, skip="-1", take="-1") for name in before}
    report = send(afas, list(before.values()))
    assert sorted(names(report)) == sorted(before)
    assert {field["mapped"] for one in report["imported"] for field in one["fields"]} == {"field id"}
    for name, document in before.items():
        assert metainfo(afas, name) == document
        assert afas.get(f"metainfo/get/{name}", Accept_Language="en-us").json()["fields"][0]["label"]
        again = afas.rows(name, skip="-1", take="-1")
        assert sorted(map(orjson.dumps, again)) == sorted(map(orjson.dumps, rows[name]))


def test_metainfo_with_other_fields_in_another_order(afas: Afas) -> None:
    document = metainfo(afas, "Zenvoices_Suppliers")
    ours = {field["id"]: field for field in document["fields"]}
    document["fields"] = [
        a_field("Mystery", "decimal", decimals=3),
        ours["CreditorName"] | {"length": 5},
        ours["IBAN"] | {"id": "BankNumber"},
        ours["CreditorId"] | {"dataType": "int", "length": 0},
        a_field("mobile"),
        a_field("Onbekend", label="Zoeknaam"),
        ours["ModifiedDate"] | {"dataType": "string", "length": 10},
        ours["Blocked"] | {"dataType": "decimal"},
    ]
    before = afas.rows("Zenvoices_Suppliers", orderbyfieldids="CreditorId")
    assert how(send(afas, document)) == {
        "Mystery": ("filled", None),
        "CreditorName": ("field id", "name"),
        "BankNumber": ("field id", "iban"),
        "CreditorId": ("field id", "supplier_id"),
        "mobile": ("name", "mobile"),
        "Onbekend": ("label", "search_name"),
        "ModifiedDate": ("field id", "modified"),
        "Blocked": ("filled", None),  # a boolean is no amount
    }
    after = afas.rows("Zenvoices_Suppliers", orderbyfieldids="CreditorId")
    for old, new in zip(before, after, strict=True):
        assert list(new) == [field["id"] for field in document["fields"]]
        assert new["CreditorId"] == int(old["CreditorId"])
        assert new["CreditorName"] == old["CreditorName"][:5]
        assert (new["BankNumber"], new["Onbekend"]) == (old["IBAN"], old["SearchName"])
        assert new["ModifiedDate"] == old["ModifiedDate"][:10]
        assert isinstance(new["Blocked"], int | float)
    assert metainfo(afas, "Zenvoices_Suppliers")["fields"][0] == document["fields"][0]


def test_a_write_shows_in_an_imported_connector(afas: Afas) -> None:
    send(
        afas,
        {"name": "Acme_Creditors", "description": "", "fields": [a_field("CreditorId"), a_field("Name", length=80)]},
    )
    add(afas, "Acme_Creditors")
    count = len(afas.rows("Acme_Creditors", skip="-1", take="-1"))
    afas.put("suppliers", {"supplier_id": "77777", "name": "Nieuw BV"})
    assert len(afas.rows("Acme_Creditors", skip="-1", take="-1")) == count + 1


UNKNOWN: list[tuple[str, list[dict[str, Any]], str]] = [
    ("Acme_Creditors", [a_field("CreditorId"), a_field("X")], "suppliers"),
    ("Acme_Debtor_Invoices", [a_field("InvoiceNr"), a_field("X"), a_field("Y")], "customer_open_items"),
    ("Acme_Anything", [a_field("ProjectId"), a_field("ProjectStage"), a_field("X")], "project_stages"),
    ("Acme_Anything", [a_field("JournalId"), a_field("UnitId", "int"), a_field("JournalType")], "journals"),
    ("Acme_Anything", [a_field("X"), a_field("Blocked", "boolean"), a_field("Description")], "generated"),
    ("Acme_Anything", [a_field("X"), a_field("Y")], "generated"),
]


@pytest.mark.parametrize(("name", "fields", "source"), UNKNOWN, ids=str)
def test_an_unknown_connector_finds_its_rows(afas: Afas, name: str, fields: list[dict[str, Any]], source: str) -> None:
    report = send(afas, {"name": name, "description": "Van ons", "fields": fields})
    assert report["imported"][0]["source"] == source
    assert not report["imported"][0]["replaces"]
    assert afas.get(f"connectors/{name}").status_code == 500, "it is not in the app connector yet"
    assert name not in listed(afas)
    add(afas, name.upper())
    assert afas.rows(name)
    assert metainfo(afas, name)["description"] == "Van ons"


REFERENCES: list[tuple[str, tuple[str, str], tuple[str, str, str], tuple[str, str | None]]] = [
    ("Acme_Creditors", ("Fi", "Crx"), ("Fi", "Crx", "CrId"), ("dictionary", "supplier_id")),
    ("Acme_Creditors", ("Fi", "Crx"), ("Kn", "Bcn", "BcCo"), ("dictionary", "organisation_id")),
    ("Acme_Creditors", ("Fi", "Crx"), ("Kn", "Bcn", "CrId"), ("filled", None)),  # that table has no such field
    ("Acme_Creditors", ("Fi", "Crx"), ("Hr", "Emp", "Nm"), ("filled", None)),  # of HRM we have nothing
    ("Acme_Whoever", ("Kn", "Bcn"), ("Kn", "Bcn", "SeNm"), ("dictionary", "search_name")),
    ("Acme_Whenever", ("Kn", "Ptr"), ("Kn", "Ptr", "PeId"), ("dictionary", "period")),
    ("Acme_Creditors", ("Hr", "RCo"), ("Kn", "Bcn", "BcCo"), ("filled", None)),
    ("Acme_Whoever", ("Kn", "Bcn"), ("Kn", "Bcn", "Qqq"), ("filled", None)),
]


@pytest.mark.parametrize(("name", "table", "reference", "expected"), REFERENCES, ids=str)
def test_dictionary_references(
    afas: Afas, name: str, table: tuple[str, str], reference: tuple[str, str, str], expected: tuple[str, str | None]
) -> None:
    fields = (WrittenField("U001", "CreditorId"), WrittenField("U002", "Qqq", reference))
    report = send(afas, write(Written(name, fields, table=table), "text"))
    assert how(report)["Qqq"] == expected


def test_a_field_id_of_the_dictionary(afas: Afas) -> None:
    fields = [a_field("A", fieldId="CrId"), a_field("B", fieldId="bcco"), a_field("C", fieldId="U001")]
    report = send(afas, {"name": "Acme_Creditors", "description": "", "fields": fields})
    assert how(report) == {
        "A": ("field id", "supplier_id"),
        "B": ("field id", "organisation_id"),
        "C": ("filled", None),
    }


def test_a_blocked_export_is_refused_as_blocked(afas: Afas) -> None:
    send(afas, write(Written("Zenvoices_Countries", CURRENCIES.fields, blocked=True), "text"))
    assert "geblokkeerd" in afas.get("connectors/Zenvoices_Countries").json()["externalMessage"]


def test_connectors_of_other_features_are_still_empty_and_hidden(afas: Afas) -> None:
    send(afas, [metainfo(afas, "Zenvoices_LedgerAccounts"), metainfo(afas, "Zenvoices_Projects")])
    afas.configure(without=["allocation", "projects"])
    assert {row["DimAx1"] for row in afas.rows("Zenvoices_LedgerAccounts", skip="-1", take="-1")} == {None}
    assert "Zenvoices_Projects" not in listed(afas)
    assert afas.get("connectors/Zenvoices_Projects").status_code == 500


ODD_NAMES = ["x'); DROP TABLE suppliers; --", 'a"b', "%s {0} {c}", "naïef €", "🎈", "a;b,c", "row_id", "c0", "SELECT"]


def test_names_are_nothing_but_names(afas: Afas) -> None:
    """They become keys of the answer as they are, whatever they look like to SQL or JSON."""
    fields = [a_field("CreditorId"), *(a_field(name, ("string", "int")[at % 2]) for at, name in enumerate(ODD_NAMES))]
    send(afas, {"name": "Acme_Creditor", "description": "it's", "fields": fields})
    add(afas, "Acme_Creditor")
    rows = afas.rows("Acme_Creditor", orderbyfieldids="CreditorId")
    assert list(rows[0]) == ["CreditorId", *ODD_NAMES]
    for name in ODD_NAMES:
        wanted = {"@FieldId": name, "@OperatorType": "1", "#text": str(rows[0][name])}
        query = orjson.dumps({"Filters": {"Filter": [{"@FilterId": "1", "Field": [wanted]}]}}).decode()
        assert rows[0] in afas.rows("Acme_Creditor", skip="-1", take="-1", filterjson=query), name
    assert len(afas.rows("Zenvoices_Suppliers")) == len(rows)


# ---------------------------------------------------------------- made-up values

SHAPES: list[tuple[str, dict[str, Any]]] = [
    ("Contact_email", {"length": 40}),
    ("Iban", {"length": 34}),
    ("Kort", {"length": 3}),
    ("Bedrag", {"dataType": "decimal", "decimals": 4}),
    ("Koers", {"dataType": "decimal", "decimals": 9}),
    ("Heel", {"dataType": "decimal", "decimals": 0}),
    ("Jaar", {"dataType": "int"}),
    ("Datum", {"dataType": "date"}),
    ("Geblokkeerd", {"dataType": "boolean"}),
    ("Bijlage", {"dataType": "blob"}),
]


def test_made_up_values_have_the_type_and_length_of_their_field(afas: Afas) -> None:
    fields = [a_field(name, **{"dataType": "string", **shape}) for name, shape in SHAPES]
    send(afas, {"name": "Acme_Alles", "description": "", "fields": [dict(field) for field in fields]})
    add(afas, "Acme_Alles")
    rows = afas.rows("Acme_Alles", skip="-1", take="-1", orderbyfieldids=",".join(name for name, _ in SHAPES))
    assert len(rows) == GENERATED_ROWS
    for row in rows:
        assert "@" in row["Contact_email"]
        assert row["Iban"].startswith("NL")
        assert len(row["Iban"]) == 18
        assert 0 < len(row["Kort"]) <= 3
        assert all(isinstance(row[name], float | int) for name in ("Bedrag", "Koers", "Heel"))
        assert 2000 < row["Jaar"] < 2040
        assert row["Datum"].endswith("Z")
        assert dt.datetime.fromisoformat(row["Datum"][:-1]).year >= 2020
        assert isinstance(row["Geblokkeerd"], bool)
        assert row["Bijlage"]
    assert afas.rows("Acme_Alles", skip="-1", take="-1", orderbyfieldids=",".join(name for name, _ in SHAPES)) == rows


GUESSES: list[tuple[str, str, str, Shape]] = [
    ("Invoice_date", "", "", Shape("date")),
    ("X", "Aangemaakt op", "", Shape("date")),
    ("TotalAmount", "", "", Shape("decimal", decimals=2)),
    ("IsReviewer", "", "", Shape("boolean")),
    ("Issue", "", "", Shape("string", 80)),
    ("Boekjaar", "Jaar", "", Shape("int")),
    ("value", "", "Hr.VDF.N112", Shape("decimal", decimals=2)),
    ("Count", "", "Kn.Vdf.Int", Shape("int")),
    ("Naam", "Bedrag", "Kn.Bcn.Nm", Shape("decimal", decimals=2)),
    ("Naam", "Naam", "Kn.Bcn.Nm", Shape("string", 80)),
]


@pytest.mark.parametrize(("identity", "label", "reference", "shape"), GUESSES, ids=str)
def test_guesses_of_types(identity: str, label: str, reference: str, shape: Shape) -> None:
    assert guesses.shape(identity, label, reference) == shape


def test_a_connector_of_a_thousand_fields(afas: Afas) -> None:
    """SQLite bounds expressions; a connector as wide as can be imported is served all the same."""
    fields = [a_field(f"F{at}", ("string", "int", "date", "decimal", "boolean")[at % 5]) for at in range(1_000)]
    send(afas, {"name": "Acme_Breed", "description": "", "fields": fields})
    add(afas, "Acme_Breed")
    rows = afas.rows("Acme_Breed", take="2", orderbyfieldids="F999,-F0")
    assert [len(row) for row in rows] == [1_000, 1_000]


# ---------------------------------------------------------------- features, bare, copies


def test_connectors_of_missing_features_are_refused_one_by_one(afas: Afas) -> None:
    everything = [metainfo(afas, name) for name in listed(afas) if name.startswith("Zenvoices_")]
    private = fork(afas)
    private.configure(without=["currencies", "projects", "allocation", "commitments"])
    report = send(private, everything)
    lacking = {
        "Zenvoices_Currencies": "currencies",
        "Zenvoices_Projects": "projects",
        "Zenvoices_ProjectStages": "projects",
        "Zenvoices_Items": "projects",
        "Zenvoices_AllocationCodeAssignments": "allocation",
        "Zenvoices_Commitments": "commitments",
    }
    errors = {error["connector"]: error["message"] for error in report["errors"]}
    assert set(errors) == set(lacking)
    assert all(feature in errors[name] for name, feature in lacking.items())
    assert len(report["imported"]) == 18 - 6
    stages = {"name": "Acme_Stages", "description": "", "fields": [a_field("ProjectId"), a_field("ProjectStage")]}
    assert [error["connector"] for error in send(private, stages)["errors"]] == ["Acme_Stages"]


@pytest.fixture
def bare(demo: Afas) -> Iterator[Afas]:
    described = demo.http.post(f"{demo.control_url}/environments", json={"bare": True}).json()
    client = client_of(described, demo.http)
    yield client
    client.control("DELETE")


def app_with(afas: Afas, *connectors: str) -> tuple[int, dict[str, Any]]:
    answer = afas.control("POST", "/app-connectors", {"description": "App", "get_connectors": list(connectors)})
    return answer.status_code, answer.json()


def test_a_bare_environment_has_no_connectors_until_they_are_imported(bare: Afas) -> None:
    status, body = app_with(bare, "Zenvoices_Suppliers")
    assert status == 422
    assert "Zenvoices_Suppliers" in body["error"]["message"]
    assert "import" in body["error"]["hint"]
    report = send(bare, {"shipped": ["Zenvoices_*", "profit_users"]})
    assert len(names(report)) == 19
    assert not any(one["replaces"] for one in report["imported"])
    assert app_with(bare, "zenvoices_suppliers", "Profit_Users")[0] == 201
    assert app_with(bare, "Profit_Creditor")[0] == 422


def test_shipped_connectors_are_refused_without_their_feature(bare: Afas) -> None:
    bare.configure(without=["projects"])
    report = send(bare, {"shipped": ["Zenvoices_*"]})
    assert {error["connector"] for error in report["errors"]} == {
        "Zenvoices_Projects",
        "Zenvoices_ProjectStages",
        "Zenvoices_Items",
    }
    assert len(names(report)) == 15


def test_shipped_ones_can_be_had_back(afas: Afas) -> None:
    before = metainfo(afas, "Zenvoices_Currencies")
    send(afas, write(CURRENCIES, "text"))
    assert metainfo(afas, "Zenvoices_Currencies") != before
    send(afas, {"shipped": ["Zenvoices_Currencies"]})
    assert metainfo(afas, "Zenvoices_Currencies") == before


def test_imports_belong_to_one_environment_and_its_later_copies(demo: Afas, afas: Afas) -> None:
    earlier = fork(afas)
    send(afas, write(CURRENCIES, "text"))
    later = fork(afas)
    expected = ["Omschrijving", "CurrencyId", "Geheim"]
    assert list(later.rows("Zenvoices_Currencies")[0]) == expected
    assert list(earlier.rows("Zenvoices_Currencies")[0]) == list(demo.rows("Zenvoices_Currencies")[0]) != expected
    made_up = {row["CurrencyId"]: row["Geheim"] for row in afas.rows("Zenvoices_Currencies", skip="-1", take="-1")}
    assert {r["CurrencyId"]: r["Geheim"] for r in later.rows("Zenvoices_Currencies", skip="-1", take="-1")} == made_up
    assert afas.control("POST", "/reset").status_code == 200
    assert list(afas.rows("Zenvoices_Currencies")[0]) == expected


async def everything(environment: Environment, connector: str) -> bytes:
    """The body of an answer with all rows of a connector, ordered by its first field."""
    definition = environment.definitions.known[connector]
    rows = await environment.read(definition, f"take=500&orderbyfieldids={definition.fields[0].id}".encode())
    return rows.body


def test_imports_survive_a_restart(tmp_path: Path) -> None:
    async def before() -> bytes:
        registry = Registry(Catalog(tmp_path))
        first = registry.create({}).environment
        await first.import_definitions(uploads.read(write(CURRENCIES, "text")))
        copy = (await registry.fork(first)).environment
        copy.import_shipped(["Profit_Users"])
        await copy.import_definitions(uploads.read(orjson.dumps(definition())))
        body = await everything(first, "zenvoices_currencies")
        registry.close()
        return body

    body = asyncio.run(before())
    registry = Registry(Catalog(tmp_path))
    kept, copied = registry.environments.values()
    assert kept.definitions.known.keys() | {"acme_x"} == copied.definitions.known.keys()
    assert copied.definitions.find("Profit_Users") is get_connectors()["profit_users"]
    assert kept.definitions.find("Zenvoices_Currencies") is copied.definitions.find("Zenvoices_Currencies")
    assert asyncio.run(everything(kept, "zenvoices_currencies")) == body
    registry.delete(copied)
    registry.close()
    registry = Registry(Catalog(tmp_path))
    assert asyncio.run(everything(registry.environments[kept.id], "zenvoices_currencies")) == body
    registry.close()
    with closing(sqlite3.connect(tmp_path / "environments.sqlite")) as catalog:
        assert catalog.execute("SELECT count(*) FROM definitions").fetchone() == (1,)
