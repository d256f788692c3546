"""Classic tokens in the ``Authorization`` header. wire.md section 2."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections import OrderedDict

from mock_afas.access import digest
from mock_afas.errors import ProfitError, Reason, Refusal, unexpected

_SCHEME = re.compile(rb"\s*AfasToken\s+(.*?)\s*", re.IGNORECASE | re.DOTALL)
_TOKEN = re.compile(
    rb"\s*<token>\s*<version>\s*1\s*</version>\s*<data>\s*([0-9A-Fa-f]{64})\s*</data>\s*</token>\s*", re.IGNORECASE
)
_MOST_KNOWN = 4_096


def _read(value: bytes) -> str | ProfitError | Refusal:
    """The digest of the token in a header, or what to answer instead. The header itself goes nowhere."""
    scheme = _SCHEME.fullmatch(value)
    if scheme is None:
        return Refusal(401, Reason("authentication scheme", "Authorization", "", "AfasToken and the token in base64"))
    sent = scheme[1]
    if _TOKEN.fullmatch(sent):
        return unexpected(Reason("token sent without base64", "Authorization", "", "the base64 of the token's XML"))
    try:
        xml = base64.b64decode(sent, validate=True)
    except (binascii.Error, ValueError):
        return Refusal(401, Reason("token is base64", "Authorization", "", "the base64 of the token's XML"))
    token = _TOKEN.fullmatch(xml)
    if token is None:
        allowed = "<token><version>1</version><data>64 hex digits</data></token>"
        return Refusal(401, Reason("form of the token", "Authorization", "", allowed))
    return digest(token[1].decode("ascii"))


class Headers:
    """Reads ``Authorization`` headers, each distinct one once: what was made of it is kept by its SHA-256."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, str | ProfitError | Refusal] = OrderedDict()

    def token_digest(self, value: bytes | None, profit_version: int) -> str:
        """The digest of the token in an ``Authorization`` header. Raises Refusal 401, or ProfitError from Profit 7."""
        if value is None:
            raise Refusal(401, Reason("token sent", "Authorization", "", "AfasToken and the token in base64"))
        key = hashlib.sha256(value).digest()
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _read(value)
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        if isinstance(known, str):
            return known
        if isinstance(known, ProfitError) and profit_version < 7:
            raise Refusal(401, known.reason)
        raise known.with_traceback(None)
