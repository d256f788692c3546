"""Environments whose licence lacks features: all sixteen combinations in each of the five versions of Profit."""

from __future__ import annotations

import io
import itertools
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from mock_afas import connectors
from tests.ledger_bodies import SPREAD, Body, allocated, costs, line, purchase, sale, two
from tests.support import Afas, client_of, fork

Json = dict[str, Any]

CURRENCIES, PROJECTS, ALLOCATION, COMMITMENTS = ALL = ("currencies", "projects", "allocation", "commitments")
COMBINATIONS = [chosen for count in range(5) for chosen in itertools.combinations(ALL, count)]
VERSIONS = (5, 6, 7, 8, 9)

#: The GetConnectors of each feature.
GONE = {
    CURRENCIES: {"Zenvoices_Currencies", "Profit_Currency"},
    PROJECTS: {
        "Zenvoices_Projects",
        "Zenvoices_ProjectStages",
        "Zenvoices_Items",
        "Profit_Projects",
        "Profit_Projectstage",
        "Profit_Worktype",
    },
    ALLOCATION: {"Zenvoices_AllocationCodeAssignments", "Profit_Allocation_Assigments"},
    COMMITMENTS: {"Zenvoices_Commitments"},
}
EVERY = {connector.id for connector in connectors.get_connectors().values()}
INTEGRATION = {name for name in EVERY if name.startswith("Zenvoices_")}

_AXES = tuple(f"DimAx{axis}" for axis in range(1, 6))
#: Columns of connectors that stay, by the feature that fills them; with all features some row has a value.
EMPTY: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (CURRENCIES, "Zenvoices_Suppliers", ("CurrencyId",)),
    (CURRENCIES, "Zenvoices_Customers", ("CurrencyId",)),
    (CURRENCIES, "Zenvoices_SupplierInvoices", ("CurrencyId", "AmtInvoiceCurr", "BalanceCurr")),
    (CURRENCIES, "Profit_Debtor_Invoices", ("CurrencyId", "AmtInvoiceCurr", "BalanceCurr")),
    (CURRENCIES, "Zenvoices_Journals", ("CurrencyId",)),
    (CURRENCIES, "Zenvoices_Commitments", ("CurrencyId",)),
    (PROJECTS, "Zenvoices_LedgerAccounts", ("ToProject",)),
    (PROJECTS, "Profit_Accounts", ("ToProject",)),
    (PROJECTS, "Zenvoices_Commitments", ("ProjectId", "ProjectStage", "ItemTypeCode", "ItemCode")),
    (ALLOCATION, "Zenvoices_LedgerAccounts", _AXES),
    (ALLOCATION, "Zenvoices_Commitments", ("DimAx1", "DimAx2", "DimAx5")),
    (ALLOCATION, "Profit_Transactions_Allocated", ("DimAx1", "DimAx2")),
    (ALLOCATION, "Zenvoices_AdministrationDetails", ("NumberOfAxes", "AxDescription1", "AxDescription5")),
    (COMMITMENTS, "Zenvoices_LedgerAccounts", ("CommitmentMandatory",)),
)
#: The base currency of an administration is no matter of the feature.
STAYS = ("Zenvoices_AdministrationDetails", "CurrencyId")

