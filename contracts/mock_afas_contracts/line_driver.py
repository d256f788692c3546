"""A driver behind a channel of lines, in whatever language it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, NoReturn

from mock_afas_contracts import protocol
from mock_afas_contracts.channels import PATIENCE, Channel, Listener, ProcessChannel
from mock_afas_contracts.driver import (
    BrokeProtocol,
    CannotRun,
    Client,
    Connection,
    Driver,
    DriverCrashed,
    DriverTrouble,
    Failed,
    Ok,
    Outcome,
    Skipped,
)

#: Seconds an operation may take.
TIMEOUT = 10.0
_SHOWN = 300


class LineDriver(Driver):
    """Speaks the protocol over channels that ``open_channel`` makes; a new one after trouble."""

    def __init__(self, open_channel: Callable[[], Channel], timeout: float | None = TIMEOUT) -> None:
        self._open_channel = open_channel
        self._timeout = timeout
        self._channel: Channel | None = None
        self._seq = 0
        self._ever_started = False

    def start(self, connection: Connection) -> Client:
        message = {"cmd": "start", "protocol": protocol.VERSION, **asdict(connection)}
        protocol.check("start", message)
        if self._channel is None:
            self._channel, self._seq = self._open_channel(), 0
        try:
            answer = self._exchange(self._channel, message, "started")
        except DriverCrashed as crash:
            if self._ever_started:
                raise
            raise CannotRun(f"before it answered 'start', {crash.message}", crash.stderr) from None
        self._ever_started = True
        told = answer["ok"]
        return Client(
            name=told["name"],
            version=told["version"],
            language=told["language"],
            operations=frozenset(told["operations"]),
            features=frozenset(told["features"]),
        )

    def run(self, operation: str, arguments: Mapping[str, Any]) -> Outcome:
        self._seq += 1
        message = {"cmd": "run", "seq": self._seq, "operation": operation, "arguments": arguments}
        protocol.check("run", message)
        protocol.check(f"arguments.{operation}", arguments)
        if self._channel is None:
            raise DriverCrashed("the driver is not running")
        answer = self._exchange(self._channel, message, "answer")
        if answer["seq"] != self._seq:
            earlier = "a second time" if 0 < answer["seq"] < self._seq else "which was never asked"
            self._broke(f"asked for seq {self._seq}, it answered seq {answer['seq']}, {earlier}")
        if "skipped" in answer:
            return Skipped(**answer["skipped"])
        if "failed" in answer:
            return Failed(**answer["failed"])
        self._checked(f"result.{operation}", answer["ok"])
        return Ok(answer["ok"])

    def abort(self) -> None:
        channel = self._channel
        if channel is not None:
            channel.abort()

    def stop(self) -> None:
        channel, self._channel = self._channel, None
        if channel is None:
            return
        try:
            channel.send(protocol.encode({"cmd": "stop"}))
        except DriverTrouble:
            channel.close()
            raise
        rest = channel.close(patience=PATIENCE)
        if rest is not None:
            raise BrokeProtocol(f"after its last answer it wrote {_shown(rest)}", channel.stderr())

    def _exchange(self, channel: Channel, message: Mapping[str, Any], kind: str) -> Any:
        """Sends a message and gives the answer to it. Whatever trouble comes, the channel is closed."""
        try:
            unasked = channel.unasked()
            if unasked is not None:
                self._broke(f"without being asked it wrote {_shown(unasked)}")
            channel.send(protocol.encode(message))
            line = channel.receive(self._timeout)
        except BaseException:  # trouble, or Ctrl-C: an answer still to come would come at a wrong moment
            self._drop()
            raise
        try:
            answer = protocol.decode(line)
        except protocol.NotAMessage as error:
            self._broke(str(error))
        self._checked(kind, answer)
        return answer

    def _checked(self, kind: str, message: object) -> None:
        try:
            protocol.check(kind, message)
        except protocol.NotAMessage as error:
            self._broke(str(error))

    def _broke(self, message: str) -> NoReturn:
        stderr = self._channel.stderr() if self._channel else ""
        self._drop()
        raise BrokeProtocol(message, stderr)

    def _drop(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()


def process_driver(command: str, timeout: float | None = TIMEOUT) -> LineDriver:
    """A driver that is started as ``command``, once, and again after trouble."""
    return LineDriver(lambda: ProcessChannel(command), timeout)


class AttachedDriver(LineDriver):
    """A driver that connects by TCP to ``port``, and again after trouble; there is time to debug it."""

    several = False

    def __init__(self, port: int, timeout: float | None = None) -> None:
        self.listener = Listener(port)
        super().__init__(self.listener.accept, timeout)

    def abort(self) -> None:
        self.listener.close()
        super().abort()


def _shown(line: bytes) -> str:
    return repr(line[:_SHOWN].decode("utf-8", "replace").rstrip("\n"))
