"""Lines that are made of what was found out about others are what the rules make of them, and refused as they would."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_afas.errors import ProfitError
from mock_afas.ledger import administration, journal_entry, pattern
from mock_afas.ledger.book import Draft, Row
from tests.ledger_bodies import Body, line, memorial
from tests.ledger_support import MemoryBook, circumstances, demo_book, node_of


class Remembering(MemoryBook):
    """Books that never change, so nothing that rules found out of them is ever forgotten."""

    def __init__(self) -> None:
        super().__init__(demo_book().tables)
        self.remembered: dict[tuple[object, ...], dict[Any, Any]] = {}

    def kept(self, entities: tuple[str, ...], *about: object) -> dict[Any, Any]:
        return self.remembered.setdefault((entities, about), {})


ALIKE = Remembering()
PARTS: list[list[Body] | None] = [
    None,
    [],
    [{}],
    [{"DiC1": "WEST"}],
    [{"DiC1": "west"}],
    [{"DiC1": "WEST", "DiC2": "ICT"}],
    [{"DiC2": "ICT", "DiC1": "WEST"}],
    [{"DiC1": "WEST", "Quan": "2"}],
    [{"DiC1": "WEST", "U0123456789ABCDEF0123456789ABCDEF": "x"}],
    [{"DiC1": "WEST", "AmDe": "1"}, {"DiC1": "WEST"}],
    [{"DiC1": "NOWHERE"}],
]
MORE: list[Body] = [
    {},
    {"VaId": "5"},
    {"CuId": "USD"},
    {"CuId": "EUR"},
    {"DaEx": "2024-04-01"},
    {"PrId": "300000"},
    {"AmCr": "7"},
    {"InId": "F1", "Ds": "Pennen", "BpNr": "B1"},
]
LINES = st.fixed_dictionaries(
    {
        "account": st.sampled_from(("4030", "4510", "4600", "1901", "1500", "1510", "1600", "9999")),
        "amount": st.sampled_from((0, 100, 12.34, -5, 0.005, 1e12)),
        "parts": st.sampled_from(PARTS),
    },
    optional={
        "VaId": st.sampled_from(("5", "1", "6", "", "99")),
        "AmCr": st.sampled_from(("0", "7", "")),
        "EnDa": st.sampled_from(("2024-03-06", "2019-01-01", "")),
        "BpDa": st.sampled_from(("2023-12-31", "")),
        "BpNr": st.sampled_from(("B1", "")),
        "InId": st.sampled_from(("F1", "f2 ", "")),
        "Ds": st.sampled_from(("Kantoorartikelen", "")),
        "CuId": st.sampled_from(("EUR", "eur", "USD", "XXX")),
        "Rate": st.just("2"),
        "DaEx": st.just("2024-04-01"),
        "PrId": st.sampled_from(("300000", "")),
        "CmNo": st.just("1"),
        "EnNo": st.sampled_from(("1", "")),
        "U0123456789ABCDEF0123456789ABCDEF": st.just("x"),
    },
)


def body_of(drawn: list[dict[str, Any]]) -> Body:
    lines = []
    for one in drawn:
        fields = {name: value for name, value in one.items() if name not in ("account", "amount", "parts")}
        below = None if one["parts"] is None else {"FiDimEntries": one["parts"]}
        lines.append(line("1", one["account"], one["amount"], below, **fields))
    total = round(sum(float(of["Fields"].get("AmDe") or 0) - float(of["Fields"].get("AmCr") or 0) for of in lines), 2)
    return memorial(*lines, line("1", "1901", -total))


def made(book: MemoryBook, body: Body) -> object:
    """What a body makes of the books, or why it makes nothing."""
    draft = Draft(book, circumstances())
    try:
        result = journal_entry.post(node_of("FiEntries", body), draft)
    except ProfitError as error:
        return error.key, error.reason, error.parameters
    rows = {entity: [_said(row) for row in rows] for entity, rows in draft.details.items()}
    return result, draft.changes, rows


def _said(row: Row) -> Row:
    """A row without what is empty, which need not be said."""
    return {column: cell for column, cell in row.items() if cell is not None}


@settings(max_examples=400)
@given(st.lists(LINES, min_size=1, max_size=4))
def test_lines_like_others_are_what_the_rules_make_of_them(drawn: list[dict[str, Any]]) -> None:
    body = body_of(drawn)
    assert made(ALIKE, body) == made(demo_book(), body)


@pytest.mark.parametrize("parts", PARTS)
@pytest.mark.parametrize("account", ["4030", "4510", "4320", "4710", "1500"])
@pytest.mark.parametrize("more", MORE, ids=str)
def test_a_line_like_the_last_one_is_what_the_rules_make_of_it(
    account: str, parts: list[Body] | None, more: Body
) -> None:
    drawn = [{"account": account, "amount": amount, "parts": parts, **more} for amount in (12.34, 100)]
    body = body_of(drawn)
    assert made(ALIKE, body) == made(demo_book(), body)
    assert made(ALIKE, body) == made(demo_book(), body)


def test_nearly_all_lines_are_made_of_others() -> None:
    book = Remembering()
    for number in range(3):
        fields = {"VaId": "5", "Ds": f"Regel {number}", "BpNr": str(number)}
        lines = [line("1", "4030", number + at, {"FiDimEntries": [{"DiC1": "WEST"}]}, **fields) for at in range(1, 4)]
        made(book, memorial(*lines, line("1", "1901", -sum(number + at for at in range(1, 4)))))
    [head] = next(kept for (_, about), kept in book.remembered.items() if about != ("last",)).values()
    assert len(head.findings.patterns) == 2


def test_what_is_kept_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither one large document nor many heads make it grow for ever."""
    monkeypatch.setattr(pattern, "MOST_FINDINGS", 5)
    monkeypatch.setattr(administration, "MOST_HEADS", 3)
    book = Remembering()
    for period in range(1, 6):
        lines = [line("1", "4030", 1, BpDa=f"2024-01-{day:02}") for day in range(1, 20)]
        made(book, memorial(line("1", "1901", -19), *lines, Peri=period))
    heads = next(kept for (entities, _), kept in book.remembered.items() if "journals" in str(entities))
    assert [len(head.findings.patterns) for head in heads.values()] == [5, 5]
