"""Ten thousand bodies that no client means to send: no trace, no half-written booking, Profit's answers only.

The bodies are made by chance from a fixed seed, so that each run sends the same ones. What was accepted is sent again,
alone, to another copy of the books: both must end the same, so nothing that was refused left anything behind.
"""

from __future__ import annotations

import copy
import http.client
import json
import logging
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests import bodies, ledger_bodies
from tests.support import Afas, fork

SEED = 20_261_124
BODIES = 10_000
UNEXPECTED = -2147180999
CUSTOM = "U" + "0123456789ABCDEF" * 2
MEGABYTE = 2**20


class Call(NamedTuple):
    """One call of an UpdateConnector."""

    method: str
    path: str
    body: bytes


class Answer(NamedTuple):
    status: int
    body: bytes


class Template(NamedTuple):
    """A call that is accepted as it stands; ``number`` puts a new number into its body."""

    method: str
    path: str
    body: Callable[[int], Any]


# ---------------------------------------------------------------- what is accepted


def _element(root: str, fields: Any, objects: Any = None, **keys: Any) -> Any:
    parts = {} if objects is None else {"Objects": objects}
    return {root: {"Element": {**keys, "Fields": fields, **parts}}}


def _person(number: int) -> Any:
    person = {"Element": {"Fields": {"MatchPer": "7", "AutoNum": True, "LaNm": f"Vries {number}", CUSTOM: "x"}}}
    contact = {"Element": {"Fields": {"ViKc": "PRS"}, "Objects": {"KnPerson": person}}}
    account = {"Element": [{"Fields": {"CoId": "NL", "IbCk": True, "Iban": "NL91ABNA0417164300", CUSTOM: None}}]}
    del account["Element"][0]["Fields"][CUSTOM]
    return {"KnContact": contact, "KnBankAccount": account}


def _customer(number: int) -> Any:
    organisation = {"PadAdr": True, "AutoNum": True, "MatchOga": 6, "Nm": f"Klant {number}", CUSTOM: 1.5}
    below = {"KnOrganisation": {"Element": {"Fields": organisation, "Objects": _person(number)}}}
    return _element("KnSalesRelationOrg", {"CuId": "EUR", "IsDb": True, "PaCd": "14", CUSTOM: True}, below)


def _bank(_: int) -> Any:
    account = {"CoId": "NL", "IbCk": True, "BaAc": "849835607", "BkTp": "528001", "AcGa": True, "BaNm": "ING"}
    below = {"KnBankAccount": {"Element": {"Fields": account}}}
    organisation = {"Element": {"Fields": {"MatchOga": "0", "BcCo": "1000040"}, "Objects": below}}
    return {"KnPurchaseRelationOrg": {"Element": {"@CrId": "50017", "Objects": {"KnOrganisation": organisation}}}}


def _blocked(_: int) -> Any:
    organisation = {"Element": {"Fields": {"MatchOga": "0", "BcCo": "1000241"}}}
    return _element("KnSalesRelationOrg", {"Bl": False}, {"KnOrganisation": organisation}, **{"@DbId": "10100"})


def _invoice(number: int) -> Any:
    fields = {"UnId": "1", "VaAd": "3", "DcNr": "50022", "InId": "INK00200", "BlPa": number % 2, "PaCd": "30"}
    return _element("FiInvoice", fields)


def _note(number: int) -> Any:
    fields = {"StId": "4", "Ds": f"Notitie {number}", "SbTx": "é" * 50, "DtFr": "2024-01-15T10:00:00Z"}
    return _element("KnSubject", fields)


def _renamed(body: Any, number: int) -> Any:
    """The entry with other invoice numbers, so that it can be booked again."""
    head = body["FiEntryPar"]["Element"]
    if head["Fields"]["JoCo"] in {"10", "20"}:
        for line in head["Objects"]["FiEntries"]["Element"]:
            if "InId" in line["Fields"]:
                line["Fields"]["InId"] = f"Z{number}"
    return body


