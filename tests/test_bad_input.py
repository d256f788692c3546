"""Whatever comes in: Profit answers in its own shape, no Python error shows, and nothing in the environment changes."""

from __future__ import annotations

import http.client
import json
import logging
import os
import random
import socket
from collections.abc import Iterator
from itertools import product
from typing import Any
from urllib.parse import quote, quote_from_bytes, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mock_afas import connectors
from tests.support import Afas

CURRENCIES = "connectors/Zenvoices_Currencies"
#: How often the generators run; `make thorough` runs them ten times as often.
TIMES = 10 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 1
#: Small connectors of every data type, so that thousands of answers are quick to read.
READ = ("Zenvoices_Currencies", "Zenvoices_TaxCodes", "Zenvoices_Projects", "Zenvoices_Commitments", "Profit_Creditor")
WATCHED = ("currencies", "tax_codes", "suppliers", "organisations", "commitments", "entries", "invoices", "subjects")


class Connection:
    """A keep-alive connection that asks for anything, also for what an HTTP client would not let through."""

    def __init__(self, afas: Afas) -> None:
        address = urlsplit(afas.base_url)
        self._socket = socket.create_connection((address.hostname, address.port), timeout=60)
        self.authorization = afas.authorization

    def ask(self, method: str, target: str, body: bytes | None = None) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers of the answer; ``target`` is what follows ``/ProfitRestServices/``, as it is."""
        lines = [f"{method} /ProfitRestServices/{target} HTTP/1.1", f"Authorization: {self.authorization}"]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        self._socket.sendall("\r\n".join((*lines, "", "")).encode() + (body or b""))
        answer = http.client.HTTPResponse(self._socket, method=method)
        answer.begin()
        return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}

    def close(self) -> None:
        self._socket.close()


def assert_of_profit(status: int, body: bytes, headers: dict[str, str]) -> None:
    """One of the answers that Profit gives: rows, its one shape of an error, or a bare status."""
    if status == 500:
        error = json.loads(body)
        assert list(error) == ["externalMessage", "errorNumber", "profitLogReference"]
        assert error["errorNumber"] in (-2147180999, -2147180996, -2147220469)
    elif status == 200:
        assert json.loads(body) if headers["content-type"] == "application/json; charset=utf-8" else body == b""
    elif status == 400 and body:
        assert json.loads(body) == {"message": "Invalid json"}
    else:
        assert status in (400, 401, 404, 405, 413), status
        assert (body, headers["content-type"]) == (b"", "application/xml; charset=utf-8")


@pytest.fixture(autouse=True)
def no_python_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fails a test during which the server noted an error of its own, or one escaped to uvicorn."""
    with caplog.at_level(logging.ERROR):
        yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def state(afas: Afas) -> dict[str, Any]:
    """What must not change: configuration, access and rows."""
    paths = ("", "/users", "/app-connectors", *(f"/data/{entity}" for entity in WATCHED))
    return {path: afas.control("GET", path).json() for path in paths}


@pytest.fixture
def unchanged(afas: Afas) -> Iterator[Afas]:
    """An environment that must be the same after the test."""
    before = state(afas)
    yield afas
    assert state(afas) == before
    assert "internal error" not in json.dumps(afas.control("GET", "/logbook").json())


@pytest.fixture
def connection(unchanged: Afas) -> Iterator[Connection]:
    """A connection to an environment that must be the same after the test."""
    opened = Connection(unchanged)
    yield opened
    opened.close()


# ---------------------------------------------------------------- every parameter, every way

PARAMETERS = (
    "skip", "take", "filterfieldids", "filtervalues", "operatortypes", "filterjson", "orderbyfieldids", "nonsense",
)  # fmt: skip
GOOD = {
    "skip": "0",
    "take": "5",
    "filterfieldids": "CurrencyId",
    "filtervalues": "EUR",
    "operatortypes": "1",
    "filterjson": json.dumps(
        {"Filters": {"Filter": [{"Field": [{"@FieldId": "CurrencyId", "@OperatorType": 1, "#text": "EUR"}]}]}}
    ),
    "orderbyfieldids": "CurrencyId",
    "nonsense": "1",
}
BAD: dict[str, str] = {
    "empty": "",
    "space": "%20",
    "huge": "9" * 1_500,
    "huge text": quote("ß" * 300),
    "not UTF-8": "%FF%FE%C3",
    "NUL": "%00",
    "half a character": "%ED%A0%80",
    "percent": "%",
    "percent garbage": "%zz%1",
    "emoji": quote("💶"),
    "separators": ",,;;,",
    "minus": "-",
    "negative": "-5",
    "float": "1.5",
    "exponent": "1e5",
    "infinity": "inf",
    "NaN": "NaN",
    "Arabic digits": quote("١٢"),
    "superscript": quote("²"),
    "underscored": "1_0",
    "64 bits": str(2**63),
    "boolean": "true",
    "null": "null",
    "list": "[]",
    "object": "{}",
    "quote": "'",
    "SQL": quote("1;DROP TABLE currencies--'\")"),
    "wildcards": "%25_%25",
    "brackets": "[a-z]",
    "lines": "%0D%0A%0D%0A",
    "path": "../../etc/passwd",
    "template": "{field}{0}%s",
}


