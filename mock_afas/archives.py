"""Reads ZIP archives that strangers made: bounded in entries, in size and in time, in memory only.

Nothing is ever written to a disk under a name from an archive. Only stored and deflated entries are read, since only
these can be unpacked piece by piece, so that a small archive cannot ask for much memory.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

START = b"PK\x03\x04"
#: An archive without entries begins with the end of its directory.
EMPTY = b"PK\x05\x06"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
#: All that zipfile lets out for bytes that are no archive.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


class ArchiveError(ValueError):
    """An archive, or an entry of one, that cannot be read; the message says why."""


class Archive:
    """The entries of a ZIP. Raises ArchiveError when it is none or has more than ``most_entries``."""

    def __init__(self, data: bytes, *, most_entries: int) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _BROKEN as error:
            raise ArchiveError(f"the ZIP cannot be read: {_said(error)}") from None
        if len(self._zip.filelist) > most_entries:
            raise ArchiveError(f"the ZIP has {len(self._zip.filelist):,} entries; at most {most_entries:,} are read")

    @property
    def entries(self) -> list[zipfile.ZipInfo]:
        """The files of the archive, in its order; folders left out."""
        return [info for info in self._zip.filelist if not info.is_dir()]

    def read(self, info: zipfile.ZipInfo, *, most: int) -> bytes:
        """The bytes of an entry, of which there may be ``most``. Raises ArchiveError."""
        if info.flag_bits & _ENCRYPTED:
            raise ArchiveError("it is encrypted; make the ZIP without a password")
        if info.compress_type not in _METHODS:
            raise ArchiveError("it is packed by another method than deflate")
        too_large = ArchiveError(f"it is larger than {most:,} bytes unpacked")
        if info.file_size > most:
            raise too_large
        try:
            with self._zip.open(info) as file:
                data = file.read(most + 1)
        except _BROKEN as error:
            raise ArchiveError(f"it cannot be unpacked: {_said(error)}") from None
        if len(data) > most:
            raise too_large
        return data


def _said(error: Exception) -> str:
    return str(error)[:200] or type(error).__name__
