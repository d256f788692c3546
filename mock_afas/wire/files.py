"""Files read back: what SubjectConnector, FileConnector and ImageConnector answer.

Source: AFAS' pages on the three connectors: ``GET /subjectconnector/{subjectId}/{fileId}`` (also
``?SubjectId=&FileId=``), ``/fileconnector?fileid=&filename=`` (also ``/fileconnector/{fileId}/{fileName}``) and
``/imageconnector/{id}`` give ``filename``, ``mimetype`` and ``filedata`` in base64, or 404 without a body.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from mimetypes import MimeTypes
from pathlib import PurePosixPath

from mock_afas import values
from mock_afas.errors import Reason, Refusal
from mock_afas.ledger.book import Row

#: ``find(entity, *key)`` gives a row or None, ``where(entity, **columns)`` the rows that have the values.
Find = Callable[..., Row | None]
Where = Callable[..., Sequence[Row]]

_UNKNOWN_TYPE = "application/octet-stream"
_OFFICE = "application/vnd.openxmlformats-officedocument"
#: Types of files that come with invoices and that not every Python knows.
_MORE_TYPES: Mapping[str, str] = {
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    ".pptx": f"{_OFFICE}.presentationml.presentation",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".msg": "application/vnd.ms-outlook",
    ".mpp": "application/vnd.ms-project",
    ".vsd": "application/vnd.visio",
    ".xps": "application/vnd.ms-xpsdocument",
    ".dxf": "image/vnd.dxf",
}
#: The names of the parts of each address: as parameters, and in the order they have in the path.
_PARTS: Mapping[str, tuple[str, ...]] = {
    "subjectconnector": ("subjectid", "fileid"),
    "fileconnector": ("fileid", "filename"),
    "imageconnector": ("imageid",),
}
#: The resources that ``answer`` knows, in lower case.
RESOURCES = tuple(_PARTS)


def answer(
    resource: str, segments: Sequence[str], parameters: Mapping[str, str], *, find: Find, where: Where
) -> dict[str, str]:
    """The file that an address names. ``segments`` are what follows ``resource`` in the path, decoded.

    Names of resources and parameters, ids and names of files compare without case. Raises Refusal 404.
    """
    resource = resource.lower()
    parts = _parts(resource, segments, parameters)
    found = _FINDERS[resource](parts, find, where)
    content = found.get("content") if found else None
    if found is None or not isinstance(content, bytes):
        raise _missing(resource, "/".join(parts))
    name = str(found["file_name"])
    return {"filename": name, "mimetype": mimetype(name), "filedata": base64.b64encode(content).decode()}


def mimetype(name: str) -> str:
    """The type of a file by the ending of its name."""
    return _types().get(PurePosixPath(name).suffix.lower(), _UNKNOWN_TYPE)


@cache
def _types() -> Mapping[str, str]:
    """Types by ending: those that Python brings along, not those of the machine, so that answers do not differ."""
    return {**MimeTypes().types_map[True], **_MORE_TYPES}


def _parts(resource: str, segments: Sequence[str], parameters: Mapping[str, str]) -> list[str]:
    names = _PARTS[resource]
    given = [segment for segment in segments if segment]
    if not given:
        folded = {name.lower(): value for name, value in parameters.items()}
        given = [folded[name] for name in names if folded.get(name)]
    if resource == "fileconnector" and len(given) > len(names):
        given = [given[0], "/".join(given[1:])]  # the name of a file may hold slashes
    if len(given) != len(names):
        raise _missing(resource, "/".join(given))
    return given


def _missing(resource: str, value: str) -> Refusal:
    return Refusal(404, Reason("file in the books", f"/{resource}", value[:200], "/".join(_PARTS[resource])))


def _of_subject(parts: Sequence[str], find: Find, where: Where) -> Row | None:
    """A file of a dossier item, under the name it has there."""
    try:
        subject_id = values.parse_integer(parts[0])
    except values.NotAValue:
        return None
    if subject_id not in values.INT64:
        return None
    for attachment in where("attachments", subject_id=subject_id, file_id=parts[1]):
        file = find("files", attachment["file_id"])
        if file is not None:
            return {**file, "file_name": attachment["file_name"]}
    return None


def _by_name(parts: Sequence[str], find: Find, _where: Where) -> Row | None:
    """A file by its id; its name has to be right too (our reading)."""
    file = find("files", parts[0])
    return file if file and str(file["file_name"]).casefold() == parts[1].casefold() else None


def _image(parts: Sequence[str], find: Find, _where: Where) -> Row | None:
    """A file by its id, if it is an image (our reading: images have no ids of their own)."""
    file = find("files", parts[0])
    return file if file and mimetype(str(file["file_name"])).startswith("image/") else None


_FINDERS: Mapping[str, Callable[[Sequence[str], Find, Where], Row | None]] = {
    "subjectconnector": _of_subject,
    "fileconnector": _by_name,
    "imageconnector": _image,
}
