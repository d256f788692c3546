"""What a contract judges by: the end state of the books, and the recorded traffic."""

from __future__ import annotations

import datetime as dt
import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

Row = dict[str, Any]
_CONNECTOR = re.compile(r"/connectors/([^/]+)(/.*)?$", re.IGNORECASE)
_BASE = re.compile(r"^/profitrestservices", re.IGNORECASE)


@dataclass(frozen=True)
class Books:
    """Rows of the books as the control API shows them; amounts are Decimal or int, dates ISO text."""

    entries: Sequence[Row]
    invoices: Sequence[Row]
    suppliers: Sequence[Row]
    customers: Sequence[Row]
    subjects: Sequence[Row]
    commitments: Sequence[Row]

    def invoices_of(self, side: str, relation: object, number: str | None = None) -> list[Row]:
        """Open items of a ``supplier`` or ``customer``, those called ``number`` (invoice or voucher) if given."""
        return [
            row
            for row in self.invoices
            if row["side"] == side
            and row["relation"] == str(relation)
            and (number is None or number in (row["invoice"], row["voucher_number"]))
        ]

    def lines(self) -> Iterator[tuple[Row, Row]]:
        """Every line with its entry."""
        for entry in self.entries:
            for line in entry["lines"]:
                yield entry, line


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. ``path`` and ``query`` are as sent, secrets left out; bodies are cut at 64 kB.

    ``started`` and ``ended`` are seconds since 1970 by the server's clock: their differences are real time, also in
    an environment whose own clock stands still. ``status`` is 0 when the connection was dropped before any answer.
    """

    number: int
    started: float
    ended: float
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    request_body: str
    request_size: int
    status: int
    response_body: str
    response_size: int
    parallel: int
    token: str
    outcome: str = ""
    #: Ids of the faults that fired on it.
    faults: tuple[str, ...] = ()

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The query string, names in lower case."""
        return {name.lower(): value for name, value in parse_qsl(self.query, keep_blank_values=True)}

    @cached_property
    def connector(self) -> str | None:
        """The Get- or UpdateConnector that is called, as written in the path; None for metainfo and others."""
        match = _CONNECTOR.search(self.path)
        return match[1] if match else None

    def calls(self, connector: str, method: str | None = None) -> bool:
        """Whether this calls ``connector``, whatever its case, by ``method`` if given."""
        return (self.connector or "").lower() == connector.lower() and method in (None, self.method)

    @property
    def writes(self) -> bool:
        return self.method in ("POST", "PUT", "DELETE") and self.connector is not None

    def header(self, name: str) -> str | None:
        """A header of the request, whatever the case of its name."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)

    @property
    def sent(self) -> Any:
        """The body of the request as JSON; None when it is none."""
        return _json(self.request_body)

    @property
    def answered(self) -> Any:
        """The body of the answer as JSON; None when it is none, or was cut."""
        return _json(self.response_body)

    def curl(self) -> str:
        """A line of shell that repeats the request; ``$BASE`` ends in /ProfitRestServices."""
        path = _BASE.sub("", self.path)
        url = f"$BASE{path}" + (f"?{self.query}" if self.query else "")
        words = ["curl", "-sS", "-X", self.method, _in_quotes(url), "-H", '"Authorization: $AUTHORIZATION"']
        if self.request_body:
            kind = self.header("content-type") or "application/json"
            words += ["-H", shlex.quote(f"Content-Type: {kind}"), "--data-binary", shlex.quote(self.request_body)]
        return " ".join(words)


def _in_quotes(url: str) -> str:
    """In double quotes, so that the variable counts and nothing else does."""
    head, rest = url[: len("$BASE")], url[len("$BASE") :]
    escaped = re.sub(r'([\\"`$])', r"\\\1", rest)
    return f'"{head}{escaped}"'


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal)
    except ValueError:
        return None


def books(shown: Mapping[str, Any]) -> Books:
    """The books from the answer of the control API."""
    return Books(**{name: shown[name] for name in Books.__dataclass_fields__})


def exchange(shown: Mapping[str, Any]) -> Exchange:
    """An exchange from the answer of the control API."""
    request, response = shown["request"], shown["response"]
    started = dt.datetime.fromisoformat(shown["started"]).timestamp()
    return Exchange(
        number=shown["number"],
        started=started,
        ended=started + float(shown["duration_ms"]) / 1000,
        method=request["method"],
        path=request["path"],
        query=request["query"],
        headers=request["headers"],
        request_body=request["body"],
        request_size=request["size"],
        status=response["status"] or 0,
        response_body=response["body"],
        response_size=response["size"],
        parallel=shown["parallel"],
        token=shown["token"],
        outcome=response["outcome"],
        faults=tuple(shown["faults"]),
    )
