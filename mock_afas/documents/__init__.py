"""Reads the body of an UpdateConnector into a document: elements with typed values, checked against the definition.

Official and real bodies vary, and everything wire.md section 5 lists is accepted: ``Element``, ``Objects``, ``Fields``
as object or array, ``""`` for no fields, values as JSON types or strings, keys on the element or among the fields,
``@Action`` in either place and spelling. What cannot be read is refused with a message that names the field by its
label, before any rule looks at it.

Values are in stored form (see ``values``): a decimal is an int of millionths, a date ``YYYY-MM-DD``, a date with time
``YYYY-MM-DDTHH:MM:SS.ffffff``, a boolean 0 or 1, bytes are bytes. None is a field that the caller cleared with ``""``.
"""

from __future__ import annotations

from collections.abc import Mapping

from mock_afas.documents.elements import ElementReader
from mock_afas.documents.fields import NotTaken
from mock_afas.documents.files import decoded
from mock_afas.documents.nodes import Action, KeysNode, Node
from mock_afas.documents.parsing import InvalidJson, parsed
from mock_afas.documents.refusals import refuse, shown
from mock_afas.documents.shapes import shape_of
from mock_afas.errors import Reason, Refusal

__all__ = ["Action", "InvalidJson", "KeysNode", "Node", "decoded", "read", "shown", "take_keys"]


def read(connector_id: str, body: bytes | bytearray, *, action: Action, ignore_unknown: bool = False) -> Node:
    """The document in ``body``. Raises InvalidJson, Refusal 400 without a root or element, and ProfitError.

    A bytearray is emptied as soon as it is parsed: it can be large, and its contents would be held twice.
    """
    document = parsed(body)
    shape = shape_of(connector_id)
    root = shape.definition.name
    if not isinstance(document, dict) or not isinstance(document.get(root), dict):
        raise Refusal(400, Reason("body", "body", shown(document), f'{{"{root}": {{"Element": …}}}}'))
    reader = ElementReader(action, ignore_unknown=ignore_unknown)
    if document[root].get("Element") in (None, ""):
        raise Refusal(400, Reason("one element a call", root, "no element", "one element"))
    if len(document) > 1:
        reader.only(root, document)
    nodes = reader.nodes(shape, document[root], root)
    if len(nodes) != 1:
        raise Refusal(400, Reason("one element a call", root, f"{len(nodes)} elements", "one element"))
    return nodes[0]


def take_keys(connector_id: str, node: Node, keys: Mapping[str, str]) -> None:
    """Adds keys that stand in the URL to those of the root element ``node``, which win unless they are empty.

    Raises ProfitError for a key that is none, or a value that is none.
    """
    converters = shape_of(connector_id).converters
    for name, text in keys.items():
        convert = converters.get(name)
        if convert is None:
            refuse("field_unknown", f"URL/{name}", name, ", ".join(converters), field=shown(name))
        if node.fields.get(name) is None:
            try:
                node.fields[name] = convert(text)
            except NotTaken as wrong:
                refuse(wrong.key, f"URL/{name}", text, wrong.allowed, label=node.label(name))
