"""What an exchange means to Profit: which connector, filters, order and page; what was written; how it ended.

Every property is worked out when a rule first asks for it, and of what was recorded alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, cached_property
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from mock_afas import messages
from mock_afas.traffic.exchange import MOST_BODY, Exchange, Headers, header

BASE = "/profitrestservices"
ALL = -1
DEFAULT_TAKE = 100
#: So deep a JSON body is looked into.
_DEEPEST = 60
#: Other names that AFAS gives a connector.
_ALIASES = {"fientriescustom": "fientries"}
_SEPARATOR = re.compile("[,;]")


class Filter(NamedTuple):
    """One condition of a read; ``field`` is in lower case."""

    field: str
    operator: str
    value: str


class Call:
    """One exchange, understood."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.number = exchange.number
        self.method = exchange.method
        self.started = exchange.started
        self.ended = exchange.started + exchange.duration
        self.status = exchange.status

    def __str__(self) -> str:
        """``GET /connectors/X``, without the query string."""
        return f"{self.method} {self.path}"

    # ------------------------------------------------------------ what was asked

    @cached_property
    def path(self) -> str:
        """The path below ``/ProfitRestServices``."""
        path = self.exchange.path
        at = path.lower().find(BASE)
        return path[at + len(BASE) :] or "/" if at >= 0 else path

    @cached_property
    def segments(self) -> list[str]:
        return self.path.strip("/").split("/")

    @cached_property
    def resource(self) -> str:
        """The first segment of the path in lower case, such as ``connectors``."""
        return self.segments[0].lower()

    @cached_property
    def connector(self) -> str:
        """The connector as it was written, also of its metainfo; empty where the call is about none."""
        at = {"connectors": 1, "metainfo": 2}.get(self.resource, len(self.segments))
        return self.segments[at] if len(self.segments) > at else ""

    @property
    def kind(self) -> str:
        """The connector in lower case, by its own name where it was called by another."""
        name = self.connector.lower()
        return _ALIASES.get(name, name)

    @property
    def reads(self) -> bool:
        """Whether it reads a GetConnector."""
        return self.method == "GET" and self.resource == "connectors"

    @property
    def writes(self) -> bool:
        """Whether it calls an UpdateConnector."""
        return self.method in ("POST", "PUT", "DELETE") and self.resource == "connectors"

    @cached_property
    def client(self) -> bytes:
        """Whose call it is: the same for all calls with one token."""
        return self.exchange.token.encode() or self.authorization

    @property
    def authorization(self) -> bytes:
        return self.header(b"authorization")

    def header(self, name: bytes) -> bytes:
        """The value of a request header; empty when it is missing."""
        return header(self.exchange.request_headers, name) or b""

    @cached_property
    def host(self) -> str:
        """The host of the request, in lower case, without its port."""
        host = self.header(b"host").decode("latin-1").lower()
        if host.startswith("["):
            return host[1:].partition("]")[0]
        return host.partition(":")[0]

    @cached_property
    def request_size(self) -> int:
        """The size of the body in bytes: what came, or what was announced when it was refused unread."""
        announced = self.header(b"content-length")
        size = int(announced) if announced.isdigit() and len(announced) < 18 else 0
        return max(self.exchange.request_size, size)

    # ------------------------------------------------------------ reading

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The parameters of the query string by their names in lower case; of a repeated one the first counts."""
        pairs = parse_qsl(self.exchange.query.decode("utf-8", "replace"), keep_blank_values=True, errors="replace")
        return {name.lower(): value for name, value in reversed(pairs)}

    @cached_property
    def skip(self) -> int:
        """Rows to skip; ``ALL`` asks for all rows. What is no number counts as 0, as Profit takes it (AMB-01)."""
        return max(_number(self.parameters.get("skip", ""), 0), ALL)

    @cached_property
    def take(self) -> int:
        """Rows asked for; ``ALL`` when it asks for all."""
        return ALL if self.skip == ALL else _number(self.parameters.get("take", ""), DEFAULT_TAKE)

    @property
    def order(self) -> str:
        return self.parameters.get("orderbyfieldids", "").strip(" ,")

    @cached_property
    def filters(self) -> tuple[Filter, ...]:
        """The conditions, from whichever of the two ways they were sent in."""
        if self.parameters.get("filterjson"):
            return tuple(_of_filter_json(self.parameters["filterjson"]))
        lists = (self.parameters.get(name, "") for name in ("filterfieldids", "operatortypes", "filtervalues"))
        fields, operators, values = (_SEPARATOR.split(written) if written else [] for written in lists)
        found = zip(fields, operators, values, strict=False)
        return tuple(Filter(field.strip().lower(), operator.strip(), value) for field, operator, value in found)

    @property
    def walk(self) -> tuple[str, tuple[Filter, ...]]:
        """What decides which rows there are: connector and filters. Pages of one reading share it."""
        return self.connector.lower(), self.filters

    @property
    def rows(self) -> int:
        """The number of rows in the answer, ``UNKNOWN`` when it is not known."""
        return self.exchange.rows

    # ------------------------------------------------------------ writing

    @property
    def fingerprint(self) -> tuple[object, ...]:
        """Two calls with the same one asked for the same."""
        exchange = self.exchange
        checksum = exchange.whole.checksum if exchange.whole else exchange.request_body
        return self.method, self.path.lower(), exchange.query, checksum, exchange.request_size

    @cached_property
    def document(self) -> Any:
        """The body that was sent, from JSON; None when it is none or was cut."""
        if self.exchange.request_size > MOST_BODY:
            return None
        return _json(self.exchange.request_body)

    @property
    def ascii(self) -> bool:
        """Whether the body that was sent is all ASCII."""
        exchange = self.exchange
        return exchange.request_body.isascii() and (exchange.whole is None or exchange.whole.ascii)

    @cached_property
    def lines(self) -> int:
        """The lines of the entry that was sent; 0 when it is none."""
        if self.kind != "fientries":
            return 0
        if self.exchange.whole is not None:
            return self.exchange.whole.lines
        return sum(1 for name, _ in members(self.document) if name == "VaAs")

    # ------------------------------------------------------------ how it ended

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300

    @property
    def answer_headers(self) -> Headers:
        return self.exchange.response_headers

    @cached_property
    def answer(self) -> Any:
        """The answer's body from JSON; None when it is none or was cut."""
        if self.exchange.response_size > MOST_BODY:
            return None
        return _json(self.exchange.response_body)

    @property
    def error_number(self) -> int | None:
        """The number of Profit's error, None when the answer is no such error."""
        number = self.answer.get("errorNumber") if isinstance(self.answer, dict) else None
        return number if isinstance(number, int) else None

    @property
    def message(self) -> str:
        """The text of Profit's error, else empty."""
        answer = self.answer if isinstance(self.answer, dict) else {}
        text = answer.get("externalMessage", answer.get("message"))
        return text if isinstance(text, str) else ""

    @property
    def is_unsupported(self) -> bool:
        """Whether Profit said that it has no such connector for this app connector."""
        return self.status == 500 and self.message.removeprefix(_PREFIX) in _unsupported()

    @cached_property
    def retry_after(self) -> float | None:
        """The seconds that the answer asks to wait, None when it does not."""
        if self.status < 400:
            return None
        sent = (header(self.answer_headers, b"retry-after") or b"").decode("latin-1").strip()
        if not sent and isinstance(self.answer, dict):
            sent = str(self.answer.get("retry_after", ""))
        try:
            seconds = float(sent)
        except ValueError:
            return None
        return seconds if 0 < seconds < 10**6 else None


