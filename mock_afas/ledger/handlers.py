"""Which function of the ledger carries out which call of an UpdateConnector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, NoReturn, TypeVar

from mock_afas.documents import Action, Node
from mock_afas.errors import ProfitError, Reason, Refusal
from mock_afas.ledger import dossier, invoice, journal_entry, relation
from mock_afas.ledger.book import Draft, Result
from mock_afas.messages import catalogue

Write = Callable[[Node, Draft], Result]
Delete = Callable[[Mapping[str, str], Draft], Result]
T = TypeVar("T")


class Handlers(NamedTuple):
    """What an UpdateConnector can do.

    ``root`` is the outermost object in its bodies. ``objects`` are POSTs of one object below it, ``parts`` deletions
    of one, by their names.
    """

    root: str
    post: Write | None = None
    put: Write | None = None
    delete: Delete | None = None
    objects: Mapping[str, Write] = {}
    parts: Mapping[str, Delete] = {}

    def writes(self, method: str, name: str) -> tuple[Write, Action]:
        """What a POST or PUT to the object ``name`` does, and what its elements are for unless they say so.

        A POST to an object below the main one adds that to a main one that exists (wire.md section 5). Raises Refusal
        405, and ProfitError for an object that cannot be posted.
        """
        if method == "PUT":
            return _known(self.put, method), "update"
        if not name or name.lower() == self.root.lower():
            return _known(self.post, method), "insert"
        write = _named(self.objects, name)
        if write is None:
            _refuse("field_unknown", name, ", ".join((self.root, *self.objects)), field=name)
        return write, "update"

    def deletes(self, name: str) -> Delete:
        """What a DELETE of the object ``name`` does. Raises Refusal 405, and ProfitError for one that has to stay."""
        whole = _known(self.delete, "DELETE")
        if not name or name.lower() == self.root.lower():
            return whole
        delete = _named(self.parts, name)
        if delete is None:
            _refuse("relation_part_deleted", name, ", ".join((self.root, *self.parts)), object=name)
        return delete


def _known(handler: T | None, method: str) -> T:
    if handler is None:
        raise Refusal(405, Reason("method of the UpdateConnector", "method", method))
    return handler


def _named(table: Mapping[str, T], name: str) -> T | None:
    """Case does not count in a path."""
    return next((handler for known, handler in table.items() if known.lower() == name.lower()), None)


def _refuse(key: str, name: str, allowed: str, **parameters: str) -> NoReturn:
    raise ProfitError(key, Reason(catalogue()[key].rule, "path", name[:200], allowed), **parameters)


_OF_RELATIONS = (
    "KnOrganisation",
    "KnBasicAddressAdr",
    "KnBasicAddressPad",
    "KnBankAccount",
    "KnContact",
    "KnPerson",
)
#: The UpdateConnectors that write, by their exact ids.
HANDLERS: Mapping[str, Handlers] = {
    "FiEntries": Handlers(
        "FiEntryPar",
        post=journal_entry.post,
        delete=journal_entry.delete,
        parts={"FiEntries": journal_entry.delete},
    ),
    "FiInvoice": Handlers("FiInvoice", put=invoice.put),
    "KnPurchaseRelationOrg": Handlers(
        "KnPurchaseRelationOrg",
        post=relation.post_purchase,
        put=relation.put_purchase,
        delete=relation.delete_purchase,
        objects=dict.fromkeys(_OF_RELATIONS, relation.put_purchase),
    ),
    "KnSalesRelationOrg": Handlers(
        "KnSalesRelationOrg",
        post=relation.post_sales,
        put=relation.put_sales,
        objects=dict.fromkeys(_OF_RELATIONS, relation.put_sales),
    ),
    "KnSubject": Handlers(
        "KnSubject",
        post=dossier.post,
        put=dossier.put,
        delete=dossier.delete,
        objects={dossier.ATTACHMENT: dossier.post_attachment, dossier.LINK: dossier.put},
        parts={dossier.ATTACHMENT: dossier.delete_attachment, dossier.LINK: dossier.delete_link},
    ),
}
