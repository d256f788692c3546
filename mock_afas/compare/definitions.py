"""What two environments say they have: version, connectors, fields, types, lengths, order. wire.md section 4."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from mock_afas.compare.differences import Observation, Ordered
from mock_afas.compare.plan import Plan
from mock_afas.compare.side import Answer, Side


def _keys(document: Any) -> Ordered | None:
    return Ordered(document) if isinstance(document, dict) else None


def overview(side: Side, _plan: Plan) -> Observation:
    """The version, the connectors that the app connector opens, and the form of the metainfo."""
    document = side.overview
    version = side.get("profitversion")
    told = version.document
    return {
        "profitversion": {
            "status": version.status,
            "keys": _keys(told),
            "version": told.get("version") if isinstance(told, dict) else None,
        },
        "metainfo": {"keys": tuple(sorted(document))},
        "info": _info(document.get("info")),
        "GetConnectors": dict.fromkeys(side.listed("getConnectors"), _THERE),
        "UpdateConnectors": dict.fromkeys(side.listed("updateConnectors"), _THERE),
    }


#: What stands for a connector that is there; its fields are compared elsewhere.
_THERE: Observation = {}
_ENVIRONMENT = re.compile("[OTA][0-9]{5,6}[A-Z]{2}")


def _info(info: object) -> Observation | None:
    """The form of what is told of the environment: its values differ between any two."""
    if not isinstance(info, dict):
        return None
    fits = _ENVIRONMENT.fullmatch(str(info.get("envid"))) is not None
    return {
        "keys": tuple(sorted(info)),
        "envid": "a letter, the participant, two letters" if fits else "of another form",
        "types": tuple(f"{name}: {type(info[name]).__name__}" for name in sorted(info)),
    }


def get_connectors(side: Side, plan: Plan) -> Observation:
    """The fields of the GetConnectors that both have."""
    return {name: _get_connector(side.get(f"metainfo/get/{name}")) for name in plan.connectors}


def _get_connector(answer: Answer) -> Observation:
    document = answer.document
    if answer.status != 200 or not isinstance(document, dict):
        return {"status": answer.status}
    fields = _objects(document.get("fields"))
    return {
        "status": answer.status,
        "keys": tuple(sorted(document)),
        "description": document.get("description"),
        "order": Ordered(str(field.get("id")) for field in fields),
        "fields": {str(field.get("id")): {k: v for k, v in field.items() if k != "id"} for field in fields},
    }


def update_connectors(side: Side, plan: Plan) -> Observation:
    """The objects and fields of the UpdateConnectors that both have."""
    return {name: _update_connector(side.get(f"metainfo/update/{name}")) for name in plan.update_connectors}


def _update_connector(answer: Answer) -> Observation:
    document = answer.document
    if answer.status != 200 or not isinstance(document, dict):
        return {"status": answer.status}
    return {"status": answer.status, "keys": tuple(sorted(document)), **_object(document, 0)}


def _object(document: dict[str, Any], depth: int) -> dict[str, Any]:
    fields = _objects(document.get("fields"))
    below = _objects(document.get("objects")) if depth < 20 else []
    return {
        "description": document.get("description"),
        "order": Ordered(str(field.get("fieldId")) for field in fields),
        "fields": {str(field.get("fieldId")): _field(field) for field in fields},
        "objects": {str(one.get("name")): _object(one, depth + 1) for one in below},
    }


def _field(field: dict[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in field.items() if name not in ("fieldId", "values")}
    values = field.get("values")
    codes = _objects(values)
    return {**told, "values": tuple(sorted(str(one.get("id")) for one in codes)) if codes else None}


def _objects(value: object) -> list[dict[str, Any]]:
    entries: Iterable[object] = value if isinstance(value, list) else ()
    return [one for one in entries if isinstance(one, dict)]
