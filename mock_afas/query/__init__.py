"""Turns the query string of a GetConnector into SQL text and parameters; it never runs them.

SQL text is made of column names (``c0``, ``c1`` … by the position of the field in the definition), operators and
placeholders only. Whatever came in the request is a parameter. wire.md section 3; settings AMB-01 to AMB-04, AMB-06.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from mock_afas import values
from mock_afas.connectors import GetConnector
from mock_afas.errors import Reason, unexpected
from mock_afas.profiles import Dialect
from mock_afas.query.clauses import ALL, Query, Walk
from mock_afas.query.filters import column_of, filtered
from mock_afas.query.operators import fold

__all__ = ["ALL", "DEFAULT_TAKE", "Query", "Walk", "compile_query", "fold", "parsed"]

DEFAULT_TAKE = 100


def _order(connector: GetConnector, parameters: Mapping[str, str], dialect: Dialect) -> tuple[tuple[int, bool], ...]:
    order: dict[int, bool] = {}
    for item in parameters.get("orderbyfieldids", "").split(","):
        name = item.strip()
        if name:
            descending = name.startswith("-")
            order.setdefault(column_of(connector, name.removeprefix("-"), dialect, "orderbyfieldids"), descending)
    return tuple(order.items())


# ---------------------------------------------------------------- skip and take


def _whole(text: str) -> int | None:
    """A number of 32 bits, as Profit reads skip and take, else None."""
    try:
        number = values.parse_integer(text)
    except values.NotAValue:
        return None
    return number if number in values.INT32 else None


def _paging(parameters: Mapping[str, str], dialect: Dialect) -> tuple[int, int, tuple[int, int]]:
    """(skip, take, what the answer repeats). wire.md section 3 and AMB-01."""
    skip = _whole(parameters["skip"]) if "skip" in parameters else 0
    take = _whole(parameters["take"]) if "take" in parameters else DEFAULT_TAKE
    bad_take = unexpected(
        Reason("take", "take", parameters.get("take", ""), "a number from 0, or -1 together with skip=-1")
    )
    if take is None or take < ALL:
        raise bad_take
    if skip == ALL:
        return 0, ALL, (ALL, take)
    if take == ALL:
        raise bad_take
    if skip is None or skip < ALL:
        if dialect.paging == "strict":
            raise unexpected(Reason("skip", "skip", parameters.get("skip", ""), "a number from 0, or -1 for all rows"))
        skip = 0
    if take == 0:
        if dialect.paging == "strict":
            raise bad_take
        return skip, 1 if dialect.paging == "lenient" else 0, (skip, take)
    return skip, take, (skip, take)


def parsed(query_string: bytes) -> dict[str, str]:
    """The parameters of a query string by their names in lower case; of a repeated one the first counts."""
    pairs = parse_qsl(query_string.decode("utf-8", "replace"), keep_blank_values=True, errors="replace")
    return {name.lower(): value for name, value in reversed(pairs)}


def compile_query(connector: GetConnector, parameters: Mapping[str, str], dialect: Dialect) -> Query:
    """The query that ``parameters`` (names in lower case) ask of ``connector``. Raises ProfitError."""
    skip, take, echo = _paging(parameters, dialect)
    clause = filtered(connector, parameters, dialect)
    order = _order(connector, parameters, dialect)
    return Query(
        where=clause.sql if clause else "",
        parameters=clause.parameters if clause else (),
        order=order,
        equal_columns=tuple(dict.fromkeys(clause.equal)) if clause else (),
        other_columns=tuple(dict.fromkeys(clause.columns)) if clause else (),
        skip=skip,
        take=take,
        echo=echo,
    )