#: What /metainfo/update leaves out, as paths of objects and fields.
UNDESCRIBED: dict[str, dict[str, tuple[str, ...]]] = {
    CURRENCIES: {
        "FiEntries": (
            "FiEntries/CuId", "FiEntries/Rate", "FiEntries/AmDc", "FiEntries/AmCc", "FiEntries/AcPa",
            "FiEntries/FiDimEntries/CuId", "FiEntries/FiDimEntries/AmDc", "FiEntries/FiDimEntries/AmCc",
            "FiEntries/FiPrjEntries/CuId", "FiEntries/FiPrjEntries/Rate",
        ),
        "FiInvoice": ("AcCr", "AcPa", "InAc"),
    },
    PROJECTS: {
        "FiEntries": ("FiEntries/PrId", "FiEntries/FiPrjEntries"),
        "KnSubject": ("KnSubjectLink/PjId",),
    },
    ALLOCATION: {
        "FiEntries": ("AdDc", "AdDa", "FiEntries/FiDimEntries"),
        "KnPurchaseRelationOrg": ("PReAxVbC2", "PReAxVbC4", "VaA1", "VaA2", "VaA3", "VaA4", "VaA5"),
        "KnSalesRelationOrg": ("VaA1", "VaA2", "VaA3", "VaA4", "VaA5"),
    },
    COMMITMENTS: {"FiEntries": ("FiEntries/CmNo", "FiEntries/RsNo")},
}  # fmt: skip
#: What it keeps in any case: a relation cannot be made without its currency.
DESCRIBED = {
    "FiEntries": ("UnId", "FiEntries/AcNr", "FiEntries/FiTransEntries/YeSt"),
    "FiInvoice": ("AmCr", "AmPa", "InAm"),
    "KnPurchaseRelationOrg": ("CuId", "PReAxUnId"),
    "KnSalesRelationOrg": ("CuId",),
    "KnSubject": ("KnSubjectLink/SfId",),
}


def relation(root: str = "KnPurchaseRelationOrg", currency: str = "EUR", **fields: Any) -> Body:
    organisation = {"Fields": {"PadAdr": True, "AutoNum": True, "MatchOga": "6", "Nm": "Jansen"}}
    element = {"Fields": {"CuId": currency, **fields}, "Objects": {"KnOrganisation": {"Element": organisation}}}
    return {root: {"Element": element}}


def dossier_item(**link: Any) -> Body:
    objects = {"KnSubjectLink": {"Element": {"Fields": {"SfTp": "4", "SfId": "10004", **link}}}}
    return {"KnSubject": {"Element": {"Fields": {"StId": 26, "Ds": "Notitie"}, "Objects": objects}}}


def invoice(**fields: Any) -> Body:
    key = {"UnId": 1, "VaAd": "3", "DcNr": "60005", "InId": "INK00188"}
    return {"FiInvoice": {"Element": {"Fields": {**key, **fields}}}}


def with_part(name: str, fields: Json, account: str = "4600") -> Body:
    return two(line("1", account, 100, {name: [fields]}))


class Write(NamedTuple):
    """A body, and what the path of the refusal ends in where the feature is lacking; without one all take it."""

    name: str
    feature: str | None
    body: Body
    at: str = ""
    connector: str = "FiEntries"
    method: str = "POST"


#: Bodies that need a feature, and some that need none.
WRITES = (
    Write("plain purchase", None, purchase()),
    Write("base currency on a line", None, purchase(relation={"CuId": "eur"})),
    Write("transitory entry", None, with_part("FiTransEntries", SPREAD)),
    Write("creditor in the base currency", None, relation(), connector="KnPurchaseRelationOrg"),
    Write("debtor in the base currency", None, relation("KnSalesRelationOrg"), connector="KnSalesRelationOrg"),
    Write("invoice", None, invoice(AmCr="1.5", Ds="x"), connector="FiInvoice", method="PUT"),
    Write("dossier item", None, dossier_item(), connector="KnSubject"),
    Write("currency", CURRENCIES, purchase(relation={"CuId": "NOK", "AmCc": 907.5}), "Fields/CuId"),
    Write("rate", CURRENCIES, purchase(relation={"Rate": 1}), "Fields/Rate"),
    Write("debit in currency", CURRENCIES, purchase(cost={"AmDc": 100}), "Fields/AmDc"),
    Write("credit in currency", CURRENCIES, purchase(relation={"AmCc": 121}), "Fields/AmCc"),
    Write("discount in currency", CURRENCIES, purchase(relation={"AcPa": 2}), "Fields/AcPa"),
    Write("creditor", CURRENCIES, relation(currency="NOK"), "Fields/CuId", "KnPurchaseRelationOrg"),
    Write("debtor", CURRENCIES, relation("KnSalesRelationOrg", "GBP"), "Fields/CuId", "KnSalesRelationOrg"),
    Write("invoice in currency", CURRENCIES, invoice(AcCr="1.5"), "Fields/AcCr", "FiInvoice", "PUT"),
    Write("project of a line", PROJECTS, purchase(cost={"PrId": "300000"}), "Fields/PrId"),
    Write("project costs", PROJECTS, costs(), "FiPrjEntries/Element[0]"),
    Write("project of a dossier item", PROJECTS, dossier_item(PjId="300000"), "Fields/PjId", "KnSubject"),
    Write("allocation", ALLOCATION, allocated("4600", 100, {"DiC1": "WEST"}), "FiDimEntries/Element[0]"),
    Write("new code", ALLOCATION, purchase(head={"AdDc": True}), "Fields/AdDc"),
    Write("new assignment", ALLOCATION, purchase(head={"AdDa": True}), "Fields/AdDa"),
    Write("axis of a relation", ALLOCATION, relation(VaA1="O"), "Fields/VaA1", "KnPurchaseRelationOrg"),
    Write("commitment", COMMITMENTS, purchase(cost={"CmNo": 7}, account="4710", creditor="50022"), "Fields/CmNo"),
)  # fmt: skip
#: Bodies that leave out what an account demands: taken only where the feature is lacking.
DEMANDS = (
    (ALLOCATION, sale(account="8000", invoice=None)),
    (ALLOCATION, purchase(account="8074")),
    (PROJECTS, purchase(account="4320")),
    (PROJECTS, sale(account="8080", invoice=None)),
    (COMMITMENTS, purchase(account="4710", creditor="50022")),
)
_INVOICES = itertools.count(1)


