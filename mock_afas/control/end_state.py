"""The end state of the books, nested as a contract judges it: entries with their lines, subjects with their files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

Shown = dict[str, object]

#: Which entities go into the end state, by the names they have there.
TOP = ("entries", "invoices", "suppliers", "customers", "subjects", "commitments")
#: What is nested: the entity, the one it stands in, under which name, and the columns that tie both.
_NESTED = (
    ("entry_allocations", "entry_lines", "allocations", ("administration", "entry", "sequence")),
    ("entry_projects", "entry_lines", "projects", ("administration", "entry", "sequence")),
    ("entry_transitories", "entry_lines", "transitories", ("administration", "entry", "sequence")),
    ("entry_lines", "entries", "lines", ("administration", "entry")),
    ("attachments", "subjects", "attachments", ("subject_id",)),
)
#: Every entity that is read, and the one of ``TOP`` that its rows belong to.
OWNERS: Mapping[str, str] = {
    **{name: name for name in TOP},
    **dict.fromkeys(("entry_lines", "entry_allocations", "entry_projects", "entry_transitories"), "entries"),
    "attachments": "subjects",
}


def nested(tables: Mapping[str, list[Shown]]) -> dict[str, list[Shown]]:
    """The tables of ``OWNERS``, each row that belongs to another inside that one."""
    for entity, parent, name, ties in _NESTED:
        groups = _grouped(tables[entity], ties)
        for row in tables[parent]:
            row[name] = groups.get(tuple(row[tie] for tie in ties), [])
    return {entity: tables[entity] for entity in TOP}


def _grouped(rows: Iterable[Shown], ties: tuple[str, ...]) -> dict[tuple[object, ...], list[Shown]]:
    groups: dict[tuple[object, ...], list[Shown]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[tie] for tie in ties)].append({key: value for key, value in row.items() if key not in ties})
    return groups
