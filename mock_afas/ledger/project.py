"""Projects on lines, and project costs (FiPrjEntries).

An account whose ``ToProject`` is ``J`` needs project costs; the type of an item follows from the item when ``VaIt`` is
absent (wire.md section 7). Several are allowed on a line, and nothing demands that they make its amount: AFAS describes
them as costs of their own.
"""

from __future__ import annotations

from mock_afas.documents import Node
from mock_afas.ledger import currency, custom_fields
from mock_afas.ledger.book import refuse
from mock_afas.ledger.posting import (
    LEDGER,
    ONE,
    Facts,
    Line,
    Making,
    Posting,
    refuse_unknown,
    require,
    rounded,
)

#: What ``to_project`` of an account says when its lines need project costs.
MANDATORY = "J"


def of_line(posting: Posting, node: Node) -> str | None:
    """The project in ``PrId`` of a line, or None."""
    return None if node.text("PrId") is None else str(bookable(posting, node)["project"])


def bookable(posting: Posting, node: Node) -> Facts:
    """The project of ``PrId``: one that exists, is not completed, and can be booked in the administration."""
    found: Facts | None = posting.draft.find("projects", node.fields["PrId"])
    if found is None:
        refuse_unknown("project_unknown", node, "PrId", "a project")
    if found["administration"] not in (None, posting.unit):
        allowed = f"a project of administration {posting.unit} or of none"
        refuse("project_of_other_administration", node, "PrId", allowed=allowed, project=found["project"])
    if found["completed"]:
        refuse("project_completed", node, "PrId", allowed="a project that is not completed", project=found["project"])
    return found


def book(posting: Posting, line: Line) -> None:
    """Makes the rows of project costs of a line. Raises ProfitError when the account needs them and has none."""
    parts = line.node.below("FiPrjEntries")
    if not parts:
        check_present(posting, line)
        return
    if line.kind != LEDGER:
        refuse("project_not_applicable", parts[0], allowed="no project costs", account=str(line.row["account"]))
    line.projects = [_costs(posting, line, part, number) for number, part in enumerate(parts, 1)]
    projects = {row["project"] for row in line.projects}
    if line.row["project"] is None and len(projects) == 1:
        line.row["project"] = projects.pop()


def check_present(posting: Posting, line: Line) -> None:
    """A line on an account that needs project costs has them, where the licence has projects."""
    needed = line.kind == LEDGER and line.account["to_project"] == MANDATORY
    if needed and not posting.draft.lacks("projects"):
        allowed = "FiPrjEntries with PrId and ItCd"
        refuse("project_entry_required", line.node, value="", allowed=allowed, account=line.account["account"])


def _costs(posting: Posting, line: Line, part: Node, number: int) -> Making:
    require("project_field_missing", part, "PrId", "ItCd")
    get = part.fields.get
    project, item = bookable(posting, part), item_of(posting, part)
    _check_employee(posting, part)
    foreign = currency.check_currency(posting, part)
    amount = part.number("AmSe")
    return {
        "administration": posting.unit,
        "entry": posting.entry,
        "sequence": line.row["sequence"],
        "part": number,
        "project": project["project"],
        "stage": stage_of(posting, part, project),
        "item_type": item["item_type"],
        "item": item["item"],
        "description": get("Ds"),
        "cost": rounded(part.number("AmCo") or 0),
        "charge": get("Ch") or 0,
        "sales_amount": rounded((part.number("AmFc") if amount is None else amount) or 0),
        "quantity": get("Qu"),
        "currency": posting.base_currency if foreign is None else foreign["currency"],
        "rate": get("Rate") or (ONE if foreign is None else foreign["daily_rate"] or foreign["rate"]),
        "custom": custom_fields.merged(part) if part.custom else None,
    }


def stage_of(posting: Posting, part: Node, project: Facts) -> str | None:
    """The stage of ``PrSt``: one of the project, and not completed. None when there is none."""
    wanted = part.text("PrSt")
    if wanted is None:
        return None
    found: Facts | None = posting.draft.find("project_stages", project["project"], wanted)
    if found is None:
        refuse_unknown("project_stage_unknown", part, "PrSt", f"a stage of project {project['project']}")
    if found["completed"]:
        names = {"stage": found["stage"], "project": project["project"]}
        refuse("project_stage_completed", part, "PrSt", allowed="a stage that is not completed", **names)
    return str(found["stage"])


def item_of(posting: Posting, part: Node) -> Facts:
    """The item of ``ItCd`` and ``VaIt``; without a type the first item of that code. Blocked items are refused."""
    code, kind = part.fields["ItCd"], part.text("VaIt")
    if kind is not None:
        candidates = [row for row in (posting.draft.find("items", kind, code),) if row is not None]
    else:
        candidates = list(posting.draft.where("items", item=code))
    if not candidates:
        refuse_unknown("project_item_unknown", part, "ItCd", "an item" if kind is None else f"an item of type {kind}")
    found: Facts = next((row for row in candidates if not row["blocked"]), candidates[0])
    if found["blocked"]:
        refuse("project_item_blocked", part, "ItCd", allowed="an item that is not blocked", item=found["item"])
    return found


def _check_employee(posting: Posting, part: Node) -> None:
    employee = part.text("EmId")
    if employee is not None and posting.draft.find("employees", employee) is None:
        refuse_unknown("project_employee_unknown", part, "EmId", "an employee")
