"""What happened in a story, step by step, in words that an administrator of AFAS knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mock_afas_contracts.driver import Failed, Ok, Outcome
from mock_afas_contracts.observed import Exchange

Arguments = Mapping[str, Any]
#: Characters of a text that are kept in the details of a step.
MOST_TEXT = 10_000


@dataclass(frozen=True)
class Step:
    """One thing that was done. ``details`` is what it was done with, as JSON; ``came`` what came of it, in words."""

    kind: str
    words: str
    details: Mapping[str, Any] = field(default_factory=dict)
    came: str = ""
    exchanges: tuple[Exchange, ...] = ()


def shortened(value: Any) -> Any:
    """Details of a step without the bulk of long texts, such as documents: who tells a story again has its draws."""
    if isinstance(value, str) and len(value) > MOST_TEXT:
        return f"{value[:100]}… ({len(value):,} characters)"
    if isinstance(value, Mapping):
        return {name: shortened(each) for name, each in value.items()}
    return [shortened(each) for each in value] if isinstance(value, list) else value


def outcome_words(outcome: Outcome) -> str:
    """How an operation ended."""
    if isinstance(outcome, Ok):
        shown = ", ".join(f"{name} {_short(value)}" for name, value in outcome.result.items())
        return f"done: {shown}" if shown else "done"
    if isinstance(outcome, Failed):
        doubt = ", and the client does not know what became of it" if outcome.outcome == "unknown" else ""
        reference = f" (log reference {outcome.log_reference})" if outcome.log_reference else ""
        return f"failed{doubt}: {outcome.message}{reference}"
    return f"skipped: {outcome.reason}"


def operation_words(operation: str, arguments: Arguments) -> str:
    """What an operation does, such as ``book purchase invoice F-1 of supplier 50013: 121.00``."""
    words = _OPERATIONS.get(operation)
    return words(arguments) if words else operation.replace("_", " ")


def _short(value: object) -> str:
    if isinstance(value, list):
        return f"({len(value)})"
    return str(value)


def _lines(arguments: Arguments) -> str:
    return "; ".join(_line(line) for line in arguments["lines"])


def _line(line: Arguments) -> str:
    words = f"{line['account']} {line['amount']}"
    if "tax_code" in line:
        words += f" with VAT {line['tax_code']} {line.get('tax_amount', '')}".rstrip()
    for name in ("project", "item", "commitment"):
        if name in line:
            words += f", {name} {line[name]}"
    if line.get("allocations"):
        words += ", allocated to " + " ".join(f"{axis}:{code}" for axis, code in sorted(line["allocations"].items()))
    return words


def _document(arguments: Arguments) -> str:
    content = arguments["content_base64"]
    return f"{arguments['file_name']!r} ({len(content) * 3 // 4 - content[-2:].count('='):,} bytes)"


def _invoice(kind: str, relation: str) -> Callable[[Arguments], str]:
    def words(arguments: Arguments) -> str:
        extra = "".join(
            f", {name.replace('_', ' ')} {arguments[name]}"
            for name in ("currency", "rate", "due_date", "reviewer", "blocked")
            if name in arguments
        )
        if "document" in arguments:
            extra += f", with {_document(arguments['document'])}"
        of = f"{relation} {arguments[f'{relation}_id']}"
        what = f"book {kind} invoice {arguments['invoice_number']!r} of {of}"
        where = f"in administration {arguments['administration']} on {arguments['invoice_date']}"
        return f"{what} {where}: {arguments['total']} ({_lines(arguments)}){extra}"

    return words


def _relation(verb: str, kind: str) -> Callable[[Arguments], str]:
    def words(arguments: Arguments) -> str:
        who = arguments.get("name") or arguments.get(f"{kind}_id")
        rest = ", ".join(f"{name} {value!r}" for name, value in arguments.items() if name != "name")
        return f"{verb} {kind} {who!r}: {rest}"

    return words


def _read(arguments: Arguments) -> str:
    since = f", changed since {arguments['changed_since']}" if "changed_since" in arguments else ""
    return f"read {arguments['connector']}{since}"


_OPERATIONS: Mapping[str, Callable[[Arguments], str]] = {
    "connect": lambda _: "connect",
    "features": lambda _: "ask for the features",
    "read": _read,
    "create_supplier": _relation("create", "supplier"),
    "create_customer": _relation("create", "customer"),
    "update_supplier": _relation("change", "supplier"),
    "book_purchase_invoice": _invoice("purchase", "supplier"),
    "book_sales_invoice": _invoice("sales", "customer"),
    "release_invoice": lambda a: f"release invoice {a['invoice_number']!r} of supplier {a['supplier_id']} for payment",
    "attach_document": lambda a: (
        f"attach {_document(a)} to invoice {a['invoice_number']!r} of supplier {a['supplier_id']}"
    ),
}


def fault_words(fault: Mapping[str, Any]) -> str:
    """A fault in words, such as ``drop at POST FiEntries, after it is carried out``."""
    match, effect = fault["match"], dict(fault["effect"])
    kind = effect.pop("kind")
    what = " ".join(str(match[name]) for name in ("method", "connector") if match[name]) or "any call"
    rest = ", ".join(f"{name} {_short(value)}" for name, value in effect.items())
    when = "after it is carried out" if fault["phase"] == "after" else "before anything happens"
    which = "each time" if match["times"] is None else "once" if match["times"] == 1 else f"{match['times']} times"
    first = f", from call {match['nth']} on" if match["nth"] > 1 else ""
    return f"{kind}{f' ({rest})' if rest else ''} at {what}, {when}, {which}{first}"
