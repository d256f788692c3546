"""``mock-afas serve``."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mock_afas.profiles import read_profile, shipped_profiles


def _token(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
    if value is not None and not re.fullmatch("[0-9A-Fa-f]{64}", value):
        raise click.BadParameter("a token is 64 hex digits")
    return (value or "").upper()


def _settings(profile: str | None, options: dict[str, Any]) -> dict[str, Any]:
    """The settings of a new environment: those of the profile, and over them the options that were given."""
    settings = read_profile(profile) if profile else {}
    return {**settings, **{key: value for key, value in options.items() if value is not None}}


def _progress() -> Callable[[int, int], None]:
    """A progress bar on standard error that appears with the first report."""
    bar: Any = None
    shown = 0

    def report(done: int, total: int) -> None:
        nonlocal bar, shown
        if bar is None:
            bar = click.progressbar(length=total, label="Making rows", file=sys.stderr, show_pos=True)
        bar.update(done - shown)
        shown = done
        if done >= total:
            bar.render_finish()

    return report


#: Options that say where the server is, rather than what its environment is like.
_PLACES = ("host", "port", "control_key", "ready_file", "tls", "proxy_port", "ca_file")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep environments in this directory; else in memory.",
)
@click.option("--profile", help=f"Settings by name ({', '.join(shipped_profiles())}) or from a TOML file.")
@click.option("--without", help="Features the licence lacks: currencies,projects,allocation,commitments.")
@click.option("--profit-version", type=click.IntRange(5, 9), help="Profit version to imitate. [default: 8]")
@click.option("--clock", help="Stand still at this Amsterdam wall-clock time, such as 2026-11-24T09:00:00.")
@click.option("--clock-running", is_flag=True, default=None, help="Let the clock run on from there.")
@click.option("--seed", type=click.IntRange(0), help="Seed of shuffled rows, log references and --rows. [default: 1]")
@click.option(
    "--rows", type=click.IntRange(0, 1_000_000), help="Make this many more suppliers, customers and invoices."
)
@click.option("--token", callback=_token, metavar="HEX64", help="The token's 64 hex digits; else random.")
@click.option("--tls", is_flag=True, help="Serve https, with a certificate made for this run. Needs mock-afas[tls].")
@click.option(
    "--proxy-port",
    type=click.IntRange(0, 65535),
    help="Also be a proxy, on this port (0: a free one), that leads AFAS' own host names here. Needs mock-afas[tls].",
)
@click.option(
    "--ca-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the certificate authority that clients have to trust here; else to a temporary directory.",
)
@click.option("--control-key", metavar="KEY", help="Key of the control API; made up when --host is not loopback.")
@click.option(
    "--ready-file", type=click.Path(path_type=Path), help="Write addresses and token here once requests are answered."
)
def serve(
    *,
    data: Path | None,
    profile: str | None,
    token: str,
    **options: Any,
) -> None:
    """Serve a fake AFAS Profit until Ctrl-C.

    The environment holds demo data and a token that opens every connector. Nothing leaves this machine.
    """
    gc.disable()  # nothing made while starting is garbage; the server enables it again once it answers
    from mock_afas import serving  # noqa: PLC0415 - `mock-afas --help` need not load the server

    places = {name: options.pop(name) for name in _PLACES}
    serving.serve(
        serving.Served(**places),
        data=data,
        settings=_settings(profile, options),
        token_data=token,
        progress=_progress(),
        tell=click.echo,
    )
