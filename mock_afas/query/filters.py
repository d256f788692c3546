"""The filters of a request, in either form, as one clause. wire.md section 3; settings AMB-02, AMB-04 and AMB-06."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from mock_afas.connectors import GetConnector
from mock_afas.errors import ProfitError, Reason, unexpected
from mock_afas.profiles import Dialect
from mock_afas.query.clauses import Clause
from mock_afas.query.operators import OPERATORS, Condition, compiled

_SEPARATORS = re.compile("([,;])")


class _RawFilter(NamedTuple):
    """A filter as it stands in the request."""

    field_id: str
    text: str
    operator: str


def column_of(connector: GetConnector, field_id: str, dialect: Dialect, where: str) -> int:
    """The position of the field that the parameter ``where`` names. Raises ProfitError for one there is not."""
    at = connector.find(field_id, case_sensitive=dialect.identifiers == "case_sensitive")
    if at is None:
        known = ", ".join(field.id for field in connector.fields)
        reason = Reason("field of the connector", where, field_id, known)
        raise ProfitError("connector_field_unknown", reason, field=field_id)
    return at


def _clause(connector: GetConnector, raw: _RawFilter, dialect: Dialect) -> Clause | None:
    """The compiled filter, or None for an unknown operator that the dialect ignores."""
    at = column_of(connector, raw.field_id, dialect, "filterfieldids")
    operator = int(raw.operator) if raw.operator.isascii() and raw.operator.isdecimal() and len(raw.operator) < 4 else 0
    if operator not in OPERATORS:
        if dialect.bad_filter == "ignored":
            return None
        raise unexpected(Reason("filter operator", "operatortypes", raw.operator, "a number from 1 to 15"))
    return compiled(Condition(at, connector.fields[at], operator, raw.text, dialect))


def _joined(clauses: list[Clause], word: str) -> Clause:
    if len(clauses) == 1:
        return clauses[0]
    return Clause(
        "(" + f" {word} ".join(f"({clause.sql})" for clause in clauses) + ")",
        tuple(parameter for clause in clauses for parameter in clause.parameters),
        tuple(column for clause in clauses for column in clause.columns),
        tuple(column for clause in clauses for column in clause.equal) if word == "AND" else (),
    )


def _nested(groups: list[list[Clause]], inner: str, outer: str) -> Clause | None:
    return _joined([_joined(group, inner) for group in groups], outer) if groups else None


def _three_lists(connector: GetConnector, parameters: Mapping[str, str], dialect: Dialect) -> Clause | None:
    """``filterfieldids``, ``filtervalues`` and ``operatortypes``; the separators are those of the first."""
    ids = _SEPARATORS.split(parameters.get("filterfieldids", ""))
    names, separators = ids[::2], ids[1::2]
    texts = re.split("[,;]", parameters.get("filtervalues", ""))
    operators = re.split("[,;]", parameters.get("operatortypes", ""))
    if len(names) != len(texts) or len(names) != len(operators):
        if dialect.bad_filter == "error":
            sizes = f"{len(names)} fields, {len(texts)} values, {len(operators)} operators"
            allowed = "three lists of one length; a value that holds ',' or ';' goes into filterjson"
            raise unexpected(Reason("length of the filter lists", "filterfieldids", sizes, allowed))
        shortest = min(len(names), len(texts), len(operators))
        names, separators = names[:shortest], separators[: shortest - 1]
    inner, outer, breaks = ("AND", "OR", ";") if dialect.filter_precedence == "and_first" else ("OR", "AND", ",")
    groups: list[list[Clause]] = [[]]
    for at, name in enumerate(names):
        if at and separators[at - 1] == breaks:
            groups.append([])
        clause = _clause(connector, _RawFilter(name.strip(), texts[at], operators[at].strip()), dialect)
        if clause is not None:
            groups[-1].append(clause)
    return _nested([group for group in groups if group], inner, outer)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _member(value: Any, name: str) -> Any:
    if not isinstance(value, dict) or name not in value:
        reason = Reason("structure of filterjson", "filterjson", str(value)[:100], f"an object with '{name}'")
        raise unexpected(reason)
    return value[name]


def _filter_json(connector: GetConnector, text: str, dialect: Dialect) -> Clause | None:
    """``filterjson``: fields within a filter AND, filters OR."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise unexpected(Reason("filterjson is JSON", "filterjson", text[:100], str(error))) from None
    groups: list[list[Clause]] = []
    for entry in _as_list(_member(_member(document, "Filters"), "Filter")):
        clauses = []
        for raw in _as_list(_member(entry, "Field")):
            shown = raw.get("#text") if isinstance(raw, dict) else None
            parts = (_member(raw, "@FieldId"), "" if shown is None else shown, _member(raw, "@OperatorType"))
            written = (part if isinstance(part, str) else orjson.dumps(part).decode() for part in parts)
            clause = _clause(connector, _RawFilter(*written), dialect)
            if clause is not None:
                clauses.append(clause)
        if clauses:
            groups.append(clauses)
    return _nested(groups, "AND", "OR")


def filtered(connector: GetConnector, parameters: Mapping[str, str], dialect: Dialect) -> Clause | None:
    """The clause of all filters in ``parameters``, None when there is none. Raises ProfitError."""
    if parameters.get("filterjson"):
        return _filter_json(connector, parameters["filterjson"], dialect)
    if any(parameters.get(name) for name in ("filterfieldids", "filtervalues", "operatortypes")):
        return _three_lists(connector, parameters, dialect)
    return None
