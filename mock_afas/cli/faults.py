"""``mock-afas faults``: what goes wrong on purpose."""

from __future__ import annotations

from typing import Any, BinaryIO
from urllib.parse import quote

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
from mock_afas.faults import PHASES
from mock_afas.faults.kinds import KINDS


@click.group()
def faults() -> None:
    """Faults: make the server slow, refuse, or drop the connection, on the calls you choose."""


@faults.command("list")
@environment_options
@json_option
def list_faults(control: Control, *, as_json: bool) -> None:
    """List the faults, with how many calls each fitted and on how many it came about."""
    rows = control.about("GET", "/faults")["faults"]
    none = "There are no faults. Make one: mock-afas faults add KIND"
    print_rows(rows if as_json else map(_line, rows), _COLUMNS, as_json=as_json, none=none)


_COLUMNS = ("id", "effect", "phase", "method", "connector", "nth", "times", "matched", "fired")


def _line(fault: dict[str, Any]) -> dict[str, Any]:
    """A fault as a row of the table."""
    effect = dict(fault["effect"])
    options = [f"{name}={value}" for name, value in effect.items() if name != "kind" and value not in (None, {})]
    return {**fault, **fault["match"], "effect": " ".join([effect["kind"], *options])}


def _kinds(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in KINDS if name.startswith(incomplete)]


@faults.command("add")
@click.argument("kind", required=False, shell_complete=_kinds)
@click.argument("parameters", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--method", metavar="METHOD", help="Only calls with this method.")
@click.option("--connector", metavar="NAME", help="Only calls of this connector.")
@click.option("--nth", type=click.IntRange(1), help="Only from the nth such call on, once unless --times says more.")
@click.option("--times", type=click.IntRange(1), help="So often, and then no more. [default: always]")
@click.option("--phase", type=click.Choice(PHASES), help="Before or after the call is carried out. [default: before]")
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
    """Add a fault of a KIND: delay, status, error, drop, truncate, garbage, maintenance, locked, throttle, change_data.

    What a kind needs to know is given as KEY=VALUE; docs/reference/faults.md lists it. A --file holds a whole fault.

    Example: mock-afas faults add status status=503 --method POST --connector FiEntries --times 2
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


@faults.command("remove")
@click.argument("fault", metavar="ID")
@environment_options
def remove_fault(control: Control, fault: str) -> None:
    """Remove the fault ID, as `faults list` shows it."""
    control.about("DELETE", f"/faults/{quote(fault, safe='')}")
    click.echo(f"Fault {fault} is removed.")


@faults.command("clear")
@environment_options
def clear_faults(control: Control) -> None:
    """Remove all faults."""
    control.about("DELETE", "/faults")
    click.echo("There are no faults any more.")
