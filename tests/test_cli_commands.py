"""The commands that call the control API of a running server, one by one."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from click.testing import CliRunner, Result

from mock_afas.cli import main
from tests.docs.pages import commands
from tests.support import Afas, client_of


class CommandLine:
    """``mock-afas`` with the address of one environment."""

    def __init__(self, afas: Afas) -> None:
        self.afas = afas

    def run(self, *arguments: str, given: bytes | str | None = None, **environment: str) -> Result:
        variables = {
            "MOCK_AFAS_CONTROL": self.afas.control_url,
            "MOCK_AFAS_ENVIRONMENT": self.afas.environment,
            **environment,
        }
        return CliRunner().invoke(main, arguments, input=given, env=variables, prog_name="mock-afas")

    def said(self, *arguments: str, given: bytes | str | None = None) -> str:
        """What a command prints that succeeds."""
        done = self.run(*arguments, given=given)
        assert done.exit_code == 0, done.output
        return done.stdout

    def shown(self, *arguments: str) -> Any:
        """What a command prints as JSON."""
        return json.loads(self.said(*arguments))

    def refused(self, *arguments: str, given: bytes | str | None = None) -> str:
        """What a command says that could not do its work."""
        done = self.run(*arguments, given=given)
        assert done.exit_code == 2, done.output
        assert not done.stdout
        return done.stderr


@pytest.fixture
def line(afas: Afas) -> CommandLine:
    return CommandLine(afas)


def opened(line: CommandLine, document: dict[str, Any]) -> Afas:
    """A client of what create or fork printed."""
    return client_of(document, line.afas.http)


# ---------------------------------------------------------------- all of them

_ALL = [(name, command) for name, command in commands(main, "mock-afas") if not isinstance(command, click.Group)]


@pytest.mark.parametrize(("name", "command"), _ALL, ids=[name for name, _ in _ALL])
def test_help_explains_the_command_its_options_and_arguments(name: str, command: click.Command) -> None:
    done = CliRunner().invoke(main, [*name.split()[1:], "--help"])
    assert done.exit_code == 0
    assert command.help
    for parameter in command.params:
        assert parameter.human_readable_name.upper() in done.output.upper() or parameter.opts[0] in done.output
        if isinstance(parameter, click.Option):
            assert parameter.help


_LISTING = ("list", "show", "snapshots", "features", "books", "logbook", "traffic")


@pytest.mark.parametrize(
    ("name", "command"), [pair for pair in _ALL if pair[0].split()[-1] in _LISTING], ids=lambda value: str(value)
)
def test_what_lists_has_json(name: str, command: click.Command) -> None:
    assert "--json" in [option for parameter in command.params for option in parameter.opts]


def test_what_lists_prints_json(line: CommandLine) -> None:
    for words in (
        ("environment", "list"),
        ("environment", "snapshots"),
        ("environment", "features"),
        ("users", "list"),
        ("app-connectors", "list"),
        ("tokens", "list"),
        ("data", "list"),
        ("data", "show", "currencies"),
        ("logbook",),
        ("traffic",),
    ):
        assert isinstance(line.shown(*words, "--json"), list), words
        assert line.said(*words).strip(), words


# ---------------------------------------------------------------- environment


def test_environments_are_listed(line: CommandLine) -> None:
    heading, *lines = line.said("environment", "list").splitlines()
    assert heading.split()[:2] == ["ENVIRONMENT", "PROFIT"]
    assert any(row.startswith(line.afas.environment) for row in lines)


def test_create_makes_an_environment_that_works(line: CommandLine, tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    made = line.shown(
        *("environment", "create", "--type", "T", "--profit-version", "7", "--without", "projects,commitments"),
        *("--language", "en", "--clock", "2026-11-24T09:00:00", "--dialect", "order=stable", "--dialect", "AMB-08=8"),
        *("--set", 'blocked_connectors=["Profit_Users"]', "--seed", "5", "--rows", "3", "--ready-file", str(ready)),
    )
    assert json.loads(ready.read_text()) == made
    assert stat.S_IMODE(ready.stat().st_mode) == 0o600
    client = opened(line, made)
    shown = line.shown("environment", "show", made["environment"])
    assert made["environment"].startswith("T")
    assert (shown["profit_version"], shown["without"], shown["language"]) == (7, ["commitments", "projects"], "en")
    assert (shown["clock"], shown["seed"], shown["rows"]) == ("2026-11-24T09:00:00", 5, 3)
    assert (shown["dialect"]["order"], shown["dialect"]["parallel_calls"]) == ("stable", "8")
    assert shown["blocked_connectors"] == ["profit_users"]
    assert client.get("profitversion").json() == {"version": "7.0.0.0"}
    client.control("DELETE")


def test_a_profile_is_read_and_options_go_over_it(line: CommandLine, tmp_path: Path) -> None:
    profile = tmp_path / "mine.toml"
    profile.write_text('profit_version = 6\nlanguage = "en"\n')
    made = line.shown("environment", "create", "--profile", str(profile), "--language", "nl", "--no-autonumber")
    shown = line.shown("environment", "show", "--environment", made["environment"])
    assert (shown["profit_version"], shown["language"], shown["autonumber"]) == (6, "nl", False)
    assert "is deleted" in line.said("environment", "delete", made["environment"])
    assert "there is no environment" in line.refused("environment", "show", made["environment"])


def test_a_bare_environment_is_set_up_by_command_line(line: CommandLine) -> None:
    made = line.shown("environment", "create", "--bare")
    assert (made["token"], made["authorization"]) == (None, None)
    name, participant = made["environment"], made["participant"]

    def there(*arguments: str) -> Any:
        return line.shown(*arguments, "--environment", name)

    assert "Say which app connector" in line.refused("tokens", "issue", "--environment", name)
    assert there("environment", "change", "--autonumber")["autonumber"] is True
    assert there("users", "put", f"{participant}.mine", "--description", "Mine")["blocked"] is False
    assert "import it first" in line.refused(
        "app-connectors", "create", "--description", "Mine", "--get", "Zenvoices_Suppliers", "--environment", name
    )
    assert "Zenvoices_Suppliers" in line.said("import", "--shipped", "Zenvoices_*", "--environment", name)
    app = there("app-connectors", "create", "--description", "Mine", "--get", "Zenvoices_Suppliers")
    changed = there(
        "app-connectors", "change", app["id"], "--add", "--get", "Zenvoices_Currencies", "--update", "FiEntries"
    )
    assert changed["get_connectors"] == ["Zenvoices_Suppliers", "Zenvoices_Currencies"]
    assert changed["update_connectors"] == ["FiEntries"]
    issued = there("tokens", "issue")
    client = opened(line, {**made, "token": issued["token"], "authorization": issued["authorization"]})
    assert client.rows("Zenvoices_Currencies", take="1", orderbyfieldids="CurrencyId")
    assert [token["id"] for token in there("tokens", "list", "--json")] == [issued["id"]]
    assert issued["token"] not in line.said("tokens", "list", "--environment", name, "--json")
    assert there("tokens", "revoke", issued["id"])["revoked"] is True
    assert client.get("profitversion").status_code == 401
    assert there("users", "put", f"{participant}.mine", "--blocked")["blocked"] is True
    client.control("DELETE")


def test_app_connectors_are_changed(line: CommandLine) -> None:
    changed = line.shown("app-connectors", "change", "1", "--ip", "10.0.0.1", "--get", "Profit_Users", "--group", "All")
    assert (changed["ip_addresses"], changed["get_connectors"], changed["group"]) == (
        ["10.0.0.1"],
        ["Profit_Users"],
        "All",
    )
    heading, row = line.said("app-connectors", "list").splitlines()
    assert heading.split()[-6:] == ["GET", "CONNECTORS", "UPDATE", "CONNECTORS", "TOKENS"][-6:] or "TOKENS" in heading
    assert row.split()[:2] == ["1", "Zenvoices"]
    assert "there is no GetConnector 'Nonsense'" in line.refused("app-connectors", "create", "--get", "Nonsense")
    assert "there is no app connector '99'" in line.refused("app-connectors", "change", "99", "--group", "x")


def test_fork_and_reset(line: CommandLine) -> None:
    made = line.shown("environment", "fork", line.afas.environment)
    child = opened(line, made)
    line.said("data", "put", "currencies", "--environment", made["environment"], given='{"currency": "XAU"}')
    assert "XAU" in line.said("data", "show", "currencies", "--environment", made["environment"])
    assert "XAU" not in line.said("data", "show", "currencies")
    assert made["environment"] in line.said("environment", "reset", made["environment"])
    assert "XAU" not in line.said("data", "show", "currencies", "--environment", made["environment"])
    assert child.get("profitversion").status_code == 200
    child.control("DELETE")


def test_snapshots(line: CommandLine) -> None:
    assert "There is no snapshot" in line.said("environment", "snapshots")
    assert line.shown("environment", "snapshot", "before this")["name"] == "before this"
    line.said("data", "put", "currencies", given='[{"currency": "XAU"}]')
    heading, row = line.said("environment", "snapshots").splitlines()
    assert heading.split() == ["NAME", "CREATED", "SIZE"]
    assert row.startswith("before this")
    assert "'before this'" in line.said("environment", "restore", "before this")
    assert "XAU" not in line.said("data", "show", "currencies", "--column", "currency")
    assert "is deleted" in line.said("environment", "delete-snapshot", "before this")
    assert line.shown("environment", "snapshots", "--json") == []
    assert "no snapshot 'before this'" in line.refused("environment", "restore", "before this")


def test_features_are_taken_away_and_given_back(line: CommandLine) -> None:
    def lacking(*arguments: str) -> set[str]:
        return {
            row["feature"] for row in line.shown("environment", "features", "--json", *arguments) if not row["present"]
        }

    assert lacking() == set()
    assert lacking("--without", "projects, commitments") == {"projects", "commitments"}
    assert lacking("--without", "currencies", "--with", "projects") == {"currencies", "commitments"}
    assert lacking() == {"currencies", "commitments"}
    assert line.shown("environment", "show")["without"] == ["commitments", "currencies"]
    assert "there is no feature 'euros'" in line.refused("environment", "features", "--without", "euros")


def test_change(line: CommandLine) -> None:
    shown = line.shown(
        "environment", "change", "--without", "allocation", "--maintenance", "30", "--set", "language=en"
    )
    assert (shown["without"], shown["maintenance"], shown["language"]) == (["allocation"], 30, "en")
    assert line.shown("environment", "change", "--without", "", "--maintenance", "0")["without"] == []
    shown = line.shown("environment", "change", "--clock", "2026-11-24T09:00:00", "--clock-running")
    assert shown["clock_running"] is True
    assert line.shown("environment", "change", "--clock-standing")["clock_running"] is False
    line.said("environment", "change", "--block-period", "1/2024/3", "--block-period", "2/2024/4")
    rows = line.shown("data", "show", "periods", "--json")
    for administration, period in ((1, 3), (2, 4)):
        key = {"administration": administration, "year": 2024, "period": period}
        assert [row["blocked"] for row in rows if key.items() <= row.items()] == [True]


WRONG: list[tuple[tuple[str, ...], str]] = [
    (("environment", "change"), "nothing is to be changed"),
    (("environment", "change", "--block-period", "1-2024-3"), "1/2026/3"),
    (("environment", "change", "--set", "colour=1"), "unknown key 'colour'"),
    (("environment", "change", "--set", "colour"), "KEY=VALUE"),
    (("environment", "change", "--dialect", "order=upwards"), "shuffled or stable"),
    (("environment", "change", "--dialect", "order"), "KEY=VALUE"),
    (("environment", "change", "--profit-version", "4"), "--profit-version"),
    (("environment", "create", "--without", "euros"), "currencies"),
    (("environment", "create", "--participant", "1"), "five digits"),
    (("environment", "create", "--profile", "nowhere"), "lean"),
    (("environment", "delete"), "ENV"),
    (("environment", "delete", "99999"), "there is no environment '99999'"),
    (("environment", "fork", "99999"), "there are: "),
    (("environment", "forks"), "Did you mean 'fork'?"),
    (("environment", "snapshot", "a/b"), "64 letters"),
    (("users", "put"), "ID"),
    (("tokens", "issue", "--user", "nobody"), "there is no user 'nobody'"),
    (("tokens", "issue", "--expires", "soon"), "'expires' is 'soon'"),
    (("tokens", "revoke", "T9"), "there is no token 'T9'"),
    (("faults", "add"), "KIND"),
    (("faults", "add", "drop", "--file", "/dev/null"), "KIND"),
    (("faults", "add", "earthquake"), "throttle"),
    (("faults", "add", "delay", "soon"), "KEY=VALUE"),
    (("faults", "remove", "F9"), "there is no fault 'F9'"),
    (("data", "show", "nonsense"), "there is no entity 'nonsense'"),
    (("data", "show", "currencies", "--column", "colour"), "has no column 'colour'"),
    (("data", "put", "currencies", "nowhere.json"), "nowhere.json"),
    (("logbook", "0000"), "the logbook has no '0000'"),
    (("traffic", "77"), "no call 77"),
]


@pytest.mark.parametrize(
    ("arguments", "named"), WRONG, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_wrong_use_says_what_to_do(line: CommandLine, arguments: tuple[str, ...], named: str) -> None:
    assert named in line.refused(*arguments)


def test_a_ready_file_that_cannot_be_written(line: CommandLine, tmp_path: Path) -> None:
    said = line.refused("environment", "fork", "--ready-file", str(tmp_path / "no" / "ready.json"))
    assert "cannot write" in said


# ---------------------------------------------------------------- faults


def test_faults_are_added_listed_removed_and_cleared(line: CommandLine, tmp_path: Path) -> None:
    assert "There are no faults" in line.said("faults", "list")
    added = line.shown(
        *(
            "faults",
            "add",
            "status",
            "status=418",
            "body=tea",
            "--method",
            "GET",
            "--connector",
            "Zenvoices_Currencies",
        ),
        *("--nth", "2", "--times", "1", "--phase", "after"),
    )
    assert added["match"] == {"method": "GET", "connector": "Zenvoices_Currencies", "nth": 2, "times": 1}
    assert (added["phase"], added["effect"]["status"]) == ("after", 418)
    assert [line.afas.get("connectors/Zenvoices_Currencies").status_code for _ in range(3)] == [200, 418, 200]
    heading, row = line.said("faults", "list").splitlines()
    assert heading.split()[:2] == ["ID", "EFFECT"]
    assert "status status=418" in row
    assert row.split()[-2:] == ["3", "1"]
    file = tmp_path / "fault.json"
    file.write_text('{"effect": {"kind": "drop"}}')
    second = line.shown("faults", "add", "--file", str(file))
    assert [fault["id"] for fault in line.shown("faults", "list", "--json")] == [added["id"], second["id"]]
    assert added["id"] in line.said("faults", "remove", added["id"])
    assert [fault["id"] for fault in line.shown("faults", "list", "--json")] == [second["id"]]
    line.said("faults", "clear")
    assert line.shown("faults", "list", "--json") == []


# ---------------------------------------------------------------- data and records


@pytest.mark.parametrize("given", ['{"currency": "XAU"}', '[{"currency": "XAU"}]', '{"rows": [{"currency": "XAU"}]}'])
def test_rows_are_put_from_a_file_or_standard_input(line: CommandLine, tmp_path: Path, given: str) -> None:
    file = tmp_path / "rows.json"
    file.write_text(given)
    assert line.said("data", "put", "currencies", str(file)) == "1 rows of currencies are in the books.\n"
    assert line.said("data", "put", "currencies", given=given) == "1 rows of currencies are in the books.\n"
    rows = line.shown("data", "show", "currencies", "--column", "currency", "--json")
    assert rows.count({"currency": "XAU"}) == 1


def test_rows_that_are_none(line: CommandLine) -> None:
    assert "is no JSON" in line.refused("data", "put", "currencies", given="currency,XAU")
    assert "is no JSON" in line.refused("data", "put", "currencies", given=b"\xff\xfe")
    assert "no column 'colour'" in line.refused("data", "put", "currencies", given='{"colour": "gold"}')


def test_books_are_counted_or_shown(line: CommandLine) -> None:
    counted = dict(row.split() for row in line.said("books").splitlines()[1:])
    whole = line.shown("books", "--json")
    assert {name: len(rows) for name, rows in whole.items()} == {name: int(number) for name, number in counted.items()}


def test_logbook_and_traffic(line: CommandLine) -> None:
    assert line.said("traffic") == "No client called yet.\n"
    assert line.said("logbook") == "Nobody got an error yet.\n"
    reference = line.afas.get("connectors/Zenvoices_Suppliers", {"take": "x"}).json()["profitLogReference"]
    assert "a number from 0" in line.said("logbook")
    assert line.shown("logbook", reference)["reason"]["value"] == "x"
    heading, row = line.said("traffic").splitlines()
    assert heading.split()[:4] == ["NUMBER", "STARTED", "MS", "STATUS"]
    assert "/connectors/Zenvoices_Suppliers" in row
    whole = line.shown("traffic", row.split()[0])
    assert whole["request"]["headers"]["authorization"] == "(redacted)"
    assert "forgotten" in line.said("traffic", "--clear")
    assert line.shown("traffic", "--json") == []


# ---------------------------------------------------------------- shell completion


def completed(line: CommandLine, words: str, incomplete: str = "") -> list[str]:
    done = line.run(
        _MOCK_AFAS_COMPLETE="bash_complete",
        COMP_WORDS=f"mock-afas {words} {incomplete}",
        COMP_CWORD=str(len(words.split()) + 1),
    )
    return [row.partition(",")[2] for row in done.stdout.splitlines() if row]


@pytest.mark.parametrize(
    ("words", "incomplete", "expected"),
    [
        ("", "env", "environment"),
        ("environment", "res", "restore"),
        ("environment create", "--pro", "--profit-version"),
        ("data show", "curr", "currencies"),
        ("faults add", "thr", "throttle"),
        ("environment create --language", "", "nl"),
        ("environment change --dialect", "", "collation"),
    ],
)
def test_a_shell_completes(line: CommandLine, words: str, incomplete: str, expected: str) -> None:
    assert expected in completed(line, words, incomplete)


def test_a_shell_completes_environments_while_a_server_runs(line: CommandLine) -> None:
    url = line.afas.control_url
    assert line.afas.environment in completed(
        line, f"environment fork --control {url}", line.afas.environment[:4].lower()
    )
    assert completed(line, "environment fork --control http://127.0.0.1:9/_mock", "O") == []


def test_no_command_waits_for_a_server_to_show_help() -> None:
    done = CliRunner().invoke(main, ["environment", "list", "--help"], env={"MOCK_AFAS_CONTROL": "nonsense"})
    assert done.exit_code == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get("http://127.0.0.1:9/")
