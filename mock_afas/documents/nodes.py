"""The elements of a document: a tree of typed values in stored form (see ``values``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from mock_afas.connectors import UpdateObject

Action = Literal["insert", "update", "delete"]
Value = str | int | bytes

_NOTHING: Mapping[str, Any] = {}

#: Where an element stands: the place of the one above, the name of the object, and its number in a list, if it is in
#: one. Names, not elements: elements that know each other both ways would be garbage only the collector can find.
Place = tuple["Place | None", str, int | None]


def path_of(place: Place) -> str:
    """``place`` as the logbook shows it."""
    above, name, index = place
    before = f"{path_of(above)}/Objects/" if above else ""
    return f"{before}{name}/Element" + ("" if index is None else f"[{index}]")


class Node:
    """One element of a document. ``custom`` holds custom fields, ``children`` the objects below, by their names."""

    __slots__ = ("action", "children", "custom", "definition", "fields", "place")

    def __init__(
        self, definition: UpdateObject, action: Action, place: Place, fields: dict[str, Value | None] | None = None
    ) -> None:
        self.definition = definition
        self.action = action
        self.place = place
        self.fields = {} if fields is None else fields
        self.custom: Mapping[str, object] = _NOTHING
        self.children: Mapping[str, list[Node]] = _NOTHING

    @property
    def path(self) -> str:
        """Where the element stands in the body, for the logbook."""
        return path_of(self.place)

    def text(self, name: str) -> str | None:
        """The text of a field, None when it is absent, cleared or empty."""
        value = self.fields.get(name)
        return value if isinstance(value, str) and value else None

    def number(self, name: str) -> int | None:
        """The integer, boolean or millionths of a field, None when it is absent or cleared."""
        value = self.fields.get(name)
        return value if isinstance(value, int) else None

    def below(self, name: str) -> list[Node]:
        """The elements of the object ``name`` below this one."""
        return self.children.get(name, [])

    def label(self, name: str) -> Mapping[str, str]:
        """What Profit calls the field, by language."""
        return next(known.label for known in self.definition.fields if known.id == name)


class KeysNode(Node):
    """What the keys in the URL of a DELETE name: it has fields as an element has, and stands in no body."""

    __slots__ = ()

    def __init__(self, definition: UpdateObject, keys: Mapping[str, Value | None]) -> None:
        super().__init__(definition, "delete", (None, definition.name, None))
        self.fields.update(keys)

    @property
    def path(self) -> str:
        return self.definition.name
