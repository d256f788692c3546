"""Profit's scalars."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_afas import values

WRONG = ["", " ", "x", "1e5", "1,5", "--1", "١٢", "1 2", "0x1f", "NaN", "Infinity", "9" * 41, "1.2.3", "½"]


@pytest.mark.parametrize("text", WRONG)
def test_no_decimal(text: str) -> None:
    with pytest.raises(values.NotAValue):
        values.parse_decimal(text)


@pytest.mark.parametrize("text", [*WRONG, "1.0", "."])
def test_no_integer(text: str) -> None:
    with pytest.raises(values.NotAValue):
        values.parse_integer(text)


@pytest.mark.parametrize(
    "text",
    ["", "2017", "2017-13-01", "2017-02-30", "2017-07-01Z", "2017-07-01T00:00:00Z", "01-07-2017", "2017-07-01T25:00"],
)
def test_no_moment(text: str) -> None:
    with pytest.raises(values.NotAValue):
        values.parse_moment(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2017-07-01", dt.datetime(2017, 7, 1)),
        ("2017-7-1", dt.datetime(2017, 7, 1)),
        ("2017-07-01T00:00:02", dt.datetime(2017, 7, 1, 0, 0, 2)),
        ("2017-07-01 10:30", dt.datetime(2017, 7, 1, 10, 30)),
        ("2017-07-01T00:00:02.25", dt.datetime(2017, 7, 1, 0, 0, 2, 250_000)),
    ],
)
def test_moments(text: str, moment: dt.datetime) -> None:
    assert values.parse_moment(text) == moment


@pytest.mark.parametrize(("text", "truth"), [("true", 1), ("FALSE", 0), ("1", 1), ("0", 0), (" True ", 1)])
def test_booleans(text: str, truth: int) -> None:
    assert values.parse_boolean(text) == truth


@pytest.mark.parametrize("text", ["yes", "ja", "2", "", "-1"])
def test_no_boolean(text: str) -> None:
    with pytest.raises(values.NotAValue):
        values.parse_boolean(text)


@pytest.mark.parametrize(
    ("number", "decimals", "padded", "leading_zero", "written"),
    [
        ("330.58", 2, True, True, "330.58"),
        ("330.5", 2, True, True, "330.50"),
        ("330.5", 2, False, True, "330.5"),
        ("330", 2, False, True, "330"),
        ("-0.5", 2, True, True, "-0.50"),
        ("-0.5", 2, False, True, "-0.5"),
        ("-0.5", 2, False, False, "-.5"),
        ("0", 2, True, False, ".00"),
        ("0", 2, False, False, "0"),
        ("-0.004", 2, True, True, "0.00"),
        ("7.5", 6, True, True, "7.500000"),
        ("2.5", 0, True, True, "3"),
    ],
)
def test_written_decimals(number: str, decimals: int, padded: bool, leading_zero: bool, written: str) -> None:
    stored = values.stored_decimal(Decimal(number))
    assert values.format_decimal(stored, decimals, padded=padded, leading_zero=leading_zero) == written


@given(st.decimals(-(10**11), 10**11, places=6), st.integers(0, 6))
def test_writing_rounds_half_up(number: Decimal, decimals: int) -> None:
    written = values.format_decimal(values.stored_decimal(number), decimals)
    sign = -1 if number < 0 else 1
    expected = abs(number).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) * sign
    assert Decimal(written) == expected


@pytest.mark.parametrize("number", [Decimal(10**12), Decimal(-(10**12)), Decimal("NaN"), Decimal("Infinity")])
def test_a_decimal_that_is_too_large(number: Decimal) -> None:
    with pytest.raises(values.NotAValue):
        values.stored_decimal(number)


@pytest.mark.parametrize(
    ("utc", "wall"),
    [
        ("2026-03-29T00:59:59", "2026-03-29T01:59:59"),
        ("2026-03-29T01:00:00", "2026-03-29T03:00:00"),
        ("2026-10-25T00:30:00", "2026-10-25T02:30:00"),
        ("2026-10-25T01:30:00", "2026-10-25T02:30:00"),
    ],
)
def test_wall_clock_over_both_changes_of_summer_time(utc: str, wall: str) -> None:
    moment = dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC)
    assert values.amsterdam(moment).isoformat() == wall
