"""Makes of a definition from elsewhere one that is served, and tells what became of each field."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from mock_afas.connectors import DataType, Field, GetConnector
from mock_afas.imports import dictionary, guesses
from mock_afas.imports.dictionary import Found, View
from mock_afas.imports.foreign import Foreign, ForeignField
from mock_afas.imports.guesses import Shape
from mock_afas.store.rendering import CONVERSIONS
from mock_afas.store.sources import GENERATED

_CONTROL_TYPES: Mapping[DataType, int] = {"string": 1, "int": 2, "decimal": 3, "boolean": 4, "date": 5, "blob": 6}
MODELLED_ON = "imported"


class Mapped(NamedTuple):
    """A definition that can be served. ``how`` says for each field, in order, what it was mapped by, and to what."""

    connector: GetConnector
    how: tuple[tuple[str, str], ...]

    def report(self, *, replaces: bool) -> dict[str, Any]:
        """What the caller of an import is told. ``replaces`` is whether there was a connector of that name."""
        return {
            "connector": self.connector.id,
            "source": self.connector.source,
            "replaces": replaces,
            "fields": [
                {"id": field.id, "dataType": field.data_type, "mapped": how, "to": column or None}
                for field, (how, column) in zip(self.connector.fields, self.how, strict=True)
            ],
        }


def mapped(foreign: Foreign, *, seed: int) -> Mapped:
    """``foreign`` over the rows of our books. ``seed`` decides what is made up where we have no data."""
    view = dictionary.view_of(foreign)
    shipped = dictionary.shipped_like(foreign)
    fields, how = [], []
    for field in foreign.fields:
        found = dictionary.find(field, view, shipped) if view is not None else None
        made = _mapped_field(field, found) if found is not None else None
        if made is not None and found is not None:
            how.append((found.how, found.known.column))
        else:
            made = _filled_field(field, zlib.crc32(f"{seed}/{foreign.name}/{field.id}".lower().encode()))
            how.append(("filled", ""))
        fields.append(made)
    connector = GetConnector(
        id=foreign.name,
        description=foreign.description,
        modelled_on=MODELLED_ON,
        source=view.source.name if view is not None else GENERATED,
        feature=_feature(view, shipped),
        blocked=foreign.blocked,
        fields=tuple(fields),
    )
    return Mapped(connector, tuple(how))


def _feature(view: View | None, shipped: GetConnector | None) -> Any:
    if shipped is not None:
        return shipped.feature
    return view.feature if view is not None else None


def _mapped_field(field: ForeignField, found: Found) -> Field | None:
    """The field over a column of ours; None when the column cannot be shown as the type the field has."""
    known = found.known
    ours = known.shipped
    shape = Shape(field.data_type or known.data_type, field.length, field.decimals)
    if field.data_type is None:
        shape = Shape(known.data_type, known.length, known.decimals)
    cut = shape.data_type == known.data_type == "string" and 0 < shape.length < (known.length or shape.length + 1)
    converted = shape.data_type != known.data_type
    if converted and (known.data_type, shape.data_type) not in CONVERSIONS:
        return None
    control_type = ours.control_type if ours is not None and field.control_type is None else field.control_type
    return Field(
        id=field.id,
        field_id=field.field_id,
        data_type=shape.data_type,
        length=shape.length,
        decimals=shape.decimals,
        control_type=_CONTROL_TYPES[shape.data_type] if control_type is None else control_type,
        label=_label(field, ours),
        column=known.column,
        feature=known.feature,
        stored=known.data_type if converted or cut else None,
    )


def _filled_field(field: ForeignField, seed: int) -> Field:
    """The field with values made up from ``seed``."""
    label = _label(field, None)
    if field.data_type is None:
        shape = guesses.shape(field.id, label["nl"], field.reference)
    else:
        shape = Shape(field.data_type, field.length, field.decimals)
    return Field(
        id=field.id,
        field_id=field.field_id,
        data_type=shape.data_type,
        length=shape.length,
        decimals=shape.decimals,
        control_type=_CONTROL_TYPES[shape.data_type] if field.control_type is None else field.control_type,
        label=label,
        column="",
        feature=None,
        fill=seed,
    )


def _label(field: ForeignField, ours: Field | None) -> dict[str, str]:
    """The label in both languages; where one is missing, ours if it is of the same field, else the other's."""
    dutch, english = field.label.get("nl", ""), field.label.get("en", "")
    if ours is not None and not {dutch, english} - {"", *ours.label.values()}:
        return dict(ours.label)
    spoken = dutch or english or field.id
    return {"nl": spoken, "en": english or spoken}


def mapped_to_itself(connector: GetConnector) -> Mapped:
    """A definition of our own, which needs no mapping."""
    return Mapped(connector, tuple(("field id", field.column) for field in connector.fields))
