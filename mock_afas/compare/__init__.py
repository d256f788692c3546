"""Compares two Profit environments, such as mock_afas and a real one, by reading alone.

What is compared are definitions and behaviour, not data. An area is a function that observes one environment by a plan
made for both; where the observations differ there is a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from mock_afas.compare import behaviour, definitions, formats
from mock_afas.compare.differences import Difference, Observation, Severity, differences
from mock_afas.compare.plan import Plan, made_for
from mock_afas.compare.side import Side

__all__ = ["AREAS", "Comparison", "Difference", "Side", "compare"]


class Area(NamedTuple):
    """A part of what environments do. ``severity`` is that of a difference that has none of its own."""

    name: str
    title: str
    severity: Severity
    observe: Callable[[Side, Plan], Observation]


AREAS: tuple[Area, ...] = (
    Area("overview", "Version, connectors and environment", "error", definitions.overview),
    Area("get-connectors", "Fields of GetConnectors", "error", definitions.get_connectors),
    Area("update-connectors", "Fields of UpdateConnectors", "error", definitions.update_connectors),
    Area("formats", "How values are written", "error", formats.formats),
    Area("paging", "Skip and take at their edges", "error", behaviour.paging),
    Area("filters", "Filters", "error", behaviour.filters),
    Area("order", "Order of rows", "error", behaviour.order),
    Area("mistakes", "Answers to mistakes", "error", behaviour.mistakes),
    Area("headers", "Headers of answers", "warning", behaviour.headers),
)


@dataclass(frozen=True)
class Comparison:
    """What was compared and where it differs. ``skipped`` names areas without anything to try them on."""

    left: str
    right: str
    calls: int
    areas: Sequence[str]
    skipped: Sequence[str]
    differences: Sequence[Difference]

    def as_dict(self) -> dict[str, Any]:
        return {
            "left": self.left,
            "right": self.right,
            "calls": self.calls,
            "areas": list(self.areas),
            "skipped": list(self.skipped),
            "differences": [difference.as_dict() for difference in self.differences],
        }

    def lines(self) -> Iterator[str]:
        """For people: differences by area."""
        count = len(self.differences)
        yield f"{count:,} difference{'' if count == 1 else 's'} between"
        yield f"  left   {self.left}"
        yield f"  right  {self.right}"
        for area in AREAS:
            found = [difference for difference in self.differences if difference.area == area.name]
            if found:
                yield ""
                yield f"{area.title} ({area.name})"
            for difference in found:
                yield f"  {difference.severity:<8} {' › '.join(difference.subject)}"
                yield f"           left   {difference.left}"
                yield f"           right  {difference.right}"
        if self.skipped:
            yield ""
            yield f"Not compared, since no connector of both has rows enough to try it on: {', '.join(self.skipped)}"


def compare(left: Side, right: Side) -> Comparison:
    """Reads both and tells where they differ. Raises ControlError when one cannot be read."""
    plan = made_for(left, right)
    found: list[Difference] = []
    compared: list[str] = []
    skipped: list[str] = []
    for area in AREAS:
        here, there = area.observe(left, plan), area.observe(right, plan)
        (compared if here or there else skipped).append(area.name)
        found.extend(differences(area.name, area.severity, here, there))
    return Comparison(left.url, right.url, left.calls + right.calls, compared, skipped, found)
