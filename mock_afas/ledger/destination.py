"""What a dossier item is linked to (KnSubjectLink): destinations, their invoices, and everything else a link names.

Source: AFAS' page on KnSubject and its code values of SfTp. What the books do not hold (assets, campaigns, contracts,
orders, courses, …) is not checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mock_afas.documents import Node
from mock_afas.ledger.book import Cell, Draft, Row, refuse
from mock_afas.ledger.posting import invoice_number
from mock_afas.records import ENTITIES

NOTHING, CUSTOMER, EMPLOYER, SUPPLIER = "1", "4", "10", "11"


class _Destination(NamedTuple):
    """A kind of destination: the flag of a link that stands for it, and the rows that ``SfId`` can name.

    ``within`` begins the key of such a row; ``applicant`` tells applicants from employees.
    """

    flag: str
    entity: str
    within: tuple[str, ...] = ()
    applicant: bool | None = None

    @property
    def column(self) -> str:
        return ENTITIES[self.entity].key[-1]

    def find(self, draft: Draft, code: str) -> Row | None:
        row = draft.find(self.entity, *self.within, code)
        if row is None or self.applicant not in {None, bool(row.get("applicant"))}:
            return None
        return row

    def of_organisation(self, draft: Draft, organisation_id: str) -> Row | None:
        """The row that belongs to an organisation or person, if this kind has one."""
        entity = ENTITIES[self.entity]
        if self.column == "organisation_id":
            return draft.find(self.entity, organisation_id)
        if entity.column("organisation_id") is None:
            return None
        return next(iter(draft.where(self.entity, organisation_id=organisation_id)), None)


#: By the code values of SfTp. The clients of an accountant are organisations and persons.
_DESTINATIONS: Mapping[str, _Destination] = {
    "2": _Destination("ToEm", "employees", applicant=False),
    "3": _Destination("ToBC", "organisations"),
    CUSTOMER: _Destination("ToSR", "customers"),
    SUPPLIER: _Destination("ToPR", "suppliers"),
    "17": _Destination("ToAp", "employees", applicant=True),
    EMPLOYER: _Destination("ToEr", "codes", ("employer",)),
    "8": _Destination("ToCl", "organisations"),
    "9": _Destination("ToCV", "organisations"),
    "66": _Destination("ToOb", "organisations"),
}
#: The side of the books that the invoices of a destination are on.
_SIDES: Mapping[str, str] = {CUSTOMER: "customer", SUPPLIER: "supplier"}
#: What else a link can name: the entity and the beginning of the key.
_REFERENCES: Mapping[str, tuple[str, ...]] = {
    "BcId": ("organisations",),
    "CdId": ("contacts",),
    "SiUn": ("administrations",),
    "PiUn": ("administrations",),
    "PjId": ("projects",),
    "SjId": ("subjects",),
    "CcSn": ("codes", "vehicle"),
    "OrNu": ("codes", "delivery_note"),
}
_FLAGS = frozenset(destination.flag for destination in _DESTINATIONS.values())
_NO_REFERENCES = _FLAGS | {"SbId", "DoCRM", "SfTp"}
UNLINKED: Mapping[str, Cell] = {
    "destination_type": None,
    "destination": None,
    "destination_administration": None,
    "destination_invoice": None,
    "organisation_id": None,
    "to_employer": 0,
}


def linked(links: Sequence[Node], kind: Row, stored: Row, draft: Draft) -> dict[str, Cell]:
    """The columns of a dossier item of type ``kind`` that its links fill; ``stored`` is the item as it is.

    Every link is checked. An item has one destination (our reading): the first link that gives one. Raises ProfitError.
    """
    columns: dict[str, Cell] = {}
    for link in links:
        columns = {**_linked(link, kind, stored, draft), **columns}
    return columns


def check_stays_allowed(node: Node, kind: Row, stored: Row) -> None:
    """Another type must allow the destination that the item already has."""
    wanted = stored.get("destination_type")
    if wanted is not None and not _allows(kind, str(wanted)):
        refuse("subject_destination_not_allowed", node, "StId", allowed=f"a type that allows destination {wanted!r}")


def _linked(link: Node, kind: Row, stored: Row, draft: Draft) -> dict[str, Cell]:
    if link.action == "delete":
        return dict(UNLINKED)
    _check_references(link, draft)
    _check_contact(link, draft)
    wanted = _allowed(link, _wanted(link, stored), kind)
    chosen, row = _holder(link, wanted, draft)
    code = row[_DESTINATIONS[chosen].column] if row else None
    invoice = _invoice(link, chosen, code, draft)
    if invoice is not None and code is None and _SIDES.get(chosen) == invoice["side"]:
        code = invoice["relation"]
        row = draft.find(_DESTINATIONS[chosen].entity, code)
    named = link.text("BcId")
    organisation = (draft.find("organisations", named) if named else row) or {}
    return _columns(link, chosen, code, organisation.get("organisation_id"), invoice)


def _columns(link: Node, chosen: str, code: Cell, organisation: Cell, invoice: Row | None) -> dict[str, Cell]:
    columns: dict[str, Cell] = {}
    if chosen:
        columns = {
            "destination_type": int(chosen),
            "destination": code,
            "destination_administration": invoice["administration"] if invoice else None,
            "destination_invoice": invoice["invoice"] if invoice else None,
            "organisation_id": organisation,
            "to_employer": int(chosen == EMPLOYER),
        }
    elif "SfTp" in link.fields:
        columns = dict(UNLINKED)
    if organisation is not None:
        columns["organisation_id"] = organisation
    if "ToEr" in link.fields:
        columns["to_employer"] = link.number("ToEr") or 0
    return columns


# ---------------------------------------------------------------- the destination


def _wanted(link: Node, stored: Row) -> tuple[str, ...]:
    """The kinds of destination a link may mean: what SfTp says, else its invoice, else its flags (our reading).

    The flag of a supplier makes an invoice with the names for sales one of purchase, as SfTp does.
    """
    if kind := link.text("SfTp"):
        return (kind,)
    if link.text("PiId") or (link.text("SiId") and link.number("ToPR")):
        return (SUPPLIER,)
    if link.text("SiId"):
        return (CUSTOMER,)
    flagged = tuple(kind for kind, destination in _DESTINATIONS.items() if link.number(destination.flag))
    if not flagged and "SfId" in link.fields and "SfTp" not in link.fields and stored.get("destination_type"):
        return (str(stored["destination_type"]),)
    return flagged


def _allows(kind: Row, wanted: str) -> bool:
    """Whether a type allows a kind of destination. A type without a list allows all."""
    listed = kind.get("destinations")
    return not listed or wanted in str(listed).replace(" ", "").split(",")


def _allowed(link: Node, wanted: tuple[str, ...], kind: Row) -> tuple[str, ...]:
    """Those of the kinds that the type allows. Several flags want one destination, so one of them has to be allowed.

    "Deze bestemming is niet geldig voor dit type dossieritem": seen in answers of a real environment.
    """
    allowed = tuple(each for each in wanted if _allows(kind, each))
    if wanted and not allowed:
        first = wanted[0]
        field = "SfTp" if link.text("SfTp") or first not in _DESTINATIONS else _DESTINATIONS[first].flag
        listed = str(kind.get("destinations"))
        refuse("subject_destination_not_allowed", link, field, value=first, allowed=listed)
    return allowed


def _holder(link: Node, wanted: tuple[str, ...], draft: Draft) -> tuple[str, Row | None]:
    """The kind of destination and its row, which SfId names or, without it, the organisation does."""
    kinds = [kind for kind in wanted if kind != NOTHING]
    if not kinds:
        return (wanted[0] if wanted else ""), None
    code, organisation = link.text("SfId"), link.text("BcId")
    for kind in kinds:
        destination = _DESTINATIONS[kind]
        if code is not None:
            row = destination.find(draft, code)
        else:
            row = destination.of_organisation(draft, organisation) if organisation else None
        if row is not None:
            return kind, row
    if code is not None:
        refuse("subject_destination_unknown", link, "SfId", allowed=f"one of {_DESTINATIONS[kinds[0]].entity}")
    if all(value is None for name, value in link.fields.items() if name not in _NO_REFERENCES):
        refuse("subject_destination_missing", link, "SfId", allowed=f"one of {_DESTINATIONS[kinds[0]].entity}")
    return kinds[0], None


# ---------------------------------------------------------------- what else a link names


def _check_references(link: Node, draft: Draft) -> None:
    """What a link names exists; the text is AFAS', for any field that refers to something."""
    for field, (entity, *within) in _REFERENCES.items():
        value = link.fields.get(field)
        if value is not None and draft.find(entity, *within, str(value) if within else value) is None:
            refuse("subject_link_unknown", link, field, allowed=f"one of {', '.join((entity, *within))}")
    item = link.text("BiId")
    if item is not None and not draft.where("items", item=item):
        refuse("subject_link_unknown", link, "BiId", allowed="one of items")


