"""``mock-afas logbook`` and ``traffic``: what happened in an environment."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import click

from mock_afas.cli.client import Control, environment_options, json_option, print_json, print_rows


@click.command()
@click.argument("reference", required=False)
@environment_options
@json_option
def logbook(control: Control, reference: str | None, *, as_json: bool) -> None:
    """Show the errors that clients got, the newest first, with the reason that Profit keeps to itself.

    REFERENCE is the profitLogReference of one error, to see all of it.
    """
    if reference:
        print_json(control.about("GET", f"/logbook/{quote(reference, safe='')}"))
        return
    entries = control.about("GET", "/logbook")["entries"]
    rows = entries if as_json else [{**entry, **entry["reason"]} for entry in entries]
    columns = ("time", "status", "request", "message", "rule", "path", "value", "allowed", "reference")
    print_rows(rows, columns, as_json=as_json, none="Nobody got an error yet.")


@click.command()
@click.argument("number", type=int, required=False)
@click.option("--clear", is_flag=True, help="Forget what was recorded.")
@environment_options
@json_option
def traffic(control: Control, number: int | None, *, clear: bool, as_json: bool) -> None:
    """Show the calls of clients and the answers they got, the oldest first.

    NUMBER is that of one call, to see all of it. Secrets are left out, and long bodies are cut.
    """
    if clear:
        control.about("DELETE", "/traffic")
        click.echo("What was recorded is forgotten.")
        return
    recorded = control.about("GET", "/traffic")
    exchanges = recorded["exchanges"]
    if number is not None:
        found = [exchange for exchange in exchanges if exchange["number"] == number]
        if not found:
            raise click.UsageError(f"There is no call {number} in what is recorded.")
        print_json(found[0])
        return
    rows = exchanges if as_json else map(_line, exchanges)
    columns = ("number", "started", "ms", "status", "method", "path", "query", "sent", "received")
    print_rows(rows, columns, as_json=as_json, none="No client called yet.")
    if recorded["dropped"] and not as_json:
        click.echo(f"{recorded['dropped']} older calls are not kept any more.", err=True)


def _line(exchange: dict[str, Any]) -> dict[str, Any]:
    """An exchange as a row of the table."""
    request, response = exchange["request"], exchange["response"]
    return {
        "number": exchange["number"],
        "started": exchange["started"],
        "ms": exchange["duration_ms"],
        "status": response["status"],
        "method": request["method"],
        "path": request["path"],
        "query": request["query"],
        "sent": request["size"],
        "received": response["size"],
    }
