"""``mock-afas findings``: judges the traffic of an environment, or of a HAR file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from mock_afas.cli import EXIT_FINDINGS
from mock_afas.cli.client import Control, environment_options
from mock_afas.errors import ControlError
from mock_afas.traffic import har, judge, reports


@click.command()
@click.option(
    "--har",
    "file",
    type=click.Path(path_type=Path),
    help="Judge this HAR file, of any recorder, instead of a server's traffic.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(tuple(reports.FORMATS)),
    default="text",
    show_default=True,
    help="Form of the report.",
)
@environment_options
def findings(control: Control, file: Path | None, form: str) -> None:
    """Judge recorded calls by the traffic rules.

    Looks at what clients sent to an environment of a running server, or at a HAR file that a browser, mitmproxy or
    Postman recorded, also against a real Profit. Exit code 1 when there are findings, 0 when there are none.
    """
    report = _of_server(control) if file is None else _of_file(file)
    if form == "text":
        click.echo(reports.text(report, colour=sys.stdout.isatty()), nl=False)
    else:
        click.echo(reports.FORMATS[form].render(report), nl=False)
    if report["findings"]:
        sys.exit(EXIT_FINDINGS)


def _of_server(control: Control) -> dict[str, Any]:
    report: dict[str, Any] = control.about("GET", "/findings")
    return report


def _of_file(file: Path) -> dict[str, Any]:
    read = har.read_file(file)
    if not read.exchanges:
        hint = f"its {read.others:,} entries have no /ProfitRestServices in their URL"
        raise ControlError(f"{file} holds no call of Profit", hint=hint)
    return reports.report(judge(read.exchanges), source=str(file), judged=len(read.exchanges), passed_over=read.others)
