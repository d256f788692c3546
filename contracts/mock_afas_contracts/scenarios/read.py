"""Reading: every row once, every value as it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from hypothesis import strategies as st

from mock_afas_contracts import checks, strategies
from mock_afas_contracts.contract import contract
from mock_afas_contracts.observed import Row
from mock_afas_contracts.story import Story
from mock_afas_contracts.strategies import supplier_rows
from mock_afas_contracts.target import NOW

SUPPLIERS = "Zenvoices_Suppliers"
#: Connectors that belong to no feature, with the fields that no two rows share.
KEYS: Mapping[str, tuple[str, ...]] = {
    SUPPLIERS: ("CreditorId",),
    "Zenvoices_Customers": ("DebtorId",),
    "Zenvoices_SupplierInvoices": ("UnitId", "CreditorId", "InvoiceNr"),
    "Zenvoices_LedgerAccounts": ("UnitId", "Account"),
    "Zenvoices_Journals": ("UnitId", "JournalId"),
    "Zenvoices_Periods": ("Unit", "Year", "Period"),
    "Zenvoices_TaxCodes": ("VatCode",),
    "Zenvoices_PaymentConditions": ("PaymentCondition",),
    "Zenvoices_Reviewers": ("UserId",),
    "Zenvoices_Countries": ("CoId",),
}
_TOMORROW = "2026-11-25T00:00:00"
#: A field of metainfo that no connector of the demo environment has.
_FIELD: Row = {
    "dataType": "string",
    "label": "Eigen veld",
    "length": 20,
    "controlType": 1,
    "decimals": 0,
    "decimalsFieldId": "",
}


def _read_whole(story: Story, connector: str, key: tuple[str, ...] | None = None) -> list[Row]:
    """The client reads a connector, and gives every row once with every value. Gives the rows."""
    wanted = story.rows(connector)
    read = story.succeed("read", connector=connector)["rows"]
    checks.same_rows(story, wanted, read, key or KEYS[connector], "every row is read exactly once")
    return wanted


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
        story.put_data("suppliers", supplier_rows(more))
    _read_whole(story, SUPPLIERS)


@contract(
    id="read/every-connector",
    sentence="Each connector arrives whole: every row once, with every value as AFAS sent it.",
    severity="must",
    evidence="documented: 100 rows unless asked otherwise, and no count of all rows",
    operations=("read",),
)
def every_connector(story: Story) -> None:
    connector = story.draw(st.sampled_from(sorted(KEYS)))
    _read_whole(story, connector)


@contract(
    id="read/full-last-page",
    sentence="Reading ends rightly when the last page is exactly full, and when there is no row at all.",
    severity="must",
    evidence="documented: there is no count of all rows, and what is empty answers with no rows",
    operations=("read",),
    examples=0.5,
)
def full_last_page(story: Story) -> None:
    there = len(story.rows(SUPPLIERS))
    size = story.draw(st.sampled_from([100, 200, 250, 500]))
    story.put_data("suppliers", supplier_rows(-there % size))
    _read_whole(story, SUPPLIERS)
    nothing = story.succeed("read", connector=SUPPLIERS, changed_since=_TOMORROW)["rows"]
    story.check(not nothing, "nothing changed tomorrow, so no row is read", rows=len(nothing))


@contract(
    id="read/rows-added-while-paging",
    sentence="Rows that come in while a client pages do not make it miss a row, or give one twice.",
    severity="must",
    evidence="assumed: skip counts rows as they are at each call, and others work in the same environment",
    operations=("read",),
    faults=("change_data",),
)
def rows_added_while_paging(story: Story) -> None:
    story.put_data("suppliers", supplier_rows(story.draw(st.sampled_from([150, 330]))))
    wanted = {row["CreditorId"] for row in story.rows(SUPPLIERS)}
    added = story.draw(st.sampled_from([1, 3, 120]))
    first = story.draw(st.sampled_from([10000, 69000, 90000]))
    page = story.draw(st.integers(1, 2))
    story.fault(
        "change_data",
        connector=SUPPLIERS,
        phase="after",
        nth=page,
        entity="suppliers",
        rows=supplier_rows(added, first=first),
    )
    read = [str(row["CreditorId"]) for row in story.succeed("read", connector=SUPPLIERS)["rows"]]
    missing = sorted(wanted - set(read))
    story.check(not missing, "every row that was there all along is read", missing=missing[:10])
    twice = sorted({key for key in read if read.count(key) > 1})
    story.check(not twice, "no row is given twice", twice=twice[:10])


def _read_values(story: Story, entity: str, rows: list[Row], connector: str, key: tuple[str, ...]) -> None:
    story.put_data(entity, rows)
    _read_whole(story, connector, key)


@contract(
    id="read/text-unchanged",
    sentence="Text arrives as it is: quotes, commas, semicolons, percent signs, emoji, characters beyond the plane.",
    severity="must",
    evidence="documented: answers are JSON in UTF-8",
    operations=("read",),
    examples=0.7,
)
def text_unchanged(story: Story) -> None:
    names = story.draw(st.lists(strategies.odd_texts, min_size=1, max_size=4))
    rows = [{"journal": f"9{at}", "administration": 1, "description": name} for at, name in enumerate(names, 1)]
    known = next(row for row in story.data("journals") if row["journal"] == "80")
    plain = {name: known[name] for name in ("kind", "blocked")}
    _read_values(
        story, "journals", [{**plain, **row} for row in rows], "Zenvoices_Journals", KEYS["Zenvoices_Journals"]
    )


#: As text: JSON of the control API takes decimals so, and no float has touched them. Some have more digits than floats.
_rates = st.one_of(
    st.sampled_from(["900719925474.993001", "1.000001", "0.07", "8.414213", "999999999999.999999"]),
    st.integers(1, 10**18 - 1).map(lambda millionths: format(Decimal(millionths).scaleb(-6), "f")),
)


@contract(
    id="read/decimals-exact",
    sentence="Decimals arrive to the last digit.",
    severity="must",
    evidence="documented: decimals are JSON numbers, amounts of money and rates among them",
    operations=("read",),
    features=("currencies",),
    dialects=("decimal_zeros",),
)
def decimals_exact(story: Story) -> None:
    rates = story.draw(st.lists(_rates, min_size=1, max_size=4))
    rows = [{"currency": f"X{at}", "description": f"Munt {at}", "rate": text} for at, text in enumerate(rates)]
    _read_values(story, "currencies", rows, "Zenvoices_Currencies", ("CurrencyId",))


@contract(
    id="read/decimals-before-profit-7",
    sentence="Decimals between -1 and 1 are understood from an older Profit, which writes them without the zero.",
    severity="should",
    evidence="documented: Profit 7 writes -0.5, before it -.5",
    operations=("read",),
    examples=0.3,
)
def decimals_before_profit_7(story: Story) -> None:
    limit = story.draw(st.sampled_from(["-0.50", "0.25", "-0.01"]))
    story.put_data("suppliers", [{"supplier_id": "70000", "name": "Oud", "credit_limit": limit}])
    wanted = story.rows(SUPPLIERS)
    story.environment(profit_version=story.draw(st.sampled_from([6, 5])))
    read = story.succeed("read", connector=SUPPLIERS)["rows"]
    checks.same_rows(story, wanted, read, KEYS[SUPPLIERS], "every row is read exactly once")


#: Around both changes of summer time, around midnight, and plain.
_moments = st.sampled_from(
    [
        "2026-07-01T12:00:00",
        "2026-01-01T00:00:00",
        "2025-03-30T02:30:00",
        "2025-10-26T02:30:00",
        "2026-03-29T01:59:59",
        "2026-03-29T03:00:00",
        "2025-12-31T23:59:59",
        "2024-02-29T00:30:00",
    ]
)


@contract(
    id="read/wall-clock-dates",
    sentence="Moments keep the wall-clock time that AFAS sent, in summer and in winter; their Z is not taken for UTC.",
    severity="must",
    evidence="documented: dates leave with a Z that is wrong, they are Amsterdam wall-clock time",
    operations=("read",),
)
def wall_clock_dates(story: Story) -> None:
    moments = story.draw(st.lists(_moments, min_size=1, max_size=4, unique=True))
    rows = [
        {"supplier_id": str(70000 + at), "name": f"L{at}", "created": moment, "modified": moment}
        for at, moment in enumerate(moments)
    ]
    _read_values(story, "suppliers", rows, SUPPLIERS, KEYS[SUPPLIERS])


@contract(
    id="read/nulls-kept",
    sentence="A field without a value stays one: neither empty text, nor zero, nor false, nor left out.",
    severity="must",
    evidence="documented: a field without a value is in the answer as null",
    operations=("read",),
    examples=0.3,
)
def nulls_kept(story: Story) -> None:
    empty = story.draw(st.lists(st.sampled_from(["vat_duty", "iban", "reviewer", "bic"]), min_size=1, unique=True))
    story.put_data("suppliers", [{"supplier_id": "70000", "name": "Leeg", **dict.fromkeys(empty)}])
    wanted = next(row for row in story.rows(SUPPLIERS) if row["CreditorId"] == "70000")
    rows = story.succeed("read", connector=SUPPLIERS, changed_since=NOW)["rows"]
    read: Row = next((row for row in rows if str(row.get("CreditorId")) == "70000"), {})
    gone = [name for name in wanted if name not in read]
    story.check(not gone, "fields without a value are given all the same", gone=gone)
    filled = {name: read[name] for name, value in wanted.items() if value is None and read[name] is not None}
    story.check(not filled, "fields without a value are given as null", **filled)


@contract(
    id="read/pages-once-though-names-repeat",
    sentence="Pages are asked for in an order that no two rows share, so that every row comes once.",
    severity="must",
    evidence="assumed: rows that an order does not tell apart can change places from call to call",
    operations=("read",),
    examples=0.5,
)
def pages_once_though_names_repeat(story: Story) -> None:
    count = story.draw(st.sampled_from([150, 250]))
    story.put_data("suppliers", [{**row, "name": "Bakkerij De Vries"} for row in supplier_rows(count)])
    wanted = _read_whole(story, SUPPLIERS)
    whole = ("0", "-1")  # the first page, or all rows at once: which another contract is about
    pages = [one for one in story.traffic() if one.calls(SUPPLIERS) and one.parameters.get("skip", "0") not in whole]
    for order in sorted({page.parameters.get("orderbyfieldids", "") for page in pages}):
        fields = [name.strip().removeprefix("-").lower() for name in order.split(",")]
        places = {tuple(str(value) for name, value in row.items() if name.lower() in fields) for row in wanted}
        story.check(len(places) == len(wanted), "the order of pages tells every two rows apart", order=order)


@contract(
    id="read/columns-by-name",
    sentence="Columns are known by their names: others may come in between, and in another order.",
    severity="must",
    evidence="documented: an administrator may change a connector's fields and their order",
    operations=("read",),
    examples=0.7,
)
def columns_by_name(story: Story) -> None:
    connector = story.draw(st.sampled_from(["Zenvoices_Journals", "Zenvoices_PaymentConditions", SUPPLIERS]))
    definition = story.definition(connector)
    more = story.draw(st.lists(st.sampled_from(["Eigen_veld", "Kenmerk", "Aantal"]), max_size=2, unique=True))
    added = [{**_FIELD, "id": name, "fieldId": f"U9{at:02d}"} for at, name in enumerate(more)]
    fields = story.draw(st.permutations([*definition["fields"], *added]))
    story.import_definition({**definition, "fields": fields})
    _read_whole(story, connector)


# ---------------------------------------------------------------- what changed


@contract(
    id="read/changed-since",
    sentence="What changed since a moment is read, all of it and nothing else, also when the moment ends in a Z.",
    severity="must",
    evidence="documented: changes are polled for by fields such as ModifiedDate. Seen: a Z in a filter is an error",
    operations=("read",),
)
def changed_since(story: Story) -> None:
    before = story.draw(st.integers(0, 3))
    after = story.draw(st.integers(0, 120))
    since = story.draw(st.sampled_from(["2026-11-24T08:00:00", "2026-11-24T08:00:00Z"]))
    rows = supplier_rows(before, modified="2026-11-24T07:59:58")
    rows += supplier_rows(after, first=80000, modified="2026-11-24T08:00:02")
    if rows:
        story.put_data("suppliers", rows)
    limit = since.removesuffix("Z")
    wanted = [row for row in story.rows(SUPPLIERS) if row["ModifiedDate"].removesuffix("Z") >= limit]
    read = story.succeed("read", connector=SUPPLIERS, changed_since=since)["rows"]
    checks.same_rows(story, wanted, read, KEYS[SUPPLIERS], "every row that changed is read, and no other")


@contract(
    id="read/hidden-fractions",
    sentence="A row that changed in the very second that was read last is not missed.",
    severity="must",
    evidence="seen: stored times have fractions of a second that answers hide, so = on a time seldom matches",
    operations=("read",),
    dialects=("time_fractions",),
    examples=0.5,
)
def hidden_fractions(story: Story) -> None:
    count = story.draw(st.integers(1, 3))
    story.put_data("suppliers", supplier_rows(count))
    read = story.succeed("read", connector=SUPPLIERS, changed_since=NOW)["rows"]
    found = {str(row["CreditorId"]) for row in read}
    wanted = {str(70000 + at) for at in range(count)}
    story.check(wanted <= found, "rows that changed in that second are read", missing=sorted(wanted - found))


@contract(
    id="read/changed-since-summer-time",
    sentence="A moment in the hour that a change of summer time skips or repeats is asked for as it was told.",
    severity="must",
    evidence="documented: moments are Amsterdam wall-clock time, with a Z that is wrong",
    operations=("read",),
    examples=0.5,
)
def changed_since_summer_time(story: Story) -> None:
    moment = story.draw(_moments)
    just_before = (dt.datetime.fromisoformat(moment) - dt.timedelta(seconds=2)).isoformat()
    story.put_data(
        "suppliers",
        [
            {"supplier_id": "70000", "name": "Ervoor", "modified": just_before},
            {"supplier_id": "70001", "name": "Erna", "modified": moment},
        ],
    )
    read = story.succeed("read", connector=SUPPLIERS, changed_since=moment)["rows"]
    found = {str(row["CreditorId"]) for row in read}
    story.check("70001" in found, "what changed at that moment is read", since=moment)
    story.check("70000" not in found, "what changed before it is not", since=moment)
