"""The row sources that GetConnectors read.

A source is one SELECT over the entities of ``mock_afas.records``, without parameters and without order. It gives every
row of its entity that the connector shows exactly once: ``row_id`` is the rowid of that row, an integer, and the other
columns are what connector definitions name in ``column``. Values stay in their stored form (see ``mock_afas.values``).

Two rules keep a source right and fast:

- it joins only what is unique (a key, or a table grouped first) and only by LEFT JOIN, so that a dangling reference
  hides no row and a scan of the entity stays one;
- in a join the key stands on the left of ``=``. Keys compare without regard to case, other columns need not, and
  SQLite takes the collation of the left side: turned around, the index of the key would not be used.

No source gives a column the name of an SQL keyword.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mock_afas.records import ENTITIES


class Source(NamedTuple):
    """One SELECT a connector can read. ``tables`` are all entities it reads: a change in one can change its rows.

    ``columns`` are what it gives beside ``row_id``. ``links`` tells of some other tables which rows of the entity their
    rows show in: by table a SELECT of ``row_id`` of the entity and ``linked``, the rowid of the other row.
    """

    name: str
    entity: str
    tables: tuple[str, ...]
    sql: str
    columns: tuple[str, ...] = ()
    links: Mapping[str, str] = {}

    @property
    def reads_itself(self) -> bool:
        """Whether a row depends on other rows of its entity, as in the chart of accounts."""
        return len(re.findall(rf"\b(?:FROM|JOIN) {self.entity}\b", self.sql)) > 1


#: Columns of entities that are SQL keywords, and what a source calls them.
_RENAMED = {("items", "group"): "item_group", ("projects", "group"): "project_group"}

_ADDRESS_PARTS = (
    "po_box",
    "street_prefix",
    "street",
    "house_number",
    "house_number_addition",
    "postal_code",
    "city",
    "country",
    "addition",
)
_STREET_LINE = (
    "NULLIF(LTRIM(COALESCE(addresses.street, CASE WHEN addresses.po_box THEN 'Postbus' ELSE '' END)"
    " || COALESCE(' ' || addresses.house_number, '')"
    " || COALESCE(' ' || addresses.house_number_addition, '')), '')"
)
_CITY_LINE = "NULLIF(TRIM(COALESCE(addresses.postal_code, '') || ' ' || COALESCE(addresses.city, '')), '')"
_ADDRESS_LINES = {
    "address_line_1": _STREET_LINE,
    "address_line_3": _CITY_LINE,
    "address_line_4": "countries.name",
}
_ONE_LINE = (
    f"NULLIF(LTRIM(COALESCE({_STREET_LINE}, '')"
    f" || COALESCE(', ' || {_CITY_LINE}, '')"
    " || COALESCE(', ' || countries.name, ''), ', '), '')"
)

_COUNTRY = "LEFT JOIN countries ON countries.country = addresses.country"
_ADDRESS = f"LEFT JOIN addresses ON addresses.address_id = organisations.address_id {_COUNTRY}"
_ADDRESS_TABLES = ("addresses", "countries")


def _own(entity: str, *names: str) -> dict[str, str]:
    """The columns of ``entity``, or only ``names`` of them, each with the expression that selects it."""
    return {
        _RENAMED.get((entity, name), name): f'{entity}."{name}"'
        for name in names or (column.name for column in ENTITIES[entity].columns)
    }


def _source(
    name: str,
    entity: str | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    joins: str = "",
    reads: Iterable[str] = (),
    where: str = "",
    links: Mapping[str, str] | None = None,
) -> Source:
    """A source of all columns of ``entity``, which is called ``name`` if not given, and ``columns`` beside them."""
    entity = entity or name
    selected = _own(entity) | dict(columns or {})
    listed = ", ".join(f"{expression} AS {column}" for column, expression in selected.items())
    sql = f"SELECT {entity}.rowid AS row_id, {listed} FROM {entity}"
    if joins:
        sql += f" {joins}"
    if where:
        sql += f" WHERE {where}"
    return Source(name, entity, (entity, *reads), sql, tuple(selected), links or {})


def _relations(entity: str) -> Source:
    """Suppliers or customers, with the organisation behind each and its address."""
    organisation = ("name", "search_name", "phone", "mobile", "email", "homepage", "coc_number", "vat_number")
    return _source(
        entity,
        columns=_own("organisations", *organisation) | _own("addresses", *_ADDRESS_PARTS) | _ADDRESS_LINES,
        joins=f"LEFT JOIN organisations ON organisations.organisation_id = {entity}.organisation_id {_ADDRESS}",
        reads=("organisations", *_ADDRESS_TABLES),
    )


def _first_of_organisation(entity: str, key: str) -> str:
    """A join that finds the supplier or customer of a bank account's organisation: the first, should there be more."""
    return (
        f"LEFT JOIN (SELECT organisation_id, MIN({key}) AS {key} FROM {entity} GROUP BY organisation_id COLLATE NOCASE)"
        f" AS {entity} ON {entity}.organisation_id = bank_accounts.organisation_id COLLATE NOCASE"
    )


