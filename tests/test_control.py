"""The control API: environments, data, access; each call through a real socket."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_afas.profiles import SETTINGS
from mock_afas.records import ENTITIES
from tests.support import Afas, client_of, fork


def error(answer: httpx.Response) -> dict[str, str]:
    """The complaint in an answer; every one says what was wrong and what to do."""
    complaint: dict[str, str] = answer.json()["error"]
    assert set(complaint) == {"message", "hint"}
    assert complaint["message"]
    return complaint


def create(demo: Afas, **settings: Any) -> httpx.Response:
    return demo.http.post(f"{demo.control_url}/environments", json=settings)


def test_health(demo: Afas) -> None:
    answer = demo.http.get(f"{demo.control_url}/health")
    assert answer.json() == {"status": "ready", "version": "0.1.0"}


def test_the_list_holds_every_environment(afas: Afas) -> None:
    listed = afas.http.get(f"{afas.control_url}/environments").json()["environments"]
    assert afas.environment in [environment["environment"] for environment in listed]


def test_create_with_every_key(demo: Afas) -> None:
    settings: dict[str, Any] = {
        "participant": "54321",
        "type": "T",
        "profit_version": 6,
        "without": ["projects", "commitments"],
        "autonumber": False,
        "seed": 7,
        "rows": 3,
        "dialect": {"order": "stable", "AMB-13": "hidden"},
        "clock": "2026-03-04T05:06:07",
        "language": "en",
        "bare": False,
    }
    answer = create(demo, **settings)
    assert answer.status_code == 201
    made = answer.json()
    assert made["environment"] == "T54321AA"
    client = client_of(made, demo.http)
    shown = client.control("GET").json()
    for key, value in settings.items():
        assert shown[key] == value or key in ("dialect", "without"), key
    assert shown["dialect"]["order"] == "stable"
    assert shown["dialect"]["time_fractions"] == "hidden"
    assert shown["without"] == ["commitments", "projects"]
    assert len(client.rows("Zenvoices_Suppliers", skip="-1", take="-1")) == 92 + 3
    client.control("DELETE")


REFUSED = [
    ({"participant": "1234"}, "participant"),
    ({"participant": 12345}, "participant"),
    ({"participant": "१२३४५"}, "participant"),
    ({"type": "X"}, "type"),
    ({"profit_version": 4}, "profit_version"),
    ({"profit_version": True}, "profit_version"),
    ({"profit_version": "8"}, "profit_version"),
    ({"without": ["currency"]}, "without"),
    ({"without": 3}, "without"),
    ({"without": [["projects"]]}, "without"),
    ({"autonumber": 1}, "autonumber"),
    ({"seed": -1}, "seed"),
    ({"rows": 1_000_001}, "rows"),
    ({"dialect": {"order": "random"}}, "order"),
    ({"dialect": {"AMB-99": "x"}}, "AMB-99"),
    ({"dialect": []}, "dialect"),
    ({"clock": "yesterday"}, "clock"),
    ({"clock": "2012-01-01T00:00:00"}, "clock"),
    ({"language": "fr"}, "language"),
    ({"nonsense": 1}, "nonsense"),
]


@pytest.mark.parametrize(("settings", "named"), REFUSED, ids=str)
def test_a_setting_that_is_wrong_is_named(demo: Afas, settings: dict[str, Any], named: str) -> None:
    before = demo.http.get(f"{demo.control_url}/environments").json()
    answer = create(demo, **settings)
    assert answer.status_code == 422
    assert named in error(answer)["message"]
    assert demo.http.get(f"{demo.control_url}/environments").json() == before


def test_a_participant_belongs_to_one_environment(demo: Afas) -> None:
    answer = create(demo, participant=demo.participant)
    assert answer.status_code == 409
    assert demo.participant in error(answer)["message"]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_of_the_dialect_can_be_changed(afas: Afas, setting: Any) -> None:
    for choice in setting.choices[::-1]:
        afas.configure(dialect={setting.number or setting.name: choice})
        assert afas.control("GET").json()["dialect"][setting.name] == choice


def test_the_configuration_that_is_shown_can_be_sent_back(afas: Afas) -> None:
    shown = afas.control("GET").json()
    afas.configure(**shown)
    assert afas.control("GET").json() == shown


def test_autonumbering_is_what_the_administrations_say(demo: Afas) -> None:
    client = client_of(create(demo, autonumber=False).json(), demo.http)
    for on in (False, True, False):
        client.configure(autonumber=on)
        rows = client.rows("Zenvoices_AdministrationDetails", skip="-1", take="-1")
        assert [(row["AutoNumCreditor"], row["AutoNumDebtor"]) for row in rows] == [(on, on)] * 5
    client.control("DELETE")


def test_a_blocked_connector_must_be_one(afas: Afas) -> None:
    answer = afas.control("PATCH", body={"blocked_connectors": ["Zenvoices_Supliers"]})
    assert answer.status_code == 422
    assert "Zenvoices_Suppliers" in error(answer)["hint"]
    afas.configure(blocked_connectors=["Zenvoices_Suppliers"])
    assert "geblokkeerd" in afas.get("connectors/zenvoices_suppliers").json()["externalMessage"]


def test_addresses_are_those_the_caller_uses(afas: Afas) -> None:
    port = afas.base_url.split(":")[2].split("/")[0]
    made = afas.http.post(
        f"{afas.control_url}/environments/{afas.environment}/forks", headers={"Host": f"localhost:{port}"}
    ).json()
    assert made["base_url"] == f"http://localhost:{port}/ProfitRestServices"
    assert made["control_url"] == f"http://localhost:{port}/_mock"
    client_of(made, afas.http).control("DELETE")


def test_a_change_that_fails_changes_nothing(afas: Afas) -> None:
    before = afas.control("GET").json()
    answer = afas.control("PATCH", body={"language": "en", "profit_version": 99})
    assert answer.status_code == 422
    assert afas.control("GET").json() == before


@pytest.mark.parametrize(
    "fixed", [{"participant": "99999"}, {"rows": 5}, {"seed": 5}, {"bare": True}, {"type": "A"}], ids=str
)
def test_what_cannot_change_says_so(afas: Afas, fixed: dict[str, Any]) -> None:
    answer = afas.control("PATCH", body=fixed)
    assert answer.status_code == 409
    assert "create another" in error(answer)["hint"]


def test_periods_are_blocked_and_opened(afas: Afas) -> None:
    period = {"administration": 1, "year": 2024, "period": 3}
    where = {"filterfieldids": "Unit,Year,Period", "filtervalues": "1,2024,3", "operatortypes": "1,1,1"}
    for blocked in (True, False):
        afas.configure(blocked_periods=[{**period, "blocked": blocked}])
        assert [row["Blocked"] for row in afas.rows("Zenvoices_Periods", **where)] == [blocked]


@pytest.mark.parametrize("wrong", [3, [3], [{}], [{"administration": "1", "year": 2024, "period": 3}]], ids=str)
def test_blocked_periods_of_the_wrong_form(afas: Afas, wrong: Any) -> None:
    assert afas.control("PATCH", body={"blocked_periods": wrong}).status_code == 422


def test_an_environment_that_is_not_there(demo: Afas) -> None:
    answer = demo.http.get(f"{demo.control_url}/environments/O99999AA")
    assert answer.status_code == 404
    assert demo.environment in error(answer)["hint"]


def test_a_deleted_environment_is_gone_with_its_token(demo: Afas) -> None:
    private = fork(demo)
    assert private.control("DELETE").status_code == 204
    assert private.control("GET").status_code == 404
    assert private.get("metainfo").status_code == 401


def test_a_bare_environment_has_no_token_and_no_autonumbering(demo: Afas) -> None:
    made = create(demo, bare=True).json()
    assert made["token"] is None
    assert made["authorization"] is None
    client = client_of(made, demo.http)
    assert client.control("GET").json()["autonumber"] is False
    rows = client.control("GET", "/data/administrations").json()["rows"]
    assert not any(row["autonumber_creditors"] for row in rows)
    assert client.control("GET", "/app-connectors").json() == {"app_connectors": []}
    client.control("DELETE")


# ---------------------------------------------------------------- forks


def test_forks_are_private_both_ways(demo: Afas) -> None:
    parent = fork(demo)
    child = fork(parent)
    assert child.participant != parent.participant
    assert child.authorization != parent.authorization
    parent.put("currencies", {"currency": "AAA", "description": "of the parent"})
    child.put("currencies", {"currency": "BBB", "description": "of the child"})
    grandchild = fork(child)
    seen = {
        name: {row["CurrencyId"] for row in client.rows("Zenvoices_Currencies", skip="-1", take="-1")} & {"AAA", "BBB"}
        for name, client in {"demo": demo, "parent": parent, "child": child, "grandchild": grandchild}.items()
    }
    assert seen == {"demo": set(), "parent": {"AAA"}, "child": {"BBB"}, "grandchild": {"BBB"}}
    for client in (parent, child, grandchild):
        client.control("DELETE")


def test_a_fork_has_its_own_configuration_logbook_and_traffic(afas: Afas) -> None:
    afas.get("connectors/nonsense")
    child = fork(afas)
    assert child.control("GET", "/logbook").json() == {"entries": []}
    assert child.control("GET", "/traffic").json()["exchanges"] == []
    child.configure(language="en")
    assert afas.control("GET").json()["language"] == "nl"
    child.control("DELETE")


def test_a_reset_undoes_data_but_not_configuration(afas: Afas) -> None:
    before = afas.control("GET", "/data/currencies").json()
    afas.put("currencies", {"currency": "AAA"})
    afas.configure(language="en")
    assert afas.control("POST", "/reset").status_code == 200
    assert afas.control("GET", "/data/currencies").json() == before
    assert afas.control("GET").json()["language"] == "en"
    assert "AAA" not in [row["CurrencyId"] for row in afas.rows("Zenvoices_Currencies", skip="-1", take="-1")]


def test_a_reset_of_a_fork_goes_back_to_the_fork(afas: Afas) -> None:
    afas.put("currencies", {"currency": "AAA"})
    child = fork(afas)
    child.put("currencies", {"currency": "BBB"})
    child.control("POST", "/reset")
    names = [row["currency"] for row in child.control("GET", "/data/currencies").json()["rows"]]
    assert "AAA" in names
    assert "BBB" not in names
    child.control("DELETE")


# ---------------------------------------------------------------- data


@pytest.mark.parametrize("entity", ENTITIES)
def test_what_data_shows_can_be_put_back(afas: Afas, entity: str) -> None:
    before = afas.control("GET", f"/data/{entity}").json()
    assert set(before) == {"entity", "rows"}
    answer = afas.control("PUT", f"/data/{entity}", before)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"entity": entity, "put": len(before["rows"])}
    assert afas.control("GET", f"/data/{entity}").json() == before


def test_a_supplier_is_put_with_its_organisation_and_address(afas: Afas) -> None:
    afas.put("suppliers", {"supplier_id": "70000", "name": "Nieuw B.V.", "street": "Dorpsstraat", "house_number": 1})
    (row,) = afas.rows("Zenvoices_Suppliers", filterfieldids="CreditorId", filtervalues="70000", operatortypes="1")
    assert (row["CreditorName"], row["Address"], row["Number"]) == ("Nieuw B.V.", "Dorpsstraat", 1)
    assert row["BcCo"]
    afas.put("suppliers", {"supplier_id": "70000", "name": "Anders B.V."})
    (row,) = afas.rows("Zenvoices_Suppliers", filterfieldids="CreditorId", filtervalues="70000", operatortypes="1")
    assert (row["CreditorName"], row["Address"], row["Number"]) == ("Anders B.V.", "Dorpsstraat", 1)
    named = [row for row in afas.control("GET", "/data/organisations").json()["rows"] if row["name"] == "Anders B.V."]
    assert [one["organisation_id"] for one in named] == [row["BcCo"]]


def test_a_put_moves_modified_and_keeps_created(afas: Afas) -> None:
    afas.configure(clock="2026-05-06T07:08:09")
    afas.put("suppliers", {"supplier_id": "50003", "reviewer": "KEESZ"})
    (row,) = afas.rows("Zenvoices_Suppliers", filterfieldids="CreditorId", filtervalues="50003", operatortypes="1")
    assert row["ModifiedDate"] == "2026-05-06T07:08:09Z"
    assert row["CreateDate"] < "2026"


WRONG_ROWS = [
    ("currencies", [{"description": "no key"}], "currency"),
    ("currencies", [{"currency": None}], "currency"),
    ("currencies", [{"currency": "EURO"}], "3 characters"),
    ("currencies", [{"currency": "AAA", "colour": "red"}], "colour"),
    ("currencies", [{"currency": "AAA", "rate": "1,5"}], "1,5"),
    ("currencies", [{"currency": "AAA", "rate": "9" * 40}], "rate"),
    ("currencies", [{"currency": "AAA", "rate": True}], "rate"),
    ("currencies", [{"currency": "AAA", "decimals": 2**70}], "decimals"),
    ("currencies", [{"currency": "AAA", "start_date": "31-12-2026"}], "start_date"),
    ("currencies", [{"currency": "AAA", "start_date": "2026-02-30"}], "start_date"),
    ("currencies", [{"currency": "AAA"}, 5], "row 2"),
    ("currencies", [{"currency": "A\0A"}], "NUL"),
    ("countries", [{"country": "X", "eu_member": "perhaps"}], "eu_member"),
]


@pytest.mark.parametrize(("entity", "rows", "named"), WRONG_ROWS, ids=str)
def test_a_wrong_row_is_named_and_nothing_is_put(afas: Afas, entity: str, rows: list[Any], named: str) -> None:
    before = afas.control("GET", f"/data/{entity}").json()
    answer = afas.control("PUT", f"/data/{entity}", [*before["rows"][:1], *rows])
    assert answer.status_code == 422
    complaint = error(answer)
    assert named in complaint["message"] + complaint["hint"]
    assert afas.control("GET", f"/data/{entity}").json() == before


@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b'"x"', b"3", b'{"rows": 3}', b"[" * 100_000], ids=lambda b: repr(b[:12])
)
def test_a_body_that_is_none(afas: Afas, body: bytes) -> None:
    url = f"{afas.control_url}/environments/{afas.environment}/data/currencies"
    answer = afas.http.put(url, content=body)
    assert answer.status_code in (400, 422)
    error(answer)


def test_an_unknown_entity_lists_those_there_are(afas: Afas) -> None:
    answer = afas.control("GET", "/data/creditors")
    assert answer.status_code == 404
    assert "suppliers" in error(answer)["hint"]


names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50)


@given(name=names)
def test_any_text_comes_back_as_it_was_put(demo: Afas, name: str) -> None:
    private = fork(demo)
    private.put("currencies", {"currency": "AAA", "description": name})
    (row,) = private.rows("Zenvoices_Currencies", filterfieldids="CurrencyId", filtervalues="AAA", operatortypes="1")
    assert row["Currency"] == name
    private.control("DELETE")


# ---------------------------------------------------------------- access


def test_an_app_connector_and_a_token_of_ones_own(afas: Afas) -> None:
    user = {"id": f"{afas.participant}.test", "description": "Test"}
    assert afas.control("POST", "/users", user).status_code == 201
    app = afas.control(
        "POST", "/app-connectors", {"description": "Only two", "get_connectors": ["Zenvoices_Items", "Profit_Users"]}
    ).json()
    token = afas.control("POST", f"/app-connectors/{app['id']}/tokens", {"user": user["id"]}).json()
    answer = afas.http.get(f"{afas.base_url}/metainfo", headers={"Authorization": token["authorization"]})
    assert [one["id"] for one in answer.json()["getConnectors"]] == ["Zenvoices_Items", "Profit_Users"]
    assert answer.json()["info"]["appName"] == "Only two"
    shown = afas.control("GET", "/app-connectors").json()["app_connectors"][-1]
    assert [one["id"] for one in shown["tokens"]] == [token["id"]]
    assert "data" not in str(shown["tokens"])
    assert afas.control("DELETE", f"/tokens/{token['id']}").json()["revoked"] is True


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/users", {}, 422),
        ("/users", {"id": 3}, 422),
        ("/users", {"id": "x", "shoe": 43}, 422),
        ("/app-connectors", {"ip_addresses": ["300.1.1.1"]}, 422),
        ("/app-connectors", {"get_connectors": [3]}, 422),
        ("/app-connectors", {"get_connectors": ["Nonsense"]}, 422),
        ("/app-connectors", {"update_connectors": ["Nonsense"]}, 422),
        ("/app-connectors", {"authentication": "banana"}, 422),
        ("/app-connectors", {"id": "7"}, 422),
        ("/app-connectors/9/tokens", {"user": "x"}, 404),
        ("/app-connectors/1/tokens", {"user": "nobody"}, 422),
        ("/app-connectors/1/tokens", {}, 422),
        ("/app-connectors/1/tokens", {"user": "x", "expires": "soon"}, 422),
    ],
    ids=str,
)
def test_access_of_the_wrong_form(afas: Afas, path: str, body: dict[str, Any], status: int) -> None:
    answer = afas.control("POST", path, body)
    assert answer.status_code == status
    error(answer)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nonsense", 404),
        ("DELETE", "/data/currencies", 405),
        ("PATCH", "/app-connectors/77", 404),
        ("DELETE", "/tokens/T99999", 404),
        ("GET", "/logbook/00000000", 404),
    ],
)
def test_unknown_paths_and_methods(afas: Afas, method: str, path: str, status: int) -> None:
    answer = afas.control(method, path)
    assert answer.status_code == status
    error(answer)


def test_environments_made_at_once_have_numbers_of_their_own(demo: Afas) -> None:
    """Forks are made on the event loop and others in threads; each takes the lowest number that is free."""

    def make(at: int) -> dict[str, Any]:
        path = f"/{demo.environment}/forks" if at % 2 else ""
        answer = demo.http.post(f"{demo.control_url}/environments{path}", json={} if at % 2 else {"seed": at})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(make, range(60)))
    participants = {one["participant"] for one in made}
    assert len(participants) == len({one["token"] for one in made}) == 60
    refused = demo.http.post(f"{demo.control_url}/environments", json={"participant": made[0]["participant"]})
    assert refused.status_code == 409
    for one in made:
        demo.http.delete(f"{demo.control_url}/environments/{one['environment']}")
    again = make(1)["participant"]
    demo.http.delete(f"{demo.control_url}/environments/{again}")
    assert again == min(participants)
