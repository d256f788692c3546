"""``mock-afas compare``: two Profit environments side by side."""

from __future__ import annotations

import sys
from contextlib import closing

import click

from mock_afas.cli import EXIT_FINDINGS
from mock_afas.cli.client import print_json
from mock_afas.compare import Side
from mock_afas.compare import compare as compared


@click.command()
@click.option("--left", metavar="URL", required=True, help="Base URL of one environment; ends in /ProfitRestServices.")
@click.option(
    "--left-token",
    metavar="TOKEN",
    required=True,
    envvar="MOCK_AFAS_LEFT_TOKEN",
    help="Its token: 64 digits, XML, or the value of the Authorization header. Also MOCK_AFAS_LEFT_TOKEN.",
)
@click.option("--right", metavar="URL", required=True, help="Base URL of the other.")
@click.option(
    "--right-token",
    metavar="TOKEN",
    required=True,
    envvar="MOCK_AFAS_RIGHT_TOKEN",
    help="Its token. Also MOCK_AFAS_RIGHT_TOKEN.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="Form of the report.",
)
def compare(left: str, left_token: str, right: str, right_token: str, form: str) -> None:
    """Compare two Profit environments, such as mock_afas and a real one.

    Compares definitions, headers, errors, formats, order, filters and paging, not the data. It only reads, one call
    after the other, and makes some deliberate mistakes. Exit code 0 when they are the same, 1 when they differ.
    """
    with closing(Side("left", left, left_token)) as one, closing(Side("right", right, right_token)) as other:
        comparison = compared(one, other)
    if form == "json":
        print_json(comparison.as_dict())
    else:
        click.echo("\n".join(comparison.lines()))
    if comparison.differences:
        sys.exit(EXIT_FINDINGS)
