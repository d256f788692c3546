"""``mock-afas users``, ``app-connectors`` and ``tokens``: the steps of the set-up guide that let a client in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

import click

from mock_afas.cli.client import Control, environment_options, json_option, print_json, print_rows

Command = TypeVar("Command", bound=Callable[..., Any])


# ---------------------------------------------------------------- users


@click.group()
def users() -> None:
    """System users, which connectors run as.

    The name of a user begins with the participant number of its environment, such as 12345.zenvoices.
    """


@users.command("list")
@environment_options
@json_option
def list_users(control: Control, *, as_json: bool) -> None:
    """List the system users."""
    none = "There is no user. Make one: mock-afas users put ID"
    print_rows(
        control.about("GET", "/users")["users"], ("id", "description", "blocked", "groups"), as_json=as_json, none=none
    )


@users.command("put")
@click.argument("user_id", metavar="ID")
@click.option("--description", help="Who it is.")
@click.option("--blocked/--not-blocked", default=None, help="Calls with a blocked user's tokens are refused with 401.")
@click.option(
    "--group", "groups", metavar="GROUP", multiple=True, help="User group it belongs to. May repeat. [default: any]"
)
@click.option("--no-group", is_flag=True, help="It belongs to no user group.")
@environment_options
@json_option
def put_user(
    control: Control,
    user_id: str,
    *,
    description: str | None,
    blocked: bool | None,
    groups: tuple[str, ...],
    no_group: bool,
    as_json: bool,  # noqa: ARG001
) -> None:
    """Add the user ID, or change what you name of the one that has this id."""
    if groups and no_group:
        raise click.UsageError("--group and --no-group contradict each other.")
    given = {"description": description, "blocked": blocked, "groups": list(groups) if groups or no_group else None}
    print_json(control.about("POST", "/users", {"id": user_id, **{k: v for k, v in given.items() if v is not None}}))


# ---------------------------------------------------------------- app connectors


@click.group("app-connectors")
def app_connectors() -> None:
    """App connectors: which connectors an integration may call, and from where.

    A token is issued by an app connector. Connectors that it does not list are not there for the token.
    """


@app_connectors.command("list")
@environment_options
@json_option
def list_app_connectors(control: Control, *, as_json: bool) -> None:
    """List the app connectors with the number of connectors each opens."""
    rows = control.about("GET", "/app-connectors")["app_connectors"]
    columns: tuple[str, ...] = ("id", "description", "group", "authentication", "ip_addresses")
    if not as_json:
        rows = [{**row, **{name: len(row[name]) for name in _COUNTED}} for row in rows]
        columns += _COUNTED
    print_rows(
        rows, columns, as_json=as_json, none="There is no app connector. Make one: mock-afas app-connectors create"
    )


_COUNTED = ("get_connectors", "update_connectors", "tokens")
_SETTINGS = (
    click.option("--description", help="What it is for."),
    click.option("--group", help="User group of its users."),
    click.option("--authentication", help="Type of authentication, from Profit 6 on: token or client_credentials."),
    click.option(
        "--ip", "ip_addresses", metavar="ADDRESS", multiple=True, help="Let this address in, and no other. May repeat."
    ),
    click.option(
        "--get", "get_connectors", metavar="CONNECTOR", multiple=True, help="Open this GetConnector. May repeat."
    ),
    click.option(
        "--update",
        "update_connectors",
        metavar="CONNECTOR",
        multiple=True,
        help="Open this UpdateConnector. May repeat.",
    ),
)


def _settings(command: Command) -> Command:
    for option in reversed(_SETTINGS):
        command = option(command)
    return command


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """The settings that were given; an option that can be repeated and was not given is left out."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in options.items() if value}


@app_connectors.command("create")
@_settings
@environment_options
@json_option
def create_app_connector(control: Control, *, as_json: bool, **options: Any) -> None:  # noqa: ARG001
    """Make an app connector. Its id, which the answer shows, issues tokens."""
    print_json(control.about("POST", "/app-connectors", _given(options)))


@app_connectors.command("change")
@click.argument("app", metavar="ID")
@_settings
@click.option("--add", is_flag=True, help="Add the connectors that are named to those it has, rather than replace.")
@environment_options
@json_option
def change_app_connector(control: Control, app: str, *, add: bool, as_json: bool, **options: Any) -> None:  # noqa: ARG001
    """Change the app connector ID; what you do not name stays as it is, and lists are replaced."""
    changes = _given(options)
    if add:
        known: dict[str, Any] = next(
            (row for row in control.about("GET", "/app-connectors")["app_connectors"] if row["id"] == app), {}
        )
        for name in ("get_connectors", "update_connectors"):
            if name in changes:
                changes[name] = [*dict.fromkeys([*known.get(name, ()), *changes[name]])]
    print_json(control.about("PATCH", f"/app-connectors/{quote(app, safe='')}", changes))


# ---------------------------------------------------------------- tokens


@click.group()
def tokens() -> None:
    """Tokens, by which clients call.

    A token is shown once, when it is issued, and cannot be read again. Who forgot one issues another and revokes it.
    """


@tokens.command("list")
@environment_options
@json_option
def list_tokens(control: Control, *, as_json: bool) -> None:
    """List the tokens, without their secret."""
    apps = control.about("GET", "/app-connectors")["app_connectors"]
    rows = [token for app in apps for token in app["tokens"]]
    columns = ("id", "user", "app_connector", "created", "expires", "revoked")
    print_rows(rows, columns, as_json=as_json, none="There is no token. Make one: mock-afas tokens issue")


@tokens.command("issue")
@click.option("--app-connector", "app", metavar="ID", help="App connector that issues it. [default: the only one]")
@click.option("--user", metavar="ID", help="User that it is for. [default: the only one]")
@click.option("--expires", metavar="TIME", help="Refuse it from this Amsterdam time on. [default: never]")
@environment_options
@json_option
def issue_token(
    control: Control,
    *,
    app: str | None,
    user: str | None,
    expires: str | None,
    as_json: bool,  # noqa: ARG001
) -> None:
    """Issue a token, and show it this once."""
    app = app or _only(control.about("GET", "/app-connectors")["app_connectors"], "app connector", "--app-connector")
    user = user or _only(control.about("GET", "/users")["users"], "user", "--user")
    body = {"user": user, **({"expires": expires} if expires else {})}
    print_json(control.about("POST", f"/app-connectors/{quote(app, safe='')}/tokens", body))


def _only(rows: list[dict[str, Any]], what: str, option: str) -> str:
    if len(rows) != 1:
        known = ", ".join(row["id"] for row in rows) or "none yet"
        raise click.UsageError(f"Say which {what} with {option}; there are: {known}.")
    return str(rows[0]["id"])


@tokens.command("revoke")
@click.argument("token", metavar="ID")
@environment_options
@json_option
def revoke_token(control: Control, token: str, *, as_json: bool) -> None:  # noqa: ARG001
    """Revoke the token ID, as `tokens list` shows it, from now on."""
    print_json(control.about("DELETE", f"/tokens/{quote(token, safe='')}"))
