"""Reading of bodies: that a quick way gives what a careful one gives, and which objects may be there several times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from mock_afas import connectors, documents
from mock_afas.connectors import UpdateObject
from mock_afas.documents import Node
from mock_afas.errors import ProfitError

VALUES: tuple[Any, ...] = (
    "", "0", "1", "1.0", "01", " 1", "1 ", "-1", "100.005", "1e3", "2024-01-15", "2024-01-15T10:11:12", "15-01-2024",
    "true", "FALSE", "x", "X" * 70, "é", 0, 1, -1, 1.0, 1.5, 10**12, 1e400, True, False, None, [], {}, [1], {"a": 1},
)  # fmt: skip
FIELDS = (("FiEntryPar", ("Year", "UnId", "JoCo", "AuNu")), ("FiEntries", ("VaAs", "EnDa", "AmDe", "AcNr", "BlPa")))


def entry(head: dict[str, Any], line: dict[str, Any]) -> bytes:
    objects = {"FiEntries": {"Element": {"Fields": line}}}
    return orjson.dumps({"FiEntryPar": {"Element": {"Fields": head, "Objects": objects}}})


def outcome(body: bytes) -> object:
    """Everything a body is read into, or how it is refused."""
    try:
        return list(_flat(documents.read("FiEntries", body, action="insert")))
    except ProfitError as error:
        return error.key, error.reason, error.parameters


def _flat(node: Node) -> Iterator[tuple[str, dict[str, object]]]:
    # True is 1, but not the same value of a field
    yield node.path, {name: (type(value), value) for name, value in node.fields.items()}
    for below in node.children.values():
        for element in below:
            yield from _flat(element)


def carefully(fields: dict[str, Any]) -> dict[str, Any]:
    """The same fields in a form that no quick way takes: in another spelling, and with what says nothing."""
    return {**{f"@{name}": value for name, value in fields.items()}, "@Action": "insert"}


@pytest.mark.parametrize(("place", "name"), [(place, name) for place, names in FIELDS for name in names])
def test_the_quick_way_gives_what_the_careful_one_gives(place: str, name: str) -> None:
    for value in (*VALUES, *reversed(VALUES)):
        given: dict[str, dict[str, Any]] = {"FiEntryPar": {"Peri": "1"}, "FiEntries": {"Ds": "a"}}
        given[place][name] = value
        plain = outcome(entry(given["FiEntryPar"], given["FiEntries"]))
        assert plain == outcome(entry(carefully(given["FiEntryPar"]), carefully(given["FiEntries"]))), value
        assert plain == outcome(entry(given["FiEntryPar"], given["FiEntries"])), value


def test_more_texts_than_are_kept() -> None:
    for number in range(3_000):
        body = entry({"Year": str(number)}, {"Ds": f"{number}", "BpNr": ""})
        head, line = (fields for _, fields in _flat(documents.read("FiEntries", body, action="insert")))
        assert (head, line) == ({"Year": (int, number)}, {"Ds": (str, f"{number}"), "BpNr": (type(None), None)})


# ---------------------------------------------------------------- objects that are there once


def _objects(known: UpdateObject, *above: str) -> Iterator[tuple[tuple[str, ...], bool]]:
    for below in known.objects:
        yield (*above, below.name), below.many
        yield from _objects(below, *above, below.name)


OBJECTS = [
    (connector, path, many)
    for connector in sorted(connectors.update_connector_ids().values())
    for path, many in _objects(connectors.update_connector(connector).root)
]


def nested(connector: str, path: tuple[str, ...], *, apart: bool) -> bytes:
    """A body with two elements of the object at ``path``: in one list, or in an object of their own each."""
    element: dict[str, Any] = {"Fields": {}}
    two = [{path[-1]: {"Element": element}}] * 2 if apart else {path[-1]: {"Element": [element, element]}}
    outer: Any = {"Fields": {}, "Objects": two}
    for name in reversed(path[:-1]):
        outer = {"Fields": {}, "Objects": {name: {"Element": outer}}}
    return orjson.dumps({connectors.update_connector(connector).root.name: {"Element": outer}})


@pytest.mark.parametrize(("connector", "path", "many"), OBJECTS, ids=[f"{c}-{'-'.join(p)}" for c, p, _ in OBJECTS])
@pytest.mark.parametrize("apart", [False, True])
def test_an_object_occurs_once_where_the_definition_allows_one(
    connector: str, path: tuple[str, ...], many: bool, apart: bool
) -> None:
    body = nested(connector, path, apart=apart)
    if many:
        assert documents.read(connector, body, action="insert")
        return
    with pytest.raises(ProfitError) as refused:
        documents.read(connector, body, action="insert")
    assert (refused.value.key, refused.value.parameters) == ("object_repeated", {"object": path[-1]})
    assert (refused.value.reason.value, refused.value.reason.allowed) == ("2 times", "one element")


def test_documented_bodies_repeat_these() -> None:
    repeated = {path[-1] for _, path, many in OBJECTS if many}
    assert repeated >= {
        "FiEntries",
        "FiDimEntries",
        "FiPrjEntries",
        "KnBankAccount",
        "KnContact",
        "KnSubjectAttachment",
    }
    assert {path[-1] for _, path, many in OBJECTS if not many} == {
        "KnOrganisation",
        "KnBasicAddressAdr",
        "KnBasicAddressPad",
        "KnPerson",
    }
