"""Parses bodies within bounds of memory: a body of some megabytes can ask for gigabytes of objects."""

from __future__ import annotations

import orjson

from mock_afas.documents import files
from mock_afas.documents.refusals import refuse

#: A body up to so many bytes cannot hold anything that takes much memory: it is parsed as it is.
_SMALL_BODY = files.LARGE_FILE
#: So many objects and lists, and values in all, are in a body at most. Each takes memory when it is parsed.
_MOST_ELEMENTS = 250_000
_MOST_VALUES = 2_000_000


class InvalidJson(Exception):
    """The body is no JSON (AMB-11)."""


def _check_count(body: bytes | bytearray) -> None:
    """Refuses a body of more objects, lists or values than there is room for, before a parser makes them.

    What stands in texts is counted too: that is quick, and no text needs so much of it.
    """
    opened = body.count(b"{") + body.count(b"[")
    for count, most in ((opened, _MOST_ELEMENTS), (opened + body.count(b","), _MOST_VALUES)):
        if count > most:
            refuse("body_too_long", "body", f"{count} objects, lists or values", f"at most {most}")


def parsed(body: bytes | bytearray) -> object:
    """What ``body`` says as JSON; its large files are bytes. Raises InvalidJson and ProfitError.

    A bytearray is emptied as soon as it is parsed: it can be large, and its contents would be held twice.
    """
    taken = files.take(body) if isinstance(body, bytearray) and len(body) > _SMALL_BODY else []
    if len(body) > _SMALL_BODY:
        _check_count(body)
    try:
        document: object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidJson(str(error)) from None
    if isinstance(body, bytearray):
        body.clear()
    if taken:
        files.put_back(document, taken)
    return document
