"""JUnit XML, as CI servers read it: a suite for each family, a test case for each contract."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET

from mock_afas_contracts.events import Verdict
from mock_afas_contracts.reports.tally import Result, Tally
from mock_afas_contracts.reports.text import fit

_BLAMELESS = frozenset((Verdict.ERROR, Verdict.CANNOT_RUN))


def document(tally: Tally) -> str:
    """The whole file."""
    seconds = tally.finished.seconds if tally.finished else 0.0
    counts = {"name": "mock-afas contract run", **_counts(tally.results), "time": f"{seconds:.3f}"}
    root = ET.Element("testsuites", counts)
    for family, results in itertools.groupby(tally.by_id(), lambda result: result.contract.family):
        of_family = list(results)
        suite = ET.SubElement(root, "testsuite", {"name": family, **_counts(of_family), "time": _time(of_family)})
        if tally.started is not None:
            properties = ET.SubElement(suite, "properties")
            for name in ("driver", "profile", "seed"):
                ET.SubElement(properties, "property", name=name, value=fit(getattr(tally.started, name)))
        for result in of_family:
            suite.append(_case(result))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _counts(results: list[Result]) -> dict[str, str]:
    failures = sum(result.bad and result.verdict not in _BLAMELESS for result in results)
    errors = sum(result.bad and result.verdict in _BLAMELESS for result in results)
    skipped = sum(_is_skipped(result) for result in results)
    return {"tests": f"{len(results)}", "failures": f"{failures}", "errors": f"{errors}", "skipped": f"{skipped}"}


def _is_skipped(result: Result) -> bool:
    """Not tested, or known to fail, or right under all readings but one: nothing to stop a build for."""
    return not result.bad and result.verdict != Verdict.PASSED


def _time(results: list[Result]) -> str:
    return f"{sum(result.seconds for result in results):.3f}"


def _case(result: Result) -> ET.Element:
    contract = result.contract
    case = ET.Element("testcase", classname=contract.family, name=contract.id, time=f"{result.seconds:.3f}")
    message = fit(f"{contract.sentence} {result.verdict.value}: {result.reason}")
    if result.bad:
        kind = "error" if result.verdict in _BLAMELESS else "failure"
        ET.SubElement(case, kind, message=message, type=result.verdict.value).text = fit(_story(result))
    elif _is_skipped(result):
        ET.SubElement(case, "skipped", message=message)
    if result.case is not None and result.case.stderr:
        ET.SubElement(case, "system-err").text = fit(result.case.stderr)
    return case


def _story(result: Result) -> str:
    parts = [result.contract.sentence, f"Evidence: {result.contract.evidence}"]
    if result.case is not None:
        parts.append(result.case.text())
    return "\n".join([*parts, result.trace] if result.trace else parts)
