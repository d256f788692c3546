"""Profit's URLs as one ASGI application: who calls, what is asked, and how it is answered and recorded."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from mock_afas import messages
from mock_afas.access import AppConnector
from mock_afas.connectors import GetConnector, UpdateConnector
from mock_afas.documents import InvalidJson
from mock_afas.environment import Environment, WriteCall
from mock_afas.errors import ProfitError, Reason, Refusal, UnderMaintenance, unexpected
from mock_afas.logbook import LogEntry
from mock_afas.messages import Language
from mock_afas.profiles import BASE_PATH, HOST_SUFFIXES
from mock_afas.query import parsed
from mock_afas.registry import Registry
from mock_afas.traffic import MOST_BODY, MOST_HEADERS, Exchange, Outcome, kept_headers, whole
from mock_afas.wire import answers, bodies, faulty, files, metainfo, oauth, update
from mock_afas.wire.answers import Answer
from mock_afas.wire.auth import Headers, Sent
from mock_afas.wire.calls import Call, Damage, Receive, Scope, Send
from mock_afas.wire.oauth import OAuthError

_PREFIX = f"{BASE_PATH.lower()}/"
#: Longest query string, with its question mark.
MOST_QUERY = 2_049
#: Clients that give up do so after at least so many seconds, so only then it is worth looking whether one has.
PATIENCE = 0.1
_READING = frozenset(("GET", "HEAD"))
_WRITING = frozenset(("POST", "PUT", "DELETE"))
_HOSTS = tuple(f".rest{suffix}.afas.online" for suffix in HOST_SUFFIXES.values())

_log = logging.getLogger("mock_afas")


class Wire:
    """The ASGI application below ``/ProfitRestServices``."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._headers = Headers()
        self._room = bodies.Room()
        self._resources: Mapping[str, Callable[[Call, Environment, AppConnector], Awaitable[Answer]]] = {
            "connectors": self._connectors,
            "metainfo": self._metainfo,
            "profitversion": self._profit_version,
            **dict.fromkeys(files.RESOURCES, self._file),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, began = time.time(), time.perf_counter()
        path: str = scope["path"]
        call = Call(scope, receive, scope["method"], path[len(_PREFIX) :].strip("/").split("/"))
        environment = self._registry.default
        try:
            answer = await self._answer(call)
        except Exception as error:
            answer = self._refused(call, error)
        environment = call.environment or environment
        waited = time.perf_counter() - began
        if waited > PATIENCE:
            call.abandoned = await _is_gone(receive)
        try:
            sent = await _send(call, answer, send, waited, _trace(environment))
        finally:
            if call.visit is not None:
                call.visit.leave()
        if environment is not None:
            duration = time.perf_counter() - began
            environment.traffic.record(_exchange(environment, call, answer, sent, started, duration))

    # ------------------------------------------------------------ who calls

    def _identify(self, call: Call) -> Sent:
        """Notes whose token was sent, before anything is asked of it: what goes wrong is recorded there."""
        sent = self._headers.read(call.header(b"authorization"))
        found = self._registry.by_token(sent.digest)
        if found is not None:
            call.environment, call.token = found
            call.language = _language(call, call.environment)
        return sent

    def _known(self, call: Call, sent: Sent) -> Environment:
        """The environment whose token was sent. Raises Refusal, and ProfitError for a token without base64."""
        environment = call.environment
        judge = environment or self._registry.default
        sent.check(judge.profile.profit_version if judge else 8)
        if environment is None:
            raise Refusal(401, Reason("token known", "Authorization", "", "a token of an environment of this server"))
        return environment

    def _admitted(self, call: Call, environment: Environment) -> AppConnector:
        """The app connector that the caller's token opens. Raises Refusal and UnderMaintenance."""
        _check_host(call, environment)
        client = call.scope.get("client")
        app = environment.access.admit(
            call.token,
            address=client[0] if client else "",
            profit_version=environment.profile.profit_version,
            now=environment.now,
        )
        if environment.profile.maintenance and (retry_after := environment.profile.maintenance_left()):
            raise UnderMaintenance(retry_after)
        return app

    # ------------------------------------------------------------ what is asked

    async def _answer(self, call: Call) -> Answer:
        if call.method == "OPTIONS":
            return answers.bare(200)
        if call.segments[0].lower() == "oauth":
            return await self._oauth(call)
        sent = self._identify(call)
        if len(call.scope["query_string"]) + 1 > MOST_QUERY:
            size = str(len(call.scope["query_string"]) + 1)
            raise Refusal(404, Reason("length of the query string", "query string", size, f"{MOST_QUERY} characters"))
        environment = self._known(call, sent)
        if environment.faults.listed:
            return await self._among_faults(call, environment)
        call.visit = await environment.visits.enter()
        return await self._carried_out(call, environment)

    async def _carried_out(self, call: Call, environment: Environment) -> Answer:
        app = self._admitted(call, environment)
        resource = self._resources.get(call.segments[0].lower())
        if resource is None:
            raise Refusal(404, Reason("resource", "path", call.scope["path"], ", ".join(self._resources)))
        return await resource(call, environment, app)

    async def _among_faults(self, call: Call, environment: Environment) -> Answer:
        """The answer to a call of an environment with faults.

        Its body is read first: it is wanted for the record, and a client may be gone by the time that it is its turn.
        """
        if call.method not in _WRITING:
            return await self._struck(call, environment)
        async with self._room.of(_announced(call)):
            call.received = bytearray()
            await _read(call, call.received)
            return await self._struck(call, environment)

    async def _struck(self, call: Call, environment: Environment) -> Answer:
        """The answer to a call after all faults that fire on it; what is to become of it is in ``call.damage``."""
        firings = environment.faults.on(call.method, call.connector.lower(), environment.visits.under_way + 1)
        damage = Damage(firings)
        call.damage = damage if firings else None
        call.visit = await environment.visits.enter(waiting=not faulty.turned_away(damage))
        await faulty.strike(call, environment, "before")
        if faulty.goes_on(call, damage):
            try:
                damage.answer = await self._carried_out(call, environment)
            except Exception as error:
                damage.answer = self._refused(call, error)
        await faulty.strike(call, environment, "after")
        return damage.answer or faulty.answer_in_vain(call, environment)

    async def _connectors(self, call: Call, environment: Environment, app: AppConnector) -> Answer:
        if call.method in _WRITING:
            return await self._update(call, environment, app)
        _only(call, _READING)
        if len(call.segments) != 2:
            raise Refusal(404, Reason("GetConnector in the path", "path", call.scope["path"], "/connectors/{id}"))
        connector = environment.get_connector(call.segments[1], app)
        rows = await environment.read(connector, call.scope["query_string"])
        call.rows, call.columns = rows.found, len(connector.fields)
        return answers.ok(rows.body, rows.parts)

    async def _update(self, call: Call, environment: Environment, app: AppConnector) -> Answer:
        if call.received is not None:
            return await self._written(call, environment, app, call.received)
        body = bytearray()
        async with self._room.of(_announced(call)):
            await _read(call, body)
            return await self._written(call, environment, app, body)

    async def _written(self, call: Call, environment: Environment, app: AppConnector, body: bytearray) -> Answer:
        named = update.target(call.scope["raw_path"])
        connector = environment.update_connector(named.connector, app)
        if connector is None:
            reason = Reason(
                "UpdateConnector", "path", named.connector, "an UpdateConnector listed in the app connector"
            )
            raise ProfitError("update_connector_unsupported", reason)
        if call.method not in connector.methods:
            raise Refusal(405, Reason("method", "method", call.method, ", ".join(connector.methods)))
        user = environment.access.tokens[call.token].user
        if environment.profile.dialect.undeclared_text == "question_marks":
            update.take_text(body, call.header(b"content-type"))
        ignore_unknown = environment.profile.dialect.unknown_field == "ignored"
        keys = update.exact_keys(connector, named.keys, ignore_unknown=ignore_unknown)
        write = WriteCall(connector.id, call.method, named.object, keys, body, user)
        return update.answered(environment, call.method, await environment.write(write))

    async def _metainfo(self, call: Call, environment: Environment, app: AppConnector) -> Answer:
        _only(call, _READING)
        match [segment.lower() for segment in call.segments[1:]]:
            case []:
                return answers.json(metainfo.overview(environment, app, call.language))
            case ["get", _]:
                get = _called(call.segments[2], environment.get_connectors(app), environment)
                if get is not None:
                    return answers.json(metainfo.of_get(get, call.language))
            case ["update", _]:
                update = _called(call.segments[2], environment.update_connectors(app), environment)
                if update is not None:
                    return answers.json(metainfo.of_update(update, environment.profile.without, call.language))
            case _:
                raise Refusal(404, Reason("metainfo", "path", call.scope["path"], "/metainfo, /get/{id}, /update/{id}"))
        reason = Reason("connector of the app connector", "path", call.segments[2], "a connector that /metainfo lists")
        raise ProfitError("metainfo_unsupported", reason)

    async def _file(self, call: Call, environment: Environment, _app: AppConnector) -> Answer:
        _only(call, _READING)
        resource, *segments = call.segments
        async with environment.looked_up() as book:
            found = files.answer(
                resource, segments, parsed(call.scope["query_string"]), find=book.find, where=book.where
            )
        return answers.json(found)

    async def _oauth(self, call: Call) -> Answer:
        """An access token. Who asks has no token yet, so the environment follows from the client."""
        if [segment.lower() for segment in call.segments] != ["oauth", "token"]:
            raise Refusal(404, Reason("OAuth", "path", call.scope["path"], "/oauth/token"))
        _only(call, frozenset(("POST",)))
        size = _announced(call)
        if size is None or size > oauth.MOST_BYTES:
            raise Refusal(413, Reason("size of the body", "body", str(size), f"{oauth.MOST_BYTES} bytes"))
        body = bytearray()
        await _read(call, body)
        return oauth.answer(call, bytes(body), self._registry, _check_host)

    async def _profit_version(self, call: Call, environment: Environment, _app: AppConnector) -> Answer:
        _only(call, _READING)
        if len(call.segments) != 1:
            raise Refusal(404, Reason("profitversion", "path", call.scope["path"], "/profitversion"))
        return answers.json({"version": f"{environment.profile.profit_version}.0.0.0"})

    # ------------------------------------------------------------ what went wrong

    def _refused(self, call: Call, error: Exception) -> Answer:
        """The answer to an error, which goes into the logbook with its reason."""
        environment = call.environment or self._registry.default
        if call.environment is None and environment is not None:
            call.language = _language(call, environment)
        reference = environment.next_reference() if environment else "0" * 32
        message, number = "", None
        match error:
            case ProfitError():
                answer, message = answers.profit_error(error, call.language, reference)
                reason, number = error.reason, error.number
            case Refusal():
                answer, reason = answers.bare(error.status), error.reason
            case InvalidJson() if environment is not None:
                answer, message = update.invalid_json(environment), "Invalid json"
                reason = Reason("body is JSON", "body", "", str(error))
            case OAuthError():
                answer, message, reason = oauth.refused(error), error.code, error.reason
            case UnderMaintenance():
                answer, message = answers.maintenance(error, call.language)
                reason = Reason("maintenance", "", f"{error.retry_after} s")
            case _:
                _log.error("an error of mock_afas itself; please report it", exc_info=error)
                internal = unexpected(Reason("internal error of mock_afas", "", type(error).__name__))
                answer, message = answers.profit_error(internal, call.language, reference)
                reason, number = internal.reason, internal.number
        if environment is not None:
            request = f"{call.method} {call.scope['path']}"
            entry = LogEntry(reference, environment.now(), answer.status, request, message, number, reason)
            environment.logbook.add(entry)
        return answer


_Connector = TypeVar("_Connector", GetConnector, UpdateConnector)


def _called(name: str, connectors: list[_Connector], environment: Environment) -> _Connector | None:
    """The connector with the id ``name``; whether case counts is AMB-04."""
    if environment.profile.dialect.identifiers == "case_sensitive":
        return next((connector for connector in connectors if connector.id == name), None)
    return next((connector for connector in connectors if connector.id.lower() == name.lower()), None)


def _announced(call: Call) -> int | None:
    """The announced size of the body in bytes; None when there is one of unknown size."""
    length = call.header(b"content-length")
    if length is not None and length.isdigit():
        return int(length)
    return None if call.header(b"transfer-encoding") is not None else 0


async def _read(call: Call, body: bytearray) -> None:
    """Reads the body and notes it for the record, also when it breaks off."""
    try:
        await bodies.read(call.receive, body)
    finally:
        call.body, call.body_size, call.whole = bytes(body[:MOST_BODY]), len(body), whole(body)


def _only(call: Call, methods: frozenset[str]) -> None:
    if call.method not in methods:
        raise Refusal(405, Reason("method", "method", call.method, ", ".join(sorted(methods))))


def _language(call: Call, environment: Environment) -> Language:
    wanted = call.header(b"accept-language")
    default = environment.profile.language
    return messages.negotiated(wanted.decode("latin-1"), default) if wanted else default


def _check_host(call: Call, environment: Environment) -> None:
    """A host name of AFAS in the request must be the environment's. Raises Refusal 401."""
    host = (call.header(b"host") or b"").decode("latin-1").partition(":")[0].lower()
    if host.endswith(_HOSTS) and host != environment.profile.host:
        raise Refusal(401, Reason("token of another environment", "Host", host, environment.profile.host))


def _trace(environment: Environment | None) -> str:
    if environment is None or environment.profile.profit_version < 7:
        return ""
    return environment.next_reference()


async def _send(call: Call, answer: Answer, send: Send, waited: float, trace: str) -> tuple[bytes, int]:
    """Sends ``answer``; gives the beginning of the body that was sent, and its size."""
    breaks_off = call.damage is not None and call.damage.outcome != "answered"
    if answer.parts is not None and (breaks_off or call.scope["http_version"] != "1.1"):
        # HTTP/1.0 knows no chunks
        answer = Answer(answer.status, answer.headers, b"".join([part async for part in answer.parts]))
    headers = answers.varying(answer, waited, waited, trace)
    if breaks_off:
        return await faulty.break_off(call, answer, headers, send)
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if answer.parts is None or call.method == "HEAD":
        body = b"" if call.method == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body})
        return body[:MOST_BODY], len(body)
    kept, size = bytearray(), 0
    async for part in answer.parts:
        size += len(part)
        if len(kept) < MOST_BODY:
            kept += part[: MOST_BODY - len(kept)]
        await send({"type": "http.response.body", "body": part, "more_body": True})
    call.abandoned = call.abandoned or await _is_gone(call.receive)
    await send({"type": "http.response.body", "body": b""})
    return bytes(kept), size


