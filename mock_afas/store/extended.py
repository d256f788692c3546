"""Entities that extend others, as a debtor extends an organisation and its address: what their rows show, in SQL."""

from __future__ import annotations

from mock_afas.records import ENTITIES, Column, Entity
from mock_afas.store.schema import quoted


def extended_columns(entity: Entity, behind: Entity) -> list[Column]:
    """The columns that ``entity`` shows of ``behind``: those no nearer entity has a column of the same name for."""
    nearer = (entity.name, *entity.extends[: entity.extends.index(behind.name)])
    taken = {column.name for name in nearer for column in ENTITIES[name].columns}
    return [column for column in behind.columns if column.name not in taken]


def all_columns(entity: Entity) -> list[tuple[Entity, Column]]:
    """Every column a row of ``entity`` shows, with the entity it belongs to."""
    own = [(entity, column) for column in entity.columns]
    return own + [
        (behind, column)
        for behind in (ENTITIES[name] for name in entity.extends)
        for column in extended_columns(entity, behind)
    ]


def tables_of(entity: Entity) -> str:
    """The FROM clause of ``entity`` with the entities it extends, each joined to the nearest one that refers to it."""
    clause = quoted(entity.name)
    for at, name in enumerate(entity.extends):
        link = ENTITIES[name].key[0]
        before = (entity.name, *entity.extends[:at])
        holder = next(near for near in before if ENTITIES[near].column(link))
        clause += f" LEFT JOIN {quoted(name)} ON {quoted(name)}.{quoted(link)} = {quoted(holder)}.{quoted(link)}"
    return clause


def changed_at(entity: Entity, since: str, owner: Entity | None) -> tuple[str, list[str]]:
    """The WHERE clause, and its parameters, that picks the rows of ``entity`` changed at ``since`` or later.

    ``since`` is a stored datetime. Rows of an ``owner`` count as changed when their row of it is.
    """
    if owner is not None:
        ties = ", ".join(f"{quoted(entity.name)}.{quoted(name)}" for name in owner.key)
        keys = ", ".join(map(quoted, owner.key))
        return f" WHERE ({ties}) IN (SELECT {keys} FROM {quoted(owner.name)} WHERE modified >= ?)", [since]
    stamped = [name for name in (entity.name, *entity.extends) if ENTITIES[name].column("modified")]
    return f" WHERE {' OR '.join(f'{quoted(name)}.modified >= ?' for name in stamped)}", [since] * len(stamped)
