"""Public clients of AFAS, unmodified: what they read is what the books hold.

``afas-connector`` takes the address of its server. ``cmo-nnect`` does not: it calls ``https://NNNNN.rest.afas.online``,
and below it only where ``requests`` connects to is changed; path, query, headers and the ``Host`` header stay. Its
package imports clients of a dozen other services when it is loaded; the two modules that read AFAS are loaded alone, in
a bare package of the same name. One of them, ``helpers``, imports Azure's clients for secrets kept elsewhere: these are
the only names stubbed, and nothing that reads AFAS uses them. Neither package has types, so both are ``Any`` here.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.support import Afas

Row = dict[str, Any]

EQUAL, AT_LEAST, AT_MOST, GREATER, CONTAINS, UNEQUAL, EMPTY, NOT_EMPTY, STARTS = 1, 2, 3, 4, 6, 7, 8, 9, 10


class Keyed(NamedTuple):
    """A connector, the entity of the books whose rows it shows, and the fields that hold the entity's key."""

    connector: str
    entity: str
    key: dict[str, str]

    def __str__(self) -> str:
        return self.connector


#: The connectors that Zenvoices reads.
ZENVOICES = (
    Keyed("Zenvoices_AdministrationDetails", "administrations", {"AdminId": "administration"}),
    Keyed(
        "Zenvoices_AllocationCodeAssignments",
        "allocation_assignments",
        {"Unit": "administration", "Account": "account", "DimAx": "axis", "DimCode": "code"},
    ),
    Keyed("Zenvoices_Commitments", "commitments", {"UnitId": "administration", "CommitmentNo": "commitment"}),
    Keyed("Zenvoices_Countries", "countries", {"CoId": "country"}),
    Keyed("Zenvoices_Currencies", "currencies", {"CurrencyId": "currency"}),
    Keyed("Zenvoices_Customers", "customers", {"DebtorId": "customer_id"}),
    Keyed("Zenvoices_Items", "items", {"ItemTypeCode": "item_type", "ItemCode": "item"}),
    Keyed("Zenvoices_Journals", "journals", {"UnitId": "administration", "JournalId": "journal"}),
    Keyed("Zenvoices_LedgerAccounts", "accounts", {"UnitId": "administration", "Account": "account"}),
    Keyed("Zenvoices_PaymentConditions", "payment_conditions", {"PaymentCondition": "payment_condition"}),
    Keyed("Zenvoices_Periods", "periods", {"Unit": "administration", "Year": "year", "Period": "period"}),
    Keyed("Zenvoices_ProjectStages", "project_stages", {"ProjectId": "project", "ProjectStage": "stage"}),
    Keyed("Zenvoices_Projects", "projects", {"ProjectId": "project"}),
    Keyed("Zenvoices_Reviewers", "users", {"UserId": "user_id"}),
    Keyed(
        "Zenvoices_SupplierInvoices",
        "invoices",
        {"UnitId": "administration", "CreditorId": "relation", "InvoiceNr": "invoice"},
    ),
    Keyed("Zenvoices_Suppliers", "suppliers", {"CreditorId": "supplier_id"}),
    Keyed("Zenvoices_TaxCodes", "tax_codes", {"VatCode": "tax_code"}),
    Keyed("Zenvoices_TaxRateGroups", "tax_rate_groups", {"VATGroup": "tax_rate_group", "StartDate": "valid_from"}),
)
each_connector = pytest.mark.parametrize("keyed", ZENVOICES, ids=str)


def key_of(keyed: Keyed, row: Row) -> tuple[str, ...]:
    """The key in a connector's row; dates and numbers as the books show them."""
    return tuple(str(row[name]).removesuffix("T00:00:00Z") for name in keyed.key)


def keys_in_books(afas: Afas, keyed: Keyed) -> Counter[tuple[str, ...]]:
    """The keys that the control API shows for the entity, which goes through no connector."""
    rows = afas.control("GET", f"/data/{keyed.entity}").json()["rows"]
    shown = (row for row in rows if row.get("side", "supplier") == "supplier" or keyed.entity != "invoices")
    return Counter(tuple(str(row[column]) for column in keyed.key.values()) for row in shown)