def _entry(name: str) -> Callable[[int], Any]:
    return lambda number: _renamed(copy.deepcopy(ledger_bodies.ACCEPTED[name]), number)


TEMPLATES = (
    *(Template("POST", "FiEntries", _entry(name)) for name in ledger_bodies.ACCEPTED),
    Template("POST", "FiEntries", lambda number: bodies.purchase(f"P{number}")),
    Template("POST", "FiEntries", lambda number: _renamed(ledger_bodies.sale(), number)),
    Template("PUT", "FiInvoice", _invoice),
    Template("POST", "KnPurchaseRelationOrg", lambda number: bodies.supplier(f"Leverancier {number}")),
    Template("PUT", "KnPurchaseRelationOrg", _bank),
    Template("POST", "KnSalesRelationOrg", _customer),
    Template("PUT", "KnSalesRelationOrg", _blocked),
    Template("POST", "KnSubject", lambda _: bodies.dossier_item()),
    Template("POST", "KnSubject", _note),
)


# ---------------------------------------------------------------- what chance makes of it

#: JSON that Python cannot write: it stands in a body as a string, and loses its quotes at the end.
RAW = re.compile(r'"@raw ([^"]*)@"')
_TOKENS = ("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e-400", "0x10", "01", "1.", "+1", "tru", "'a'", "")
_STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, -(2**31) - 1, 2**63, 2**64, 10**30, 10**400, 1e308, 5e-324, -0.0, 0.1, 1e20,
    "", " ", "0", "-1", "1e5", "1,5", "NaN", "inf", "1_000", "٣", "0x1", "true", "JA", "a", "\0", "x\0y", "'; --", "%",
    "\ud800", "\udfffx", "\u202e", "😀", "\ufeff", "2024-02-30", "2024-01-15", "0000-00-00", "9999-12-31", "10000-01-1",
    "2024-01-15T25:00:00", "20240115", "a" * 300, "9" * 400, [], {}, [[]], [{}], {"": ""}, [None], {"Element": {}},
    {"Element": []}, {"Fields": {}}, {"Element": [None]}, ["1"], {"#text": "1"}, "insert", "update", "delete",
)  # fmt: skip
_NAMES = (
    "", "@", "@@", "Element", "Fields", "Objects", "@Action", "action", "Action", "FiEntries", "KnPerson", "KnS04",
    "id", "InId", "inid", "EnNo", "UnId", "SbId", "CrId", "DbId", "BcCo", "MatchOga", "CmNo", "__proto__", "\0",
    "\ud800", "x" * 5_000, "é" * MEGABYTE, CUSTOM, CUSTOM.lower(), "U123",
)  # fmt: skip
_ROOTS = ("", "FiEntryPar", "FiInvoice", "KnSubject", "KnPurchaseRelationOrg", "KnSalesRelationOrg", "Element", "x")

Slot = tuple[Any, Any]


def _slots(value: Any) -> Iterator[Slot]:
    """Every place in a tree of JSON: what it is in, and its name or position there."""
    places = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for place, below in places:
        yield value, place
        yield from _slots(below)


def _deep(chance: random.Random) -> Any:
    """A tower of a hundred levels or more."""
    tower: Any = chance.choice((None, "x", {}, []))
    name = chance.choice(("Element", "Fields", "Objects", "x", ""))
    for _ in range(chance.choice((100, 300))):
        tower = {name: tower} if chance.random() < 0.5 else [tower]
    return tower


