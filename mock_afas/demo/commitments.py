"""Commitments of the demo company; what is still open follows from the books."""

from __future__ import annotations

from collections.abc import Mapping

from mock_afas.demo.batch import Batch
from mock_afas.demo.books import CENT
from mock_afas.demo.moments import Moments
from mock_afas.demo.tables import millionths
from mock_afas.fixtures import read_json


def commitments(moments: Moments, used: Mapping[tuple[int, int], int]) -> Batch:
    """Those made up to yesterday; ``used`` are the cents booked on (administration, commitment)."""
    document = read_json("demo/commitments.json")
    columns: list[str] = document["columns"]
    place = {name: columns.index(name) for name in ("year", "period", "amount", "settled")}
    rows = []
    for key, row in enumerate(document["rows"]):
        day = f"{row[place['year']]}-{row[place['period']]:02d}-{1 + key % 28:02d}"
        if day > moments.last_day:
            continue
        amount, settled = millionths(row[place["amount"]]) or 0, bool(row[place["settled"]])
        row[place["amount"]], row[place["settled"]] = amount, int(settled)
        left = 0 if settled else amount - used.get((row[0], row[1]), 0) * CENT
        created = moments.at(day, key)
        rows.append((*row, left, created, max(created, moments.created_and_modified(key)[1])))
    return Batch("commitments", (*columns, "open_amount", "created", "modified"), rows)
