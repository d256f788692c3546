"""What was tested of what: operations against features and faults, each with how many contracts ended how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mock_afas_contracts import protocol
from mock_afas_contracts.contract import Contract
from mock_afas_contracts.events import BAD, Verdict
from mock_afas_contracts.reports.tally import Result

#: Contracts that ask for no feature and bring no fault.
PLAIN = "plain"


@dataclass(frozen=True)
class Cell:
    """How many contracts passed, failed (in whatever way), depend on a reading, or were not tested."""

    passed: int = 0
    failed: int = 0
    depends: int = 0
    not_tested: int = 0

    @property
    def empty(self) -> bool:
        return not (self.passed or self.failed or self.depends or self.not_tested)

    @property
    def state(self) -> str:
        """The worst of it: ``failed``, ``depends``, ``not-tested``, ``passed``, or ``empty``."""
        worst = (("failed", self.failed), ("depends", self.depends), ("passed", self.passed))
        found = next((name for name, count in worst if count), "")
        return found or ("not-tested" if self.not_tested else "empty")

    def __str__(self) -> str:
        if self.empty:
            return "-"
        tested = self.passed + self.failed + self.depends
        return f"{self.passed}/{tested}" if tested else "not tested"


def cell(results: Iterable[Result]) -> Cell:
    """The counts of ``results``."""
    counts = Counter(result.verdict for result in results)
    failed = sum(counts[verdict] for verdict in BAD)
    return Cell(counts[Verdict.PASSED], failed, counts[Verdict.DEPENDS], counts[Verdict.NOT_TESTED])


@dataclass(frozen=True)
class Matrix:
    """Rows are operations, columns ``plain``, the features and the kinds of faults."""

    columns: Sequence[str]
    rows: Mapping[str, Sequence[Cell]]


def _columns_of(contract: Contract) -> set[str]:
    return {*contract.features, *contract.faults} or {PLAIN}


def matrix(results: Sequence[Result]) -> Matrix:
    """The table of ``results``. A contract counts in each row of its operations and each column it belongs to."""
    faults = sorted({kind for result in results for kind in result.contract.faults})
    columns = (PLAIN, *protocol.features(), *faults)
    rows = {}
    for operation in protocol.operations():
        own = [result for result in results if operation in result.contract.operations]
        rows[operation] = tuple(cell(one for one in own if name in _columns_of(one.contract)) for name in columns)
    return Matrix(columns, rows)


_WIDTHS = (8, 8, 9, 12)


def operations_table(results: Sequence[Result]) -> list[str]:
    """The table for a terminal: lines of equal width, for each operation, feature and kind of fault that occurs."""
    faults = sorted({kind for one in results for kind in one.contract.faults})
    groups: tuple[tuple[str, Sequence[str], Callable[[Contract], Sequence[str]]], ...] = (
        ("operation", protocol.operations(), lambda contract: contract.operations),
        ("feature", protocol.features(), lambda contract: contract.features),
        ("fault", faults, lambda contract: contract.faults),
    )
    titles = ("passed", "failed", "depends", "not tested")
    lines = [f"{'':<32}" + "".join(f"{title:>{width}}" for title, width in zip(titles, _WIDTHS, strict=True))]
    for title, names, of in groups:
        for name in names:
            counts = cell(one for one in results if name in of(one.contract))
            if not counts.empty:
                lines.append(_line(f"{title} {name}", counts))
    return lines


def _line(title: str, counts: Cell) -> str:
    row = (counts.passed, counts.failed, counts.depends, counts.not_tested)
    return f"{title:<32}" + "".join(f"{count or '-':>{width}}" for count, width in zip(row, _WIDTHS, strict=True))
