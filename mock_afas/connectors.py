"""Connector definitions: what a GetConnector shows and what an UpdateConnector accepts.

The definitions are data, in ``fixtures/connectors``. A key that this module does not know is an error, so that a
misspelt one cannot go unnoticed. The field lists of the ``Zenvoices_*`` connectors are not public: ours are modelled
on the standard connectors, and ``modelled_on`` says on which.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

import orjson

from mock_afas import fixtures

DataType = Literal["string", "int", "boolean", "date", "decimal", "blob"]
Feature = Literal["currencies", "projects", "allocation", "commitments"]
FEATURES: tuple[Feature, ...] = get_args(Feature)


class DefinitionError(ValueError):
    """A definition file that cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a GetConnector.

    ``column`` is the column of the connector's source that fills it; ``feature`` what the licence must hold for it
    to be filled. ``length`` is in characters, 0 where the type has none.

    A definition that was imported can differ from what we keep: ``stored`` is the type of the column's values where
    they have to be converted (or, for a string, cut), and ``fill`` the seed of values that are made up where there is
    no column.
    """

    id: str
    field_id: str
    data_type: DataType
    length: int
    decimals: int
    control_type: int
    label: Mapping[str, str]
    column: str
    feature: Feature | None
    stored: DataType | None = None
    fill: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class GetConnector:
    """A GetConnector: a named list of fields over a source of rows. Two are equal only when they are one object."""

    id: str
    description: Mapping[str, str]
    modelled_on: str
    source: str
    feature: Feature | None
    blocked: bool
    fields: tuple[Field, ...]

    def find(self, field_id: str, *, case_sensitive: bool = False) -> int | None:
        """The position of the field called ``field_id``; ids compare without case unless asked otherwise (AMB-04)."""
        if case_sensitive:
            return next((at for at, field in enumerate(self.fields) if field.id == field_id), None)
        wanted = field_id.lower()
        return next((at for at, field in enumerate(self.fields) if field.id.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class UpdateField:
    """A field of an UpdateConnector's object. ``values`` are its code values as (id, description).

    ``feature`` is what the licence must hold for the connector to have the field.
    """

    id: str
    data_type: DataType
    length: int
    decimals: int
    mandatory: bool
    primary_key: bool
    with_time: bool
    label: Mapping[str, str]
    values: tuple[tuple[str, str], ...]
    feature: Feature | None = None


@dataclass(frozen=True, slots=True, eq=False)
class UpdateObject:
    """An object in an UpdateConnector's body: fields, and objects below it. ``many`` allows several.

    ``feature`` is what the licence must hold for the connector to have the object, with all that is below it.
    """

    name: str
    many: bool
    fields: tuple[UpdateField, ...]
    objects: tuple[UpdateObject, ...]
    feature: Feature | None = None


@dataclass(frozen=True, slots=True)
class UpdateConnector:
    """An UpdateConnector; ``root`` is the outermost name in a body, ``methods`` the HTTP methods it knows."""

    id: str
    description: Mapping[str, str]
    methods: tuple[str, ...]
    root: UpdateObject


class _Reader:
    """Takes the keys out of a JSON object and refuses what is left over or missing."""

    def __init__(self, data: Any, where: str) -> None:
        if not isinstance(data, dict):
            raise DefinitionError(f"{where}: an object was expected")
        self._data = dict(data)
        self._where = where

    def take(self, key: str, *default: Any) -> Any:
        if key not in self._data and not default:
            raise DefinitionError(f"{self._where}: '{key}' is missing")
        return self._data.pop(key, *default)

    def choice(self, key: str, allowed: tuple[Any, ...], *default: Any) -> Any:
        value = self.take(key, *default)
        if value not in allowed:
            raise DefinitionError(f"{self._where}: '{key}' is {value!r}, not one of {allowed}")
        return value

    def finish(self) -> None:
        if self._data:
            raise DefinitionError(f"{self._where}: unknown key(s) {', '.join(sorted(self._data))}")


_DATA_TYPES = get_args(DataType)
_FEATURE_OR_NONE = (None, *FEATURES)


def _get_field(data: Any, where: str) -> Field:
    reader = _Reader(data, where)
    field = Field(
        id=reader.take("id"),
        field_id=reader.take("fieldId"),
        data_type=reader.choice("dataType", _DATA_TYPES),
        length=reader.take("length"),
        decimals=reader.take("decimals"),
        control_type=reader.take("controlType"),
        label=reader.take("label"),
        column=reader.take("column"),
        feature=reader.choice("feature", _FEATURE_OR_NONE, None),
        stored=reader.choice("stored", (None, *_DATA_TYPES), None),
        fill=reader.take("fill", None),
    )
    reader.finish()
    return field


def parse_get(data: Any, where: str) -> GetConnector:
    """A GetConnector from its JSON. Raises DefinitionError, naming ``where`` it was read."""
    reader = _Reader(data, where)
    connector = GetConnector(
        id=reader.take("id"),
        description=reader.take("description"),
        modelled_on=reader.take("modelled_on"),
        source=reader.take("source"),
        feature=reader.choice("feature", _FEATURE_OR_NONE, None),
        blocked=reader.take("blocked", False),
        fields=tuple(_get_field(field, f"{where}, field {at}") for at, field in enumerate(reader.take("fields"), 1)),
    )
    reader.finish()
    if len({field.id.lower() for field in connector.fields}) != len(connector.fields):
        raise DefinitionError(f"{where}: a field id occurs twice")
    return connector


def get_as_json(connector: GetConnector) -> dict[str, Any]:
    """``connector`` in the form that ``parse_get`` reads."""
    return {
        "id": connector.id,
        "description": dict(connector.description),
        "modelled_on": connector.modelled_on,
        "source": connector.source,
        "feature": connector.feature,
        "blocked": connector.blocked,
        "fields": [
            {
                "id": field.id,
                "fieldId": field.field_id,
                "dataType": field.data_type,
                "length": field.length,
                "decimals": field.decimals,
                "controlType": field.control_type,
                "label": dict(field.label),
                "column": field.column,
                "feature": field.feature,
                "stored": field.stored,
                "fill": field.fill,
            }
            for field in connector.fields
        ],
    }


def _update_field(data: Any, where: str) -> UpdateField:
    reader = _Reader(data, where)
    field = UpdateField(
        id=reader.take("id"),
        data_type=reader.choice("dataType", _DATA_TYPES),
        length=reader.take("length"),
        decimals=reader.take("decimals"),
        mandatory=reader.take("mandatory"),
        primary_key=reader.take("primaryKey"),
        with_time=reader.take("withTime", False),
        label=reader.take("label"),
        values=tuple((value["id"], value["description"]) for value in reader.take("values", ())),
        feature=reader.choice("feature", _FEATURE_OR_NONE, None),
    )
    reader.finish()
    return field


def _update_object(reader: _Reader, where: str) -> UpdateObject:
    name = reader.take("name")
    return UpdateObject(
        name=name,
        many=reader.take("many"),
        fields=tuple(_update_field(field, f"{where}/{name}") for field in reader.take("fields")),
        objects=tuple(_below(data, f"{where}/{name}") for data in reader.take("objects")),
        feature=reader.choice("feature", _FEATURE_OR_NONE, None),
    )


def _below(data: Any, where: str) -> UpdateObject:
    reader = _Reader(data, where)
    below = _update_object(reader, where)
    reader.finish()
    return below


def parse_update(data: Any, where: str) -> UpdateConnector:
    """An UpdateConnector from its JSON. Raises DefinitionError, naming ``where`` it was read."""
    reader = _Reader(data, where)
    connector = UpdateConnector(
        id=reader.take("id"),
        description=reader.take("description"),
        methods=tuple(reader.take("methods")),
        root=_update_object(reader, where),
    )
    reader.finish()
    return connector


@cache
def get_connectors() -> Mapping[str, GetConnector]:
    """Every shipped GetConnector by its id in lower case."""
    return {
        connector.id.lower(): connector
        for path in fixtures.files("connectors/get", "*.json")
        for connector in (parse_get(orjson.loads(path.read_bytes()), path.name),)
    }


def feature_of(connector_id: str) -> Feature | None:
    """What the licence must hold for a GetConnector to be there, by its id in any case.

    None for one that needs nothing, and for one that is not among those shipped.
    """
    connector = get_connectors().get(connector_id.lower())
    return None if connector is None else connector.feature


@dataclass(frozen=True, slots=True)
class Definitions:
    """The GetConnectors of one environment, by id in lower case: those it started with, and over them the imported."""

    shipped: bool = True
    imported: Mapping[str, GetConnector] = dataclasses.field(default_factory=dict)
    known: Mapping[str, GetConnector] = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        base = get_connectors() if self.shipped else {}
        object.__setattr__(self, "known", {**base, **self.imported} if self.imported else base)

    def find(self, connector_id: str) -> GetConnector | None:
        """The connector with this id in any case."""
        return self.known.get(connector_id.lower())

    def having(self, imported: Iterable[GetConnector]) -> Definitions:
        """These and ``imported``, each of which takes the place of one of the same name."""
        return Definitions(
            self.shipped, {**self.imported, **{connector.id.lower(): connector for connector in imported}}
        )


@cache
def update_connector_ids() -> Mapping[str, str]:
    """The id of every shipped UpdateConnector by its id in lower case. Reads no definition."""
    return {path.stem.lower(): path.stem for path in fixtures.files("connectors/update", "*.json")}


@cache
def update_connector(connector_id: str) -> UpdateConnector:
    """A shipped UpdateConnector by its exact id. The definitions are large, so each is read when first asked for."""
    name = f"connectors/update/{connector_id}.json"
    return parse_update(fixtures.read_json(name), name)
