"""Rules on calls that are made again: after a refusal, before the time, or without knowing what the first one did."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mock_afas.connectors import get_connectors
from mock_afas.traffic.calls import Call, members
from mock_afas.traffic.findings import Observed, Recording, grouped

#: A refused call that comes again within so many seconds is the work of a program, not of a user who mended something.
SOON = 60
#: Clocks of client and server may differ by so many seconds in what they call the end of an answer.
TOLERANCE = 0.05
#: Profit's error for what it has no message for: it says nothing about the body.
_UNEXPECTED = -2147180999
#: Errors that pass by themselves, in the languages that Profit speaks to Dutch and English users.
_PASSES = re.compile(
    r"andere gebruiker|another user|vergrendeld|\blocked by"
    r"|tijdsduur|duration|time-?out|timed out|out of (?:memory|string)",
    re.IGNORECASE,
)
_TIMED_OUT = re.compile(r"tijdsduur|maximum duration|time-?out|timed out", re.IGNORECASE)
#: The sources of GetConnectors that show what an UpdateConnector has written.
_SHOWS: dict[str, frozenset[str]] = {
    "fientries": frozenset(
        (
            "supplier_invoices",
            "supplier_open_items",
            "customer_open_items",
            "transactions",
            "transactions_allocated",
            "entries",
        )
    ),
    "knpurchaserelationorg": frozenset(("suppliers", "organisations", "addresses", "bank_accounts", "contacts")),
    "knsalesrelationorg": frozenset(("customers", "organisations", "addresses", "bank_accounts", "contacts")),
    "knsubject": frozenset(("subjects", "attachments")),
}
_FILES = frozenset(("subjectconnector", "fileconnector"))
#: Objects that a PUT adds each time it is sent.
_ADDED = frozenset(("knbankaccount", "knsubjectattachment", "knsubjectlink", "kncontact"))


def _same_again(calls: list[Call]) -> Iterator[list[Call]]:
    """Runs of one refused call made again soon, while nothing changed in the environment beside the traffic."""
    run: list[Call] = []
    for call in calls:
        if run and not _follows(run[-1], call):
            yield run
            run = []
        run.append(call)
    yield run


def unauthorized_again(recording: Recording) -> Iterator[Observed]:
    """The same call with the same token within a minute after it was answered 401 or 403."""

    def key(call: Call) -> tuple[object, ...]:
        return call.authorization, call.exchange.client, call.method, call.path.lower(), call.exchange.query

    for calls in grouped(recording.calls, key).values():
        for run in _refused_runs(calls, (401, 403)):
            yield Observed(f"{run[0]} was answered {run[0].status} and sent again with the same token", run)


def _refused_runs(calls: list[Call], statuses: tuple[int, ...]) -> Iterator[list[Call]]:
    """Runs that begin with a refusal and hold what came right after it, the last of which may have gone well."""
    for run in _same_again(calls):
        first = next((at for at, call in enumerate(run) if call.status in statuses), len(run))
        shown = [call for at, call in enumerate(run) if at >= first and (at == first or run[at - 1].status in statuses)]
        if len(shown) > 1:
            yield shown


def before_retry_after(recording: Recording) -> Iterator[Observed]:
    """A call that begins before the time is over that an error asked to wait. Calls under way by then do not count."""
    for calls in recording.by_client.values():
        asked: Call | None = None
        shown: list[Call] = []
        for call in calls:
            if asked is not None and _too_soon(asked, call):
                shown.append(call)
            elif call.retry_after is not None:
                yield from _early(asked, shown)
                asked, shown = call, []
        yield from _early(asked, shown)


def _too_soon(asked: Call, call: Call) -> bool:
    waited = call.started - asked.ended
    return (
        asked.retry_after is not None
        and call.exchange.changes == asked.exchange.changes
        and 0 <= waited < asked.retry_after - TOLERANCE
    )


def _early(asked: Call | None, calls: list[Call]) -> Iterator[Observed]:
    if asked is not None and calls:
        waited = calls[0].started - asked.ended
        message = f"{asked.status} asked to wait {asked.retry_after:g} s; the next call came after {waited:.1f} s"
        yield Observed(message, [asked, *calls])


def _is_validation_error(call: Call) -> bool:
    """Whether Profit refused the body for what is in it. The number tells little (AFAS says so), the text more."""
    if call.status in (400, 413):
        return True
    refused = call.status == 500 and call.error_number not in (None, _UNEXPECTED)
    return refused and not call.is_unsupported and not _PASSES.search(call.message)


def validation_error_again(recording: Recording) -> Iterator[Observed]:
    """The same write within a minute after Profit refused it for what is in it, with no successful write of the client
    in between that could have mended it. Errors that pass by themselves, such as a lock or a timeout, do not count.
    """
    for calls in recording.by_client.values():
        runs: dict[object, list[Call]] = {}
        for call in (call for call in calls if call.writes):
            run = runs.get(call.fingerprint)
            if call.succeeded:
                yield from _repeated(runs)
                runs = {}
            elif run is not None and run[-1].ended <= call.started and _follows(run[-1], call):
                run.append(call)
            elif _is_validation_error(call):
                yield from _repeated({0: run or []})
                runs[call.fingerprint] = [call]
        yield from _repeated(runs)


def _follows(earlier: Call, later: Call) -> bool:
    soon = later.started - earlier.ended <= SOON
    return soon and earlier.exchange.changes == later.exchange.changes


def _repeated(runs: Mapping[object, list[Call]]) -> Iterator[Observed]:
    for run in runs.values():
        if len(run) > 1:
            reason = run[0].message[:100] or run[0].status
            yield Observed(f"{run[0]} was refused ({reason}) and the same body sent again", run)


# ---------------------------------------------------------------- unknown outcomes


def blind_retry(recording: Recording) -> Iterator[Observed]:
    """A POST, or a PUT that adds something, sent again with the same body or for the same invoice numbers, when the
    first got no answer, a part of one, 5xx without a message of Profit, or its message about time; and no connector was
    read in between that would show what the first one did. Connectors that we do not know are taken to show it.
    """
    for calls in recording.by_client.values():
        unknown: list[Call] = []
        for call in calls:
            if not _adds(call):
                continue
            earlier = next((one for one in reversed(unknown) if _same_document(one, call)), None)
            if earlier is not None and not _looked(calls, earlier, call):
                yield Observed(
                    f"{earlier}: its outcome was unknown, and it was sent again without looking", [earlier, call]
                )
            if _is_unknown(call):
                unknown.append(call)


def _adds(call: Call) -> bool:
    """Whether doing it twice differs from doing it once."""
    if not call.writes or call.method == "DELETE":
        return False
    return call.method == "POST" or any(name.lower() in _ADDED for name, _ in members(call.document))


def _is_unknown(call: Call) -> bool:
    """Whether the client cannot know from the answer what became of its write."""
    if not call.exchange.delivered or call.status == 0:
        return True
    if call.status >= 500:
        if call.error_number is None:
            return call.retry_after is None
        return _TIMED_OUT.search(call.message) is not None
    return call.succeeded and call.exchange.response_size > 0 and call.answer is None


def _same_document(earlier: Call, later: Call) -> bool:
    """Whether ``later``, after ``earlier`` had ended for the client, asks for the same."""
    if earlier.exchange.changes != later.exchange.changes:
        return False
    if earlier.ended > later.started and earlier.exchange.delivered:
        return False
    if earlier.fingerprint == later.fingerprint:
        return True
    invoices = _invoices(earlier)
    return bool(invoices) and earlier.path.lower() == later.path.lower() and invoices == _invoices(later)


def _invoices(call: Call) -> frozenset[tuple[str, str]]:
    """The invoices that an entry makes: account and invoice number of each line that has one."""
    found = set()
    for name, fields in members(call.document):
        if name == "Fields" and isinstance(fields, dict) and fields.get("InId"):
            found.add((str(fields.get("AcNr", "")), str(fields["InId"])))
    return frozenset(found)


def _looked(calls: list[Call], earlier: Call, later: Call) -> bool:
    """Whether the client read, between the two, what would show the first."""
    since = earlier.started if earlier.ended > later.started else earlier.ended
    return any(
        since <= call.started < later.started and call.succeeded and _would_show(call, earlier.kind) for call in calls
    )


def _would_show(call: Call, written: str) -> bool:
    """Whether ``call`` reads what the UpdateConnector ``written`` makes; of connectors we do not know we believe it."""
    if call.resource in _FILES:
        return written == "knsubject"
    known = get_connectors().get(call.kind) if call.reads else None
    shows = _SHOWS.get(written)
    return call.reads and (known is None or shows is None or known.source in shows)
