"""JSON Schemas of what connectors give and take, made of their definitions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mock_afas.connectors import DataType, Feature, Field, GetConnector, UpdateConnector, UpdateField, UpdateObject
from mock_afas.messages import Language

Schema = dict[str, Any]

#: What a row of a GetConnector has in a field of each type; any may be null.
_SHOWN: Mapping[DataType, Schema] = {
    "string": {"type": ["string", "null"]},
    "blob": {"type": ["string", "null"]},
    "int": {"type": ["integer", "null"]},
    "decimal": {"type": ["number", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "date": {"type": ["string", "null"], "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
}
#: What a body may have in a field of each type: values are JSON types or strings, null as if it were not there.
_TAKEN: Mapping[DataType, Schema] = {
    "string": {"type": ["string", "number", "boolean", "null"]},
    "blob": {"type": ["string", "null"], "contentEncoding": "base64"},
    "int": {"type": ["integer", "string", "boolean", "null"]},
    "decimal": {"type": ["number", "string", "boolean", "null"]},
    "boolean": {"type": ["boolean", "string", "integer", "null"]},
    "date": {"type": ["string", "null"]},
}
_ACTION: Schema = {"type": "string", "description": "What is done with the element: insert, update or delete."}

#: Objects whose mandatory fields must be in the body of something new. Below others, Profit fills in some of them, or
#: does without them where an existing organisation or person is named.
_DEMANDING = frozenset(("FiEntryPar", "FiEntries", "KnPurchaseRelationOrg", "KnSalesRelationOrg", "KnSubject"))
#: Mandatory fields that Profit fills in.
_FILLED_IN = frozenset(("CdDa",))

#: Schemas that do not depend on definitions.
FIXED: Mapping[str, Schema] = {
    "Error": {
        "type": "object",
        "required": ["externalMessage", "errorNumber", "profitLogReference"],
        "properties": {
            "externalMessage": {"type": "string", "description": "For people, in the language of Accept-Language."},
            "errorNumber": {"type": "integer"},
            "profitLogReference": {"type": "string", "description": "Finds the error in the environment's logbook."},
        },
    },
    "InvalidJson": {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}},
    "Maintenance": {
        "type": "object",
        "required": ["error", "retry_after"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            },
            "retry_after": {"type": "integer", "description": "Seconds."},
        },
    },
    "File": {
        "type": "object",
        "required": ["filename", "mimetype", "filedata"],
        "properties": {
            "filename": {"type": "string"},
            "mimetype": {"type": "string"},
            "filedata": {"type": "string", "contentEncoding": "base64"},
        },
    },
    "Version": {"type": "object", "required": ["version"], "properties": {"version": {"type": "string"}}},
    "Metainfo": {
        "type": "object",
        "required": ["updateConnectors", "getConnectors", "info"],
        "properties": {
            "updateConnectors": {"type": "array", "items": {"$ref": "#/components/schemas/Listed"}},
            "getConnectors": {"type": "array", "items": {"$ref": "#/components/schemas/Listed"}},
            "info": {
                "type": "object",
                "required": ["envid", "appName", "group", "tokenExpiry"],
                "additionalProperties": {"type": "string"},
            },
        },
    },
    "Listed": {
        "type": "object",
        "required": ["id", "description"],
        "properties": {"id": {"type": "string"}, "description": {"type": "string"}},
    },
    "MetainfoGet": {
        "type": "object",
        "required": ["name", "description", "fields"],
        "properties": {
            "name": {"type": "string"},
            "description": {"type": "string"},
            "fields": {"type": "array", "items": {"type": "object"}},
        },
    },
    "MetainfoUpdate": {
        "type": "object",
        "required": ["id", "name", "description", "fields", "objects"],
        "properties": {
            "id": {"type": "string"},
            "name": {"type": "string"},
            "description": {"type": "string"},
            "fields": {"type": "array", "items": {"type": "object"}},
            "objects": {"type": "array", "items": {"type": "object"}},
        },
    },
}


def reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


class Schemas:
    """The schemas of one document, by name. Labels are in ``language``; features in ``without`` are lacking."""

    def __init__(self, language: Language, without: frozenset[Feature]) -> None:
        self.made: dict[str, Schema] = {name: dict(schema) for name, schema in FIXED.items()}
        self._language = language
        self._without = without

    def text(self, texts: Mapping[str, str]) -> str:
        """A label or description in the language of the document."""
        return texts[self._language]

    def _added(self, name: str, schema: Schema) -> Schema:
        """Notes a schema; names that an imported definition may have are made fit for a reference."""
        fit = re.sub(r"[^A-Za-z0-9._-]", "_", name)
        while fit in self.made:
            fit += "_"
        self.made[fit] = schema
        return reference(fit)

    # ------------------------------------------------------------ GetConnectors

    def rows_of(self, connector: GetConnector) -> Schema:
        """The answer to a read of ``connector``."""
        row = self._added(f"{connector.id}.row", self._row(connector))
        return {
            "type": "object",
            "required": ["skip", "take", "rows"],
            "properties": {
                "skip": {"type": "integer"},
                "take": {"type": "integer"},
                "rows": {"type": "array", "items": row},
            },
        }

    def _row(self, connector: GetConnector) -> Schema:
        """A row. A field of a feature that is lacking is no property; as any other name it is null."""
        there = [field for field in connector.fields if field.feature not in self._without]
        return {
            "type": "object",
            "required": [field.id for field in there],
            "properties": {field.id: self._shown(field) for field in there},
            "additionalProperties": {"type": "null"} if len(there) < len(connector.fields) else False,
        }

    def _shown(self, field: Field) -> Schema:
        bound = {"maxLength": field.length} if field.data_type == "string" and field.length else {}
        return {"title": field.label[self._language], **_SHOWN[field.data_type], **bound}

    # ------------------------------------------------------------ UpdateConnectors

    def body_of(self, connector: UpdateConnector, *, new: bool) -> Schema:
        """The body of a write; in one that makes something ``new``, mandatory fields are required."""
        name = f"{connector.id}.{'insert' if new else 'update'}"
        elements = self._elements(connector.root, name, new=new)
        root = connector.root.name
        return self._added(name, _closed({root: elements}, required=[root]))

    def _elements(self, node: UpdateObject, name: str, *, new: bool) -> Schema:
        """``{"Element": …}`` with one element or a list of them."""
        element = self._added(f"{name}.{node.name}", self._element(node, name, new=new))
        return _closed(
            {"Element": {"anyOf": [element, {"type": "array", "items": element, "minItems": 1}]}}, required=["Element"]
        )

    def _element(self, node: UpdateObject, name: str, *, new: bool) -> Schema:
        fields = self._fields(node, new=new)
        keys = {f"@{field.id}": self._taken(field) for field in node.fields if field.primary_key}
        below = {
            child.name: self._elements(child, f"{name}.{node.name}", new=new)
            for child in node.objects
            if child.feature not in self._without
        }
        properties: dict[str, Schema] = {"@Action": _ACTION, **keys, "Fields": fields}
        if below:
            one = {"type": "object", "properties": below, "additionalProperties": False}
            properties["Objects"] = {"anyOf": [one, {"type": "array", "items": one}]}
        return _closed(properties, required=["Fields"] if fields.get("required") else [])

    def _fields(self, node: UpdateObject, *, new: bool) -> Schema:
        there = [field for field in node.fields if field.feature not in self._without]
        needed = [field.id for field in there if self._demanded(field)] if new and node.name in _DEMANDING else []
        return _closed({field.id: self._taken(field) for field in there}, required=needed)

    @staticmethod
    def _demanded(field: UpdateField) -> bool:
        """Whether ``field`` must be among the fields; a key may stand on the element instead."""
        return field.mandatory and not field.primary_key and field.id not in _FILLED_IN

    def _taken(self, field: UpdateField) -> Schema:
        schema: Schema = {"title": field.label[self._language], **_TAKEN[field.data_type]}
        if field.data_type == "string" and field.length:
            schema["maxLength"] = field.length
        if field.mandatory:
            schema["x-mandatory"] = True
        if field.values:
            schema["description"] = "; ".join(f"{code}: {text}" for code, text in field.values)
        return schema


def _closed(properties: Mapping[str, Schema], *, required: list[str]) -> Schema:
    """An object with these properties and no others."""
    needed = {"required": required} if required else {}
    return {"type": "object", **needed, "properties": dict(properties), "additionalProperties": False}
