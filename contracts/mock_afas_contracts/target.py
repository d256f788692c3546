"""The mock as the contracts see it: through HTTP alone, a private environment for each story."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import httpx

from mock_afas_contracts.driver import Connection
from mock_afas_contracts.observed import Books, Exchange, Row, books, exchange

#: When the stories happen. The clock stands still, so that the day of a run changes no verdict.
NOW = "2026-11-24T09:00:00"
#: What every story's environment starts with. Hidden fractions of a second are what real environments have (AMB-13).
SETTINGS: Mapping[str, Any] = {"clock": NOW, "dialect": {"time_fractions": "hidden"}}
#: Settings that an environment gets when it is made, and that a fork cannot change.
_FIXED = frozenset(("type", "seed", "rows", "bare"))
_START = 30.0
#: What the suite calls itself when it reads a GetConnector.
OWN_CALLS = "mock-afas-contracts"


class TargetTrouble(Exception):
    """The mock cannot be started or reached, or refused a call: nothing that a client is to blame for."""


@dataclass(frozen=True)
class Environment:
    """A private environment: what a client needs to reach it, and the calls of the control API about it."""

    target: Target
    name: str
    connection: Connection
    settings: Mapping[str, Any]

    def control(self, method: str, path: str = "", body: Any = None) -> Any:
        return self.target.control(method, f"/environments/{self.name}{path}", body)

    def configure(self, settings: Mapping[str, Any]) -> None:
        self.control("PATCH", body=settings)

    def add_fault(self, fault: Mapping[str, Any]) -> str:
        """Adds a fault and gives its id."""
        return str(self.control("POST", "/faults", fault)["id"])

    def clear_faults(self) -> None:
        self.control("DELETE", "/faults")

    def put(self, entity: str, rows: Sequence[Row]) -> None:
        self.control("PUT", f"/data/{entity}", list(rows))

    def data(self, entity: str) -> list[Row]:
        rows: list[Row] = self.control("GET", f"/data/{entity}")["rows"]
        return rows

    def books(self, *, changed_since: str | None = None) -> Books:
        return books(self.control("GET", "/books" + (f"?changed_since={changed_since}" if changed_since else "")))

    def traffic(self) -> list[Exchange]:
        """The calls of the client, without those that the suite made itself."""
        found = (exchange(shown) for shown in self.control("GET", "/traffic")["exchanges"])
        return [one for one in found if one.header("user-agent") != OWN_CALLS]

    def rows(self, connector: str) -> list[Row]:
        """All rows of a GetConnector, as AFAS sends them, asked for by the suite itself."""
        rows: list[Row] = self.target.ask(self.connection, f"connectors/{connector}?skip=-1&take=-1")["rows"]
        return rows

    def definition(self, connector: str) -> Row:
        """The definition of a GetConnector, as metainfo has it, asked for by the suite itself."""
        found: Row = self.target.ask(self.connection, f"metainfo/get/{connector}")
        return found

    def import_definition(self, definition: Row) -> None:
        """Imports a GetConnector. Raises TargetTrouble where the environment does not take it."""
        errors = self.control("POST", "/import", definition)["errors"]
        if errors:
            raise TargetTrouble(f"{definition['name']} was not imported: {errors}")

    def findings(self) -> dict[str, Any]:
        found: dict[str, Any] = self.control("GET", "/findings")
        return found

    def logged(self, reference: str) -> dict[str, Any]:
        """The logbook's entry with the whole reason of an error."""
        entry: dict[str, Any] = self.control("GET", f"/logbook/{reference}")
        return entry

    def delete(self) -> None:
        self.control("DELETE")


class Target:
    """A running mock, with an environment of our own to fork."""

    def __init__(self, control_url: str, control_key: str | None = None, language: str = "nl") -> None:
        headers = {"Authorization": f"Bearer {control_key}"} if control_key else {}
        self._url = control_url.rstrip("/")
        self._http = httpx.Client(headers=headers, timeout=60, trust_env=False)
        self._language = language
        self._base = self._made(SETTINGS)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control API; numbers with a point in the answer are Decimal. Raises TargetTrouble."""
        content = None if body is None else json.dumps(body)
        return self._sent(self._http.build_request(method, f"{self._url}{path}", content=content))

    def _sent(self, request: httpx.Request) -> Any:
        try:
            answer = self._http.send(request)
        except httpx.HTTPError as error:
            raise TargetTrouble(f"{request.method} {request.url}: {error}") from error
        if answer.is_error:
            raise TargetTrouble(f"{request.method} {request.url} answered {answer.status_code}: {answer.text[:500]}")
        return json.loads(answer.content, parse_float=Decimal) if answer.content else None

    def ask(self, connection: Connection, path: str) -> Any:
        """The answer to a GET below /ProfitRestServices, as JSON. Raises TargetTrouble."""
        authorization = "AfasToken " + base64.b64encode(connection.token.encode()).decode()
        headers = {"Authorization": authorization, "User-Agent": OWN_CALLS}
        return self._sent(self._http.build_request("GET", f"{connection.base_url}/{path}", headers=headers))

    def fork(self) -> Environment:
        """A new private environment."""
        return self._opened(self.control("POST", f"/environments/{self._base.name}/forks"), self._base.settings)

    def with_settings(self, environment: Environment, settings: Mapping[str, Any]) -> Environment:
        """``environment`` with other settings: itself, or another when one of them is fixed once it is made."""
        merged = _merged(environment.settings, settings)
        if _FIXED & settings.keys():
            environment.delete()
            return self._made(merged)
        environment.configure(settings)
        return replace(environment, settings=merged)

    def _made(self, settings: Mapping[str, Any]) -> Environment:
        return self._opened(self.control("POST", "/environments", settings), settings)

    def _opened(self, described: Mapping[str, Any], settings: Mapping[str, Any]) -> Environment:
        name = described["environment"]
        connection = Connection(
            base_url=described["base_url"],
            participant=described["participant"],
            environment_type=name[0],
            token=described["token"] or "",
            language=self._language,
        )
        return Environment(self, name, connection, settings)

    def close(self) -> None:
        """Removes our environment."""
        try:
            self._base.delete()
        finally:
            self._http.close()


def _merged(settings: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    dialect = {**settings.get("dialect", {}), **more.get("dialect", {})}
    return {**settings, **more, "dialect": dialect}


class Server:
    """A mock of our own, in a process that ends with the ``with`` block."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="mock-afas-contracts-")
        folder = Path(self._folder.name)
        ready, log = folder / "ready.json", folder / "server.log"
        command = [sys.executable, "-m", "mock_afas", "serve", "--port", "0", "--ready-file", str(ready)]
        with log.open("wb") as output:
            # In a group of its own: Ctrl-C is for the suite, which then ends it.
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        limit = time.monotonic() + _START
        while not ready.exists():
            if self._process.poll() is not None or time.monotonic() > limit:
                self.stop()
                raise TargetTrouble(f"the mock did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.01)
        described = json.loads(ready.read_text(encoding="utf-8"))
        self.control_url: str = described["control_url"]
        self.control_key: str | None = described["control_key"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._folder.cleanup()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
