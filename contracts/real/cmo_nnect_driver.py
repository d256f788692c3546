"""Drives ``cmo-nnect``: ``python -m contracts.real.cmo_nnect_driver`` from the root of a checkout.

Each operation is one call of its ``get_data``, by its defaults; with ``--ordered`` the fields of the connector's key go
with it as ``order_by``. The client has AFAS' host names wired in: only where ``requests`` connects to is changed, and
path, query, headers and ``Host`` stay. Its package loads clients of a dozen other services, which are not installed:
the two modules that read AFAS are loaded alone, with names for the clients of secrets that nothing here calls.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter

from contracts.real.lines import AT_LEAST, Driven, Json, Refused, administrations, serve, wall_clock

_NAMES = Path(__file__).parents[1] / "examples" / "names.json"
_KEYS: dict[str, list[str]] = json.loads(_NAMES.read_text(encoding="utf-8"))["keys"]
#: What its constructor calls the kinds of environment.
_KINDS = {"O": "", "T": "test", "A": "accept"}


def _loaded() -> Any:
    """``cmo_nnect.afasprofit``, without the rest of its package."""
    found = importlib.util.find_spec("cmo_nnect")
    if found is None:
        sys.exit("cmo-nnect is not installed")
    bare = ModuleType("cmo_nnect")
    bare.__path__ = list(found.submodule_search_locations or ())
    sys.modules["cmo_nnect"] = bare
    stubs = {"azure": (), "azure.keyvault": (), "azure.identity": ("DefaultAzureCredential",)}
    for name, held in {**stubs, "azure.keyvault.secrets": ("SecretClient",)}.items():
        module = ModuleType(name)
        module.__dict__.update(dict.fromkeys(held))
        sys.modules.setdefault(name, module)
    return importlib.import_module("cmo_nnect.afasprofit")


def _lead(server: str) -> None:
    """Lets ``requests`` connect to ``server`` in place of AFAS; ``Host`` says which host was asked for."""

    def elsewhere(self: HTTPAdapter, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        asked = urlsplit(request.url or "")
        request.headers["Host"] = str(asked.netloc)
        request.url = urlunsplit(("http", server, asked.path, asked.query, ""))
        return _send(self, request, **{**options, "proxies": None})

    HTTPAdapter.send = elsewhere  # type: ignore[assignment, method-assign]


_send = HTTPAdapter.send
_module = _loaded()


def connected(start: Json) -> Any:
    _lead(urlsplit(start["base_url"]).netloc)
    return _module.AfasProfit(start["token"], int(start["participant"]), _KINDS[start["environment_type"]])


def _rows(client: Any, connector: str, since: str | None = None, *, ordered: bool) -> list[Json]:
    """The rows of the DataFrame that it gives; what pandas has no value for is null."""
    options: Json = {}
    if since:
        options |= {"filter_fields": "ModifiedDate", "filter_values": wall_clock(since), "operator_types": AT_LEAST}
    if ordered and connector in _KEYS:
        options |= {"order_by": ",".join(_KEYS[connector]), "order_type": "asc"}
    try:
        frame = client.get_data(connector, **options)
    except requests.RequestException:
        raise
    except ValueError as refused:  # how it tells of a status that is not 200
        raise Refused(str(refused)) from refused
    rows: list[Json] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return rows


def _connect(client: Any, _: Json, *, ordered: bool) -> Json:
    return administrations(_rows(client, "Zenvoices_AdministrationDetails", ordered=ordered))


def _read(client: Any, given: Json, *, ordered: bool) -> Json:
    return {"rows": _rows(client, given["connector"], given.get("changed_since"), ordered=ordered)}


def driven(*, ordered: bool) -> Driven:
    operations = {"connect": partial(_connect, ordered=ordered), "read": partial(_read, ordered=ordered)}
    return Driven("cmo-nnect", version("cmo-nnect"), connected, operations)


if __name__ == "__main__":
    serve(driven(ordered="--ordered" in sys.argv[1:]))
