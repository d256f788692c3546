"""All rogues: importing a family enters its rogues in the table."""

from __future__ import annotations

from contracts.rogues import booking, connecting, documents, failing, features, manners, reading, relations
from contracts.rogues.base import ROGUES

__all__ = ["FAMILIES", "ROGUES"]

FAMILIES = (connecting, reading, features, relations, booking, documents, failing, manners)