def canonical(rows: list[Row]) -> list[str]:
    """Rows in an order of their own, to compare two answers that promise none; whole numbers as pandas keeps them."""
    as_floats = ({name: float(value) if type(value) is int else value for name, value in row.items()} for row in rows)
    return sorted(repr(sorted(row.items())) for row in as_floats)


def test_these_are_the_connectors_of_zenvoices(demo: Afas) -> None:
    listed = {connector["id"] for connector in demo.get("metainfo").json()["getConnectors"]}
    assert {keyed.connector for keyed in ZENVOICES} == {name for name in listed if name.startswith("Zenvoices_")}


# ---------------------------------------------------------------- afas-connector


@pytest.fixture(scope="module")
def package() -> Any:
    return importlib.import_module("afas_connector")


@pytest.fixture
def connector(package: Any, demo: Afas) -> Any:
    return package.AfasConnector(connector_url=f"{demo.base_url}/connectors", token=demo.token)


def read(connector: Any, name: str, **options: Any) -> list[Row]:
    status, body = connector.get(name, **options)
    assert status == 200
    rows: list[Row] = body["rows"]
    return rows


@each_connector
def test_afas_connector_reads_everything(connector: Any, demo: Afas, keyed: Keyed) -> None:
    rows = read(connector, keyed.connector)
    assert rows
    assert Counter(key_of(keyed, row) for row in rows) == keys_in_books(demo, keyed)


@each_connector
@pytest.mark.parametrize("ascending", [True, False], ids=["ascending", "descending"])
def test_afas_connector_orders(connector: Any, keyed: Keyed, ascending: bool) -> None:
    first = next(iter(keyed.key))
    rows = read(connector, keyed.connector, order_by=first, ascending=ascending)
    values = [row[first] for row in rows]
    assert values == sorted(values, reverse=not ascending)
    assert canonical(rows) == canonical(read(connector, keyed.connector))


