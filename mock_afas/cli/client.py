"""What the commands share that talk to a running server: the client of its control API, options, tables."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, BinaryIO, TypeVar

import click

from mock_afas.errors import ControlError
from mock_afas.remote import DEFAULT_CONTROL, Control

__all__ = (
    "Control",
    "control_options",
    "environment_argument",
    "environment_options",
    "json_option",
    "print_json",
    "print_rows",
    "read_json",
    "settings_of",
    "table",
)

Command = TypeVar("Command", bound=Callable[..., Any])


# ---------------------------------------------------------------- options

_CONTROL = click.option(
    "--control",
    "url",
    metavar="URL",
    default=DEFAULT_CONTROL,
    show_default=True,
    envvar="MOCK_AFAS_CONTROL",
    help="Address of the server's control API. Also MOCK_AFAS_CONTROL.",
)
_KEY = click.option(
    "--control-key",
    "key",
    metavar="KEY",
    envvar="MOCK_AFAS_CONTROL_KEY",
    help="Key of the control API, where it asks for one. Also MOCK_AFAS_CONTROL_KEY.",
)


def _environments(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The names that a shell completes; none when no server answers."""
    try:
        control = Control(context.params.get("url") or DEFAULT_CONTROL, context.params.get("key"))
        names = [shown["environment"] for shown in control.call("GET", "/environments")["environments"]]
    except ControlError:
        return []
    return [name for name in names if name.startswith(incomplete.upper())]


_ENVIRONMENT = click.option(
    "--environment",
    metavar="ENV",
    envvar="MOCK_AFAS_ENVIRONMENT",
    shell_complete=_environments,
    help="Environment, such as O12345AA, or its participant number. [default: the server's first]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def control_options(command: Command) -> Command:
    """Adds ``--control`` and ``--control-key``; the command gets a ``Control`` as its argument ``control``."""

    @functools.wraps(command)
    def call(*, url: str, key: str | None, **options: Any) -> Any:
        return command(control=Control(url, key), **options)

    return _CONTROL(_KEY(call))  # type: ignore[return-value]


def environment_options(command: Command) -> Command:
    """Adds ``--environment`` too; the ``control`` that the command gets speaks of that environment."""

    @functools.wraps(command)
    def call(*, url: str, key: str | None, environment: str | None, **options: Any) -> Any:
        return command(control=Control(url, key, environment), **options)

    return _ENVIRONMENT(_CONTROL(_KEY(call)))  # type: ignore[return-value]


def environment_argument(command: Command) -> Command:
    """As ``environment_options``, and the environment may also be named without ``--environment``."""

    @functools.wraps(command)
    def call(*, url: str, key: str | None, env: str | None, environment: str | None, **options: Any) -> Any:
        return command(control=Control(url, key, env or environment), **options)

    named = click.argument("env", required=False, metavar="[ENV]", shell_complete=_environments)
    return named(_ENVIRONMENT(_CONTROL(_KEY(call))))  # type: ignore[return-value]


def settings_of(pairs: Iterable[str], *, option: str) -> dict[str, Any]:
    """An object made of texts such as ``seed=7``; a value that is no JSON is a string. Raises ControlError."""
    settings: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise ControlError(f"{option} is '{pair}'", hint="it looks like KEY=VALUE")
        try:
            settings[key] = json.loads(text)
        except ValueError:
            settings[key] = text
    return settings


def read_json(file: BinaryIO, example: str) -> Any:
    """What a file, or standard input, holds as JSON. Raises ControlError, which shows the ``example``."""
    try:
        return json.loads(file.read())
    except ValueError as error:
        name = getattr(file, "name", "standard input")
        raise ControlError(f"{name} is no JSON: {error}", hint=f"it looks like {example}") from None


# ---------------------------------------------------------------- output


def print_json(document: object) -> None:
    """Prints a document of the control API."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def print_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, none: str) -> None:
    """Prints ``rows``: whole as a JSON list, or their ``columns`` as a table; ``none`` is said when there are none."""
    listed = list(rows)
    if as_json:
        print_json(listed)
    elif not listed:
        click.echo(none)
    else:
        click.echo("\n".join(table([[_shown(row.get(column)) for column in columns] for row in listed], columns)))


def table(rows: Iterable[Sequence[str]], columns: Sequence[str]) -> list[str]:
    """Lines of a table whose heading has the names of ``columns``, in capitals."""
    lines = [[column.replace("_", " ").upper() for column in columns], *map(list, rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]


def _shown(value: object) -> str:
    """A value in one cell of a table."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else " ".join(str(value).split())
