"""Reads what is uploaded: a ZIP, a ``.gcn`` export, or JSON of ``/metainfo/get/X``. Told apart by their bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

import orjson

from mock_afas import archives, gcn
from mock_afas.archives import Archive, ArchiveError
from mock_afas.gcn import GcnError
from mock_afas.imports.foreign import Foreign, ImportProblem, of_export, of_metainfo

MOST_ENTRIES = 2_000
#: Bytes of one file, and of all files of an archive, unpacked.
MOST_FILE = 16 * 2**20
MOST_TOTAL = 64 * 2**20
MOST_DEFINITIONS = 1_000
#: Fields of all definitions of one upload.
MOST_FIELDS = 50_000
_BOM = b"\xef\xbb\xbf"
#: What operating systems leave in archives: no part of what somebody packed.
_LITTER = re.compile(r"(^|/)(__MACOSX/|\.[^./][^/]*$|Thumbs\.db$|desktop\.ini$)")
_THE_BODY = "the upload"


class Upload(NamedTuple):
    """What an upload holds, in its order, and what was wrong with the rest."""

    definitions: list[Foreign]
    problems: list[ImportProblem]


def read(body: bytes) -> Upload:
    """The definitions in ``body``. What is wrong with a file becomes a problem; the others are read."""
    upload = Upload([], [])
    if body[:4] in (archives.START, archives.EMPTY):
        _read_archive(body, upload)
    else:
        _read_file(_THE_BODY, body, upload)
    return _bounded(upload)


def _bounded(upload: Upload) -> Upload:
    """The upload, unless it holds more than an environment could use."""
    fields = sum(len(foreign.fields) for foreign in upload.definitions)
    if len(upload.definitions) <= MOST_DEFINITIONS and fields <= MOST_FIELDS:
        return upload
    most = f"at most {MOST_DEFINITIONS:,} connectors with {MOST_FIELDS:,} fields are imported at once"
    return Upload([], [ImportProblem(_THE_BODY, f"{len(upload.definitions):,} connectors, {fields:,} fields: {most}")])


def _read_archive(body: bytes, upload: Upload) -> None:
    try:
        archive = Archive(body, most_entries=MOST_ENTRIES)
    except ArchiveError as error:
        upload.problems.append(ImportProblem(_THE_BODY, str(error)))
        return
    left = MOST_TOTAL
    for info in archive.entries:
        if _LITTER.search(info.filename):
            continue
        origin = _shown(info.filename)
        try:
            _check_path(info.filename, origin)
            data = archive.read(info, most=min(left, MOST_FILE))
        except ArchiveError as error:
            upload.problems.append(ImportProblem(origin, str(error)))
        except ImportProblem as problem:
            upload.problems.append(problem)
        else:
            left -= len(data)
            _read_file(origin, data, upload)
    if not archive.entries:
        upload.problems.append(ImportProblem(_THE_BODY, "the ZIP is empty"))


def _shown(name: str) -> str:
    """A name from an archive as it can stand in an answer."""
    return "".join(char if char.isprintable() else "?" for char in name[:200]) or "a file without a name"


def _check_path(name: str, origin: str) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name or not name.isprintable():
        raise ImportProblem(origin, "the name leads out of the archive; pack the files under plain names")


def _read_file(origin: str, data: bytes, upload: Upload) -> None:
    try:
        for one in _definitions(origin, data):
            if isinstance(one, ImportProblem):
                upload.problems.append(one)
            else:
                upload.definitions.append(one)
    except GcnError as error:
        upload.problems.append(ImportProblem(origin, str(error)))
    except ImportProblem as problem:
        upload.problems.append(problem)


def _definitions(origin: str, data: bytes) -> Iterator[Foreign | ImportProblem]:
    """The definitions in one file. Raises GcnError and ImportProblem when it is none as a whole."""
    if data[:4] in (archives.START, archives.EMPTY):
        raise ImportProblem(origin, "a ZIP inside the ZIP is not read; unpack it first")
    text = data.removeprefix(_BOM).lstrip()
    if text[:1] in (b"{", b"["):
        yield from _metainfo(origin, text)
    elif gcn.is_export(data) or origin.lower().endswith(".gcn"):
        yield of_export(gcn.read(data), origin)
    elif not data:
        raise ImportProblem(origin, "it is empty")
    else:
        raise ImportProblem(origin, "it is neither a ZIP, a .gcn export nor JSON of /metainfo/get/X")


def _metainfo(origin: str, text: bytes) -> Iterator[Foreign | ImportProblem]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ImportProblem(origin, f"it is no JSON: {str(error)[:200]}") from None
    documents = document if isinstance(document, list) else [document]
    for at, one in enumerate(documents[: MOST_DEFINITIONS + 1], 1):
        named = f"{origin}, item {at}" if len(documents) > 1 else origin
        try:
            yield of_metainfo(one, named)
        except ImportProblem as problem:
            yield problem
