"""One environment and its use cases: read connectors, describe them, show and put data, book, fork, reset."""

from mock_afas.environment.environment import Environment, Keeper
from mock_afas.environment.master_data import checked_rows, entity_named
from mock_afas.environment.opened import check_get_connectors
from mock_afas.environment.reading import Rows
from mock_afas.environment.visits import Visit
from mock_afas.environment.writing import WriteCall

__all__ = [
    "Environment",
    "Keeper",
    "Rows",
    "Visit",
    "WriteCall",
    "check_get_connectors",
    "checked_rows",
    "entity_named",
]
