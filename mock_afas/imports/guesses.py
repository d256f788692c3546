"""What a field's name says of its type, where neither metainfo nor our own data do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from mock_afas.connectors import DataType


class Shape(NamedTuple):
    """A type with the length and decimals that go with it."""

    data_type: DataType
    length: int = 0
    decimals: int = 0


#: A reference to a field that a view computes: ``Int`` is a whole number, ``N112`` eleven digits, two of them decimals.
_COMPUTED = re.compile(r"\w+\.vdf\.(?:(int)|n(\d{1,2})(\d))", re.IGNORECASE)
#: Words in an id or label, from their beginning, in Dutch and English. The first line that holds one decides.
_WORDS: tuple[tuple[DataType, tuple[str, ...]], ...] = (
    ("date", ("date", "datum", "aangemaakt", "gewijzigd", "created", "modified", "changed")),
    ("boolean", ("blocked", "geblokkeerd", "completed", "afgehandeld", "active", "actief", "allowed", "mandatory")),
    ("decimal", ("amount", "amt", "bedrag", "total", "totaal", "balance", "saldo", "price", "prijs", "percentage")),
    ("decimal", ("perc", "rate", "koers", "hours", "uren", "value", "waarde", "quantity")),
    ("int", ("year", "jaar", "period", "periode", "count", "aantal", "days", "dagen", "months", "maanden", "seq")),
    ("int", ("sequence", "volgnummer", "decimals", "decimalen")),
)
_SHAPES: Mapping[DataType, Shape] = {
    "string": Shape("string", 80),
    "decimal": Shape("decimal", decimals=2),
    "date": Shape("date"),
    "boolean": Shape("boolean"),
    "int": Shape("int"),
}
_SPLIT = re.compile(r"[A-Z]?[a-zà-ÿ]+|[A-Z]+(?![a-z])")


def words(text: str) -> list[str]:
    """The words of a name such as ``planIdRelatesTo`` or ``Different_payment_plan``, in lower case."""
    return [word.lower() for word in _SPLIT.findall(text)]


def shape(field_id: str, label: str, reference: str) -> Shape:
    """The likely type of a field: by its reference where a view computes it, by its id, by its label; else text."""
    computed = _COMPUTED.fullmatch(reference)
    if computed is not None:
        return Shape("int") if computed[1] else Shape("decimal", decimals=min(int(computed[3]), 6))
    for text in (field_id, label):
        spoken = words(text)
        if spoken[:1] == ["is"] and len(spoken) > 1:
            return _SHAPES["boolean"]
        for data_type, listed in _WORDS:
            if any(word in listed for word in spoken):
                return _SHAPES[data_type]
    return _SHAPES["string"]