def renumbered(body: Body) -> Body:
    """``body`` with an invoice number that nothing has yet."""
    return json.loads(re.sub('"[FS]-1"', f'"M-{next(_INVOICES)}"', json.dumps(body)))  # type: ignore[no-any-return]


def send(afas: Afas, body: Body, connector: str = "FiEntries", method: str = "POST") -> httpx.Response:
    url, headers = f"{afas.base_url}/connectors/{connector}", {"Authorization": afas.authorization}
    return afas.http.request(method, url, headers=headers, json=renumbered(body))


def document(afas: Afas, path: str, params: dict[str, str] | None = None) -> Json:
    """The body of an answer, also from before Profit 7, when numbers below one began with their point."""
    answer = afas.get(path, params)
    assert answer.status_code == 200, answer.text
    read: Json = json.loads(re.sub(r"(?<=: )(-?)\.", r"\g<1>0.", answer.text))
    return read


def rows(afas: Afas, connector: str, take: int = 1_000) -> list[Json]:
    read: list[Json] = document(afas, f"connectors/{connector}", {"take": str(take)})["rows"]
    return read


def paths(node: Json, before: str = "") -> Iterator[str]:
    """Every field and object that metainfo describes."""
    for field in node["fields"]:
        yield before + field["fieldId"]
    for below in node["objects"]:
        yield before + below["name"]
        yield from paths(below, f"{before}{below['name']}/")


# ---------------------------------------------------------------- the matrix


@pytest.fixture(scope="module")
def licences(demo: Afas) -> Iterator[dict[tuple[str, ...], Afas]]:
    """A fork of the demo environment for each combination of missing features."""
    made = {}
    for without in COMBINATIONS:
        made[without] = fork(demo)
        made[without].configure(without=without)
    yield made
    for afas in made.values():
        afas.control("DELETE")


@pytest.fixture(params=VERSIONS, ids="Profit {}".format)
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(params=COMBINATIONS, ids=lambda without: f"without {' '.join(without) or 'nothing'}")
def without(request: pytest.FixtureRequest) -> tuple[str, ...]:
    chosen: tuple[str, ...] = request.param
    return chosen


@pytest.fixture
def licensed(licences: dict[tuple[str, ...], Afas], without: tuple[str, ...], version: int) -> Afas:
    afas = licences[without]
    afas.configure(profit_version=version, dialect={"missing_features": "refused"})
    return afas


