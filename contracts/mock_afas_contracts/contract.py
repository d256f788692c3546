"""What a contract is, and the table of all contracts.

A contract is a function that tells one story: it draws what varies, lets the client carry out operations, and checks
what came of it. The decorator ``contract`` enters it in ``CONTRACTS``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from mock_afas_contracts import protocol
from mock_afas_contracts.dialects import SETTINGS
from mock_afas_contracts.story import Story

Severity = Literal["must", "should"]
Tell = Callable[[Story], None]


@dataclass(frozen=True, slots=True)
class Contract:
    """One thing that a client has to do right.

    ``sentence`` says what a right client does. ``evidence`` says how we know that AFAS asks it. ``operations`` are
    those the story cannot do without, ``features`` those the client has to support. ``faults`` names the kinds of
    faults that the story brings. Under each other reading of the settings in ``dialects`` the story is told again.
    ``examples`` multiplies how many are tried.
    """

    id: str
    sentence: str
    severity: Severity
    evidence: str
    operations: tuple[str, ...]
    tell: Tell
    features: tuple[str, ...] = ()
    dialects: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    examples: float = 1.0

    @property
    def family(self) -> str:
        return self.id.split("/", maxsplit=1)[0]

    def missing(self, operations: frozenset[str], features: frozenset[str]) -> str | None:
        """Why a client with these operations and features cannot be tested on it; None when it can."""
        lacks = [name for name in self.operations if name not in operations]
        if lacks:
            return f"the driver has no operation {', '.join(lacks)}"
        lacks = [name for name in self.features if name not in features]
        return f"the client does not support {', '.join(lacks)}" if lacks else None

    def seed(self, run_seed: int, variant: str = "") -> int:
        """The seed of this contract in a run; the choice of other contracts does not change it."""
        text = f"{run_seed}/{self.id}/{variant}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


#: All contracts by id. Filled when ``mock_afas_contracts.scenarios`` is imported.
CONTRACTS: dict[str, Contract] = {}


def contract(
    *,
    id: str,  # noqa: A002 - it is what it is called everywhere
    sentence: str,
    severity: Severity,
    evidence: str,
    operations: tuple[str, ...],
    features: tuple[str, ...] = (),
    dialects: tuple[str, ...] = (),
    faults: tuple[str, ...] = (),
    examples: float = 1.0,
) -> Callable[[Tell], Tell]:
    """Enters a function as a contract; see ``Contract`` for the parts. Raises ValueError for what cannot be."""
    unknown = (
        [name for name in operations if name not in protocol.operations()]
        + [name for name in features if name not in protocol.features()]
        + [name for name in dialects if name not in SETTINGS]
    )
    if unknown:
        raise ValueError(f"contract {id}: there is no operation, feature or setting {', '.join(unknown)}")
    if id in CONTRACTS:
        raise ValueError(f"there are two contracts {id}")

    def enter(tell: Tell) -> Tell:
        CONTRACTS[id] = Contract(
            id, sentence, severity, evidence, operations, tell, features, dialects, faults, examples
        )
        return tell

    return enter


def fits(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a contract's id fits one of the patterns: ``faults/*``, or ``faults`` for the whole family."""
    return any(fnmatchcase(name, pattern) or name.startswith(f"{pattern}/") for pattern in patterns)


def matching(patterns: tuple[str, ...]) -> list[Contract]:
    """The contracts whose id fits one of the patterns, by id; all when there are no patterns."""
    return [found for name, found in sorted(CONTRACTS.items()) if not patterns or fits(name, patterns)]
