"""The servers of one run, each started when a measure first needs it and stopped at the end."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench import install, ours, sample
from bench.machine import Cores
from bench.results import Target
from bench.sample import Sample
from bench.servers import Server, free_port, running

#: The targets hold for so many rows.
ROWS = 100_000

DATASETTE_SETTINGS = {
    "num_sql_threads": "1",  # the fastest on one core
    "sql_time_limit_ms": "60000",
    "max_returned_rows": "1000",
    "allow_facet": "off",
    "suggest_facets": "off",
}


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller asked for: how many rows, and how many seconds each count lasts."""

    rows: int = ROWS
    seconds: float = 4


class Lab:
    """What measures work with."""

    def __init__(self, options: Options, cores: Cores, stack: contextlib.ExitStack) -> None:
        self.options = options
        self.cores = cores
        self._stack = stack
        self.work = install.WORK
        self.work.mkdir(parents=True, exist_ok=True)

    def target(self, target: Target) -> Target | None:
        """``target`` where it applies: with the number of rows that it was set for."""
        return target if self.options.rows == ROWS else None

    def serving(
        self, rows: int, *, name: str = "mock_afas", kept: bool = False
    ) -> contextlib.AbstractContextManager[Server]:
        """A server of ours with ``rows`` rows more than the demo data, in memory or ``kept`` in files."""
        print(f"starting {name} with {rows:,} rows …", file=sys.stderr)
        data = Path(tempfile.mkdtemp(dir=self.work, prefix="data-")) if kept else None
        if data is not None:
            self._stack.callback(shutil.rmtree, data, ignore_errors=True)
        return ours.serving(rows, cores=self.cores, log=self.log(name), name=name, data=data)

    def small_json_server(self, rows: int) -> contextlib.AbstractContextManager[Server]:
        """json-server with so many rows of no content."""
        command, file, port = install.json_server(), self.work / "small.json", free_port()
        file.write_text(json.dumps({"rows": [{"id": number} for number in range(rows)]}), encoding="utf-8")
        options = ("--quiet", "--no-gzip", "--host", "127.0.0.1", "--port", str(port), str(file))
        started = (*self.cores.server_prefix, command, *options)
        return running("json-server", started, port=port, log=self.log("json-server-small"))

    def log(self, name: str) -> Path:
        return self.work / f"{name}.log"

    @cached_property
    def ours(self) -> Server:
        """Our server with all rows, everything switched on."""
        return self._stack.enter_context(self.serving(self.options.rows))

    @cached_property
    def _exported(self) -> list[sample.Row]:
        rows: list[sample.Row] = json.loads(self.ours.request(ours.path("skip=-1&take=-1")))["rows"]
        return rows

    @cached_property
    def sample(self) -> Sample:
        """What is asked for."""
        found = sample.sample_of(self._exported)
        often, seldom = found.often, found.seldom
        told = f"'{often.text}' is in {often.share:.1%} of the names, '{seldom.text}' in {seldom.share:.2%}"
        print(f"{found.size:,} rows; {told}", file=sys.stderr)
        return found

    def _peer(self, name: str, command: tuple[str, ...], port: int) -> Server:
        print(f"starting {name} …", file=sys.stderr)
        prefix = self.cores.server_prefix
        return self._stack.enter_context(running(name, (*prefix, *command), port=port, log=self.log(name)))

    @cached_property
    def json_server(self) -> Server:
        """json-server with the same rows."""
        command, file, port = install.json_server(), self.work / "rows.json", free_port()
        sample.write_json(self._exported, file)
        options = ("--quiet", "--no-gzip", "--host", "127.0.0.1", "--port", str(port))
        return self._peer("json-server", (command, *options, str(file)), port)

    @cached_property
    def datasette(self) -> Server:
        """Datasette with the same rows."""
        command, file, port = install.datasette(), self.work / "rows.db", free_port()
        sample.write_sqlite(self._exported, file)
        settings = [part for key, value in DATASETTE_SETTINGS.items() for part in ("--setting", key, value)]
        return self._peer(
            "datasette", (command, "serve", "--immutable", str(file), "--port", str(port), *settings), port
        )

    @cached_property
    def starlette(self) -> Server:
        """The bare application; it answers everything with the bytes of our one row."""
        file, port = self.work / "row.json", free_port()
        file.write_bytes(self.ours.request(ours.one_row(self.sample.key)))
        command = (sys.executable, "-m", "bench.peers.bare", str(port), str(file))
        return self._peer("Starlette", command, port)


@contextlib.contextmanager
def opened(options: Options, cores: Cores) -> Iterator[Lab]:
    """A lab whose servers are stopped at the end."""
    with contextlib.ExitStack() as stack:
        yield Lab(options, cores, stack)
