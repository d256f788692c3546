"""Allocation of lines to codes on five axes.

An account says by axis whether a code is mandatory (B), optional (O) or has no place (N). A code must be assigned to
the account (wire.md section 7). ``AdDc`` makes a code that does not exist, ``AdDa`` an assignment that does not
(our reading of their names: a new code still needs its assignment).
"""

from __future__ import annotations

from typing import Any

from mock_afas.documents import Node
from mock_afas.ledger import currency, custom_fields
from mock_afas.ledger.book import refuse
from mock_afas.ledger.posting import LEDGER, Facts, Line, Making, Posting, check_size, money, rounded, times

_MANDATORY, _NONE = "B", "N"
_CODES = frozenset(("DiC1", "DiC2", "DiC3", "DiC4", "DiC5"))
#: Field, column of the account, and columns of the rows, by axis.
_PLACES = tuple((axis, f"DiC{axis}", f"dim_ax{axis}", f"allocation_{axis}") for axis in range(1, 6))
#: What Profit calls an axis in English, lower case, when the administration uses its usual name.
_ENGLISH = {"kostenplaats": "cost center", "kostendrager": "cost unit", "afdeling": "department"}


def allocate(posting: Posting, line: Line, parts: list[Node] | None) -> None:
    """Checks the allocation of a line and makes its rows; on the line itself stand the codes that all parts share."""
    if not parts:
        if line.kind == LEDGER:
            check_present(posting, line.node, line.account)
        return
    if line.kind != LEDGER:
        names = _names(posting, 1, line.row["account"])
        refuse("allocation_not_applicable", parts[0], value=line.row["account"], allowed="no allocation", **names)
    part = parts[0]
    if len(parts) == 1 and _CODES.issuperset(part.fields) and not part.custom:
        codes = _codes(posting, line.account, part)
        line.row.update(codes)
        if any(codes.values()):
            return  # the only part of a line says what the line says, and the books know that
    rows = [_part(posting, line, part, number) for number, part in enumerate(parts, 1)]
    for _, _, _, column in _PLACES:
        code = rows[0][column]
        if code is not None and all(row[column] == code for row in rows):
            line.row[column] = code
    if len(parts) > 1 or not _is_whole(line.row, part, rows[0]):
        _share(line, parts, rows)
    line.allocations = rows


def is_mandatory(account: Facts) -> bool:
    """Whether lines on the account need an allocation."""
    return any(account[column] == _MANDATORY for _, _, column, _ in _PLACES)


def check_present(posting: Posting, node: Node, account: Facts) -> None:
    """A line without allocation is on an account that has no mandatory axis."""
    for axis, field, column, _ in _PLACES:
        if account[column] == _MANDATORY and not posting.draft.lacks("allocation"):
            names = _names(posting, axis, account["account"])
            refuse("allocation_required", node, value="", allowed=f"FiDimEntries with {field}", **names)


def _part(posting: Posting, line: Line, part: Node, number: int) -> Making:
    """The row of one part, in the order of its columns, with the codes as the assignments write them."""
    of_line = line.row
    if "CuId" in part.fields:
        currency.check_currency(posting, part)
    return {
        "administration": posting.unit,
        "entry": posting.entry,
        "sequence": of_line["sequence"],
        "part": number,
        **_codes(posting, line.account, part),
        "debit": of_line["debit"],
        "credit": of_line["credit"],
        "currency": of_line["currency"],
        "debit_currency": of_line["debit_currency"],
        "credit_currency": of_line["credit_currency"],
        "quantity": part.fields.get("Quan"),
        "custom": custom_fields.merged(part) if part.custom else None,
    }


def _codes(posting: Posting, account: Facts, part: Node) -> Making:
    """The columns of the codes of a part, checked axis by axis; kept for other parts with the same."""
    get = part.fields.get
    sent = (account["account"], get("DiC1"), get("DiC2"), get("DiC3"), get("DiC4"), get("DiC5"))
    codes = posting.findings.codes.get(sent)
    if codes is None:
        codes = {column: _code(posting, account, part, axis) for axis, _, _, column in _PLACES}
        posting.findings.codes[sent] = codes
    return codes


