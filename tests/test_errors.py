"""Errors in Profit's shape and the caller's language, their reasons in the logbook, maintenance. wire.md section 6."""

from __future__ import annotations

import base64
import re
from typing import Any, NamedTuple, get_args

import httpx
import pytest

from mock_afas import messages
from tests.support import Afas, client_of

UNEXPECTED, GENERAL = -2147180999, -2147180996
CURRENCIES = "connectors/Zenvoices_Currencies"


class Texts(NamedTuple):
    """A message in both languages that we have."""

    nl: str
    en: str


SURPRISE = Texts("Er is een onverwachte fout opgetreden.", "An unexpected error has occurred.")
UNSUPPORTED_GET = Texts(
    "GetConnector niet ondersteund voor deze app of de gebruiker is niet geautoriseerd",
    "GetConnector not supported for this app or the user is not authorized",
)
UNSUPPORTED_UPDATE = Texts(
    "General message: Deze UpdateConnector wordt niet ondersteund of de gebruiker is niet geautoriseerd.",
    "General message: This UpdateConnector is not supported or the user is not authorized.",
)
UNSUPPORTED_METAINFO = Texts(
    "Deze connector wordt niet ondersteund of de gebruiker is niet geautoriseerd.",
    "This connector is not supported or the user is not authorized.",
)
MAINTENANCE = Texts(
    "De omgeving is in onderhoud. Probeer het later opnieuw.",
    "The environment is under maintenance. Please try again later.",
)


def field_unknown(name: str) -> Texts:
    return Texts(f"Connector-veld '{name}' niet gevonden", f"Connector field '{name}' not found")


