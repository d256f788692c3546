"""Environments as tests use them: what the fixtures ``afas_server`` and ``afas`` of the pytest plugin give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from mock_afas.errors import ControlError
from mock_afas.remote import Control

#: The keys of a configuration that can be changed in a fork; others make a new environment.
CHANGEABLE = frozenset(
    (
        "autonumber",
        "blocked_connectors",
        "blocked_periods",
        "clock_running",
        "dialect",
        "language",
        "maintenance",
        "profit_version",
        "without",
    )
)
#: Keys that only ``PATCH`` takes.
_ONLY_CHANGED = ("blocked_periods",)

Rows = Sequence[Mapping[str, Any]]


def _fault(kind: str | None, match: Mapping[str, Any] | None, phase: str | None, effect: Mapping[str, Any]) -> Any:
    return {
        "match": {name: value for name, value in (match or {}).items() if value is not None},
        **({"phase": phase} if phase else {}),
        "effect": {**({"kind": kind} if kind else {}), **effect},
    }


class Afas:
    """One environment: what a client needs to call it, and what a test may do to it and ask of it.

    Every method raises ControlError, which says what to do, when the server refuses.
    """

    def __init__(self, server: AfasServer, described: Mapping[str, Any]) -> None:
        self._server = server
        #: Where a client points: ends in ``/ProfitRestServices``.
        self.base_url: str = described["base_url"]
        #: Five digits.
        self.participant: str = described["participant"]
        #: Such as ``O12346AA``.
        self.environment: str = described["environment"]
        #: The token as AFAS shows it, in XML; empty in a bare environment.
        self.token: str = described["token"] or ""
        #: The whole value of the ``Authorization`` header; empty in a bare environment.
        self.authorization: str = described["authorization"] or ""
        #: Where the control API is: ends in ``/_mock``.
        self.control_url: str = server.control.url
        self._control = server.control.speaking_of(self.environment)
        self._forks: list[Afas] = []

    def __repr__(self) -> str:
        return f"<Afas {self.environment} at {self.base_url}>"

    def control(self, method: str, path: str = "", document: object = None) -> Any:
        """Any call of the control API about this environment; ``path`` stands below ``/environments/{env}``."""
        return self._control.about(method, path, document)

    # ------------------------------------------------------------ what there is

    def books(self) -> dict[str, Any]:
        """The end state: entries with their lines, invoices, suppliers, customers, subjects, commitments."""
        books: dict[str, Any] = self.control("GET", "/books")
        return books

    def data(self, entity: str) -> list[dict[str, Any]]:
        """All rows of an entity, such as ``suppliers``."""
        return list(self.control("GET", f"/data/{quote(entity, safe='')}")["rows"])

    def traffic(self) -> list[dict[str, Any]]:
        """The calls with this environment's tokens and the answers to them, the oldest first."""
        return list(self.control("GET", "/traffic")["exchanges"])

    def findings(self) -> list[dict[str, Any]]:
        """What the traffic rules have against these calls; empty when all is well."""
        return list(self.control("GET", "/findings")["findings"])

    def remarks(self) -> list[dict[str, Any]]:
        """What Profit takes and what is odd all the same, such as a VAT amount that does not fit its rate."""
        return list(self.control("GET", "/findings")["remarks"])

    def logbook(self) -> list[dict[str, Any]]:
        """The errors that calls got, the newest first, each with the reason that Profit keeps to itself."""
        return list(self.control("GET", "/logbook")["entries"])

    def logged(self, reference: str) -> dict[str, Any]:
        """The entry of the logbook for the ``profitLogReference`` of an error."""
        entry: dict[str, Any] = self.control("GET", f"/logbook/{quote(reference, safe='')}")
        return entry

    # ------------------------------------------------------------ what may be changed

    def put_data(self, entity: str, rows: Rows | Mapping[str, Any], *more: Mapping[str, Any]) -> None:
        """Adds rows of an entity, or changes those that have the same key."""
        listed = [rows, *more] if isinstance(rows, Mapping) else [*rows, *more]
        self.control("PUT", f"/data/{quote(entity, safe='')}", listed)

    def configure(self, **settings: Any) -> None:
        """Changes the configuration, such as ``profit_version=6`` or ``dialect={"order": "stable"}``."""
        self.control("PATCH", "", settings)

    def without(self, *features: str | Iterable[str]) -> None:
        """Takes features away: ``currencies``, ``projects``, ``allocation``, ``commitments``."""
        names = {name for given in features for name in ([given] if isinstance(given, str) else given)}
        lacking = set(self.control("GET")["without"])
        self.configure(without=sorted(lacking | names))

    def fault(
        self,
        kind: str | None = None,
        *,
        method: str | None = None,
        connector: str | None = None,
        nth: int | None = None,
        times: int | None = None,
        phase: str | None = None,
        match: Mapping[str, Any] | None = None,
        effect: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """Adds a fault, such as ``fault("delay", milliseconds=200, method="POST")``; gives it as it is listed.

        ``options`` are those of its kind. ``match`` and ``effect`` may be given whole, as the control API takes them.
        """
        matching = {"method": method, "connector": connector, "nth": nth, "times": times, **(match or {})}
        body = _fault(kind, matching, phase, {**(effect or {}), **options})
        added: dict[str, Any] = self.control("POST", "/faults", body)
        return added

    def faults(self) -> list[dict[str, Any]]:
        """The faults, with how many calls each fitted (``matched``) and on how many it came about (``fired``)."""
        return list(self.control("GET", "/faults")["faults"])

    def clear_faults(self) -> None:
        """Removes all faults."""
        self.control("DELETE", "/faults")

    def clear_traffic(self) -> None:
        """Forgets the calls so far."""
        self.control("DELETE", "/traffic")

    def reset(self) -> None:
        """Puts the books back to what they were at the beginning of the test."""
        self.control("POST", "/reset")

    def snapshot(self, name: str | None = None) -> str:
        """Remembers the books as they are; gives the name to ``restore`` them by."""
        return str(self.control("POST", "/snapshots", {} if name is None else {"name": name})["name"])

    def restore(self, name: str) -> None:
        """Puts the books back to a snapshot."""
        self.control("POST", f"/snapshots/{quote(name, safe='')}/restore")

    def fork(self) -> Afas:
        """A private copy, with the books as they are now. It goes when this environment goes."""
        self._forks.append(Afas(self._server, self.control("POST", "/forks", {})))
        return self._forks[-1]

    def delete(self) -> None:
        """Deletes the environment and its forks, if that has not been done yet."""
        while self._forks:
            self._forks.pop().delete()
        try:
            self.control("DELETE")
        except ControlError as error:
            if error.status != 404:
                raise


class AfasServer:
    """A running server, by its control API."""

    def __init__(self, control: Control) -> None:
        self.control = control
        #: Where the control API is: ends in ``/_mock``.
        self.control_url = control.url
        self._made: list[Afas] = []

    def __repr__(self) -> str:
        return f"<AfasServer at {self.control_url}>"

    def fork(self, environment: str | None = None) -> Afas:
        """A private copy of an environment, or of the first one of the server. It goes at the end of the run."""
        self._made.append(self._forked(environment))
        return self._made[-1]

    def create(self, **settings: Any) -> Afas:
        """A new environment with demo data; ``settings`` as ``POST /environments`` takes them. It goes as a fork."""
        self._made.append(self._created(settings))
        return self._made[-1]

    def delete_made(self) -> None:
        """Deletes the environments that ``fork`` and ``create`` made."""
        while self._made:
            self._made.pop().delete()

    def environment_with(self, settings: Mapping[str, Any]) -> Afas:
        """A private environment with these settings, which the caller deletes: a fork where those can be changed."""
        if settings.keys() - CHANGEABLE:
            return self._created(settings)
        afas = self._forked(None)
        return self._configured(afas, settings)

    def _forked(self, environment: str | None) -> Afas:
        speaking = self.control if environment is None else self.control.speaking_of(environment)
        return Afas(self, speaking.about("POST", "/forks", {}))

    def _created(self, settings: Mapping[str, Any]) -> Afas:
        at_once = {name: value for name, value in settings.items() if name not in _ONLY_CHANGED}
        later = {name: value for name, value in settings.items() if name in _ONLY_CHANGED}
        return self._configured(Afas(self, self.control.call("POST", "/environments", at_once)), later)

    @staticmethod
    def _configured(afas: Afas, settings: Mapping[str, Any]) -> Afas:
        """``afas`` with ``settings``; it goes when they are refused."""
        try:
            if settings:
                afas.configure(**settings)
        except ControlError:
            afas.delete()
            raise
        return afas


def server_at(url: str, key: str | None = None) -> AfasServer:
    """The running server at ``url``: its address, its base URL or that of its control API. Raises ControlError."""
    origin = url.rstrip("/").removesuffix("/_mock").removesuffix("/ProfitRestServices")
    server = AfasServer(Control(f"{origin}/_mock", key))
    server.control.call("GET", "/health")
    return server
