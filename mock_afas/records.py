"""What the books of an environment hold: the entities, their columns and their keys.

An entity is a table of master data or transactions. Its rows are what ``/_mock/environments/{env}/data/{entity}`` shows
and accepts. How a row looks to a client of Profit is decided elsewhere: by the sources of the store and by
the connector definitions.

Units: a decimal is exact to six digits after the point; a ``date`` has no time; a ``datetime`` is Amsterdam wall-clock
time without zone, to the microsecond. Text lengths are those of the same field in AFAS' UpdateConnectors.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import orjson

from mock_afas import values

#: A value as the store keeps it.
Stored = str | int | bytes | None
Kind = Literal["text", "integer", "boolean", "decimal", "date", "datetime", "blob"]


class Column(NamedTuple):
    """One column of an entity. ``length`` bounds text, ``decimals`` bounds digits after the point."""

    name: str
    kind: Kind
    length: int | None = None
    decimals: int | None = None


class Entity(NamedTuple):
    """A table of the books. ``key`` names the columns that identify a row; they are never empty.

    ``extends`` names an entity whose columns are shown and accepted together with these, joined over the column
    that is the key of the extended entity; an own column hides one of the same name there. So a supplier has a name
    and an address, though both belong to the organisation behind it.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    extends: tuple[str, ...] = ()

    def column(self, name: str) -> Column | None:
        """The column called ``name``, or None."""
        return next((column for column in self.columns if column.name == name), None)


def text(name: str, length: int) -> Column:
    return Column(name, "text", length=length)


def integer(name: str) -> Column:
    return Column(name, "integer")


def boolean(name: str) -> Column:
    return Column(name, "boolean")


def decimal(name: str, decimals: int = 2) -> Column:
    return Column(name, "decimal", decimals=decimals)


def date(name: str) -> Column:
    return Column(name, "date")


def datetime(name: str) -> Column:
    return Column(name, "datetime")


def blob(name: str) -> Column:
    return Column(name, "blob")


#: Custom fields as a JSON object: names of U and 32 hex digits.
CUSTOM = text("custom", 20_000)
#: When a row was made and last changed. Each entity that a client polls for changes has both.
STAMPS = (datetime("created"), datetime("modified"))
ALLOCATIONS = tuple(text(f"allocation_{axis}", 16) for axis in range(1, 6))

