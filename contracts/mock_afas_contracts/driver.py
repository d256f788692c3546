"""What the suite knows of a client: a driver that starts, carries out operations, and may get into trouble.

How an operation ended is a value, ``Outcome``. What goes wrong with the driver itself, rather than with what it did in
AFAS, is an exception, ``DriverTrouble``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal


@dataclass(frozen=True, slots=True)
class Connection:
    """What a client needs to reach its environment. ``token`` is XML, not in base64."""

    base_url: str
    participant: str
    environment_type: str
    token: str
    language: str = "nl"
    integration_id: str = "12345_123456"


@dataclass(frozen=True, slots=True)
class Client:
    """How a driver introduced its client."""

    name: str
    version: str
    language: str
    operations: frozenset[str]
    features: frozenset[str]

    def features_within(self, only: frozenset[str] | None) -> frozenset[str]:
        """Its features that a run is about: those in ``only``, all for None."""
        return self.features if only is None else self.features & only


@dataclass(frozen=True, slots=True)
class Ok:
    """The operation was carried out. Numbers with a point in ``result`` are Decimal."""

    result: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """The operation was not carried out (``rejected``), or the client does not know (``unknown``)."""

    message: str
    log_reference: str | None = None
    outcome: Literal["rejected", "unknown"] = "rejected"


@dataclass(frozen=True, slots=True)
class Skipped:
    """The client cannot do this, for a reason it gives."""

    reason: str


Outcome = Ok | Failed | Skipped


class DriverTrouble(Exception):
    """The driver did not keep to its part. ``stderr`` is the end of what it wrote there."""

    kind: ClassVar[str]
    #: Whether looking for a shorter story is worth the time it takes.
    shrinkable: ClassVar[bool] = False

    def __init__(self, message: str, stderr: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.stderr = stderr


class DriverCrashed(DriverTrouble):
    """It ended, or its connection did, while it should be working."""

    kind = "crashed"
    shrinkable = True


class DriverHung(DriverTrouble):
    """No answer in time."""

    kind = "hung"


class BrokeProtocol(DriverTrouble):
    """It wrote something that is no answer, or not to what was asked."""

    kind = "broke protocol"


class CannotRun(DriverTrouble):
    """It cannot be started at all."""

    kind = "cannot run"


class Driver(ABC):
    """One client. Methods raise DriverTrouble; after it, ``start`` begins with a fresh client."""

    #: Whether several of them can be at work at once.
    several: ClassVar[bool] = True

    @abstractmethod
    def start(self, connection: Connection) -> Client:
        """Points the client at an environment; it forgets what it knew of another."""

    @abstractmethod
    def run(self, operation: str, arguments: Mapping[str, Any]) -> Outcome:
        """Carries out one operation."""

    @abstractmethod
    def abort(self) -> None:
        """Ends the operation under way, in whatever thread, which then raises DriverTrouble."""

    @abstractmethod
    def stop(self) -> None:
        """Ends the client. May be called at any time and more than once; ``start`` works after it."""
