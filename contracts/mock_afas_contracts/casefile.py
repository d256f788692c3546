"""A case: one story that went wrong, with all that is needed to read it and to tell it again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from mock_afas_contracts.steps import Step

FORMAT = 1
#: How half a character (a lone surrogate, which JSON can bring) is written: in JSON this is its escape.
HALVES = "backslashreplace"


class NotACase(Exception):
    """A file is no case file; the text says why."""


@dataclass(frozen=True)
class Case:
    """``title`` is the check that failed, or the driver's trouble; ``details`` what was seen instead.

    ``repeatable`` says whether it went wrong again when told a second time. ``draws`` are the values that bring it
    back. ``stderr`` is the end of what the driver wrote there.
    """

    contract: str
    title: str
    details: Mapping[str, Any]
    seed: int
    settings: Mapping[str, Any]
    draws: Sequence[Any]
    steps: Sequence[Step]
    repeatable: bool = True
    stderr: str = ""

    def as_json(self) -> dict[str, Any]:
        """What a case file holds."""
        shown: dict[str, Any] = json.loads(json.dumps({"format": FORMAT, **asdict(self)}, default=_written))
        return shown

    def write(self, path: Path) -> None:
        path.write_text(
            json.dumps(self.as_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8", errors=HALVES
        )

    @property
    def operations(self) -> int:
        """How many operations it takes to go wrong."""
        return sum(step.kind == "operation" for step in self.steps)

    def text(self, traffic: int = 400) -> str:
        """The story to read: each step with its requests and answers, of whose bodies so many characters are shown."""
        lines = []
        for number, step in enumerate(self.steps, start=1):
            lines.append(f"{number}. {step.words}")
            lines += [part for exchange in step.exchanges for part in _exchange_lines(exchange, traffic)]
            if step.came:
                lines.append(f"   = {step.came}")
        lines.append(f"Should hold: {self.title}")
        lines += [f"   {name}: {_shown(value)}" for name, value in self.details.items()]
        if not self.repeatable:
            lines.append("When it was told once more, it did not go wrong.")
        return "\n".join(lines)

    def curl(self) -> str:
        """A script of shell that repeats the client's requests against ``$BASE``, with ``$AUTHORIZATION``."""
        lines = [
            "#!/bin/sh",
            f"# {self.contract}: {self.title}",
            "BASE=${BASE:-http://127.0.0.1:8080/ProfitRestServices}",
            ': "${AUTHORIZATION:?set it to the whole header value, such as AfasToken ...}"',
        ]
        for number, step in enumerate(self.steps, start=1):
            lines.append(f"# {number}. {' '.join(step.words.split())}")
            lines += [exchange.curl() for exchange in step.exchanges]
        return "\n".join(lines) + "\n"


def _exchange_lines(exchange: Any, most: int) -> list[str]:
    path = exchange.path.removeprefix("/ProfitRestServices")
    query = f"?{exchange.query}" if exchange.query else ""
    request = f"   > {exchange.method} {path}{query}"
    if exchange.request_body:
        request += f"  {_cut(exchange.request_body, most)}"
    fault = f"  [{', '.join(exchange.faults)}: {exchange.outcome}]" if exchange.faults else ""
    answer = f"   < {exchange.status or 'no answer'}{fault}"
    if exchange.response_body:
        answer += f"  {_cut(exchange.response_body, most)}"
    return [request, answer]


def _cut(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]}… ({len(line):,} characters)"


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_written)


def _written(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    if isinstance(value, tuple):
        return list(value)
    return str(value)


def read(path: Path) -> dict[str, Any]:
    """The keys ``contract``, ``settings``, ``draws`` and ``seed`` of a case file. Raises NotACase."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NotACase(f"{path} cannot be read: {error}") from None
    wanted = {"format": int, "contract": str, "settings": dict, "draws": list, "seed": int}
    if not isinstance(held, dict) or any(not isinstance(held.get(name), kind) for name, kind in wanted.items()):
        raise NotACase(f"{path} is no case file: it needs {', '.join(wanted)}")
    if held["format"] != FORMAT:
        raise NotACase(f"{path} has format {held['format']}; this version reads {FORMAT}")
    return held
