"""What a run came to, gathered from its events: what every report that is written at the end is made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mock_afas_contracts.casefile import Case
from mock_afas_contracts.contract import Contract
from mock_afas_contracts.driver import Client
from mock_afas_contracts.events import (
    BAD,
    ContractDepends,
    ContractFailed,
    ContractNotTested,
    ContractPassed,
    DriverIntroduced,
    DriverTroubled,
    Event,
    RunFinished,
    RunStarted,
    Verdict,
)


@dataclass(frozen=True)
class Result:
    """How one contract ended. ``reason`` says why it was not tested, failed, or on what it depends."""

    contract: Contract
    verdict: Verdict
    reason: str = ""
    examples: int = 0
    seconds: float = 0.0
    case: Case | None = None
    known_failing: bool = False
    trace: str = ""

    @property
    def bad(self) -> bool:
        """Whether it makes the run fail."""
        return (self.verdict in BAD) != self.known_failing if self.verdict != Verdict.NOT_TESTED else False


def _result(event: Event) -> Result | None:
    if isinstance(event, ContractPassed):
        reason = "it passed, though it is known to fail" if event.known_failing else ""
        return Result(
            event.contract,
            Verdict.PASSED,
            reason,
            event.examples,
            event.seconds,
            known_failing=event.known_failing,
        )
    if isinstance(event, ContractFailed):
        return Result(
            event.contract,
            event.verdict,
            event.case.title,
            event.examples,
            event.seconds,
            event.case,
            event.known_failing,
            event.trace,
        )
    if isinstance(event, ContractDepends):
        reason = f"on {event.ambiguity}: it fails with {event.setting}={event.choice}"
        return Result(event.contract, Verdict.DEPENDS, reason, event.examples, event.seconds, event.case)
    if isinstance(event, ContractNotTested):
        return Result(event.contract, Verdict.NOT_TESTED, event.reason)
    return None


@dataclass
class Tally:
    """Fills from events as they come; ``finished`` is set by the last one."""

    started: RunStarted | None = None
    client: Client | None = None
    results: list[Result] = field(default_factory=list)
    troubles: list[DriverTroubled] = field(default_factory=list)
    finished: RunFinished | None = None

    def hear(self, event: Event) -> None:
        result = _result(event)
        if result is not None:
            self.results.append(result)
        elif isinstance(event, RunStarted):
            self.started = event
        elif isinstance(event, DriverIntroduced):
            self.client = event.client
        elif isinstance(event, DriverTroubled):
            self.troubles.append(event)
        elif isinstance(event, RunFinished):
            self.finished = event

    @property
    def total(self) -> int:
        """How many contracts the run is about."""
        return len(self.started.contracts) if self.started else 0

    @property
    def good(self) -> bool:
        return self.finished is not None and self.finished.good

    def counts(self) -> Mapping[Verdict, int]:
        return Counter(result.verdict for result in self.results)

    def said(self) -> str:
        """``12 passed, 1 failed``."""
        counts = self.counts()
        return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict]) or "nothing was run"

    def by_id(self) -> Iterator[Result]:
        """Results by the id of their contract; those of the run that did not come to an end are not among them."""
        yield from sorted(self.results, key=lambda result: result.contract.id)
