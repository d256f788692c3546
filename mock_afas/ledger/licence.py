"""What a licence without a feature does to a document: fields and objects of the feature are not there.

Definitions say which these are (``feature`` in ``fixtures/connectors/update``). AFAS does not say what happens to
them: they are refused, or left out as if they had never been sent, as the setting ``missing_features`` says. A
currency that is the base currency asks for nothing, and passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from mock_afas.connectors import Feature, UpdateObject
from mock_afas.documents import Node
from mock_afas.ledger.administration import last_used
from mock_afas.ledger.book import Draft, refuse

#: The field that names a currency, in every connector.
_CURRENCY = "CuId"


class _Lacking(NamedTuple):
    """What of an object a licence lacks, by name; and the objects below it of which it lacks a part."""

    fields: Mapping[str, Feature]
    objects: Mapping[str, Feature]
    below: Mapping[str, _Lacking]


@lru_cache(maxsize=256)
def _lacking(definition: UpdateObject, without: frozenset[Feature]) -> _Lacking | None:
    """What of ``definition`` belongs to features in ``without``; None for nothing."""
    fields = {known.id: known.feature for known in definition.fields if known.feature in without and known.feature}
    objects = {part.name: part.feature for part in definition.objects if part.feature in without and part.feature}
    parts = {part.name: _lacking(part, without) for part in definition.objects if part.name not in objects}
    below = {name: part for name, part in parts.items() if part is not None}
    return _Lacking(fields, objects, below) if fields or objects or below else None


def enforce(node: Node, draft: Draft) -> None:
    """Refuses what the licence lacks in a document, or takes it out of it. Raises ProfitError."""
    without = draft.circumstances.without
    lacking = _lacking(node.definition, without) if without else None
    if lacking is None:
        return
    refused = draft.circumstances.missing_features == "refused"
    for at, name, feature in list(_found(node, lacking, _base_currency(node, draft))):
        if refused:
            _refuse(at, name, feature)
        at.fields.pop(name, None)
        at.children = {below: elements for below, elements in at.children.items() if below != name}


def _found(node: Node, lacking: _Lacking, base: str) -> Iterator[tuple[Node, str, Feature]]:
    """Each field with a value and each object with an element that the licence lacks."""
    for name, feature in lacking.fields.items():
        value = node.fields.get(name)
        own = name == _CURRENCY and isinstance(value, str) and value.casefold() == base
        if value is not None and not own:
            yield node, name, feature
    for name, feature in lacking.objects.items():
        if node.below(name):
            yield node, name, feature
    for name, part in lacking.below.items():
        for element in node.below(name):
            yield from _found(element, part, base)


def _refuse(node: Node, name: str, feature: Feature) -> None:
    parts = node.below(name)
    if parts:
        refuse(f"licence_{feature}", parts[0], value=name, allowed="nothing")
    refuse(f"licence_{feature}", node, name, allowed="no value")


def _base_currency(node: Node, draft: Draft) -> str:
    """The currency that the administration of the document keeps its books in, without case."""
    unit = node.number("UnId") if "UnId" in node.fields else None
    administration = last_used(draft) if unit is None else draft.find("administrations", unit)
    return str((administration or {}).get("currency") or "EUR").casefold()
