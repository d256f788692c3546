"""Classic tokens and access tokens of OAuth in the ``Authorization`` header. wire.md section 2."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections import OrderedDict
from typing import NamedTuple

from mock_afas.access import bearer_digest, digest
from mock_afas.errors import Reason, Refusal, unexpected

_SCHEME = re.compile(rb"\s*AfasToken\s+(.*?)\s*", re.IGNORECASE | re.DOTALL)
_TOKEN = re.compile(
    rb"\s*<token>\s*<version>\s*1\s*</version>\s*<data>\s*([0-9A-Fa-f]{64})\s*</data>\s*</token>\s*", re.IGNORECASE
)
_BEARER = re.compile(rb"\s*Bearer\s+([0-9A-Fa-f]{64})\s*", re.IGNORECASE)
_MOST_KNOWN = 4_096


class Sent(NamedTuple):
    """What an ``Authorization`` header holds: the digest of its token, and what is wrong with how it was sent.

    Both, when the token was sent without base64: it tells whose environment that is, but opens nothing.
    """

    digest: str = ""
    problem: Reason | None = None

    def check(self, profit_version: int) -> None:
        """Raises Refusal 401 for a header that holds no token in base64; ProfitError for a raw one from Profit 7."""
        if self.problem is None:
            return
        if self.digest and profit_version >= 7:
            raise unexpected(self.problem)
        raise Refusal(401, self.problem)


def _problem(rule: str, allowed: str) -> Reason:
    """The header itself goes nowhere."""
    return Reason(rule, "Authorization", "", allowed)


_NOTHING = Sent(problem=_problem("token sent", "AfasToken and the token in base64"))


def _read(value: bytes) -> Sent:
    scheme = _SCHEME.fullmatch(value)
    access = _BEARER.fullmatch(value) if scheme is None else None
    if access is not None:
        return Sent(bearer_digest(access[1].decode("ascii")))
    if scheme is None:
        return Sent(problem=_problem("authentication scheme", "AfasToken and the token in base64"))
    raw = _TOKEN.fullmatch(scheme[1])
    if raw is not None:
        problem = _problem("token sent without base64", "the base64 of the token's XML")
        return Sent(digest(raw[1].decode("ascii")), problem)
    try:
        xml = base64.b64decode(scheme[1], validate=True)
    except (binascii.Error, ValueError):
        return Sent(problem=_problem("token is base64", "the base64 of the token's XML"))
    token = _TOKEN.fullmatch(xml)
    if token is None:
        allowed = "<token><version>1</version><data>64 hex digits</data></token>"
        return Sent(problem=_problem("form of the token", allowed))
    return Sent(digest(token[1].decode("ascii")))


class Headers:
    """Reads ``Authorization`` headers, each distinct one once: what was made of it is kept by its SHA-256."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Sent] = OrderedDict()

    def read(self, value: bytes | None) -> Sent:
        """What the header holds; None when there is no header."""
        if value is None:
            return _NOTHING
        key = hashlib.sha256(value).digest()
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _read(value)
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return known
