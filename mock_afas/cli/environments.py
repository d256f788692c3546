"""``mock-afas environment``: makes environments, shows and changes them, copies them and puts them back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from mock_afas.cli import snapshots
from mock_afas.cli.client import (
    Control,
    control_options,
    environment_argument,
    json_option,
    print_json,
    print_rows,
    settings_of,
)
from mock_afas.connectors import FEATURES
from mock_afas.errors import ControlError
from mock_afas.profiles import SETTINGS, read_profile, shipped_profiles

_LISTED = ("environment", "profit_version", "without", "autonumber", "language", "clock", "rows", "bare")
_FEATURES = ", ".join(FEATURES)

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group()
def environment() -> None:
    """Environments: make them, copy them, change them, put them back.

    An environment has its own books, users, app connectors and tokens. Which one a client works in is decided by its
    token alone. A server that has just started has one; most commands speak of that one unless you name another.
    """


for _command in snapshots.COMMANDS:
    environment.add_command(_command)


# ---------------------------------------------------------------- configuration


def _dialect(_context: click.Context, _parameter: click.Parameter, pairs: Sequence[str]) -> dict[str, Any] | None:
    return {name: str(value) for name, value in settings_of(pairs, option="--dialect").items()} or None


_CHANGEABLE = (
    click.option("--profit-version", type=click.IntRange(5, 9), help="Profit version to imitate."),
    click.option("--without", metavar="FEATURES", help=f"Exactly these features are lacking, of {_FEATURES}."),
    click.option(
        "--autonumber/--no-autonumber", default=None, help="Give creditors and debtors numbers by themselves, or not."
    ),
    click.option("--language", type=click.Choice(("nl", "en")), help="Language of messages and labels."),
    click.option("--clock", metavar="TIME", help="Stand still at this Amsterdam time, such as 2026-11-24T09:00:00."),
    click.option("--clock-running/--clock-standing", default=None, help="Let the clock run from there, or stand."),
    click.option(
        "--dialect",
        metavar="SETTING=CHOICE",
        multiple=True,
        callback=_dialect,
        shell_complete=lambda *_: [setting.name for setting in SETTINGS],
        help="A choice where AFAS' sources differ, such as order=stable. May be given several times.",
    ),
    click.option(
        "--set",
        "others",
        metavar="KEY=JSON",
        multiple=True,
        help="Any other key of the configuration. May be given several times.",
    ),
)
_AT_CREATION = (
    click.option("--participant", metavar="DIGITS", help="Participant number of five digits. [default: the next free]"),
    click.option("--type", type=click.Choice(("O", "T", "A")), help="Production, test or acceptance. [default: O]"),
    click.option("--seed", type=click.IntRange(0), help="Seed of shuffled rows, log references and --rows."),
    click.option("--rows", type=click.IntRange(0, 1_000_000), help="So many more suppliers, customers and invoices."),
    click.option(
        "--bare",
        is_flag=True,
        default=None,
        help="Begin before the set-up guide: without users, connectors and tokens.",
    ),
    click.option(
        "--profile", metavar="NAME", help=f"Settings by name ({', '.join(shipped_profiles())}) or from a TOML file."
    ),
)


def _with(options: Sequence[Callable[[Command], Command]]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def _given(options: Mapping[str, Any], others: Sequence[str], profile: str | None = None) -> dict[str, Any]:
    """The configuration that the options give, over that of the profile."""
    settings = read_profile(profile) if profile else {}
    named = {key: value for key, value in options.items() if value is not None}
    return {**settings, **named, **settings_of(others, option="--set")}


# ---------------------------------------------------------------- commands


@environment.command("list")
@control_options
@json_option
def list_environments(control: Control, *, as_json: bool) -> None:
    """List the environments of the server, the oldest first."""
    rows = control.call("GET", "/environments")["environments"]
    print_rows(rows, _LISTED, as_json=as_json, none="There is no environment. Make one: mock-afas environment create")


@environment.command()
@_with(_AT_CREATION)
@_with(_CHANGEABLE)
@click.option("--ready-file", type=click.Path(path_type=Path), help="Write what is printed into this file too.")
@control_options
@json_option
def create(
    control: Control,
    *,
    profile: str | None,
    others: tuple[str, ...],
    ready_file: Path | None,
    as_json: bool,  # noqa: ARG001 - always JSON
    **options: Any,
) -> None:
    """Make an environment with demo data, every connector and a token.

    Prints the address and the token that a client needs. The token is shown this once.
    """
    _print_opened(control.call("POST", "/environments", _given(options, others, profile)), ready_file)


@environment.command()
@click.option("--ready-file", type=click.Path(path_type=Path), help="Write what is printed into this file too.")
@environment_argument
@json_option
def fork(control: Control, *, ready_file: Path | None, as_json: bool) -> None:  # noqa: ARG001 - always JSON
    """Make a private copy, with a participant number and a token of its own.

    It starts with the books as they are now. What either side does later, the other does not see.
    """
    _print_opened(control.about("POST", "/forks"), ready_file)


def _print_opened(opened: dict[str, Any], ready_file: Path | None) -> None:
    if ready_file is not None:
        _write(ready_file, opened)
    print_json(opened)


def _write(path: Path, document: object) -> None:
    """Writes a document that holds a token, so that its owner alone can read it."""
    try:
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(f"{json.dumps(document, indent=1)}\n", encoding="utf-8")
    except OSError as error:
        raise ControlError(f"cannot write {path}: {error.strerror}", hint="name another --ready-file") from None


@environment.command()
@environment_argument
@json_option
def show(control: Control, *, as_json: bool) -> None:  # noqa: ARG001 - always JSON
    """Show the configuration of an environment."""
    print_json(control.about("GET"))


@environment.command()
@_with(_CHANGEABLE)
@click.option("--maintenance", type=click.IntRange(0, 86_400), help="Answer 503 with this Retry-After; 0 ends it.")
@click.option(
    "--block-period",
    "blocked",
    metavar="ADMINISTRATION/YEAR/PERIOD",
    multiple=True,
    help="Block a financial period, such as 1/2026/3. May be given several times.",
)
@environment_argument
@json_option
def change(
    control: Control,
    *,
    others: tuple[str, ...],
    blocked: tuple[str, ...],
    as_json: bool,  # noqa: ARG001 - always JSON
    **options: Any,
) -> None:
    """Change the configuration of an environment; what you do not name stays as it is."""
    changes = _given(options, others)
    if blocked:
        changes["blocked_periods"] = [_period(text) for text in blocked]
    if not changes:
        raise ControlError("nothing is to be changed", hint="name an option; `--help` lists them")
    print_json(control.about("PATCH", "", changes))


def _period(text: str) -> dict[str, int]:
    try:
        administration, year, period = map(int, text.split("/"))
    except ValueError:
        raise ControlError(f"--block-period is '{text}'", hint="it looks like 1/2026/3") from None
    return {"administration": administration, "year": year, "period": period}


@environment.command()
@click.argument("env")
@control_options
def delete(control: Control, env: str) -> None:
    """Delete an environment with all that belongs to it."""
    control.speaking_of(env).about("DELETE")
    click.echo(f"{env} is deleted.")


@environment.command()
@environment_argument
def reset(control: Control) -> None:
    """Put the books back to what they were when the environment was made or forked.

    Users, app connectors, tokens and configuration stay.
    """
    click.echo(f"The books of {control.about('POST', '/reset')['environment']} are as they were at the beginning.")


@environment.command()
@click.option("--without", metavar="FEATURES", default="", help=f"Take these away, of {_FEATURES}.")
@click.option("--with", "having", metavar="FEATURES", default="", help="Give these back.")
@environment_argument
@json_option
def features(control: Control, *, without: str, having: str, as_json: bool) -> None:
    """Show which features the environment has, and take some away or give them back.

    Without a feature its connectors and fields are gone, as in an AFAS licence that lacks it.
    """
    lacking = set(control.about("GET")["without"])
    taken, given = _named(without), _named(having)
    if taken or given:
        lacking = set(control.about("PATCH", "", {"without": sorted((lacking | taken) - given)})["without"])
    rows = [{"feature": feature, "present": feature not in lacking} for feature in FEATURES]
    print_rows(rows, ("feature", "present"), as_json=as_json, none="")


def _named(text: str) -> set[str]:
    """The features in a comma-separated list. Raises ControlError for one that there is not."""
    named = {name.strip() for name in text.split(",") if name.strip()}
    for name in sorted(named - set(FEATURES)):
        raise ControlError(f"there is no feature '{name}'", hint=f"there are {_FEATURES}")
    return named
