"""Clients in Python, driven in this process through an object with the operations as methods, sync or async."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import threading
import traceback
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from decimal import Decimal
from typing import Any, Literal, Protocol, cast

from mock_afas_contracts import protocol
from mock_afas_contracts.driver import (
    BrokeProtocol,
    Client,
    Connection,
    Driver,
    DriverCrashed,
    DriverHung,
    DriverTrouble,
    Failed,
    Ok,
    Outcome,
    Skipped,
)

Result = Mapping[str, Any] | Awaitable[Mapping[str, Any]]


class Refused(Exception):
    """What an adapter raises when an operation was not carried out; see ``Failed`` for the parts."""

    def __init__(
        self, message: str, log_reference: str | None = None, outcome: Literal["rejected", "unknown"] = "rejected"
    ) -> None:
        super().__init__(message)
        self.failed = Failed(message, log_reference, outcome)


class CannotDo(Exception):
    """What an adapter raises when its client cannot do what an operation asks; the text is the reason."""


class ClientAdapter(Protocol):
    """An adapter: ``start``, and of the operations those that the client can do, as methods.

    Arguments and results are those of the driver protocol; arguments come as keywords. ``features``, as an attribute,
    would hide the operation of that name: what the client supports is ``supported_features``, all when missing.
    """

    name: str

    def start(self, connection: Connection) -> Awaitable[None] | None:
        """Points the client at an environment."""

    def connect(self) -> Result: ...
    def features(self) -> Result: ...
    def read(self, *, connector: str, changed_since: str = ...) -> Result: ...
    def create_supplier(self, **relation: Any) -> Result: ...
    def create_customer(self, **relation: Any) -> Result: ...
    def update_supplier(self, **relation: Any) -> Result: ...
    def book_purchase_invoice(self, **invoice: Any) -> Result: ...
    def book_sales_invoice(self, **invoice: Any) -> Result: ...
    def release_invoice(self, *, administration: int, supplier_id: str, invoice_number: str) -> Result: ...
    def attach_document(self, **document: Any) -> Result: ...


class AdapterDriver(Driver):
    """Drives an adapter. Each call runs in a thread of its own, so that a hanging one can be left behind."""

    several = False

    def __init__(self, adapter: object, timeout: float | None = 10.0) -> None:
        self._adapter = adapter
        self._timeout = timeout
        self._loop: asyncio.AbstractEventLoop | None = None
        self._under_way: Future[Any] = Future()

    def start(self, connection: Connection) -> Client:
        self._call(cast("Any", self._adapter).start, connection)
        known = [name for name in protocol.operations() if callable(getattr(self._adapter, name, None))]
        return Client(
            name=str(getattr(self._adapter, "name", type(self._adapter).__name__)),
            version=str(getattr(self._adapter, "version", "")),
            language="Python",
            operations=frozenset(known),
            features=frozenset(getattr(self._adapter, "supported_features", protocol.features())),
        )

    def run(self, operation: str, arguments: Mapping[str, Any]) -> Outcome:
        protocol.check(f"arguments.{operation}", arguments)
        try:
            returned = self._call(getattr(self._adapter, operation), **arguments)
            # As a driver elsewhere would send it: what is no JSON is no answer.
            result = json.loads(json.dumps(returned, default=_written), parse_float=Decimal)
            protocol.check(f"result.{operation}", result)
        except Refused as refused:
            return refused.failed
        except CannotDo as reason:
            return Skipped(str(reason))
        except (protocol.NotAMessage, TypeError, ValueError) as error:
            raise BrokeProtocol(f"the answer of '{operation}': {error}") from error
        return Ok(result)

    def abort(self) -> None:
        _settle(self._under_way, error=DriverCrashed("the run was stopped"))

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = None

    def _call(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        done = self._under_way = Future()

        def work() -> None:
            try:
                returned = method(*arguments, **options)
                if inspect.isawaitable(returned):
                    returned = asyncio.run_coroutine_threadsafe(_awaiting(returned), self._running_loop()).result()
            except BaseException as error:
                _settle(done, error=error)
            else:
                _settle(done, returned)

        threading.Thread(target=work, daemon=True).start()
        try:
            return done.result(self._timeout)
        except TimeoutError:
            if done.done():
                raise DriverCrashed("the adapter raised TimeoutError", traceback.format_exc()) from None
            raise DriverHung(f"no answer within {self._timeout:g} s") from None
        except (Refused, CannotDo, DriverTrouble):
            raise
        except Exception as error:
            raise DriverCrashed(
                f"the adapter raised {type(error).__name__}: {error}", traceback.format_exc()
            ) from error

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        """One loop for all calls: an async client keeps its connections between them."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, daemon=True).start()
        return self._loop


def _settle(future: Future[Any], result: Any = None, error: BaseException | None = None) -> None:
    """Ends a call, unless it was ended from outside meanwhile."""
    with contextlib.suppress(InvalidStateError):
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


async def _awaiting(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _written(value: object) -> object:
    """Decimals may stand in results: as JSON they are their exact text."""
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no JSON")
