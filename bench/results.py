"""What was measured: figures, what they have to reach, and whether they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["/s", "ms", "MB"]


@dataclass(frozen=True, slots=True)
class Target:
    """A bound of the ratio, or of our own figure where there is no peer."""

    bound: Literal["least", "most"]
    limit: float

    def met_by(self, value: float) -> bool:
        return value >= self.limit if self.bound == "least" else value <= self.limit


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the report. ``theirs`` is the figure of ``peer``, in the same unit."""

    measure: str
    name: str
    ours: float
    unit: Unit
    peer: str = ""
    theirs: float | None = None
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        """Ours by theirs; None without a peer."""
        return None if self.theirs is None else self.ours / self.theirs

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        if self.target is None:
            return None
        return self.target.met_by(self.ours if self.ratio is None else self.ratio)


def at_least(limit: float) -> Target:
    return Target("least", limit)


def at_most(limit: float) -> Target:
    return Target("most", limit)