def written(parameters: dict[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in parameters.items())


def of_a_page(name: str) -> dict[str, str]:
    """Good parameters in which the one called ``name`` counts."""
    other = ["filterfieldids", "filtervalues", "operatortypes"] if name == "filterjson" else ["filterjson"]
    return {key: quote(value) for key, value in GOOD.items() if key not in other}


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_with_every_bad_value(connection: Connection, name: str) -> None:
    for value in BAD.values():
        for parameters in (of_a_page(name) | {name: value}, {name: value}):
            assert_of_profit(*connection.ask("GET", f"{CURRENCIES}?{written(parameters)}"))


@pytest.mark.parametrize("path", ["metainfo", "metainfo/get/Zenvoices_Currencies", "profitversion"])
def test_parameters_do_not_matter_elsewhere(connection: Connection, path: str) -> None:
    plain = connection.ask("GET", path)[:2]
    for name, value in product(PARAMETERS, BAD.values()):
        assert connection.ask("GET", f"{path}?{name}={value}")[:2] == plain


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_that_is_missing_repeated_or_in_another_case(connection: Connection, name: str) -> None:
    good = of_a_page(name)
    query = written(good)
    status, body, _ = connection.ask("GET", f"{CURRENCIES}?{query}")
    assert status == 200
    for same in (f"{query}&{name}=1,2", f"{query}&{name}", query.replace(f"{name}=", f"{name.upper()}=")):
        assert connection.ask("GET", f"{CURRENCIES}?{same}")[:2] == (200, body), "the first of a parameter counts"
    missing = written({key: value for key, value in good.items() if key != name})
    status, body, headers = connection.ask("GET", f"{CURRENCIES}?{missing}")
    assert_of_profit(status, body, headers)
    assert status == (500 if name in ("filterfieldids", "operatortypes") else 200), "a list that is missing is one ''"


@pytest.mark.parametrize("kind", ["string", "int", "boolean", "date", "decimal"])
def test_every_operator_with_every_bad_value(connection: Connection, kind: str) -> None:
    connector, field = next(
        (name, field.id)
        for name in READ
        for field in connectors.get_connectors()[name.lower()].fields
        if field.data_type == kind
    )
    for operator, value in product(range(17), BAD.values()):
        query = f"filterfieldids={field}&filtervalues={value}&operatortypes={operator}&take=2"
        assert_of_profit(*connection.ask("GET", f"connectors/{connector}?{query}"))


FILTER_JSON: tuple[Any, ...] = (
    None, [], {}, "", 0, {"Filters": None}, {"Filters": []}, {"Filters": {"Filter": None}}, {"Filters": {"Filter": []}},
    {"Filters": {"Filter": [None]}}, {"Filters": {"Filter": [[]]}}, {"Filters": {"Filter": {"Field": None}}},
    {"Filters": {"Filter": {"Field": {}}}}, {"Filters": {"Filter": {"Field": {"@FieldId": "CurrencyId"}}}},
    {"Filters": {"Filter": {"Field": {"@FieldId": None, "@OperatorType": None, "#text": None}}}},
    {"Filters": {"Filter": {"Field": {"@FieldId": {}, "@OperatorType": [], "#text": {"a": [1]}}}}},
    {"Filters": {"Filter": {"Field": {"@FieldId": "CurrencyId", "@OperatorType": 1e300, "#text": 1e300}}}},
    {"Filters": {"Filter": {"Field": {"@FieldId": "Exchange_Rate", "@OperatorType": 1, "#text": 10**50}}}},
    {"Filters": {"Filter": {"Field": {"@FieldId": "CurrencyId", "@OperatorType": "1", "#text": "\0\uffff"}}}},
)  # fmt: skip


def test_filterjson_of_every_form(connection: Connection) -> None:
    for document in FILTER_JSON:
        written = json.dumps(document)
        for text in (written, written[:-1], json.dumps([document]), written * 2):
            assert_of_profit(*connection.ask("GET", f"{CURRENCIES}?filterjson={quote(text)}"))


def test_deep_and_wide_filters(connection: Connection) -> None:
    lists = "&".join(
        f"{name}={';'.join([value] * 125)}"
        for name, value in (("filterfieldids", "Decimals"), ("filtervalues", "1"), ("operatortypes", "1"))
    )
    for text in (
        f"filterjson={'[' * 2_000}",
        f"filterjson={quote('{' * 600)}",
        lists,
        lists.replace("Decimals", "Nergens"),
    ):
        assert_of_profit(*connection.ask("GET", f"{CURRENCIES}?{text}"))


# ---------------------------------------------------------------- random query strings


FIELDS = tuple(field.id for name in READ for field in connectors.get_connectors()[name.lower()].fields)


def _word(chance: random.Random) -> str:
    """A name or value near the real ones."""
    return chance.choice(
        (
            chance.choice(FIELDS),
            f"-{chance.choice(FIELDS)}",
            str(chance.randrange(-3, 20)),
            str(chance.randrange(-(10**12), 10**12)),
            chance.choice(("EUR", "1", "true", "2024-01-01", "2024-01-01T00:00:00Z", "%25a%25", "a..b", "..", "1.50")),
            chance.choice(tuple(BAD.values()))[:200],
            quote_from_bytes(chance.randbytes(chance.randrange(8))),
        )
    )


def _listed(chance: random.Random, length: int) -> str:
    words = [_word(chance) for _ in range(length)]
    return "".join(word + chance.choice((",", ";")) for word in words)[:-1] if words else ""


def _mutated(chance: random.Random, query: str) -> str:
    """A query string with something cut out, put in, doubled or replaced."""
    start = chance.randrange(len(query) + 1)
    stop = min(len(query), start + chance.randrange(6))
    inserted = chance.choice(("", "%", "&", "=", "&&", "%00", "%C3", ";", ",", "+", "?", query[start:stop] * 2))
    return query[:start] + inserted + query[stop:]


def random_query(chance: random.Random) -> str:
    length = chance.randrange(4)
    lengths = [length, length, length if chance.random() < 0.8 else chance.randrange(4)]
    operators = ",".join(str(chance.randrange(1, 16)) for _ in range(lengths[2]))
    parameters = {
        "filterfieldids": _listed(chance, lengths[0]),
        "filtervalues": _listed(chance, lengths[1]),
        "operatortypes": operators if chance.random() < 0.8 else _listed(chance, lengths[2]),
        "orderbyfieldids": _listed(chance, chance.randrange(3)),
        "skip": _word(chance),
        "take": _word(chance),
        "filterjson": quote(GOOD["filterjson"]) if chance.random() < 0.1 else "",
    }
    kept = [f"{name}={value}" for name, value in parameters.items() if chance.random() < 0.6]
    chance.shuffle(kept)
    query = "&".join(kept)
    return _mutated(chance, query) if chance.random() < 0.5 else query


@pytest.mark.parametrize("seed", range(10))
def test_random_query_strings(connection: Connection, seed: int) -> None:
    chance = random.Random(seed)
    statuses = []
    for _ in range(1_000 * TIMES):
        status, body, headers = connection.ask("GET", f"connectors/{chance.choice(READ)}?{random_query(chance)}")
        assert_of_profit(status, body, headers)
        if status == 200:
            assert list(json.loads(body)) == ["skip", "take", "rows"]
        statuses.append(status)
    assert statuses.count(200) > 50 * TIMES, "too much noise to reach what lies behind the first check"
    assert statuses.count(500) > 50 * TIMES


WRITTEN = st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass"))


@given(parameter=st.sampled_from(PARAMETERS), value=WRITTEN | st.binary(max_size=60))
@example(parameter="take", value=b"\xd9\xa3")
@example(parameter="filterjson", value=b"\xef\xbb\xbf{}")
def test_any_value_of_any_parameter(connection: Connection, parameter: str, value: bytes) -> None:
    query = written(of_a_page(parameter) | {parameter: quote_from_bytes(value)})
    assert_of_profit(*connection.ask("GET", f"{CURRENCIES}?{query}"))


# ---------------------------------------------------------------- random paths and methods

METHODS = (
    "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "LOCK", "SEARCH", "MERGE", "LINK",
)  # fmt: skip
SEGMENTS = (
    "connectors", "CONNECTORS", "metainfo", "get", "update", "profitversion", "Zenvoices_Currencies", "FiEntries",
    "FiEntryPar", "@EnNo", "UnId,JoCo", "1,73", "", ".", "..", "%2e%2e", "%2F", "%", "%zz", "%00", "%FF",
    "%F0%9F%92%B6", "_mock", "environments", "~", "*", "'", "\\", "|", "<x>", "subjectconnector", "fileconnector",
    "x" * 2_000,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(2))
def test_random_paths_and_methods(connection: Connection, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(750 * TIMES):
        path = "/".join(chance.choice(SEGMENTS) for _ in range(chance.randrange(6)))
        query = chance.choice(("", "", "?", f"?{random_query(chance)}"))
        method = chance.choice(METHODS)
        body = chance.randbytes(chance.randrange(200)) if chance.random() < 0.3 else None
        status, answer, headers = connection.ask(method, path + query, body)
        if method == "HEAD":
            assert answer == b""
        else:
            assert_of_profit(status, answer, headers)


def test_the_same_without_a_token(connection: Connection) -> None:
    connection.authorization = ""
    chance = random.Random(1)
    for _ in range(200):
        path = "/".join(chance.choice(SEGMENTS) for _ in range(chance.randrange(5)))
        method = chance.choice(METHODS)
        expected = 200 if method == "OPTIONS" else 401
        assert connection.ask(method, path)[:2] == (expected, b"")