def test_metainfo(licensed: Afas, without: tuple[str, ...]) -> None:
    gone = {name for feature in without for name in GONE[feature]}
    listed = document(licensed, "metainfo")
    assert {connector["id"] for connector in listed["getConnectors"]} == EVERY - gone
    assert {connector["id"] for connector in listed["updateConnectors"]} == set(DESCRIBED)
    for name, always in DESCRIBED.items():
        described = set(paths(document(licensed, f"metainfo/update/{name}")))
        for feature in ALL:
            of_feature = set(UNDESCRIBED[feature].get(name, ()))
            if feature in without:
                assert not of_feature & described
            else:
                hidden = {path for other in without for path in UNDESCRIBED[other].get(name, ())}
                assert {path for path in of_feature if not path.startswith(tuple(hidden))} <= described
        assert set(always) <= described


def test_connectors_that_are_gone(licensed: Afas, without: tuple[str, ...]) -> None:
    for feature in without:
        for name in GONE[feature]:
            answer = licensed.get(f"connectors/{name}")
            assert answer.status_code == 500
            assert answer.json()["externalMessage"] == (
                "GetConnector niet ondersteund voor deze app of de gebruiker is niet geautoriseerd"
            )
            entry = licensed.logged(answer.json()["profitLogReference"])
            assert entry["reason"]["allowed"] == f"the environment lacks the feature '{feature}'"
            answer = licensed.get(f"metainfo/get/{name}")
            assert answer.status_code == 500
            assert "connector" in answer.json()["externalMessage"]


def test_rows(licensed: Afas, without: tuple[str, ...]) -> None:
    gone = {name for feature in without for name in GONE[feature]}
    for name in {connector for _, connector, _ in EMPTY} - gone:
        found = rows(licensed, name)
        columns = [field["id"] for field in document(licensed, f"metainfo/get/{name}")["fields"]]
        assert all(list(row) == columns for row in found), "the definition stays as it is"
        for feature, connector, of_feature in EMPTY:
            if connector == name:
                for column in of_feature:
                    given = any(row[column] is not None for row in found)
                    assert given == (feature not in without), (name, column)
    connector, column = STAYS
    assert {row[column] for row in rows(licensed, connector)} == {"EUR"}


def test_writes(licensed: Afas, without: tuple[str, ...]) -> None:
    for write in WRITES:
        answer = send(licensed, write.body, write.connector, write.method)
        if write.feature not in without:
            assert answer.status_code == 201, (write.name, answer.text)
            continue
        assert answer.status_code == 500, write.name
        entry = licensed.logged(answer.json()["profitLogReference"])
        assert write.feature is not None
        assert write.feature in entry["reason"]["rule"].lower(), entry
        assert entry["reason"]["path"].endswith(write.at), entry
        assert "niet beschikbaar" in entry["message"]


def test_what_is_demanded(licensed: Afas, without: tuple[str, ...]) -> None:
    for feature, body in DEMANDS:
        assert send(licensed, body).status_code == (201 if feature in without else 500), body


def test_what_is_ignored(licensed: Afas, without: tuple[str, ...]) -> None:
    licensed.configure(dialect={"missing_features": "ignored"})
    for write in (write for write in WRITES if write.feature in without):
        answer = send(licensed, write.body, write.connector, write.method)
        assert answer.status_code == 201, (write.name, answer.text)


