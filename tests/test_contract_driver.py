"""Drivers that go wrong in every way get a clear verdict each, and never hurt the suite."""

from __future__ import annotations

import json
import shlex
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from mock_afas_contracts.channels import MOST_STDERR, ProcessChannel
from mock_afas_contracts.driver import (
    BrokeProtocol,
    CannotRun,
    Connection,
    DriverCrashed,
    DriverHung,
    DriverTrouble,
    Failed,
    Ok,
    Skipped,
)
from mock_afas_contracts.line_driver import AttachedDriver, LineDriver, process_driver

#: Seconds that a hanging driver hangs, less some.
HANGING = 40
SCRIPT = Path(__file__).parent / "contracts" / "troubled.py"
CONNECTION = Connection("http://127.0.0.1:1/ProfitRestServices", "12345", "O", "<token/>")


def troubled(trouble: str, timeout: float = 60.0) -> LineDriver:
    return process_driver(shlex.join([sys.executable, str(SCRIPT), trouble]), timeout)


TROUBLES: dict[str, tuple[type[DriverTrouble], str]] = {
    "garbage": (BrokeProtocol, "this is no JSON: 'hello, I am working'"),
    "blank": (BrokeProtocol, "this is no JSON: ''"),
    "number": (BrokeProtocol, "42 is not of type 'object'"),
    "exit": (DriverCrashed, "the driver ended with exit code 3"),
    "killed": (DriverCrashed, "the driver was ended by SIGKILL"),
    "leak and exit": (DriverCrashed, "the driver ended with exit code 1"),
    "other seq": (BrokeProtocol, "asked for seq 1, it answered seq 1001, which was never asked"),
    "old seq": (BrokeProtocol, "asked for seq 1, it answered seq 0"),
    "no outcome": (BrokeProtocol, "'answer' is not as the schema has it"),
    "two outcomes": (BrokeProtocol, "'answer' is not as the schema has it"),
    "unknown outcome": (BrokeProtocol, "failed.outcome: 'maybe' is not one of ['rejected', 'unknown']"),
    "wrong result": (BrokeProtocol, "'result.connect' is not as the schema has it: administrations"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_has_a_name_and_a_fresh_driver_follows(trouble: str) -> None:
    driver = troubled(trouble)
    kind, message = TROUBLES[trouble]
    for _ in range(2):
        driver.start(CONNECTION)
        with pytest.raises(kind) as raised:
            driver.run("connect", {})
        assert type(raised.value) is kind
        assert message in raised.value.message
    driver.stop()


def test_stderr_is_kept_with_the_trouble() -> None:
    driver = troubled("exit")
    driver.start(CONNECTION)
    with pytest.raises(DriverCrashed) as raised:
        driver.run("connect", {})
    assert raised.value.stderr == "Traceback: the client broke\n"
    driver = troubled("garbage")
    driver.start(CONNECTION)
    with pytest.raises(BrokeProtocol) as broke:
        driver.run("connect", {})
    assert broke.value.stderr == "about to print\n"


def test_100_megabytes_on_stderr_hurt_nobody() -> None:
    driver = troubled("leak")
    driver.start(CONNECTION)
    assert driver.run("connect", {}) == Ok({"administrations": []})
    driver.stop()
    driver = troubled("leak and exit")
    driver.start(CONNECTION)
    with pytest.raises(DriverCrashed) as raised:
        driver.run("connect", {})
    assert raised.value.stderr.startswith("(104,857,6")
    assert raised.value.stderr.endswith("the last words\n")
    assert len(raised.value.stderr) < MOST_STDERR + 100


def test_a_hanging_driver_is_left_in_time() -> None:
    driver = troubled("hang")
    driver.start(CONNECTION)
    driver._timeout = 0.5  # not from the beginning: a busy machine may need longer to start it
    began = time.monotonic()
    with pytest.raises(DriverHung, match=r"no answer within 0\.5 s"):
        driver.run("connect", {})
    assert time.monotonic() - began < HANGING


@pytest.mark.parametrize("moment", ["start", "run", "stop"])
def test_a_second_answer_is_noticed_at_the_next_moment(moment: str) -> None:
    driver = troubled("twice")
    driver.start(CONNECTION)
    driver.run("connect", {})
    channel = driver._channel
    assert isinstance(channel, ProcessChannel)
    until = time.monotonic() + 60
    while channel._lines._lines.empty() and time.monotonic() < until:
        time.sleep(0.01)
    with pytest.raises(BrokeProtocol, match="wrote"):
        {
            "start": lambda: driver.start(CONNECTION),
            "run": lambda: driver.run("features", {}),
            "stop": driver.stop,
        }[moment]()


def test_an_operation_under_way_can_be_ended_from_another_thread() -> None:
    driver = troubled("hang")
    driver.start(CONNECTION)
    threading.Timer(0.3, driver.abort).start()
    began = time.monotonic()
    with pytest.raises(DriverCrashed):
        driver.run("connect", {})
    assert time.monotonic() - began < HANGING


def test_words_after_the_end() -> None:
    driver = troubled("after the end")
    driver.start(CONNECTION)
    with pytest.raises(BrokeProtocol, match="after its last answer it wrote"):
        driver.stop()
    driver.stop()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("", "the command of the driver is empty"),
        ("/there/is/no/such --driver", "'/there/is/no/such --driver' cannot be started: No such file or directory"),
        (shlex.join([sys.executable, str(SCRIPT), "no start"]), "before it answered 'start', the driver ended with"),
    ],
)
def test_what_cannot_run(command: str, message: str) -> None:
    with pytest.raises(CannotRun) as raised:
        process_driver(command).start(CONNECTION)
    assert message in raised.value.message


