"""What a rule is, what it finds, and the recording it looks at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from mock_afas.traffic import redaction
from mock_afas.traffic.calls import Call
from mock_afas.traffic.exchange import UNKNOWN, Exchange

Severity = Literal["error", "warning", "note"]
#: Who says it: AFAS itself, answers of real environments, others who quote AFAS, or we, by our reading.
Sure = Literal["documented", "seen", "quoted", "assumed"]
#: So many exchanges are named in a finding; how many there are is said.
MOST_SHOWN = 100
_LONGEST = 200


class Observed(NamedTuple):
    """What a rule saw: a sentence, and the calls that show it."""

    message: str
    calls: Sequence[Call]


class Recording:
    """Exchanges in the order they began. ``parallel_calls`` is how many may run at once (AMB-08)."""

    def __init__(self, exchanges: Iterable[Exchange], *, parallel_calls: int = 5) -> None:
        self.calls = sorted(map(Call, exchanges), key=lambda call: (call.started, call.number))
        self.parallel_calls = parallel_calls

    @cached_property
    def by_client(self) -> Mapping[bytes, list[Call]]:
        """The calls of each token."""
        return grouped(self.calls, lambda call: call.client)

    @cached_property
    def reads(self) -> list[Call]:
        """Reads of GetConnectors that gave rows."""
        return [call for call in self.calls if call.reads and call.status == 200]

    @cached_property
    def writes(self) -> list[Call]:
        return [call for call in self.calls if call.writes]


def grouped(calls: Iterable[Call], key: Callable[[Call], Any]) -> dict[Any, list[Call]]:
    """``calls`` by what ``key`` makes of each, in their order."""
    groups: dict[Any, list[Call]] = defaultdict(list)
    for call in calls:
        groups[key(call)].append(call)
    return groups


Check = Callable[[Recording], Iterator[Observed]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of traffic. ``evidence`` is what AFAS says about it and ``sure`` who says so; ``advice`` what to do."""

    id: str
    severity: Severity
    title: str
    evidence: str
    sure: Sure
    advice: str
    check: Check

    def findings(self, recording: Recording) -> list[Finding]:
        """What the rule finds in ``recording``."""
        return [self._finding(observed) for observed in self.check(recording)]

    def _finding(self, observed: Observed) -> Finding:
        calls = observed.calls[:MOST_SHOWN]
        return Finding(
            rule=self.id,
            severity=self.severity,
            message=redaction.text(observed.message),
            evidence=self.evidence,
            sure=self.sure,
            advice=self.advice,
            exchanges=tuple(call.number for call in calls),
            calls=tuple(map(_summary, calls)),
            count=len(observed.calls),
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: numbers of exchanges, at most 100 of ``count``, and in ``calls`` what each of them was."""

    rule: str
    severity: Severity
    message: str
    evidence: str
    sure: Sure
    advice: str
    exchanges: tuple[int, ...]
    calls: tuple[str, ...]
    count: int

    def as_dict(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "severity": self.severity,
            "message": self.message,
            "evidence": self.evidence,
            "sure": self.sure,
            "advice": self.advice,
            "exchanges": list(self.exchanges),
            "calls": list(self.calls),
            "count": self.count,
        }


def _summary(call: Call) -> str:
    """A line for people: ``GET /connectors/X?take=2 → 200, 2 rows``; without secrets."""
    query = redaction.query(call.exchange.query)
    asked = f"{call.method} {redaction.text(call.path)}{'?' if query else ''}{query}"
    if len(asked) > _LONGEST:
        asked = f"{asked[:_LONGEST]}…"
    parts = [str(call.status) if call.status else "no answer"]
    if call.rows != UNKNOWN:
        parts.append(f"{call.rows:,} row{'' if call.rows == 1 else 's'}")
    if not call.exchange.delivered:
        parts.append("not delivered")
    return f"{asked} → {', '.join((*parts, *call.exchange.faults))}"