_ENTITIES = (
    Entity(
        "administrations",
        ("administration",),
        (
            integer("administration"),
            text("name", 50),
            text("code", 20),
            text("currency", 3),
            text("country", 3),
            text("coc_number", 30),
            text("vat_number", 21),
            text("iban", 40),
            text("creditor_account", 16),
            text("debtor_account", 16),
            integer("period_table"),
            integer("allocation_axes"),
            *(text(f"axis_{axis}", 50) for axis in range(1, 6)),
            boolean("autonumber_creditors"),
            boolean("autonumber_debtors"),
            *STAMPS,
        ),
    ),
    Entity(
        "accounts",
        ("administration", "account"),
        (
            integer("administration"),
            text("account", 16),
            text("description", 50),
            text("type", 10),
            text("kind", 10),
            boolean("blocked"),
            boolean("collect_account"),
            text("collect_account_type", 10),
            text("feature", 10),
            text("collect_on", 16),
            boolean("vat_allowed"),
            text("vat_code", 3),
            text("budget", 10),
            text("to_project", 1),
            *(text(f"dim_ax{axis}", 1) for axis in range(1, 6)),
            boolean("commitment_mandatory"),
            *STAMPS,
        ),
    ),
    Entity(
        "journals",
        ("administration", "journal"),
        (
            integer("administration"),
            text("journal", 6),
            text("description", 50),
            text("kind", 10),
            text("contra_account", 16),
            text("currency", 3),
            boolean("blocked"),
            *STAMPS,
        ),
    ),
    Entity(
        "periods",
        ("administration", "year", "period"),
        (
            integer("administration"),
            integer("year"),
            integer("period"),
            text("description", 50),
            date("date_from"),
            date("date_to"),
            boolean("blocked"),
            integer("period_table"),
            text("table_description", 50),
        ),
    ),
    Entity(
        "tax_codes",
        ("tax_code",),
        (
            text("tax_code", 3),
            text("description", 50),
            decimal("rate"),
            text("account", 16),
            text("side", 10),
            text("duty", 10),
            text("method", 10),
            text("tax_rate_group", 10),
            boolean("blocked"),
            *STAMPS,
        ),
    ),
    Entity(
        "tax_rate_groups",
        ("tax_rate_group", "valid_from"),
        (
            text("tax_rate_group", 10),
            date("valid_from"),
            text("description", 50),
            text("rate_kind", 10),
            decimal("rate"),
        ),
    ),
    Entity(
        "payment_conditions",
        ("payment_condition",),
        (
            text("payment_condition", 5),
            text("description", 50),
            text("kind", 10),
            integer("days"),
            integer("months"),
            decimal("discount_percentage"),
            integer("discount_days"),
            boolean("blocked"),
        ),
    ),
    Entity(
        "currencies",
        ("currency",),
        (
            text("currency", 3),
            text("description", 50),
            decimal("rate", 6),
            date("start_date"),
            decimal("daily_rate", 6),
            integer("decimals"),
        ),
    ),
    Entity(
        "countries",
        ("country",),
        (text("country", 3), text("name", 50), text("iso2", 2), boolean("eu_member")),
    ),
    Entity(
        "addresses",
        ("address_id",),
        (
            integer("address_id"),
            boolean("po_box"),
            text("street_prefix", 255),
            text("street", 60),
            integer("house_number"),
            text("house_number_addition", 30),
            text("postal_code", 15),
            text("city", 50),
            text("country", 3),
            text("addition", 255),
            *STAMPS,
        ),
    ),
    Entity(
        "organisations",
        ("organisation_id",),
        (
            text("organisation_id", 15),
            text("type", 1),
            text("name", 255),
            text("search_name", 10),
            text("phone", 255),
            text("mobile", 255),
            text("email", 255),
            text("homepage", 255),
            text("note", 2000),
            text("coc_number", 30),
            text("vat_number", 21),
            text("fiscal_number", 9),
            date("date_of_birth"),
            text("bsn", 25),
            integer("address_id"),
            integer("postal_address_id"),
            CUSTOM,
            *STAMPS,
        ),
        extends=("addresses",),
    ),
    Entity(
        "bank_accounts",
        ("bank_account_id",),
        (
            integer("bank_account_id"),
            text("organisation_id", 15),
            text("country", 3),
            text("bic", 11),
            text("iban", 40),
            text("account_number", 40),
            boolean("g_account"),
            text("bank_type", 10),
            text("name", 50),
            text("employee_id", 15),
        ),
    ),
    Entity(
        "contacts",
        ("contact_id",),
        (
            integer("contact_id"),
            text("type", 10),
            text("name", 255),
            text("organisation_id", 15),
            text("person_id", 15),
            text("department", 255),
            boolean("blocked"),
            text("phone", 255),
            text("mobile", 255),
            text("email", 255),
            text("note", 2000),
            text("function", 50),
            text("function_card", 50),
            text("gender", 20),
            text("phone_private", 255),
            text("mobile_private", 255),
            text("email_private", 255),
            *STAMPS,
        ),
    ),
    Entity(
        "suppliers",
        ("supplier_id",),
        (
            text("supplier_id", 16),
            text("organisation_id", 15),
            text("control_account", 16),
            text("payment_condition", 5),
            text("currency", 3),
            text("vat_duty", 3),
            text("reviewer", 15),
            text("contra_account", 16),
            text("payment_method", 20),
            boolean("auto_payment"),
            decimal("credit_limit"),
            boolean("temporarily_blocked"),
            boolean("blocked"),
            text("iban", 40),
            text("bic", 11),
            text("vat_identification", 21),
            CUSTOM,
            *STAMPS,
        ),
        extends=("organisations", "addresses"),
    ),
    Entity(
        "customers",
        ("customer_id",),
        (
            text("customer_id", 16),
            text("organisation_id", 15),
            text("control_account", 16),
            text("payment_condition", 5),
            text("currency", 3),
            text("vat_duty", 3),
            text("reviewer", 15),
            text("contra_account", 16),
            text("payment_method", 20),
            boolean("auto_payment"),
            decimal("credit_limit"),
            boolean("temporarily_blocked"),
            boolean("blocked"),
            text("iban", 40),
            text("bic", 11),
            text("mandate", 35),
            text("vat_identification", 21),
            CUSTOM,
            *STAMPS,
        ),
        extends=("organisations", "addresses"),
    ),
    Entity(
        "users",
        ("user_id",),
        (
            text("user_id", 15),
            text("name", 50),
            text("email", 255),
            text("upn", 255),
            boolean("blocked"),
            boolean("reviewer"),
            boolean("windows"),
            boolean("connector"),
            boolean("outsite"),
            boolean("insite"),
            text("person_id", 15),
            text("employee_id", 15),
        ),
    ),
    Entity("last_administrations", ("user_id",), (text("user_id", 80), integer("administration"))),
    Entity(
        "employees",
        ("employee_id",),
        (text("employee_id", 15), text("name", 255), text("person_id", 15), boolean("applicant"), *STAMPS),
    ),
    Entity(
        "cost_centres",
        ("employer", "cost_centre"),
        (
            text("employer", 15),
            text("cost_centre", 16),
            text("description", 50),
            boolean("blocked"),
            datetime("modified"),
        ),
    ),
    Entity(
        "cost_carriers",
        ("employer", "cost_carrier"),
        (
            text("employer", 15),
            text("cost_carrier", 16),
            text("description", 50),
            boolean("blocked"),
            datetime("modified"),
        ),
    ),
    Entity(
        "allocation_assignments",
        ("administration", "account", "axis", "code"),
        (
            integer("administration"),
            text("account", 16),
            integer("axis"),
            text("code", 16),
            text("description", 50),
            boolean("blocked"),
        ),
    ),
    Entity(
        "projects",
        ("project",),
        (
            text("project", 15),
            text("description", 50),
            integer("administration"),
            text("group", 16),
            boolean("completed"),
            text("organisation_id", 15),
            text("customer_id", 16),
            date("date_start"),
            date("date_ready"),
            boolean("chargeable"),
            *STAMPS,
        ),
    ),
    Entity(
        "project_stages",
        ("project", "stage"),
        (
            text("project", 15),
            text("stage", 15),
            text("description", 50),
            integer("instalment"),
            date("date_ready_planned"),
            date("date_ready"),
            boolean("completed"),
            *STAMPS,
        ),
    ),
    Entity(
        "items",
        ("item_type", "item"),
        (
            text("item_type", 10),
            text("item", 40),
            text("description", 80),
            text("extra_description", 255),
            text("unit", 10),
            integer("factor"),
            text("group", 16),
            boolean("blocked"),
            text("barcode", 40),
            text("tax_rate_group", 10),
            text("sort", 10),
            boolean("track_stock"),
            integer("decimals"),
            text("price_group", 10),
            text("stock_control", 10),
            text("dimension_1", 16),
            text("dimension_2", 16),
            *STAMPS,
        ),
    ),
    Entity(
        "commitments",
        ("administration", "commitment"),
        (
            integer("administration"),
            integer("commitment"),
            text("account", 16),
            text("supplier_id", 16),
            integer("year"),
            integer("period"),
            text("description", 255),
            text("internal_reference", 30),
            text("external_reference", 50),
            decimal("amount"),
            decimal("open_amount"),
            text("currency", 3),
            text("project", 15),
            text("stage", 15),
            *ALLOCATIONS,
            text("item_type", 10),
            text("item", 40),
            text("reviewer", 15),
            boolean("settled"),
            *STAMPS,
        ),
    ),
    Entity(
        "entries",
        ("administration", "entry"),
        (
            integer("administration"),
            integer("entry"),
            integer("year"),
            integer("period"),
            text("journal", 6),
            *STAMPS,
        ),
    ),
    Entity(
        "entry_lines",
        ("administration", "entry", "sequence"),
        (
            integer("administration"),
            integer("entry"),
            integer("sequence"),
            text("account_kind", 10),
            text("account", 16),
            decimal("debit"),
            decimal("credit"),
            date("entry_date"),
            date("voucher_date"),
            text("voucher_number", 32),
            text("invoice", 12),
            text("vat_code", 3),
            decimal("vat_amount"),
            text("description", 255),
            text("currency", 3),
            decimal("rate", 6),
            decimal("debit_currency"),
            decimal("credit_currency"),
            integer("commitment"),
            text("project", 15),
            *ALLOCATIONS,
            date("due_date"),
            text("payment_reference", 32),
            text("payment_condition", 5),
            text("reviewer", 15),
            boolean("blocked_for_payment"),
            decimal("g_amount"),
            text("bank_account", 40),
            CUSTOM,
        ),
    ),
    Entity(
        "entry_allocations",
        ("administration", "entry", "sequence", "part"),
        (
            integer("administration"),
            integer("entry"),
            integer("sequence"),
            integer("part"),
            *ALLOCATIONS,
            decimal("debit"),
            decimal("credit"),
            text("currency", 3),
            decimal("debit_currency"),
            decimal("credit_currency"),
            decimal("quantity", 6),
            CUSTOM,
        ),
    ),
    Entity(
        "entry_projects",
        ("administration", "entry", "sequence", "part"),
        (
            integer("administration"),
            integer("entry"),
            integer("sequence"),
            integer("part"),
            text("project", 15),
            text("stage", 15),
            text("item_type", 10),
            text("item", 40),
            text("description", 255),
            decimal("cost"),
            boolean("charge"),
            decimal("sales_amount"),
            decimal("quantity", 6),
            text("currency", 3),
            decimal("rate", 6),
            CUSTOM,
        ),
    ),
    Entity(
        "entry_transitories",
        ("administration", "entry", "sequence", "part"),
        (
            integer("administration"),
            integer("entry"),
            integer("sequence"),
            integer("part"),
            integer("year"),
            integer("period"),
            text("suspense_account", 16),
            decimal("amount"),
        ),
    ),
    Entity(
        "invoices",
        ("administration", "side", "relation", "invoice"),
        (
            integer("administration"),
            text("side", 10),
            text("relation", 16),
            text("invoice", 12),
            integer("entry"),
            text("journal", 6),
            text("voucher_number", 32),
            date("invoice_date"),
            date("due_date"),
            text("currency", 3),
            decimal("rate", 6),
            decimal("amount"),
            decimal("amount_currency"),
            decimal("open_amount"),
            decimal("open_amount_currency"),
            text("description", 255),
            text("payment_reference", 32),
            boolean("blocked_for_payment"),
            text("reviewer", 15),
            text("payment_condition", 5),
            text("reference", 32),
            text("bank_account", 40),
            text("mandate", 35),
            decimal("g_amount"),
            boolean("auto_payment"),
            boolean("refund"),
            boolean("remind"),
            integer("reminders"),
            date("last_reminder"),
            integer("restriction_days"),
            decimal("restriction"),
            decimal("restriction_currency"),
            boolean("discount_includes_vat"),
            integer("discount_days"),
            decimal("discount"),
            decimal("discount_currency"),
            *STAMPS,
        ),
    ),
    Entity(
        "subject_types",
        ("subject_type",),
        (
            integer("subject_type"),
            text("description", 50),
            *(
                boolean(name)
                for name in (
                    "comment",
                    "cause",
                    "responsible",
                    "start_date",
                    "end_date",
                    "completed",
                    "date_completed",
                    "responsible_mandatory",
                    "use_features",
                    "only_existing_features",
                    "without_feature",
                    "confidential",
                    "link_file",
                )
            ),
            text("edit_mode", 10),
            boolean("visible_outsite"),
            boolean("visible_insite"),
            boolean("use_number"),
            integer("last_number"),
            text("destinations", 80),
        ),
    ),
    Entity(
        "subjects",
        ("subject_id",),
        (
            integer("subject_id"),
            integer("subject_type"),
            datetime("submitted"),
            text("description", 255),
            text("note", 20000),
            text("status", 10),
            integer("number"),
            integer("feature_1"),
            integer("feature_2"),
            integer("feature_3"),
            text("organisation_id", 15),
            boolean("to_employer"),
            integer("destination_type"),
            text("destination", 40),
            integer("destination_administration"),
            text("destination_invoice", 12),
            text("sender", 80),
            text("responsible", 80),
            boolean("completed"),
            boolean("blocked"),
            *STAMPS,
        ),
    ),
    Entity(
        "attachments",
        ("attachment_id",),
        (integer("attachment_id"), integer("subject_id"), text("file_id", 32), text("file_name", 255)),
    ),
    Entity("files", ("file_id",), (text("file_id", 32), text("file_name", 255), blob("content"))),
    Entity(
        "codes",
        ("table", "code"),
        (text("table", 40), text("code", 40), text("description", 80), boolean("blocked")),
    ),
)