#: The organisation number as Profit's internal number of an organisation or person; none where it is no number.
_INTERNAL_ORGANISATION = (
    "CASE WHEN subjects.organisation_id <> '' AND subjects.organisation_id NOT GLOB '*[^0-9]*'"
    " THEN CAST(subjects.organisation_id AS INTEGER) END"
)

_AXIS_NAME = (
    "CASE allocation_assignments.axis "
    + " ".join(f"WHEN {axis} THEN administrations.axis_{axis}" for axis in range(1, 6))
    + " END"
)

_OF_ENTRY = (
    "LEFT JOIN entries ON entries.administration = entry_lines.administration AND entries.entry = entry_lines.entry"
)
#: From an entry to its lines, in that order: entries that are new are few, lines may be many.
_ENTRY_LINKS = {
    "entries": "SELECT entry_lines.rowid AS row_id, entries.rowid AS linked FROM entries CROSS JOIN entry_lines"
    " ON entry_lines.administration = entries.administration AND entry_lines.entry = entries.entry"
}
_ENTRY_COLUMNS = _own("entries", "year", "period", "journal", "created", "modified")

#: The ledger account a line is on. A line on a customer (2) or supplier (3) is on the control account of that relation.
_LEDGER_ACCOUNT = (
    "CASE entry_lines.account_kind"
    " WHEN '2' THEN customers.control_account WHEN '3' THEN suppliers.control_account ELSE entry_lines.account END"
)
_OF_ACCOUNT = (
    "LEFT JOIN customers ON customers.customer_id = entry_lines.account AND entry_lines.account_kind = '2'"
    " LEFT JOIN suppliers ON suppliers.supplier_id = entry_lines.account AND entry_lines.account_kind = '3'"
    " LEFT JOIN organisations ON organisations.organisation_id"
    " = COALESCE(customers.organisation_id, suppliers.organisation_id)"
    " LEFT JOIN accounts ON accounts.administration = entry_lines.administration"
    f" AND accounts.account = {_LEDGER_ACCOUNT}"
)

#: Each account number once, as the administration with the lowest number has it: SQLite takes the other columns of a
#: query with one MIN from the row that holds it.
_ONCE_PER_NUMBER = (
    "accounts.rowid IN (SELECT first_row FROM"
    " (SELECT rowid AS first_row, MIN(administration) FROM accounts GROUP BY account COLLATE NOCASE))"
)

