"""Shows each rogue to the contract that has to catch it, and says which was caught and how fast.

``python -m contracts.rogues.gallery`` runs them all; patterns of names choose some.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from typing import NamedTuple

from contracts.rogues.base import Rogue
from contracts.rogues.families import ROGUES
from mock_afas_contracts.contract import CONTRACTS
from mock_afas_contracts.events import Verdict
from mock_afas_contracts.line_driver import process_driver
from mock_afas_contracts.runner import Lab, Options, Run
from mock_afas_contracts.scenarios import load
from mock_afas_contracts.target import Server, Target


class Shown(NamedTuple):
    """What became of a rogue: ``verdict`` None when there is no contract of that name."""

    rogue: Rogue
    verdict: Verdict | None
    seconds: float

    @property
    def caught(self) -> bool:
        return self.verdict in {Verdict.FAILED, Verdict.HUNG, Verdict.CRASHED}


def command(rogue: Rogue) -> str:
    """The command of its driver, from the root of a checkout."""
    return f"{sys.executable} -m contracts.rogues {rogue.name}"


def shown(rogue: Rogue, control_url: str, control_key: str | None = None, *, seed: int = 1) -> Shown:
    """Runs the contract that has to catch ``rogue``, in the fast profile, against a running mock."""
    load()
    if rogue.caught_by not in CONTRACTS:
        return Shown(rogue, None, 0)
    began = time.monotonic()
    lab = Lab(lambda: process_driver(command(rogue)), lambda: Target(control_url, control_key), rogue.name)
    run = Run(lab, Options(select=(rogue.caught_by,), workers=1, seed=seed))
    verdicts = list(run.events())[-1]
    return Shown(rogue, verdicts.verdicts[rogue.caught_by], time.monotonic() - began)  # type: ignore[union-attr]


def gallery(rogues: Sequence[Rogue], *, at_once: int = 2) -> Iterator[Shown]:
    """Shows ``rogues`` to their contracts, as they come, on a mock of its own."""
    with Server() as server, ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(lambda rogue: shown(rogue, server.control_url, server.control_key), rogues)


def main(patterns: Sequence[str]) -> int:
    chosen = [one for one in ROGUES.values() if any(fnmatchcase(one.name, each) for each in patterns or ["*"])]
    found = []
    for one in gallery(chosen):
        found.append(one)
        verdict = one.verdict.value if one.verdict else "no such contract"
        print(f"{one.rogue.name:28} {one.rogue.caught_by:40} {verdict:18} {one.seconds:5.1f} s", flush=True)
    seconds = sorted(one.seconds for one in found if one.verdict)
    free = [one.rogue.name for one in found if one.verdict and not one.caught]
    if seconds:
        middle, worst = seconds[len(seconds) // 2], seconds[-1]
        print(f"{len(seconds)} shown, median {middle:.1f} s, worst {worst:.1f} s; free: {', '.join(free) or 'none'}")
    return 1 if free else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