async def _is_gone(receive: Receive) -> bool:
    """Whether the client has closed the connection. Nothing else can come: its body was read, or is not wanted."""
    message = asyncio.ensure_future(receive())
    await asyncio.sleep(0)
    if message.done():
        return bool(message.result()["type"] == "http.disconnect")
    message.cancel()
    return False


def _outcome(call: Call) -> Outcome:
    if call.damage is not None and call.damage.outcome != "answered":
        return call.damage.outcome
    return "abandoned" if call.abandoned else "answered"


def _exchange(
    environment: Environment, call: Call, answer: Answer, sent: tuple[bytes, int], started: float, duration: float
) -> Exchange:
    scope, damage = call.scope, call.damage
    client = scope.get("client")
    return Exchange(
        number=environment.traffic.next_number(),
        started=started,
        duration=duration,
        method=call.method,
        path=scope["path"][:MOST_HEADERS],
        query=scope["query_string"][:MOST_HEADERS],
        request_headers=kept_headers(scope["headers"]),
        request_body=call.body,
        request_size=call.body_size,
        status=answer.status if damage is None or damage.dropped is None else 0,
        response_body=sent[0],
        response_size=sent[1],
        parallel=call.visit.parallel if call.visit else 0,
        client=client[0] if client else "",
        token=call.token,
        faults=tuple(firing.fault.id for firing in damage.firings) if damage else (),
        outcome=_outcome(call),
        response_headers=answer.headers,
        port=client[1] if client else 0,
        scheme=scope["scheme"],
        http_version=scope["http_version"],
        rows=call.rows,
        columns=call.columns,
        whole=call.whole,
        changes=environment.traffic.changes,
    )