class Broken(NamedTuple):
    """A call that Profit refuses with 500, what it answers, and what the logbook says about it."""

    method: str
    path: str
    number: int
    message: Texts
    rule: str
    where: str
    value: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def send(self, afas: Afas, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Authorization": afas.authorization, **named}
        return afas.http.request(self.method, f"{afas.base_url}/{self.path}", headers=sent)


def filtered(fields: str, texts: str, operators: str) -> str:
    return f"{CURRENCIES}?filterfieldids={fields}&filtervalues={texts}&operatortypes={operators}"


TAKE = "a number from 0, or -1 together with skip=-1"
BROKEN = (
    Broken("GET", "connectors/Nergens", GENERAL, UNSUPPORTED_GET, "GetConnector of the app connector", "path",
           "Nergens", "the id of an imported GetConnector"),
    Broken("GET", "connectors/FiEntries", GENERAL, UNSUPPORTED_GET, "GetConnector of the app connector", "path",
           "FiEntries", "the id of an imported GetConnector"),
    Broken("GET", f"{CURRENCIES}?take=veel", UNEXPECTED, SURPRISE, "take", "take", "veel", TAKE),
    Broken("GET", f"{CURRENCIES}?skip=2&take=-1", UNEXPECTED, SURPRISE, "take", "take", "-1", TAKE),
    Broken("GET", f"{CURRENCIES}?orderbyfieldids=Prijs", GENERAL, field_unknown("Prijs"), "field of the connector",
           "orderbyfieldids", "Prijs", "CurrencyId, "),
    Broken("GET", f"{CURRENCIES}?orderbyfieldids=-Prijs", GENERAL, field_unknown("Prijs"), "field of the connector",
           "orderbyfieldids", "Prijs", "CurrencyId, "),
    Broken("GET", filtered("caf%C3%A9", "x", "1"), GENERAL, field_unknown("café"), "field of the connector",
           "filterfieldids", "café", "CurrencyId, "),
    Broken("GET", filtered("CurrencyId", "EUR", "99"), UNEXPECTED, SURPRISE, "filter operator", "operatortypes", "99",
           "a number from 1 to 15"),
    Broken("GET", filtered("CurrencyId,Currency", "EUR", "1"), UNEXPECTED, SURPRISE, "length of the filter lists",
           "filterfieldids", "2 fields, 1 values, 1 operators", "three lists of one length"),
    Broken("GET", filtered("Exchange_Rate", "veel", "1"), UNEXPECTED, SURPRISE,
           "filter value of a field of type decimal", "Exchange_Rate", "veel", "a number with a decimal point"),
    Broken("GET", filtered("StartDate", "2017-07-01T00:00:00Z", "2"), UNEXPECTED, SURPRISE,
           "filter value of a field of type date", "StartDate", "2017-07-01T00:00:00Z", "without Z"),
    Broken("GET", f"{CURRENCIES}?filterjson=%7B", UNEXPECTED, SURPRISE, "filterjson is JSON", "filterjson", "{", ""),
    Broken("GET", "metainfo/get/Nergens", GENERAL, UNSUPPORTED_METAINFO, "connector of the app connector", "path",
           "Nergens", "a connector that /metainfo lists"),
    Broken("GET", "metainfo/update/Nergens", GENERAL, UNSUPPORTED_METAINFO, "connector of the app connector", "path",
           "Nergens", "a connector that /metainfo lists"),
    Broken("POST", "connectors/Nergens", GENERAL, UNSUPPORTED_UPDATE, "UpdateConnector", "path", "Nergens",
           "an UpdateConnector listed in the app connector"),
    Broken("PUT", "connectors/Nergens", GENERAL, UNSUPPORTED_UPDATE, "UpdateConnector", "path", "Nergens", ""),
    Broken("POST", "connectors/Nergens/Object", GENERAL, UNSUPPORTED_UPDATE, "UpdateConnector", "path", "Nergens", ""),
    Broken("DELETE", "connectors/Nergens/Object/@Id/1", GENERAL, UNSUPPORTED_UPDATE, "UpdateConnector", "path",
           "Nergens", ""),
    Broken("POST", "connectors", GENERAL, UNSUPPORTED_UPDATE, "UpdateConnector", "path", "", ""),
)  # fmt: skip
each_broken = pytest.mark.parametrize("broken", BROKEN, ids=str)


@each_broken
def test_error_shape(demo: Afas, broken: Broken) -> None:
    """The one shape of an error, on every route."""
    answer = broken.send(demo)
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    error = answer.json()
    assert list(error) == ["externalMessage", "errorNumber", "profitLogReference"]
    assert error["externalMessage"] == broken.message.nl
    assert error["errorNumber"] == broken.number
    assert re.fullmatch("[0-9A-F]{32}", error["profitLogReference"])
    assert base64.b64decode(answer.headers["x-profit-error"], validate=True).decode() == error["externalMessage"]


@each_broken
def test_the_logbook_has_the_full_reason(afas: Afas, broken: Broken) -> None:
    afas.configure(clock="2026-05-06T07:08:09")
    error = broken.send(afas).json()
    entry = afas.logged(error["profitLogReference"])
    reason = entry.pop("reason")
    assert entry == {
        "reference": error["profitLogReference"],
        "time": "2026-05-06T07:08:09.000",
        "status": 500,
        "request": f"{broken.method} /ProfitRestServices/{broken.path.partition('?')[0]}",
        "message": broken.message.nl,
        "number": broken.number,
    }
    assert set(reason) == {"rule", "path", "value", "allowed"}
    assert (reason["rule"], reason["path"], reason["value"]) == (broken.rule, broken.where, broken.value)
    assert broken.allowed in reason["allowed"]
    assert afas.logged(error["profitLogReference"].lower())["reason"] == reason


def test_every_error_has_a_reference_of_its_own(afas: Afas) -> None:
    references = [broken.send(afas).json()["profitLogReference"] for broken in BROKEN]
    assert len(set(references)) == len(BROKEN)
    logged = afas.control("GET", "/logbook").json()["entries"]
    assert [entry["reference"] for entry in logged] == references[::-1]


def test_only_errors_are_in_the_logbook(afas: Afas) -> None:
    for path in (CURRENCIES, "metainfo", "profitversion"):
        assert afas.get(path).status_code == 200
    assert afas.control("GET", "/logbook").json()["entries"] == []
    assert afas.control("GET", f"/logbook/{'0' * 32}").status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "rule", "value"),
    [
        ("nergens", 404, "resource", "/ProfitRestServices/nergens"),
        ("connectors/a/b/c", 404, "GetConnector in the path", "/ProfitRestServices/connectors/a/b/c"),
        ("profitversion/a", 404, "profitversion", "/ProfitRestServices/profitversion/a"),
        (f"metainfo?x={'y' * 2_048}", 404, "length of the query string", "2051"),
    ],
)
def test_the_logbook_has_the_reason_of_an_answer_without_body(
    afas: Afas, path: str, status: int, rule: str, value: str
) -> None:
    assert afas.get(path).status_code == status
    (entry,) = afas.control("GET", "/logbook").json()["entries"]
    assert (entry["status"], entry["message"], entry["number"]) == (status, "", None)
    assert (entry["reason"]["rule"], entry["reason"]["value"]) == (rule, value)
    assert entry["reason"]["allowed"]


