"""Rules on bodies: their encoding, and how much is in them."""

from __future__ import annotations

from collections.abc import Iterator

from mock_afas.traffic.calls import Call
from mock_afas.traffic.exchange import declares_utf_8
from mock_afas.traffic.findings import Observed, Recording, grouped

MOST_LINES = 1_000
MEGABYTE = 2**20
LARGE_BODY = 10 * MEGABYTE
MOST_BODY = 75 * MEGABYTE


def body_without_charset(recording: Recording) -> Iterator[Observed]:
    """A body with other characters than ASCII and a Content-Type that does not say charset=utf-8."""
    wrong = (call for call in recording.writes if not call.ascii and not declares_utf_8(call.header(b"content-type")))
    for calls in grouped(wrong, lambda call: (call.client, call.connector.lower())).values():
        sent = calls[0].header(b"content-type").decode("latin-1") or "no Content-Type"
        yield Observed(f"{calls[0]} sends other characters than ASCII with {sent}", calls)


def too_many_lines(recording: Recording) -> Iterator[Observed]:
    """An entry (FiEntries) of more than 1,000 lines."""
    for call in recording.writes:
        if call.lines > MOST_LINES:
            yield Observed(f"{call} sends an entry of {call.lines:,} lines", [call])


def large_body(recording: Recording) -> Iterator[Observed]:
    """A body of more than 10 MB (of 1,048,576 bytes) and at most 75."""
    for call in recording.writes:
        if LARGE_BODY < call.request_size <= MOST_BODY:
            yield _of_size(call)


def body_too_large(recording: Recording) -> Iterator[Observed]:
    """A body of more than 75 MB, or one that was announced."""
    for call in recording.writes:
        if call.request_size > MOST_BODY:
            yield _of_size(call)


def _of_size(call: Call) -> Observed:
    return Observed(f"{call} sends a body of {call.request_size / MEGABYTE:.1f} MB", [call])