def _long(chance: random.Random) -> str:
    return chance.choice(("a", "9", "é", "😀", " ", "\\")) * (MEGABYTE // 4)


def _drop(chance: random.Random, parent: Any, place: Any) -> None:
    del parent[place]


def _double(chance: random.Random, parent: Any, place: Any) -> None:
    parent[place] = [parent[place], copy.deepcopy(parent[place])]


def _repeat(chance: random.Random, parent: Any, place: Any) -> None:
    if isinstance(parent[place], list):
        parent[place] = parent[place] * chance.choice((2, 3, 50))
    elif isinstance(parent, list):
        parent.append(copy.deepcopy(parent[place]))


def _retype(chance: random.Random, parent: Any, place: Any) -> None:
    parent[place] = copy.deepcopy(chance.choice(_STRANGE))


def _nest(chance: random.Random, parent: Any, place: Any) -> None:
    names = ("Element", "Fields", "Objects", "x")
    parent[place] = [parent[place]] if chance.random() < 0.5 else {chance.choice(names): parent[place]}


def _unnest(chance: random.Random, parent: Any, place: Any) -> None:
    below = parent[place]
    if isinstance(below, dict | list) and below:
        parent[place] = chance.choice(list(below.values()) if isinstance(below, dict) else below)


def _swap(chance: random.Random, parent: Any, place: Any) -> None:
    other = chance.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
    parent[place], parent[other] = parent[other], parent[place]


def _rename(chance: random.Random, parent: Any, place: Any) -> None:
    if isinstance(parent, dict):
        parent[chance.choice(_NAMES)] = parent.pop(place)


def _recase(chance: random.Random, parent: Any, place: Any) -> None:
    if isinstance(parent, dict):
        parent[chance.choice((place.lower(), place.upper(), f"@{place}", f"{place} "))] = parent.pop(place)


def _add(chance: random.Random, parent: Any, place: Any) -> None:
    if isinstance(parent, dict):
        parent[chance.choice(_NAMES)] = copy.deepcopy(chance.choice(_STRANGE))


def _tower(chance: random.Random, parent: Any, place: Any) -> None:
    parent[place] = _deep(chance)


def _token(chance: random.Random, parent: Any, place: Any) -> None:
    parent[place] = f"@raw {chance.choice(_TOKENS)}@"


def _lengthen(chance: random.Random, parent: Any, place: Any) -> None:
    parent[place] = _long(chance)


#: What can happen to one place, and how often.
_MUTATIONS: dict[Callable[[random.Random, Any, Any], None], int] = {
    _drop: 14, _double: 8, _repeat: 6, _retype: 30, _nest: 8, _unnest: 6, _swap: 6, _rename: 8, _recase: 5, _add: 8,
    _tower: 2, _token: 3, _lengthen: 1,
}  # fmt: skip


def _mutated(chance: random.Random, body: Any) -> Any:
    """The body with one to four things wrong."""
    tree = {"": body}
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        slots = list(_slots(tree))
        if not slots:
            break
        (mutate,) = chance.choices(list(_MUTATIONS), list(_MUTATIONS.values()))
        mutate(chance, *chance.choice(slots[1:] or slots))
    if chance.random() < 0.02 and isinstance(tree.get(""), dict) and tree[""]:
        return {chance.choice(_ROOTS): next(iter(tree[""].values()))}
    return tree.get("")


def _cut(chance: random.Random, content: bytes) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _follow(chance: random.Random, content: bytes) -> bytes:
    return content + chance.choice((b"}", b"\0", b" x", content))


def _precede(chance: random.Random, content: bytes) -> bytes:
    return chance.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b"//x\n")) + content


def _quote(chance: random.Random, content: bytes) -> bytes:
    return content.replace(b'"', b"'")


def _strike(chance: random.Random, content: bytes) -> bytes:
    at = chance.randrange(len(content) + 1)
    return content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]


def _recode(chance: random.Random, content: bytes) -> bytes:
    return content.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass")


def _say_twice(chance: random.Random, content: bytes) -> bytes:
    return re.sub(rb'("AmDe"|"Nm"|"Ds"): ', rb'\1: "2", \1: ', content)


_BREAKS = (_cut, _follow, _precede, _quote, _strike, _recode, _say_twice)


def _text(chance: random.Random, body: Any) -> bytes:
    """The body as bytes, some of them broken after they were written."""
    written = RAW.sub(r"\1", json.dumps(body, ensure_ascii=chance.random() < 0.5 or "\\u" in json.dumps(body)))
    content = written.encode("utf-8", "surrogatepass")
    if chance.random() < 0.035:
        return chance.choice(_BREAKS)(chance, content)
    return content


