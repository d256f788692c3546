"""HAR: our traffic written and read again, files of other recorders, and files that are none."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mock_afas.errors import ControlError
from mock_afas.traffic import RULES, har, judge
from tests.support import Afas
from tests.test_traffic_rules import findings
from tests.traffic_cases import CASES, SUPPLIERS, Client, play

#: Members of an entry, for drawn values.
_NAMES = ("name", "value", "text", "encoding", "status", "size", "number", "rows", "faults", "whole", "outcome")
_PLACES = (
    ("startedDateTime",),
    ("time",),
    ("connection",),
    ("_mock_afas",),
    ("request",),
    ("request", "method"),
    ("request", "url"),
    ("request", "httpVersion"),
    ("request", "headers"),
    ("request", "postData"),
    ("request", "bodySize"),
    ("response",),
    ("response", "status"),
    ("response", "headers"),
    ("response", "content"),
    ("response", "content", "text"),
    ("response", "content", "size"),
)


def exported(afas: Afas) -> har.Har:
    answer = afas.control("GET", "/traffic?format=har")
    assert answer.status_code == 200, answer.text
    return har.read(answer.content)


def entry(url: str = "https://12345.rest.afas.online/ProfitRestServices/connectors/X?take=5", **members: Any) -> Any:
    """An entry as browsers write it; ``members`` replace members of the entry."""
    whole = {
        "startedDateTime": "2026-11-24T09:00:00.123Z",
        "time": 12.5,
        "request": {
            "method": "GET",
            "url": url,
            "httpVersion": "HTTP/2",
            "headers": [
                {"name": ":authority", "value": "12345.rest.afas.online"},
                {"name": "IntegrationId", "value": "1_2"},
            ],
            "queryString": [],
            "cookies": [],
            "headersSize": -1,
            "bodySize": -1,
        },
        "response": {
            "status": 200,
            "statusText": "",
            "headers": [],
            "cookies": [],
            "content": {
                "size": 43,
                "mimeType": "application/json",
                "text": '{"skip":0,"take":5,"rows":[{"A":1,"B":2}]}',
            },
        },
    }
    return {**whole, **members}


def read(*entries: Any) -> har.Har:
    return har.read(json.dumps({"log": {"version": "1.2", "entries": entries}}).encode())


# ---------------------------------------------------------------- our own


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_an_exported_recording_gives_the_same_findings(afas: Afas, rule: Any) -> None:
    play(CASES[rule.id].bad, afas)
    there = findings(afas)
    again = [finding.as_dict() for finding in judge(exported(afas).exchanges)]
    assert [(one["rule"], one["exchanges"], one["message"]) for one in again] == [
        (one["rule"], one["exchanges"], one["message"]) for one in there
    ]


def test_an_export_is_har_1_2(afas: Afas) -> None:
    client = Client(afas)
    client.read(SUPPLIERS, "take=2&orderbyfieldids=CreditorId")
    client.send("FiEntries", "é".encode())
    client.close()
    log = afas.control("GET", "/traffic?format=har").json()["log"]
    assert (log["version"], log["creator"]["name"]) == ("1.2", "mock_afas")
    for one in log["entries"]:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(one)
        names = {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"}
        assert names <= set(one["request"])
        names = {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize"}
        assert names | {"bodySize"} <= set(one["response"])
        assert one["time"] == one["timings"]["wait"]
    get, post = log["entries"]
    assert get["request"]["url"] == f"{afas.base_url}/connectors/{SUPPLIERS}?take=2&orderbyfieldids=CreditorId"
    assert {"name": "take", "value": "2"} in get["request"]["queryString"]
    assert len(json.loads(get["response"]["content"]["text"])["rows"]) == 2
    assert post["request"]["postData"] == {"mimeType": "application/json; charset=utf-8", "text": "é"}
    assert (post["response"]["status"], post["response"]["statusText"]) == (400, "Bad Request")


def test_facts_of_an_exchange_survive(afas: Afas) -> None:
    client = Client(afas)
    client.read(SUPPLIERS, "take=3")
    client.send("FiEntries", b" " * 70_000 + b"{}")
    client.close()
    got, sent = exported(afas).exchanges
    assert (got.rows, got.columns, got.token, got.outcome, got.parallel) == (3, 32, "T00001", "answered", 1)
    assert sent.request_size == 70_002
    assert sent.whole is not None
    assert sent.whole.ascii
    assert len(sent.request_body) == 64 * 1024


# ---------------------------------------------------------------- others'


def test_a_browser_s_recording_is_read() -> None:
    (exchange,), others = read(entry(), entry("https://example.com/"), entry("https://cdn.example.com/x.js"))
    assert others == 2
    assert (exchange.number, exchange.method, exchange.status) == (1, "GET", 200)
    assert (exchange.scheme, exchange.path) == ("https", "/ProfitRestServices/connectors/X")
    assert (exchange.query, exchange.rows, exchange.columns) == (b"take=5", 1, 2)
    assert (exchange.started, exchange.duration) == (1_795_510_800.123, 0.0125)
    assert dict(exchange.request_headers)[b"host"] == b"12345.rest.afas.online"
    assert judge([exchange]) == []


def test_bodies_in_base64_are_read() -> None:
    body = base64.b64encode("é".encode()).decode()
    request = {**entry()["request"], "method": "POST"}
    request["postData"] = {"mimeType": "application/json", "text": body, "encoding": "base64"}
    response = entry()["response"] | {
        "content": {"text": base64.b64encode(b'{"rows":[]}').decode(), "encoding": "base64"}
    }
    (exchange,), _ = read(entry(request=request, response=response))
    assert (exchange.request_body, exchange.rows) == ("é".encode(), 0)
    assert [finding.rule for finding in judge([exchange])] == ["body-without-charset"]


def test_calls_at_once_are_counted() -> None:
    overlapping = [entry(time=1_000.0) for _ in range(6)]
    exchanges, _ = read(*overlapping, entry(startedDateTime="2026-11-24T10:00:00Z"))
    assert [exchange.parallel for exchange in exchanges] == [1, 2, 3, 4, 5, 6, 1]
    assert [finding.rule for finding in judge(exchanges)] == ["too-many-at-once"]


def test_entries_are_numbered_as_they_stand_in_the_file() -> None:
    exchanges, _ = read(entry("https://example.com/"), entry(), entry())
    assert [exchange.number for exchange in exchanges] == [2, 3]


def test_a_call_that_was_cut_off_had_no_answer() -> None:
    (exchange,), _ = read(entry(response={"status": 0, "headers": [], "content": {"size": 0}}))
    assert (exchange.status, exchange.outcome) == (0, "dropped")


def test_a_path_before_ours_is_passed_over() -> None:
    (exchange,), _ = read(entry("https://localhost/proxy/profitrestservices/connectors/X?skip=1"))
    assert [finding.rule for finding in judge([exchange])] == ["paging-without-order"]


def test_a_byte_order_mark_is_passed_over() -> None:
    raw = b"\xef\xbb\xbf" + json.dumps({"log": {"entries": [entry()]}}).encode()
    assert len(har.read(raw).exchanges) == 1


# ---------------------------------------------------------------- none


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "is no JSON"),
        (b"PK\x03\x04", "is no JSON"),
        (b"[" * 5_000, "is no JSON"),
        (b"[]", "has no log.entries"),
        (b'{"log": []}', "has no log.entries"),
        (b'{"log": {"entries": {}}}', "has no log.entries"),
        (b'{"log": {"entries": [1]}}', "entry 1: it is no object"),
        (b'{"log": {"entries": [{}]}}', "entry 1: 'request' is no object"),
        (b'{"log": {"entries": [{"request": {}}]}}', "entry 1: 'url' is no text"),
    ],
)
def test_what_is_no_har_is_refused(raw: bytes, message: str) -> None:
    with pytest.raises(ControlError, match=message.replace(".", r"\.")) as caught:
        har.read(raw, "x.har")
    assert caught.value.message.startswith("x.har")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"startedDateTime": "yesterday"}, "entry 2: 'startedDateTime' is no time"),
        ({"startedDateTime": 5}, "'startedDateTime' is no text"),
        ({"time": "long"}, "'time' is no number"),
        ({"time": -5}, "'time' is no number"),
        ({"time": 1e300}, "'time' is no number"),
        ({"response": None}, "'response' is no object"),
        ({"response": {"status": "OK"}}, "'status' is no number"),
        ({"response": {"status": 200, "headers": {}}}, "'headers' is no list"),
        ({"response": {"status": 200, "headers": [{"name": 1}]}}, "'name' is no text"),
        ({"response": {"status": 200, "content": {"text": "é", "encoding": "base64"}}}, "is no base64"),
        ({"response": {"status": 200, "content": {"text": 5}}}, "'text' of a body is no text"),
    ],
)
def test_a_broken_entry_is_told_with_its_number(members: dict[str, Any], message: str) -> None:
    with pytest.raises(ControlError, match=message):
        read(entry(), entry(**members))


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=6),
    max_leaves=20,
)


@given(path=st.sampled_from(_PLACES), value=_JSON)
@example(path=("request", "url"), value="http://[/ProfitRestServices")
@example(path=("startedDateTime",), value="0001-01-01T00:00:00+14:00")
def test_any_member_may_be_anything(path: tuple[str, ...], value: Any) -> None:
    """It is read or refused, with the number of the entry; what is read can be judged."""
    whole = entry()
    at = whole
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    try:
        found = read(whole)
    except ControlError as error:
        assert "entry 1" in error.message  # noqa: PT017 - either way is right
    else:
        json.dumps([finding.as_dict() for finding in judge(found.exchanges)])


@pytest.mark.parametrize("own", [5, {"number": "x", "rows": None, "faults": 3, "whole": [1], "outcome": "x"}])
def test_odd_facts_of_our_own_are_passed_over(own: Any) -> None:
    (exchange,), _ = read(entry(_mock_afas=own))
    assert (exchange.number, exchange.rows, exchange.outcome) == (1, 1, "answered")


def test_too_many_entries_are_refused() -> None:
    raw = b'{"log": {"entries": [' + b"1," * har.MOST_ENTRIES + b"1]}}"
    with pytest.raises(ControlError, match="50,001 entries"):
        har.read(raw)


def test_files_are_bounded(tmp_path: Path) -> None:
    sparse = tmp_path / "large.har"
    with sparse.open("wb") as file:
        file.truncate(har.MOST_BYTES + 1)
    with pytest.raises(ControlError, match="is too large"):
        har.read_file(sparse)


@pytest.mark.parametrize("path", ["/dev/zero", "/", "/nowhere/x.har"])
def test_what_is_no_file_is_refused(path: str) -> None:
    with pytest.raises(ControlError):
        har.read_file(Path(path))
