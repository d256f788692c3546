"""Adds faults to an environment; checks what only the environment can judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mock_afas.environment import Environment, checked_rows, entity_named
from mock_afas.errors import ControlError
from mock_afas.faults import Fault, numbered


def added(environment: Environment, body: object) -> Fault:
    """A new fault of ``environment`` from the body of a call. Raises ControlError 400; then there is none."""
    fault = environment.faults.add(body)
    try:
        for change in fault.options.get("changes", ()):
            _check_change(change)
    except ControlError as error:
        environment.faults.remove(fault.id)
        raise ControlError(f"'effect': {error.message}", hint=error.hint, status=400) from None
    return fault


def _check_change(change: Mapping[str, Any]) -> None:
    """Raises ControlError for rows that ``PUT …/data/{entity}`` would refuse when the fault fires."""
    entity = entity_named(change["entity"])
    for at, row in enumerate(checked_rows(entity, numbered(change["rows"], 1))):
        for name in entity.key:
            if row.get(name) is None:
                hint = f"a row is found by {', '.join(entity.key)}"
                raise ControlError(f"row {at} of '{entity.name}' has no '{name}'", hint=hint)
