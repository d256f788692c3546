"""Master data of the demo company: administrations, chart of accounts, periods, allocation, projects, code tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from mock_afas.demo.batch import Batch
from mock_afas.demo.moments import Moments
from mock_afas.demo.tables import Row, per_administration, stamped, stored, table
from mock_afas.fixtures import read_json

FIRST_YEAR = 2012
#: Whole years, and single periods, in which nothing can be booked any more.
BLOCKED_YEARS = frozenset({2012, 2015, 2016, 2017})
BLOCKED_PERIODS = frozenset({(2023, 8)})
_MONTHS = (
    "Januari",
    "Februari",
    "Maart",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Augustus",
    "September",
    "Oktober",
    "November",
    "December",
)
_AXES = 5

#: Entities whose file in ``fixtures/demo`` holds their rows as they are.
_PLAIN = (
    "tax_codes",
    "tax_rate_groups",
    "payment_conditions",
    "currencies",
    "countries",
    "users",
    "employees",
    "cost_centres",
    "cost_carriers",
    "items",
    "subject_types",
)

_ACCOUNT_COLUMNS = (
    "account",
    "description",
    "type",
    "kind",
    "blocked",
    "collect_account",
    "collect_account_type",
    "feature",
    "collect_on",
    "vat_allowed",
    "vat_code",
    "budget",
    "to_project",
    *(f"dim_ax{axis}" for axis in range(1, _AXES + 1)),
    "commitment_mandatory",
)


def is_blocked(year: int, period: int) -> bool:
    """Whether the period is closed in the demo environment."""
    return year in BLOCKED_YEARS or (year, period) in BLOCKED_PERIODS


def administrations(moments: Moments, *, autonumber: bool) -> Batch:
    """The administrations; without ``autonumber`` as they are before the set-up guide."""
    batch = table("administrations", moments)
    if autonumber:
        return batch
    switches = {batch.columns.index(f"autonumber_{side}") for side in ("creditors", "debtors")}
    rows = [tuple(0 if place in switches else value for place, value in enumerate(row)) for row in batch.rows]
    return Batch(batch.entity, batch.columns, rows)


def _account(row: Sequence[Any]) -> Row:
    number, text, kind, sort, vat_code = row[:5]
    more: dict[str, Any] = row[5] if len(row) > 5 else {}
    collects = more.get("collect_account_type")
    head = (number, text, kind, sort, int(more.get("blocked", False)), int(collects is not None), collects, "1")
    vat = (more.get("collect_on"), int(vat_code is not None), vat_code, "N" if kind == "B" else "J")
    commitment = int(more.get("commitment_mandatory", False))
    return (*head, *vat, more.get("to_project", "N"), *more.get("axes", "NNNNN"), commitment)


def _last_days(year: int) -> Iterator[str]:
    for month in range(2, 13):
        yield (dt.date(year, month, 1) - dt.timedelta(days=1)).isoformat()
    yield f"{year}-12-31"


def _periods(units: Sequence[int], last_year: int) -> Batch:
    columns = ("year", "period", "description", "date_from", "date_to", "blocked", "period_table", "table_description")
    rows = [
        (year, month, _MONTHS[month - 1], f"{year}-{month:02d}-01", end, int(is_blocked(year, month)), 1, "12 maanden")
        for year in range(FIRST_YEAR, last_year + 1)
        for month, end in enumerate(_last_days(year), 1)
    ]
    return Batch("periods", ("administration", *columns), [(unit, *row) for unit in units for row in rows])


def _assignments(units: Sequence[int], accounts: Sequence[Sequence[Any]]) -> Batch:
    """Each code of an axis to each account that has the axis, unless ``only`` names the codes of the account."""
    document = read_json("demo/allocation.json")
    rows = [
        (number, axis, code, text, int(blocked))
        for number, *_, more in (row for row in accounts if isinstance(row[-1], dict) and "axes" in row[-1])
        for axis, use in enumerate(more["axes"], 1)
        if use != "N"
        for code, text, blocked in document["codes"][str(axis)]
        if code in document["only"].get(number, (code,))
    ]
    columns = ("administration", "account", "axis", "code", "description", "blocked")
    return Batch("allocation_assignments", columns, [(unit, *row) for unit in units for row in rows])


def ledger(units: Sequence[int], moments: Moments) -> Iterator[Batch]:
    """What each administration has of its own: accounts, journals, periods, allocation assignments."""
    chart = read_json("demo/accounts.json")["rows"]
    accounts = [_account(row) for row in chart]
    yield per_administration("accounts", _ACCOUNT_COLUMNS, accounts, units, moments)
    journals = read_json("demo/journals.json")
    yield per_administration("journals", journals["columns"], journals["rows"], units, moments)
    yield _periods(units, moments.today.year + 1)
    yield _assignments(units, chart)


def plain(moments: Moments) -> Iterator[Batch]:
    """The tables that hold their rows as they are, and the small code tables."""
    for entity in _PLAIN:
        yield table(entity, moments)
    tables = read_json("demo/codes.json")["codes"]
    rows = [(name, code, text, 0) for name, codes in tables.items() for code, text in codes.items()]
    yield Batch("codes", ("table", "code", "description", "blocked"), rows)


def subjects(moments: Moments) -> Batch:
    """Dossier items submitted up to yesterday; each was made when it was submitted."""
    document = read_json("demo/subjects.json")
    columns: list[str] = document["columns"]
    submitted = columns.index("submitted")
    rows = [
        (*row, row[submitted], row[submitted]) for row in document["rows"] if row[submitted][:10] <= moments.last_day
    ]
    return Batch("subjects", (*columns, "created", "modified"), rows)


def projects(moments: Moments, organisation_of: dict[str, str]) -> Iterator[Batch]:
    """Projects with the organisation of their customer, and their stages."""
    document = read_json("demo/projects.json")
    columns: list[str] = document["columns"]
    customer, group = columns.index("customer_id"), columns.index("group")
    shown = stored("projects", columns, document["rows"])
    rows = [(*row, organisation_of.get(str(row[customer]))) for row in shown]
    yield Batch("projects", *stamped("projects", (*columns, "organisation_id"), rows, moments))
    stages = read_json("demo/project_stages.json")["stages"]
    ready = columns.index("date_ready")
    staged = [
        (row[0], stage, text, instalment, row[ready], row[ready], int(row[ready] is not None))
        for row in document["rows"]
        for stage, text, instalment in stages[row[group]]
    ]
    names = ("project", "stage", "description", "instalment", "date_ready_planned", "date_ready", "completed")
    yield Batch("project_stages", *stamped("project_stages", names, staged, moments))