#: Every entity by its name. ``codes`` holds small code tables that have no columns of their own.
ENTITIES: dict[str, Entity] = {entity.name: entity for entity in _ENTITIES}


# ---------------------------------------------------------------- between the control API and the store


def stored(column: Column, value: object) -> Stored:
    """A JSON value as the store keeps it: null empties, numbers may be strings. Raises values.NotAValue."""
    if value is None:
        return 0 if column.kind == "boolean" else None
    if isinstance(value, float):
        value = repr(value)
    if isinstance(value, bool) and column.kind == "boolean":
        return int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise values.NotAValue(f"a {column.kind}")
    return _STORED[column.kind](column, str(value))


def _integer(_column: Column, written: str) -> int:
    number = values.parse_integer(written)
    if number not in values.INT64:
        raise values.NotAValue("a whole number of at most 64 bits")
    return number


def _decimal(column: Column, written: str) -> int:
    millionths = values.stored_decimal(values.parse_decimal(written))
    unit: int = 10 ** (6 - (column.decimals or 0))
    return (abs(millionths) + unit // 2) // unit * unit * (1 if millionths >= 0 else -1)


def _date(_column: Column, written: str) -> str:
    return values.parse_moment(written.removesuffix("Z")).date().isoformat()


def _datetime(_column: Column, written: str) -> str:
    return values.stored_moment(values.parse_moment(written.removesuffix("Z")))


def _blob(_column: Column, written: str) -> bytes:
    try:
        return base64.b64decode(written, validate=True)
    except ValueError:
        raise values.NotAValue("base64") from None


def _text(column: Column, written: str) -> str:
    if column.length is not None and len(written) > column.length:
        raise values.NotAValue(f"at most {column.length} characters")
    if "\0" in written or any("\ud800" <= char <= "\udfff" for char in written):
        raise values.NotAValue("text without NUL and without half characters")
    return written


_STORED: Mapping[Kind, Callable[[Column, str], str | int | bytes]] = {
    "text": _text,
    "integer": _integer,
    "boolean": lambda _, written: values.parse_boolean(written),
    "decimal": _decimal,
    "date": _date,
    "datetime": _datetime,
    "blob": _blob,
}


def shown(column: Column, value: Stored) -> object:
    """A stored value as the control API shows it: decimals are numbers, exact; dates ISO without the false ``Z``."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if column.kind == "boolean":
        return bool(value)
    if column.kind == "decimal":
        return orjson.Fragment(values.format_decimal(value, column.decimals or 0, padded=False))
    return value
