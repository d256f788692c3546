"""The files in a body: large ones are taken out before a parser would hold them many times."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Any

_WHITE_SPACE = b" \t\n\r\v\f"
#: A file in a body, up to its first character.
_FILE = re.compile(rb'(?<!\\)"FileStream"\s*:\s*"')
#: Files above so many bytes are taken out.
LARGE_FILE = 262_144
#: ASCII that a string in JSON can hold as it stands.
_PRINTABLE = bytes(range(32, 127))
#: Escapes that stand in base64: of slashes, which some clients escape, and line breaks.
_ESCAPES = ((rb"\/", b"/"), (rb"\r", b"\r"), (rb"\n", b"\n"))


def take(body: bytearray) -> list[bytes]:
    """Takes large files out of a body, and leaves NUL and their number for each: a parser would hold them many times.

    A body that says NUL itself is left as it is, and so is a file with escapes that base64 does not have.
    """
    taken: list[bytes] = []
    found = _FILE.search(body) if b"\\u0000" not in body else None
    while found is not None:
        start, end = found.end(), body.find(b'"', found.end())
        file = None
        if end - start > LARGE_FILE:
            with memoryview(body) as view:
                file = _unescaped(bytes(view[start:end]))
        if file is not None:
            body[start:end] = b"\\u0000%d" % len(taken)
            taken.append(file)
            end = body.find(b'"', start)
        found = _FILE.search(body, end + 1) if end >= 0 else None
    return taken


def _unescaped(text: bytes) -> bytes | None:
    """The text of a string in JSON; None when it is not as plain as base64 is."""
    if text.translate(None, _PRINTABLE):
        return None
    if b"\\" in text:
        for escape, character in _ESCAPES:
            text = text.replace(escape, character)
    return None if b"\\" in text else text


def put_back(document: object, files: list[bytes]) -> None:
    """Puts files where they were in a parsed body; as bytes, which nothing else in it is."""
    left = [document]
    while left:
        part = left.pop()
        pairs: Iterable[tuple[Any, object]]
        if isinstance(part, dict):
            pairs = part.items()
        elif isinstance(part, list):
            pairs = enumerate(part)
        else:
            continue
        for place, value in list(pairs):
            if isinstance(value, str) and value.startswith("\0"):
                part[place] = files[int(value[1:])]
            elif isinstance(value, dict | list):
                left.append(value)


def decoded(content: bytes) -> bytes | None:
    """The bytes of a file in base64, with or without line breaks; None when it is none."""
    if any(byte in content for byte in _WHITE_SPACE):
        content = content.translate(None, _WHITE_SPACE)
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        return None
