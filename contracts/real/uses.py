"""Which public clients the suite is run on, how each is used, and which of its verdicts are about the client."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mock_afas_contracts.contract import fits
from mock_afas_contracts.line_driver import process_driver
from mock_afas_contracts.runner import Lab
from mock_afas_contracts.target import Target

FOLDER = Path(__file__).parent

#: What a client decides when it reads. Filters on moments are text that its caller writes.
_READING = (
    *("connect/administrations", "connect/environment-followed", "connect/many-administrations", "connect/token-*"),
    *("connect/wrong-token-*", "read/pages-once*", "read/every-connector", "read/full-last-page", "read/nulls-kept"),
    *("read/rows-added-while-paging", "read/text-unchanged", "read/decimals-*", "read/wall-clock-dates"),
    *("read/columns-by-name", "features/missing-told", "faults/page-cut-off", "faults/unreadable-told"),
    *("limits/columns-times-rows", "limits/parallel-calls", "manners/all-rows-at-once", "manners/unauthorized-again"),
    *("manners/before-retry-after", "manners/connection-for-each-call", "manners/missing-integration-id"),
    *("manners/one-call-for-each-value", "manners/token-outside-header"),
)
#: What it decides when it reads page by page.
_PAGING = ("faults/maintenance-during-sync", "manners/paging-without-order")
#: What it decides when it writes a body that its caller made.
_WRITING = (
    *("connect/language", "booking/refusal-passed-on", "booking/release-refusal-passed-on", "booking/description"),
    *("documents/bytes-unchanged", "documents/attached-later", "documents/file-name", "documents/refusal-passed-on"),
    *("relations/names-unchanged", "relations/autonumbering-off-told", "faults/slow-answer", "faults/throttled"),
    *("faults/validation-not-retried", "faults/locked-layout-retried", "faults/maintenance-obeyed"),
    *("faults/long-maintenance-told", "manners/body-without-charset", "manners/validation-error-again"),
)
#: Where findings come from, by the contracts that show them.
Remarks = Mapping[tuple[str, ...], str]
_NO_ARGUMENT = "The headers are `Authorization` and those that `requests` adds; no argument sets others."
_EACH_TIME = "Each call is made when it is asked for; that AFAS asked to wait before is not remembered."
_OWN_CONNECTION = "Each call goes through `requests.get`, `post` or `put`, without a session that keeps connections."
_OF_BOTH: Remarks = {
    ("connect/language", "manners/missing-integration-id"): _NO_ARGUMENT,
    ("manners/before-retry-after",): _EACH_TIME,
    ("manners/connection-for-each-call",): _OWN_CONNECTION,
    ("read/decimals-exact",): "Answers are read by `response.json()`, which makes floats of decimals.",
    ("read/decimals-before-profit-7",): "Answers are read by `response.json()`, and `-.5` is no JSON.",
}
_OF_AFAS_CONNECTOR: Remarks = {
    (
        *("booking/refusal-passed-on", "booking/release-refusal-passed-on", "documents/refusal-passed-on"),
        "relations/autonumbering-off-told",
    ): "Unless the status says success, its caller gets the status and `None`; the answer is printed.",
    (
        "faults/locked-layout-retried",
        "faults/maintenance-obeyed",
        "faults/throttled",
    ): "Each call is made once, and its "
    "caller gets the status; to wait and to try again is left to the caller, who does not get `retry_after`.",
    ("manners/all-rows-at-once", "limits/columns-times-rows"): "`get` sends `take=-1&skip=-1` unless told otherwise.",
}
_OF_CMO_NNECT: Remarks = {
    ("connect/administrations", "connect/environment-followed"): "`get_data` calls `NNNNN.rest.afas.online`, also when "
    "the constructor is told another `environment`; AFAS answers 401 there to the token of a test environment.",
}
_UNORDERED: Remarks = {
    (
        *("connect/many-administrations", "faults/maintenance-during-sync", "faults/page-cut-off", "read/pages-once*"),
        *("read/every-connector", "read/full-last-page", "read/rows-added-while-paging"),
        "manners/paging-without-order",
    ): "`get_data` reads in pages of 100, and sends `orderbyfieldids` only when it is given `order_by`. AFAS documents "
    "that rows can then come in another order at each call; how often they do is not known (AMB-05).",
}
_SKIPPED: Remarks = {
    ("read/rows-added-while-paging",): "Pages follow each other by `skip`; a row that comes in moves those behind it.",
}
_FILTERS = "a moment to filter on is text that the caller writes, and reading all again is its decision"


class Use(NamedTuple):
    """A client, used in one way.

    ``name`` is that of its files; ``module`` and ``arguments`` are its driver. ``judged`` are patterns of the contracts
    whose verdict the client decides; of the others it is its caller who does, because ``callers`` says so. ``quick``
    are patterns of those that every run of the tests tells, rather than the thorough ones alone. ``remarks`` say what
    in the client its findings come from.
    """

    name: str
    title: str
    about: str
    module: str
    arguments: tuple[str, ...]
    judged: tuple[str, ...]
    callers: str
    quick: tuple[str, ...]
    remarks: Remarks

    @property
    def command(self) -> str:
        """The command of the driver, from the root of a checkout."""
        return " ".join(("python", "-m", self.module, *self.arguments))

    @property
    def known_failing_file(self) -> Path:
        return FOLDER / f"{self.name}.known-failing.txt"

    @property
    def seen_file(self) -> Path:
        return FOLDER / f"{self.name}.seen.json"

    def seen(self) -> Mapping[str, Any]:
        """What the suite saw when it was last run in full, as ``record`` wrote it."""
        kept: dict[str, Any] = json.loads(self.seen_file.read_text(encoding="utf-8"))
        return kept

    def decides(self, contract: str) -> bool:
        """Whether the client decides how the contract ends, rather than its caller."""
        return fits(contract, self.judged)

    def remark(self, contract: str) -> str:
        """What in the client a finding comes from; "" when that is not known."""
        return next((remark for patterns, remark in self.remarks.items() if fits(contract, patterns)), "")

    def lab(self, control_url: str, control_key: str | None) -> Lab:
        """To run contracts on it, from the root of a checkout."""
        command = self.command.replace("python", sys.executable, 1)
        return Lab(lambda: process_driver(command), lambda: Target(control_url, control_key), self.title)


USES = (
    Use(
        name="afas-connector",
        title="afas-connector, by its defaults",
        about="A library of three calls, `get`, `post` and `put`, which give a status and what was answered. The "
        "driver makes one of these calls for each operation, with no argument that may be left out but a filter where "
        "it is asked for changes; a booking with a document is two. The bodies are the caller's, here the driver's.",
        module="contracts.real.afas_connector_driver",
        arguments=(),
        judged=_READING + _WRITING,
        callers="what is in a body, which calls follow each other, and what is looked up before or after one, is the "
        f"caller's; {_FILTERS}",
        quick=(
            *("connect/language", "connect/token-form", "connect/wrong-token-told", "read/nulls-kept"),
            *("read/decimals-*", "read/full-last-page", "read/pages-once-though-names-repeat"),
            *("booking/refusal-passed-on", "booking/corrected-after-refusal", "faults/throttled", "faults/slow-answer"),
            *("faults/unreadable-told", "manners/connection-for-each-call", "manners/missing-integration-id"),
            *("documents/attached-later", "relations/names-unchanged", "relations/autonumbering-off-told"),
        ),
        remarks={**_OF_BOTH, **_OF_AFAS_CONNECTOR},
    ),
    Use(
        name="cmo-nnect",
        title="cmo-nnect, by its defaults",
        about="A library that reads: `get_data` gives the rows of a GetConnector as a DataFrame. The driver makes one "
        "of these calls for each operation, with no argument that may be left out but a filter where it is asked for "
        "changes.",
        module="contracts.real.cmo_nnect_driver",
        arguments=(),
        judged=_READING + _PAGING,
        callers=_FILTERS,
        quick=(
            *("connect/administrations", "connect/environment-followed", "connect/wrong-token-told", "read/nulls-kept"),
            *("read/every-connector", "read/full-last-page", "read/pages-once", "read/decimals-before-profit-7"),
            *("faults/unreadable-told", "features/missing-told", "manners/before-retry-after"),
            "manners/connection-for-each-call",
        ),
        remarks={**_OF_BOTH, **_OF_CMO_NNECT, **_UNORDERED},
    ),
    Use(
        name="cmo-nnect-ordered",
        title="cmo-nnect, with an order",
        about='The same, with the fields of the connector\'s key as `order_by` and `order_type="asc"` in each call.',
        module="contracts.real.cmo_nnect_driver",
        arguments=("--ordered",),
        judged=_READING + _PAGING,
        callers=_FILTERS,
        quick=(
            *("read/every-connector", "read/full-last-page", "read/rows-added-while-paging", "faults/page-cut-off"),
            *("connect/many-administrations", "manners/paging-without-order", "manners/missing-integration-id"),
        ),
        remarks={**_OF_BOTH, **_OF_CMO_NNECT, **_SKIPPED},
    ),
)
