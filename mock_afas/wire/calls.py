"""One request under way: what it asks, whose it is, and what becomes of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Literal

from mock_afas.environment import Environment, Visit
from mock_afas.faults import Firing
from mock_afas.messages import Language
from mock_afas.traffic import UNKNOWN, Outcome, Whole
from mock_afas.wire.answers import Answer

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

#: The ASGI extension by which a server closes a connection: ``{"call": f}``, f takes the keyword ``reset``.
HANG_UP = "mock_afas.hang_up"
#: Names that AFAS gives a connector beside its own.
ALIASES = {"fientriescustom": "FiEntries"}


@dataclass(slots=True)
class Damage:
    """What the faults that fire on a call do to it."""

    firings: list[Firing]
    #: The answer so far, which the next fault may replace; None while there is none.
    answer: Answer | None = None
    #: How the connection ends without an answer: closed in good order, or reset.
    dropped: Literal["close", "reset"] | None = None
    truncated: bool = False
    #: So many bytes of the body are sent of a truncated answer; None is half of it.
    sent_bytes: int | None = None

    @property
    def outcome(self) -> Outcome:
        """What the client gets to see."""
        if self.dropped is not None:
            return "dropped"
        return "truncated" if self.truncated else "answered"


@dataclass(slots=True)
class Call:
    """One request under way."""

    scope: Scope
    receive: Receive
    method: str
    segments: list[str]
    environment: Environment | None = None
    visit: Visit | None = None
    token: str = ""
    language: Language = "nl"
    #: The whole body, where it had to be read before it was this call's turn.
    received: bytearray | None = None
    #: The beginning of the body, for the record, and its whole size.
    body: bytes = b""
    body_size: int = 0
    whole: Whole | None = None
    #: Rows and columns of the answer, for the record too.
    rows: int = UNKNOWN
    columns: int = UNKNOWN
    #: Whether the client closed the connection before it had its answer.
    abandoned: bool = False
    #: What the faults that fire on this call do to it.
    damage: Damage | None = None

    @property
    def connector(self) -> str:
        """The id of the connector called, as it stands in the path, or the name of another resource."""
        resource = self.segments[0].lower()
        if resource != "connectors":
            return resource
        named = self.segments[1] if len(self.segments) > 1 else ""
        return ALIASES.get(named.lower(), named)

    def header(self, name: bytes) -> bytes | None:
        for known, value in self.scope["headers"]:
            if known == name:
                found: bytes = value
                return found
        return None
