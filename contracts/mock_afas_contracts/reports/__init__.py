"""Ways to show or keep a run. Each consumes events and nothing else."""

from __future__ import annotations

from typing import Protocol

from mock_afas_contracts.events import Event


class Reporter(Protocol):
    """Hears of each event as it happens; the last one is ``RunFinished``."""

    def hear(self, event: Event) -> None: ...
