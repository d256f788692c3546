"""Which function of the ledger carries out which call of an UpdateConnector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from mock_afas.documents import Node
from mock_afas.ledger import dossier, invoice, journal_entry, relation
from mock_afas.ledger.book import Draft, Result

Write = Callable[[Node, Draft], Result]
Delete = Callable[[Mapping[str, str], Draft], Result]


class Handlers(NamedTuple):
    """What an UpdateConnector can do. ``objects`` are POSTs of one object below the main one, by its name."""

    post: Write | None = None
    put: Write | None = None
    delete: Delete | None = None
    objects: Mapping[str, Write] = {}


#: The UpdateConnectors that write, by their exact ids.
HANDLERS: Mapping[str, Handlers] = {
    "FiEntries": Handlers(post=journal_entry.post, delete=journal_entry.delete),
    "FiInvoice": Handlers(put=invoice.put),
    "KnPurchaseRelationOrg": Handlers(
        post=relation.post_purchase, put=relation.put_purchase, delete=relation.delete_purchase
    ),
    "KnSalesRelationOrg": Handlers(post=relation.post_sales, put=relation.put_sales),
    "KnSubject": Handlers(
        post=dossier.post,
        put=dossier.put,
        delete=dossier.delete,
        objects={"KnSubjectAttachment": dossier.post_attachment},
    ),
}
