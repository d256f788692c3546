"""A client of the control API of a running server: what commands and the pytest plugin call it with."""

from __future__ import annotations

import functools
import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from mock_afas.errors import ControlError

DEFAULT_CONTROL = "http://127.0.0.1:8080/_mock"
_CONNECTIONS: Mapping[str, type[http.client.HTTPConnection]] = {
    "http": http.client.HTTPConnection,
    "https": http.client.HTTPSConnection,
}
_TIMEOUT = 300
_JSON = "application/json"
#: What a status means for who called by the command line, beyond what the answer says itself.
_HINTS = {401: "give the key that the server printed: --control-key or MOCK_AFAS_CONTROL_KEY"}


class Control:
    """Calls of the control API at ``url``. ``wanted`` is the environment to speak of; None is the server's first."""

    def __init__(self, url: str, key: str | None = None, wanted: str | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _CONNECTIONS or not parts.hostname:
            raise ControlError(f"'{url}' is no address of a control API", hint=f"it looks like {DEFAULT_CONTROL}")
        self.url = url.rstrip("/")
        self._parts = parts
        self._key = key
        self._wanted = wanted

    def speaking_of(self, environment: str) -> Control:
        """The same server, to speak of another environment."""
        return Control(self.url, self._key, environment)

    @functools.cached_property
    def environment(self) -> str:
        """The id of the environment to speak of, such as ``O12345AA``. Raises ControlError when there is none."""
        if self._wanted is not None:
            return self._wanted
        environments = self.call("GET", "/environments")["environments"]
        if not environments:
            raise ControlError("the server has no environment", hint="make one: mock-afas environment create")
        return str(environments[0]["environment"])

    def about(self, method: str, path: str = "", document: object = None, **query: str) -> Any:
        """A call about the environment: ``path`` stands below ``/environments/{env}``."""
        return self.call(method, f"/environments/{quote(self.environment, safe='')}{path}", document, **query)

    def call(self, method: str, path: str, document: object = None, **query: str) -> Any:
        """The JSON answer to a call; ``document``, unless None, goes along as JSON. Raises ControlError."""
        content = None if document is None else json.dumps(document).encode()
        return self._read(self.send(method, path, content, _JSON, **query))

    def upload(self, path: str, content: bytes) -> Any:
        """The JSON answer to a POST about the environment whose body is any bytes. Raises ControlError."""
        below = f"/environments/{quote(self.environment, safe='')}{path}"
        return self._read(self.send("POST", below, content, "application/octet-stream"))

    def _read(self, answer: bytes) -> Any:
        try:
            return _answered(json.loads(answer)) if answer else None
        except ValueError:
            raise _complaint(200, answer, self.url) from None

    def send(
        self, method: str, path: str, content: bytes | None = None, content_type: str = _JSON, **query: str
    ) -> bytes:
        """The bytes of the answer to a call with a body of any type. Raises ControlError."""
        target = f"{self._parts.path.rstrip('/')}{path}{'?' + urlencode(query) if query else ''}"
        status, answer = self._exchanged(method, target, content, self._headers(content, content_type))
        if status >= 400:
            raise _complaint(status, answer, self.url)
        return answer

    def _headers(self, content: bytes | None, content_type: str) -> dict[str, str]:
        headers = {"Accept": _JSON}
        if content is not None:
            headers["Content-Type"] = content_type
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        return headers

    def _exchanged(
        self, method: str, target: str, content: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        connection = _CONNECTIONS[self._parts.scheme](self._parts.netloc.rpartition("@")[2], timeout=_TIMEOUT)
        try:
            connection.request(method, target, content, dict(headers))
            response = connection.getresponse()
            return response.status, response.read()
        except ssl.SSLError as error:
            hint = "name the server's certificate in SSL_CERT_FILE"
            raise ControlError(f"the certificate of {self.url} is not trusted: {error.reason}", hint=hint) from None
        except (OSError, http.client.HTTPException) as error:
            hint = "start one with `mock-afas serve`, or name another by --control or MOCK_AFAS_CONTROL"
            reason = getattr(error, "strerror", None) or error or type(error).__name__
            raise ControlError(f"no server answers at {self.url}: {reason}", hint=hint) from None
        finally:
            connection.close()


def _answered(document: object) -> dict[str, Any]:
    """The answer of a control API, which is an object always. Raises ValueError for anything else."""
    if not isinstance(document, dict):
        raise ValueError("no object")  # noqa: TRY004 - as for what is no JSON
    return document


def _complaint(status: int, answer: bytes, url: str) -> ControlError:
    try:
        error = json.loads(answer)["error"]
        message, hint = str(error["message"]), str(error["hint"])
    except (ValueError, KeyError, TypeError):
        message, hint = f"{url} answers {status}, and not as a control API does", "does the address end in /_mock?"
    return ControlError(message, hint=_HINTS.get(status, hint), status=status)
