"""The table of traffic rules. What each looks at and what it lets pass stands with its function."""

from __future__ import annotations

from collections.abc import Iterable

from mock_afas.traffic.exchange import Exchange
from mock_afas.traffic.findings import Finding, Recording, Rule
from mock_afas.traffic.rules import calling, filters, reading, retries, writing

RULES: tuple[Rule, ...] = (
    Rule(
        "paging-without-order",
        "error",
        "Paging without an order",
        "Without orderbyfieldids the order of rows can differ from call to call: pages repeat rows and miss others.",
        "documented",
        "Send orderbyfieldids with every page, ending in a field that no two rows share.",
        reading.paging_without_order,
    ),
    Rule(
        "all-rows-at-once",
        "warning",
        "All rows in one call",
        "skip=-1 and take=-1 give all rows of a connector; too much data ends in 'Out of memory', and columns times "
        "rows of one answer are to stay below 150,000.",
        "documented",
        "Read in pages: skip and take with orderbyfieldids, until a page holds fewer rows than take.",
        reading.all_rows_at_once,
    ),
    Rule(
        "answer-too-large",
        "error",
        "Too many values in one answer",
        "Columns times rows of one answer are to stay below 150,000; beyond that Profit may run out of memory.",
        "documented",
        "Ask for fewer rows at a time, or for a connector with fewer fields.",
        reading.answer_too_large,
    ),
    Rule(
        "query-string-too-long",
        "error",
        "Query string over the limit",
        "A query string of more than 2,049 characters, ? and & included, is answered with 404.",
        "documented",
        "Split the filter over several calls.",
        reading.query_string_too_long,
    ),
    Rule(
        "query-string-near-limit",
        "warning",
        "Query string near the limit",
        "A query string of more than 2,049 characters, ? and & included, is answered with 404.",
        "documented",
        "Split filters that grow with the data before they reach 1,800 characters.",
        reading.query_string_near_limit,
    ),
    Rule(
        "whole-table-again",
        "warning",
        "A whole table read again",
        "There is no notice of changed rows: a client polls a field such as ModifiedDate for what changed since.",
        "documented",
        "Keep the latest moment you have seen and filter on it (operator 2, >=); drop rows you have already.",
        reading.whole_table_again,
    ),
    Rule(
        "one-call-for-each-value",
        "warning",
        "One call a row where one filter would do",
        "Filters can be joined: ',' means and, ';' means or. Abuse of a GetConnector gets it blocked.",
        "quoted",
        "Ask for many values in one call: filterfieldids=A;A;A, or filterjson when values hold ',' or ';'.",
        filters.one_call_for_each_value,
    ),
    Rule(
        "unsupported-connector-again",
        "warning",
        "An unsupported connector called again and again",
        "A connector that is not in the app connector, or that the licence lacks, stays refused until an administrator "
        "adds it.",
        "assumed",
        "Ask /metainfo once which connectors there are, and work without the others.",
        reading.unsupported_again,
    ),
    Rule(
        "filter-value-with-z",
        "error",
        "A filter value that ends in Z",
        "A Z at the end of a moment in a filter is an error, though moments leave Profit with one. They are Amsterdam "
        "wall-clock time, not UTC.",
        "seen",
        "Send Amsterdam wall-clock time without Z or offset, such as 2026-11-24T09:00:00.",
        filters.value_with_zone,
    ),
    Rule(
        "exact-match-on-time",
        "warning",
        "An exact match on a time",
        "Stored times have fractions of a second that answers hide, so = on one seldom matches.",
        "seen",
        "Ask for a span: operator 2 (>=) for its beginning and 5 (<) for its end.",
        filters.exact_time,
    ),
    Rule(
        "blind-retry-of-write",
        "error",
        "A write sent again without knowing what became of it",
        "Profit goes on with a request after the client gave up. A retry then books twice, or meets an error about a "
        "number that is in use.",
        "documented",
        "Look first: read the invoice, entry, relation or dossier item by its number, and send only what is not there.",
        retries.blind_retry,
    ),
    Rule(
        "validation-error-again",
        "error",
        "A refused body sent again",
        "Profit checks the whole body before it changes anything; the same body meets the same rule.",
        "documented",
        "Show the message to the user and wait for another body. Retry only what passes by itself, such as a lock.",
        retries.validation_error_again,
    ),
    Rule(
        "unauthorized-again",
        "error",
        "The same call after 401 or 403",
        "401 is a missing, wrong or expired token, 403 an address that the app connector does not allow: both stay "
        "until an administrator changes something.",
        "documented",
        "Stop, tell the user, and go on with another token or when told to.",
        retries.unauthorized_again,
    ),
    Rule(
        "before-retry-after",
        "error",
        "A call before the time that was asked for",
        "During maintenance Profit answers 503 with Retry-After and retry_after, in seconds.",
        "documented",
        "Wait as long as the answer says before any call to that environment.",
        retries.before_retry_after,
    ),
    Rule(
        "too-many-at-once",
        "error",
        "Too many calls at once",
        "AFAS allows 5 parallel calls on one page and 8 on another; the setting parallel_calls chooses (AMB-08).",
        "documented",
        "Bound the calls under way, 5 for the whole environment, in every process together.",
        calling.too_many_at_once,
    ),
    Rule(
        "connection-for-each-call",
        "note",
        "A new connection for each call",
        "AFAS says nothing about it. Each connection costs a TLS handshake, and a burst of them looks like abuse.",
        "assumed",
        "Keep one HTTP client (session, pool) for all calls, and do not send Connection: close.",
        calling.connection_for_each_call,
    ),
    Rule(
        "plain-http",
        "error",
        "Plain HTTP to another machine",
        "Profit takes TLS 1.2 or newer only. Over plain HTTP everybody on the way reads the token.",
        "documented",
        "Use https:// for every host but this machine.",
        calling.plain_http,
    ),
    Rule(
        "missing-integration-id",
        "warning",
        "No IntegrationId",
        "The header IntegrationId tells AFAS which integration calls; every partner must send it.",
        "documented",
        "Send IntegrationId: 12345_123456, with the number that AFAS gave you, with every call.",
        calling.missing_integration_id,
    ),
    Rule(
        "token-outside-header",
        "error",
        "A token outside the header",
        "A token goes into the header Authorization only. URLs and bodies end up in logs and histories.",
        "documented",
        "Send it in Authorization, and replace the token that leaked.",
        calling.token_outside_header,
    ),
    Rule(
        "body-without-charset",
        "error",
        "Other characters than ASCII without a charset",
        "Text that is not declared as UTF-8 may arrive with ? for what is not ASCII.",
        "documented",
        "Send Content-Type: application/json; charset=utf-8, or write such characters as \\u escapes.",
        writing.body_without_charset,
    ),
    Rule(
        "too-many-lines",
        "warning",
        "An entry of more than 1,000 lines",
        "At most 1,000 lines in one entry are advised.",
        "documented",
        "Split the entry, each part in balance.",
        writing.too_many_lines,
    ),
    Rule(
        "large-body",
        "warning",
        "A body over 10 MB",
        "Integrations send documents of at most 10 MB; over 75 MB Profit answers 413.",
        "quoted",
        "Make documents smaller before you attach them; base64 adds a third.",
        writing.large_body,
    ),
    Rule(
        "body-too-large",
        "error",
        "A body over 75 MB",
        "A body over 75 MB is answered with 413 and no body.",
        "documented",
        "Refuse such documents before you send them; base64 adds a third.",
        writing.body_too_large,
    ),
)


def judge(exchanges: Iterable[Exchange], *, parallel_calls: int = 5) -> list[Finding]:
    """What all rules find in ``exchanges``. ``parallel_calls`` is how many calls may run at once (AMB-08)."""
    recording = Recording(exchanges, parallel_calls=parallel_calls)
    return [finding for rule in RULES for finding in rule.findings(recording)]
