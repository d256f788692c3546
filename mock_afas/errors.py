"""What can go wrong, as values. One translator in ``wire`` makes HTTP of them, and the logbook keeps the reason.

The error numbers come with the messages; AFAS says that no client should decide anything on them.
"""

from __future__ import annotations

from dataclasses import dataclass

from mock_afas import messages
from mock_afas.messages import Parameter


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was refused: more than Profit tells its client, for the environment logbook.

    ``rule`` names what was broken, ``path`` where in the request, ``value`` what stood there, ``allowed`` what may.
    """

    rule: str
    path: str = ""
    value: str = ""
    allowed: str = ""


class ProfitError(Exception):
    """An error that Profit answers with HTTP 500 and a message.

    ``key`` finds the message and its number in ``fixtures/messages``; ``parameters`` fill its placeholders.
    """

    def __init__(self, key: str, reason: Reason, **parameters: Parameter) -> None:
        super().__init__(key)
        self.key = key
        self.reason = reason
        self.parameters = parameters

    @property
    def number(self) -> int:
        return messages.catalogue()[self.key].number


class Refusal(Exception):
    """A request answered with a bare status (401, 403, 404, 405 or 413): no body, ``Content-Length: 0``."""

    def __init__(self, status: int, reason: Reason) -> None:
        super().__init__(status)
        self.status = status
        self.reason = reason


class UnderMaintenance(Exception):
    """The environment is in maintenance: 503 with ``Retry-After``, in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class ControlError(Exception):
    """A call of the control API or command line that cannot be carried out.

    ``message`` says what was wrong and where, ``hint`` what to do. ``status`` is an HTTP status.
    """

    def __init__(self, message: str, *, hint: str = "", status: int = 422) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.status = status


def unexpected(reason: Reason) -> ProfitError:
    """Profit's answer to what it has no message for."""
    return ProfitError("unexpected", reason)
