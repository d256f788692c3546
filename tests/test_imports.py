"""Importing GetConnectors: what is uploaded, what becomes of each field, and how imported connectors are served."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_afas.connectors import get_connectors
from mock_afas.environment import Environment
from mock_afas.imports import foreign, guesses, uploads
from mock_afas.imports.guesses import Shape
from mock_afas.registry import Registry
from mock_afas.store.catalog import Catalog
from mock_afas.store.sources import GENERATED_ROWS
from tests.gcn_writer import SERIALISATIONS, Serialisation, Written, WrittenField, write, zipped
from tests.support import Afas, client_of, fork

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


# ---------------------------------------------------------------- uploads


def test_a_zip_with_everything_in_it(afas: Afas) -> None:
    archive = zipped(
        {
            "exports/2025/currencies.gcn": write(CURRENCIES, "binary"),
            "exports/broken.gcn": write(CURRENCIES, "text")[:300],
            "meta.json": orjson.dumps(
                [metainfo(afas, "Zenvoices_Items"), {"name": "Y"}, metainfo(afas, "Profit_Users")]
            ),
            "lees mij.txt": b"Zomaar een tekst",
            "../../etc/passwd.gcn": write(CURRENCIES, "text"),
            "/etc/x.gcn": write(CURRENCIES, "text"),
            "C:\\windows\\x.gcn": write(CURRENCIES, "text"),
            "inner.zip": zipped({"x.gcn": write(CURRENCIES, "text")}),
            "again.gcn": write(CURRENCIES, "text"),
            "empty.json": b"",
            "bom.json": b"\xef\xbb\xbf" + orjson.dumps(metainfo(afas, "Profit_Address")),
            "__MACOSX/exports/._currencies.gcn": b"\x00\x05",
            ".DS_Store": b"Bud1",
            "utf16.json": "{}".encode("utf-16"),
        }
    )
    report = send(afas, archive)
    assert names(report) == ["zenvoices_currencies", "Zenvoices_Items", "Profit_Users", "Profit_Address"]
    messages = {error["connector"]: error["message"] for error in report["errors"]}
    expected = {
        "exports/broken.gcn": "truncated",
        "meta.json, item 2": "'fields'",
        "lees mij.txt": "neither",
        "../../etc/passwd.gcn": "leads out",
        "/etc/x.gcn": "leads out",
        "C:/windows/x.gcn": "leads out",
        "inner.zip": "ZIP inside the ZIP",
        "zenvoices_currencies": "twice",
        "empty.json": "empty",
        "utf16.json": "neither",
    }
    assert {name.replace("\\", "/") for name in messages} == set(expected)
    assert all(part in messages.get(name, messages.get(name.replace("/", "\\"), "")) for name, part in expected.items())


def a_bomb() -> bytes:
    return zipped({"bomb.json": b"[" + b" " * (uploads.MOST_FILE + 1) + b"]", "good.gcn": write(CURRENCIES, "text")})


def many_large_files() -> bytes:
    return zipped({f"{at}.json": b"[" + b" " * (uploads.MOST_FILE - 2) + b"]" for at in range(6)})


def encrypted() -> bytes:
    data = bytearray(zipped({"a.gcn": b"x"}))
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.find(signature) + offset] |= 1
    return bytes(data)


def overlapping() -> bytes:
    """A directory that lists one entry a thousand times."""
    good = zipped({"a.json": b"[]"})
    start, end = good.find(b"PK\x01\x02"), good.rfind(b"PK\x05\x06")
    count = 1_000
    directory = good[start:end] * count
    tail = good[end : end + 8] + count.to_bytes(2, "little") * 2 + len(directory).to_bytes(4, "little")
    return good[:start] + directory + tail + start.to_bytes(4, "little") + b"\0\0"


HOSTILE = {
    "a bomb": (a_bomb(), "larger than", 1),
    "many large files": (many_large_files(), "larger than", 0),
    "encrypted": (encrypted(), "password", 0),
    "bzip2": (zipped({"a.gcn": b"x" * 100}, zipfile.ZIP_BZIP2), "deflate", 0),
    "lzma": (zipped({"a.gcn": b"x" * 100}, zipfile.ZIP_LZMA), "deflate", 0),
    "too many entries": (zipped({f"{at}.gcn": b"" for at in range(uploads.MOST_ENTRIES + 1)}), "entries", 0),
    "no entries": (zipped({}), "empty", 0),
    "overlapping entries": (overlapping(), "", 0),
    "deep JSON": (b"[" * 100_000, "no JSON", 0),
    "a name of control characters": (zipped({"a\x01\n.gcn": write(CURRENCIES, "text")}), "leads out", 0),
}


@pytest.mark.parametrize(("body", "message", "imported"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_uploads(afas: Afas, body: bytes, message: str, imported: int) -> None:
    report = send(afas, body)
    assert len(report["imported"]) == imported
    assert any(message in error["message"] for error in report["errors"]) or not message


def definition(**changes: Any) -> dict[str, Any]:
    return {"name": "Acme_X", "description": "X", "fields": [a_field("A")], **changes}


WRONG: list[tuple[object, str]] = [
    (3, "/metainfo/get/X"),
    ({"updateConnectors": []}, "/metainfo/get/X"),
    (definition(fields={}), "/metainfo/get/X"),
    (definition(name=None), "'name' is missing"),
    (definition(name=7), "'name' is missing"),
    (definition(name="a/b"), "the name of the connector"),
    (definition(name="a\x00b"), "the name of the connector"),
    (definition(name=" a"), "the name of the connector"),
    (definition(name="a" * 101), "the name of the connector"),
    (definition(description=[]), "'description'"),
    (definition(description="x" * 1_001), "the description"),
    (definition(fields=[]), "no fields"),
    (definition(fields=[1]), "field 1 is no object"),
    (definition(fields=[a_field("")]), "the id of field 1"),
    (definition(fields=[a_field("A\n")]), "the id of field 1"),
    (definition(fields=[a_field("A"), a_field("a")]), "twice"),
    (definition(fields=[a_field("A", "number")]), "'dataType'"),
    (definition(fields=[a_field("A", length=-1)]), "'length'"),
    (definition(fields=[a_field("A", length="10")]), "'length'"),
    (definition(fields=[a_field("A", length=2**40)]), "'length'"),
    (definition(fields=[a_field("A", decimals=True)]), "'decimals'"),
    (definition(fields=[a_field("A", label="\x00")]), "a text of field"),
    (definition(fields=[a_field(f"F{at}") for at in range(foreign.MOST_FIELDS + 1)]), "more than"),
]


@pytest.mark.parametrize(("document", "message"), WRONG, ids=lambda value: str(value)[:40])
def test_a_definition_that_cannot_be_is_refused_and_says_why(afas: Afas, document: object, message: str) -> None:
    before = listed(afas)
    report = send(afas, document)
    assert report["imported"] == []
    assert [message in error["message"] for error in report["errors"]] == [True]
    assert listed(afas) == before


def test_too_many_definitions(afas: Afas) -> None:
    documents = [definition(name=f"Acme_{at}") for at in range(uploads.MOST_DEFINITIONS + 1)]
    report = send(afas, documents)
    assert report["imported"] == []
    assert "at most 1,000 connectors" in report["errors"][0]["message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b'{"shipped": "Zenvoices_*"}', 422),
        (b'{"shipped": []}', 422),
        (b'{"shipped": ["Nope"]}', 422),
        (b'{"shipped": ["*"], "more": 1}', 422),
        (b'{"shipped"', 400),
        (bytes(64 * 2**20 + 1), 413),
    ],
    ids=["empty", "no list", "none", "unknown", "other key", "no JSON", "too large"],
)
def test_calls_that_are_wrong_as_a_whole(afas: Afas, body: bytes, status: int) -> None:
    answer = afas.http.post(f"{afas.control_url}/environments/{afas.environment}/import", content=body)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


@given(data=st.data())
def test_any_flipped_zip_is_read_or_refused(data: st.DataObject) -> None:
    good = bytearray(zipped({"a.gcn": write(CURRENCIES, "text"), "b.json": orjson.dumps(definition())}))
    for _ in range(data.draw(st.integers(1, 5))):
        good[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.integers(0, len(good)))
    for body in (bytes(good), bytes(good[:cut])):
        upload = uploads.read(body)
        assert upload.definitions or upload.problems
        assert all(problem.message and problem.connector.isprintable() for problem in upload.problems)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["name", "description", "fields", "id", "fieldId", "dataType", "label"]), inner
        )
    ),
    max_leaves=20,
)


@given(document=JSON)
def test_any_json_is_read_or_refused(document: object) -> None:
    try:
        body = orjson.dumps(document)
    except orjson.JSONEncodeError:
        return
    upload = uploads.read(body)
    assert upload.definitions or upload.problems or document == []


def test_the_archive_never_touches_the_disk(afas: Afas, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{tmp_path}/evil.json", orjson.dumps(definition()))
    report = send(afas, buffer.getvalue())
    assert report["imported"] == []
    assert list(tmp_path.iterdir()) == []
