"""Rules on filters: times in them, and one call for each value where one for all would do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from mock_afas.traffic.calls import Call, Filter
from mock_afas.traffic.findings import Observed, Recording

#: So many calls that differ in one filter value, each at most so many seconds after the one before, are a loop.
LOOP = 10
LOOP_PAUSE = 10
#: So many answers of a connector are looked into for what its fields hold.
_SAMPLES = 20
_EQUALS = "1"
_DATE = r"\d{4}-\d\d?-\d\d?"
_TIME = r"[T ]\d\d?:\d\d(?::\d\d(?:\.\d+)?)?"
_MOMENT = re.compile(rf"\s*{_DATE}(?P<time>{_TIME})?\s*", re.IGNORECASE)
_ZONED = re.compile(rf"(?:{_DATE}(?:{_TIME})?)\s*(?:Z|(?<=:\d\d)[+-]\d\d:?\d\d)\s*(?:\.\.|$)", re.IGNORECASE)
_MIDNIGHT = re.compile(r"[T ]0?0:00(?::00(?:\.0+)?)?", re.IGNORECASE)


def _by_field(recording: Recording, wanted: Callable[[Call, Filter], bool]) -> Iterator[tuple[str, str, list[Call]]]:
    """Calls of GetConnectors with a filter that ``wanted`` holds for: connector, field, calls."""
    found: dict[tuple[bytes, str, str], list[Call]] = {}
    for call in recording.calls:
        if not call.reads:
            continue
        for field in dict.fromkeys(one.field for one in call.filters if wanted(call, one)):
            found.setdefault((call.client, call.connector.lower(), field), []).append(call)
    for (_, _, field), calls in found.items():
        yield calls[0].connector, field, calls


def value_with_zone(recording: Recording) -> Iterator[Observed]:
    """A date, with a time or without, that has a Z or an offset, in a filter. Texts that end in Z are none."""
    for connector, field, calls in _by_field(recording, lambda _, one: _ZONED.search(one.value) is not None):
        yield Observed(f"{connector} is filtered on {field} with a moment that ends in Z", calls)


def exact_time(recording: Recording) -> Iterator[Observed]:
    """The operator = (1) on a moment with a time of day, or on a date when answers show that the field holds times."""
    timed: dict[tuple[str, str], bool] = {}

    def wanted(call: Call, one: Filter) -> bool:
        moment = _MOMENT.fullmatch(one.value) if one.operator == _EQUALS else None
        if moment is None:
            return False
        if moment["time"] and not _MIDNIGHT.fullmatch(moment["time"]):
            return True
        key = (call.connector.lower(), one.field)
        if key not in timed:
            timed[key] = _has_times(recording, *key)
        return timed[key]

    for connector, field, calls in _by_field(recording, wanted):
        yield Observed(f"{connector} is asked for rows whose {field} equals a moment", calls)


def _has_times(recording: Recording, connector: str, field: str) -> bool:
    """Whether an answer shows a time of day in ``field``."""
    pattern = re.compile(
        rb'"' + re.escape(field.encode()) + rb'"\s*:\s*"\d{4}-\d\d-\d\dT(?!00:00:00)\d\d:\d\d', re.IGNORECASE
    )
    answers = [call.exchange.response_body for call in recording.reads if call.connector.lower() == connector]
    return any(pattern.search(answer) for answer in answers[:_SAMPLES])


# ---------------------------------------------------------------- loops


def one_call_for_each_value(recording: Recording) -> Iterator[Observed]:
    """Ten reads or more that differ in the value of one = filter only, each within ten seconds after the one before. A
    write between two of them ends the run: a look before each write could not have been joined.
    """
    for calls in recording.by_client.values():
        runs: dict[object, list[tuple[Call, str]]] = {}
        for call in calls:
            if call.writes:
                yield from _loops(runs)
                runs.clear()
            elif call.reads and call.skip <= 0:
                for key, value in _variations(call):
                    run = runs.setdefault(key, [])
                    if run and call.started - run[-1][0].ended > LOOP_PAUSE:
                        yield from _loops({key: run})
                        run = runs[key] = []
                    run.append((call, value))
        yield from _loops(runs)


def _variations(call: Call) -> Iterator[tuple[object, str]]:
    """For each ``=`` filter of ``call``: all else that it asks for, and the value."""
    for at, one in enumerate(call.filters):
        if one.operator == _EQUALS:
            others = (*call.filters[:at], (one.field, one.operator), *call.filters[at + 1 :])
            yield (call.connector.lower(), others), one.value


def _loops(runs: dict[object, list[tuple[Call, str]]]) -> Iterator[Observed]:
    for run in runs.values():
        values = {value for _, value in run}
        if len(values) >= LOOP:
            connector, fields = run[0][0].connector, _varied(run)
            yield Observed(
                f"{connector} is read {len(run):,} times, each for another {fields}", [call for call, _ in run]
            )


def _varied(run: list[tuple[Call, str]]) -> str:
    first, value = run[0]
    return next(one.field for one in first.filters if one.value == value and one.operator == _EQUALS)
