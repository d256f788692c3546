"""Findings for people and for other programs: text, JSON, SARIF 2.1.0 and JUnit XML.

All are made of one report, the JSON document that ``report`` gives and ``GET /findings`` answers.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson

import mock_afas
from mock_afas.traffic.findings import Finding
from mock_afas.traffic.rules import RULES

Report = Mapping[str, Any]
#: So many calls of a finding are shown to people.
_SHOWN = 5
_WIDTH = 100


def report(
    findings: Iterable[Finding],
    *,
    source: str,
    judged: int,
    passed_over: int = 0,
    remarks: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Findings as JSON. ``judged`` exchanges of ``source`` (an environment or a file) were looked at; ``passed_over``
    were not, since they were dropped or are no calls of Profit.
    """
    return {
        "findings": [finding.as_dict() for finding in findings],
        "remarks": list(remarks),
        "source": source,
        "judged": judged,
        "passed_over": passed_over,
    }


def _plural(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


# ---------------------------------------------------------------- text

_COLOURS = {"error": "31;1", "warning": "33;1", "note": "36;1", "dim": "2", "good": "32;1"}


def text(document: Report, *, colour: bool = False) -> str:
    """For people: by rule, with the calls that show each finding."""

    def paint(kind: str, written: str) -> str:
        return f"\x1b[{_COLOURS[kind]}m{written}\x1b[0m" if colour else written

    return "\n".join(_lines(document, paint)) + "\n"


Paint = Callable[[str, str], str]


def _lines(document: Report, paint: Paint) -> Iterator[str]:
    findings = document["findings"]
    head = f"{_plural(len(findings), 'finding')} in {_plural(document['judged'], 'exchange')} of {document['source']}"
    if document["passed_over"]:
        head += f"; {_plural(document['passed_over'], 'other')} not judged"
    yield paint("good", head) if not findings else head
    for rule in RULES:
        found = [finding for finding in findings if finding["rule"] == rule.id]
        if found:
            yield ""
            yield f"{paint(rule.severity, rule.severity)} {rule.id}: {rule.title}"
            for finding in found:
                yield from _of_finding(finding, paint)
            yield from _wrapped("AFAS: ", f"{rule.evidence} ({rule.sure})")
            yield from _wrapped("Do:   ", rule.advice)
    for remark in document["remarks"]:
        yield ""
        yield f"{paint('note', 'remark')} {remark['id']}: {remark['message']}"
        details = {name: value for name, value in remark.items() if name not in ("id", "severity", "message")}
        yield "  " + ", ".join(f"{name} {value}" for name, value in details.items())


def _of_finding(finding: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    yield from _wrapped("", finding["message"])
    shown = list(zip(finding["exchanges"], finding["calls"], strict=True))[:_SHOWN]
    for number, call in shown:
        yield paint("dim", f"  {number:>7}  {call}")
    if finding["count"] > len(shown):
        yield paint("dim", f"           and {finding['count'] - len(shown):,} more")


def _wrapped(label: str, written: str) -> list[str]:
    indent = " " * (2 + len(label))
    return textwrap.wrap(written, _WIDTH, initial_indent=f"  {label}", subsequent_indent=indent) or ["  " + label]


# ---------------------------------------------------------------- SARIF

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_REMARK_RULES = {
    "vat-amount": "A VAT amount that does not fit its rate",
    "vat-code-missing": "A VAT account booked without VAT code",
    "relation-of-other-side": "A debtor in a purchase journal, or a creditor in a sales journal",
}


def sarif(document: Report) -> str:
    """SARIF 2.1.0, for code scanning. Exchanges are logical locations in the recording."""
    ids = [rule.id for rule in RULES] + list(dict.fromkeys(remark["id"] for remark in document["remarks"]))
    index = {name: at for at, name in enumerate(ids)}
    driver = {
        "name": "mock_afas",
        "version": mock_afas.__version__,
        "rules": [*map(_sarif_rule, RULES), *map(_remark_rule, ids[len(RULES) :])],
    }
    uri = quote(str(document["source"]))
    results = [_sarif_result(finding, index, uri) for finding in document["findings"]]
    results += [_sarif_remark(remark, index, uri) for remark in document["remarks"]]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return _json({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _sarif_rule(rule: Any) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.evidence} ({rule.sure})"},
        "help": {"text": rule.advice},
        "defaultConfiguration": {"level": rule.severity},
    }


def _remark_rule(name: str) -> dict[str, Any]:
    return {"id": name, "shortDescription": {"text": _REMARK_RULES.get(name, name)}}


def _sarif_result(finding: Mapping[str, Any], index: Mapping[str, int], uri: str) -> dict[str, Any]:
    shown = zip(finding["exchanges"], finding["calls"], strict=True)
    logical = [{"name": f"exchange {number}", "fullyQualifiedName": call, "kind": "exchange"} for number, call in shown]
    return {
        "ruleId": finding["rule"],
        "ruleIndex": index[finding["rule"]],
        "level": finding["severity"],
        "message": {"text": f"{finding['message']}. {finding['advice']}"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}}, "logicalLocations": logical}],
        "occurrenceCount": max(finding["count"], 1),
    }


def _sarif_remark(remark: Mapping[str, Any], index: Mapping[str, int], uri: str) -> dict[str, Any]:
    return {
        "ruleId": remark["id"],
        "ruleIndex": index[remark["id"]],
        "level": "note",
        "message": {"text": str(remark["message"])},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}}}],
        "properties": {name: value for name, value in remark.items() if name not in ("id", "message")},
    }


# ---------------------------------------------------------------- JUnit

#: What XML 1.0 has no way to write.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _xml(written: object) -> str:
    return escape(_UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", str(written)))


def junit(document: Report) -> str:
    """JUnit XML: a test case for each rule, which fails once for each finding."""
    findings = document["findings"]
    failed = {finding["rule"] for finding in findings}
    counts = f'tests="{len(RULES)}" failures="{len(failed)}" errors="0" skipped="0"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="mock_afas" {counts}>']
    lines.append(f'<testsuite name="traffic of {_xml(document["source"])}" {counts}>')
    for rule in RULES:
        lines.append(f'<testcase classname="mock_afas.traffic" name="{_xml(rule.id)}">')
        found = [finding for finding in findings if finding["rule"] == rule.id]
        if found:
            lines.append(f'<failure type="{rule.severity}" message="{_xml(found[0]["message"])}">')
            lines.extend(_xml(line) for finding in found for line in _of_finding(finding, lambda _, line: line))
            lines.extend(map(_xml, (*_wrapped("AFAS: ", rule.evidence), *_wrapped("Do:   ", rule.advice))))
            lines.append("</failure>")
        lines.append("</testcase>")
    return "\n".join([*lines, "</testsuite>", "</testsuites>"]) + "\n"


def _json(document: object) -> str:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


class Format(NamedTuple):
    """A form of report: its media type, and what makes it."""

    media_type: str
    render: Callable[[Report], str]


FORMATS: Mapping[str, Format] = {
    "json": Format("application/json", _json),
    "text": Format("text/plain; charset=utf-8", text),
    "sarif": Format("application/sarif+json", sarif),
    "junit": Format("application/xml", junit),
}
