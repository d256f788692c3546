"""Finds and reads the data files that ship with the package.

In a checkout they lie in ``fixtures/`` beside the package, in an installed wheel in ``mock_afas/_fixtures/``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import orjson

_PACKAGE = Path(__file__).parent


@cache
def root() -> Path:
    """The directory of the data files. Raises FileNotFoundError when the installation lacks them."""
    for candidate in (_PACKAGE / "_fixtures", _PACKAGE.parent / "fixtures"):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"mock_afas is installed without its data files: no _fixtures in {_PACKAGE}")


def read_json(name: str) -> Any:
    """The parsed contents of the JSON file ``name``, a path below the fixtures such as ``demo/accounts.json``."""
    return orjson.loads((root() / name).read_bytes())


def files(folder: str, pattern: str) -> list[Path]:
    """The files in ``folder`` that match ``pattern``, by name."""
    return sorted((root() / folder).glob(pattern))
