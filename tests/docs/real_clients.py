"""What the suite saw on public clients, as a page: ``docs/reference/real-clients.md``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.real.uses import USES, Use
from mock_afas_contracts import scenarios
from mock_afas_contracts.contract import CONTRACTS, Contract
from mock_afas_contracts.events import BAD

INTRO = """
What the contract suite saw on clients of AFAS that anybody can install. They are used as they are, each behind a driver
of a page in `contracts/real` that does no more than translate an operation of the protocol into calls of the client.

This is a description, not a verdict on anybody's work. These are libraries: much that the [contracts](contracts.md) ask
of a whole integration is meant to be done by who calls them, and a contract that a client does not pass says what its
caller has to see to. Where the driver makes the difference and not the client, a contract is named as the caller's, and
its outcome is not shown. An exception that a client raises is told as an outcome that it does not know, and the suite
does then what a user would: the same again. What is about pages holds, too, where a client reads all rows at once.

Each story is the shortest one that the suite found, with the calls it led to. Bodies are cut.
`python -m contracts.real.record` runs everything again and writes what this page is made of; the tests tell a part of
it in every run and all of it in `make thorough`, and fail when an outcome differs.
"""


def _link(contract: Contract) -> str:
    return f"[{contract.id}](contracts.md#{contract.id.replace('/', '')})"


def _finding(use: Use, contract: Contract, seen: Mapping[str, Any]) -> Iterator[str]:
    story = seen["stories"][contract.id]
    yield f"#### {_link(contract)}"
    yield ""
    yield f"{contract.sentence} ({contract.severity})"
    yield ""
    if remark := use.remark(contract.id):
        yield remark
        yield ""
    yield from ("```text", *(line.rstrip() for line in story["story"]), "```", "")
    if story["headers"]:
        shown = ", ".join(f"`{name}: {value}`" for name, value in sorted(story["headers"].items()))
        yield f"Headers of the last call, beside the token: {shown}."
        yield ""


def _use(use: Use) -> Iterator[str]:
    seen = use.seen()
    verdicts = {name: verdict for name, verdict in seen["verdicts"].items() if use.decides(name)}
    passed = [CONTRACTS[name] for name, verdict in verdicts.items() if verdict == "passed"]
    failed = [CONTRACTS[name] for name, verdict in verdicts.items() if verdict in BAD]
    yield f"## {use.title}"
    yield ""
    yield f"{seen['client']} {seen['version']}. {use.about}"
    yield ""
    yield f"- Operations: {', '.join(f'`{name}`' for name in seen['operations'])}"
    yield f"- Driver: `{use.command}`"
    yield f"- Of the contracts that it decides, {len(passed)} pass and {len(failed)} do not."
    yield ""
    yield "### " + f"What passes ({use.name})"
    yield ""
    yield from (f"- {_link(contract)}: {contract.sentence}" for contract in passed)
    yield ""
    yield f"### What does not ({use.name})"
    yield ""
    for contract in failed:
        yield from _finding(use, contract, seen)
    yield from _of_the_caller(use, seen)


def _of_the_caller(use: Use, seen: Mapping[str, Any]) -> Iterator[str]:
    names = [f"`{name}`" for name in seen["verdicts"] if not use.decides(name)]
    if names:
        yield f"### What its caller decides ({use.name})"
        yield ""
        yield f"{use.callers[0].upper()}{use.callers[1:]}: {', '.join(names)}."
        yield ""


def body() -> Iterator[str]:
    """The page below its introduction."""
    scenarios.load()
    yield "| client | used | version | pass | do not |"
    yield "| --- | --- | --- | --- | --- |"
    for use in USES:
        seen = use.seen()
        decided = [verdict for name, verdict in seen["verdicts"].items() if use.decides(name)]
        bad = sum(verdict in BAD for verdict in decided)
        name, _, used = use.title.partition(", ")
        yield f"| {name} | {used} | {seen['version']} | {decided.count('passed')} | {bad} |"
    yield ""
    for use in USES:
        yield from _use(use)
