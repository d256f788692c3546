"""The command line as a whole: how commands are found, how they reach a server, what they say when they cannot."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from mock_afas.cli import COMMANDS, main
from mock_afas.cli.client import Control, control_options, environment_options, print_rows, table
from mock_afas.errors import ControlError
from mock_afas.registry import Registry
from mock_afas.serving import Serving, bind
from tests.support import Afas


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, arguments, env={"MOCK_AFAS_CONTROL": "", **environment})


# ---------------------------------------------------------------- finding commands


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_where_the_table_says(name: str) -> None:
    command = getattr(import_module(COMMANDS[name].module), COMMANDS[name].attribute)
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.help


def test_help_lists_every_command() -> None:
    done = run("--help")
    assert done.exit_code == 0
    for name in (*COMMANDS, "contract"):
        assert f"\n  {name} " in done.output


@pytest.mark.parametrize(
    ("wrong", "meant"), [("serv", "Did you mean serve or users?"), ("xyzzy", "No such command 'xyzzy'.")]
)
def test_an_unknown_command(wrong: str, meant: str) -> None:
    done = run(wrong)
    assert done.exit_code == 2
    assert meant in done.output


def _distribution(folder: Path, name: str, target: str) -> None:
    """A package in ``folder`` that adds the command ``name``."""
    information = folder / "joins-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: joins\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[mock_afas.commands]\n{name} = {target}\n")


def test_a_package_adds_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _distribution(tmp_path, "joining", "joins_mock_afas:joining")
    (tmp_path / "joins_mock_afas.py").write_text(
        "import click\n@click.command()\ndef joining():\n    'Joins.'\n    click.echo('joined')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert run("joining").output == "joined\n"
    assert "joining" in run("--help").output
    assert "Did you mean joining?" in run("joinin").output


def test_a_command_whose_package_is_not_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _distribution(tmp_path, "joining", "joins_mock_afas_in_part:joining")
    (tmp_path / "joins_mock_afas_in_part.py").write_text("import a_module_that_is_not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    done = run("joining", "--driver", "x")
    assert done.exit_code == 2
    assert "there is no module 'a_module_that_is_not_there'" in done.output
    assert "joining" in run("--help").output


# ---------------------------------------------------------------- reaching a server


@click.command()
@control_options
def health(control: Control) -> None:
    """A command that needs a server."""
    click.echo(control.call("GET", "/health")["status"])


@click.command()
@environment_options
def which(control: Control) -> None:
    """A command about an environment."""
    click.echo(control.about("GET")["environment"])


def called(command: click.Command, *arguments: str, **environment: str) -> str:
    """What a command prints, or the message and the hint of what it raises."""
    done = CliRunner().invoke(command, arguments, env=environment)
    if isinstance(done.exception, ControlError):
        return f"{done.exception.message} | {done.exception.hint}"
    assert done.exit_code == 0, done.output
    return done.output.strip()


def test_the_server_is_named_by_option_or_variable(demo: Afas) -> None:
    assert called(health, "--control", demo.control_url) == "ready"
    assert called(health, "--control", f"{demo.control_url}/") == "ready"
    assert called(health, MOCK_AFAS_CONTROL=demo.control_url) == "ready"


def test_the_environment_is_the_first_or_the_one_that_is_named(demo: Afas, afas: Afas) -> None:
    assert called(which, "--control", demo.control_url) == demo.environment
    assert called(which, "--control", demo.control_url, "--environment", afas.environment) == afas.environment
    assert called(which, "--control", demo.control_url, "--environment", afas.participant) == afas.environment
    assert "there is no environment 'a b'" in called(which, "--control", demo.control_url, "--environment", "a b")


def test_a_server_without_environments() -> None:
    serving = Serving(Registry(), bind("127.0.0.1", 0), host="127.0.0.1", control_key=None)
    serving.run_in_thread()
    said = called(which, "--control", f"{serving.origin}/_mock")
    serving.stop()
    assert said == "the server has no environment | make one: mock-afas environment create"


def test_a_key_is_asked_for_and_given() -> None:
    serving = Serving(Registry(), bind("127.0.0.1", 0), host="127.0.0.1", control_key="secret")
    serving.run_in_thread()
    url = f"{serving.origin}/_mock"
    without, wrong = called(health, "--control", url), called(health, "--control", url, "--control-key", "x")
    right = called(health, "--control", url, "--control-key", "secret")
    by_variable = called(health, "--control", url, MOCK_AFAS_CONTROL_KEY="secret")
    serving.stop()
    assert without == wrong
    assert "the control key is missing or wrong" in without
    assert "--control-key" in without
    assert right == by_variable == "ready"


def test_no_server_says_how_to_start_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/_mock"
    said = called(health, "--control", url)
    assert said.startswith(f"no server answers at {url}: ")
    assert "mock-afas serve" in said


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/_mock", "file:///etc/passwd", "127.0.0.1:8080/_mock", "http://"])
def test_an_address_that_is_none(url: str) -> None:
    assert "no address of a control API" in called(health, "--control", url)


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """A server of something else; gives its address."""

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/_mock"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body"), [(404, b"<html>"), (500, b"[]"), (404, b'{"error": "x"}'), (200, b"<html>"), (200, b"[]")]
)
def test_a_server_of_something_else(status: int, body: bytes) -> None:
    with answering(status, body) as url:
        assert "not as a control API does" in called(health, "--control", url)


# ---------------------------------------------------------------- output


def test_a_table() -> None:
    assert table([["1", "a long one"], ["20", ""]], ("id", "free_text")) == ["ID  FREE TEXT", "1   a long one", "20"]


ROWS = [
    {"id": 1, "blocked": True, "names": ["a", "b"], "note": None, "more": 1},
    {"id": 2, "names": (), "note": "x\ny"},
]


@pytest.mark.parametrize(
    ("rows", "as_json", "printed"),
    [
        (ROWS, False, "ID  BLOCKED  NAMES  NOTE\n1   yes      a, b\n2                   x y\n"),
        ([], False, "No rows.\n"),
        ([], True, "[]\n"),
    ],
)
def test_rows_are_printed(rows: list[dict[str, object]], as_json: bool, printed: str) -> None:
    @click.command()
    def listing() -> None:
        print_rows(rows, ("id", "blocked", "names", "note"), as_json=as_json, none="No rows.")

    assert CliRunner().invoke(listing).output == printed


def test_rows_are_whole_in_json() -> None:
    @click.command()
    def listing() -> None:
        print_rows(ROWS[:1], ("id",), as_json=True, none="")

    assert json.loads(CliRunner().invoke(listing).output) == ROWS[:1]
