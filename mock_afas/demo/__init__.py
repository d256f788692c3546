"""The data that a new environment starts with: a small Dutch company, and any number of relations and invoices more.

``base`` is what AFAS' own demo environment looks like as far as its documentation shows it. It costs a few
milliseconds and imports nothing outside the standard library but the reader of the fixtures.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from mock_afas.demo import master
from mock_afas.demo.batch import Batch
from mock_afas.demo.books import Books
from mock_afas.demo.commitments import commitments
from mock_afas.demo.generate import generated, total_rows
from mock_afas.demo.invoices import Plan
from mock_afas.demo.moments import EARLIEST_TODAY, Moments
from mock_afas.demo.people import people
from mock_afas.demo.relations import Relations

__all__ = ["EARLIEST_TODAY", "Batch", "bare", "base", "generated", "total_rows"]


def base(*, today: dt.date) -> Iterator[Batch]:
    """The demo environment as it is on the morning of ``today``. Raises ValueError before ``EARLIEST_TODAY``."""
    return _environment(Moments(today), autonumber=True)


def bare(*, today: dt.date) -> Iterator[Batch]:
    """The demo environment before the set-up guide: nothing is numbered automatically. Raises as ``base`` does."""
    return _environment(Moments(today), autonumber=False)


def _environment(moments: Moments, *, autonumber: bool) -> Iterator[Batch]:
    companies = master.administrations(moments, autonumber=autonumber)
    units = [row[0] for row in companies.rows if isinstance(row[0], int)]
    yield companies
    yield from master.plain(moments)
    yield from master.ledger(units, moments)
    relations = Relations(moments)
    contacts = people(relations.register)
    yield from relations.batches()
    yield from contacts
    yield from master.projects(moments, relations.organisation_of_customer())
    plan = Plan(relations, moments)
    books = Books(moments, plan.vat)
    books.book(plan.invoices(), plan.document["memorials"])
    yield from books.take()
    yield commitments(moments, books.used)
    yield master.subjects(moments)
