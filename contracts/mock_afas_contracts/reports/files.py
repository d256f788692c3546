"""Reports that are files: what each option of the command writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from mock_afas_contracts.casefile import HALVES
from mock_afas_contracts.events import Event, RunFinished, as_json
from mock_afas_contracts.reports import Reporter, badge, junit, page, sarif
from mock_afas_contracts.reports.tally import Tally


class JsonLines:
    """Each event as a line of JSON, written as it happens: a run that is killed leaves what it had."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = path.open("w", encoding="utf-8", errors=HALVES)

    def hear(self, event: Event) -> None:
        self._file.write(json.dumps(as_json(event), ensure_ascii=False, default=str) + "\n")
        self._file.flush()
        if isinstance(event, RunFinished):
            self._file.close()


class AtTheEnd:
    """A report that is made of the whole run, and written when it ends; also when it was interrupted."""

    def __init__(self, path: Path, make: Callable[[Tally], str]) -> None:
        self._path = path
        self._make = make
        self._tally = Tally()

    def hear(self, event: Event) -> None:
        self._tally.hear(event)
        if isinstance(event, RunFinished):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(self._make(self._tally), encoding="utf-8", errors=HALVES)


#: Option of the command and what its file is made by when the run ends.
_AT_THE_END: Mapping[str, Callable[[Tally], str]] = {
    "junit": junit.document,
    "html": page.document,
    "sarif": sarif.document,
    "badge": badge.document,
}


def report_to(name: str, path: Path) -> Reporter:
    """The report that the option ``name`` writes into ``path``: ``json_lines``, or one made at the end."""
    return JsonLines(path) if name == "json_lines" else AtTheEnd(path, _AT_THE_END[name])
