"""Rules on how GetConnectors are read: pages, how much, and how often."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from mock_afas.traffic.calls import ALL, Call
from mock_afas.traffic.exchange import UNKNOWN
from mock_afas.traffic.findings import Observed, Recording, grouped

#: Longest query string that Profit takes, with its question mark, and from where on it is near.
MOST_QUERY = 2_049
NEAR_QUERY = 1_800
#: Columns times rows of one answer have to stay below this.
MOST_CELLS = 150_000
#: Reading all of a table again counts from so many rows on, within so many seconds.
WHOLE_TABLE = 50
AGAIN_WITHIN = 12 * 3_600
#: So many calls of a connector that is not there are more than trying.
AGAIN_AND_AGAIN = 3
#: A field that says when a row was last changed, in an answer.
_CHANGED = re.compile(rb'"([^"\\]{0,40}(?:Modified|Gewijzigd|Mutatie|Changed)[^"\\]{0,40})"\s*:', re.IGNORECASE)


def _times(calls: list[Call]) -> str:
    return f"{len(calls):,} call{'' if len(calls) == 1 else 's'}"


def paging_without_order(recording: Recording) -> Iterator[Observed]:
    """A page after the first one, asked for without an order. A first page by itself needs none."""
    for calls in grouped(recording.reads, lambda call: (call.client, call.walk)).values():
        unordered = [call for call in calls if not call.order and call.skip != ALL]
        if any(call.skip > 0 for call in unordered):
            name = calls[0].connector
            yield Observed(f"{name} is read in pages without an order ({_times(unordered)})", unordered)


def all_rows_at_once(recording: Recording) -> Iterator[Observed]:
    """Any read with skip=-1, which gives all rows however many there are."""
    everything = (call for call in recording.reads if call.skip == ALL)
    for calls in grouped(everything, lambda call: (call.client, call.connector.lower())).values():
        yield Observed(f"{calls[0].connector} is read with skip=-1 ({_times(calls)})", calls)


def _query_size(call: Call) -> int:
    return len(call.exchange.query) + 1


def query_string_too_long(recording: Recording) -> Iterator[Observed]:
    """A query string of more than 2,049 characters."""
    yield from _long_queries(recording, range(MOST_QUERY + 1, 2**31), "over the limit")


def query_string_near_limit(recording: Recording) -> Iterator[Observed]:
    """A query string of more than 1,800 characters that is not too long yet."""
    yield from _long_queries(recording, range(NEAR_QUERY + 1, MOST_QUERY + 1), "near the limit")


def _long_queries(recording: Recording, sizes: range, where: str) -> Iterator[Observed]:
    long = (call for call in recording.calls if _query_size(call) in sizes)
    for calls in grouped(long, lambda call: (call.client, call.connector.lower())).values():
        longest = max(map(_query_size, calls))
        called = calls[0].connector or calls[0].path
        yield Observed(f"a query string to {called} has {longest:,} characters, {where} of {MOST_QUERY:,}", calls)


def answer_too_large(recording: Recording) -> Iterator[Observed]:
    """An answer of a GetConnector with 150,000 values or more, columns times rows."""

    def cells(call: Call) -> int:
        return call.rows * call.exchange.columns if UNKNOWN not in (call.rows, call.exchange.columns) else 0

    large = (call for call in recording.reads if cells(call) >= MOST_CELLS)
    for calls in grouped(large, lambda call: (call.client, call.connector.lower())).values():
        worst = max(calls, key=cells)
        sizes = f"{worst.rows:,} rows of {worst.exchange.columns} columns"
        yield Observed(f"an answer of {worst.connector} has {sizes}: {cells(worst):,} values", calls)


# ---------------------------------------------------------------- again and again


def whole_table_again(recording: Recording) -> Iterator[Observed]:
    """Two readings of a connector without a filter, each from the first row to the last, within twelve hours, when it
    has a field that tells when a row was changed. Tables of fewer than 50 rows may be read whole as often as you like.
    """
    unfiltered = (call for call in recording.reads if not call.filters)
    for calls in grouped(unfiltered, lambda call: (call.client, call.connector.lower())).values():
        passes = list(_passes(calls))
        again = [
            later
            for earlier, later in pairwise(passes)
            if later[0].started - earlier[-1].ended < AGAIN_WITHIN and _rows(later) >= WHOLE_TABLE
        ]
        field = _field_of_changes(calls) if again else ""
        if field:
            shown = [call for one in passes for call in one]
            times = f"{len(passes)} times, {_rows(again[-1]):,} rows the last time"
            yield Observed(f"{calls[0].connector} is read whole {times}; it has {field}", shown)


def _passes(calls: list[Call]) -> Iterator[list[Call]]:
    """The calls of each reading from the first row to the last; readings that stop before it are none."""
    under_way: list[Call] = []
    for call in calls:
        if call.skip <= 0:
            under_way = [call]
        elif under_way:
            under_way.append(call)
        if under_way and (call.take == ALL or UNKNOWN < call.rows < call.take):
            yield under_way
            under_way = []


def _rows(calls: list[Call]) -> int:
    return sum(call.rows for call in calls)


def _field_of_changes(calls: list[Call]) -> str:
    for call in calls:
        found = _CHANGED.search(call.exchange.response_body)
        if found is not None:
            return found[1].decode("utf-8", "replace")
    return ""


def unsupported_again(recording: Recording) -> Iterator[Observed]:
    """Three calls or more of one connector that Profit says it does not have. Two may be a try and a check."""
    refused = (call for call in recording.calls if call.is_unsupported)

    def key(call: Call) -> tuple[object, ...]:
        return call.client, call.resource, call.connector.lower(), call.exchange.changes

    for calls in grouped(refused, key).values():
        if len(calls) >= AGAIN_AND_AGAIN:
            yield Observed(f"{calls[0].connector} is not supported, and was called {len(calls):,} times", calls)
