"""The ways a line goes to a driver and back: pipes of a process, or a TCP connection that a driver makes."""

from __future__ import annotations

import contextlib
import os
import queue
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from typing import IO

from mock_afas_contracts.driver import CannotRun, DriverCrashed, DriverHung
from mock_afas_contracts.protocol import MOST_BYTES

#: So much of the end of stderr is kept.
MOST_STDERR = 64 * 1024
#: How long a process may take to end after ``stop`` before it is killed, in seconds.
PATIENCE = 2.0
_CHUNK = 64 * 1024


class Lines:
    """Lines of a stream, read by a thread, so that waiting for one can have a limit."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lines: queue.Queue[bytes | None] = queue.Queue(maxsize=64)
        self._ended = False
        self._abandoned = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with self._stream, contextlib.suppress(OSError):  # a connection that is reset has ended too
            while not self._abandoned and (line := self._stream.readline(MOST_BYTES)):
                self._offer(line)
        self._offer(None)

    def _offer(self, line: bytes | None) -> None:
        while not self._abandoned:
            with contextlib.suppress(queue.Full):
                self._lines.put(line, timeout=1)
                return

    def next(self, timeout: float | None) -> bytes | None:
        """The next line; None at the end. Raises TimeoutError."""
        if self._ended:
            return None
        try:
            line = self._lines.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError from None
        self._ended = line is None
        return line

    def waiting(self) -> bytes | None:
        """A line that is there already, or None."""
        try:
            return self.next(timeout=0)
        except TimeoutError:
            return None

    def abandon(self) -> None:
        """Nobody will ask for more."""
        self._abandoned = True


class Tail:
    """The end of a stream, which a thread reads to its end however much there is."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._chunks: deque[bytes] = deque()
        self._kept = 0
        self.total = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._stream:
            while chunk := os.read(self._stream.fileno(), _CHUNK):
                self._chunks.append(chunk)
                self.total += len(chunk)
                self._kept += len(chunk)
                while self._kept - len(self._chunks[0]) >= MOST_STDERR:
                    self._kept -= len(self._chunks.popleft())

    def text(self, wait: float = 0.0) -> str:
        """What is kept, after waiting so many seconds at most for the stream to end."""
        self._thread.join(wait)
        kept = b"".join(list(self._chunks))[-MOST_STDERR:].decode("utf-8", "replace")
        left_out = self.total - len(kept.encode())
        return kept if left_out <= 0 else f"({self.total:,} bytes, of which the end)\n{kept}"


class Channel(ABC):
    """Lines to and from one driver. Opened by its constructor, which raises CannotRun."""

    @abstractmethod
    def send(self, line: bytes) -> None:
        """Raises DriverCrashed."""

    @abstractmethod
    def receive(self, timeout: float | None) -> bytes:
        """The next line, waiting so many seconds at most. Raises DriverCrashed, DriverHung."""

    @abstractmethod
    def unasked(self) -> bytes | None:
        """A line that came without being asked for, or None."""

    @abstractmethod
    def abort(self) -> None:
        """Ends the driver, so that who waits for a line hears that there is none; from any thread."""

    @abstractmethod
    def close(self, *, patience: float = 0.0) -> bytes | None:
        """Ends it, after so many seconds by force. Gives what the driver wrote after its last answer."""

    @abstractmethod
    def stderr(self) -> str:
        """The end of what the driver wrote on stderr, if that can be seen."""


class ProcessChannel(Channel):
    """A driver started as a process: ``command`` as one would type it in a shell, without the shell's own signs."""

    def __init__(self, command: str) -> None:
        words = shlex.split(command, posix=os.name == "posix")
        if not words:
            raise CannotRun("the command of the driver is empty")
        try:
            # In a group of its own: Ctrl-C is for the suite, and what the driver started ends with it.
            self._process = subprocess.Popen(  # noqa: S603 - the user gives the command
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
            )
        except OSError as error:
            raise CannotRun(f"'{command}' cannot be started: {error.strerror or error}") from None
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        if stdin is None or stdout is None or stderr is None:
            raise CannotRun(f"'{command}' was started without pipes")
        self._stdin = stdin
        self._lines = Lines(stdout)
        self._stderr = Tail(stderr)

    def send(self, line: bytes) -> None:
        try:
            self._stdin.write(line)
            self._stdin.flush()
        except OSError:
            raise self._crashed() from None

    def receive(self, timeout: float | None) -> bytes:
        try:
            line = self._lines.next(timeout)
        except TimeoutError:
            raise DriverHung(f"no answer within {timeout:g} s", self.stderr()) from None
        if line is None:
            raise self._crashed()
        return line

    def _crashed(self) -> DriverCrashed:
        try:
            code = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            return DriverCrashed("the driver closed its stdout or stdin without ending", self.stderr())
        how = f"ended with exit code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"
        return DriverCrashed(f"the driver {how}", self._stderr.text(PATIENCE))

    def unasked(self) -> bytes | None:
        return self._lines.waiting()

    def abort(self) -> None:
        self._kill()

    def close(self, *, patience: float = 0.0) -> bytes | None:
        with contextlib.suppress(OSError):
            self._stdin.close()
        rest = None
        if patience:
            with contextlib.suppress(TimeoutError):
                rest = self._lines.next(patience)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
        self._kill()
        self._lines.abandon()
        return rest

    def _kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stderr(self) -> str:
        return self._stderr.text()


class Listener:
    """Waits on a port of this machine for drivers that connect by TCP."""

    def __init__(self, port: int) -> None:
        try:
            self._socket = socket.create_server(("127.0.0.1", port))
        except OSError as error:
            raise CannotRun(f"port {port} cannot be listened on: {error.strerror or error}") from None
        self.port: int = self._socket.getsockname()[1]

    def accept(self, timeout: float | None = None) -> SocketChannel:
        """The next driver that connects. Raises CannotRun when none does within ``timeout`` seconds."""
        print(f"waiting for a driver on 127.0.0.1:{self.port}", file=sys.stderr, flush=True)
        limit = None if timeout is None else time.monotonic() + timeout
        self._socket.settimeout(0.2)  # so that Ctrl-C is heard while waiting
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError as error:
                if not isinstance(error, TimeoutError):
                    raise CannotRun(f"port {self.port} is no longer listened on") from None
                if limit is not None and time.monotonic() > limit:
                    raise CannotRun(f"no driver connected to port {self.port} within {timeout:g} s") from None
            else:
                connection.settimeout(None)
                return SocketChannel(connection)

    def close(self) -> None:
        self._socket.close()


class SocketChannel(Channel):
    """A driver that runs elsewhere, perhaps under a debugger, and connected to us."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lines = Lines(connection.makefile("rb"))

    def send(self, line: bytes) -> None:
        try:
            self._connection.sendall(line)
        except OSError as error:
            raise DriverCrashed(f"the driver's connection broke: {error.strerror or error}") from None

    def receive(self, timeout: float | None) -> bytes:
        try:
            line = self._lines.next(timeout)
        except TimeoutError:
            raise DriverHung(f"no answer within {timeout:g} s") from None
        if line is None:
            raise DriverCrashed("the driver closed its connection")
        return line

    def unasked(self) -> bytes | None:
        return self._lines.waiting()

    def abort(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self, *, patience: float = 0.0) -> bytes | None:
        rest = None
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
        if patience:
            with contextlib.suppress(TimeoutError):
                rest = self._lines.next(patience)
        self._lines.abandon()
        self._connection.close()
        return rest

    def stderr(self) -> str:
        return ""
