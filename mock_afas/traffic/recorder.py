"""Recorded HTTP exchanges of one environment, bounded in number and bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from mock_afas.traffic.exchange import Exchange

MOST_EXCHANGES = 10_000
MOST_BYTES = 64 * 2**20
#: What an exchange without bodies is counted for.
_OVERHEAD = 1_000


class Traffic:
    """The last exchanges. What falls out of the bounds is counted in ``dropped``."""

    def __init__(self) -> None:
        self._exchanges: deque[Exchange] = deque()
        #: What each of them is counted for: working it out again when it falls out would cost each call as much.
        self._sizes: deque[int] = deque()
        self._bytes = 0
        self._made = 0
        self.dropped = 0
        #: How often something changed in the environment beside its traffic. Rules on repeated calls ask for it:
        #: sending a refused entry again is right when somebody opened the period in between.
        self.changes = 0

    def next_number(self) -> int:
        """Numbers of exchanges start at 1 and are never given twice, also after ``clear``."""
        self._made += 1
        return self._made

    def changed(self) -> None:
        """Notes that data, configuration or access changed, not by a client's call."""
        self.changes += 1

    def record(self, exchange: Exchange) -> None:
        size = _size(exchange)
        self._exchanges.append(exchange)
        self._sizes.append(size)
        self._bytes += size
        while len(self._exchanges) > MOST_EXCHANGES or self._bytes > MOST_BYTES:
            self._exchanges.popleft()
            self._bytes -= self._sizes.popleft()
            self.dropped += 1

    def clear(self) -> None:
        self._exchanges.clear()
        self._sizes.clear()
        self._bytes = 0
        self.dropped = 0

    def exchanges(self) -> Sequence[Exchange]:
        """The exchanges as they are now, the first that ended first."""
        return tuple(self._exchanges)

    def as_dict(self) -> dict[str, Any]:
        """The exchanges as the control API shows them."""
        from mock_afas.traffic import shown  # noqa: PLC0415 - recording does not need what showing does

        return shown.as_dict(self._exchanges, self.dropped)


def _size(exchange: Exchange) -> int:
    size = _OVERHEAD + len(exchange.request_body) + len(exchange.response_body)
    size += len(exchange.path) + len(exchange.query)
    for name, value in exchange.request_headers:
        size += len(name) + len(value)
    return size
