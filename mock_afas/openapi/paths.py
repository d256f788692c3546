"""The operations of an environment: reads of GetConnectors, writes of UpdateConnectors, metainfo, version, files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from mock_afas.connectors import GetConnector, UpdateConnector
from mock_afas.ledger.handlers import HANDLERS
from mock_afas.openapi.schemas import Schema, Schemas, reference
from mock_afas.profiles import Dialect

Operation = dict[str, Any]
Paths = dict[str, dict[str, Operation]]


def _query(name: str, description: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "description": description, "schema": schema}


#: The parameters of every GetConnector.
PARAMETERS: Mapping[str, Schema] = {
    "skip": _query("skip", "Rows to pass over. -1 together with take=-1 gives all.", {"type": "integer", "default": 0}),
    "take": _query("take", "Rows to give.", {"type": "integer", "default": 100}),
    "filterfieldids": _query(
        "filterfieldids", "Fields to filter by: ',' between two means and, ';' means or.", {"type": "string"}
    ),
    "filtervalues": _query("filtervalues", "A value for each field, with the same separators.", {"type": "string"}),
    "operatortypes": _query(
        "operatortypes",
        "An operator for each field: 1 equal, 2 at least, 3 at most, 4 more, 5 less, 6 contains, 7 not equal, 8 empty, "
        "9 not empty, 10 starts with, 11 contains not, 12 starts not with, 13 ends with, 14 ends not with, 15 quick.",
        {"type": "string"},
    ),
    "filterjson": _query("filterjson", "A filter as JSON, instead of the three lists.", {"type": "string"}),
    "orderbyfieldids": _query(
        "orderbyfieldids", "Fields to order by, with '-' before those that go downwards.", {"type": "string"}
    ),
}
_JSON = "application/json"
_BARE: Mapping[str, str] = {
    "400": "A body without root or element, or one that broke off.",
    "401": "No token, or one that is unknown, expired or revoked, or of a blocked user.",
    "403": "The app connector does not let the caller's address in.",
    "404": "There is no such address or file, or the query string is too long.",
    "405": "The connector does not know the method.",
    "413": "The body is over 75 MB.",
}
#: Answers that are the same everywhere.
RESPONSES: Mapping[str, Schema] = {
    **{status: {"description": text} for status, text in _BARE.items()},
    "Error": {
        "description": "Profit refuses; the message says why.",
        "content": {_JSON: {"schema": reference("Error")}},
    },
    "Maintenance": {
        "description": "The environment is in maintenance.",
        "headers": {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}},
        "content": {_JSON: {"schema": reference("Maintenance")}},
    },
}
#: Beside its good one, each operation has these answers: by status, the name of the response.
_ALWAYS = {"401": "401", "403": "403", "404": "404", "500": "Error", "503": "Maintenance"}
_OF_WRITES = {**_ALWAYS, "400": "400", "405": "405", "413": "413"}
#: URLs of deletions that name keys which are no primary keys of the outermost object. wire.md section 5.
_DELETIONS: Mapping[str, tuple[str, ...]] = {
    "FiEntries": ("/FiEntryPar/UnId,JoCo/{UnId},{JoCo}/FiEntries/@EnNo/{EnNo}",),
    "KnSubject": (
        "/KnSubject/@SbId/{SbId}",
        "/KnSubject/@SbId/{SbId}/KnSubjectAttachment/@FileId/{FileId}",
        "/KnSubjectLink/@SbId/{SbId}",
    ),
}


def paths(
    gets: Sequence[GetConnector], updates: Sequence[UpdateConnector], schemas: Schemas, dialect: Dialect
) -> Paths:
    """All paths of an environment."""
    found: Paths = {}
    ids = {"get": [connector.id for connector in gets], "update": [connector.id for connector in updates]}
    for path, method, operation in (
        *_about(ids),
        *(read for connector in gets for read in _reads(connector, schemas)),
        *(write for connector in updates for write in _writes(connector, schemas, dialect)),
    ):
        found.setdefault(path, {})[method] = operation
    return found


def _operation(
    name: str, summary: str, tag: str, answers: Mapping[str, Schema], others: Mapping[str, str], **more: Any
) -> Operation:
    refused = {status: {"$ref": f"#/components/responses/{response}"} for status, response in others.items()}
    return {"operationId": name, "summary": summary, "tags": [tag], **more, "responses": {**refused, **answers}}


def _answer(schema: Schema, description: str) -> Schema:
    return {"description": description, "content": {_JSON: {"schema": schema}}}


def _in_path(path: str) -> list[Schema]:
    """The parameters in the braces of ``path``."""
    names = [part.partition("}")[0] for part in path.split("{")[1:]]
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _segment(connector_id: str) -> str:
    """An id in a path; braces of its own are none of a template."""
    return quote(connector_id, safe="")


# ---------------------------------------------------------------- what every environment has

_ABOUT: tuple[tuple[str, str, str, str, str], ...] = (
    ("/profitversion", "profitversion", "The version of Profit", "Version", "about"),
    ("/metainfo", "metainfo", "The connectors that the token opens", "Metainfo", "about"),
    ("/metainfo/get/{connector}", "metainfo_get", "The fields of a GetConnector", "MetainfoGet", "about"),
    ("/metainfo/update/{connector}", "metainfo_update", "The fields of an UpdateConnector", "MetainfoUpdate", "about"),
    ("/subjectconnector/{subjectId}/{fileId}", "subjectconnector", "A file of a dossier item", "File", "files"),
    ("/fileconnector/{fileId}/{fileName}", "fileconnector", "A file", "File", "files"),
    ("/imageconnector/{imageId}", "imageconnector", "An image", "File", "files"),
)


def _about(ids: Mapping[str, list[str]]) -> Iterator[tuple[str, str, Operation]]:
    """``ids`` are those that ``/metainfo/get`` and ``/metainfo/update`` know."""
    for path, name, summary, schema, tag in _ABOUT:
        parameters, known = _in_path(path), ids.get(name.removeprefix("metainfo_"))
        if known is not None:
            if not known:
                continue
            parameters[0]["schema"] = {"type": "string", "enum": known}
        answers = {"200": _answer(reference(schema), summary)}
        yield path, "get", _operation(name, summary, tag, answers, _ALWAYS, parameters=parameters)


# ---------------------------------------------------------------- connectors


def _reads(connector: GetConnector, schemas: Schemas) -> Iterator[tuple[str, str, Operation]]:
    summary = schemas.text(connector.description)
    parameters = [{"$ref": f"#/components/parameters/{name}"} for name in PARAMETERS]
    answers = {"200": _answer(schemas.rows_of(connector), "Rows")}
    operation = _operation(f"get_{connector.id}", summary, connector.id, answers, _ALWAYS, parameters=parameters)
    yield f"/connectors/{_segment(connector.id)}", "get", operation


class _Writes:
    """The operations of one UpdateConnector."""

    def __init__(self, connector: UpdateConnector, schemas: Schemas, dialect: Dialect) -> None:
        self._connector = connector
        self._schemas = schemas
        self._dialect = dialect
        self.base = f"/connectors/{_segment(connector.id)}"

    def write(self, method: str, path: str, body: Schema, what: str) -> tuple[str, str, Operation]:
        """A POST or PUT."""
        status = "201" if method == "post" else self._dialect.put_status
        answers = {status: self._written(method), **self._invalid_json()}
        sent = {"required": True, "content": {_JSON: {"schema": body}}}
        return self._made(method, path, what, answers, requestBody=sent)

    def delete(self, path: str) -> tuple[str, str, Operation]:
        return self._made("delete", path, "Delete", {"200": {"description": "Deleted."}})

    def _made(
        self, method: str, path: str, what: str, answers: Mapping[str, Schema], **more: Any
    ) -> tuple[str, str, Operation]:
        below = "_".join(part for part in path.split("/") if part and part[0] not in "@{")
        name = f"{method}_{self._connector.id}{f'_{below}' if below else ''}"
        summary = f"{what}: {self._schemas.text(self._connector.description)}"
        others = {status: name for status, name in _OF_WRITES.items() if status not in answers}
        parameters = _in_path(path)
        made = _operation(name, summary, self._connector.id, answers, others, parameters=parameters, **more)
        return f"{self.base}{path}", method, made

    def _written(self, method: str) -> Schema:
        """The keys of what was written, by the name of the outermost object; some answer without a body."""
        if method == "put" and self._connector.id == "FiInvoice":
            return {"description": "Changed."}
        fields = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
        keys: Schema = {"type": "object", "additionalProperties": fields}
        if self._dialect.results == "wrapped":
            keys = {"type": "object", "required": ["results"], "properties": {"results": keys}}
        return _answer(keys, "The keys of what was written.")

    def _invalid_json(self) -> dict[str, Schema]:
        """The answers to a body that is no JSON, and to one without root or element, which says nothing."""
        status = self._dialect.invalid_json
        told = (
            reference("InvalidJson") if status == "400" else {"anyOf": [reference("InvalidJson"), reference("Error")]}
        )
        answer = _answer(told, "The body is no JSON, or Profit refuses it; the message says why.")
        if status == "400":
            answer["content"]["application/xml"] = {}  # what AFAS calls a body that is not there
        return {status: answer}


def _writes(connector: UpdateConnector, schemas: Schemas, dialect: Dialect) -> Iterator[tuple[str, str, Operation]]:
    writes, handlers, root = _Writes(connector, schemas, dialect), HANDLERS[connector.id], connector.root
    keys = [field.id for field in root.fields if field.primary_key]
    named = f"@{keys[0]}" if len(keys) == 1 else ",".join(keys)
    one = f"/{root.name}/{named}/{','.join(f'{{{key}}}' for key in keys)}"
    if "POST" in connector.methods and handlers.post is not None:
        yield writes.write("post", "", schemas.body_of(connector, new=True), "Add")
    changed = schemas.body_of(connector, new=False) if handlers.put is not None or handlers.objects else {}
    if "PUT" in connector.methods and handlers.put is not None:
        yield writes.write("put", "", changed, "Change")
        yield writes.write("put", one, changed, "Change")
    for name in handlers.objects:
        yield writes.write("post", f"/{name}", changed, f"Add {name}")
    if "DELETE" in connector.methods and handlers.delete is not None:
        for path in _DELETIONS.get(connector.id, (one,)):
            yield writes.delete(path)
