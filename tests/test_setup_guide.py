"""The set-up guide: an environment from bare to the first booked invoice, and what each skipped step leads to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.bodies import purchase, supplier
from tests.gcn_writer import Written, WrittenField, write
from tests.support import Afas, client_of

GET = ["Zenvoices_Suppliers", "Zenvoices_SupplierInvoices"]
UPDATE = ["FiEntries", "KnPurchaseRelationOrg"]
STEPS = ("autonumbering", "user", "import", "app connector", "connectors", "token")


class Guide:
    """The steps on one environment, each by itself; the token of the last one makes ``client`` work."""

    def __init__(self, afas: Afas) -> None:
        self.client = afas
        self.user = f"{afas.participant}.zenvoices"

    def done(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer = self.client.control(method, path, body)
        assert answer.status_code < 300, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def refused(self, method: str, path: str, body: Any) -> dict[str, str]:
        """The error of a call that is refused; it always says what to do."""
        answer = self.client.control(method, path, body)
        assert answer.status_code == 422, answer.text
        error: dict[str, str] = answer.json()["error"]
        assert error["hint"]
        return error

    def step(self, name: str) -> None:
        match name:
            case "autonumbering":
                self.done("PATCH", "", {"autonumber": True})
            case "user":
                self.done("POST", "/users", {"id": self.user, "groups": ["Zenvoices"]})
            case "import":
                self.done("POST", "/import", {"shipped": ["Zenvoices_*"]})
            case "app connector":
                self.done("POST", "/app-connectors", {"description": "Zenvoices", "group": "Zenvoices"})
            case "connectors":
                self.done("PATCH", "/app-connectors/1", {"get_connectors": GET, "update_connectors": UPDATE})
            case "token":
                issued = self.done("POST", "/app-connectors/1/tokens", {"user": self.user})
                known = {"token": issued["token"], "authorization": issued["authorization"]}
                self.client = Afas(**{**self.client.__dict__, **known})

    def without(self, *skipped: str) -> Guide:
        """All steps but ``skipped``."""
        for name in STEPS:
            if name not in skipped:
                self.step(name)
        return self

    def post(self, connector: str, body: Any) -> httpx.Response:
        client = self.client
        headers = {"Authorization": client.authorization} if client.authorization else {}
        return client.http.post(f"{client.base_url}/connectors/{connector}", json=body, headers=headers)

    def status(self) -> int:
        return self.client.get("connectors/Zenvoices_Suppliers").status_code


@pytest.fixture
def guide(demo: Afas) -> Iterator[Guide]:
    described = demo.http.post(f"{demo.control_url}/environments", json={"bare": True}).json()
    assert (described["token"], described["authorization"]) == (None, None)
    made = Guide(client_of(described, demo.http))
    yield made
    made.client.control("DELETE")


def message(answer: httpx.Response) -> str:
    assert answer.status_code == 500, answer.text
    text: str = answer.json()["externalMessage"]
    return text


# ---------------------------------------------------------------- every step, and none


def test_all_steps_lead_to_a_booked_invoice(guide: Guide) -> None:
    guide.without()
    made = guide.post("KnPurchaseRelationOrg", supplier("Nieuw BV"))
    assert made.status_code == 201, made.text
    number = made.json()["results"]["KnPurchaseRelationOrg"]["CrId"]
    booked = guide.post("FiEntries", purchase("F-1", creditor=number))
    assert booked.status_code == 201, booked.text
    rows = guide.client.rows(
        "Zenvoices_SupplierInvoices", filterfieldids="CreditorId", filtervalues=number, operatortypes="1"
    )
    assert [row["InvoiceNr"] for row in rows] == ["F-1"]
    listed = guide.client.get("metainfo").json()
    assert [connector["id"] for connector in listed["getConnectors"]] == GET
    assert [connector["id"] for connector in listed["updateConnectors"]] == UPDATE
    assert listed["info"]["group"] == "Zenvoices"


def test_before_the_first_step_nobody_is_let_in(guide: Guide) -> None:
    assert guide.status() == 401
    assert guide.done("GET", "/users") == {"users": []}
    assert guide.done("GET", "/app-connectors") == {"app_connectors": []}


def test_without_autonumbering_a_relation_needs_a_number(guide: Guide) -> None:
    guide.without("autonumbering")
    message(guide.post("KnPurchaseRelationOrg", supplier("Nieuw BV")))
    reason = guide.done("GET", "/logbook")["entries"][-1]["reason"]
    assert "automatic numbering" in reason["rule"]
    assert guide.post("KnPurchaseRelationOrg", supplier("Nieuw BV", CrId="71234")).status_code == 201
    guide.step("autonumbering")
    assert guide.post("KnPurchaseRelationOrg", supplier("Nieuw BV")).status_code == 201


def test_without_a_user_there_is_no_token(guide: Guide) -> None:
    guide.without("user", "token")
    error = guide.refused("POST", "/app-connectors/1/tokens", {"user": guide.user})
    assert guide.user in error["message"]
    assert guide.status() == 401


@pytest.mark.parametrize("name", ["zenvoices", "99999.zenvoices", "{n}zenvoices", "{n}.", "x{n}.a", "{n}.a\x00"])
def test_a_user_is_named_for_the_participant(guide: Guide, name: str) -> None:
    written = name.format(n=guide.client.participant)
    assert f"{guide.client.participant}.zenvoices" in guide.refused("POST", "/users", {"id": written})["hint"]
    assert guide.done("GET", "/users") == {"users": []}


def test_without_an_import_there_is_nothing_to_add(guide: Guide) -> None:
    guide.without("import", "connectors", "token")
    for body in ({"get_connectors": GET}, {"get_connectors": ["Acme_Eigen"]}):
        error = guide.refused("PATCH", "/app-connectors/1", body)
        assert body["get_connectors"][0] in error["message"]
        assert "import" in error["hint"]
    guide.step("token")
    assert "niet ondersteund" in message(guide.client.get("connectors/Zenvoices_Suppliers"))
    assert guide.client.get("metainfo").json()["getConnectors"] == []
    own = write(Written("Acme_Eigen", (WrittenField("U001", "Nummer", ("Fi", "Crx", "CrId")),)), "binary")
    sent = guide.client.http.post(
        f"{guide.client.control_url}/environments/{guide.client.environment}/import", content=own
    )
    assert [one["connector"] for one in sent.json()["imported"]] == ["Acme_Eigen"]
    guide.done("PATCH", "/app-connectors/1", {"get_connectors": ["Acme_Eigen"]})
    assert set(guide.client.rows("Acme_Eigen")[0]) == {"Nummer"}


def test_without_an_app_connector_there_is_no_token(guide: Guide) -> None:
    guide.without("app connector", "connectors", "token")
    answer = guide.client.control("POST", "/app-connectors/1/tokens", {"user": guide.user})
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "there is no app connector '1'")


def test_without_connectors_in_the_app_connector_none_is_supported(guide: Guide) -> None:
    guide.without("connectors")
    assert "niet ondersteund" in message(guide.client.get("connectors/Zenvoices_Suppliers"))
    assert "niet ondersteund" in message(guide.client.get("metainfo/get/Zenvoices_Suppliers"))
    assert message(guide.post("FiEntries", purchase("F-1")))
    guide.done("PATCH", "", {"dialect": {"unknown_connector": "unauthorized"}})
    assert guide.status() == 401
    guide.step("connectors")
    assert guide.status() == 200


def test_an_update_connector_alone_can_be_forgotten(guide: Guide) -> None:
    guide.without()
    guide.done("PATCH", "/app-connectors/1", {"update_connectors": ["KnSubject"]})
    assert "niet ondersteund" in message(guide.post("FiEntries", purchase("F-1")))
    error = guide.refused("PATCH", "/app-connectors/1", {"update_connectors": ["FiBananas"]})
    assert "FiBananas" in error["message"]


def test_without_a_token_nobody_is_let_in(guide: Guide) -> None:
    guide.without("token")
    assert guide.status() == 401
    guide.step("token")
    assert guide.status() == 200


# ---------------------------------------------------------------- app connectors


@pytest.mark.parametrize("body", [{}, {"description": ""}, {"description": "  "}, {"group": "Zenvoices"}])
def test_an_app_connector_has_a_description(guide: Guide, body: dict[str, str]) -> None:
    assert "description" in guide.refused("POST", "/app-connectors", body)["message"]


@pytest.mark.parametrize(("version", "accepted"), [(5, False), (6, True), (9, True)])
def test_the_authentication_type_exists_from_profit_6(guide: Guide, version: int, accepted: bool) -> None:
    guide.done("PATCH", "", {"profit_version": version})
    body = {"description": "Zenvoices", "authentication": "token"}
    if accepted:
        assert guide.done("POST", "/app-connectors", body)["authentication"] == "token"
    else:
        assert "Profit 5" in guide.refused("POST", "/app-connectors", body)["message"]
        assert guide.done("POST", "/app-connectors", {"description": "Zenvoices"})["id"] == "1"
        assert "Profit 6" in guide.refused("PATCH", "/app-connectors/1", {"authentication": "token"})["hint"]


def test_a_user_outside_the_group_gets_no_token(guide: Guide) -> None:
    guide.without("user", "token")
    guide.done("POST", "/users", {"id": guide.user, "groups": ["Inkoop", "Verkoop"]})
    error = guide.refused("POST", "/app-connectors/1/tokens", {"user": guide.user})
    assert "'Zenvoices'" in error["message"]
    guide.done("POST", "/users", {"id": guide.user, "groups": []})
    guide.refused("POST", "/app-connectors/1/tokens", {"user": guide.user})
    guide.done("POST", "/users", {"id": guide.user, "groups": ["inkoop", "zenvoices"]})
    guide.step("token")
    assert guide.status() == 200
    guide.done("PATCH", "/app-connectors/1", {"group": "Directie"})
    assert guide.status() == 401
    rule = guide.done("GET", "/logbook")["entries"][-1]["reason"]
    assert (rule["rule"], rule["allowed"]) == ("user group of the app connector", "Directie")
    guide.done("PATCH", "/app-connectors/1", {"group": ""})
    assert guide.status() == 200


def test_a_user_whose_groups_nobody_named_is_in_any(guide: Guide) -> None:
    guide.without("user", "token")
    assert guide.done("POST", "/users", {"id": guide.user})["groups"] is None
    guide.step("token")
    assert guide.status() == 200


def test_changing_a_user_leaves_what_is_not_named(guide: Guide) -> None:
    guide.without()
    guide.done("POST", "/users", {"id": guide.user, "description": "Koppeling"})
    changed = guide.done("POST", "/users", {"id": guide.user, "blocked": True})
    assert changed == {"id": guide.user, "description": "Koppeling", "blocked": True, "groups": ["Zenvoices"]}
    assert guide.status() == 401


# ---------------------------------------------------------------- tokens


def test_a_token_is_shown_once(guide: Guide) -> None:
    guide.without()
    secret = guide.client.token.partition("<data>")[2][:64]
    shown = [
        guide.client.control("GET", path).text for path in ("", "/users", "/app-connectors", "/logbook", "/traffic")
    ]
    assert len(secret) == 64
    assert not any(secret.lower() in text.lower() for text in shown)


def test_a_forgotten_token_is_replaced(guide: Guide) -> None:
    guide.without()
    forgotten = guide.client
    guide.step("token")
    tokens = guide.done("GET", "/app-connectors")["app_connectors"][0]["tokens"]
    assert [token["revoked"] for token in tokens] == [False, False]
    assert forgotten.get("metainfo").status_code == guide.status() == 200
    guide.done("DELETE", f"/tokens/{tokens[0]['id']}")
    assert (forgotten.get("metainfo").status_code, guide.status()) == (401, 200)


def test_a_copy_has_the_steps_behind_it(guide: Guide) -> None:
    """Users, app connector and what was imported go along; a token belongs to one environment."""
    guide.without()
    answer = guide.client.control("POST", "/forks")
    copy = client_of(answer.json(), guide.client.http)
    assert copy.authorization not in ("", guide.client.authorization)
    assert copy.rows("Zenvoices_Suppliers")
    copy.control("DELETE")
    guide.done("POST", "/users", {"id": guide.user, "groups": ["Elders"]})
    for change in ({}, {"group": "Elders", "authentication": "client_credentials"}):
        guide.done("PATCH", "/app-connectors/1", change)
        orphan = guide.client.control("POST", "/forks")
        assert (orphan.status_code, orphan.json()["token"]) == (201, None)
        client_of(orphan.json(), guide.client.http).control("DELETE")


# ---------------------------------------------------------------- by command line alone


def command(folder: Path, *arguments: str) -> Any:
    """What ``mock-afas`` prints, read as JSON where it is that."""
    done = subprocess.run(
        [sys.executable, "-m", "mock_afas", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=folder,
        env={**os.environ, "MOCK_AFAS_CONTROL": (folder / "control").read_text()},
    )
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    try:
        return json.loads(done.stdout)
    except ValueError:
        return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A directory with a server that was started by command line; its address is in the file ``control``."""
    ready = tmp_path / "ready.json"
    server = subprocess.Popen(
        [sys.executable, "-m", "mock_afas", "serve", "--port", "0", "--ready-file", str(ready)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        deadline = time.monotonic() + 120
        while not ready.exists():
            assert server.poll() is None, server.communicate()[1].decode()
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.05)
        (tmp_path / "control").write_text(json.loads(ready.read_text())["control_url"])
        yield tmp_path
    finally:
        server.terminate()
        server.communicate(timeout=120)


def test_the_guide_by_command_line(folder: Path) -> None:
    """From bare to the first booked invoice; only the client's own calls are HTTP."""
    made = command(folder, "environment", "create", "--bare", "--participant", "54321")
    where = ("--environment", made["environment"])
    exports = folder / "exports" / "set"
    exports.mkdir(parents=True)
    fields = (WrittenField("U001", "Nr", ("Fi", "Crx", "CrId")), WrittenField("U002", "Naam", ("Kn", "Bcn", "Nm")))
    (exports / "suppliers.gcn").write_bytes(write(Written("Zenvoices_Suppliers", fields), "text"))
    command(folder, "environment", "change", "--autonumber", *where)
    command(folder, "users", "put", "54321.zenvoices", "--group", "Zenvoices", *where)
    command(folder, "import", "--shipped", "Zenvoices_SupplierInvoices", *where)
    app = command(folder, "app-connectors", "create", "--description", "Zenvoices", "--group", "Zenvoices", *where)
    shown = command(folder, "import", "exports", "--add-to", app["id"], *where)
    assert "Zenvoices_Suppliers" in shown
    command(
        folder,
        *("app-connectors", "change", app["id"], "--add", "--get", "Zenvoices_SupplierInvoices"),
        *("--update", "FiEntries", "--update", "KnPurchaseRelationOrg", *where),
    )
    token = command(folder, "tokens", "issue", *where)

    headers = {"Authorization": token["authorization"]}
    with httpx.Client(base_url=made["base_url"], headers=headers, timeout=120) as client:
        answer = client.post("/connectors/KnPurchaseRelationOrg", json=supplier("Nieuw BV"))
        assert answer.status_code == 201, answer.text
        number = answer.json()["results"]["KnPurchaseRelationOrg"]["CrId"]
        answer = client.post("/connectors/FiEntries", json=purchase("F-1", creditor=number))
        assert answer.status_code == 201, answer.text
        found = {"filterfieldids": "Nr", "filtervalues": number, "operatortypes": "1"}
        rows = client.get("/connectors/Zenvoices_Suppliers", params=found).json()["rows"]
        assert rows == [{"Nr": number, "Naam": "Nieuw BV"}]

    books = command(folder, "books", "--json", *where)
    assert [row["invoice"] for row in books["invoices"] if row["relation"] == number] == ["F-1"]