def test_a_wrong_introduction() -> None:
    with pytest.raises(BrokeProtocol, match="'started' is not as the schema has it: ok"):
        troubled("wrong start").start(CONNECTION)


def test_a_skipped_operation_is_an_outcome() -> None:
    driver = troubled("skip")
    client = driver.start(CONNECTION)
    assert (client.name, set(client.operations), set(client.features)) == ("troubled", {"connect", "features"}, set())
    assert driver.run("connect", {}) == Skipped("not today")
    driver.stop()


def test_a_driver_that_connects_can_lose_its_connection_and_come_again() -> None:
    driver = AttachedDriver(0, timeout=60)

    def client() -> None:
        for ends_early in (True, False):
            with socket.create_connection(("127.0.0.1", driver.listener.port)) as connection:
                stream = connection.makefile("rwb")
                for line in stream:
                    message = json.loads(line)
                    if message["cmd"] == "stop" or (message["cmd"] == "run" and ends_early):
                        break
                    about = {"name": "far", "version": "", "language": "C", "operations": ["connect"], "features": []}
                    failed = {"message": "geen toegang", "log_reference": "AB", "outcome": "rejected"}
                    answer = {"ok": about} if message["cmd"] == "start" else {"seq": message["seq"], "failed": failed}
                    stream.write(json.dumps(answer).encode() + b"\n")
                    stream.flush()

    threading.Thread(target=client, daemon=True).start()
    assert driver.start(CONNECTION).name == "far"
    with pytest.raises(DriverCrashed, match="the driver closed its connection"):
        driver.run("connect", {})
    driver.start(CONNECTION)
    assert driver.run("connect", {}) == Failed("geen toegang", "AB", "rejected")
    driver.stop()
    driver.listener.close()


def test_nobody_connects() -> None:
    driver = AttachedDriver(0)
    with pytest.raises(CannotRun, match="no driver connected"):
        driver.listener.accept(timeout=0.1)
    with pytest.raises(CannotRun, match="cannot be listened on"):
        AttachedDriver(driver.listener.port)
    driver.listener.close()
