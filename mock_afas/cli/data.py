"""``mock-afas data`` and ``books``: what an environment holds."""

from __future__ import annotations

from typing import BinaryIO

import click

from mock_afas.cli.client import Control, environment_options, json_option, print_json, print_rows, read_json
from mock_afas.errors import ControlError
from mock_afas.records import ENTITIES


def _entities(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in sorted(ENTITIES) if name.startswith(incomplete)]


_ENTITY = click.argument("entity", shell_complete=_entities)


@click.group()
def data() -> None:
    """Master data and everything else in the books, as rows of named entities.

    `data list` names the entities; docs/reference/entities.md shows their columns.
    """


@data.command("list")
@environment_options
@json_option
def list_entities(control: Control, *, as_json: bool) -> None:
    """List the entities: suppliers, accounts, currencies …"""
    rows = [{"entity": name} for name in control.about("GET", "/data")["entities"]]
    print_rows(rows, ("entity",), as_json=as_json, none="")


@data.command("show")
@_ENTITY
@click.option(
    "--column", "columns", metavar="COLUMN", multiple=True, help="Show this column. May repeat. [default: all]"
)
@environment_options
@json_option
def show_data(control: Control, entity: str, *, columns: tuple[str, ...], as_json: bool) -> None:
    """Show the rows of ENTITY."""
    rows = control.about("GET", f"/data/{entity}")["rows"]
    for name in columns:
        if rows and name not in rows[0]:
            raise ControlError(f"'{entity}' has no column '{name}'", hint=f"the columns are {', '.join(rows[0])}")
    chosen = [{name: row[name] for name in columns} for row in rows] if columns else rows
    filled = [name for name in rows[0] if any(row[name] is not None for row in rows)] if rows else []
    print_rows(chosen, columns or filled, as_json=as_json, none=f"There are no {entity}.")


@data.command("put")
@_ENTITY
@click.argument("file", type=click.File("rb"), default="-")
@environment_options
def put_data(control: Control, entity: str, file: BinaryIO) -> None:
    """Add rows of ENTITY, or change those that have the same key.

    FILE holds JSON: a row, or a list of rows. Without FILE, or with -, it is read from standard input.
    """
    rows = read_json(file, '[{"supplier_id": "T1", "name": "Test B.V."}]')
    put = control.about("PUT", f"/data/{entity}", [rows] if isinstance(rows, dict) and "rows" not in rows else rows)
    click.echo(f"{put['put']} rows of {put['entity']} are in the books.")


@click.command()
@environment_options
@json_option
def books(control: Control, *, as_json: bool) -> None:
    """Show what is in the books: how many entries, invoices, suppliers …, or with --json all of it."""
    document = control.about("GET", "/books")
    if as_json:
        print_json(document)
        return
    rows = [{"what": name, "number": len(rows)} for name, rows in document.items()]
    print_rows(rows, ("what", "number"), as_json=False, none="")
