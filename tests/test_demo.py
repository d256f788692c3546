"""The demo data: the numbers AFAS' documentation uses, books that add up, and numbers that pass their checks."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban
from stdnum.eu import vat as eu_vat
from stdnum.nl import bsn, btw

from mock_afas import demo
from mock_afas.demo.identifiers import coc_number, dutch_iban, rsin
from mock_afas.demo.moments import Moments
from mock_afas.demo.relations import search_name, slug
from mock_afas.fixtures import files, read_json
from mock_afas.records import ENTITIES
from mock_afas.values import AMSTERDAM, MILLIONTHS

TODAY = dt.date(2026, 11, 24)
ROOT = Path(__file__).parent.parent
Rows = list[dict[str, Any]]
Tables = dict[str, Rows]

ONE = MILLIONTHS
KINDS: dict[str, type] = {"text": str, "integer": int, "boolean": int, "decimal": int, "date": str, "datetime": str}


def collect(batches: Iterable[demo.Batch]) -> Tables:
    """The rows by entity, each with every column of its entity."""
    tables: Tables = defaultdict(list)
    for batch in batches:
        empty = {c.name: 0 if c.kind == "boolean" else None for c in ENTITIES[batch.entity].columns}
        tables[batch.entity] += [empty | dict(zip(batch.columns, row, strict=True)) for row in batch.rows]
    return tables


@pytest.fixture(scope="module")
def base() -> Tables:
    return collect(demo.base(today=TODAY))


@pytest.fixture(scope="module")
def many() -> Tables:
    """The base and 500 more of everything."""
    tables = collect(demo.base(today=TODAY))
    for entity, rows in collect(demo.generated(rows=500, seed=7, today=TODAY)).items():
        tables[entity] += rows
    return tables


def keyed(tables: Tables, entity: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {tuple(row[name] for name in ENTITIES[entity].key): row for row in tables[entity]}


#: What only bookings and dossier items of a client fill.
EMPTY = {
    *("attachments", "files", "entry_allocations", "entry_projects", "entry_transitories"),
    "last_administrations",
}


def test_every_entity_that_a_client_does_not_fill_has_rows(base: Tables) -> None:
    assert set(ENTITIES) - set(base) == EMPTY
    assert 5_000 < sum(map(len, base.values())) < 8_000


def test_every_fixture_is_valid_and_says_what_it_is() -> None:
    for file in files("demo", "*.json"):
        document = read_json(f"demo/{file.name}")
        if file.name != "moments.json":
            assert document["about"]
        for row in document["rows"] if "columns" in document else ():
            assert len(row) == len(document["columns"]), (file.name, row)


def test_values_are_in_stored_form_and_fit_their_columns(many: Tables) -> None:
    for entity, rows in many.items():
        columns = ENTITIES[entity].columns
        for row in rows:
            assert set(row) == {column.name for column in columns}
            for column in columns:
                value = row[column.name]
                if value is None:
                    assert column.kind != "boolean"
                    continue
                assert type(value) is KINDS[column.kind], (entity, column.name, value)
                _check_value(column.kind, column.length, column.decimals, value)


def _check_value(kind: str, length: int | None, decimals: int | None, value: Any) -> None:
    if kind == "text":
        assert 0 < len(value) <= (length or 0), value
        assert value == value.strip()
    elif kind == "boolean":
        assert value in (0, 1)
    elif kind == "decimal":
        assert value % 10 ** (6 - (decimals or 0)) == 0, value
    elif kind == "date":
        assert dt.date.fromisoformat(value).isoformat() == value
    elif kind == "datetime":
        assert dt.datetime.fromisoformat(value).isoformat(timespec="microseconds") == value


def test_keys_are_given_and_unique_without_regard_to_case(many: Tables) -> None:
    for entity, rows in many.items():
        keys = Counter(tuple(str(row[name]).lower() for name in ENTITIES[entity].key) for row in rows)
        assert not any("none" in key for key in keys), entity
        assert keys.most_common(1)[0][1] == 1, (entity, keys.most_common(1))


# References: entity, column(s), entity referred to. A name is paired with the key column it stands for.
REFERENCES: list[tuple[str, tuple[str, ...], str]] = [
    ("administrations", ("currency",), "currencies"),
    ("administrations", ("country",), "countries"),
    ("administrations", ("administration", "creditor_account"), "accounts"),
    ("administrations", ("administration", "debtor_account"), "accounts"),
    ("accounts", ("administration", "collect_on"), "accounts"),
    ("accounts", ("vat_code",), "tax_codes"),
    ("journals", ("administration", "contra_account"), "accounts"),
    ("journals", ("currency",), "currencies"),
    ("addresses", ("country",), "countries"),
    ("organisations", ("address_id",), "addresses"),
    ("organisations", ("postal_address_id",), "addresses"),
    ("bank_accounts", ("organisation_id",), "organisations"),
    ("bank_accounts", ("country",), "countries"),
    ("contacts", ("organisation_id",), "organisations"),
    ("contacts", ("person_id",), "organisations"),
    *(
        (side, (column,), entity)
        for side in ("suppliers", "customers")
        for column, entity in (
            ("organisation_id", "organisations"),
            ("payment_condition", "payment_conditions"),
            ("currency", "currencies"),
            ("reviewer", "users"),
        )
    ),
    ("users", ("person_id",), "organisations"),
    ("users", ("employee_id",), "employees"),
    ("employees", ("person_id",), "organisations"),
    ("allocation_assignments", ("administration", "account"), "accounts"),
    ("projects", ("administration",), "administrations"),
    ("projects", ("organisation_id",), "organisations"),
    ("projects", ("customer_id",), "customers"),
    ("project_stages", ("project",), "projects"),
    ("commitments", ("administration", "account"), "accounts"),
    ("commitments", ("administration", "year", "period"), "periods"),
    ("commitments", ("supplier_id",), "suppliers"),
    ("commitments", ("currency",), "currencies"),
    ("commitments", ("project", "stage"), "project_stages"),
    ("commitments", ("item_type", "item"), "items"),
    ("commitments", ("reviewer",), "users"),
    ("entries", ("administration", "year", "period"), "periods"),
    ("entries", ("administration", "journal"), "journals"),
    ("entry_lines", ("administration", "entry"), "entries"),
    ("entry_lines", ("vat_code",), "tax_codes"),
    ("entry_lines", ("currency",), "currencies"),
    ("entry_lines", ("project",), "projects"),
    ("entry_lines", ("administration", "commitment"), "commitments"),
    ("invoices", ("administration", "entry"), "entries"),
    ("invoices", ("administration", "journal"), "journals"),
    ("invoices", ("currency",), "currencies"),
    ("invoices", ("payment_condition",), "payment_conditions"),
    ("invoices", ("reviewer",), "users"),
    ("subjects", ("subject_type",), "subject_types"),
    ("subjects", ("organisation_id",), "organisations"),
]


@pytest.mark.parametrize(("entity", "columns", "target"), REFERENCES, ids=lambda value: str(value))
def test_references_resolve(many: Tables, entity: str, columns: tuple[str, ...], target: str) -> None:
    known = set(keyed(many, target))
    for row in many[entity]:
        value = tuple(row[column] for column in columns)
        assert value[-1] is None or value in known, row


def test_control_and_tax_accounts_exist_in_every_administration(many: Tables) -> None:
    accounts = keyed(many, "accounts")
    for unit in range(1, 6):
        for row in many["tax_codes"]:
            assert row["account"] is None or accounts[unit, row["account"]]["vat_allowed"]
        for account in {row["control_account"] for row in many["suppliers"] + many["customers"]}:
            assert accounts[unit, account]["collect_account"]


# Columns that hold codes, and the code table that describes them.
DESCRIBED = [
    ("accounts", "type", "account_type"),
    ("accounts", "kind", "account_kind"),
    ("accounts", "collect_account_type", "collect_account_type"),
    ("accounts", "feature", "account_feature"),
    ("accounts", "budget", "account_budget"),
    ("accounts", "to_project", "to_project"),
    *(("accounts", f"dim_ax{axis}", "allocation") for axis in range(1, 6)),
    ("journals", "kind", "journal_kind"),
    ("tax_codes", "side", "vat_side"),
    ("tax_codes", "method", "vat_method"),
    ("tax_codes", "duty", "vat_duty"),
    ("tax_rate_groups", "rate_kind", "vat_rate_kind"),
    ("payment_conditions", "kind", "payment_condition_kind"),
    ("suppliers", "vat_duty", "vat_duty"),
    ("suppliers", "payment_method", "payment_method_purchase"),
    ("customers", "vat_duty", "vat_duty"),
    ("customers", "mandate", "mandate"),
    ("bank_accounts", "bank_type", "bank_type"),
    ("organisations", "type", "organisation_type"),
    ("contacts", "type", "contact_type"),
    ("contacts", "function", "job"),
    ("contacts", "gender", "gender"),
    ("projects", "group", "project_group"),
    ("items", "item_type", "item_type"),
    ("items", "unit", "unit"),
    ("items", "group", "item_group"),
    ("items", "sort", "item_sort"),
    ("items", "price_group", "price_group"),
    ("items", "stock_control", "stock_control"),
    ("subjects", "status", "subject_status"),
    ("subjects", "feature_1", "feature_value"),
    ("subject_types", "edit_mode", "edit_mode"),
    ("cost_centres", "employer", "employer"),
    ("cost_carriers", "employer", "employer"),
]


def test_codes_in_use_are_described(base: Tables) -> None:
    known = {(row["table"], row["code"]) for row in base["codes"]}
    for entity, column, table in DESCRIBED:
        for row in base[entity]:
            assert row[column] is None or (table, str(row[column])) in known, (entity, column, row[column])


# The numbers of AFAS' documentation.

ORGANISATION_OF = {
    "suppliers": {"50003": 17, "50005": 21, "50011": 29, "50013": 32, "50017": 40, "50028": 726},
    "customers": {"10079": 203, "10100": 241, "10140": 310, "10150": 325, "10178": 372, "10205": 425},
}
JOURNALS = ["10", "20", "40", "50", "73", "80", "82", "95"]
SUPPLIERS = [str(n) for n in (*range(50000, 50061), *range(60000, 60031))]
CUSTOMERS = [*(str(n) for n in range(10001, 10251)), "20000", "49299", "49999", "50001"]


def test_suppliers_and_customers_are_those_of_the_documentation(base: Tables) -> None:
    suppliers, customers = keyed(base, "suppliers"), keyed(base, "customers")
    assert [key for (key,) in suppliers] == SUPPLIERS
    assert [key for (key,) in customers] == CUSTOMERS
    for entity, pairs in ORGANISATION_OF.items():
        for number, organisation in pairs.items():
            assert keyed(base, entity)[number,]["organisation_id"] == str(1_000_000 + organisation)
    addresses, organisations = keyed(base, "addresses"), keyed(base, "organisations")

    def country(relation: dict[str, Any]) -> str:
        return str(addresses[organisations[relation["organisation_id"],]["address_id"],]["country"])

    assert country(suppliers["60002",]) == "N"
    assert country(customers["20000",]) == "GB"
    assert customers["10114",]["mandate"] == "6001649"
    assert all(row["organisation_id"] != "1000002" for row in base["customers"] + base["suppliers"])
    accounts = [row for row in base["bank_accounts"] if row["g_account"]]
    assert [row["organisation_id"] for row in accounts] == [suppliers["60021",]["organisation_id"]]
    assert accounts[0]["bank_type"] == "528001"


def test_one_organisation_has_at_most_one_supplier_and_one_customer(many: Tables) -> None:
    for entity in ("suppliers", "customers"):
        assert max(Counter(row["organisation_id"] for row in many[entity]).values()) == 1


def test_free_numbers_are_free(many: Tables) -> None:
    assert not {"40999", "20010", "125810"} & {row["customer_id"] for row in many["customers"]}
    assert not {"32301", "32303"} & {row["supplier_id"] for row in many["suppliers"]}
    assert not {"10001", "32300", "1001492"} & {row["organisation_id"] for row in many["organisations"]}


def test_people_and_dossier_are_those_of_the_documentation(base: Tables) -> None:
    employees, users = keyed(base, "employees"), keyed(base, "users")
    assert {("5000430",), ("ALLARDJ",), ("FLOORA",), ("KEESZ",)} <= set(employees)
    assert {("ALLARDJ",), ("FLOORA",), ("KEESZ",)} <= set(users)
    assert users["KEESZ",]["reviewer"]
    assert users["ALLARDJ",]["reviewer"]
    assert any(row["blocked"] for row in base["users"])
    assert any(not row["reviewer"] for row in base["users"])
    assert [employees[number,]["applicant"] for number in ("000255", "000256")] == [1, 1]
    organisations = keyed(base, "organisations")
    assert {organisations[number,]["type"] for number in ("1000744", "1000585")} == {"P"}
    contacts = keyed(base, "contacts")
    assert contacts[1005,]["organisation_id"] == "1000372"
    assert contacts[970,]["organisation_id"] == "1000032"
    assert {(9910,), (9937,)} <= set(keyed(base, "subjects"))
    assert {(number,) for number in (-5, 2, 4, 5, 15, 19, 26, 96)} <= set(keyed(base, "subject_types"))
    assert keyed(base, "subject_types")[-5,]["destinations"] == "11"


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("price_list", "*****"),
        ("bank_type", "528000"),
        ("bank_type", "528001"),
        ("title", "ALG"),
        ("feature_value", "104"),
        ("feature_value", "111"),
        ("vehicle", "1"),
        ("delivery_note", "00000009"),
        ("mandate", "6001649"),
    ],
)
def test_other_codes_exist(base: Tables, table: str, code: str) -> None:
    assert (table, code) in keyed(base, "codes")


def test_projects_and_items_exist(base: Tables) -> None:
    assert {("300000",), ("600000",), ("910004",)} <= set(keyed(base, "projects"))
    assert {("6", "K01"), ("6", "K02"), ("1", "T1"), ("2", "1000")} <= set(keyed(base, "items"))
    assert keyed(base, "projects")["300000",]["administration"] in (None, 1)
    assert len(base["projects"]) > 25


def test_ledger_of_every_administration(base: Tables) -> None:
    accounts, journals = keyed(base, "accounts"), keyed(base, "journals")
    named = (
        "0100 0200 1000 1100 1300 1301 1500 1510 1600 1901 3000 3020 3030 3300 3600 4055 4210 4320 4330 4360 4510 "
        "8000 8010 8070 8074 8080 8100 8150"
    )
    for unit in range(1, 6):
        for number in named.split():
            assert not accounts[unit, number]["blocked"]
        axes = {
            number: "".join(accounts[unit, number][f"dim_ax{axis}"] for axis in range(1, 6)) for _, number in accounts
        }
        assert axes["8000"] == "BBBBB"
        assert axes["8074"] == "BBNNN"
        assert axes["0100"] == "OOOOO"
        assert {number for number in axes if accounts[unit, number]["to_project"] == "J"} == {"4320", "8080"}
        for number in ("4510", "4210", "4055", "4360", "8010", "8070"):
            assert "B" not in axes[number]
            assert accounts[unit, number]["vat_allowed"]
            assert not accounts[unit, number]["commitment_mandatory"]
        assert sum(row["commitment_mandatory"] for row in base["accounts"] if row["administration"] == unit) == 2
        kinds = {number: journals[unit, number]["kind"] for number in JOURNALS}
        assert "".join(kinds.values()) == "IVKBMMMG"


def test_administrations(base: Tables) -> None:
    assert [row["administration"] for row in base["administrations"]] == [1, 2, 3, 4, 5]
    for row in base["administrations"]:
        assert (row["currency"], row["country"], row["axis_1"]) == ("EUR", "NL", "Kostenplaats")
        assert (row["creditor_account"], row["debtor_account"], row["allocation_axes"]) == ("1600", "1300", 5)
        assert (row["autonumber_creditors"], row["autonumber_debtors"]) == (1, 1)
        assert iban.is_valid(row["iban"])
        assert btw.is_valid(row["vat_number"])
        assert len(row["coc_number"]) == 8


def test_periods(base: Tables) -> None:
    blocked = {(row["year"], row["period"]) for row in base["periods"] if row["blocked"]}
    assert blocked == {(year, month) for year in (2012, 2015, 2016, 2017) for month in range(1, 13)} | {(2023, 8)}
    for unit in range(1, 6):
        rows = [row for row in base["periods"] if row["administration"] == unit]
        assert (rows[0]["date_from"], rows[-1]["date_to"], len(rows)) == ("2012-01-01", "2027-12-31", 16 * 12)
        for row, following in pairwise(rows):
            after = dt.date.fromisoformat(row["date_to"]) + dt.timedelta(days=1)
            assert after.isoformat() == following["date_from"]


def test_tax_codes_and_rates(base: Tables) -> None:
    codes = keyed(base, "tax_codes")
    expected = {"1": ("V", 21, "1510"), "2": ("V", 9, "1510"), "5": ("I", 21, "1500"), "6": ("I", 9, "1500")}
    for code, (side, rate, account) in expected.items():
        row = codes[code,]
        assert (row["side"], row["rate"], row["account"], row["method"]) == (side, rate * ONE, account, "O")
    methods = {(row["side"], row["method"]) for row in base["tax_codes"]}
    assert methods == {(side, method) for side in "IV" for method in "OVG"}
    rates = {key: row["rate"] // ONE for key, row in keyed(base, "tax_rate_groups").items()}
    assert (rates["1", "2012-10-01"], rates["2", "2019-01-01"]) == (21, 9)


def test_payment_conditions_currencies_and_countries(base: Tables) -> None:
    conditions = keyed(base, "payment_conditions")
    assert [conditions[code,]["days"] for code in ("14", "30")] == [14, 30]
    assert {row["kind"] for row in base["payment_conditions"]} == set("CDEMUTVI")
    assert any(row["discount_percentage"] for row in base["payment_conditions"])
    currencies = keyed(base, "currencies")
    assert currencies["NOK",]["rate"] == 7_500_000
    assert currencies["EUR",]["rate"] == ONE
    assert currencies["JPY",]["decimals"] == 0
    countries = keyed(base, "countries")
    assert {("NL",), ("D",), ("B",), ("F",), ("GB",), ("N",)} <= set(countries)
    assert sum(row["eu_member"] for row in base["countries"]) == 27


def test_allocation_assignments(base: Tables) -> None:
    assert len(base["allocation_assignments"]) < 1_000
    assigned, accounts = keyed(base, "allocation_assignments"), keyed(base, "accounts")
    for unit in range(1, 6):
        for axis, code in enumerate(("WEST", "ICT", "LOG", "NOORD", "MAAT"), 1):
            assert not assigned[unit, "8000", axis, code]["blocked"]
        assert (unit, "0100", 1, "11") in assigned
        for key, row in accounts.items():
            for axis in range(1, 6):
                codes = [row for row in assigned if row[:3] == (*key, axis)]
                assert bool(codes) == (row[f"dim_ax{axis}"] != "N")
    assert any(row["blocked"] for row in base["allocation_assignments"])


OPEN = [
    ("supplier", "60005", "INK00188", 180622),
    ("supplier", "50013", "INK00190", 31729),
    ("supplier", "50022", "INK00200", None),
    ("supplier", None, "INK00207", None),
    ("supplier", "50013", "PUR000232", None),
    ("customer", "10044", "V0002407", 208250),
    ("customer", "10208", "00001893", 27370),
    ("customer", None, "V0002363", None),
    ("customer", "10114", "V0002609", None),
    ("customer", "49299", "VK004979", None),
    ("customer", "10001", "V008001", None),
]


@pytest.mark.parametrize(("side", "relation", "number", "cents"), OPEN)
def test_open_invoices_of_the_documentation(
    base: Tables, side: str, relation: str | None, number: str, cents: int | None
) -> None:
    (row,) = (row for row in base["invoices"] if row["invoice"] == number)
    assert (row["administration"], row["side"]) == (1, side)
    assert relation in (None, row["relation"])
    assert row["open_amount"] == row["amount"] > 0
    assert cents is None or row["amount"] == cents * 10_000
    assert row["blocked_for_payment"] == (number == "INK00200")


def test_numbers_that_the_examples_book_are_not_taken(base: Tables) -> None:
    taken = {row["invoice"].upper() for row in base["invoices"]}
    assert not taken & {"FACTUUR99", "CONNECTOR", "FACTUUR V999"}


# The books.


def test_entries_balance(many: Tables) -> None:
    sums: dict[tuple[int, int], int] = defaultdict(int)
    for line in many["entry_lines"]:
        assert min(line["debit"], line["credit"]) == 0 <= max(line["debit"], line["credit"])
        sums[line["administration"], line["entry"]] += line["debit"] - line["credit"]
    assert set(sums) == set(keyed(many, "entries"))
    assert not any(sums.values())


def test_open_amounts_follow_from_the_lines(many: Tables) -> None:
    booked: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
    for line in many["entry_lines"]:
        if line["account_kind"] == "1":
            continue
        side, sign = ("supplier", -1) if line["account_kind"] == "3" else ("customer", 1)
        sums = booked[line["administration"], side, line["account"], line["invoice"]]
        sums[0] += sign * (line["debit"] - line["credit"])
        sums[1] += sign * (line["debit_currency"] - line["credit_currency"])
    invoices = keyed(many, "invoices")
    assert set(booked) == set(invoices)
    for key, row in invoices.items():
        assert [row["open_amount"], row["open_amount_currency"]] == booked[key], row
        assert abs(row["open_amount"]) <= abs(row["amount"])
        assert row["due_date"] >= row["invoice_date"]


def test_accounts_of_lines_exist_and_get_what_they_ask_for(many: Tables) -> None:
    accounts, assigned = keyed(many, "accounts"), keyed(many, "allocation_assignments")
    relations = {
        "2": {row["customer_id"] for row in many["customers"]},
        "3": {row["supplier_id"] for row in many["suppliers"]},
    }
    for line in many["entry_lines"]:
        if line["account_kind"] != "1":
            assert line["account"] in relations[line["account_kind"]]
            continue
        account = accounts[line["administration"], line["account"]]
        assert not account["blocked"]
        assert account["vat_allowed"] or line["vat_code"] is None
        assert (account["to_project"] == "J") == (line["project"] is not None)
        for axis in range(1, 6):
            code, use = line[f"allocation_{axis}"], account[f"dim_ax{axis}"]
            assert code is not None or use != "B", line
            assert code is None or not assigned[line["administration"], line["account"], axis, code]["blocked"]


def test_vat_codes_fit_their_journals(many: Tables) -> None:
    codes, entries = keyed(many, "tax_codes"), keyed(many, "entries")
    for line in many["entry_lines"]:
        if line["vat_code"] is not None:
            journal = entries[line["administration"], line["entry"]]["journal"]
            assert codes[line["vat_code"],]["side"] == {"10": "I", "20": "V"}[journal]


def test_invoices_are_of_every_kind(base: Tables) -> None:
    rows = base["invoices"]
    assert len(rows) > 250
    assert {row["administration"] for row in rows} == {1, 2, 3, 4, 5}
    assert {row["invoice_date"][:4] for row in rows} == {str(year) for year in range(2012, 2027)}
    for side in ("supplier", "customer"):
        of_side = [row for row in rows if row["side"] == side]
        assert any(row["open_amount"] == 0 for row in of_side)
        assert any(0 < row["open_amount"] < row["amount"] for row in of_side)
        assert any(row["amount"] < 0 for row in of_side)
    assert {row["currency"] for row in rows} >= {"EUR", "NOK", "USD", "GBP"}
    assert any(row["reviewer"] and row["blocked_for_payment"] for row in rows)
    assert any(row["reviewer"] and not row["blocked_for_payment"] for row in rows)
    reviewers = {row["user_id"] for row in base["users"] if row["reviewer"] and not row["blocked"]}
    assert {row["reviewer"] for row in rows} - {None} <= reviewers


def test_commitments_follow_from_the_books(base: Tables) -> None:
    used: dict[tuple[int, int], int] = defaultdict(int)
    for line in base["entry_lines"]:
        if line["commitment"] is not None:
            used[line["administration"], line["commitment"]] += line["debit"] - line["credit"]
    assert len(base["commitments"]) == 40
    for key, row in keyed(base, "commitments").items():
        assert row["open_amount"] == (0 if row["settled"] else row["amount"] - used[key])
        assert row["open_amount"] >= 0
        for axis in range(1, 6):
            code = row[f"allocation_{axis}"]
            assigned = (row["administration"], row["account"], axis, code)
            assert code is None or assigned in keyed(base, "allocation_assignments")
    assert sum(value > 0 for value in used.values()) >= 5
    assert any(row["settled"] for row in base["commitments"])


# Numbers that carry a check.


def test_ibans_vat_and_coc_numbers_are_valid(many: Tables) -> None:
    addresses = keyed(many, "addresses")
    for row in many["bank_accounts"] + many["suppliers"] + many["customers"]:
        assert row["iban"] is None or iban.is_valid(row["iban"]), row
    for row in many["organisations"]:
        country = addresses[row["address_id"],]["country"]
        if row["vat_number"] is not None and country not in ("GB", "N", "CH"):
            assert eu_vat.is_valid(row["vat_number"]), row
        if row["type"] == "O" and country == "NL":
            assert btw.is_valid(row["vat_number"])
            assert bsn.is_valid(row["fiscal_number"])
            assert len(row["coc_number"]) == 8
            assert row["coc_number"].isdigit()
            assert row["coc_number"][0] != "0"
        assert row["bsn"] is None or bsn.is_valid(row["bsn"])


def test_numbers_of_organisations_differ(many: Tables) -> None:
    for column in ("vat_number", "fiscal_number", "coc_number"):
        counts = Counter(row[column] for row in many["organisations"] if row[column] is not None)
        assert counts.most_common(1)[0][1] == 1, (column, counts.most_common(1))
    counts = Counter(row["iban"] for row in many["bank_accounts"] if row["iban"] is not None)
    assert counts.most_common(1)[0][1] == 1


@given(st.sampled_from(["INGB", "ABNA", "RABO", "ZZZZ", "AAAA"]), st.integers(0, 10**10 - 1))
def test_a_dutch_iban_passes_its_check(bank: str, account: int) -> None:
    assert iban.is_valid(dutch_iban(bank, account))


@given(st.integers(1, 99_999_900))
def test_an_rsin_passes_the_eleven_test(number: int) -> None:
    assert bsn.is_valid(rsin(number))
    assert number <= int(rsin(number)[:8]) <= number + 2


@given(st.integers(0, 10**9))
def test_a_coc_number_has_eight_digits(key: int) -> None:
    assert 10_000_000 <= int(coc_number(key)) <= 99_999_999


@pytest.mark.parametrize(
    ("name", "label", "search"),
    [
        ("Café 't Hoekje & Zn.", "cafe-t-hoekje-zn", "CAFETHOEKJ"),
        ("Weiß & Söhne KG", "weiss-sohne-kg", "WEISSSOHNE"),
        ("東京精密 K.K. (Tokyo Seimitsu)", "kk-tokyo-seimitsu", "KKTOKYOSEI"),
        ("R&D", "rd", "RD"),
    ],
)
def test_slug_and_search_name(name: str, label: str, search: str) -> None:
    assert slug(name) == label
    assert search_name(label) == search


def test_names_need_care(base: Tables) -> None:
    names = " ".join(row["name"] for row in base["organisations"])
    for sign in "'\"&,;éüÅøß京":
        assert sign in names


# Time.


def moments_of(tables: Tables) -> Iterator[tuple[str, str]]:
    for entity in tables.values():
        for row in entity:
            for column in ("created", "modified", "submitted"):
                if row.get(column):
                    yield column, row[column]


@settings(deadline=None, max_examples=12)
@given(st.dates(demo.EARLIEST_TODAY, dt.date(2045, 12, 31)))
def test_nothing_is_from_after_yesterday(today: dt.date) -> None:
    tables = collect(demo.base(today=today))
    yesterday = (today - dt.timedelta(days=1)).isoformat()
    for _, moment in moments_of(tables):
        assert "2012-01-01" <= moment[:10] <= yesterday
        assert moment[-6:] != "000000"
    assert max(row["entry_date"] for row in tables["entry_lines"]) <= yesterday
    assert max(row["year"] for row in tables["periods"]) == today.year + 1
    for rows in tables.values():
        assert all(row["created"] <= row["modified"] for row in rows if row.get("created"))


def test_the_clock_cannot_stand_before_the_company_exists() -> None:
    with pytest.raises(ValueError, match="2013-01-02"):
        next(demo.base(today=dt.date(2013, 1, 1)))


def test_changes_are_spread_up_to_yesterday_and_around_the_switches_of_the_clock(base: Tables) -> None:
    modified = sorted(row["modified"] for row in base["suppliers"] + base["customers"])
    assert modified[0] < "2013"
    assert modified[-1] > "2026-11"
    hours = {moment[:13] for moment in modified}
    assert {
        "2012-10-28T02",
        "2012-10-28T03",
        "2012-03-25T01",
        "2012-03-25T03",
        "2019-10-27T02",
        "2024-03-31T01",
    } <= hours
    for _, text in moments_of(base):
        moment = dt.datetime.fromisoformat(text)  # exists on the wall clock: it survives a trip through UTC
        there = moment.replace(tzinfo=AMSTERDAM).astimezone(dt.UTC)
        assert there.astimezone(AMSTERDAM).replace(tzinfo=None) == moment


def test_what_happened_does_not_change_when_time_goes_on() -> None:
    before, after = (collect(demo.base(today=TODAY + dt.timedelta(days=days))) for days in (0, 400))
    stable = [c.name for c in ENTITIES["invoices"].columns if not c.name.startswith(("open_", "modified", "blocked"))]
    stable.remove("entry")
    then, now = keyed(before, "invoices"), keyed(after, "invoices")
    assert set(then) < set(now)
    assert all(then[key][name] == now[key][name] for key in then for name in stable)
    assert [row["created"] for row in before["suppliers"]] == [row["created"] for row in after["suppliers"]]
    assert Moments(TODAY).created_and_modified(5)[0] == Moments(dt.date(2031, 1, 1)).created_and_modified(5)[0]


# Determinism, start-up and the interface.


def digest(batches: Iterable[demo.Batch]) -> str:
    found = hashlib.sha256()
    for batch in batches:
        found.update(repr((batch.entity, batch.columns, list(batch.rows))).encode())
    return found.hexdigest()


PROGRAM = """
import datetime as dt, sys
from mock_afas import demo
sys.path.insert(0, {tests!r})
from test_demo import digest, TODAY
print(digest(demo.base(today=TODAY)), digest(demo.generated(rows=300, seed=11, today=TODAY)))
"""


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_the_same_seed_gives_the_same_bytes_in_any_process(hash_seed: str) -> None:
    expected = [digest(demo.base(today=TODAY)), digest(demo.generated(rows=300, seed=11, today=TODAY))]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    program = PROGRAM.format(tests=str(Path(__file__).parent))
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == expected


def test_another_seed_gives_other_rows() -> None:
    first, second = (digest(demo.generated(rows=20, seed=seed, today=TODAY)) for seed in (1, 2))
    assert first != second


def test_the_base_imports_nothing_slow() -> None:
    program = (
        "import sys, datetime\nfrom mock_afas import demo\n"
        "for batch in demo.base(today=datetime.date(2026, 11, 24)): list(batch.rows)\n"
        "print(sorted({'faker', 'stdnum', 'sqlite3', 'random'} & set(sys.modules)))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@settings(deadline=None, max_examples=6)
@given(st.integers(0, 60))
def test_total_rows_says_how_many_come(rows: int) -> None:
    made = list(demo.generated(rows=rows, seed=3, today=TODAY))
    assert sum(len(list(batch.rows)) for batch in made) == demo.total_rows(rows)


def test_generated_rows_are_as_many_as_asked_and_in_open_periods(many: Tables) -> None:
    made = collect(demo.generated(rows=500, seed=7, today=TODAY))
    assert [len(made[entity]) for entity in ("suppliers", "customers", "invoices")] == [500, 500, 500]
    periods = keyed(many, "periods")
    for row in made["invoices"]:
        year, month = int(row["invoice_date"][:4]), int(row["invoice_date"][5:7])
        assert not periods[row["administration"], year, month]["blocked"]
        assert row["relation"] in {supplier["supplier_id"] for supplier in made["suppliers"]}
        assert row["open_amount"] in (0, row["amount"])
    unpaid = sum(row["open_amount"] > 0 for row in made["invoices"])
    assert 300 < unpaid < 500
    names = {row["name"] for row in made["organisations"]}
    assert len(names) > 900


def test_chunks_do_not_show() -> None:
    """More rows than fit in a chunk still have their own keys."""
    tables = collect(demo.generated(rows=4_100, seed=5, today=TODAY))
    for entity, rows in tables.items():
        assert len(keyed(tables, entity)) == len(rows)


def test_bare_is_the_base_without_automatic_numbers(base: Tables) -> None:
    bare = collect(demo.bare(today=TODAY))
    for row in bare["administrations"]:
        assert row["autonumber_creditors"] == row["autonumber_debtors"] == 0
        row["autonumber_creditors"] = row["autonumber_debtors"] = 1
    assert bare == base
