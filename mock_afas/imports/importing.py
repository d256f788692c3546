"""Decides what of an upload goes into an environment, and what is told about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from mock_afas import connectors
from mock_afas.connectors import Definitions, Feature, GetConnector
from mock_afas.errors import ControlError
from mock_afas.imports.foreign import ImportProblem
from mock_afas.imports.mapping import Mapped, mapped_to_itself
from mock_afas.imports.mapping import mapped as mapped_one
from mock_afas.imports.uploads import Upload

#: So many connectors of an environment can be imported ones.
MOST_IMPORTED = 2_000


class Report(NamedTuple):
    """What became of an upload, as the control API tells it."""

    imported: list[dict[str, Any]]
    errors: list[dict[str, str]]


class Batch(NamedTuple):
    """The connectors that go in, and the report."""

    connectors: tuple[GetConnector, ...]
    report: Report

    def added_to(self, definitions: Definitions) -> Definitions:
        """``definitions`` with the connectors. Raises ControlError when they are more than an environment holds."""
        enlarged = definitions.having(self.connectors)
        if len(enlarged.imported) > MOST_IMPORTED:
            raise ControlError(
                f"an environment holds at most {MOST_IMPORTED:,} imported connectors",
                hint="make another environment for the rest",
            )
        return enlarged


def mapped(upload: Upload, *, seed: int, without: frozenset[Feature], known: Definitions) -> Batch:
    """The definitions of ``upload`` over our data, without those that need a feature which is ``without``."""
    found = (mapped_one(foreign, seed=seed) for foreign in upload.definitions)
    return _batch(found, upload.problems, without, known)


def shipped(patterns: Sequence[str], *, without: frozenset[Feature], known: Definitions) -> Batch:
    """Our own definitions whose ids match ``patterns``. Raises ControlError for a pattern that matches none."""
    ours = connectors.get_connectors()
    chosen: dict[str, GetConnector] = {}
    for pattern in patterns:
        matching = {name: one for name, one in ours.items() if fnmatchcase(name, pattern.lower())}
        if not matching:
            hint = f"there are: {', '.join(connector.id for connector in ours.values())}"
            raise ControlError(f"'shipped': no GetConnector is called '{pattern}'", hint=hint)
        chosen.update(matching)
    return _batch((mapped_to_itself(connector) for connector in chosen.values()), (), without, known)


def _batch(
    found: Iterable[Mapped], problems: Iterable[ImportProblem], without: frozenset[Feature], known: Definitions
) -> Batch:
    taken: dict[str, GetConnector] = {}
    report = Report([], [{"connector": problem.connector, "message": problem.message} for problem in problems])
    for one in found:
        problem = _problem(one.connector, taken, without)
        if problem:
            report.errors.append({"connector": one.connector.id, "message": problem})
        else:
            taken[one.connector.id.lower()] = one.connector
            report.imported.append(one.report(replaces=known.find(one.connector.id) is not None))
    return Batch(tuple(taken.values()), report)


def _problem(connector: GetConnector, taken: Mapping[str, GetConnector], without: frozenset[Feature]) -> str:
    """Why a connector cannot go in; empty when it can."""
    if connector.feature in without:
        return (
            f"it reads tables of a feature that this environment lacks: {connector.feature}."
            " Ignore this, or give the environment the feature and import again"
        )
    if connector.id.lower() in taken:
        return "it occurs twice in what is imported; the first was taken"
    return ""
