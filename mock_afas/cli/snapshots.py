"""``mock-afas environment snapshot`` and what belongs to it."""

from __future__ import annotations

from urllib.parse import quote

import click

from mock_afas.cli.client import Control, environment_options, json_option, print_json, print_rows


@click.command()
@click.argument("name")
@environment_options
@json_option
def snapshot(control: Control, name: str, *, as_json: bool) -> None:  # noqa: ARG001 - always JSON
    """Remember the books as they are now, under NAME, to come back to.

    It takes no time and no room until something is changed. A snapshot that has this name already is replaced.
    """
    print_json(control.about("POST", "/snapshots", {"name": name}))


@click.command()
@environment_options
@json_option
def snapshots(control: Control, *, as_json: bool) -> None:
    """List the snapshots of an environment, the oldest first."""
    rows = control.about("GET", "/snapshots")["snapshots"]
    none = "There is no snapshot. Make one: mock-afas environment snapshot NAME"
    print_rows(rows, ("name", "created", "size"), as_json=as_json, none=none)


@click.command()
@click.argument("name")
@environment_options
def restore(control: Control, name: str) -> None:
    """Put the books and master data back to what they were at the snapshot NAME.

    Users, app connectors, tokens and configuration stay. The snapshot stays too.
    """
    shown = control.about("POST", f"/snapshots/{quote(name, safe='')}/restore")
    click.echo(f"The books of {shown['environment']} are as they were at '{name}'.")


@click.command("delete-snapshot")
@click.argument("name")
@environment_options
def delete_snapshot(control: Control, name: str) -> None:
    """Delete the snapshot NAME. The books stay as they are."""
    control.about("DELETE", f"/snapshots/{quote(name, safe='')}")
    click.echo(f"Snapshot '{name}' is deleted.")


COMMANDS = (snapshot, snapshots, restore, delete_snapshot)
