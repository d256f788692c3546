"""Which rows a connector from elsewhere can be served from, and which column is behind each of its fields.

What we know of AFAS' dictionary is in ``fixtures/dictionary.json``: its field ids are those of the UpdateConnectors.
Besides, the shipped connectors say how their own source's columns are called and labelled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from mock_afas import connectors, fixtures
from mock_afas.connectors import DataType, Feature, Field, GetConnector
from mock_afas.imports.foreign import Foreign, ForeignField
from mock_afas.imports.guesses import words
from mock_afas.records import ENTITIES, Kind
from mock_afas.store.sources import GENERATED, SOURCES, Source

How = Literal["dictionary", "field id", "name", "label", "filled"]

_TYPES: Mapping[Kind, DataType] = {
    "text": "string",
    "integer": "int",
    "boolean": "boolean",
    "decimal": "decimal",
    "date": "date",
    "datetime": "date",
    "blob": "blob",
}
#: A ``fieldId`` that a user's own view numbers: it says nothing of what the field is.
_NUMBERED = re.compile(r"U\d+", re.IGNORECASE)


@lru_cache(maxsize=4_096)
def _is_numbered(field_id: str) -> bool:
    return _NUMBERED.fullmatch(field_id) is not None


class Known(NamedTuple):
    """What we know of a source's column: its type as stored, and the shipped field over it, where there is one."""

    column: str
    data_type: DataType
    length: int
    decimals: int
    feature: Feature | None
    shipped: Field | None


class Found(NamedTuple):
    """The column behind a field, and how it was found."""

    how: How
    known: Known


class View(NamedTuple):
    """A source with the ways by which a field can find its column. Keys are in lower case."""

    source: Source
    feature: Feature | None
    stems: tuple[frozenset[str], ...]
    dictionary: Mapping[str, str]
    groups: tuple[str, ...]
    names: Mapping[str, str]
    labels: Mapping[str, str]
    columns: Mapping[str, Known]

    @property
    def known_as(self) -> frozenset[str]:
        """Every word by which a field finds a column here."""
        return _known_as(self.source.name)


class _Facts(NamedTuple):
    """What ``fixtures/dictionary.json`` says.

    ``tables``: the group of fields that a table has; ``fields``: in each group, the column behind a field id;
    ``sources``: the groups whose fields a source holds, the main one first; ``elsewhere``: systems of AFAS of which we
    have no data.
    """

    tables: Mapping[str, str]
    elsewhere: Sequence[str]
    fields: Mapping[str, Mapping[str, str]]
    sources: Mapping[str, Sequence[str]]


@cache
def _facts() -> _Facts:
    return _Facts(**fixtures.read_json("dictionary.json"))


@lru_cache(maxsize=4_096)
def _plain(text: str) -> str:
    return re.sub(r"[\W_]", "", text).lower()


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The pairs as a mapping, without keys that lead to different places."""
    found: dict[str, str] = {}
    doubtful: set[str] = set()
    for key, value in pairs:
        if found.setdefault(key, value) != value:
            doubtful.add(key)
    return {key: value for key, value in found.items() if key and key not in doubtful}


def _known(source: Source, column: str, shipped: Field | None) -> Known:
    if shipped is not None:
        return Known(column, shipped.data_type, shipped.length, shipped.decimals, shipped.feature, shipped)
    for name in source.tables:
        behind = ENTITIES[name].column(column)
        if behind is not None:
            return Known(column, _TYPES[behind.kind], behind.length or 0, behind.decimals or 0, None, None)
    return Known(column, "string", 255, 0, None, None)


def _view(source: Source, over: Sequence[GetConnector]) -> View:
    """``over`` are the shipped connectors that read ``source``."""
    fields = [field for connector in over for field in connector.fields]
    by_column = {field.column: field for field in reversed(fields)}
    groups = tuple(_facts().sources.get(source.name, ()))
    entries = [pair for group in reversed(groups) for pair in _facts().fields[group].items()]
    features = {connector.feature for connector in over}
    return View(
        source=source,
        feature=features.pop() if len(features) == 1 else None,
        stems=tuple(frozenset(_stems(connector.id)) for connector in over),
        dictionary={name.lower(): column for name, column in entries if column in source.columns},
        groups=groups,
        names={_plain(column): column for column in source.columns}
        | {_plain(field.id): field.column for field in reversed(fields)},
        labels=_unique((label.lower(), field.column) for field in fields for label in field.label.values()),
        columns={column: _known(source, column, by_column.get(column)) for column in source.columns},
    )


def _stems(name: str) -> list[str]:
    """How the words of a connector's name begin, without the word before its first underscore."""
    return [word[:5] for word in words(name.partition("_")[2] or name)]


@cache
def views() -> Mapping[str, View]:
    """Every source that a shipped connector reads, by its name."""
    over: dict[str, list[GetConnector]] = {}
    for connector in sorted(connectors.get_connectors().values(), key=lambda one: not one.id.startswith("Zenvoices")):
        over.setdefault(connector.source, []).append(connector)
    return {name: _view(SOURCES[name], readers) for name, readers in over.items()}


