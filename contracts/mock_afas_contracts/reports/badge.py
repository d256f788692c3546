"""A badge as JSON, in the form that shields.io reads from an address ("endpoint badge")."""

from __future__ import annotations

import json

from mock_afas_contracts.events import Verdict
from mock_afas_contracts.reports.tally import Tally


def document(tally: Tally) -> str:
    """The whole file, such as ``{"schemaVersion": 1, "label": "AFAS contracts", "message": "8/9", "color": "red"}``."""
    counts = tally.counts()
    tested = [one for one in tally.results if one.verdict != Verdict.NOT_TESTED]
    message = f"{counts.get(Verdict.PASSED, 0)}/{len(tested)}" if tested else "not tested"
    if tally.finished is not None and tally.finished.interrupted:
        message += ", interrupted"
    return json.dumps({"schemaVersion": 1, "label": "AFAS contracts", "message": message, "color": _colour(tally)})


def _colour(tally: Tally) -> str:
    results = tally.results
    if any(one.bad and one.contract.severity == "must" for one in results):
        return "red"
    if any(one.bad for one in results) or not tally.good:
        return "orange"
    if any(one.verdict == Verdict.DEPENDS or one.known_failing for one in results):
        return "yellow"
    return "brightgreen"
