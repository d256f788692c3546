"""Judges one contract: as it is, and under each other reading of what nobody knows for sure."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mock_afas_contracts.contract import Contract, fits
from mock_afas_contracts.dialects import readings
from mock_afas_contracts.events import (
    ContractDepends,
    ContractFailed,
    ContractNotTested,
    ContractPassed,
    DriverTroubled,
    Event,
)
from mock_afas_contracts.search import Limits, Search, Untold, Well, Wrong
from mock_afas_contracts.story import Stage
from mock_afas_contracts.target import SETTINGS


@dataclass(frozen=True)
class Profile:
    """How thoroughly to look: examples of a contract, of it under each other reading, and seconds of shrinking."""

    examples: int
    examples_of_reading: int
    shrinking: float


PROFILES: Mapping[str, Profile] = {
    "fast": Profile(examples=12, examples_of_reading=4, shrinking=6),
    "thorough": Profile(examples=150, examples_of_reading=50, shrinking=60),
}


@dataclass(frozen=True)
class Judge:
    """``seed`` is that of the run; ``known_failing`` are patterns of contracts that are expected to fail."""

    profile: Profile
    seed: int
    known_failing: tuple[str, ...] = ()

    def most_examples(self, contract: Contract) -> int:
        """How many stories a contract is told at most, when it holds."""
        other = len(readings(contract.dialects, SETTINGS["dialect"]))
        return self._examples(contract) + other * self.profile.examples_of_reading

    def _examples(self, contract: Contract) -> int:
        return max(1, round(self.profile.examples * contract.examples))

    def events(self, contract: Contract, stage: Stage) -> Iterator[Event]:
        """What trouble the driver got into, and then how the contract ended."""
        began = time.monotonic()
        limits = Limits(self._examples(contract), self.profile.shrinking)
        found = Search(contract, stage, {}, contract.seed(self.seed)).run(limits)
        if isinstance(found, Untold):
            yield ContractNotTested(contract, found.reason)
        elif isinstance(found, Well):
            yield self._read_otherwise(contract, stage, found.examples, began)
        else:
            if found.trouble is not None:
                yield DriverTroubled(contract.id, found.trouble.kind, found.trouble.message, found.trouble.stderr)
            yield ContractFailed(
                contract,
                found.verdict,
                found.case,
                found.examples,
                time.monotonic() - began,
                known_failing=fits(contract.id, self.known_failing),
                trace=found.trace,
            )

    def _read_otherwise(self, contract: Contract, stage: Stage, told: int, began: float) -> Event:
        """Tells a contract that holds once more under each other reading."""
        limits = Limits(self.profile.examples_of_reading, self.profile.shrinking)
        for reading in readings(contract.dialects, SETTINGS["dialect"]):
            settings = {"dialect": {reading.setting: reading.choice}}
            found = Search(contract, stage, settings, contract.seed(self.seed, str(reading))).run(limits)
            told += 0 if isinstance(found, Untold) else found.examples
            if isinstance(found, Wrong):
                seconds = time.monotonic() - began
                return ContractDepends(
                    contract, reading.ambiguity, reading.setting, reading.choice, found.case, told, seconds
                )
        known = fits(contract.id, self.known_failing)
        return ContractPassed(contract, told, time.monotonic() - began, known_failing=known)
