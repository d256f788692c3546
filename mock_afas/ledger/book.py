"""How the rules see the books: rows they can look up, and a draft of what a document changes.

Rules are functions over a ``Draft``. They read the books through it, add what the document makes of them, or raise a
``ProfitError``. Nothing reaches the books before every rule has had its say. Rows are in stored form (see ``values``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn, Protocol

from mock_afas.connectors import Feature
from mock_afas.documents import Node
from mock_afas.errors import ProfitError, Reason
from mock_afas.messages import Parameter, catalogue
from mock_afas.values import folded

Cell = str | int | bytes | None
Row = Mapping[str, Cell]
Key = tuple[Cell, ...]


class Book(Protocol):
    """The books as they are. Codes and numbers compare without case."""

    def find(self, entity: str, *key: Cell) -> Row | None:
        """The row of ``entity`` with this key, or None."""

    def where(self, entity: str, **columns: Cell) -> Sequence[Row]:
        """The rows of ``entity`` that have these values, in the order they were made."""

    def highest(self, entity: str, column: str, **within: Cell) -> int:
        """The highest number in ``column`` among the rows that have the values ``within``; 0 when there is none."""

    def kept(self, entities: tuple[str, ...], *about: object) -> dict[Any, Any]:
        """A dict for what rules made of rows of ``entities``: an empty one once any row of these has changed."""


class Put(NamedTuple):
    """A row to insert, with its ``key``; or, where that is empty, columns to change in the row that has its key."""

    entity: str
    row: Row
    key: Key

    @property
    def new(self) -> bool:
        """Whether the row is to be inserted."""
        return bool(self.key)


class Remove(NamedTuple):
    """A row to remove, by its key in the order of the entity. ``row`` tells it from a ``Put``."""

    entity: str
    row: None
    key: Key


class Circumstances(NamedTuple):
    """What rules depend on beside the books. ``now`` is a stored datetime, ``today`` a stored date."""

    now: str
    today: str
    user: str
    without: frozenset[Feature] = frozenset()
    #: What fields of a missing feature do: ``refused`` or ``ignored``.
    missing_features: str = "refused"
    #: Whether VAT, KvK and fiscal numbers are checked: ``off`` or ``on``.
    identifier_checks: str = "off"
    #: How many MB a file of a dossier item has at most, or ``unlimited``.
    attachment_size: str = "unlimited"


class Draft:
    """What a document changes, over the books. Look-ups by ``find`` see what was drafted before."""

    def __init__(self, book: Book, circumstances: Circumstances) -> None:
        self.circumstances = circumstances
        self._book = book
        self._changes: list[Put | Remove] = []
        self._details: dict[str, list[Row]] = {}
        #: Drafted rows by entity and key without case; those nobody looked for yet wait, unfolded, beside them.
        self._drafted: dict[str, dict[Key, Row | None]] = {}
        self._waiting: dict[str, list[tuple[Key, Row]]] = {}
        self._numbers: dict[tuple[str, Key], int] = {}

    @property
    def changes(self) -> list[Put | Remove]:
        """Everything drafted, in order."""
        return self._changes

    @property
    def details(self) -> Mapping[str, Sequence[Row]]:
        """Rows that belong to inserted ones, by entity."""
        return self._details

    def _drafted_of(self, entity: str) -> dict[Key, Row | None]:
        drafted = self._drafted.setdefault(entity, {})
        for key, row in self._waiting.pop(entity, ()):
            drafted[folded(key)] = row
        return drafted

    def find(self, entity: str, *key: Cell) -> Row | None:
        """The row of ``entity`` with this key as it will be, or None."""
        if entity in self._drafted or entity in self._waiting:
            drafted, plain = self._drafted_of(entity), folded(key)
            if plain in drafted:
                return drafted[plain]
        return self._book.find(entity, *key)

    def where(self, entity: str, **columns: Cell) -> Sequence[Row]:
        """The rows of ``entity`` with these values as the books are; what is drafted is not among them."""
        return self._book.where(entity, **columns)

    def kept(self, entities: tuple[str, ...], *about: object) -> dict[Any, Any]:
        """A dict for what rules make of rows of ``entities``, and of ``about``, for this document and later ones.

        Nothing that was only drafted may get into it.
        """
        return self._book.kept(entities, *about)

    def insert(self, entity: str, key: Key, row: Row) -> None:
        """A row that is not there yet; ``key`` repeats its key."""
        self._changes.append(Put(entity, row, key))
        self._waiting.setdefault(entity, []).append((key, row))

    def attach(self, entity: str, rows: Sequence[Row]) -> None:
        """Rows that belong to an inserted one and are not there yet. Nobody looks these up in the same document."""
        if rows:
            self._details.setdefault(entity, []).extend(rows)

    def change(self, entity: str, key: Key, row: Row) -> None:
        """Columns of a row that is there, its key among them; ``modified`` moves by itself."""
        self._changes.append(Put(entity, row, ()))
        before = self.find(entity, *key) or {}
        self._drafted_of(entity)[folded(key)] = {**before, **row}

    def remove(self, entity: str, key: Key) -> None:
        self._changes.append(Remove(entity, None, key))
        self._drafted_of(entity)[folded(key)] = None

    def next_number(self, entity: str, column: str, **within: Cell) -> int:
        """A number that ``column`` has nowhere yet within ``within``. A document that is refused uses none up."""
        key = (f"{entity}.{column}", tuple(within.values()))
        last = self._numbers.get(key)
        number = 1 + (self._book.highest(entity, column, **within) if last is None else last)
        self._numbers[key] = number
        return number

    def lacks(self, feature: Feature) -> bool:
        """Whether the environment's licence lacks ``feature``."""
        return feature in self.circumstances.without


class Result(NamedTuple):
    """What the answer tells of what was made: fields of the root object by their ids. None for no body."""

    root: str
    keys: Mapping[str, str] | None


def refuse(
    rule: str, node: Node, field: str = "", *, value: object = None, allowed: str = "", **parameters: Parameter
) -> NoReturn:
    """Refuses the document: ``rule`` is a key in ``fixtures/messages``, ``field`` the field of ``node`` at fault.

    The message can use ``{label}``, the field's label. ``value`` is by default the field's; ``allowed`` says what may
    stand there, for the logbook.
    """
    if field:
        parameters.setdefault("label", node.label(field))
        value = node.fields.get(field) if value is None else value
    path = f"{node.path}/Fields/{field}" if field else node.path
    shown = "" if value is None else str(value)[:200]
    raise ProfitError(rule, Reason(catalogue()[rule].rule or rule, path, shown, allowed), **parameters)
