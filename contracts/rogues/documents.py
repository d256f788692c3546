"""Mistakes with the documents of invoices."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from careful import CarefulClient, Failed, Row

from contracts.rogues.base import rogue


@rogue("Writes base64 in the variant for URLs.", caught_by="documents/bytes-unchanged")
class UrlSafeBase64(CarefulClient):
    def content(self, document: Row) -> str:
        return super().content(document).replace("+", "-").replace("/", "_")


@rogue("Reads a document as text on its way.", caught_by="documents/bytes-unchanged")
class DocumentAsText(CarefulClient):
    def content(self, document: Row) -> str:
        content = base64.b64decode(super().content(document))
        return base64.b64encode(content.decode("utf-8", "replace").encode()).decode()


@rogue("Attaches files of any type.", caught_by="documents/allowed-types")
class AnyType(CarefulClient):
    def content(self, document: Row) -> str:
        return super().content(document | {"file_name": "any.pdf"})


@rogue("Attaches documents of any size.", caught_by="limits/document-size")
class AnySize(CarefulClient):
    def content(self, document: Row) -> str:
        return str(document["content_base64"])


@rogue("Refuses documents of more than one megabyte.", caught_by="documents/at-most-10-mb")
class SmallDocuments(CarefulClient):
    def content(self, document: Row) -> str:
        if len(document["content_base64"]) > 4 * 2**20 / 3:
            raise Failed("a document has at most 1 MB")
        return super().content(document)


@rogue("Links a document to the supplier and forgets the invoice.", caught_by="documents/linked-to-the-invoice")
class LinksToSupplier(CarefulClient):
    def write(self, method: str, connector: str, body: Row, look: Callable[[], Any] = lambda: None) -> Row:
        if connector == "KnSubject":
            fields = body["Objects"]["KnSubjectLink"]["Element"]["Fields"]
            body["Objects"]["KnSubjectLink"]["Element"]["Fields"] = {k: fields[k] for k in ("SfTp", "SfId")}
        return super().write(method, connector, body, look)


@rogue("Links each document to the first invoice it attached one to.", caught_by="documents/linked-to-the-invoice")
class LinksToFirst(CarefulClient):
    first: Row | None = None

    def attach(self, side: Row, given: Row, document: Row) -> Row:
        self.first = self.first or given
        return super().attach(side, self.first, document)


@rogue(
    "Sends the document first, and leaves it when the booking is refused.",
    caught_by="documents/none-left-behind",
)
class DocumentFirst(CarefulClient):
    def book(self, side: Row, given: Row) -> Row:
        document = given.get("document")
        if not document:
            return super().book(side, given)
        file = {"FileName": document["file_name"], "FileStream": self.content(document)}
        link = {"SfTp": side["destination"], "SfId": given[side["argument"]]}
        objects = {"KnSubjectLink": {"Element": {"Fields": link}}, "KnSubjectAttachment": {"Element": {"Fields": file}}}
        fields = {"StId": side["subject_type"], "Ds": given["description"]}
        made = self.write("POST", "KnSubject", {"Fields": fields, "Objects": objects})
        return super().book(side, {k: v for k, v in given.items() if k != "document"}) | {
            "subject_id": str(made["SbId"])
        }


@rogue("Says nothing of a document that could not be attached.", caught_by="documents/failure-told")
class SilentDocument(CarefulClient):
    def attach(self, side: Row, given: Row, document: Row) -> Row:
        try:
            return super().attach(side, given, document)
        except Failed:
            return {"subject_id": "1"}


@rogue("Attaches a document again when the answer got lost.", caught_by="faults/document-attached-once")
class DoubleDocument(CarefulClient):
    def subjects(self, side: Row, about: str) -> set[Any]:
        return set()
