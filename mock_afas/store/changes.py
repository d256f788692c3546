"""Which rows of the books have changed, for projections to follow: a log that forgets its oldest part."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

#: So many changed rows are remembered; rows that were added one after the other count once.
MOST_REMEMBERED = 20_000
#: So many ids stand in one SQL condition.
_LISTED = 500

RowIds = Sequence[int]


class Changed(NamedTuple):
    """The rows that changed up to a position of the log, by entity; some may be there twice, or gone."""

    position: int
    rows: Mapping[str, Sequence[RowIds]]


class _Record(NamedTuple):
    position: int
    entity: str
    row_ids: RowIds


class ChangeLog:
    """The changes of one set of books. ``position`` moves with each."""

    def __init__(self) -> None:
        self.position = 0
        self._records: list[_Record] = []
        self._remembered = 0
        #: By entity the position of its last change, and that up to which its changes are forgotten.
        self._last: defaultdict[str, int] = defaultdict(int)
        self._forgotten: defaultdict[str, int] = defaultdict(int)

    def copy(self) -> ChangeLog:
        """The same log for a copy of the books."""
        copy = ChangeLog()
        copy.position, copy._remembered = self.position, self._remembered
        copy._records = self._records.copy()
        copy._last, copy._forgotten = self._last.copy(), self._forgotten.copy()
        return copy

    def note(self, entity: str, row_ids: RowIds = ()) -> None:
        """Notes a change of these rows; of rows that nobody can tell, or of too many, when none is named."""
        self.position += 1
        self._last[entity] = self.position
        size = _size(row_ids)
        if not row_ids or size > MOST_REMEMBERED:
            self._forgotten[entity] = self.position
            return
        self._records.append(_Record(self.position, entity, row_ids))
        self._remembered += size
        if self._remembered > MOST_REMEMBERED:
            self._forget()

    def _forget(self) -> None:
        """Forgets the older half."""
        at = 0
        while self._remembered > MOST_REMEMBERED // 2:
            record = self._records[at]
            self._remembered -= _size(record.row_ids)
            self._forgotten[record.entity] = max(self._forgotten[record.entity], record.position)
            at += 1
        del self._records[:at]

    def since(self, position: int, entities: Collection[str], most: int | None = None) -> Changed | None:
        """The rows of ``entities`` that changed after ``position``, or the first of them: not many more than ``most``.

        None when that is forgotten.
        """
        if all(self._last[entity] <= position for entity in entities):
            return Changed(self.position, {})
        if any(self._forgotten[entity] > position for entity in entities):
            return None
        rows: defaultdict[str, list[RowIds]] = defaultdict(list)
        found = 0
        start = bisect_right(self._records, position, key=attrgetter("position"))
        for record in islice(self._records, start, None):
            if record.entity not in entities:
                continue
            if most is not None and found >= most:
                return Changed(record.position - 1, rows)
            rows[record.entity].append(record.row_ids)
            found += len(record.row_ids)
        return Changed(self.position, rows)


def highest(row_ids: RowIds) -> int:
    """The highest of some row ids."""
    return row_ids[-1] if isinstance(row_ids, range) else max(row_ids)


def up_to(row_ids: RowIds, most: int) -> RowIds:
    """Those of the row ids that are not above ``most``."""
    if isinstance(row_ids, range):
        return row_ids[: max(most + 1 - row_ids.start, 0)]
    return [row_id for row_id in row_ids if row_id <= most]


def chosen_by(changed: Iterable[RowIds]) -> Iterator[str]:
    """SQL conditions that choose the rows: a run of rows by its ends, others by their ids."""
    scattered: list[int] = []
    for row_ids in changed:
        if isinstance(row_ids, range) and len(row_ids) > 1:
            yield f"BETWEEN {row_ids.start} AND {row_ids.stop - 1}"
        else:
            scattered.extend(row_ids)
    for start in range(0, len(scattered), _LISTED):
        yield f"IN ({', '.join(map(str, scattered[start : start + _LISTED]))})"


def _size(row_ids: RowIds) -> int:
    return 1 if isinstance(row_ids, range) else len(row_ids)
