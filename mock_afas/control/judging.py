"""Documents about what was seen of clients, in the form that a caller of the control API asks for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from mock_afas.environment import Environment
from mock_afas.errors import ControlError
from mock_afas.traffic import Exchange, har, reports, shown
from mock_afas.traffic.rules import judge

#: How many calls may run at once by the setting ``parallel_calls``; without a bound it is the wider of AFAS' two.
_AT_ONCE = {"5": 5, "8": 8, "unlimited": 8}


class Made(NamedTuple):
    """A document, and its media type."""

    body: bytes
    media_type: str


def _shown(exchanges: Sequence[Exchange], dropped: int) -> dict[str, Any]:
    return shown.as_dict(exchanges, dropped)


def _har(exchanges: Sequence[Exchange], _dropped: int) -> dict[str, Any]:
    return har.document(exchanges)


_TRAFFIC: Mapping[str, Callable[[Sequence[Exchange], int], dict[str, Any]]] = {"json": _shown, "har": _har}


def _check(form: str, known: Collection[str]) -> None:
    if form not in known:
        raise ControlError(f"'format' is {form[:100]!r}", hint=f"it takes {', '.join(known)}")


def traffic(exchanges: Sequence[Exchange], dropped: int, form: str) -> Made:
    """Recorded calls as ``json`` or ``har``. Raises ControlError for another form."""
    _check(form, _TRAFFIC)
    return Made(orjson.dumps(_TRAFFIC[form](exchanges, dropped)), "application/json")


def findings(
    environment: Environment, exchanges: Sequence[Exchange], remarks: Sequence[Mapping[str, object]], form: str
) -> Made:
    """What the rules find in ``exchanges``, and remarks, in a form of ``reports``. Raises ControlError for another."""
    _check(form, reports.FORMATS)
    report = reports.report(
        judge(exchanges, parallel_calls=_AT_ONCE[environment.profile.dialect.parallel_calls]),
        source=environment.id,
        judged=len(exchanges),
        passed_over=environment.traffic.dropped,
        remarks=remarks,
    )
    media_type, render = reports.FORMATS[form]
    return Made(render(report).encode(), media_type)
