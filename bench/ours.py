"""How our own server is started and asked."""

from __future__ import annotations

import contextlib
import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from sysconfig import get_path
from urllib.parse import urlencode

from bench.machine import CannotRun, Cores
from bench.sample import CONNECTOR, KEY, NAME, Needle
from bench.servers import Server, free_port, running

BASE = "/ProfitRestServices/connectors"
CONTROL = "/_mock/environments"
#: A connector that the demo data fills by itself.
DEMO_PATH = f"{BASE}/Zenvoices_Currencies?take=2"
_TOKEN = "BE" * 32
_ROWS_PER_SECOND = 1_500


def headers() -> dict[str, str]:
    """What a client of our server sends along."""
    token = f"<token><version>1</version><data>{_TOKEN}</data></token>"
    return {"Authorization": f"AfasToken {b64encode(token.encode()).decode()}"}


def command(port: int, *options: str, cores: Cores) -> tuple[str, ...]:
    """The command that serves on ``port``. Raises CannotRun when mock_afas is not installed beside this Python."""
    script = Path(get_path("scripts")) / "mock-afas"
    if not script.exists():
        raise CannotRun("mock-afas is not installed for this Python", "run `make serve` once, or `pip install -e .`")
    return (*cores.server_prefix, str(script), "serve", "--port", str(port), "--token", _TOKEN, *options)


@contextlib.contextmanager
def serving(rows: int, *, cores: Cores, log: Path, name: str, data: Path | None = None) -> Iterator[Server]:
    """A server with ``rows`` rows more than the demo data, which takes its time to make them; in memory or ``data``."""
    port = free_port()
    log.with_suffix(".ready").unlink(missing_ok=True)
    kept = ("--data", str(data)) if data else ()
    started = command(port, "--rows", str(rows), *kept, cores=cores)
    patience = 60 + rows / _ROWS_PER_SECOND
    with running(name, started, port=port, log=log, headers=headers(), patience=patience) as server:
        server.request(DEMO_PATH)
        yield server


def path(query: str) -> str:
    return f"{BASE}/{CONNECTOR}?{query}"


def page(needle: Needle, skip: int = 0) -> str:
    """A page of 100 rows by name, of those whose name holds ``needle``."""
    filters = {"filterfieldids": NAME, "filtervalues": needle.text, "operatortypes": 6}
    return path(urlencode({"skip": skip, "take": 100, **filters, "orderbyfieldids": NAME}))


def new_page(needle: Needle, skip: int = 0) -> str:
    """The same page by a filter never used before: the key must differ from a number that is none."""
    filters = f"filterfieldids={KEY},{NAME}&filtervalues=x{{n}},{needle.text}&operatortypes=7,6"
    return path(f"skip={skip}&take=100&{filters}&orderbyfieldids={NAME}")


def one_row(key: str) -> str:
    return path(urlencode({"filterfieldids": KEY, "filtervalues": key, "operatortypes": 1}))


def entry(lines: int) -> bytes:
    """A purchase entry of so many lines: the creditor, costs with VAT and allocation on two axes each, and the VAT."""
    dated = {"EnDa": "2024-01-15", "BpDa": "2024-01-15"}
    costs = lines - 2
    net, allocated = 100, {"FiDimEntries": {"Element": {"Fields": {"DiC1": "WEST", "DiC2": "ICT"}}}}
    cost = {"VaAs": "1", "AcNr": "4030", **dated, "AmDe": f"{net}.00", "AmCr": "0", "VaId": "5"}
    elements = [
        {"Fields": {"VaAs": "3", "AcNr": "50013", **dated, "AmDe": "0", "AmCr": f"{net * costs * 1.21:.2f}"}},
        *({"Fields": cost, "Objects": allocated} for _ in range(costs)),
        {"Fields": {"VaAs": "1", "AcNr": "1500", **dated, "AmDe": f"{net * costs * 0.21:.2f}", "VaId": "5"}},
    ]
    header = {"Year": "2024", "Peri": "1", "UnId": "1", "JoCo": "10", "AuNu": "1"}
    objects = {"FiEntries": {"Element": elements}}
    return json.dumps({"FiEntryPar": {"Element": {"Fields": header, "Objects": objects}}}).encode()


def new_one_row(key: str) -> str:
    """The same row by a filter never used before."""
    return path(f"filterfieldids={KEY},{NAME}&filtervalues={key},x{{n}}&operatortypes=1,7")
