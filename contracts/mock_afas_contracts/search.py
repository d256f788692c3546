"""Looks for a story of a contract that goes wrong, and for the shortest one: Hypothesis, with a limit on time."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import strategies as st
from hypothesis.errors import Flaky, HypothesisException

from mock_afas_contracts.casefile import Case
from mock_afas_contracts.contract import Contract
from mock_afas_contracts.draws import Drawn, Draws, Recorded
from mock_afas_contracts.driver import BrokeProtocol, CannotRun, DriverCrashed, DriverHung, DriverTrouble
from mock_afas_contracts.events import Verdict
from mock_afas_contracts.story import CheckFailed, NotTested, Stage, Story

_VERDICTS: Mapping[type[DriverTrouble], Verdict] = {
    DriverCrashed: Verdict.CRASHED,
    DriverHung: Verdict.HUNG,
    BrokeProtocol: Verdict.BROKE_PROTOCOL,
    CannotRun: Verdict.CANNOT_RUN,
}
_QUIET = {
    "database": None,
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.generate, Phase.shrink),
    "print_blob": False,
    "report_multiple_bugs": False,
    "verbosity": Verbosity.quiet,
}


class Enough(BaseException):
    """Ends a search. Not an Exception, so that neither a contract nor Hypothesis takes it for a failure."""


@dataclass(frozen=True)
class Limits:
    """How long to look: so many examples, and seconds for a shorter story once one has gone wrong."""

    examples: int
    shrinking: float


@dataclass(frozen=True)
class Well:
    """Every story that was told went well."""

    examples: int


@dataclass(frozen=True)
class Untold:
    """The client cannot be tested on the contract, for a reason."""

    reason: str


@dataclass(frozen=True)
class Wrong:
    """A story went wrong; ``case`` is the shortest found in so many ``examples``.

    ``error`` is what ended it, ``trace`` a traceback when the contract itself is to blame.
    """

    verdict: Verdict
    case: Case
    error: Exception
    trace: str = ""
    examples: int = 1
    #: Which of the case's draws are lists any of whose elements can be left out.
    lists: tuple[int, ...] = ()

    @property
    def trouble(self) -> DriverTrouble | None:
        return self.error if isinstance(self.error, DriverTrouble) else None

    @property
    def worth_shrinking(self) -> bool:
        """Not when the contract is at fault, or when each further story would wait for a driver that hangs."""
        return self.verdict is not Verdict.ERROR and (self.trouble is None or self.trouble.shrinkable)

    @property
    def length(self) -> tuple[int, int, int]:
        """Fewer operations are shorter, then fewer steps, then less to read."""
        return self.case.operations, len(self.case.steps), len(str(self.case.draws))


Found = Well | Untold | Wrong


class Search:
    """One contract, under one set of settings."""

    def __init__(self, contract: Contract, stage: Stage, settings: Mapping[str, Any], seed: int) -> None:
        self._contract = contract
        self._stage = replace(stage, pause=self._pause)
        self._outer_pause = stage.pause
        self._settings = settings
        self._seed = seed
        self._examples = 0
        self._best: Wrong | None = None
        self._untold: Untold | None = None
        self._until: float | None = None
        self._run_ends = False

    def run(self, limits: Limits) -> Found:
        """Tells stories until one goes wrong and no shorter one turns up, or enough went well."""
        settings: Any = {**_QUIET, "max_examples": limits.examples}

        @hypothesis.seed(self._seed)
        @hypothesis.settings(**settings)
        @hypothesis.given(st.data())
        def stories(data: st.DataObject) -> None:
            self._tell_drawn(Drawn(data), limits)

        try:
            stories()
        except (Enough, Flaky):
            # An end before the first draw looks to Hypothesis as if the story had changed. And a story that went wrong
            # only once is kept, and told again below.
            pass
        except HypothesisException as error:
            self._best = self._best or self._our_fault(error, [], [])
        except Exception:
            if self._best is None:
                raise
        if self._best is not None:
            return replace(self._confirmed(self._best), examples=self._examples)
        if self._run_ends:
            raise Enough
        return self._untold or Well(self._examples)

    def _pause(self) -> None:
        try:
            self._outer_pause()
        except Enough:
            self._run_ends = True
            raise
        if self._until is not None and time.monotonic() > self._until:
            raise Enough

    def _tell_drawn(self, draws: Draws, limits: Limits) -> None:
        self._pause()
        self._examples += 1
        found = self._told(Story(self._stage, draws, self._settings))
        if isinstance(found, Untold):
            self._untold = found
            raise Enough
        if isinstance(found, Well):
            return
        first = self._best is None
        if self._best is None or found.length <= self._best.length:
            self._best = found
        if not found.worth_shrinking:
            raise Enough
        if first:
            # A driver that crashes has to start again for each story, and its stderr says more than the story.
            self._until = time.monotonic() + limits.shrinking / (1 if found.trouble is None else 4)
            for at in found.lists:
                self._without_elements(found, at)
        raise found.error

    def _without_elements(self, first: Wrong, at: int) -> None:
        """Leaves elements of a drawn list out, half of them, then fewer, as long as the same goes wrong.

        Hypothesis shrinks everything, but needs many stories for it. This finds the few steps that matter in a dozen.
        """
        best = self._best or first
        size = len(best.case.draws[at])
        while size:
            for begin in reversed(range(0, len(best.case.draws[at]), size)):
                draws = list(best.case.draws)
                draws[at] = [*draws[at][:begin], *draws[at][begin + size :]]
                self._pause()
                self._examples += 1
                found = self._told(Story(self._stage, Recorded(draws), self._settings))
                if isinstance(found, Wrong) and found.case.title == first.case.title:
                    self._best = best = found
            size //= 2

    def _told(self, story: Story) -> Found:
        """Tells one story to its end."""
        try:
            try:
                self._contract.tell(story)
            finally:
                story.end()
        except CheckFailed as failed:
            case = self._case(story, failed.title, failed.details)
            return Wrong(Verdict.FAILED, case, failed, lists=tuple(story.lists))
        except NotTested as reason:
            return Untold(str(reason))
        except DriverTrouble as trouble:
            self._pause()  # Ctrl-C ends the driver too
            case = self._case(story, f"the driver works on: {trouble.message}", {}, trouble.stderr)
            return Wrong(_VERDICTS[type(trouble)], case, trouble, lists=tuple(story.lists))
        except HypothesisException:  # how Hypothesis gives up an example, as ``assume`` does
            raise
        except Exception as error:
            return self._our_fault(error, story.drawn, story.steps)
        return Well(1)

    def _case(self, story: Story, title: str, details: Mapping[str, Any], stderr: str = "") -> Case:
        return Case(
            contract=self._contract.id,
            title=title,
            details=dict(details),
            seed=self._seed,
            settings=self._settings,
            draws=list(story.drawn),
            steps=list(story.steps),
            stderr=stderr,
        )

    def _our_fault(self, error: Exception, draws: Sequence[Any], steps: Sequence[Any]) -> Wrong:
        trace = "".join(traceback.format_exception(error))
        title = f"the contract comes to its end: {type(error).__name__}: {error}"
        case = Case(self._contract.id, title, {}, self._seed, self._settings, list(draws), list(steps))
        return Wrong(Verdict.ERROR, case, error, trace)

    def _confirmed(self, best: Wrong) -> Wrong:
        """The shortest story once more, by its recorded draws, with the traffic of each step."""
        if not best.worth_shrinking:
            return best
        self._until = None
        try:
            again = self.replay(best.case.draws)
        except Enough:
            return best
        if isinstance(again, Wrong) and again.verdict is best.verdict:
            return again
        return replace(best, case=replace(best.case, repeatable=False))

    def replay(self, draws: Sequence[Any]) -> Found:
        """Tells the story of these draws, without Hypothesis."""
        return self._told(Story(replace(self._stage, detailed=True), Recorded(draws), self._settings))


def tell_again(contract: Contract, stage: Stage, settings: Mapping[str, Any], draws: Sequence[Any]) -> Found:
    """One recorded story, told once more without Hypothesis."""
    return Search(contract, stage, settings, seed=0).replay(draws)
