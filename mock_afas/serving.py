"""Starts and stops a server: binds, tells that it is ready, serves until it is asked to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import secrets
import signal
import socket
import ssl
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import uvicorn

import mock_afas
from mock_afas import tls
from mock_afas.access import digest
from mock_afas.app import create_app
from mock_afas.control.guard import is_loopback
from mock_afas.control.ready import describe
from mock_afas.errors import ControlError
from mock_afas.protocol import Protocol
from mock_afas.proxy import Proxy
from mock_afas.registry import Opened, Progress, Registry
from mock_afas.store.catalog import Catalog

#: Seconds that a connection without calls is kept, as IIS does by default.
_IDLE = 120
#: When garbage is looked for: a call makes and drops hundreds of objects, few of which refer to each other.
_THRESHOLDS = (10_000, 20, 50)


def bind(host: str, port: int, *, option: str = "--port") -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises ControlError when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        hint = f"give another {option} (0 takes a free one) or --host"
        raise ControlError(f"cannot listen on {host}:{port}: {error.strerror or error}", hint=hint) from None
    return listener


def origin_of(listener: socket.socket, host: str, scheme: str = "http") -> str:
    """The address of the server as clients on this machine write it."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"{scheme}://{shown}:{listener.getsockname()[1]}"


def write_ready_file(path: Path, document: dict[str, Any]) -> None:
    """Writes the ready file, mode 0600, by an atomic rename, so that whoever waits for it reads all of it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.write("\n")
    Path(temporary).replace(path)


def remove_ready_file(path: Path) -> None:
    """Removes a ready file that this process wrote, so that nobody takes it for that of a running server."""
    with contextlib.suppress(OSError, ValueError):
        if json.loads(path.read_text(encoding="utf-8"))["pid"] == os.getpid():
            path.unlink()


class _Server(uvicorn.Server):
    """A server that says when it answers, and when it is about to stop."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        ready: Callable[[], None],
        stopping: Callable[[], None],
        proxy: Proxy | None,
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._stopping = stopping
        self._proxy = proxy

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            if self._proxy is not None:
                await self._proxy.start(self._protocol)
            self._ready()

    def _protocol(self) -> Protocol:
        return Protocol(self.config, self.server_state, self.lifespan.state)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()
        if self._proxy is not None:
            self._proxy.stop()
        await super().shutdown(sockets)


