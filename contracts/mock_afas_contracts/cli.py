"""``mock-afas contract``: run the contracts against a client."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import click

from mock_afas_contracts import casefile, protocol, scenarios
from mock_afas_contracts.contract import CONTRACTS, matching
from mock_afas_contracts.driver import Driver, DriverTrouble
from mock_afas_contracts.events import RunFinished
from mock_afas_contracts.judging import PROFILES
from mock_afas_contracts.line_driver import TIMEOUT, AttachedDriver, process_driver
from mock_afas_contracts.reports import Reporter
from mock_afas_contracts.reports.cases import CaseWriter
from mock_afas_contracts.reports.files import report_to
from mock_afas_contracts.reports.terminal import Terminal
from mock_afas_contracts.runner import STOPPED, Lab, Options, Run, read_known_failing
from mock_afas_contracts.search import Untold, Wrong, tell_again
from mock_afas_contracts.story import Stage
from mock_afas_contracts.target import Server, Target, TargetTrouble

EXIT_FAILED = 1
EXIT_UNUSABLE = 2
STORAGE = "HYPOTHESIS_STORAGE_DIRECTORY"


def _fail(message: str) -> NoReturn:
    click.echo(f"mock-afas: {message}", err=True)
    sys.exit(EXIT_UNUSABLE)


@click.group()
def contract() -> None:
    """Contracts that a client of AFAS has to keep."""


@contract.command("list")
@click.option("--select", multiple=True, metavar="PATTERN", help="Only these, such as 'faults/*'; may be repeated.")
def list_contracts(select: tuple[str, ...]) -> None:
    """List the contracts with what each asks of a client."""
    scenarios.load()
    for found in matching(select):
        click.echo(f"{found.id}  ({found.severity})\n    {found.sentence}")


_DRIVER = [
    click.option("--driver", metavar="CMD", help="Start this driver: a command with its arguments."),
    click.option("--attach", type=click.IntRange(0, 65535), metavar="PORT", help="Wait for a driver that connects."),
    click.option("--timeout", type=click.FloatRange(0.1), help=f"Seconds for an operation. [default: {TIMEOUT:g}]"),
    click.option("--control", metavar="URL", help="Use the mock with this control API; else one is started."),
    click.option(
        "--control-key", metavar="KEY", envvar="MOCK_AFAS_CONTROL_KEY", help="The key of that control API, if any."
    ),
]


def _with_driver(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_DRIVER):
        command = option(command)
    return command


@contextlib.contextmanager
def _lab(
    driver: str | None, attach: int | None, timeout: float | None, control: str | None, control_key: str | None
) -> Iterator[Lab]:
    if (driver is None) == (attach is None):
        _fail("give either --driver or --attach")
    with contextlib.ExitStack() as stack:
        stack.enter_context(_no_traces())
        try:
            server = None if control else stack.enter_context(Server())
            url, key = (server.control_url, server.control_key) if server else (control or "", control_key)
            attached = None if attach is None else AttachedDriver(attach, timeout)
            if attached is not None:
                stack.callback(attached.listener.close)

            def make_driver() -> Driver:
                return attached or process_driver(driver or "", timeout or TIMEOUT)

            name = driver or f"port {attached.listener.port if attached else attach}"
            yield Lab(make_driver, lambda: Target(url, key), name)
        except (TargetTrouble, DriverTrouble) as trouble:
            _fail(str(trouble))


@contextlib.contextmanager
def _no_traces() -> Iterator[None]:
    """Hypothesis keeps its notes in a folder that goes again, instead of in the folder where the command runs."""
    if STORAGE in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="mock-afas-hypothesis-", ignore_cleanup_errors=True) as folder:
        os.environ[STORAGE] = folder
        yield
        del os.environ[STORAGE]


def _report(name: str, what: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    option = f"--{name.replace('_', '-')}"
    return click.option(option, name, type=click.Path(dir_okay=False, path_type=Path), help=f"Write here: {what}.")


@contract.command()
@_with_driver
@click.option("--select", multiple=True, metavar="PATTERN", help="Only these contracts, such as 'faults/*'.")
@click.option("--features", metavar="NAMES", help="Only these features of the client, separated by commas.")
@click.option("--seed", default="1", show_default=True, help="A number, or 'random': the same seed, the same verdicts.")
@click.option("--profile", type=click.Choice(list(PROFILES)), default="fast", show_default=True, help="How thoroughly.")
@click.option(
    "--known-failing",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Patterns of contracts that are known to fail, one a line.",
)
@click.option("--max-time", type=click.FloatRange(0), metavar="SECONDS", help="End the run after this long.")
@click.option("--workers", type=click.IntRange(1, 16), default=2, show_default=True, help="Drivers at work at once.")
@click.option(
    "--cases",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write a case file, and a script of curl, for each failure into this directory.",
)
@_report("junit", "JUnit XML, for CI servers")
@_report("json_lines", "each event as a line of JSON, as it happens")
@_report("html", "one page to read, with the traffic of each failure")
@_report("sarif", "manners and limits as SARIF 2.1.0")
@_report("badge", "a badge as JSON")
def run(
    driver: str | None,
    attach: int | None,
    timeout: float | None,
    control: str | None,
    control_key: str | None,
    select: tuple[str, ...],
    features: str | None,
    seed: str,
    profile: str,
    known_failing: Path | None,
    max_time: float | None,
    workers: int,
    cases: Path | None,
    **files: Path | None,
) -> None:
    """Run contracts against a driver. The exit code is 0 when all hold, 1 when one fails, 2 when nothing could run."""
    scenarios.load()
    if select and not matching(select):
        _fail(f"no contract matches {' '.join(select)}; `mock-afas contract list` shows them")
    options = Options(
        select=select,
        features=_features(features),
        seed=_seed(seed),
        profile=profile,
        known_failing=read_known_failing(known_failing) if known_failing else (),
        max_time=max_time,
        workers=1 if attach is not None else workers,
    )
    reporters: list[Reporter] = [Terminal()]
    if cases is not None:
        reporters.append(CaseWriter(cases))
    reporters += [report_to(name, path) for name, path in files.items() if path is not None]
    with _lab(driver, attach, timeout, control, control_key) as lab:
        running = Run(lab, options)
        with _ctrl_c(running):
            finished = _reported(running, reporters)
    sys.exit(_exit_code(finished))


@contextlib.contextmanager
def _ctrl_c(running: Run) -> Iterator[None]:
    """Ctrl-C stops the run, which then tells what it knows; a second one ends it at once."""
    before = signal.getsignal(signal.SIGINT)

    def stop(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, before)
        running.stop()

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _reported(run: Run, reporters: Sequence[Reporter]) -> RunFinished:
    for event in run.events():
        for reporter in reporters:
            reporter.hear(event)
        if isinstance(event, RunFinished):
            return event
    raise RuntimeError("a run ends with RunFinished")


def _exit_code(finished: RunFinished) -> int:
    if finished.good:
        return 0
    return EXIT_FAILED if finished.tested and finished.interrupted != STOPPED else EXIT_UNUSABLE


def _features(names: str | None) -> frozenset[str] | None:
    if names is None:
        return None
    chosen = frozenset(name.strip() for name in names.split(",") if name.strip())
    unknown = chosen - set(protocol.features())
    if unknown:
        _fail(f"there is no feature {', '.join(sorted(unknown))}; there are {', '.join(protocol.features())}")
    return chosen


def _seed(text: str) -> int:
    if text == "random":
        return random.SystemRandom().randrange(2**32)
    if not text.isdigit():
        _fail(f"--seed is {text!r}; it takes a whole number or 'random'")
    return int(text)


@contract.command()
@click.argument("case", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_with_driver
def replay(
    case: Path,
    driver: str | None,
    attach: int | None,
    timeout: float | None,
    control: str | None,
    control_key: str | None,
) -> None:
    """Tell the story of a case file once more, without Hypothesis."""
    scenarios.load()
    try:
        kept = casefile.read(case)
    except casefile.NotACase as error:
        _fail(str(error))
    found = CONTRACTS.get(kept["contract"])
    if found is None:
        _fail(f"there is no contract {kept['contract']} any more")
    with _lab(driver, attach, timeout, control, control_key) as lab:
        stage = Stage(lab.make_driver(), lab.make_target())
        try:
            again = tell_again(found, stage, kept["settings"], kept["draws"])
        finally:
            stage.target.close()
            stage.driver.stop()
    if not isinstance(again, Wrong):
        click.echo(f"{found.id}: {f'not tested: {again.reason}' if isinstance(again, Untold) else 'passed'}")
        return
    click.echo(f"{found.id}: {again.verdict}\nContract: {found.sentence}\n{again.case.text()}")
    sys.exit(EXIT_FAILED)