_DELETES = (
    "FiEntries/FiEntryPar/UnId,JoCo/{}/FiEntries/@EnNo/{}",
    "FiEntries/FiEntryPar/UnId/{}/FiEntries/InId/{}",
    "KnPurchaseRelationOrg/KnPurchaseRelationOrg/@CrId/{}",
    "KnSubject/KnSubject/SbId/{}",
    "KnSubject/KnSubject/@SbId,@x/{},{}",
)
_KEYS = (
    "1,10",
    "1",
    "0",
    "-1",
    "50017",
    "1000",
    "9" * 30,
    "a",
    "%00",
    "%ED%A0%80",
    "%F0%9F%98%80",
    "1,80",
    "%2C",
    "%25",
)


_WITH_KEYS = {
    "FiEntries": ("FiEntryPar", ("UnId", "Year", "Peri", "JoCo", "EnNo", "AuNu", "x", "UnId,JoCo")),
    "FiInvoice": ("FiInvoice", ("UnId", "VaAd", "DcNr", "InId", "BlPa", "AmCr", "PaCd", "UnId,InId")),
    "KnPurchaseRelationOrg": ("KnPurchaseRelationOrg", ("CrId", "BcCo", "CuId", "Bl", "x")),
    "KnSalesRelationOrg": ("KnSalesRelationOrg", ("DbId", "BcCo", "CuId", "Bl", "x")),
    "KnSubject": ("KnSubject", ("SbId", "StId", "Ds", "DtFr", "SbId,StId")),
}


def _path(chance: random.Random, connector: str) -> str:
    """A URL that names an object, and mostly keys too."""
    name, keys = _WITH_KEYS[connector]
    path = (
        f"{connector}/{name}" if chance.random() < 0.8 else f"{connector}/{chance.choice(('KnSubjectAttachment', 'x'))}"
    )
    if chance.random() < 0.2:
        return path
    key = chance.choice(keys)
    return f"{path}/{key}/{','.join(chance.choice(_KEYS[1:-3]) for _ in key.split(','))}"


def _delete(chance: random.Random) -> Call:
    path = chance.choice(_DELETES)
    return Call("DELETE", path.format(*chance.choices(_KEYS, k=path.count("{}"))), b"")


def calls() -> Iterator[Call]:
    """Calls without end, the same each time; one in twenty is as it should be, so that something is booked."""
    chance = random.Random(SEED)
    number = 0
    while True:
        number += 1
        template = chance.choice(TEMPLATES)
        kind = chance.random()
        if kind < 0.03:
            yield _delete(chance)
            continue
        body = template.body(number)
        written = json.dumps(body).encode() if kind < 0.08 else _text(chance, _mutated(chance, body))
        methods = {"POST": "PUT", "PUT": "POST"} if kind > 0.98 else {}
        path = _path(chance, template.path) if chance.random() < 0.05 else template.path
        yield Call(methods.get(template.method, template.method), path, written)


# ---------------------------------------------------------------- how it is sent and judged


class Line:
    """A keep-alive connection to one environment."""

    def __init__(self, afas: Afas) -> None:
        parts = urlsplit(afas.base_url)
        self._http = http.client.HTTPConnection(parts.netloc, timeout=120)
        self._used = time.monotonic()
        self._base = f"{parts.path}/connectors"
        self._headers = {"Authorization": afas.authorization, "Content-Type": "application/json"}

    def send(self, call: Call) -> Answer:
        if time.monotonic() - self._used > 1:  # the server may be about to close a connection that long idle
            self._http.close()
        self._http.request(call.method, f"{self._base}/{call.path}", call.body, self._headers)
        answer = self._http.getresponse()
        told = Answer(answer.status, answer.read())
        self._used = time.monotonic()
        return told

    def close(self) -> None:
        self._http.close()


