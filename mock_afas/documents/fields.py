"""The values of fields: from JSON, in every form that callers write them in, to stored form (see ``values``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from mock_afas import values
from mock_afas.connectors import UpdateField
from mock_afas.documents.nodes import Value

#: Makes a value of what stands in the body. Raises NotTaken.
Converter = Callable[[object], Value]

#: Texts up to so many characters are kept with what they convert to; so many of each field.
_LONGEST_KEPT = 64
_MOST_KEPT = 1_024


class NotTaken(Exception):
    """A value that its field does not take: the key of the message, and what is allowed."""

    def __init__(self, key: str, allowed: str) -> None:
        super().__init__(key)
        self.key = key
        self.allowed = allowed


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.6f}" if "e" in repr(value) else repr(value)
    if isinstance(value, int):
        return str(value)
    raise NotTaken("value_invalid", "one value, not an object or a list")


def _parsed(parse: Callable[[str], Any], written: str) -> Any:
    try:
        return parse(written)
    except values.NotAValue as allowed:
        raise NotTaken("value_invalid", str(allowed)) from None


def _integer(value: object) -> int:
    if type(value) is int and value in values.INT32:
        return value
    if isinstance(value, str) and len(value) < 10 and value.isascii() and value.isdecimal():
        return int(value)
    number = _parsed(values.parse_decimal, _written(value))
    if number != number.to_integral_value() or int(number) not in values.INT32:
        raise NotTaken("value_invalid", "a whole number of 32 bits")
    return int(number)


def _boolean(value: object) -> int:
    if isinstance(value, bool):
        return int(value)
    truth: int = _parsed(values.parse_boolean, _written(value))
    return truth


def _decimal(value: object) -> int:
    try:
        return values.parse_millionths(value if isinstance(value, str) else _written(value))
    except values.NotAValue as allowed:
        raise NotTaken("value_invalid", str(allowed)) from None


@lru_cache(maxsize=4_096)
def _day(written: str) -> str:
    return values.parse_moment(written.removesuffix("Z")).date().isoformat()


def _date(value: object) -> str:
    try:
        return _day(value if isinstance(value, str) else _written(value))
    except values.NotAValue as allowed:
        raise NotTaken("value_invalid", str(allowed)) from None


def _moment(value: object) -> str:
    return values.stored_moment(_parsed(values.parse_moment, _written(value).removesuffix("Z")))


def _blob(value: object) -> bytes:
    return value if isinstance(value, bytes) else _text(value).encode()


def _text(value: object) -> str:
    text = value if isinstance(value, str) else _written(value)
    if "\0" in text:
        raise NotTaken("value_invalid", "text without NUL")
    return text


def _string(known: UpdateField) -> Converter:
    exact = {code: code for code, _ in known.values}
    codes = {code.casefold(): code for code in exact}
    most = known.length or 2**31

    def coded(value: object) -> str:
        code = exact.get(value) if isinstance(value, str) else None
        code = code or codes.get(_text(value).casefold())
        if code is None:
            raise NotTaken("value_unknown", ", ".join(exact))
        return code

    def bounded(value: object) -> str:
        text = value if isinstance(value, str) and "\0" not in value else _text(value)
        if len(text) > most:
            raise NotTaken("value_too_long", f"at most {most} characters")
        return text

    return coded if codes else bounded


_CONVERTERS: Mapping[str, Converter] = {"int": _integer, "boolean": _boolean, "decimal": _decimal, "blob": _blob}


def converter(known: UpdateField) -> Converter:
    """What makes values of the field ``known``."""
    if known.data_type == "string":
        return _string(known)
    if known.data_type == "date":
        return _moment if known.with_time else _date
    return _CONVERTERS[known.data_type]


class KnownValues(dict[object, Value | None]):
    """What the values of one field convert to. Texts seen of late are looked up instead of converted again.

    Only texts are kept: ``true``, ``1`` and ``1.0`` are the same key, and not the same value. Raises NotTaken, and
    TypeError for objects and lists.
    """

    __slots__ = ("_convert",)

    def __init__(self, convert: Converter) -> None:
        super().__init__({"": None})
        self._convert = convert

    def __missing__(self, written: object) -> Value:
        value = self._convert(written)
        if isinstance(written, str) and len(written) <= _LONGEST_KEPT:
            if len(self) >= _MOST_KEPT:
                self.clear()
                self[""] = None
            self[written] = value
        return value
