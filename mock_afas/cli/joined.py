"""Commands that other packages add to the command line, by entry points of the group ``mock_afas.commands``."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from importlib import metadata

import click

from mock_afas.errors import ControlError

GROUP = "mock_afas.commands"
#: Commands that are known to come with an extra of ours, and the name of the extra.
EXTRAS: Mapping[str, str] = {"contract": "contracts"}


def names() -> set[str]:
    """The commands that are there, and those that an extra would add."""
    return {point.name for point in metadata.entry_points(group=GROUP)} | set(EXTRAS)


def command(name: str) -> click.Command | None:
    """The command called ``name``, or one that says what has to be installed; None when nobody knows it."""
    for point in metadata.entry_points(group=GROUP, name=name):
        try:
            found: click.Command = point.load()
        except ModuleNotFoundError as error:
            return _missing(name, f"there is no module '{error.name}'")
        return found
    return _missing(name, "it is not installed") if name in EXTRAS else None


def _missing(name: str, problem: str) -> click.Command:
    package = f"mock-afas[{EXTRAS[name]}]" if name in EXTRAS else name
    advice = f"pip install '{package}'"

    @click.command(
        name,
        short_help=f"(to have it: {advice})",
        context_settings={"ignore_unknown_options": True},
        add_help_option=False,
    )
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def missing(arguments: tuple[str, ...]) -> None:  # noqa: ARG001 - whatever is asked, it is not there
        raise ControlError(f"'{name}' cannot run: {problem}", hint=f"install it with: {advice}")

    return missing


def meant(name: str, known: Iterable[str]) -> str:
    """What whoever wrote ``name`` may have meant, as the rest of a sentence."""
    near = difflib.get_close_matches(name, list(known))
    return f" Did you mean {' or '.join(near)}?" if near else ""
