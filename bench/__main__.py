"""The command ``python -m bench``."""

from __future__ import annotations

import argparse
import datetime as dt
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from bench.lab import ROWS, Options, opened
from bench.machine import HINTS, CannotRun, Cores, describe, load_average, missing
from bench.measures import MEASURES, Measure
from bench.report import Run, table, write_documentation, write_json
from bench.results import Result

PAGE = Path(__file__).parent.parent / "docs/performance.md"
MISSED, UNABLE = 1, 2


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures mock_afas against json-server, datasette and bare Starlette.",
        epilog=f"Exit code {MISSED} when a target is missed, {UNABLE} when something could not be measured.",
    )
    parser.add_argument("--only", action="append", choices=MEASURES, help="this measure; can be given several times")
    parser.add_argument("--million", action="store_true", help="the usual measures and that of a million rows")
    parser.add_argument(
        "--rows", type=int, default=ROWS, help="rows beside the demo data [%(default)s, as the targets]"
    )
    parser.add_argument("--seconds", type=int, default=4, help="length of each count [%(default)s]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there as JSON too")
    parser.add_argument("--write", action="store_true", help=f"measure all and put the table into docs/{PAGE.name}")
    options = parser.parse_args(arguments)
    if options.write and (options.only or options.rows != ROWS):
        parser.error("--write takes neither --only nor --rows: the table shows one whole run")
    if options.rows < 1_000 or options.seconds < 1:
        parser.error("--rows takes 1000 or more, --seconds 1 or more")
    return options


def _chosen(options: argparse.Namespace) -> dict[str, Measure]:
    if options.only:
        return {name: measure for name, measure in MEASURES.items() if name in options.only}
    everything = options.million or options.write
    return {name: measure for name, measure in MEASURES.items() if measure.usual or everything}


def _check_tools(chosen: dict[str, Measure]) -> None:
    """Raises CannotRun naming all that is missing."""
    lacking = missing({need for measure in chosen.values() for need in measure.needs})
    if lacking:
        raise CannotRun(f"missing: {', '.join(lacking)}", "\n  ".join(HINTS[name] for name in lacking))


def _measured(options: argparse.Namespace) -> Run:
    chosen = _chosen(options)
    _check_tools(chosen)
    before, cores = load_average(), Cores()
    results: list[Result] = []
    failures: list[str] = []
    with opened(Options(options.rows, options.seconds), cores) as lab:
        for name, measure in chosen.items():
            print(f"measuring {name} …", file=sys.stderr)
            try:
                results += measure.run(lab)
            except CannotRun as error:
                failures.append(f"{name}: {error}\n  {error.hint}".rstrip())
                print(f"  could not measure {failures[-1]}", file=sys.stderr)
    day = dt.datetime.now(dt.UTC).date().isoformat()
    return Run(
        day,
        describe(),
        cores.pinned,
        options.rows,
        options.seconds,
        before,
        load_average(),
        tuple(results),
        tuple(failures),
    )


def _terminated(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def main(arguments: Sequence[str]) -> int:
    """Runs the bench; gives the exit code."""
    options = _arguments(arguments)
    signal.signal(signal.SIGTERM, _terminated)
    try:
        run = _measured(options)
        print(f"{table(run.results)}\n\n{run.notes}")
        if options.json:
            write_json(run, options.json)
        if options.write and not run.failures:
            write_documentation(run, PAGE)
    except CannotRun as error:
        print(f"bench: {error}", *([f"  {error.hint}"] if error.hint else []), sep="\n", file=sys.stderr)
        return UNABLE
    except KeyboardInterrupt:
        print("bench: stopped", file=sys.stderr)
        return UNABLE
    if run.failures:
        print("bench: could not measure", *run.failures, sep="\n", file=sys.stderr)
        return UNABLE
    return MISSED if any(result.met is False for result in run.results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
