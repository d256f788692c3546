"""The command line ``mock-afas``: which commands there are, and how each is found.

A command's module is imported when the command is called, so that ``serve`` starts soon. Commands of other packages
are looked for when none of ours has the name; see ``joined``.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click

import mock_afas
from mock_afas.errors import ControlError

EXIT_FINDINGS = 1
EXIT_UNUSABLE = 2


class Located(NamedTuple):
    """Where a command is: its module, and the name it has there."""

    module: str
    attribute: str


#: Our own commands, in the order in which the help lists them.
COMMANDS: Mapping[str, Located] = {
    "serve": Located("mock_afas.cli.serve", "serve"),
    "findings": Located("mock_afas.cli.findings", "findings"),
    "compare": Located("mock_afas.cli.compare", "compare"),
    "environment": Located("mock_afas.cli.environments", "environment"),
    "import": Located("mock_afas.cli.imports", "import_"),
    "users": Located("mock_afas.cli.access", "users"),
    "app-connectors": Located("mock_afas.cli.access", "app_connectors"),
    "tokens": Located("mock_afas.cli.access", "tokens"),
    "data": Located("mock_afas.cli.data", "data"),
    "books": Located("mock_afas.cli.data", "books"),
    "openapi": Located("mock_afas.cli.openapi", "openapi"),
    "faults": Located("mock_afas.cli.faults", "faults"),
    "logbook": Located("mock_afas.cli.records", "logbook"),
    "traffic": Located("mock_afas.cli.records", "traffic"),
}


class Unusable(click.ClickException):
    """A command that could not do its work: what was wrong, and what to do about it."""

    exit_code = EXIT_UNUSABLE

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint

    def show(self, file: Any = None) -> None:
        click.echo(f"mock-afas: {self.message}", file=file, err=True)
        if self.hint:
            click.echo(f"  {self.hint}", file=file, err=True)


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for; a ControlError of one ends it with exit code 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [*COMMANDS, *sorted(_joined().names() - set(COMMANDS))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        located = COMMANDS.get(cmd_name)
        found = (
            _joined().command(cmd_name)
            if located is None
            else getattr(import_module(located.module), located.attribute)
        )
        return found if isinstance(found, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and not ctx.resilient_parsing and self.get_command(ctx, name) is None:
            ctx.fail(f"No such command '{name}'.{_joined().meant(name, self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ControlError as error:
            raise Unusable(error.message, error.hint) from None


def _joined() -> Any:
    """The module that finds commands of other packages; importing it takes a tenth of the start of a server."""
    return import_module("mock_afas.cli.joined")


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(mock_afas.__version__, prog_name="mock-afas")
def main() -> None:
    """A faithful fake AFAS Profit REST server.

    Start one with `mock-afas serve`; it prints the base URL and the token that a client needs. The other commands
    talk to the server that runs.
    """