def test_errors_repeat_for_the_same_seed_and_calls(demo: Afas) -> None:
    def references() -> list[str]:
        made = demo.http.post(f"{demo.control_url}/environments", json={"seed": 42}).json()
        afas = client_of(made, demo.http)
        found = [broken.send(afas).json()["profitLogReference"] for broken in BROKEN]
        afas.control("DELETE")
        return found

    assert references() == references()


# ---------------------------------------------------------------- languages

LANGUAGES = (
    (None, "nl"),
    ("nl-nl", "nl"),
    ("nl-NL", "nl"),
    ("nl-be", "nl"),
    ("nl", "nl"),
    ("en-us", "en"),
    ("EN-US", "en"),
    ("en-GB", "en"),
    ("en", "en"),
    ("de-de", "en"),
    ("fr-fr", "en"),
    ("es-es, nl-nl", "nl"),
    ("es-es, en-us", "en"),
    ("en-us,nl-nl", "en"),
    ("nl-nl,en-us", "nl"),
    ("en-us;q=0.5,nl-nl;q=0.8", "nl"),
    ("nl-nl;q=0.5, en-us;q=0.8", "en"),
    ("nl;q=0.9, en", "en"),
    ("en;q=0, nl;q=0.1", "nl"),
    ("en;q=0", "nl"),
    ("en ; q = 0.3", "en"),
    ("*", "nl"),
    ("*;q=0.5, en;q=0.1", "en"),
    ("", "nl"),
    (",,;;q=,", "nl"),
    ("xx-yy", "nl"),
    ("english", "nl"),
    ("en_US", "nl"),
    ("enen", "nl"),
    ("e" * 5_000, "nl"),
    ("\xe9\xff", "nl"),
    ("en;q=veel", "nl"),
)
each_language = pytest.mark.parametrize(("wanted", "language"), LANGUAGES, ids=lambda value: str(value)[:30])


@each_language
def test_the_language_of_messages(demo: Afas, wanted: str | None, language: str) -> None:
    headers = [(b"Authorization", demo.authorization.encode())]
    if wanted is not None:
        headers.append((b"Accept-Language", wanted.encode("latin-1")))
    answer = demo.http.get(f"{demo.base_url}/connectors/Nergens", headers=headers)
    assert answer.json()["externalMessage"] == getattr(UNSUPPORTED_GET, language)


@each_broken
def test_every_message_has_both_languages(demo: Afas, broken: Broken) -> None:
    for wanted, message in (("nl-nl", broken.message.nl), ("en-us", broken.message.en)):
        answer = broken.send(demo, Accept_Language=wanted)
        assert answer.json()["externalMessage"] == message
        assert base64.b64decode(answer.headers["x-profit-error"]).decode() == message


