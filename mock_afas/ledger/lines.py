"""The lines of an entry: what each is booked on, and the row it becomes."""

from __future__ import annotations

from typing import Any

from mock_afas.documents import Node
from mock_afas.ledger import allocation, currency, custom_fields, pattern, project, relation_line, transitory, vat
from mock_afas.ledger.book import refuse
from mock_afas.ledger.commitment import commitment_number
from mock_afas.ledger.period import check_entry_date
from mock_afas.ledger.posting import (
    LEDGER,
    PURCHASE,
    RELATIONS,
    SALES,
    Facts,
    Line,
    Making,
    Place,
    Posting,
    fill_texts,
    money,
    refuse_unknown,
    require,
    times,
)

#: Sorts of collecting accounts that only debtors and creditors are booked on.
_CONTROL = frozenset(("D", "C"))
#: Fields that are all there is to many lines.
_PLAIN = frozenset(
    (
        "VaAs",
        "AcNr",
        "EnDa",
        "BpDa",
        "BpNr",
        "InId",
        "Ds",
        "AmDe",
        "AmCr",
        "VaId",
        "CuId",
        "Rate",
        "AmDc",
        "AmCc",
        "DaEx",
    )
)
#: Journals in which invoices are booked.
_INVOICING = frozenset((PURCHASE, SALES))


def read(posting: Posting, node: Node, sequence: int) -> Line:
    """One line, checked. Raises ProfitError."""
    line = pattern.repeated(posting, node, sequence)
    if line is None:
        line = _checked(posting, node, sequence)
        pattern.keep(posting, line)
    return line


def _checked(posting: Posting, node: Node, sequence: int) -> Line:
    given = node.fields
    get = given.get
    kind: Any = get("VaAs")
    if "EnNo" in given:
        check_no_number(node)
    if not (kind and get("AcNr") and get("EnDa") and get("BpDa")):
        require("line_field_missing", node, "VaAs", "AcNr", "EnDa", "BpDa")
    if given["EnDa"] not in posting.findings.open_dates:
        check_entry_date(posting, node)
    if kind != LEDGER:
        return _of_relation(posting, node, sequence, kind)
    place = posting.findings.places.get((get("AcNr"), get("VaId"))) or _place(posting, node)
    line = Line(node, kind, place.account, _row(posting, node, sequence, place))
    if place.demanding or not _PLAIN.issuperset(given):
        _complete(posting, line)
    if node.children:
        _read_below(posting, line)
    elif place.allocates:
        allocation.check_present(posting, node, place.account)
    return line


def check_no_number(node: Node) -> None:
    """Profit numbers what is new (documented)."""
    if node.fields["EnNo"] is not None:
        refuse("entry_number_given", node, "EnNo", allowed="no value")


def _place(posting: Posting, node: Node) -> Place:
    """What a ledger line is booked on, checked, and kept for other lines."""
    account = ledger_account(posting, node)
    tax = vat.vat_code(posting, node, LEDGER, account)
    demanding = bool(account["commitment_mandatory"]) or account["to_project"] == project.MANDATORY
    code, rate = (None, None) if tax is None else (tax["tax_code"], vat.rate_on_top(tax, account))
    place = Place(account, account["account"], code, rate, demanding, allocation.is_mandatory(account))
    posting.findings.places[node.fields["AcNr"], node.fields.get("VaId")] = place
    return place


def _of_relation(posting: Posting, node: Node, sequence: int, kind: str) -> Line:
    """The line of a debtor or creditor."""
    sent = (kind, node.fields["AcNr"], node.fields.get("VaId"))
    place = posting.findings.relations.get(sent)
    if place is None:
        account = relation(posting, node, kind)
        tax = vat.vat_code(posting, node, kind, account)
        code = None if tax is None else tax["tax_code"]
        place = posting.findings.relations[sent] = Place(account, account[RELATIONS[kind][1]], code, None, False, False)
    line = Line(node, kind, place.account, _row(posting, node, sequence, place))
    _complete(posting, line)
    if node.children:
        _read_below(posting, line)
    return line