@each_connector
def test_afas_connector_filters_on_a_key(connector: Any, keyed: Keyed, package: Any) -> None:
    every = read(connector, keyed.connector)
    wanted = every[len(every) // 2]
    filters = [package.AfasFilter(name, str(wanted[name]).removesuffix("Z"), EQUAL) for name in keyed.key]
    assert read(connector, keyed.connector, filters=filters) == [wanted]


@each_connector
def test_afas_connector_filters_on_either_of_two_keys(connector: Any, keyed: Keyed, package: Any) -> None:
    every = read(connector, keyed.connector)
    first = next(iter(keyed.key))
    wanted = [every[0][first], every[-1][first]]
    written = [str(value).removesuffix("Z") for value in wanted]
    rows = read(connector, keyed.connector, filters=[package.AfasFilter(first, written, [EQUAL, EQUAL])])
    assert canonical(rows) == canonical([row for row in every if row[first] in wanted])


class Filtered(NamedTuple):
    """Filters as a user of afas-connector writes them, and the rows they mean."""

    connector: str
    filters: tuple[tuple[str, Any, Any], ...]
    means: Callable[[Row], bool]


FILTERED = (
    Filtered("Zenvoices_LedgerAccounts", (("UnitId", 1, EQUAL),), lambda row: row["UnitId"] == 1),
    Filtered("Zenvoices_LedgerAccounts", (("Account", "80", STARTS),), lambda row: row["Account"].startswith("80")),
    Filtered(
        "Zenvoices_LedgerAccounts",
        (("UnitId", 2, EQUAL), ("Blocked", "false", EQUAL), ("Account", 4000, AT_LEAST), ("Account", 4999, AT_MOST)),
        lambda row: row["UnitId"] == 2 and not row["Blocked"] and "4000" <= row["Account"] <= "4999",
    ),
    Filtered("Zenvoices_Countries", (("EUMember", "true", EQUAL),), lambda row: row["EUMember"]),
    Filtered("Zenvoices_Countries", (("Co", "LAND", CONTAINS),), lambda row: "land" in row["Co"].lower()),
    Filtered("Zenvoices_Suppliers", (("Reviewer", "", EMPTY),), lambda row: not row["Reviewer"]),
    Filtered("Zenvoices_Suppliers", (("IBAN", "", NOT_EMPTY),), lambda row: bool(row["IBAN"])),
    Filtered("Zenvoices_Suppliers", (("Country", "NL", UNEQUAL),), lambda row: row["Country"] not in ("NL", None)),
    Filtered("Zenvoices_Periods", (("Year", 2025, GREATER),), lambda row: row["Year"] > 2025),
    Filtered(
        "Zenvoices_Periods",
        (("DateFrom", "2024-02-01", AT_LEAST), ("DateTo", "2024-04-30", AT_MOST)),
        lambda row: row["DateFrom"] >= "2024-02-01" and row["DateTo"] <= "2024-04-30T99",
    ),
    Filtered(
        "Zenvoices_Journals",
        (("JournalType", "10", EQUAL), ("UnitId", [1, 3], [EQUAL, EQUAL])),
        lambda row: (row["JournalType"] == "10" and row["UnitId"] == 1) or row["UnitId"] == 3,
    ),
)


@pytest.mark.parametrize("case", FILTERED, ids=lambda case: f"{case.connector} {case.filters}")
def test_afas_connector_filters(connector: Any, package: Any, case: Filtered) -> None:
    every = read(connector, case.connector)
    filters = [package.AfasFilter(*written) for written in case.filters]
    rows = read(connector, case.connector, filters=filters, order_by=next(iter(every[0])))
    assert rows
    assert canonical(rows) == canonical([row for row in every if case.means(row)])


@each_connector
def test_afas_connector_pages(connector: Any, keyed: Keyed) -> None:
    first = next(iter(keyed.key))
    every = read(connector, keyed.connector)
    step = 1 + len(every) // 3
    pages = [
        read(connector, keyed.connector, skip=skip, take=step, order_by=first) for skip in range(0, len(every), step)
    ]
    assert canonical([row for page in pages for row in page]) == canonical(every)


def test_afas_connector_takes_its_address_from_the_process(
    package: Any, demo: Afas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFAS_CONNECTORS_URL", f"{demo.base_url.lower()}/connectors")
    monkeypatch.setenv("AFAS_TOKEN", demo.token)
    assert len(read(package.AfasConnector(), "/zenvoices_currencies")) == 17


def test_afas_connector_sees_what_is_refused(connector: Any, package: Any, demo: Afas) -> None:
    assert connector.get("Zenvoices_Nothing") == (500, None)
    other = package.AfasConnector(connector_url=f"{demo.base_url}/connectors", token="<token>wrong</token>")
    assert other.get("Zenvoices_Currencies") == (401, None)


# ---------------------------------------------------------------- cmo-nnect


@pytest.fixture(scope="module")
def module() -> Iterator[Any]:
    """``cmo_nnect.afasprofit``, loaded without the rest of its package (see above)."""
    found = importlib.util.find_spec("cmo_nnect")
    assert found is not None
    bare = ModuleType("cmo_nnect")
    bare.__path__ = list(found.submodule_search_locations or ())
    identity, secrets = ModuleType("azure.identity"), ModuleType("azure.keyvault.secrets")
    identity.__dict__["DefaultAzureCredential"] = secrets.__dict__["SecretClient"] = None
    with pytest.MonkeyPatch.context() as patch:
        for name in ("azure", "azure.keyvault"):
            patch.setitem(sys.modules, name, ModuleType(name))
        for loaded in (bare, identity, secrets):
            patch.setitem(sys.modules, loaded.__name__, loaded)
        for name in ("cmo_nnect.helpers", "cmo_nnect.afasprofit"):
            patch.delitem(sys.modules, name, raising=False)
        yield importlib.import_module("cmo_nnect.afasprofit")
        for name in ("cmo_nnect.helpers", "cmo_nnect.afasprofit"):
            sys.modules.pop(name, None)


@pytest.fixture
def client_of(module: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[Afas], Any]:
    """Makes a cmo-nnect for an environment; ``requests`` connects to its server instead of to AFAS."""
    adapter = importlib.import_module("requests.adapters").HTTPAdapter
    send = adapter.send

    def client_of(afas: Afas) -> Any:
        server = urlsplit(afas.base_url).netloc

        def elsewhere(self: Any, request: Any, *arguments: Any, **options: Any) -> Any:
            asked = urlsplit(request.url)
            assert (asked.scheme, asked.netloc) == ("https", f"{afas.participant}.rest.afas.online")
            request.headers["Host"] = asked.netloc
            request.url = urlunsplit(("http", server, *asked[2:]))
            return send(self, request, *arguments, **options)

        monkeypatch.setattr(adapter, "send", elsewhere)
        return module.AfasProfit(afas.token, int(afas.participant))

    return client_of


def rows_of(frame: Any) -> list[Row]:
    """The rows of a DataFrame as they came in: what pandas has no value for is null."""
    rows: list[Row] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return rows


@each_connector
@pytest.mark.parametrize("order_type", ["asc", "desc"])
def test_cmo_nnect_reads_every_page(
    client_of: Callable[[Afas], Any], demo: Afas, keyed: Keyed, order_type: str
) -> None:
    first = next(iter(keyed.key))
    every = demo.rows(keyed.connector, skip="-1", take="-1")
    frame = client_of(demo).get_data(keyed.connector, take=1 + len(every) // 3, order_by=first, order_type=order_type)
    values = frame[first].tolist()
    assert values == sorted(values, reverse=order_type == "desc")
    assert canonical(rows_of(frame)) == canonical(every)


@pytest.mark.parametrize(("take", "calls"), [(5, 5), (17, 2), (16, 3), (100, 2)])
def test_cmo_nnect_stops_at_the_empty_page(client_of: Callable[[Afas], Any], afas: Afas, take: int, calls: int) -> None:
    frame = client_of(afas).get_data("Zenvoices_Currencies", take=take, order_by="CurrencyId", order_type="asc")
    assert len(frame) == 17
    exchanges = afas.control("GET", "/traffic").json()["exchanges"]
    assert [f"skip={at * take}&take={take}" in call["request"]["query"] for at, call in enumerate(exchanges)] == [
        True
    ] * calls


def test_cmo_nnect_without_an_order_meets_rows_twice(client_of: Callable[[Afas], Any], afas: Afas) -> None:
    """Pages of an unordered connector can repeat and miss rows; ``stable`` hides that fault of a client (AMB-05)."""
    client = client_of(afas)
    shuffled = client.get_data("Zenvoices_Suppliers", take=10)["CreditorId"].tolist()
    afas.configure(dialect={"AMB-05": "stable"})
    stable = client.get_data("Zenvoices_Suppliers", take=10)["CreditorId"].tolist()
    assert len(shuffled) == len(stable) == 92
    assert len(set(shuffled)) < 92
    assert len(set(stable)) == 92


def test_cmo_nnect_filters(client_of: Callable[[Afas], Any], demo: Afas) -> None:
    frame = client_of(demo).get_data(
        "Zenvoices_LedgerAccounts",
        take=3,
        order_by="Account",
        filter_fields="UnitId,Account;UnitId,Account",
        filter_values="1,8070;3,8080",
        operator_types="1,2;1,1",
    )
    every = demo.rows("Zenvoices_LedgerAccounts", skip="-1", take="-1")
    wanted = [
        row
        for row in every
        if (row["UnitId"] == 1 and row["Account"] >= "8070") or (row["UnitId"] == 3 and row["Account"] == "8080")
    ]
    assert canonical(rows_of(frame)) == canonical(wanted)


def test_cmo_nnect_reads_connectors_in_parallel(client_of: Callable[[Afas], Any], demo: Afas) -> None:
    frames = client_of(demo).get_data(connector_names=[keyed.connector for keyed in ZENVOICES], take=1_000)
    for keyed in ZENVOICES:
        rows = rows_of(frames[keyed.connector])
        assert canonical(rows) == canonical(demo.rows(keyed.connector, skip="-1", take="-1")), keyed


def test_cmo_nnect_tests_its_connection(client_of: Callable[[Afas], Any], afas: Afas) -> None:
    client = client_of(afas)
    assert client.connection_test() == "Success!"
    afas.control("DELETE", "/tokens/T00001")
    assert client.connection_test() == "Connection failed. Please check the credentials."


def test_cmo_nnect_shows_the_message_of_an_error(client_of: Callable[[Afas], Any], demo: Afas) -> None:
    with pytest.raises(ValueError, match=r"statuscode 500 .*Connector-veld 'Nergens' niet gevonden"):
        client_of(demo).get_data("Zenvoices_Currencies", order_by="Nergens")
