"""What a request for rows is compiled to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

#: For ``take``: every row.
ALL = -1

Parameter = str | int | float
Walk = tuple[str, tuple[Parameter, ...], tuple[tuple[int, bool], ...]]


class Clause(NamedTuple):
    """A condition: SQL text over columns, its parameters, the columns it reads, and those it pins to one value."""

    sql: str
    parameters: tuple[Parameter, ...] = ()
    columns: tuple[int, ...] = ()
    equal: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A compiled request for rows. ``order`` is (column, descending); ``take`` may be ``ALL``."""

    where: str
    parameters: tuple[Parameter, ...]
    order: tuple[tuple[int, bool], ...]
    equal_columns: tuple[int, ...]
    other_columns: tuple[int, ...]
    skip: int
    take: int
    #: What the answer repeats of skip and take.
    echo: tuple[int, int]

    @property
    def walk(self) -> Walk:
        """What decides which rows there are and in which order: all but skip and take."""
        return self.where, self.parameters, self.order
