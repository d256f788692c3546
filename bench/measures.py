"""The measures by name, and what each needs on the machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from bench import copies, processes, rates
from bench.lab import Lab
from bench.results import Result


class Measure(NamedTuple):
    """``needs`` are keys of ``machine.HINTS``. Those not ``usual`` run when named only, or for the documentation."""

    run: Callable[[Lab], Iterator[Result]]
    needs: frozenset[str] = frozenset()
    usual: bool = True


_NODE = frozenset(("wrk", "npm", "node"))
_WRK = frozenset(("wrk",))
_PROC = frozenset(("proc",))

MEASURES = {
    "page": Measure(rates.page, _NODE),
    "walk": Measure(rates.walk, _NODE),
    "row": Measure(rates.row, _WRK),
    "post": Measure(rates.post, _NODE),
    "start": Measure(processes.start, _PROC),
    "all": Measure(processes.all_rows, _PROC),
    "control": Measure(processes.control),
    "copies": Measure(copies.copies, _PROC),
    "million": Measure(rates.million, _WRK, usual=False),
}
