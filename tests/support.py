"""What the tests share: a running server, and a private environment of it behind a real socket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from mock_afas.registry import Registry
from mock_afas.serving import Serving, bind


@dataclass(frozen=True)
class Afas:
    """One environment of a running server, as a client sees it (``get``) and as the control API shows it."""

    base_url: str
    control_url: str
    environment: str
    participant: str
    token: str
    authorization: str
    http: httpx.Client

    def get(self, path: str, params: dict[str, str] | str | None = None, **headers: str) -> httpx.Response:
        """GET below ``/ProfitRestServices`` with this environment's token; ``Accept_Language=...`` sets a header."""
        url = f"{self.base_url}/{path}"
        if isinstance(params, str):
            url, params = f"{url}?{params}", None
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.get(url, params=params, headers={"Authorization": self.authorization, **named})

    def rows(self, connector: str, **params: str) -> list[dict[str, Any]]:
        """The rows of a GetConnector; fails unless the answer is 200."""
        answer = self.get(f"connectors/{connector}", params)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["rows"]
        return rows

    def control(self, method: str, path: str = "", body: Any = None) -> httpx.Response:
        """A call of the control API about this environment."""
        url = f"{self.control_url}/environments/{self.environment}{path}"
        return self.http.request(method, url, json=body) if body is not None else self.http.request(method, url)

    def configure(self, **settings: Any) -> None:
        answer = self.control("PATCH", body=settings)
        assert answer.status_code == 200, answer.text

    def put(self, entity: str, *rows: dict[str, Any]) -> None:
        answer = self.control("PUT", f"/data/{entity}", list(rows))
        assert answer.status_code == 200, answer.text

    def logged(self, reference: str) -> dict[str, Any]:
        """The logbook's entry for a log reference."""
        answer = self.control("GET", f"/logbook/{reference}")
        assert answer.status_code == 200, answer.text
        entry: dict[str, Any] = answer.json()
        return entry


def start(registry: Registry | None = None, **settings: Any) -> tuple[Serving, Afas]:
    """A server in a thread, with a new environment; stop it with ``serving.stop()``."""
    serving = Serving(registry or Registry(), bind("127.0.0.1", 0), host="127.0.0.1", control_key=None)
    opened = serving.registry.create(settings)
    serving.run_in_thread()
    # Idle connections are left before the server closes them: on a busy machine one of both would be late.
    http = httpx.Client(timeout=120, limits=httpx.Limits(keepalive_expiry=1))
    return serving, client_of(serving.describe(opened), http)


def client_of(described: dict[str, Any], http: httpx.Client) -> Afas:
    """A client of the environment that a ready file or an answer to create or fork describes."""
    names = ("base_url", "control_url", "environment", "participant", "token", "authorization")
    return Afas(**{name: described[name] or "" for name in names}, http=http)


def fork(parent: Afas) -> Afas:
    """A private copy of ``parent``'s environment."""
    answer = parent.control("POST", "/forks")
    assert answer.status_code == 201, answer.text
    return client_of(answer.json(), parent.http)