def _complete(posting: Posting, line: Line) -> None:
    """What only some lines have."""
    node, given, kind, account = line.node, line.node.fields, line.kind, line.account
    line.row["due_date"], line.row["payment_reference"] = given.get("DaEx"), given.get("PaId")
    line.row["blocked_for_payment"] = given.get("BlPa") or 0
    if "CmNo" in given or (kind == LEDGER and account["commitment_mandatory"]):
        line.row["commitment"] = commitment_number(posting, node, kind, account)
        if line.row["commitment"] is not None:
            posting.committed.append(line)
    if "PrId" in given:
        line.row["project"] = project.of_line(posting, node)
    if kind != LEDGER or not relation_line.FIELDS.isdisjoint(given):
        relation_line.fill(posting, node, kind, account, line.row)
    if kind == LEDGER and account["to_project"] == project.MANDATORY and not node.below("FiPrjEntries"):
        project.check_present(posting, line)


def _read_below(posting: Posting, line: Line) -> None:
    """The objects below a line."""
    children = line.node.children
    allocation.allocate(posting, line, children.get("FiDimEntries"))
    if len(children) > 1 or "FiDimEntries" not in children:
        project.book(posting, line)
        transitory.spread(posting, line)


def ledger_account(posting: Posting, node: Node) -> Facts:
    """A ledger account of the administration that is not blocked and can be booked directly."""
    draft, number = posting.draft, node.fields["AcNr"]
    found: Facts | None = draft.find("accounts", posting.unit, number)
    if found is None:
        for entity, *_ in RELATIONS.values():
            if draft.find(entity, number) is not None:
                refuse("line_account_of_other_kind", node, "AcNr", allowed="a ledger account, as VaAs says")
        refuse_unknown("line_account_unknown", node, "AcNr", f"a ledger account of administration {posting.unit}")
    if found["blocked"]:
        refuse("line_account_blocked", node, "AcNr", allowed="an open account", account=found["account"])
    check_control_account(node, found)
    return found


def check_control_account(node: Node, account: Facts) -> None:
    """The accounts that collect debtors and creditors are not booked directly; those collected on them may be.

    That is our reading.
    """
    if account["collect_account_type"] in _CONTROL:
        allowed = "the debtor or creditor itself, with VaAs 2 or 3"
        refuse("line_control_account", node, "AcNr", allowed=allowed, account=account["account"])


def relation(posting: Posting, node: Node, kind: str) -> Facts:
    """A debtor or creditor that is not blocked; which of them a journal is for does not matter."""
    draft, number = posting.draft, node.fields["AcNr"]
    entity, column, side = RELATIONS[kind]
    found: Facts | None = draft.find(entity, number)
    if found is None:
        others = (draft.find(other, number) for other, *_ in RELATIONS.values())
        if draft.find("accounts", posting.unit, number) is not None or any(others):
            refuse("line_account_of_other_kind", node, "AcNr", allowed=f"a {side}, as VaAs says")
        refuse_unknown("line_account_unknown", node, "AcNr", f"a {side}")
    if found["blocked"]:
        refuse("line_relation_blocked", node, "AcNr", allowed="a relation that is not blocked", relation=found[column])
    if found["temporarily_blocked"] and posting.journal_kind in _INVOICING:
        refuse("line_relation_on_hold", node, "AcNr", allowed="a relation that is not blocked", relation=found[column])
    return found


def _row(posting: Posting, node: Node, sequence: int, place: Place) -> Making:
    """The row of a line, without what only some lines have."""
    given = node.fields
    row = posting.blank_line.copy()
    row["sequence"] = sequence
    row["account_kind"] = given["VaAs"]
    row["account"] = place.number
    row["entry_date"] = given["EnDa"]
    row["voucher_date"] = given["BpDa"]
    fill_texts(row, node)
    amount = currency.fill(posting, node, row)
    if place.vat_code is not None:
        row["vat_code"] = place.vat_code
        if place.rate is not None:
            row["vat_amount"] = times(amount, place.rate)
    if node.custom:
        row["custom"] = custom_fields.merged(node)
    return row


def check_balance(node: Node, lines: list[Line]) -> None:
    """Debit equals credit, to the cent, in the administration's currency (documented; the text is ours)."""
    debit = credit = 0
    for line in lines:
        amounts: Any = line.row
        debit += amounts["debit"]
        credit += amounts["credit"]
    if debit != credit:
        refuse(
            "entry_unbalanced",
            node,
            value=f"debit {money(debit)['en']}, credit {money(credit)['en']}",
            allowed="equal totals",
            debit=money(debit),
            credit=money(credit),
        )
