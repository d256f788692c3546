"""Reads the elements of a parsed body, whatever their form, into nodes, or says what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mock_afas.documents.fields import KnownValues, NotTaken
from mock_afas.documents.nodes import Action, Node, Place, Value, path_of
from mock_afas.documents.refusals import refuse, shown
from mock_afas.documents.shapes import Shape

#: A custom field is called U and 32 hex digits.
_CUSTOM_FIELD = re.compile(r"U[0-9A-Fa-f]{32}")
_TAKES_CUSTOM_FIELDS = frozenset(
    (
        "KnPurchaseRelationOrg",
        "KnSalesRelationOrg",
        "KnOrganisation",
        "KnPerson",
        "FiEntries",
        "FiDimEntries",
        "FiPrjEntries",
    )
)
#: A dossier type can have an object of its own for its custom fields, named after the type.
_OF_DOSSIER_TYPE = re.compile(r"KnS\d{2}")
_ACTIONS: Mapping[str, Action] = {"insert": "insert", "update": "update", "delete": "delete"}
#: Elements that a body cannot delete: the main ones, and what a booking consists of.
_NOT_DELETED = frozenset(
    (
        "FiEntryPar",
        "FiEntries",
        "FiDimEntries",
        "FiPrjEntries",
        "FiTransEntries",
        "FiInvoice",
        "KnPurchaseRelationOrg",
        "KnSalesRelationOrg",
        "KnSubject",
    )
)
_PARTS = frozenset(("Fields", "Objects"))
_ACTION_KEYS = frozenset(("@Action", "@action", "Action", "action"))


def _read_plainly(fields: dict[str, Any], known: Mapping[str, KnownValues]) -> dict[str, Value | None] | None:
    """Fields as nearly every element has them: known ones, with values.

    None when they are not like that: then they have to be read carefully, which gives the same and costs more.
    """
    read: dict[str, Value | None] = fields.copy()
    try:
        for name, value in fields.items():
            read[name] = known[name][value]
    except (NotTaken, KeyError, TypeError):
        return None
    return read


class ElementReader:
    """Reads the elements of one body, for ``action`` where they do not say. ``ignore_unknown`` is AMB-12."""

    def __init__(self, action: Action, *, ignore_unknown: bool) -> None:
        self._action = action
        self._ignore_unknown = ignore_unknown

    def nodes(self, shape: Shape, content: object, name: str, above: Place | None = None) -> list[Node]:
        """The elements of an object. One without ``Element`` is malformed; an empty one has none."""
        if content is None or content == "":
            return []
        if type(content) is not dict or "Element" not in content:
            refuse("malformed", self._where(name, above), content, 'an object with "Element"')
        if len(content) > 1:
            self._beside(content, self._where(name, above))
        elements = content["Element"]
        if type(elements) is list:
            return [self._node(shape, element, (above, name, at)) for at, element in enumerate(elements)]
        return [self._node(shape, elements, (above, name, None))]

    def _beside(self, content: dict[str, Any], where: str) -> None:
        """Nothing stands beside ``Element`` but attributes, such as ``@xmlns:xsi``."""
        for name in content:
            if name != "Element" and not name.startswith("@"):
                self._unknown(name, f"{where}/{name}", "Element")

    @staticmethod
    def _where(name: str, above: Place | None) -> str:
        return f"{path_of(above)}/Objects/{name}" if above else name

    def _node(self, shape: Shape, element: object, place: Place) -> Node:
        if type(element) is not dict:
            refuse("malformed", path_of(place), element, 'an object with "Fields"')
        written, objects, fields = element.get("Fields"), element.get("Objects"), None
        if type(written) is dict and len(element) == (1 if objects is None else 2):
            fields = _read_plainly(written, shape.known)
        node = Node(shape.definition, self._action, place, fields)
        if fields is None:
            self._read_carefully(shape, node, element)
        if objects:
            self._objects(shape, node, objects)
        return node

    def _read_carefully(self, shape: Shape, node: Node, element: dict[str, Any]) -> None:
        """The fields of an element, whatever they look like, or what is wrong with them."""
        fields = self._merged(node, element.get("Fields"))
        keys = [name for name in element if name not in _PARTS]
        for name in keys:
            if name.startswith("@"):
                fields[name] = element[name]
            else:
                self._unknown(name, f"{node.path}/{name}", "@key, Fields or Objects")
        if not _ACTION_KEYS.isdisjoint(fields):
            node.action = self._action_of(node, fields)
        self._read_fields(shape, node, fields)

    @staticmethod
    def _merged(node: Node, content: object) -> dict[str, Any]:
        """``Fields``: an object, an array of objects, or nothing."""
        if isinstance(content, dict):
            return content
        if content is None or content == "":
            return {}
        merged: dict[str, Any] = {}
        for part in content if isinstance(content, list) else [content]:
            if not isinstance(part, dict):
                refuse("malformed", f"{node.path}/Fields", part, "an object of fields")
            merged.update(part)
        return merged

    def _action_of(self, node: Node, fields: dict[str, Any]) -> Action:
        name = next(name for name in fields if name in _ACTION_KEYS)
        written = fields.pop(name)
        if written is None or written == "":
            return self._action
        action = _ACTIONS.get(shown(written).strip().lower())
        if action is None:
            refuse("malformed", f"{node.path}/{name}", written, ", ".join(_ACTIONS))
        if action == "delete" and node.definition.name in _NOT_DELETED:
            allowed = "insert, update; a DELETE deletes"
            refuse("relation_part_deleted", f"{node.path}/{name}", written, allowed, object=node.definition.name)
        return action

    def _read_fields(self, shape: Shape, node: Node, fields: dict[str, Any]) -> None:
        converters, read = shape.converters, node.fields
        for written_name, value in fields.items():
            name = written_name[1:] if written_name[:1] == "@" else written_name
            convert = converters.get(name)
            if convert is None:
                self._other_field(shape, node, name, value)
            elif value == "":
                read[name] = None
            elif value is not None:
                try:
                    read[name] = convert(value)
                except NotTaken as wrong:
                    label = node.label(name)
                    refuse(wrong.key, f"{node.path}/Fields/{name}", value, wrong.allowed, label=label)

    def only(self, root: str, document: dict[str, Any]) -> None:
        """Nothing stands beside the root. Raises ProfitError, unless what is unknown is ignored (AMB-12)."""
        for name in document:
            if name != root:
                self._unknown(name, name, root)

    def _other_field(self, shape: Shape, node: Node, name: str, value: object) -> None:
        kind = node.definition.name
        if _CUSTOM_FIELD.fullmatch(name) and kind in _TAKES_CUSTOM_FIELDS:
            node.custom = {**node.custom, name: value}
        elif not (kind == "KnSubject" and name == "id"):
            self._unknown(name, f"{node.path}/Fields/{name}", ", ".join(shape.converters))

    def _objects(self, shape: Shape, node: Node, objects: object) -> None:
        known, place = shape.below, node.place
        children: dict[str, list[Node]] = {}
        node.children = children
        for part in objects if type(objects) is list else (objects,):
            if type(part) is not dict:
                refuse("malformed", f"{node.path}/Objects", part, "an object of objects")
            for name, content in part.items():
                below = known.get(name)
                if below is None:
                    self._other_object(shape, node, name)
                    continue
                nodes = self.nodes(below, content, name, place)
                if name in children:
                    nodes = children[name] + nodes
                children[name] = nodes
                if len(nodes) > 1 and not below.definition.many:
                    refuse("object_repeated", nodes[1].path, f"{len(nodes)} times", "one element", object=name)

    def _other_object(self, shape: Shape, node: Node, name: str) -> None:
        if not (node.definition.name == "KnSubject" and _OF_DOSSIER_TYPE.fullmatch(name)):
            self._unknown(name, f"{node.path}/Objects/{name}", ", ".join(shape.below) or "no objects")

    def _unknown(self, name: str, path: str, allowed: str) -> None:
        if not self._ignore_unknown:
            refuse("field_unknown", path, name, allowed, field=shown(name))
