"""``mock-afas import``: GetConnectors from files into an environment."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from mock_afas.cli import EXIT_FINDINGS
from mock_afas.cli.client import Control, environment_options, json_option, print_json, print_rows
from mock_afas.errors import ControlError

_SUFFIXES = (".gcn", ".json", ".zip")
_ZIP = ".zip"
_NONE = "Nothing was imported."


@click.command("import")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--shipped",
    metavar="NAME",
    multiple=True,
    help="Import our own definitions of this name; * stands for any characters. May repeat.",
)
@click.option("--add-to", "app", metavar="ID", help="Add what was imported to the app connector ID.")
@environment_options
@json_option
def import_(
    control: Control, paths: tuple[Path, ...], *, shipped: tuple[str, ...], app: str | None, as_json: bool
) -> None:
    """Import GetConnectors, as an administrator of AFAS does.

    PATH is an export (.gcn), a ZIP of exports, a folder with them, or JSON of /metainfo/get/X. A connector takes the
    place of the one that has its name; each field finds our data, or is filled with plausible values.

    The exit code is 1 when something could not be imported. What could was imported all the same.
    """
    if not paths and not shipped:
        raise click.UsageError("Name a file or a folder, or --shipped 'Zenvoices_*' for our own definitions.")
    report: dict[str, list[Any]] = {"imported": [], "errors": []}
    for content in _uploads(paths):
        _add(report, control.upload("/import", content))
    if shipped:
        _add(report, control.about("POST", "/import", {"shipped": list(shipped)}))
    if app is not None and report["imported"]:
        _add_to(control, app, [one["connector"] for one in report["imported"]])
    if as_json:
        print_json(report)
    else:
        _tell(report)
    if report["errors"]:
        raise click.exceptions.Exit(EXIT_FINDINGS)


def _add(report: dict[str, list[Any]], answer: Any) -> None:
    for key, listed in report.items():
        listed.extend(answer[key])


def _uploads(paths: Sequence[Path]) -> Iterator[bytes]:
    """What to send: each ZIP as it is, and all other files in one, under the names they were found by."""
    loose: dict[str, Path] = {}
    for path in paths:
        for name, file in _files(path):
            if file.suffix.lower() == _ZIP:
                yield _read(file)
            else:
                loose[name] = file
    if loose:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, file in loose.items():
                archive.writestr(name, _read(file))
        yield buffer.getvalue()


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    """The files that ``path`` means, each with the name to send it under. Raises ControlError when there is none."""
    if not path.is_dir():
        yield path.name, path
        return
    found = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in _SUFFIXES and file.is_file()]
    if not found:
        raise ControlError(f"there is nothing to import in {path}", hint=f"files end in {', '.join(_SUFFIXES)}")
    for file in found:
        yield file.relative_to(path).as_posix(), file


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ControlError(f"{file} cannot be read: {error.strerror}", hint="name a file or a folder") from None


def _add_to(control: Control, app: str, names: Sequence[str]) -> None:
    apps = control.about("GET", "/app-connectors")["app_connectors"]
    known: dict[str, str] = next(
        ({name.lower(): name for name in row["get_connectors"]} for row in apps if row["id"] == app), {}
    )
    added = [*({name.lower(): name for name in names} | known).values()]
    control.about("PATCH", f"/app-connectors/{quote(app, safe='')}", {"get_connectors": added})


def _tell(report: Mapping[str, list[Any]]) -> None:
    print_rows([_row(one) for one in report["imported"]], _COLUMNS, as_json=False, none=_NONE)
    for error in report["errors"]:
        click.echo(f"{error['connector']}: {error['message']}", err=True)


_COLUMNS = ("connector", "source", "fields", "mapped", "filled")


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the table: how many fields were mapped, and which are made up."""
    how = Counter(field["mapped"] for field in one["fields"])
    filled = [field["id"] for field in one["fields"] if field["mapped"] == "filled"]
    return {
        "connector": one["connector"],
        "source": one["source"],
        "fields": len(one["fields"]),
        "mapped": how.total() - how["filled"],
        "filled": ", ".join(filled),
    }
