"""Runs the whole suite on every use of a client, and writes what it saw: ``python -m contracts.real.record``.

For each use it writes the contracts that fail, as ``--known-failing`` takes them, and all verdicts with the stories of
those that the client decides. Names of uses choose some.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from contracts.real.uses import USES, Use
from mock_afas_contracts.casefile import Case
from mock_afas_contracts.contract import CONTRACTS
from mock_afas_contracts.events import (
    BAD,
    ContractDepends,
    ContractFailed,
    DriverIntroduced,
    Event,
    RunFinished,
    Verdict,
)
from mock_afas_contracts.runner import Options, Run
from mock_afas_contracts.target import Server

#: Characters of a body that a story shows, and lines of a story that are kept from its beginning and from its end.
_BODY, _HEAD, _TAIL = 160, 14, 8


def _story(event: ContractFailed | ContractDepends) -> dict[str, Any]:
    case = event.case
    lines = case.text(traffic=_BODY).splitlines()
    if len(lines) > _HEAD + _TAIL:
        lines[_HEAD:-_TAIL] = [f"   … {len(lines) - _HEAD - _TAIL} more lines of the same kind …"]
    return {"title": case.title, "story": lines, "headers": _headers(case)}


def _headers(case: Case) -> dict[str, str]:
    """Those of the last call, save the token, the length of the body, and an address of the mock's own."""
    calls = [exchange for step in case.steps for exchange in step.exchanges]
    shown = calls[-1].headers if calls else {}
    left_out = {"authorization", "content-length"} | ({"host"} if "127.0.0.1" in str(shown) else set())
    return {name: value for name, value in shown.items() if name.lower() not in left_out}


def seen(use: Use, events: Sequence[Event]) -> dict[str, Any]:
    """What is kept of a run."""
    (client,) = [event.client for event in events if isinstance(event, DriverIntroduced)]
    (finished,) = [event for event in events if isinstance(event, RunFinished)]
    told = [event for event in events if isinstance(event, ContractFailed | ContractDepends)]
    return {
        "client": client.name,
        "version": client.version,
        "operations": sorted(client.operations),
        "verdicts": {name: verdict for name, verdict in finished.verdicts.items() if verdict is not Verdict.NOT_TESTED},
        "stories": {event.contract.id: _story(event) for event in told if use.decides(event.contract.id)},
    }


def known_failing(use: Use, kept: dict[str, Any]) -> Iterator[str]:
    """The lines of the list of known failures."""
    failing = [name for name, verdict in kept["verdicts"].items() if verdict in BAD]
    yield f"# Contracts that fail on {use.title} (version {kept['version']})."
    known = f"contracts/real/{use.known_failing_file.name}"
    yield f"# mock-afas contract run --driver '{use.command}' --known-failing {known}"
    for decided, head in ((True, "What the client does"), (False, f"Not about the client: {use.callers}")):
        found = [name for name in failing if use.decides(name) is decided]
        yield from ("", f"# {head}.", *found) if found else ()


def main(names: Sequence[str]) -> None:
    with Server() as server:
        for use in USES:
            if names and use.name not in names:
                continue
            events = list(Run(use.lab(server.control_url, server.control_key), Options()).events())
            kept = seen(use, events)
            use.seen_file.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            use.known_failing_file.write_text("\n".join(known_failing(use, kept)) + "\n", encoding="utf-8")
            print(f"{use.name}: {len(kept['verdicts'])} of {len(CONTRACTS)} contracts told", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
