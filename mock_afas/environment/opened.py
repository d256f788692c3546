"""The connectors that an app connector opens to its clients."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from mock_afas import connectors
from mock_afas.access import AppConnector
from mock_afas.connectors import Definitions, GetConnector, UpdateConnector
from mock_afas.errors import ControlError, ProfitError, Reason, Refusal
from mock_afas.profiles import Profile

#: So many GetConnectors that were asked for are kept. Callers can spell an id in many ways.
_MOST_KEPT = 1_024


class OpenedConnectors:
    """GetConnectors that app connectors open, under one configuration and one set of definitions."""

    def __init__(self, definitions: Definitions, profile: Profile) -> None:
        self._definitions = definitions
        self._profile = profile
        self._kept: dict[str, tuple[AppConnector, GetConnector]] = {}

    def of(self, app: AppConnector) -> list[GetConnector]:
        """The GetConnectors that ``app`` opens and the environment's features allow, in the order of the app."""
        listed = (self._definitions.find(name) for name in app.get_connectors)
        return [connector for connector in listed if connector and self._has(connector)]

    def _has(self, connector: GetConnector) -> bool:
        return connector.feature is None or connector.feature not in self._profile.without

    def find(self, connector_id: str, app: AppConnector) -> GetConnector:
        """The GetConnector that ``app`` may read. Raises ProfitError, or Refusal 401 where AMB-07 says so."""
        kept = self._kept.get(connector_id)
        if kept is not None and kept[0] is app:
            return kept[1]
        connector = self._checked(connector_id, app)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[connector_id] = (app, connector)
        return connector

    def _checked(self, connector_id: str, app: AppConnector) -> GetConnector:
        connector, problem = self._sought(connector_id, app)
        if connector is None:
            reason = Reason("GetConnector of the app connector", "path", connector_id, problem)
            if self._profile.dialect.unknown_connector == "unauthorized":
                raise Refusal(401, reason)
            raise ProfitError("get_connector_unsupported", reason)
        if connector.blocked or connector.id.lower() in self._profile.blocked_connectors:
            reason = Reason("GetConnector is not blocked", "path", connector_id, "a definition that is not blocked")
            raise ProfitError("get_connector_blocked", reason)
        return connector

    def _sought(self, connector_id: str, app: AppConnector) -> tuple[GetConnector | None, str]:
        """The connector, or None and what stands in its way."""
        wanted = connector_id.lower()
        connector = self._definitions.find(wanted)
        exact = self._profile.dialect.identifiers == "case_sensitive"
        if connector is None or (exact and connector.id != connector_id):
            return None, "the id of an imported GetConnector"
        if not any(name.lower() == wanted for name in app.get_connectors):
            return None, f"a GetConnector listed in app connector '{app.description}'"
        if not self._has(connector):
            return None, f"the environment lacks the feature '{connector.feature}'"
        return connector, ""


def update_connectors(app: AppConnector) -> list[UpdateConnector]:
    """The UpdateConnectors that ``app`` opens, in its order."""
    known = connectors.update_connector_ids()
    return [connectors.update_connector(known[name.lower()]) for name in app.update_connectors if name.lower() in known]


def update_connector(connector_id: str, app: AppConnector) -> UpdateConnector | None:
    """The UpdateConnector called ``connector_id`` if ``app`` opens it."""
    exact = connectors.update_connector_ids().get(connector_id.lower())
    if exact is None or exact.lower() not in _lowered(app.update_connectors):
        return None
    return connectors.update_connector(exact)


@lru_cache(maxsize=256)
def _lowered(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


def check_get_connectors(key: str, names: Iterable[str], definitions: Definitions) -> None:
    """Raises ControlError when one of ``names``, given under ``key``, is no GetConnector of ``definitions``."""
    for name in names:
        if definitions.find(name) is None:
            listed = ", ".join(connector.id for connector in definitions.known.values()) or "none yet"
            hint = f"import it first (POST .../import, or mock-afas import); there are: {listed}"
            raise ControlError(f"'{key}': there is no GetConnector '{name}'", hint=hint)
