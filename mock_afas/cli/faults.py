"""``mock-afas faults``: what goes wrong on purpose."""

from __future__ import annotations

from typing import Any, BinaryIO

import click

from mock_afas.cli.client import (
    Control,
    environment_options,
    json_option,
    print_json,
    print_rows,
    read_json,
    settings_of,
)


@click.group()
def faults() -> None:
    """Faults: make the server slow, refuse, or drop the connection, on the calls you choose."""


@faults.command("list")
@environment_options
@json_option
def list_faults(control: Control, *, as_json: bool) -> None:
    """List the faults, and how often each has struck."""
    rows = control.about("GET", "/faults")["faults"]
    columns = tuple(dict.fromkeys(key for row in rows for key in row))
    print_rows(rows, columns, as_json=as_json, none="There are no faults. Make one: mock-afas faults add KIND")


@faults.command("add")
@click.argument("kind", required=False)
@click.argument("parameters", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--method", metavar="METHOD", help="Strike calls with this method.")
@click.option("--connector", metavar="NAME", help="Strike calls of this connector.")
@click.option("--nth", type=click.IntRange(1), help="Strike from this matching call on. [default: the first]")
@click.option("--times", type=click.IntRange(1), help="Strike so often. [default: always]")
@click.option("--phase", type=click.Choice(("before", "after")), help="Before or after a write is carried out.")
@click.option("--file", type=click.File("rb"), help="Read the fault from this JSON file, or - for standard input.")
@environment_options
@json_option
def add_fault(
    control: Control,
    *,
    kind: str | None,
    parameters: tuple[str, ...],
    phase: str | None,
    file: BinaryIO | None,
    as_json: bool,  # noqa: ARG001 - always JSON
    **match: Any,
) -> None:
    """Add a fault of a KIND: delay, status, error, drop, truncate, garbage, locked, throttle …

    What a kind needs to know is given as KEY=VALUE. docs/reference/control-api.md lists the kinds with their keys.

    Example: mock-afas faults add status status=503 retry_after=1 --connector FiEntries --times 2
    """
    if (kind is None) == (file is None):
        raise click.UsageError("Name a KIND of fault, or give a --file, and not both.")
    if file is not None:
        print_json(control.about("POST", "/faults", read_json(file, '{"effect": {"kind": "drop"}}')))
        return
    fault: dict[str, Any] = {"effect": {"kind": kind, **settings_of(parameters, option="a parameter")}}
    matching = {key: value for key, value in match.items() if value is not None}
    if matching:
        fault["match"] = matching
    if phase:
        fault["phase"] = phase
    print_json(control.about("POST", "/faults", fault))


@faults.command("clear")
@environment_options
def clear_faults(control: Control) -> None:
    """Remove all faults."""
    control.about("DELETE", "/faults")
    click.echo("There are no faults any more.")
