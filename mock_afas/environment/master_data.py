"""Rows of entities as the control API gives and shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mock_afas import records, values
from mock_afas.errors import ControlError
from mock_afas.records import ENTITIES, Column, Entity, Stored
from mock_afas.store.extended import all_columns


def entity_named(name: str) -> Entity:
    """The entity called ``name``. Raises ControlError 404."""
    if name not in ENTITIES:
        raise ControlError(f"there is no entity '{name}'", hint=f"there are {', '.join(sorted(ENTITIES))}", status=404)
    return ENTITIES[name]


def shown_rows(entity: Entity, rows: Iterable[Mapping[str, Stored]]) -> list[dict[str, object]]:
    """Rows in stored form as the control API shows them."""
    columns = _columns(entity)
    return [{name: records.shown(columns[name], value) for name, value in row.items()} for row in rows]


def checked_rows(entity: Entity, rows: Sequence[object]) -> list[dict[str, Stored]]:
    """Rows of the control API in stored form. Raises ControlError naming row and column."""
    columns = _columns(entity)
    return [_checked(entity, columns, row, at) for at, row in enumerate(rows)]


def _columns(entity: Entity) -> dict[str, Column]:
    return {column.name: column for _, column in all_columns(entity)}


def _checked(entity: Entity, columns: Mapping[str, Column], row: object, at: int) -> dict[str, Stored]:
    if not isinstance(row, dict):
        raise ControlError(f"row {at} of '{entity.name}' is no object", hint='rows look like {"column": value}')
    checked = {}
    for name, value in row.items():
        if name not in columns:
            raise ControlError(
                f"row {at}: '{entity.name}' has no column '{name}'", hint=f"the columns are {', '.join(columns)}"
            )
        try:
            checked[name] = records.stored(columns[name], value)
        except values.NotAValue as allowed:
            raise ControlError(f"row {at}: '{name}' is {str(value)[:100]!r}", hint=f"it takes {allowed}") from None
    return checked
