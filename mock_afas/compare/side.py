"""One of two Profit environments, read and never written: every call is a GET, one after the other."""

from __future__ import annotations

import base64
import http.client
import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from mock_afas.errors import ControlError

_CONNECTIONS: Mapping[str, type[http.client.HTTPConnection]] = {
    "http": http.client.HTTPConnection,
    "https": http.client.HTTPSConnection,
}
_TIMEOUT = 60
#: So much of an answer is read.
_MOST_BODY = 64 * 2**20
_HEX = re.compile("[0-9A-Fa-f]{64}")
_SCHEME = re.compile(r"(?:AfasToken|Bearer)\s+\S+", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
#: A token that opens no environment.
WRONG = "0" * 64


class Number(str):
    """A JSON number with a point, as it was written."""

    __slots__ = ()


class Answer(NamedTuple):
    """An answer: header names in lower case, and the body as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body from JSON, its decimals as ``Number``; None when it is none."""
        try:
            return json.loads(self.body, parse_float=Number)
        except (ValueError, RecursionError):
            return None

    @property
    def rows(self) -> list[dict[str, Any]] | None:
        """The rows of a GetConnector's answer, None when it is no such answer."""
        document = self.document
        rows = document.get("rows") if self.status == 200 and isinstance(document, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            return None
        return rows


def header_value(token: str) -> str:
    """The ``Authorization`` header for a token as people have it: its 64 digits, its XML, the XML in base64, or the
    whole header. Raises ControlError, which does not repeat it.
    """
    stripped = token.strip()
    if _SCHEME.fullmatch(stripped):
        return stripped
    if _HEX.fullmatch(stripped):
        stripped = f"<token><version>1</version><data>{stripped}</data></token>"
    if stripped.lower().startswith("<token>"):
        return f"AfasToken {base64.b64encode(stripped.encode()).decode()}"
    if _BASE64.fullmatch(stripped):
        return f"AfasToken {stripped}"
    hint = "give its 64 digits, its XML, or the whole value of the Authorization header"
    raise ControlError("a token is not in a form that is known", hint=hint)


class Side:
    """An environment at ``url``, which ends in ``/ProfitRestServices``; ``name`` is what errors call it."""

    def __init__(self, name: str, url: str, token: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _CONNECTIONS or not parts.hostname or parts.username is not None:
            hint = "it looks like https://12345.rest.afas.online/ProfitRestServices"
            raise ControlError(f"--{name} is no address of a Profit environment", hint=hint)
        self.name = name
        self.url = url.rstrip("/")
        self.calls = 0
        self._path = parts.path.rstrip("/")
        self._authorization = header_value(token)
        self._connection = _CONNECTIONS[parts.scheme](parts.netloc, timeout=_TIMEOUT)
        self._samples: dict[str, Answer] = {}

    @property
    def unpacked(self) -> str:
        """The ``Authorization`` header with its token as it is, without base64."""
        scheme, _, value = self._authorization.partition(" ")
        try:
            return f"{scheme} {base64.b64decode(value, validate=True).decode('ascii')}"
        except ValueError:
            return self._authorization

    def close(self) -> None:
        self._connection.close()

    def get(self, path: str, query: Mapping[str, object] | str = "", **headers: str | None) -> Answer:
        """The answer to a GET; ``headers`` replace those of each call, or take them out when None.

        Raises ControlError when nobody answers.
        """
        written = query if isinstance(query, str) else urlencode(query)
        target = f"{self._path}/{quote(path, safe='/')}{'?' if written else ''}{written}"
        named = {"Authorization": self._authorization, "Accept": "application/json", "Accept-Language": "nl-nl"}
        sent = {**named, **{name.replace("_", "-"): value for name, value in headers.items()}}
        self.calls += 1
        return self._exchanged(target, {name: value for name, value in sent.items() if value is not None})

    def _exchanged(self, target: str, headers: dict[str, str]) -> Answer:
        for attempt in (1, 2):
            try:
                self._connection.request("GET", target, headers=headers)
                response = self._connection.getresponse()
                body = response.read(_MOST_BODY)
                return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
                # a connection that lay idle may be closed; a second time it is no accident
                self._connection.close()
                if attempt == 2:
                    raise self._unreachable(error) from None
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                raise self._unreachable(error) from None
        raise AssertionError  # pragma: no cover - the loop ends by return or raise

    def _unreachable(self, error: Exception) -> ControlError:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return ControlError(f"--{self.name}: {self.url} does not answer: {reason}", hint="is the address right?")

    # ------------------------------------------------------------ what is asked for more than once

    @cached_property
    def overview(self) -> dict[str, Any]:
        """Its metainfo. Raises ControlError when it is none: then nothing else can be compared."""
        answer = self.get("metainfo")
        document = answer.document
        if answer.status in (401, 403):
            hint = "give a token of that environment, from an address that its app connector allows"
            raise ControlError(f"--{self.name}: {self.url} refuses the token ({answer.status})", hint=hint)
        if answer.status != 200 or not isinstance(document, dict):
            hint = "the address ends in /ProfitRestServices"
            raise ControlError(f"--{self.name}: {self.url}/metainfo answers {answer.status} and no metainfo", hint=hint)
        return document

    def listed(self, kind: str) -> dict[str, str]:
        """Ids and descriptions of its connectors; ``kind`` is ``getConnectors`` or ``updateConnectors``."""
        listed = self.overview.get(kind)
        entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        return {str(one.get("id")): str(one.get("description")) for one in entries}

    def sample(self, connector: str) -> Answer:
        """The first 100 rows of a connector, asked for once."""
        if connector not in self._samples:
            self._samples[connector] = self.get(f"connectors/{connector}", {"skip": 0, "take": 100})
        return self._samples[connector]
