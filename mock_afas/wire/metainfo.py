"""The three forms of metainfo. wire.md section 4. A strict client rejects keys beside these."""

from __future__ import annotations

from typing import Any

from mock_afas.access import AppConnector
from mock_afas.connectors import Feature, GetConnector, UpdateConnector, UpdateField, UpdateObject
from mock_afas.environment import Environment
from mock_afas.messages import Language

#: Our reading of ``controlType`` for the fields of UpdateConnectors; a field with code values has 7.
_CONTROL_TYPES = {"string": 1, "int": 2, "decimal": 3, "boolean": 4, "date": 5, "blob": 6}
_CODED = 7


def overview(environment: Environment, app: AppConnector, language: Language) -> dict[str, Any]:
    """``GET /metainfo``: what the app connector opens."""
    return {
        "updateConnectors": [
            {"id": connector.id, "description": connector.description[language]}
            for connector in environment.update_connectors(app)
        ],
        "getConnectors": [
            {"id": connector.id, "description": connector.description[language]}
            for connector in environment.get_connectors(app)
        ],
        "info": {"envid": environment.id, "appName": app.description, "group": app.group, "tokenExpiry": "0"},
    }


def of_get(connector: GetConnector, language: Language) -> dict[str, Any]:
    """``GET /metainfo/get/X``: every field of the definition, those of a missing feature too (our reading)."""
    return {
        "name": connector.id,
        "description": connector.description[language],
        "fields": [
            {
                "id": field.id,
                "fieldId": field.field_id,
                "dataType": field.data_type,
                "label": field.label[language],
                "length": field.length,
                "controlType": field.control_type,
                "decimals": field.decimals,
                "decimalsFieldId": "",
            }
            for field in connector.fields
        ],
    }


def _update_field(field: UpdateField, language: Language) -> dict[str, Any]:
    return {
        "fieldId": field.id,
        "primaryKey": field.primary_key,
        "dataType": field.data_type,
        "label": field.label[language],
        "mandatory": field.mandatory,
        "length": field.length,
        "decimals": field.decimals,
        "decimalFieldId": "",
        "notzero": False,
        "controlType": _CODED if field.values else _CONTROL_TYPES[field.data_type],
        "values": [{"id": code, "description": text} for code, text in field.values] or None,
    }


def _update_object(node: UpdateObject, without: frozenset[Feature], language: Language) -> dict[str, Any]:
    return {
        "name": node.name,
        "fields": [_update_field(field, language) for field in node.fields if field.feature not in without],
        "objects": [_update_object(below, without, language) for below in node.objects if below.feature not in without],
    }


def of_update(connector: UpdateConnector, without: frozenset[Feature], language: Language) -> dict[str, Any]:
    """``GET /metainfo/update/X``: without the fields and objects of features that the licence lacks."""
    root = _update_object(connector.root, without, language)
    return {
        "id": connector.id,
        "name": root["name"],
        "description": connector.description[language],
        "fields": root["fields"],
        "objects": root["objects"],
    }
