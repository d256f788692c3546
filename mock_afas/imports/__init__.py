"""GetConnectors from elsewhere: what is uploaded is read, checked, and mapped to the rows of our books.

``read`` makes an upload of bytes; ``mapped`` and ``shipped`` decide what of it, or of our own definitions, goes into an
environment. All this is imported at the first upload.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mock_afas.later import later

if TYPE_CHECKING:
    from mock_afas.imports.importing import mapped, shipped
    from mock_afas.imports.uploads import read

__all__ = ["mapped", "read", "shipped"]

__getattr__ = later(__name__, {"mapped": "importing", "shipped": "importing", "read": "uploads"})
