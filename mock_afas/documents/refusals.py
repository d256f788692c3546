"""How a body is refused: with what stands in it, cut to what a logbook has room for."""

from __future__ import annotations

import reprlib
from typing import NoReturn

from mock_afas.errors import ProfitError, Reason
from mock_afas.messages import Parameter, catalogue

#: What the logbook shows of a value at most; a body can be nested deeper than ``repr`` goes.
_MOST_SHOWN = 200
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _MOST_SHOWN


def shown(value: object) -> str:
    """A value of the body as the logbook shows it, cut where it is long or nested deeply."""
    if isinstance(value, bytes):
        return value[:_MOST_SHOWN].decode()
    return (value if isinstance(value, str) else _SHORT.repr(value))[:_MOST_SHOWN]


def refuse(key: str, path: str, value: object, allowed: str, **parameters: Parameter) -> NoReturn:
    """Raises the ProfitError of the message ``key``, about ``value`` at ``path``."""
    raise ProfitError(key, Reason(catalogue()[key].rule, path, shown(value), allowed), **parameters)
