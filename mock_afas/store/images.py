"""Keeps images of freshly made books in the user's cache directory, so that a server need not make them at each start.

An image is what SQLite serialises, behind its SHA-256. Whatever is wrong with one (cut off, unreadable, of another
version) means only that the books are made again. ``MOCK_AFAS_CACHE`` names another directory; empty keeps none.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

MOST_IMAGES = 6
_DIGEST_BYTES = 32


def directory() -> Path | None:
    """Where images are kept, or None when they are not."""
    chosen = os.environ.get("MOCK_AFAS_CACHE")
    if chosen is not None:
        return Path(chosen) if chosen else None
    cache = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(cache) if cache else Path.home() / ".cache") / "mock_afas"
    except RuntimeError:
        return None


def name_of(made_from: Iterable[Path], *facts: str) -> str:
    """The name of the image of books made by these files from these facts; other contents, other name."""
    parts = [*facts]
    for path in made_from:
        status = path.stat()
        parts.append(f"{path.name} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def read(name: str) -> bytes | None:
    """The image called ``name``, if it is kept and whole."""
    folder = directory()
    if folder is None:
        return None
    try:
        content = (folder / f"{name}.image").read_bytes()
    except OSError:
        return None
    digest, image = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    return image if hashlib.sha256(image).digest() == digest else None


def write(name: str, image: bytes) -> None:
    """Keeps ``image``, and of all images only the latest few. A directory that cannot be written to is no error."""
    folder = directory()
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(image).digest() + image)
        Path(temporary).replace(folder / f"{name}.image")
        by_age = sorted(folder.glob("*.image"), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in by_age[MOST_IMAGES:]:
            old.unlink(missing_ok=True)
    except OSError:
        return
