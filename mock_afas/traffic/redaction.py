"""Leaves secrets out of what is shown of an exchange: by the names they go by, and tokens by what they look like.

A token that was sent in a query string, a body, a path or another header than ``Authorization`` is left out there too.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from mock_afas.traffic.exchange import Headers

REDACTED = "(redacted)"
_SECRET_HEADERS = frozenset(("authorization", "cookie", "set-cookie", "proxy-authorization", "x-api-key"))
_SENSITIVE = r"[\w.-]*(?:token|api[_-]?key|authorization|secret|password|code_verifier)"
_SECRET_PARAMETER = re.compile(rf"(?i)((?:^|[&;]){_SENSITIVE}=)[^&;]*")
_SECRET_MEMBER = re.compile(rf'(?i)("{_SENSITIVE}"\s*:\s*)"[^"]*"?')
_SECRET_NAME = re.compile(rf"(?i){_SENSITIVE}")
#: A classic token: its XML (also inside JSON), that in base64, or its 64 hex digits alone.
TOKEN = re.compile(
    r"(?i:<token>.*?(?:<\\?/token>|$))"
    r"|\b(?:PHRva2Vu|PFRva2Vu|PFRPS0VO)[A-Za-z0-9+/_-]{20,}={0,2}"
    r"|(?<![0-9A-Za-z])[0-9A-Fa-f]{64}(?![0-9A-Za-z])",
    re.DOTALL,
)


def holds_token(text: str) -> bool:
    """Whether ``text`` holds what looks like a classic token, also when it is written for a URL."""
    return TOKEN.search(text) is not None or ("%" in text and TOKEN.search(unquote(text)) is not None)


def names_secret(name: str) -> bool:
    """Whether ``name`` is one that a secret goes by."""
    return _SECRET_NAME.fullmatch(name) is not None


def text(raw: str) -> str:
    """``raw`` without tokens; nothing of it when one is hidden by its encoding."""
    shown = TOKEN.sub(REDACTED, raw)
    return REDACTED if holds_token(shown) else shown


def query(raw: bytes) -> str:
    """The query string, with the values of what is named like a secret left out, however the name is encoded."""
    shown = raw.decode("latin-1")
    if _SECRET_PARAMETER.search(shown):
        shown = _SECRET_PARAMETER.sub(rf"\1{REDACTED}", shown)
    elif "%" in shown and _SECRET_PARAMETER.search(unquote(shown)):
        return REDACTED
    return text(shown)


def body(raw: bytes) -> str:
    """The body as text, with the values of members and parameters that are named like a secret left out."""
    shown = raw.decode("utf-8", "replace")
    shown = _SECRET_PARAMETER.sub(rf"\1{REDACTED}", _SECRET_MEMBER.sub(rf'\1"{REDACTED}"', shown))
    return TOKEN.sub(REDACTED, shown)


def headers(raw: Headers) -> list[tuple[str, str]]:
    """Headers as text, with the values of those that hold secrets left out."""
    return [
        (name, _header(name, value)) for name, value in ((n.decode("latin-1"), v.decode("latin-1")) for n, v in raw)
    ]


def _header(name: str, value: str) -> str:
    if name.lower() in _SECRET_HEADERS or names_secret(name):
        return REDACTED
    return text(value)
