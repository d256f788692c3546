"""Bodies of the kinds that AFAS documents are accepted as they stand, in either shape, and leave books that balance."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.documented_bodies import Call, as_lists, calls
from tests.support import Afas

CALLS = list(calls())


def sent(afas: Afas, call: Call, body: Any) -> None:
    answer = afas.http.request(
        call.method,
        f"{afas.base_url}/connectors/{call.path}",
        content=json.dumps(body),
        headers={"Authorization": afas.authorization, "Content-Type": "application/json"},
    )
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.about)
@pytest.mark.parametrize("shape", ["as it stands", "all arrays and text"])
def test_a_documented_body_is_accepted(afas: Afas, call: Call, shape: str) -> None:
    sent(afas, call, call.body if shape == "as it stands" else as_lists(call.body))


def test_all_of_them_after_each_other(afas: Afas) -> None:
    """But for those that take the same number or invoice: what is left balances, and no invoice is below zero."""
    refused = []
    for call in CALLS:
        try:
            sent(afas, call, call.body)
        except AssertionError as error:
            refused.append((call.about, str(error)))
    assert {about.split(":")[0] for about, _ in refused} <= {"purchase", "sale", "creditor", "debtor"}
    assert all("INK9" in text or "VK9" in text or "primaire sleutel" in text or "AfasKn" in text or "meer dan" in text
               for _, text in refused), refused  # fmt: skip
    books = afas.control("GET", "/books").json()
    for entry in books["entries"]:
        assert sum(float(line["debit"]) for line in entry["lines"]) == pytest.approx(
            sum(float(line["credit"]) for line in entry["lines"])
        )