def _code(posting: Posting, account: Facts, part: Node, axis: int) -> str | None:
    """The code of an axis: mandatory, optional or out of place as the account says, and assigned to it."""
    _, field, use, _ = _PLACES[axis - 1]
    code, number = part.fields.get(field), account["account"]
    if code is None:
        if account[use] == _MANDATORY:
            allowed = "a code assigned to the account"
            refuse("allocation_required", part, field, value="", allowed=allowed, **_names(posting, axis, number))
        return None
    if (account[use] or _NONE) == _NONE:
        refuse("allocation_not_applicable", part, field, allowed="no code", **_names(posting, axis, number))
    found: Facts | None = posting.draft.find("allocation_assignments", posting.unit, number, axis, code)
    if found is None or found["blocked"]:
        found = assigned(posting, part, account, axis, found)
    exact: str = found["code"]
    return exact


def assigned(posting: Posting, part: Node, account: Facts, axis: int, blocked: Facts | None) -> Facts:
    """Refuses a code that is not assigned to the account, or assigns it when the document asks for that."""
    draft, unit, field = posting.draft, posting.unit, f"DiC{axis}"
    code, number = str(part.fields[field]), account["account"]
    allowed = "a code assigned to the account"
    makes_code, makes_assignment = (bool(posting.node.number(switch)) for switch in ("AdDc", "AdDa"))
    if blocked is not None or not makes_assignment:
        refuse("allocation_not_assigned", part, field, allowed=allowed, code=code, **_names(posting, axis, number))
    known = draft.where("allocation_assignments", administration=unit, axis=axis, code=code)
    if not known and not makes_code:
        refuse("allocation_code_unknown", part, field, allowed="a code of the axis, or AdDc")
    exact, description = (known[0]["code"], known[0]["description"]) if known else (code, code)
    row: Making = {"administration": unit, "account": number, "axis": axis, "code": exact}
    draft.insert("allocation_assignments", tuple(row.values()), {**row, "description": description, "blocked": 0})
    return {**row, "blocked": 0}


def _is_whole(whole: Any, part: Node, row: Any) -> bool:
    """Whether the only part of a line has the line's amounts, given as such or not at all. Amounts of currency too."""
    given: Any = part.fields
    debit, credit = given.get("AmDe"), given.get("AmCr")
    if debit is None and credit is None:
        same = True
    else:
        same = bool(debit or credit) and (debit or 0) == whole["debit"] and (credit or 0) == whole["credit"]
    if same and ("AmDc" in given or "AmCc" in given):
        _carry_currency(whole, part, row)
    return same


def _share(line: Line, parts: list[Node], rows: list[Making]) -> None:
    """Amounts of the parts: the first without takes what the others leave, and all of them make the line's."""
    amounts: Any = line.row
    total = left = amounts["debit"] - amounts["credit"]
    rest: tuple[Node, Making] | None = None
    for part, row in zip(parts, rows, strict=True):
        debit, credit = part.number("AmDe"), part.number("AmCr")
        if debit is None and credit is None and rest is None:
            rest = part, row
            continue
        row["debit"], row["credit"] = debit, credit = rounded(debit or 0), rounded(credit or 0)
        if not debit and not credit:
            refuse("allocation_without_amount", part, "AmDe", value=0, allowed="an amount, or none at all")
        left -= debit - credit
    if rest is not None:
        part, row = rest
        if total and not left:
            refuse("allocation_without_amount", part, "AmDe", value="", allowed="less in the other parts")
        check_size(part, left)
        row["debit"], row["credit"] = max(left, 0), max(-left, 0)
    elif left:
        shown: dict[str, Any] = {"allocated": money(total - left), "total": money(total)}
        refuse("allocation_unbalanced", parts[0], value=shown["allocated"]["en"], allowed=shown["total"]["en"], **shown)
    for part, row in zip(parts, rows, strict=True):
        _carry_currency(amounts, part, row)


def _carry_currency(whole: Any, part: Node, row: Any) -> None:
    """Amounts in the currency of the line; a part without has its share of the line's, by the rate."""
    debit, credit = part.number("AmDc"), part.number("AmCc")
    if debit is None and credit is None:
        debit, credit = times(row["debit"], whole["rate"]), times(row["credit"], whole["rate"])
        check_size(part, debit, credit)
    row["debit_currency"], row["credit_currency"] = rounded(debit or 0), rounded(credit or 0)


def _names(posting: Posting, axis: int, account: Any) -> dict[str, Any]:
    """Placeholders of messages: the axis at the start of a sentence, within one, and the account."""
    dutch = str(posting.administration[f"axis_{axis}"] or f"As {axis}")
    english = _ENGLISH.get(dutch.casefold(), dutch)
    start = english[:1].upper() + english[1:]
    return {"Axis": {"nl": dutch, "en": start}, "axis": {"nl": dutch, "en": english}, "account": str(account)}