# ---------------------------------------------------------------- fields


def _by_reference(field: ForeignField, view: View) -> str | None:
    """By dictionary reference. A table we know leads to its own fields only."""
    if not field.reference:
        return None
    system, _, rest = field.reference.partition(".")
    table, _, name = rest.partition(".")
    if not name or system in _facts().elsewhere:
        return None
    group = _facts().tables.get(f"{system}.{table}")
    if group is None:
        return view.dictionary.get(name.lower())
    if group not in view.groups:
        return None
    column = _facts().fields[group].get(name, "")
    return column if column in view.columns else None


def _by_field_id(field: ForeignField, view: View, shipped: GetConnector | None) -> str | None:
    """By ``fieldId``: that of the same field in our definition of this connector, or one of the dictionary."""
    if shipped is not None:
        for ours in shipped.fields:
            if ours.field_id == field.field_id and (
                ours.id.lower() == field.id.lower() or not {*ours.label.values()}.isdisjoint(field.label.values())
            ):
                return ours.column
    return None if _is_numbered(field.field_id) else view.dictionary.get(field.field_id.lower())


def _by_name(field: ForeignField, view: View, shipped: GetConnector | None) -> str | None:
    if shipped is not None:
        at = shipped.find(field.id)
        if at is not None:
            return shipped.fields[at].column
    return view.names.get(_plain(field.id))


def _by_label(field: ForeignField, view: View, _shipped: GetConnector | None) -> str | None:
    return next((view.labels[label.lower()] for label in field.label.values() if label.lower() in view.labels), None)


_WAYS: tuple[tuple[How, Callable[[ForeignField, View, GetConnector | None], str | None]], ...] = (
    ("dictionary", lambda field, view, _: _by_reference(field, view)),
    ("field id", _by_field_id),
    ("name", _by_name),
    ("label", _by_label),
)


def find(field: ForeignField, view: View, shipped: GetConnector | None) -> Found | None:
    """The column behind ``field`` in ``view``. ``shipped`` is our own definition of the connector, if we have one."""
    if field.reference.partition(".")[0] in _facts().elsewhere:
        return None
    for how, way in _WAYS:
        column = way(field, view, shipped)
        if column is not None:
            return Found(how, view.columns[column])
    return None


# ---------------------------------------------------------------- sources


def shipped_like(foreign: Foreign) -> GetConnector | None:
    """Our own definition of the connector with this name."""
    return connectors.get_connectors().get(foreign.name.lower())


def view_of(foreign: Foreign) -> View | None:
    """The source to serve ``foreign`` from: that of our own definition, or the likeliest; None when nothing fits."""
    shipped = shipped_like(foreign)
    if shipped is not None:
        return views()[shipped.source]
    system = foreign.main_table.partition(".")[0]
    if system in _facts().elsewhere:
        return None
    group = _facts().tables.get(foreign.main_table)
    spoken = _spoken(foreign)
    candidates = [
        _Candidate(view, _mapped(foreign, view), _is_named(foreign, view))
        for view in views().values()
        if (group in view.groups[:1] if group is not None else not spoken.isdisjoint(view.known_as))
    ]
    fitting = [one for one in candidates if group is not None or one.fits(len(foreign.fields))]
    best = max(fitting, key=lambda one: one.score(len(foreign.fields)), default=None)
    return best.view if best is not None else None


class _Candidate(NamedTuple):
    """A source that a connector might be served from: the columns found for its fields, and how well the name fits."""

    view: View
    mapped: list[str]
    named: int

    def score(self, fields: int) -> float:
        return len(self.mapped) + self.named * fields / 2

    def fits(self, fields: int) -> bool:
        """Whether enough is known: the name tells, or half of the fields and the last part of the key."""
        if self.named:
            return bool(self.mapped)
        key = ENTITIES[self.view.source.entity].key[-1]
        return key in self.mapped and len(self.mapped) >= max(2, fields / 2)


@cache
def _known_as(source: str) -> frozenset[str]:
    view = views()[source]
    return frozenset((*view.dictionary, *view.names, *view.labels))


def _spoken(foreign: Foreign) -> set[str]:
    """Every word by which a field of ``foreign`` might find a column; most sources have none of them."""
    words = {label.lower() for field in foreign.fields for label in field.label.values()}
    words.update(_plain(field.id) for field in foreign.fields)
    words.update(field.field_id.lower() for field in foreign.fields)
    words.update(field.reference.rpartition(".")[2].lower() for field in foreign.fields)
    return words


def _mapped(foreign: Foreign, view: View) -> list[str]:
    found = (find(field, view, None) for field in foreign.fields)
    return [one.known.column for one in found if one is not None]


def _is_named(foreign: Foreign, view: View) -> int:
    """How many words of the name of a connector over ``view`` are in the name of ``foreign``, when all are."""
    stems = set(_stems(foreign.name))
    return max((len(words) for words in view.stems if words <= stems), default=0)


__all__ = ["GENERATED", "Found", "How", "Known", "View", "find", "shipped_like", "view_of", "views"]
