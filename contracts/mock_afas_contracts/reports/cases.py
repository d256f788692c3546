"""A case file and a script of curl for each failure, in a directory."""

from __future__ import annotations

from pathlib import Path

from mock_afas_contracts.casefile import HALVES
from mock_afas_contracts.events import ContractDepends, ContractFailed, Event


class CaseWriter:
    """Writes into ``folder``, which is made if need be."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def hear(self, event: Event) -> None:
        if not isinstance(event, ContractFailed | ContractDepends):
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        name = event.contract.id.replace("/", "-")
        event.case.write(self._folder / f"{name}.json")
        (self._folder / f"{name}.sh").write_text(event.case.curl(), encoding="utf-8", errors=HALVES)