@pytest.fixture(scope="module")
def exported(demo: Afas) -> bytes:
    """A ZIP of the definitions of the integration's connectors, as metainfo of an environment with everything."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in sorted(INTEGRATION):
            archive.writestr(f"{name}.json", demo.get(f"metainfo/get/{name}").content)
    return packed.getvalue()


def test_imports(licensed: Afas, without: tuple[str, ...], exported: bytes) -> None:
    """An error message for each connector of a missing feature; the others import."""
    afas = fork(licensed)
    url = f"{afas.control_url}/environments/{afas.environment}/import"
    report = afas.http.post(url, content=exported).json()
    gone = {name for feature in without for name in GONE[feature]} & INTEGRATION
    assert {one["connector"] for one in report["imported"]} == INTEGRATION - gone
    assert {error["connector"] for error in report["errors"]} == gone
    for error in report["errors"]:
        assert any(feature in error["message"] and error["connector"] in GONE[feature] for feature in without), error
    listed = {connector["id"] for connector in document(afas, "metainfo")["getConnectors"]}
    assert listed & INTEGRATION == INTEGRATION - gone
    afas.control("DELETE")


def test_the_version(licensed: Afas, version: int) -> None:
    """One line of JSON, and a trace identifier, from Profit 7."""
    answer = licensed.get("connectors/Zenvoices_Countries")
    assert ("\n" not in answer.text) == (version >= 7)
    assert ("x-trace-identifier" in answer.headers) == (version >= 7)
    assert document(licensed, "profitversion")["version"].split(".")[0] == str(version)


# ---------------------------------------------------------------- more about reading and writing without a feature


@pytest.fixture
def lean(afas: Afas) -> Afas:
    afas.configure(without=list(ALL))
    return afas


@pytest.mark.parametrize("setting", ["error", "unauthorized"])
def test_a_connector_that_is_gone_answers_as_any_unknown_one(lean: Afas, setting: str) -> None:
    lean.configure(dialect={"unknown_connector": setting})
    gone, unknown = (lean.get(f"connectors/{name}") for name in ("Zenvoices_Projects", "Zenvoices_Onzin"))
    assert gone.status_code == unknown.status_code == (500 if setting == "error" else 401)
    if setting == "error":
        assert gone.json()["externalMessage"] == unknown.json()["externalMessage"]


def test_filters_and_orders_see_empty_columns(lean: Afas) -> None:
    def found(operator: str, value: str) -> int:
        asked = {"filterfieldids": "CurrencyId", "filtervalues": value, "operatortypes": operator}
        return len(lean.rows("Zenvoices_Suppliers", take="1000", orderbyfieldids="CurrencyId", **asked))

    assert found("1", "EUR") == 0
    assert found("9", "") == 0
    assert found("8", "") == len(lean.rows("Zenvoices_Suppliers", take="1000")) > 0


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        ("FiDimEntries", {"DiC1": "WEST", "CuId": "NOK"}),
        ("FiDimEntries", {"DiC1": "WEST", "AmDc": 100}),
        ("FiPrjEntries", {"PrId": "300000", "ItCd": "K01", "CuId": "NOK"}),
        ("FiPrjEntries", {"PrId": "300000", "ItCd": "K01", "Rate": 2}),
    ],
)
def test_currencies_in_what_stands_below_a_line(afas: Afas, part: str, fields: Json) -> None:
    account = "4320" if part == "FiPrjEntries" else "4600"
    assert send(afas, with_part(part, fields, account)).status_code == 201
    afas.configure(without=[CURRENCIES])
    answer = send(afas, with_part(part, fields, account))
    assert answer.json()["externalMessage"] == "De functionaliteit 'Valuta' is niet beschikbaar in deze omgeving."
    plain = {name: "EUR" if name == "CuId" else None for name in fields if name not in {"DiC1", "PrId", "ItCd"}}
    assert send(afas, with_part(part, {**fields, **plain}, account)).status_code == 201


def test_empty_and_absent_fields_ask_for_nothing(lean: Afas) -> None:
    nothing = {"CuId": "", "Rate": None, "PrId": "", "CmNo": ""}
    assert send(lean, purchase(relation=nothing, cost=nothing)).status_code == 201
    empty = purchase(account="8074")
    empty["FiEntryPar"]["Element"]["Objects"]["FiEntries"]["Element"][1]["Objects"] = {"FiDimEntries": ""}
    assert send(lean, empty).status_code == 201


def test_the_base_currency_is_that_of_the_administration(afas: Afas) -> None:
    afas.put("administrations", {"administration": 2, "currency": "GBP"})
    afas.configure(without=[CURRENCIES])
    for currency, status in {"GBP": 201, "EUR": 500}.items():
        assert send(afas, purchase(head={"UnId": 2}, relation={"CuId": currency})).status_code == status


def test_an_entry_of_many_lines_is_refused_for_its_last(lean: Afas) -> None:
    before = lean.control("GET", "/books").json()
    body = purchase(vat={"CmNo": 7})
    answer = send(lean, body)
    assert answer.json()["externalMessage"].startswith("De functionaliteit 'Verplichtingen'")
    path = lean.logged(answer.json()["profitLogReference"])["reason"]["path"]
    assert path == "FiEntryPar/Element/Objects/FiEntries/Element[2]/Fields/CmNo"
    assert lean.control("GET", "/books").json() == before


# ---------------------------------------------------------------- switching


def test_a_feature_can_be_switched_off_and_on_without_losing_anything(afas: Afas) -> None:
    assert send(afas, allocated("4600", 100, {"DiC1": "WEST"})).status_code == 201
    assert send(afas, costs()).status_code == 201
    watched = sorted({connector for _, connector, _ in EMPTY} | {name for names in GONE.values() for name in names})
    before = {name: everything(afas, name) for name in watched}
    books = afas.control("GET", "/books").json()
    for without in (ALL, (CURRENCIES,), (PROJECTS, ALLOCATION), ()):
        afas.configure(without=without)
        for feature, connector, columns in EMPTY:
            if not any(connector in GONE[lacking] for lacking in without):
                for column in columns:
                    given = any(row[column] is not None for row in rows(afas, connector))
                    assert given == (feature not in without), (connector, column)
    assert {name: everything(afas, name) for name in watched} == before
    assert afas.control("GET", "/books").json() == books


def everything(afas: Afas, connector: str) -> list[str]:
    asked = {"skip": "-1", "take": "-1"}
    return sorted(json.dumps(row) for row in document(afas, f"connectors/{connector}", asked)["rows"])


def test_what_is_written_without_a_feature_keeps_what_the_feature_had(afas: Afas) -> None:
    afas.configure(without=[CURRENCIES, ALLOCATION])
    change = {"KnPurchaseRelationOrg": {"Element": {"@CrId": "60002", "Fields": {"PaCd": "14", "CuId": "EUR"}}}}
    assert send(afas, change, "KnPurchaseRelationOrg", "PUT").status_code == 201
    assert send(afas, allocated("4600", 100)).status_code == 201
    afas.configure(without=[])
    (creditor,) = [row for row in rows(afas, "Zenvoices_Suppliers") if row["CreditorId"] == "60002"]
    assert (creditor["CurrencyId"], creditor["PaymentCondition"]) == ("NOK", "14")


def test_rows_written_while_a_feature_is_off_are_there_when_it_is_on(afas: Afas) -> None:
    assert rows(afas, "Zenvoices_Projects")
    afas.configure(without=[PROJECTS])
    afas.put("projects", {"project": "777", "description": "Nieuw"})
    afas.configure(without=[])
    assert "777" in {row["ProjectId"] for row in rows(afas, "Zenvoices_Projects")}


@pytest.mark.parametrize("without", [ALL, (PROJECTS,), "currencies, commitments"])
def test_features_lacking_from_the_start(demo: Afas, without: Any) -> None:
    made = demo.http.post(f"{demo.control_url}/environments", json={"without": without})
    assert made.status_code == 201, made.text
    afas = client_of(made.json(), demo.http)
    lacking = [name.strip() for name in without.split(",")] if isinstance(without, str) else list(without)
    assert afas.control("GET").json()["without"] == sorted(lacking)
    listed = {connector["id"] for connector in document(afas, "metainfo")["getConnectors"]}
    assert listed == EVERY - {name for feature in lacking for name in GONE[feature]}
    copy = fork(afas)
    assert copy.control("GET").json()["without"] == sorted(lacking), "a fork lacks what its parent lacks"
    for each in (copy, afas):
        each.control("DELETE")


def test_the_feature_of_a_connector() -> None:
    expected = {name: feature for feature, names in GONE.items() for name in names}
    for name in EVERY:
        assert connectors.feature_of(name) == connectors.feature_of(name.upper()) == expected.get(name)
    assert connectors.feature_of("Onbekend") is None
