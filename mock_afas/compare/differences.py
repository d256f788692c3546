"""Two observations side by side: where they differ, and how much that matters to a client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

Severity = Literal["error", "warning", "note"]
Observation = Mapping[str, Any]
#: So much of a value is shown.
_LONGEST = 300


class _Absent:
    def __repr__(self) -> str:
        return "not there"


ABSENT = _Absent()


class Ordered(tuple[str, ...]):
    """Names whose order counts; those that the other side lacks are told elsewhere."""

    __slots__ = ()


class Difference(NamedTuple):
    """``subject`` is what differs, from the outermost name to the innermost."""

    area: str
    severity: Severity
    subject: tuple[str, ...]
    left: str
    right: str

    def as_dict(self) -> dict[str, Any]:
        return {**self._asdict(), "subject": list(self.subject)}


#: What a difference in a thing of this name weighs, wherever it is; else it weighs what its area says.
_WEIGHTS: Mapping[str, Severity] = {
    "label": "note",
    "description": "note",
    "version": "note",
    "length": "warning",
    "decimals": "warning",
    "controlType": "warning",
    "decimalsFieldId": "warning",
    "decimalFieldId": "warning",
    "message": "warning",
    "order": "warning",
}


def differences(
    area: str, default: Severity, left: Any, right: Any, subject: tuple[str, ...] = ()
) -> Iterator[Difference]:
    """Where ``left`` and ``right`` differ; None says that a side could not tell, and differs from nothing."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        for name in (*left, *(name for name in right if name not in left)):
            yield from differences(
                area, default, left.get(name, ABSENT), right.get(name, ABSENT), (*subject, str(name))
            )
        return
    if isinstance(left, Ordered) and isinstance(right, Ordered):
        left, right = _common(left, right), _common(right, left)
    if left is None or right is None or left == right:
        return
    severity = _WEIGHTS.get(subject[-1], default) if ABSENT not in (left, right) else default
    yield Difference(area, severity, subject, _shown(left), _shown(right))


def _common(names: Ordered, others: Ordered) -> Ordered:
    known = set(others)
    return Ordered(name for name in names if name in known)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "there"
    text = ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return f"{text[:_LONGEST]}…" if len(text) > _LONGEST else text
