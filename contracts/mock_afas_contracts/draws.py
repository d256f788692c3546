"""Where the drawn values of a story come from: Hypothesis, or the record of an earlier run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class NotJson(Exception):
    """A contract drew a value that cannot be kept in a case file."""


class OtherDraws(Exception):
    """A case file was recorded by another version of the contract: it draws other values now."""


class Draws(Protocol):
    """Gives one value after another."""

    def draw(self, strategy: st.SearchStrategy[T]) -> T: ...


class Drawn:
    """Values drawn by Hypothesis."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def draw(self, strategy: st.SearchStrategy[T]) -> T:
        value = self._data.draw(strategy)
        try:
            same = json.loads(json.dumps(value)) == value
        except (TypeError, ValueError):
            same = False
        if not same:
            raise NotJson(f"a story draws only what JSON keeps as it is; this is {value!r:.200}")
        return value


class Recorded:
    """Values of an earlier run, in the same order."""

    def __init__(self, values: Iterable[Any]) -> None:
        self._values = iter(values)

    def draw(self, strategy: st.SearchStrategy[T]) -> T:  # noqa: ARG002 - the strategy has done its work
        try:
            value: T = next(self._values)
        except StopIteration:
            raise OtherDraws("the contract draws more values than the case file holds") from None
        return value
