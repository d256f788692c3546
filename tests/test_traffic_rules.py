"""Each traffic rule finds what it is for, and nothing in the nearest calls that are right."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from mock_afas.traffic import RULES, Exchange, Recording, Rule, judge
from tests import bodies
from tests.support import Afas
from tests.traffic_cases import CASES, INVOICES, JSON, ORDERED, SUPPLIERS, Client, Play, play


def findings(afas: Afas) -> list[dict[str, Any]]:
    answer = afas.control("GET", "/findings")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["findings"]
    return found


def rules_broken(afas: Afas) -> list[str]:
    return [finding["rule"] for finding in findings(afas)]


def fault(client: Client, kind: str, *, phase: str = "after", **options: Any) -> None:
    """Lets the next write go wrong."""
    match = {"connector": "FiEntries", "times": 1}
    answer = client.afas.control(
        "POST", "/faults", {"match": match, "phase": phase, "effect": {"kind": kind, **options}}
    )
    assert answer.status_code == 201, answer.text


def test_every_rule_has_a_good_and_a_bad_sequence() -> None:
    assert list(CASES) == [rule.id for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_what_breaks_a_rule_is_found(afas: Afas, rule: Rule) -> None:
    play(CASES[rule.id].bad, afas)
    recorded = {one["number"] for one in afas.control("GET", "/traffic").json()["exchanges"]}
    (found,) = (one for one in findings(afas) if one["rule"] == rule.id)
    assert set(found["exchanges"]) <= recorded
    assert found["count"] == len(found["exchanges"]) == len(found["calls"]) > 0
    assert (found["severity"], found["evidence"], found["advice"]) == (rule.severity, rule.evidence, rule.advice)
    assert found["message"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_nearest_that_is_right_gives_no_finding(afas: Afas, rule: Rule) -> None:
    play(CASES[rule.id].good, afas)
    assert afas.control("GET", "/traffic").json()["exchanges"]
    assert findings(afas) == []


# ---------------------------------------------------------------- outcomes


def _again(client: Client, kind: str, *, look: str = "", phase: str = "after", **options: Any) -> None:
    """A write on which a fault fires, a look at something, and the same write again."""
    fault(client, kind, phase=phase, **options)
    for attempt in range(2):
        with contextlib.suppress(httpx.TransportError):
            client.send("FiEntries", bodies.purchase("U-1"))
        if look and not attempt:
            client.read(look, LOOKS[look])


#: What shows whether the invoice is there, and what does not.
LOOKS = {
    "Zenvoices_Currencies": "",
    INVOICES: "filterfieldids=InvoiceNr&filtervalues=U-1&operatortypes=1",
    "Profit_Transactions": "filterfieldids=InvoiceId&filtervalues=U-1&operatortypes=1",
}
UNKNOWN: dict[str, dict[str, Any]] = {
    "dropped": {"kind": "drop"},
    "reset": {"kind": "drop", "reset": True},
    "dropped before the commit": {"kind": "drop", "phase": "before"},
    "truncated": {"kind": "truncate"},
    "bad gateway": {"kind": "status", "status": 502},
    "bare 500": {"kind": "status", "status": 500},
    "garbage": {"kind": "garbage"},
    "timeout": {"kind": "error", "key": "timeout"},
    "command timeout": {"kind": "error", "key": "command_timeout"},
}


@pytest.mark.parametrize("effect", UNKNOWN.values(), ids=UNKNOWN)
@pytest.mark.parametrize(
    ("look", "blind"),
    [("", True), ("Zenvoices_Currencies", True), (INVOICES, False), ("Profit_Transactions", False)],
)
def test_a_write_of_unknown_outcome_is_looked_for_first(
    afas: Afas, effect: dict[str, Any], look: str, blind: bool
) -> None:
    play(lambda client: _again(client, look=look, **effect), afas)
    assert rules_broken(afas) == (["blind-retry-of-write"] if blind else [])


def test_a_connector_that_is_not_ours_may_show_what_was_written() -> None:
    """Nobody knows what a definition of somebody else reads; the client is believed."""
    path = "/ProfitRestServices/connectors/"
    write = {"method": "POST", "path": f"{path}FiEntries", "request_body": b"{}", "request_size": 2}
    first = _exchange(1, 0.0, **write, status=0, outcome="dropped")
    again = _exchange(3, 2.0, **write)
    assert [one.rule for one in judge([first, again])] == ["blind-retry-of-write"]
    for name, looked in (("Eigen_Facturen", True), ("Zenvoices_Currencies", False)):
        found = judge([first, _exchange(2, 1.0, path=path + name), again])
        assert [one.rule for one in found] == ([] if looked else ["blind-retry-of-write"])


def test_what_passes_by_itself_may_be_sent_again(afas: Afas) -> None:
    play(lambda client: _again(client, "locked", phase="before"), afas)
    assert rules_broken(afas) == []


def test_another_invoice_with_the_same_number_in_another_body_is_the_same_document(afas: Afas) -> None:
    def sequence(client: Client) -> None:
        fault(client, "status", status=502)
        client.send("FiEntries", bodies.purchase("D-1"))
        client.send("FiEntries", bodies.purchase("D-1", De="second attempt"))

    play(sequence, afas)
    assert rules_broken(afas) == ["blind-retry-of-write"]


def test_another_document_is_no_retry(afas: Afas) -> None:
    def sequence(client: Client) -> None:
        fault(client, "status", status=502)
        client.send("FiEntries", bodies.purchase("D-1"))
        client.send("FiEntries", bodies.purchase("D-2"))

    play(sequence, afas)
    assert rules_broken(afas) == []


# ---------------------------------------------------------------- more of what breaks rules, and of what does not


def _reads(*queries: str, connector: str = SUPPLIERS, **headers: str) -> Play:
    return lambda client: [client.read(connector, query, **headers) for query in queries]


def _filter(field: str, value: str, operator: int) -> str:
    return f"filterfieldids={field}&filtervalues={value}&operatortypes={operator}"


def _with_token(place: str) -> Play:
    def sequence(client: Client) -> None:
        digits = client.afas.token.partition("<data>")[2].partition("<")[0]
        encoded = client.afas.authorization.removeprefix("AfasToken ")
        match place:
            case "query":
                client.read(SUPPLIERS, f"x={digits}")
            case "header":
                client.read(SUPPLIERS, X_Auth=encoded)
            case "named header":
                client.read(SUPPLIERS, AfasToken="anything")
            case "body":
                client.send("FiEntries", {"token": client.afas.token})
            case "base64 body":
                client.send("FiEntries", {"x": encoded})
            case "path":
                client.read(f"Nergens/{digits}")

    return sequence


def _new_connections(client: Client) -> None:
    for _ in range(11):
        other = Client(client.afas)
        other.read("Zenvoices_Currencies")
        other.close()


def _json_filter(operator: str, value: str) -> str:
    fields = [{"@FieldId": "ModifiedDate", "@OperatorType": operator, "#text": value}]
    return "filterjson=" + quote(json.dumps({"Filters": {"Filter": [{"@FilterId": "1", "Field": fields}]}}))


MORE: dict[str, tuple[list[str], Play]] = {
    "one page further without an order": (["paging-without-order"], _reads("skip=10&take=10")),
    "the first page only": ([], _reads("skip=0&take=10")),
    "an order on every page but one": (
        ["paging-without-order"],
        _reads(f"take=50&{ORDERED}", "skip=50&take=50"),
    ),
    "pages of different filters": ([], _reads(_filter("City", "Ede", 1), _filter("City", "Goes", 1))),
    "skip=-1 with a take": (["all-rows-at-once"], _reads("skip=-1&take=10", connector="Zenvoices_Currencies")),
    "a zone in filterjson": (["filter-value-with-z"], _reads(_json_filter("2", "2026-01-01T00:00:00Z"))),
    "an offset": (["filter-value-with-z"], _reads(_filter("ModifiedDate", "2026-01-01T00:00:00%2B01:00", 2))),
    "a range that ends in Z": (["filter-value-with-z"], _reads(_filter("ModifiedDate", "2026-01-01..2026-02-01Z", 15))),
    "an exact time in filterjson": (["exact-match-on-time"], _reads(_json_filter("1", "2026-01-01T10:00:00"))),
    "midnight of a field that holds times": (
        ["exact-match-on-time"],
        _reads("take=1", _filter("ModifiedDate", "2026-01-01", 1)),
    ),
    "a date of a field that holds dates": (
        [],
        _reads("take=1", _filter("BookPieceDate", "2026-01-01T00:00:00", 1), connector=INVOICES),
    ),
    "a whole table and a part of it": ([], _reads("take=1000", "take=50")),
    "a whole table with another filter": ([], _reads("take=1000", f"take=1000&{_filter('City', 'Ede', 1)}")),
    "a whole table three times": (["whole-table-again"], _reads("take=1000", "take=1000", "take=1000")),
    "loops over two filters": (
        ["one-call-for-each-value"],
        _reads(
            *(f"filterfieldids=City,Country&filtervalues=Ede{n},NL&operatortypes=1,1" for n in range(10)),
        ),
    ),
    "polling for changes": ([], _reads(*(_filter("ModifiedDate", f"2026-01-01T10:00:{n}", 2) for n in range(10, 22)))),
    "unsupported metainfo": (
        ["unsupported-connector-again"],
        lambda client: [client.get("metainfo/get/X") for _ in range(3)],
    ),
    "three unsupported connectors": ([], lambda client: [client.read(f"Nergens{n}") for n in range(3)]),
    "a connection for each call": (["connection-for-each-call"], _new_connections),
    "ipv6 and names of this machine": (
        [],
        lambda client: [
            client.read(SUPPLIERS, "take=1", Host=host) for host in ("[::1]:80", "a.localhost", "127.0.0.2")
        ],
    ),
    "plain HTTP to an address": (["plain-http"], _reads("take=1", Host="192.0.2.7:8080")),
    "an empty IntegrationId": (["missing-integration-id"], _reads("take=1", IntegrationId="")),
    "latin-1": (
        ["body-without-charset"],
        lambda client: client.send("FiEntries", "é".encode("latin-1"), content_type="application/json"),
    ),
    "another charset": (
        ["body-without-charset"],
        lambda client: client.send("FiEntries", "é".encode(), content_type="text/plain; charset=latin1"),
    ),
    "a charset in quotes": (
        [],
        lambda client: client.send("FiEntries", "é".encode(), content_type='application/json;charset="UTF-8"'),
    ),
    "an accent beyond what is recorded": (
        ["body-without-charset"],
        lambda client: client.send("FiEntries", b" " * 70_000 + "é".encode(), content_type="application/json"),
    ),
    "no JSON, twice": (["validation-error-again"], lambda client: [client.send("FiEntries", b"{") for _ in range(2)]),
    "lines under another name of the connector": (
        ["too-many-lines"],
        lambda client: client.send("FiEntriesCustom", bodies.entry(*[bodies.line("1", "4510")] * 1_001, journal="80")),
    ),
    "a PUT again is harmless": (
        [],
        lambda client: [client.send("FiInvoice", {"FiInvoice": {"Element": {}}}, "PUT", JSON)],
    ),
    **{
        f"a token in the {place}": (["token-outside-header"], _with_token(place))
        for place in ("query", "header", "named header", "body", "base64 body", "path")
    },
}


@pytest.mark.parametrize(("expected", "sequence"), MORE.values(), ids=MORE)
def test_more_sequences(afas: Afas, expected: list[str], sequence: Play) -> None:
    play(sequence, afas)
    assert rules_broken(afas) == expected


@pytest.mark.parametrize("place", ["query", "header", "body", "base64 body", "path"])
def test_a_finding_does_not_repeat_the_token(afas: Afas, place: str) -> None:
    play(_with_token(place), afas)
    digits = afas.token.partition("<data>")[2].partition("<")[0]
    encoded = afas.authorization.removeprefix("AfasToken ")
    for path in (
        "/findings",
        "/findings?format=text",
        "/findings?format=sarif",
        "/findings?format=junit",
        "/traffic",
        "/traffic?format=har",
    ):
        answer = afas.control("GET", path)
        assert answer.status_code == 200
        assert digits not in answer.text
        assert encoded not in answer.text


# ---------------------------------------------------------------- settings and bounds


@pytest.mark.parametrize(
    ("setting", "calls", "found"),
    [("5", 6, True), ("8", 8, False), ("8", 9, True), ("unlimited", 8, False), ("unlimited", 9, True)],
)
def test_how_many_calls_may_run_at_once_is_a_setting(afas: Afas, setting: str, calls: int, found: bool) -> None:
    afas.configure(dialect={"parallel_calls": setting})

    def sequence(client: Client) -> None:
        with client.occupying(calls):
            pass

    play(sequence, afas)
    assert rules_broken(afas) == (["too-many-at-once"] if found else [])


def test_traffic_of_one_environment_is_not_judged_in_another(demo: Afas, afas: Afas) -> None:
    before = findings(demo)
    play(CASES["all-rows-at-once"].bad, afas)
    assert rules_broken(afas) == ["all-rows-at-once"]
    assert findings(demo) == before


def _exchange(number: int, started: float, **facts: Any) -> Exchange:
    headers = [(b"host", b"localhost"), (b"integrationid", b"1_2"), (b"authorization", b"AfasToken x")]
    path = "/ProfitRestServices/connectors/Zenvoices_Suppliers"
    made = Exchange(number, started, 0.01, "GET", path, b"", headers, b"", 0, 200, b"", 0, 1, "", "T1")
    return made._replace(**facts)


def test_at_most_100_exchanges_are_named() -> None:
    recorded = [_exchange(at, at, query=b"skip=1&take=1") for at in range(1, 200)]
    (found,) = judge(recorded)
    assert found.rule == "paging-without-order"
    assert (len(found.exchanges), found.count) == (100, 199)


def test_exchanges_are_judged_in_the_order_they_began() -> None:
    """A long call ends, and gets its number, after one that began later."""
    refused = b'{"error":{"code":"503"},"retry_after":60}'
    long = _exchange(2, 1_000.0, duration=5.0, status=503, response_body=refused, response_size=len(refused))
    assert judge([_exchange(1, 1_001.0), long]) == []
    assert [one.rule for one in judge([_exchange(1, 1_006.0), long])] == ["before-retry-after"]


@pytest.mark.parametrize(("later", "found"), [(30, True), (70, False)])
def test_a_refusal_is_not_remembered_for_long(later: float, found: bool) -> None:
    """After a minute it is a person who tries again, perhaps because an administrator mended something."""
    again = judge([_exchange(1, 0.0, status=401), _exchange(2, later, status=401)])
    assert [one.rule for one in again] == (["unauthorized-again"] if found else [])


def _seconds_to_judge(size: int) -> float:
    """What it costs the processor to judge so many exchanges that rules on repetition and paging look at."""
    body = json.dumps({"skip": 0, "take": 100, "rows": [{"ModifiedDate": "2026-01-01T10:00:00Z"}] * 100}).encode()
    facts = {"response_body": body, "response_size": len(body), "rows": 100, "columns": 1}
    recorded = [
        _exchange(
            at, at, query=f"skip={at}&take=100&filterfieldids=A&filtervalues={at}&operatortypes=1".encode(), **facts
        )
        for at in range(size)
    ]
    began = time.thread_time()
    judge(recorded)
    return time.thread_time() - began


def test_a_full_record_is_judged_soon() -> None:
    """Four times the record takes about four times as long; comparing each with each would take sixteen times."""
    quarter = min(_seconds_to_judge(2_500) for _ in range(2))
    assert _seconds_to_judge(10_000) < 10 * quarter


HOSTILE: dict[str, dict[str, Any]] = {
    "not UTF-8": {"query": b"\xff\xfe=%ff&filterjson=%7b", "path": "/ProfitRestServices/connectors/\udcff"},
    "no path": {"path": ""},
    "a deep body": {"method": "POST", "request_body": b"[" * 900 + b"]" * 900, "request_size": 1_800},
    "deep filters": {"query": b"filterjson=" + b'{"Filters":' * 200 + b"1" + b"}" * 200},
    "odd filters": {"query": b'filterjson={"Field":[1,"x",{"@FieldId":[],"@OperatorType":{},"#text":null}]}'},
    "odd numbers": {"query": b"skip=9999999999999999999&take=-9999999999999999"},
    "odd answers": {"response_body": b'{"errorNumber":"x","externalMessage":5,"retry_after":[]}', "response_size": 50},
    "an answer that is a list": {"response_body": b"[]", "response_size": 2, "status": 503},
    "odd headers": {"request_headers": [(b"content-length", b"9" * 30), (b"host", b"[")], "status": 0},
}


@pytest.mark.parametrize("facts", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_rule_stumbles_over_odd_traffic(rule: Rule, facts: dict[str, Any]) -> None:
    recorded = [_exchange(at, at, **facts) for at in range(3)]
    for finding in rule.findings(Recording(recorded)):
        json.dumps(finding.as_dict())


def test_rules_are_told_apart() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    checks: list[Callable[..., Any]] = [rule.check for rule in RULES]
    assert all(check.__doc__ for check in checks)
    assert len(set(checks)) == len(RULES)