@pytest.mark.parametrize(("language", "other"), [("nl", "en-us"), ("en", "nl-nl")])
def test_the_language_of_an_environment(afas: Afas, language: str, other: str) -> None:
    afas.configure(language=language)
    own = BROKEN[0].send(afas, Accept_Language="xx").json()["externalMessage"]
    assert own == getattr(UNSUPPORTED_GET, language)
    assert BROKEN[0].send(afas, Accept_Language=other).json()["externalMessage"] != own


#: What the English message says beside the Dutch one, where both are known.
ONLY_ENGLISH = {"line_invoice_number_used": {"{kind}"}}


def test_every_message_is_whole_in_both_languages() -> None:
    for key, message in messages.catalogue().items():
        assert message.evidence in get_args(messages.Evidence), key
        dutch, english = (set(re.findall(r"{\w+}", text)) for text in (message.nl, message.en))
        assert dutch | ONLY_ENGLISH.get(key, set()) == english, key


def test_a_parameter_is_no_template(demo: Afas) -> None:
    answer = demo.get("connectors/Zenvoices_Items", {"orderbyfieldids": "{field}{number}"})
    assert answer.json()["externalMessage"] == "Connector-veld '{field}{number}' niet gevonden"


# ---------------------------------------------------------------- maintenance

ROUTES = (
    ("GET", CURRENCIES),
    ("GET", f"{CURRENCIES}?skip=-1&take=-1"),
    ("GET", "metainfo"),
    ("GET", "metainfo/get/Zenvoices_Currencies"),
    ("GET", "metainfo/update/FiEntries"),
    ("GET", "profitversion"),
    ("POST", "connectors/FiEntries"),
    ("PUT", "connectors/FiInvoice"),
    ("DELETE", "connectors/FiEntries/FiEntryPar/UnId,JoCo/1,73"),
)


def sent(afas: Afas, method: str, path: str, **headers: str) -> httpx.Response:
    named = {"Authorization": afas.authorization, **headers}
    return afas.http.request(method, f"{afas.base_url}/{path}", headers=named)


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=lambda value: value)
def test_maintenance(afas: Afas, method: str, path: str) -> None:
    afas.configure(maintenance=7_200)
    for wanted, message in (("nl-nl", MAINTENANCE.nl), ("en-us", MAINTENANCE.en)):
        answer = sent(afas, method, path, **{"Accept-Language": wanted})
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "7200"
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        assert answer.json() == {"error": {"code": "503", "message": message}, "retry_after": 7_200}
        assert "x-profit-error" not in answer.headers


def test_maintenance_ends(afas: Afas) -> None:
    for seconds in (1, 60, 0):
        afas.configure(maintenance=seconds)
        answer = afas.get(CURRENCIES)
        assert answer.headers.get("retry-after") == (str(seconds) if seconds else None)
    assert answer.status_code == 200


def test_maintenance_is_for_callers_that_may_come_in(demo: Afas, afas: Afas) -> None:
    afas.configure(maintenance=60)
    assert sent(afas, "GET", CURRENCIES, Authorization="AfasToken x").status_code == 401
    assert afas.http.options(f"{afas.base_url}/{CURRENCIES}").status_code == 200
    assert afas.control("GET").json()["maintenance"] == 60
    assert demo.get(CURRENCIES).status_code == 200, "another environment"
    afas.control("PATCH", "/app-connectors/1", {"ip_addresses": ["192.0.2.1"]})
    assert afas.get(CURRENCIES).status_code == 403


def test_the_logbook_knows_maintenance(afas: Afas) -> None:
    afas.configure(maintenance=60)
    afas.get(CURRENCIES)
    entry: dict[str, Any] = afas.control("GET", "/logbook").json()["entries"][0]
    assert (entry["status"], entry["message"], entry["number"]) == (503, MAINTENANCE.nl, None)
    assert entry["reason"]["rule"] == "maintenance"
