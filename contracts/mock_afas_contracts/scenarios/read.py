"""Reading: every row once, every value as it is."""

from __future__ import annotations

from hypothesis import strategies as st

from mock_afas_contracts import checks
from mock_afas_contracts.contract import contract
from mock_afas_contracts.story import Story


@contract(
    id="read/pages-once",
    sentence="Reading a connector of any size gives every row exactly once, though AFAS orders rows only on request.",
    severity="must",
    evidence="documented: without orderbyfieldids the order can differ at each call, so pages repeat and miss rows",
    operations=("read",),
    dialects=("paging",),
)
def pages_once(story: Story) -> None:
    more = story.draw(st.integers(0, 260))
    if more:
        rows = [{"supplier_id": str(70000 + number), "name": f"Leverancier {number}"} for number in range(more)]
        story.put_data("suppliers", rows)
    wanted = story.rows("Zenvoices_Suppliers")
    read = story.succeed("read", connector="Zenvoices_Suppliers")["rows"]
    checks.same_rows(story, wanted, read, ("CreditorId",), "every row is read exactly once")
