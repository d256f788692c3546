"""Objects of the definitions, made ready to read elements with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from mock_afas import connectors
from mock_afas.connectors import UpdateObject
from mock_afas.documents.fields import Converter, KnownValues, converter


@dataclass(frozen=True, slots=True)
class Shape:
    """An object made ready to read elements with. ``known`` lacks fields that hold files: these can be large."""

    definition: UpdateObject
    converters: Mapping[str, Converter]
    known: Mapping[str, KnownValues]
    below: Mapping[str, Shape]


def _shaped(node: UpdateObject) -> Shape:
    converters = {known.id: converter(known) for known in node.fields}
    known = {field.id: KnownValues(converters[field.id]) for field in node.fields if field.data_type != "blob"}
    return Shape(node, converters, known, {below.name: _shaped(below) for below in node.objects})


@cache
def shape_of(connector_id: str) -> Shape:
    """The shape of the root of an UpdateConnector, by its exact id; made once."""
    return _shaped(connectors.update_connector(connector_id).root)