_SOURCES = (
    _source("administrations"),
    _source("accounts"),
    _source("chart_of_accounts", "accounts", where=_ONCE_PER_NUMBER),
    _source("journals"),
    _source("periods"),
    _source("tax_codes"),
    _source("tax_rate_groups"),
    _source("payment_conditions"),
    _source("countries"),
    _source("currencies"),
    _source(
        "addresses",
        columns={"one_line": _ONE_LINE, "country_name": "countries.name"},
        joins=_COUNTRY,
        reads=("countries",),
    ),
    _source(
        "organisations",
        columns=_own("addresses", *_ADDRESS_PARTS) | _ADDRESS_LINES,
        joins=_ADDRESS,
        reads=_ADDRESS_TABLES,
    ),
    _source(
        "bank_accounts",
        columns={
            "organisation_name": "organisations.name",
            "supplier_id": "suppliers.supplier_id",
            "customer_id": "customers.customer_id",
        },
        joins="LEFT JOIN organisations ON organisations.organisation_id = bank_accounts.organisation_id "
        + _first_of_organisation("suppliers", "supplier_id")
        + " "
        + _first_of_organisation("customers", "customer_id"),
        reads=("organisations", "suppliers", "customers"),
    ),
    _source(
        "contacts",
        columns=_ADDRESS_LINES
        | {"full_name": "CASE WHEN contacts.person_id IS NOT NULL THEN COALESCE(people.name, contacts.name) END"},
        joins="LEFT JOIN organisations ON organisations.organisation_id = contacts.organisation_id"
        " LEFT JOIN organisations AS people ON people.organisation_id = contacts.person_id"
        " LEFT JOIN addresses ON addresses.address_id = COALESCE(organisations.address_id, people.address_id)"
        f" {_COUNTRY}",
        reads=("organisations", *_ADDRESS_TABLES),
    ),
    _relations("suppliers"),
    _relations("customers"),
    _source("supplier_invoices", "invoices", where="invoices.side = 'supplier'"),
    _source("supplier_open_items", "invoices", where="invoices.side = 'supplier' AND invoices.open_amount <> 0"),
    _source("customer_open_items", "invoices", where="invoices.side = 'customer' AND invoices.open_amount <> 0"),
    _source(
        "users",
        columns={"full_name": "COALESCE(employees.name, users.name)"},
        joins="LEFT JOIN employees ON employees.employee_id = users.employee_id",
        reads=("employees",),
    ),
    _source("cost_centres"),
    _source("cost_carriers"),
    _source(
        "allocation_assignments",
        columns={"axis": "CAST(allocation_assignments.axis AS TEXT)", "axis_name": _AXIS_NAME},
        joins="LEFT JOIN administrations ON administrations.administration = allocation_assignments.administration",
        reads=("administrations",),
    ),
    _source("projects"),
    _source("project_stages"),
    _source("items"),
    _source("work_types", "items", where="items.item_type = '1'"),
    _source("articles", "items", where="items.item_type = '2'"),
    _source("commitments"),
    _source(
        "transactions",
        "entry_lines",
        columns=_ENTRY_COLUMNS,
        joins=_OF_ENTRY,
        reads=("entries",),
        links=_ENTRY_LINKS,
    ),
    _source(
        "transactions_allocated",
        "entry_lines",
        columns=_ENTRY_COLUMNS
        | {
            "ledger_account": _LEDGER_ACCOUNT,
            "account_description": "COALESCE(organisations.name, accounts.description)",
            "account_type": "accounts.type",
            "collect_account_type": "accounts.collect_account_type",
        },
        joins=f"{_OF_ENTRY} {_OF_ACCOUNT}",
        reads=("entries", "accounts", "customers", "suppliers", "organisations"),
        links=_ENTRY_LINKS,
    ),
    _source("subject_types"),
    _source("subjects", columns={"internal_organisation": _INTERNAL_ORGANISATION}),
    _source("attachments"),
)

#: The source of imported connectors that none of our entities fits: rows without columns, for fields that are made up.
GENERATED = "generated"
GENERATED_ROWS = 120
_GENERATED = Source(
    GENERATED,
    GENERATED,
    (),
    "WITH RECURSIVE n(row_id) AS (SELECT 1 UNION ALL SELECT row_id + 1 FROM n"
    f" WHERE row_id < {GENERATED_ROWS}) SELECT row_id FROM n",
)

#: Every source by its name.
SOURCES: dict[str, Source] = {source.name: source for source in (*_SOURCES, _GENERATED)}

#: The links of all sources: by entity that is linked to and entity that shows its rows.
LINKS: Mapping[str, Mapping[str, str]] = {
    linked: {source.entity: source.links[linked] for source in SOURCES.values() if linked in source.links}
    for linked in {name for source in SOURCES.values() for name in source.links}
}