class Serving:
    """A registry served on a socket: with ``tls`` over https; also through ``proxy``."""

    def __init__(
        self,
        registry: Registry,
        listener: socket.socket,
        *,
        host: str,
        control_key: str | None,
        tls: ssl.SSLContext | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        self.registry = registry
        self.origin = origin_of(listener, host, "https" if tls else "http")
        self.control_key = control_key
        self._listener = listener
        self._app = create_app(registry, control_key=control_key)
        self._tls = tls
        self._proxy = proxy
        self._server: _Server | None = None

    def describe(self, opened: Opened) -> dict[str, Any]:
        """The contents of the ready file for ``opened``."""
        return describe(opened, self.origin, self.control_key)

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serves until SIGINT or SIGTERM, or ``stop``; calls ``ready`` once requests are answered."""
        config = uvicorn.Config(
            self._app,
            http=Protocol,
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=5,
            timeout_keep_alive=_IDLE,
        )
        config.load()
        config.ssl = self._tls
        self._server = _Server(config, ready=ready, stopping=self.registry.stop_waiting, proxy=self._proxy)
        try:
            self._server.run(sockets=[self._listener])
        except KeyboardInterrupt:  # uvicorn raises it again after it has stopped in good order
            return
        finally:
            self._listener.close()
            self.registry.close()

    def run_in_thread(self) -> threading.Thread:
        """Serves in a thread of this process; returns once requests are answered."""
        answering = threading.Event()
        thread = threading.Thread(target=self.run, args=(answering.set,), name="mock-afas", daemon=True)
        thread.start()
        if not answering.wait(30):
            raise ControlError("the server did not start within 30 seconds")
        return thread

    def stop(self) -> None:
        """Asks the server to stop after the calls under way."""
        if self._server is not None:
            self._server.should_exit = True


def needs_control_key(host: str) -> bool:
    """Whether the control API of a server bound to ``host`` must ask for a key."""
    return not is_loopback(host)


def _opened(registry: Registry, settings: dict[str, Any], token_data: str, progress: Progress) -> Opened:
    """The environment to serve first: the one that is kept, with a new token, or a new one."""
    kept = registry.default
    if kept is None:
        return registry.create(settings, token_data=token_data, progress=progress)
    asyncio.run(registry.configure(kept, settings))
    if token_data and registry.by_token(digest(token_data)) is not None:
        return Opened(kept, token_data)
    return registry.first_token(kept, token_data)


_GREETING = """\
mock_afas {version} serves environment {environment} (Profit {profit}) with {what}.

  Base URL       {base_url}
  Token          {token}
  Authorization  {authorization}
  Control API    {control_url}{key}{more}

{hint}

Ctrl-C stops it."""
_TRY_IT = """\
Try it:

  curl{trust} -H 'Authorization: {authorization}' \\
    '{base_url}/connectors/Zenvoices_Currencies?take=2&orderbyfieldids=CurrencyId'"""
_BARE = "It has no app connector and no token yet: make them through the control API.\n  docs/howto/set-up-guide.md"


#: What else may stand in the ready file, and what the greeting calls it.
_MORE = {"proxy_url": "Proxy", "ca_file": "Authority"}


def _greeting(opened: Opened, document: dict[str, Any], *, data: Path | None) -> str:
    profile = opened.environment.profile
    more = f" and {profile.rows:,} more suppliers, customers and invoices" if profile.rows else ""
    kept = f", kept in {data}" if data else ""
    shown = {name: value or "none yet" for name, value in document.items()}
    shown["trust"] = f" --cacert {document['ca_file']}" if document["base_url"].startswith("https") else ""
    return _GREETING.format(
        version=mock_afas.__version__,
        profit=profile.profit_version,
        what=f"demo data{more}{kept}",
        key=f"  (key {document['control_key']})" if document["control_key"] else "",
        more="".join(f"\n  {label:<14} {document[name]}" for name, label in _MORE.items() if name in document),
        hint=(_TRY_IT if opened.token_data else _BARE).format(**shown),
        **shown,
    )


def _leave(_signal: int, _frame: object) -> NoReturn:
    """Ends the process in good order when it is asked to by SIGTERM."""
    sys.exit(0)


@dataclass(frozen=True, kw_only=True)
class Served:
    """Where and how a server is to be found; what the options of the command line say of it."""

    host: str = "127.0.0.1"
    port: int = 0
    control_key: str | None = None
    ready_file: Path | None = None
    tls: bool = False
    proxy_port: int | None = None
    ca_file: Path | None = None


def serve(
    served: Served,
    *,
    data: Path | None,
    settings: dict[str, Any],
    token_data: str,
    progress: Progress,
    tell: Callable[[str], None],
) -> None:
    """Serves one environment until the process is asked to stop; what the command line calls.

    ``tell`` gets the greeting once requests are answered. Raises ControlError when it cannot start.
    """
    signal.signal(signal.SIGTERM, _leave)
    ready_file = served.ready_file
    if ready_file is not None and not ready_file.parent.is_dir():
        raise ControlError(f"there is no directory {ready_file.parent}", hint="give a --ready-file in one that exists")
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)
    if served.ca_file is not None and not _wants_tls(served):
        raise ControlError("--ca-file has no use here", hint="it goes with --tls or --proxy-port")
    with ExitStack() as stack:
        listener, proxy_listener = _listeners(served, stack)
        secured = stack.enter_context(tls.secured(served.host, served.ca_file)) if _wants_tls(served) else None
        registry = Registry(Catalog(data) if data else None)
        opened = _opened(registry, settings, token_data, progress)
        serving = Serving(
            registry,
            listener,
            host=served.host,
            control_key=served.control_key or (secrets.token_hex(16) if needs_control_key(served.host) else None),
            tls=secured.context if secured and served.tls else None,
            proxy=Proxy(proxy_listener, secured.context) if secured and proxy_listener else None,
        )
        document = serving.describe(opened)
        if proxy_listener is not None:
            document["proxy_url"] = origin_of(proxy_listener, served.host)
        if secured is not None:
            document["ca_file"] = str(secured.ca_file)

        def ready() -> None:
            gc.enable()
            gc.freeze()
            gc.set_threshold(*_THRESHOLDS)
            if ready_file is not None:
                write_ready_file(ready_file, document)
            tell(_greeting(opened, document, data=data))

        if ready_file is not None:
            stack.callback(remove_ready_file, ready_file)
        serving.run(ready)


def _wants_tls(served: Served) -> bool:
    return served.tls or served.proxy_port is not None


def _listeners(served: Served, stack: ExitStack) -> tuple[socket.socket, socket.socket | None]:
    """The sockets of the server and its proxy, closed at the end. Raises ControlError."""
    listener = stack.enter_context(bind(served.host, served.port))
    if served.proxy_port is None:
        return listener, None
    return listener, stack.enter_context(bind(served.host, served.proxy_port, option="--proxy-port"))