def judge(call: Call, answer: Answer) -> None:
    """The answer is one that Profit gives, and never its own mistake."""
    shown = (call.method, call.path, call.body[:3_000], answer)
    assert answer.status in {200, 201, 400, 405, 413, 500} | ({404} if call.method == "DELETE" else set()), shown
    match answer.status:
        case 500:
            told = json.loads(answer.body)
            assert list(told) == ["externalMessage", "errorNumber", "profitLogReference"], shown
            assert told["externalMessage"], shown
            assert "{" not in told["externalMessage"], shown
            assert told["errorNumber"] != UNEXPECTED, shown
            assert re.fullmatch("[0-9A-F]{32}", told["profitLogReference"]), shown
        case 400:
            assert answer.body in {b"", b'{"message":"Invalid json"}'}, shown
        case 201:
            assert not answer.body or list(json.loads(answer.body)) == ["results"], shown
        case _:
            assert answer.body == b"", shown


def books(afas: Afas) -> dict[str, list[dict[str, Any]]]:
    answer = afas.control("GET", "/books")
    assert answer.status_code == 200
    state: dict[str, list[dict[str, Any]]] = answer.json()
    return state


def unbalanced(state: dict[str, list[dict[str, Any]]]) -> list[tuple[int, int]]:
    """The entries whose totals differ, to the cent."""
    found = []
    for entry in state["entries"]:
        total = sum(round(100 * line["debit"]) - round(100 * line["credit"]) for line in entry["lines"])
        if total or not entry["lines"]:
            found.append((entry["administration"], entry["entry"]))
    return found


def twins(demo: Afas) -> tuple[Afas, Afas]:
    """Two copies of the demo environment with one clock."""
    pair = fork(demo), fork(demo)
    for each in pair:
        each.configure(clock="2026-11-24T09:00:00")
    return pair


def test_each_template_is_accepted(afas: Afas) -> None:
    with closing(Line(afas)) as line:
        for number, template in enumerate(TEMPLATES):
            call = Call(template.method, template.path, json.dumps(template.body(number)).encode())
            answer = line.send(call)
            assert answer.status == 201, (call, answer)


def test_ten_thousand_wrong_bodies(demo: Afas, caplog: pytest.LogCaptureFixture) -> None:
    meddled, clean = twins(demo)
    seen: Counter[int] = Counter()
    with closing(Line(meddled)) as line, closing(Line(clean)) as again, caplog.at_level(logging.ERROR):
        for call in islice(calls(), BODIES):
            answer = line.send(call)
            judge(call, answer)
            seen[answer.status] += 1
            if answer.status in {200, 201}:
                assert again.send(call) == answer, call
    assert not caplog.records
    state = books(meddled)
    assert not unbalanced(state)
    assert state == books(clean)
    assert seen[500] > BODIES / 3
    assert seen[201] > BODIES / 20
    assert seen[400] > BODIES / 50
    for each in (meddled, clean):
        each.control("DELETE")


TOWERS = (
    "~",
    '{"KnSubject": ~}',
    '{"KnSubject": {"Element": ~}}',
    '{"KnSubject": {"Element": {"Fields": ~}}}',
    '{"KnSubject": {"Element": {"@Action": ~, "Fields": {"StId": 4, "Ds": "x"}}}}',
    '{"KnSubject": {"Element": {"Objects": ~, "Fields": {"StId": 4, "Ds": "x"}}}}',
    '{"KnSubject": {"Element": {"Fields": {"StId": 4, "Ds": ~}}}}',
    '{"KnSubject": {"Element": {"Fields": {"StId": ~, "Ds": "x"}}}}',
)


@pytest.mark.parametrize("depth", [100, 600, 990, 1_020, 1_024, 5_000])
def test_towers(afas: Afas, caplog: pytest.LogCaptureFixture, depth: int) -> None:
    """Bodies as deep as a parser goes, and deeper."""
    before = books(afas)
    with closing(Line(afas)) as line, caplog.at_level(logging.ERROR):
        for around in TOWERS:
            for tower in ("[" * depth + "]" * depth, '{"Element":' * depth + "{}" + "}" * depth):
                call = Call("POST", "KnSubject", around.replace("~", tower).encode())
                answer = line.send(call)
                judge(call, answer)
                assert answer.status in {400, 500}
    assert not caplog.records
    assert books(afas) == before
