"""The form in which demo data leaves this package."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Batch(NamedTuple):
    """Rows of one entity, in the stored form of ``mock_afas.values``.

    ``columns`` names what each row gives, in order. Columns of the entity that are not named are NULL, or 0 when they
    are booleans. The rows can be walked once.
    """

    entity: str
    columns: tuple[str, ...]
    rows: Iterable[tuple[object, ...]]
