"""One call of an UpdateConnector: from its body to a draft of what changes, applied whole or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

from mock_afas import documents, values
from mock_afas.ledger import licence
from mock_afas.ledger.book import Circumstances, Draft, Result
from mock_afas.ledger.handlers import HANDLERS
from mock_afas.profiles import Profile
from mock_afas.store.ledger_book import LedgerBook


class WriteCall(NamedTuple):
    """A call of an UpdateConnector: its exact id, the method, the object its URL names, keys from the URL, the body."""

    connector: str
    method: str
    object: str
    keys: Mapping[str, str]
    body: bytearray
    user: str


def carry_out(call: WriteCall, book: LedgerBook, profile: Profile, now: dt.datetime) -> Result:
    """Books ``call`` at ``now``, Amsterdam wall-clock time.

    Raises ProfitError, Refusal for what the connector cannot do, and documents.InvalidJson.
    """
    draft = Draft(book, _circumstances(call.user, profile, now))
    result = _handled(call, draft, ignore_unknown=profile.dialect.unknown_field == "ignored")
    book.apply(draft.changes, draft.details, draft.circumstances.now)
    return result


def _circumstances(user: str, profile: Profile, now: dt.datetime) -> Circumstances:
    stamp = values.stored_moment(now)
    return Circumstances(
        now=stamp,
        today=stamp[:10],
        user=user,
        without=profile.without,
        missing_features=profile.dialect.missing_features,
        identifier_checks=profile.dialect.identifier_checks,
        attachment_size=profile.dialect.attachment_size,
    )


def _handled(call: WriteCall, draft: Draft, *, ignore_unknown: bool) -> Result:
    handlers = HANDLERS[call.connector]
    if call.method == "DELETE":
        return handlers.deletes(call.object)(call.keys, draft)
    write, action = handlers.writes(call.method, call.object)
    node = documents.read(call.connector, call.body, action=action, ignore_unknown=ignore_unknown)
    documents.take_keys(call.connector, node, call.keys)
    licence.enforce(node, draft)
    return write(node, draft)
