"""An exchange as JSON, as the control API shows it; secrets are left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from mock_afas import values
from mock_afas.traffic import redaction
from mock_afas.traffic.exchange import UNKNOWN, Exchange


def as_dict(exchanges: Iterable[Exchange], dropped: int) -> dict[str, Any]:
    """The document of ``GET /traffic``."""
    return {"exchanges": [shown(exchange) for exchange in exchanges], "dropped": dropped}


def shown(exchange: Exchange) -> dict[str, Any]:
    """One exchange. ``rows`` and ``columns`` of the answer are null where it has none."""
    started = values.amsterdam(dt.datetime.fromtimestamp(exchange.started, dt.UTC))
    return {
        "number": exchange.number,
        "started": started.isoformat(timespec="milliseconds"),
        "duration_ms": round(exchange.duration * 1000, 3),
        "parallel": exchange.parallel,
        "client": exchange.client,
        "port": exchange.port,
        "token": exchange.token,
        "request": {
            "method": exchange.method,
            "path": redaction.text(exchange.path),
            "query": redaction.query(exchange.query),
            "http_version": exchange.http_version,
            "headers": dict(redaction.headers(exchange.request_headers)),
            "body": redaction.body(exchange.request_body),
            "size": exchange.request_size,
        },
        "response": {
            "status": exchange.status or None,
            "outcome": exchange.outcome,
            "body": redaction.body(exchange.response_body),
            "size": exchange.response_size,
            "rows": counted(exchange.rows),
            "columns": counted(exchange.columns),
            "delivered": exchange.delivered,
        },
        "faults": list(exchange.faults),
    }


def counted(number: int) -> int | None:
    """A number of rows or columns; None where nobody counted."""
    return None if number == UNKNOWN else number
