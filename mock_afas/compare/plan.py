"""What is asked of both environments alike: connectors they share, and one of them to try things on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mock_afas.compare.side import Side

#: So many connectors are looked into for their rows; more would be a burden to a real environment.
MOST_SAMPLED = 40
#: A connector with fewer rows may be read whole.
_SMALL = 100
#: So many rows tell whether an order is kept.
_ENOUGH = 8
_PLAIN = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9 .&-]{0,60}")


@dataclass(frozen=True)
class Probe:
    """A connector that both have, with a text field to filter on, and a date field where there is one.

    ``values`` are a value of the text field for each side; ``small`` says that all rows may be read at once.
    """

    connector: str
    text: str
    date: str | None
    values: Mapping[str, str]
    small: bool


@dataclass(frozen=True)
class Plan:
    """``connectors`` and ``update_connectors`` are those that both have, ``sampled`` those whose rows are compared."""

    connectors: Sequence[str]
    update_connectors: Sequence[str]
    sampled: Sequence[str]
    probe: Probe | None


def made_for(left: Side, right: Side) -> Plan:
    """The plan for two environments. Raises ControlError when one of them has no metainfo."""
    connectors = _shared(left, right, "getConnectors")
    sampled = connectors[:MOST_SAMPLED]
    probes = [probe for name in sampled for probe in _probes(name, left, right)]
    probes.sort(key=lambda probe: (not probe.small, probe.date is None))
    return Plan(connectors, _shared(left, right, "updateConnectors"), sampled, probes[0] if probes else None)


def _shared(left: Side, right: Side, kind: str) -> list[str]:
    theirs = right.listed(kind)
    return [name for name in left.listed(kind) if name in theirs]


def _probes(connector: str, left: Side, right: Side) -> Iterator[Probe]:
    """The probe that a connector makes, if any: enough rows on both sides, and a text that tells them apart."""
    samples = {side.name: side.sample(connector).rows for side in (left, right)}
    rows = [found for found in samples.values() if found is not None]
    if len(rows) < 2 or min(map(len, rows)) < _ENOUGH:
        return
    text = next((name for name in rows[0][0] if all(_tells_apart(found, name) for found in rows)), None)
    if text is not None:
        yield Probe(
            connector=connector,
            text=text,
            date=next((name for name in rows[0][0] if all(_is_date(found, name) for found in rows)), None),
            values={side: _letters(found or [], text)[0] for side, found in samples.items()},
            small=max(map(len, rows)) < _SMALL,
        )


def _letters(rows: list[dict[str, Any]], name: str) -> list[str]:
    """Values with a letter in them, and nothing that a filter could take for a sign of its own."""
    found = (row.get(name) for row in rows)
    return [value for value in found if isinstance(value, str) and _PLAIN.fullmatch(value)]


def _tells_apart(rows: list[dict[str, Any]], name: str) -> bool:
    values = [row.get(name) for row in rows]
    return bool(_letters(rows, name)) and len(set(map(str, values))) == len(values)


def _is_date(rows: list[dict[str, Any]], name: str) -> bool:
    values = [row.get(name) for row in rows if row.get(name) is not None]
    return bool(values) and all(isinstance(value, str) and value[4:5] == "-" and "T" in value for value in values)
