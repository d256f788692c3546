"""The two serialisations of ``ExternalData``, made into one list of values.

Text (up to about 2023), cp1252: tokens between ``@``. Binary (from about 2025): base64 of a GUID, two zero bytes and
tagged values. In both, each value is preceded by the flag 0; the flag 1 begins a group, with a count and a type.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

Value = None | bool | int | float | str | dt.datetime

#: A real export has some hundreds.
MOST_TOKENS = 100_000
_TEXT_START = b"D1@"
_GROUP = 1


class GcnError(ValueError):
    """Bytes that are no usable export; the message says what is wrong and where."""


def read(data: bytes, *, first: str) -> list[Value]:
    """The values in ``data`` from the one that is ``first``, in either serialisation, without flags. Raises GcnError.

    What comes before ``first`` differs between versions and says nothing of the connector.
    """
    raw = _text_tokens(data) if data.startswith(_TEXT_START) else _binary_tokens(data.strip())
    tokens = list(_bounded(raw))
    if first not in tokens:
        raise GcnError(f"the property '{first}' is missing: this is no GetConnector")
    return list(_without_flags(iter(tokens[max(tokens.index(first) - 1, 0) :])))


def _bounded(tokens: Iterator[Value]) -> Iterator[Value]:
    yield from islice(tokens, MOST_TOKENS)
    for _ in tokens:
        raise GcnError(f"ExternalData holds more than {MOST_TOKENS:,} values")


def _without_flags(tokens: Iterator[Value]) -> Iterator[Value]:
    for at, flag in enumerate(tokens):
        if flag is None or isinstance(flag, bool) or flag not in (0, _GROUP):
            raise GcnError(f"item {at} of ExternalData begins with {flag!r} where 0 or 1 must stand")
        following = list(islice(tokens, 2 if flag == _GROUP else 1))
        if len(following) != (2 if flag == _GROUP else 1):
            raise GcnError("ExternalData ends in the middle of a value: the file is truncated")
        if flag != _GROUP:
            yield following[0]


# ---------------------------------------------------------------- text

_ESCAPED = re.compile("~([-*)`\u017e])")
#: An escaped character is written as ``~`` and the one 32 places on in cp1252. Three are known from real files; that
#: the separator and ``~`` itself follow the same rule is our reading.
_ESCAPES = {"-": "\r", "*": "\n", ")": "\t", "`": "@", "\u017e": "~"}


def unescaped(text: str) -> str:
    """``text`` with its escapes undone: ``~-`` CR, ``~*`` LF, ``~)`` TAB."""
    return _ESCAPED.sub(lambda match: _ESCAPES[match[1]], text)


def _hex(text: str) -> int:
    if not re.fullmatch("-?[0-9A-Fa-f]{1,16}", text):
        raise GcnError(f"'D{text[:20]}' is no hexadecimal number")
    return int(text, 16)


def _text_boolean(text: str) -> bool:
    if text not in ("0", "1"):
        raise GcnError(f"'L{text[:20]}' is neither L0 nor L1")
    return text == "1"


def _text_null(text: str) -> None:
    if text:
        raise GcnError(f"'A{text[:20]}' is no null")


def _text_moment(text: str) -> dt.datetime:
    try:
        return _ole_date(float(text.replace(",", ".")))
    except (ValueError, OverflowError):
        raise GcnError(f"'H{text[:20]}' is no date") from None


_OLE_EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - wall clock by nature


def _ole_date(days: float) -> dt.datetime:
    return _OLE_EPOCH + dt.timedelta(days=days)


_TEXT_KINDS: Mapping[str, Callable[[str], Value]] = {
    "D": _hex,
    "I": unescaped,
    "L": _text_boolean,
    "A": _text_null,
    "H": _text_moment,
}


def _text_tokens(data: bytes) -> Iterator[Value]:
    if data.count(b"@") > MOST_TOKENS:
        raise GcnError(f"ExternalData holds more than {MOST_TOKENS:,} values")
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise GcnError(f"ExternalData is no cp1252 text: byte {error.start} stands for nothing") from None
    for at, token in enumerate(text.removesuffix("@").split("@")):
        kind = _TEXT_KINDS.get(token[:1])
        if kind is None:
            raise GcnError(f"token {at} of ExternalData begins with {token[:1]!r}, not one of {', '.join(_TEXT_KINDS)}")
        yield kind(token[1:])


# ---------------------------------------------------------------- binary

_PREFIX = 16 + 2
_TICKS = (1 << 62) - 1
_DOTNET_EPOCH = dt.datetime(1, 1, 1)  # noqa: DTZ001 - wall clock by nature


class _Read(NamedTuple):
    value: Value
    end: int


def _binary_integer(data: bytes, at: int) -> _Read:
    return _Read(struct.unpack_from("<i", data, at)[0], at + 4)


def _binary_moment(data: bytes, at: int) -> _Read:
    ticks = struct.unpack_from("<Q", data, at)[0] & _TICKS
    try:
        return _Read(_DOTNET_EPOCH + dt.timedelta(microseconds=ticks // 10), at + 8)
    except OverflowError:
        raise GcnError(f"byte {at}: {ticks} ticks are no date") from None


def _binary_text(data: bytes, at: int) -> _Read:
    length = shift = 0
    while True:
        part = data[at]
        at += 1
        length |= (part & 0x7F) << shift
        if part < 0x80:
            break
        shift += 7
        if shift > 28:
            raise GcnError(f"byte {at}: the length of a string has more than five bytes")
    if length > len(data) - at:
        raise GcnError(f"byte {at}: a string of {length:,} bytes, but {len(data) - at:,} are left: truncated")
    return _Read(_decoded(data[at : at + length], at), at + length)


def _decoded(text: bytes, at: int) -> str:
    """UTF-8, as .NET writes it; cp1252 where it is not."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return text.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise GcnError(f"byte {at}: a string that is neither UTF-8 nor cp1252")


def _binary_boolean(data: bytes, at: int) -> _Read:
    if data[at] not in (0, 1):
        raise GcnError(f"byte {at}: {data[at]} is no boolean")
    return _Read(data[at] == 1, at + 1)


_BINARY_KINDS: Mapping[int, Callable[[bytes, int], _Read]] = {
    0x00: lambda _, at: _Read(None, at),
    0x02: _binary_integer,
    0x08: _binary_moment,
    0x09: _binary_text,
    0x0A: _binary_boolean,
}


def _binary_tokens(data: bytes) -> Iterator[Value]:
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise GcnError("ExternalData is neither text beginning with 'D1@' nor base64") from None
    if len(raw) < _PREFIX or raw[16:_PREFIX] != b"\0\0":
        raise GcnError("ExternalData does not begin with a GUID and two zero bytes")
    at = _PREFIX
    while at < len(raw):
        kind = _BINARY_KINDS.get(raw[at])
        if kind is None:
            raise GcnError(f"byte {at}: unknown kind of value {raw[at]:#04x}")
        try:
            value, at = kind(raw, at + 1)
        except (IndexError, struct.error):
            raise GcnError("ExternalData ends in the middle of a value: the file is truncated") from None
        yield value
