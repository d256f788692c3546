"""The control API's calls on what was seen of clients: recorded traffic, and what the rules and remarks find."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from mock_afas import traffic
from mock_afas.control import remarks
from mock_afas.environment import Environment
from mock_afas.errors import ControlError
from mock_afas.records import ENTITIES
from mock_afas.traffic import Exchange, har, reports

Handler = Callable[[Request], Awaitable[Response]]

#: How many calls may run at once by the setting ``parallel_calls``; without a bound it is the wider of AFAS' two.
_AT_ONCE = {"5": 5, "8": 8, "unlimited": 8}


def _shown(exchanges: Sequence[Exchange], dropped: int) -> bytes:
    return orjson.dumps(traffic.as_dict(exchanges, dropped))


def _har(exchanges: Sequence[Exchange], _dropped: int) -> bytes:
    return orjson.dumps(har.document(exchanges))


_TRAFFIC: Mapping[str, Callable[[Sequence[Exchange], int], bytes]] = {"json": _shown, "har": _har}


def _format(request: Request, known: Collection[str]) -> str:
    """The form that is asked for. Raises ControlError."""
    wanted = request.query_params.get("format", "json")
    if wanted not in known:
        raise ControlError(f"'format' is {wanted[:100]!r}", hint=f"it takes {', '.join(known)}")
    return wanted


class Observed:
    """The calls, over what ``find`` gives for a request's environment."""

    def __init__(self, find: Callable[[Request], Environment]) -> None:
        self._find = find

    def calls(self, one: str) -> tuple[tuple[str, str, Handler], ...]:
        """Method, path and handler of each call; ``one`` is the path of an environment."""
        return (
            ("GET", f"{one}/findings", self.findings),
            ("GET", f"{one}/traffic", self.traffic),
            ("DELETE", f"{one}/traffic", self.clear),
        )

    async def findings(self, request: Request) -> Response:
        environment = self._find(request)
        wanted = reports.FORMATS[_format(request, reports.FORMATS)]
        lines = await environment.stored(ENTITIES["entry_lines"])
        exchanges = environment.traffic.exchanges()
        report = await asyncio.to_thread(_judged, environment, exchanges, remarks.on_vat(lines))
        return Response(wanted.render(report), media_type=wanted.media_type)

    async def traffic(self, request: Request) -> Response:
        recorded = self._find(request).traffic
        made = _TRAFFIC[_format(request, _TRAFFIC)]
        body = await asyncio.to_thread(made, recorded.exchanges(), recorded.dropped)
        return Response(body, media_type="application/json")

    async def clear(self, request: Request) -> Response:
        self._find(request).traffic.clear()
        return Response(status_code=204)


def _judged(
    environment: Environment, exchanges: Sequence[Exchange], remarks_: list[dict[str, object]]
) -> dict[str, Any]:
    found = traffic.judge(exchanges, parallel_calls=_AT_ONCE[environment.profile.dialect.parallel_calls])
    return reports.report(
        found,
        source=environment.id,
        judged=len(exchanges),
        passed_over=environment.traffic.dropped,
        remarks=remarks_,
    )