_UNSUPPORTED = ("get_connector_unsupported", "update_connector_unsupported", "metainfo_unsupported")
#: Older messages begin with this.
_PREFIX = "General message: "


@cache
def _unsupported() -> frozenset[str]:
    found = (messages.catalogue()[key] for key in _UNSUPPORTED)
    return frozenset(text.removeprefix(_PREFIX) for message in found for text in (message.nl, message.en))


def _number(text: str, default: int) -> int:
    stripped = text.strip()
    digits = stripped[1:] if stripped[:1] in ("-", "+") else stripped
    return int(stripped) if digits.isascii() and digits.isdecimal() and len(digits) < 12 else default


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _of_filter_json(text: str) -> Iterator[Filter]:
    """The conditions in ``filterjson``; what is none is passed over, since Profit refuses it anyway."""
    for name, fields in members(_json(text.encode("utf-8", "replace"))):
        if name != "Field":
            continue
        for field in fields if isinstance(fields, list) else [fields]:
            if isinstance(field, dict):
                written = (str(field.get(key, "")) for key in ("@FieldId", "@OperatorType", "#text"))
                id_, operator, value = written
                yield Filter(id_.strip().lower(), operator.strip(), value)


def members(document: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every name with its value in ``document``, however deep, down to a bound."""
    if depth > _DEEPEST:
        return
    if isinstance(document, dict):
        for name, value in document.items():
            yield name, value
            yield from members(value, depth + 1)
    elif isinstance(document, list):
        for value in document:
            yield from members(value, depth + 1)