def _check_contact(link: Node, draft: Draft) -> None:
    """A contact that is named beside an organisation or person is one of it (our reading)."""
    number, organisation = link.number("CdId"), link.text("BcId")
    if number is None or organisation is None:
        return
    contact = draft.find("contacts", number) or {}
    belongs = {str(contact.get(name)).casefold() for name in ("organisation_id", "person_id")}
    if organisation.casefold() not in belongs:
        refuse(
            "subject_contact_elsewhere", link, "CdId", allowed=f"a contact of {organisation}", organisation=organisation
        )


def _invoice(link: Node, kind: str, relation: Cell, draft: Draft) -> Row | None:
    """The invoice that a link names: PiUn, PiId for purchase, SiUn, SiId for sales.

    AFAS' page about purchase invoices shows the names of sales; with a supplier as destination they mean a purchase.
    """
    for unit, field in (("PiUn", "PiId"), ("SiUn", "SiId")):
        number = link.text(field)
        if number is None:
            continue
        side = "supplier" if field == "PiId" or kind == SUPPLIER else "customer"
        holder = relation if _SIDES.get(kind) == side else None
        invoice = _find_invoice(draft, link.number(unit), side, holder, invoice_number(number) or "")
        if invoice is None:
            refuse("subject_invoice_unknown", link, field, allowed=f"an invoice of that administration and {side}")
        return invoice
    return None


def _find_invoice(draft: Draft, administration: int | None, side: str, relation: Cell, number: str) -> Row | None:
    if administration is not None and relation is not None:
        return draft.find("invoices", administration, side, relation, number)
    known = {"administration": administration, "relation": relation}
    named = {name: value for name, value in known.items() if value is not None}
    return next(iter(draft.where("invoices", side=side, invoice=number, **named)), None)
