"""What happens in a run, as a stream of facts. Whatever shows or keeps a run consumes these and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from mock_afas_contracts.casefile import Case
from mock_afas_contracts.contract import Contract
from mock_afas_contracts.driver import Client


class Verdict(StrEnum):
    """How a contract ended."""

    PASSED = "passed"
    FAILED = "failed"
    #: It fails under one reading of what nobody knows for sure, and passes otherwise.
    DEPENDS = "depends"
    NOT_TESTED = "not tested"
    CRASHED = "driver crashed"
    HUNG = "driver hung"
    BROKE_PROTOCOL = "driver broke protocol"
    CANNOT_RUN = "cannot run"
    #: The contract itself, or the mock, went wrong; the client is not to blame.
    ERROR = "error"


#: Verdicts that make a run fail, unless the contract is known to fail.
BAD = frozenset(
    (
        Verdict.FAILED,
        Verdict.CRASHED,
        Verdict.HUNG,
        Verdict.BROKE_PROTOCOL,
        Verdict.CANNOT_RUN,
        Verdict.ERROR,
    )
)


@dataclass(frozen=True)
class RunStarted:
    """``contracts`` are those that will be told, or named as not tested."""

    contracts: tuple[Contract, ...]
    profile: str
    seed: int
    driver: str


@dataclass(frozen=True)
class DriverIntroduced:
    """What the driver says of its client."""

    client: Client


@dataclass(frozen=True)
class ContractStarted:
    contract: Contract


@dataclass(frozen=True)
class ContractPassed:
    """``examples`` stories went well. ``known_failing``: somebody expected otherwise, so the run fails."""

    contract: Contract
    examples: int
    seconds: float
    known_failing: bool = False


@dataclass(frozen=True)
class ContractFailed:
    """``verdict`` is FAILED, CRASHED, HUNG, BROKE_PROTOCOL, CANNOT_RUN or ERROR; ``case`` is the shortest story found.

    ``known_failing``: somebody expected it, so the run does not fail. ``trace`` is a traceback, for ERROR.
    """

    contract: Contract
    verdict: Verdict
    case: Case
    examples: int
    seconds: float
    known_failing: bool = False
    trace: str = ""


@dataclass(frozen=True)
class ContractDepends:
    """It passes, except under a reading of an ambiguity: ``ambiguity`` is AMB-nn or a setting's name."""

    contract: Contract
    ambiguity: str
    setting: str
    choice: str
    case: Case
    examples: int
    seconds: float


@dataclass(frozen=True)
class ContractNotTested:
    contract: Contract
    reason: str


@dataclass(frozen=True)
class DriverTroubled:
    """The driver got into trouble during ``contract`` ("" when in none); it is started again."""

    contract: str
    kind: str
    message: str
    stderr: str


@dataclass(frozen=True)
class RunFinished:
    """``verdicts`` by contract id. ``unmatched`` are patterns of known failures that match no contract.

    ``good`` is what the exit code says; ``interrupted`` is why not everything was done, or "".
    """

    verdicts: Mapping[str, Verdict]
    seconds: float
    good: bool
    interrupted: str = ""
    unmatched: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()

    @property
    def tested(self) -> bool:
        """Whether any contract was told to its end."""
        return any(verdict not in (Verdict.NOT_TESTED, Verdict.CANNOT_RUN) for verdict in self.verdicts.values())


Event = (
    RunStarted
    | DriverIntroduced
    | ContractStarted
    | ContractPassed
    | ContractFailed
    | ContractDepends
    | ContractNotTested
    | DriverTroubled
    | RunFinished
)

_NAMES: Mapping[type, str] = {
    RunStarted: "run_started",
    DriverIntroduced: "driver_introduced",
    ContractStarted: "contract_started",
    ContractPassed: "contract_passed",
    ContractFailed: "contract_failed",
    ContractDepends: "contract_depends",
    ContractNotTested: "contract_not_tested",
    DriverTroubled: "driver_troubled",
    RunFinished: "run_finished",
}


def as_json(event: Event) -> dict[str, Any]:
    """The event as JSON: its name in ``event``, contracts by their facts, a case as in a case file."""
    return {"event": _NAMES[type(event)], **{part.name: _plain(getattr(event, part.name)) for part in fields(event)}}


def contract_as_json(contract: Contract) -> dict[str, Any]:
    """The facts of a contract."""
    return {part.name: _plain(getattr(contract, part.name)) for part in fields(contract) if part.name != "tell"}


_PLAIN: Mapping[type, Callable[[Any], Any]] = {
    Contract: contract_as_json,
    Case: Case.as_json,
    Client: lambda client: {part.name: _plain(getattr(client, part.name)) for part in fields(client)},
    frozenset: sorted,
    tuple: lambda values: [_plain(value) for value in values],
    dict: lambda named: {str(name): _plain(value) for name, value in named.items()},
}


def _plain(value: Any) -> Any:
    make = _PLAIN.get(type(value))
    return make(value) if make else value
