"""Runs contracts against a driver and yields what happens as events."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mock_afas_contracts import scenarios
from mock_afas_contracts.contract import CONTRACTS, Contract, fits, matching
from mock_afas_contracts.driver import Client, Driver, DriverTrouble
from mock_afas_contracts.events import (
    BAD,
    ContractDepends,
    ContractFailed,
    ContractNotTested,
    ContractPassed,
    ContractStarted,
    DriverIntroduced,
    DriverTroubled,
    Event,
    RunFinished,
    RunStarted,
    Verdict,
)
from mock_afas_contracts.judging import PROFILES, Judge
from mock_afas_contracts.search import Enough
from mock_afas_contracts.story import Stage
from mock_afas_contracts.target import Target, TargetTrouble

OUT_OF_TIME = "the time of the run was over"
STOPPED = "the run was stopped"
#: Seconds after which the run looks whether it is to stop.
_BREATH = 0.1
#: So many contracts, one after the other, in which the driver hangs end a run: each costs the whole time limit.
MOST_HANGS = 4


@dataclass(frozen=True)
class Options:
    """What to run and how. ``features`` None are those the driver says it supports."""

    select: tuple[str, ...] = ()
    features: frozenset[str] | None = None
    seed: int = 1
    profile: str = "fast"
    known_failing: tuple[str, ...] = ()
    max_time: float | None = None
    workers: int = 2


@dataclass(frozen=True)
class Lab:
    """How to make what a worker needs of its own."""

    make_driver: Callable[[], Driver]
    make_target: Callable[[], Target]
    driver_name: str


def read_known_failing(path: Path) -> tuple[str, ...]:
    """The patterns in a file: one a line, ``#`` begins a remark."""
    lines = (line.split("#", maxsplit=1)[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line)


class Run:
    """One run. ``events`` can be asked for once; ``stop`` may be called from anywhere."""

    def __init__(self, lab: Lab, options: Options) -> None:
        scenarios.load()
        self._lab = lab
        self._options = options
        self._contracts = matching(options.select)
        self._judge = Judge(PROFILES[options.profile], options.seed, options.known_failing)
        self._events: queue.Queue[Event] = queue.Queue()
        self._todo: queue.SimpleQueue[Contract] = queue.SimpleQueue()
        self._interrupted = ""
        self._verdicts: dict[str, Verdict] = {}
        self._unexpected: list[str] = []
        self._began = time.monotonic()
        self._introduced = threading.Lock()
        self._client: Client | None = None
        self._broken: Exception | None = None
        self._hangs = 0
        self._drivers: list[Driver] = []

    def stop(self, why: str = STOPPED) -> None:
        """Ends the run soon, with what is known by then."""
        self._interrupted = self._interrupted or why

    def events(self) -> Iterator[Event]:
        """What happens, as it happens. After ``stop`` the rest still comes: what was not tested, and the end."""
        options = self._options
        yield RunStarted(tuple(self._contracts), options.profile, options.seed, self._lab.driver_name)
        # The longest first, so that no worker is left alone with one at the end.
        for contract in sorted(self._contracts, key=self._judge.most_examples, reverse=True):
            self._todo.put(contract)
        workers = [threading.Thread(target=self._work, daemon=True) for _ in range(options.workers)]
        for worker in workers:
            worker.start()
        for event in self._heard(workers):
            self._count(event)
            yield event
        if self._broken is not None:
            raise self._broken
        yield from self._left_over()
        yield self._finished()

    def _heard(self, workers: Sequence[threading.Thread]) -> Iterator[Event]:
        """What the workers tell, until all have ended."""
        while True:
            ended = not any(worker.is_alive() for worker in workers)
            try:
                yield self._events.get(timeout=0 if ended else _BREATH)
            except queue.Empty:
                if ended:
                    return
            except KeyboardInterrupt:
                self.stop()
            if self._interrupted == STOPPED:  # more than once: a driver may have been about to start
                for driver in self._drivers:
                    driver.abort()

    # ------------------------------------------------------------ counting

    def _count(self, event: Event) -> None:
        if isinstance(event, ContractPassed):
            self._verdicts[event.contract.id] = Verdict.PASSED
        elif isinstance(event, ContractFailed):
            self._verdicts[event.contract.id] = event.verdict
        elif isinstance(event, ContractDepends):
            self._verdicts[event.contract.id] = Verdict.DEPENDS
        elif isinstance(event, ContractNotTested):
            self._verdicts[event.contract.id] = Verdict.NOT_TESTED
        if isinstance(event, ContractPassed) and event.known_failing:
            self._unexpected.append(event.contract.id)

    def _left_over(self) -> Iterator[Event]:
        for contract in self._contracts:
            if contract.id not in self._verdicts:
                event = ContractNotTested(contract, self._interrupted or "no worker came to it")
                self._count(event)
                yield event

    def _finished(self) -> RunFinished:
        patterns = self._options.known_failing
        unmatched = tuple(one for one in patterns if not any(fits(name, (one,)) for name in CONTRACTS))
        bad = [name for name, verdict in self._verdicts.items() if verdict in BAD and not fits(name, patterns)]
        finished = RunFinished(
            verdicts=dict(sorted(self._verdicts.items())),
            seconds=time.monotonic() - self._began,
            good=not bad and not unmatched and not self._unexpected and self._interrupted in ("", OUT_OF_TIME),
            interrupted=self._interrupted,
            unmatched=unmatched,
            unexpected=tuple(self._unexpected),
        )
        return replace(finished, good=finished.good and finished.tested)

    # ------------------------------------------------------------ a worker

    def _pause(self) -> None:
        most = self._options.max_time
        if most is not None and time.monotonic() - self._began > most:
            self.stop(OUT_OF_TIME)
        if self._interrupted:
            raise Enough

    def _work(self) -> None:
        driver = self._lab.make_driver()
        self._drivers.append(driver)
        try:
            target = self._lab.make_target()
            try:
                self._take_contracts(Stage(driver, target, self._pause, features=self._options.features))
            finally:
                with contextlib.suppress(TargetTrouble):
                    target.close()
        except Enough:
            pass
        except TargetTrouble as trouble:
            self.stop(str(trouble))
        except Exception as error:  # a mistake of ours: the run ends with it, in the thread that asked for events
            self._broken = error
            self.stop("the runner broke")
        finally:
            self._end(driver)

    def _take_contracts(self, stage: Stage) -> None:
        while True:
            self._pause()
            try:
                contract = self._todo.get_nowait()
            except queue.Empty:
                return
            client = self._meet(stage)
            if client is None:
                self._events.put(ContractNotTested(contract, self._interrupted))
                return
            reason = contract.missing(client.operations, client.features_within(stage.features))
            if reason is not None:
                self._events.put(ContractNotTested(contract, reason))
                continue
            self._events.put(ContractStarted(contract))
            for event in self._judge.events(contract, stage):
                self._events.put(event)
            self._heed(event)

    def _heed(self, event: Event) -> None:
        """Stops the run when there is no point in going on with this driver."""
        verdict = event.verdict if isinstance(event, ContractFailed) else None
        self._hangs = self._hangs + 1 if verdict is Verdict.HUNG else 0
        if self._hangs >= MOST_HANGS:
            self.stop(f"the driver hung in {self._hangs} contracts one after the other")
        if isinstance(event, ContractFailed) and verdict is Verdict.CANNOT_RUN:
            self.stop(event.case.title)

    def _meet(self, stage: Stage) -> Client | None:
        """The client, which the first worker introduces; None when it cannot be started."""
        with self._introduced:
            if self._client is None and not self._interrupted:
                environment = stage.target.fork()
                try:
                    self._client = stage.driver.start(environment.connection)
                except DriverTrouble as trouble:
                    if not self._interrupted:
                        self._events.put(DriverTroubled("", trouble.kind, trouble.message, trouble.stderr))
                    self.stop(f"the driver {trouble.kind} at its start: {trouble.message}")
                else:
                    self._events.put(DriverIntroduced(self._client))
                finally:
                    environment.delete()
            return self._client

    def _end(self, driver: Driver) -> None:
        try:
            driver.stop()
        except DriverTrouble as trouble:
            self._events.put(DriverTroubled("", trouble.kind, trouble.message, trouble.stderr))
