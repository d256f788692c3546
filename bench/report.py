"""Shows results as a table for the terminal, as Markdown for the documentation, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.machine import CannotRun
from bench.results import Result

BEGIN = "<!-- bench: begin -->"
END = "<!-- bench: end -->"
_HEAD = ("what", "mock_afas", "peer", "its figure", "ratio", "target", "met")


@dataclass(frozen=True, slots=True)
class Run:
    """Everything about one run of the bench."""

    day: str
    machine: str
    pinned: bool
    rows: int
    seconds: float
    load_before: float
    load_after: float
    results: tuple[Result, ...]
    #: Of each measure that could not be made, why not.
    failures: tuple[str, ...] = ()

    @property
    def notes(self) -> str:
        pinned = "generator and servers on a core each" if self.pinned else "nothing pinned"
        load = f"load average {self.load_before:.1f} before and {self.load_after:.1f} after"
        return f"{self.day}; {self.machine}; {pinned}; {load}."


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}" if value >= 10 else f"{value:,.2f}"


def _figure(value: float, result: Result) -> str:
    return f"{_number(value)}{'' if result.unit == '/s' else ' '}{result.unit}"


def _target(result: Result) -> str:
    if result.target is None:
        return ""
    sign = "≥" if result.target.bound == "least" else "≤"
    return f"{sign} {result.target.limit:,g}{f' {result.unit}' if result.ratio is None else ' ×'}"


def _cells(result: Result) -> tuple[str, ...]:
    theirs = "" if result.theirs is None else _figure(result.theirs, result)
    ratio = "" if result.ratio is None else f"{_number(result.ratio)} ×"
    met = {None: "", True: "yes", False: "NO"}[result.met]
    return (result.name, _figure(result.ours, result), result.peer, theirs, ratio, _target(result), met)


def table(results: Sequence[Result]) -> str:
    """Lines of columns, for the terminal."""
    lines = [_HEAD, *(_cells(result) for result in results)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(_HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def markdown(run: Run) -> str:
    """The table and the notes that go into the documentation."""
    rule = ("---", "---:", "---", "---:", "---:", "---:", "---")
    lines = [_HEAD, rule, *(_cells(result) for result in run.results)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + f"\n\nMeasured {run.notes}"


def write_json(run: Run, path: Path) -> None:
    """Writes ``run`` with ratio and verdict of each result."""
    document = asdict(run)
    document["results"] = [{**asdict(result), "ratio": result.ratio, "met": result.met} for result in run.results]
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_documentation(run: Run, path: Path) -> None:
    """Puts the table of ``run`` between the two marks of the page at ``path``. Raises CannotRun without marks."""
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise CannotRun(f"{path.name} lacks the lines {BEGIN} and {END}", "put them where the table shall stand")
    path.write_text(f"{before}{BEGIN}\n\n{markdown(run)}\n\n{END}{after}", encoding="utf-8")
