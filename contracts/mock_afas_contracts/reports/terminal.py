"""A run on the terminal: one line a contract, the story of each failure, a summary at the end."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import click

from mock_afas_contracts.casefile import Case
from mock_afas_contracts.events import (
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
from mock_afas_contracts.reports.matrix import operations_table
from mock_afas_contracts.reports.tally import Tally
from mock_afas_contracts.reports.text import fit

_COLOURS: Mapping[Verdict, str] = {
    Verdict.PASSED: "green",
    Verdict.DEPENDS: "yellow",
    Verdict.NOT_TESTED: "blue",
}
_MOST_STDERR = 2_000


class Terminal:
    """Writes to stdout. On a terminal the line at the bottom says what is under way."""

    def __init__(self, *, live: bool | None = None) -> None:
        self._live = sys.stdout.isatty() if live is None else live
        self._under_way: list[str] = []
        self._stories: list[str] = []
        self._tally = Tally()

    def hear(self, event: Event) -> None:
        self._tally.hear(event)
        self._wipe()
        self._tell(event)
        self._draw()

    def _tell(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            click.echo(
                f"{len(event.contracts)} contracts for {fit(event.driver)} (profile {event.profile}, seed {event.seed})"
            )
        elif isinstance(event, DriverIntroduced):
            click.echo(fit(f"client: {event.client.name} {event.client.version} in {event.client.language}"))
        elif isinstance(event, ContractStarted):
            self._under_way.append(event.contract.id)
        elif isinstance(event, DriverTroubled):
            self._trouble(event)
        elif isinstance(event, RunFinished):
            self._summary(event)
        else:
            self._verdict(event)

    def _verdict(self, event: ContractPassed | ContractFailed | ContractDepends | ContractNotTested) -> None:
        name = event.contract.id
        if name in self._under_way:
            self._under_way.remove(name)
        if isinstance(event, ContractPassed):
            remark = ", though it is known to fail" if event.known_failing else ""
            self._line(Verdict.PASSED, name, f"{event.examples} stories, {event.seconds:.1f} s{remark}")
        elif isinstance(event, ContractNotTested):
            self._line(Verdict.NOT_TESTED, name, event.reason)
        elif isinstance(event, ContractDepends):
            self._line(Verdict.DEPENDS, name, f"on {event.ambiguity}: fails with {event.setting}={event.choice}")
            self._keep(f"{name} depends on {event.ambiguity}", event.contract.sentence, event.case)
        else:
            remark = ", as is known" if event.known_failing else ""
            self._line(event.verdict, name, f"{event.contract.severity}, {event.seconds:.1f} s{remark}")
            if not event.known_failing:
                self._keep(f"{name}: {event.verdict}", event.contract.sentence, event.case)
            if event.trace:
                self._stories.append(event.trace)

    def _line(self, verdict: Verdict, name: str, rest: str) -> None:
        word = click.style(f"{verdict.value:<11}", fg=_COLOURS.get(verdict, "red"))
        click.echo(f"{word} {name}  {click.style(fit(rest), dim=True)}")

    def _keep(self, title: str, sentence: str, case: Case) -> None:
        lines = [click.style(title, bold=True), f"Contract: {sentence}", fit(case.text())]
        if case.settings:
            lines.append(f"With the settings {dict(case.settings)}")
        if case.stderr:
            lines.append(f"The driver's stderr ends in:\n{fit(case.stderr[-_MOST_STDERR:])}")
        self._stories.append("\n".join(lines))

    def _trouble(self, event: DriverTroubled) -> None:
        where = f" in {event.contract}" if event.contract else ""
        click.echo(f"{click.style(f'driver {event.kind}', fg='red')}{where}: {fit(event.message)}")
        if not event.contract and event.stderr:
            click.echo(fit(event.stderr[-_MOST_STDERR:]))

    def _summary(self, event: RunFinished) -> None:
        for story in self._stories:
            click.echo(f"\n{story}")
        if len(self._tally.results) > 1:
            click.echo("\n" + "\n".join(operations_table(self._tally.results)))
        click.echo(f"\n{self._tally.said()} in {event.seconds:.0f} s")
        for pattern in event.unmatched:
            click.echo(f"known to fail, but there is no such contract: {fit(pattern)}")
        for name in event.unexpected:
            click.echo(f"known to fail, but it passed: {name}")
        if event.interrupted:
            click.echo(f"not everything was run: {event.interrupted}")

    def _draw(self) -> None:
        done, total = len(self._tally.results), self._tally.total
        if self._live and self._under_way and done < total:
            text = f"[{done}/{total}] {', '.join(self._under_way)}"
            click.echo(f"\r{text[:110]}", nl=False)

    def _wipe(self) -> None:
        if self._live:
            click.echo("\r\x1b[2K", nl=False)
