"""The contracts, one module for each family. A module enters its contracts when it is imported."""

from __future__ import annotations

import importlib
import pkgutil


def load() -> None:
    """Imports every family, so that ``contract.CONTRACTS`` is whole."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
