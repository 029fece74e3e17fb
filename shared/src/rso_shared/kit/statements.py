"""The store's hot statements as plain SQL, run on the transaction's own driver connection (`Tx.run`).

Compiling, binding and wrapping of rows by SQLAlchemy cost more than these statements take, most of all with many threads.
"""

import json
from functools import cache
from typing import Any

from sqlalchemy import Table

from rso_shared.kit.tables import EVENTS, IDEMPOTENCY, INBOX, OUTBOX, PARKED, SHADOWS

EVENT_COLUMNS = tuple(column.name for column in EVENTS.columns)
OUTBOX_COLUMNS = ("event_id", "topic", "key", "headers", "value", "created_at")
INBOX_COLUMNS = tuple(column.name for column in INBOX.columns)
IDEMPOTENCY_COLUMNS = tuple(column.name for column in IDEMPOTENCY.columns)
FOLD_COLUMNS = ("version", "name", "schema_version", "data", "sealed", "recorded_at", "hash")


def marker(*, sqlite: bool) -> str:
    return "?" if sqlite else "%s"


@cache
def stream(columns: tuple[str, ...], *, as_of: bool, sqlite: bool) -> str:
    mark = marker(sqlite=sqlite)
    until = f" AND recorded_at <= {mark}" if as_of else ""
    return f"SELECT {', '.join(columns)} FROM {EVENTS.name} WHERE stream = {mark}{until} ORDER BY version"


@cache
def streams(columns: tuple[str, ...], *, sqlite: bool) -> str:
    """Takes an `array`."""
    return (
        f"SELECT {', '.join(columns)} FROM {EVENTS.name} WHERE stream {among(sqlite=sqlite)} ORDER BY stream, version"
    )


@cache
def head(*, sqlite: bool) -> str:
    place = f"FROM {EVENTS.name} WHERE stream = {marker(sqlite=sqlite)}"
    return f"SELECT version, hash, recorded_at {place} ORDER BY version DESC LIMIT 1"


@cache
def insert_events(rows: int, *, sqlite: bool) -> str:
    """Answers, once per row, which rebuilds have already folded the stream: (names separated by commas or None,).

    On PostgreSQL the outbox rows (`insert_outbox`) are part of it, their values after those of the events: one way to the server
    and back. The statement takes its snapshot after it has its lock on the table. A fold holds a lock that excludes it, so either
    the fold sees this event or this statement sees the fold.
    """
    joined = "group_concat(projection)" if sqlite else "string_agg(projection, ',')"
    folded = f"(SELECT {joined} FROM {SHADOWS.name} WHERE {SHADOWS.name}.stream = {EVENTS.name}.stream)"
    events = f"{_insert(EVENTS, EVENT_COLUMNS, rows, marker(sqlite=sqlite))} RETURNING {folded}"
    if sqlite:
        return events
    return f"WITH e (folded) AS ({events}), o AS ({insert_outbox(rows, sqlite=False)}) SELECT folded FROM e"


@cache
def insert_outbox(rows: int, *, sqlite: bool) -> str:
    return _insert(OUTBOX, OUTBOX_COLUMNS, rows, marker(sqlite=sqlite))


@cache
def insert_shadows(*, sqlite: bool) -> str:
    """Takes the projection's name and an `array` of streams."""
    each = "SELECT ?, value FROM json_each(?)" if sqlite else "SELECT %s, unnest(%s::text[])"
    return f"INSERT INTO {SHADOWS.name} (projection, stream) {each}"


@cache
def pending(*, sqlite: bool, besides: bool = False) -> str:
    """`besides`, on PostgreSQL: without those whose ids are given first."""
    mark = marker(sqlite=sqlite)
    among = f" AND id <> ALL({mark})" if besides else ""
    look = f"SELECT id, topic, key, headers, value FROM {OUTBOX.name} WHERE published_at IS NULL{among}"
    return f"{look} ORDER BY id LIMIT {mark}"


@cache
def mark(*, sqlite: bool) -> str:
    return f"UPDATE {OUTBOX.name} SET published_at = {marker(sqlite=sqlite)} WHERE id {among(sqlite=sqlite)}"


@cache
def mark_and_pending() -> str:
    """In one round trip, on PostgreSQL: the look does not see the marks of its own statement, so it is told them."""
    return f"WITH sent AS ({mark(sqlite=False)}) {pending(sqlite=False, besides=True)}"


@cache
def insert_inbox(rows: int, *, sqlite: bool) -> str:
    return _insert(INBOX, INBOX_COLUMNS, rows, marker(sqlite=sqlite))


@cache
def answer(*, sqlite: bool) -> str:
    mark = marker(sqlite=sqlite)
    place = f"FROM {IDEMPOTENCY.name} WHERE client = {mark} AND key = {mark}"
    return f"SELECT fingerprint, status, response {place}"


@cache
def insert_answer(*, sqlite: bool) -> str:
    return _insert(IDEMPOTENCY, IDEMPOTENCY_COLUMNS, 1, marker(sqlite=sqlite))


@cache
def handled(*, sqlite: bool) -> str:
    mark = marker(sqlite=sqlite)
    return f"SELECT event_id FROM {INBOX.name} WHERE consumer = {mark} AND event_id {among(sqlite=sqlite)}"


@cache
def queued(*, sqlite: bool) -> str:
    mark = marker(sqlite=sqlite)
    return (
        f"SELECT DISTINCT key, topic, state FROM {PARKED.name} WHERE consumer = {mark} AND key {among(sqlite=sqlite)}"
    )


def array(values: list[str] | list[int], *, sqlite: bool) -> Any:
    """One parameter however many values: the statement is the same for every batch."""
    return json.dumps(values) if sqlite else values


def among(*, sqlite: bool) -> str:
    """The right side of "is any of these": takes an `array`."""
    return "IN (SELECT value FROM json_each(?))" if sqlite else "= ANY(%s)"


def _insert(table: Table, columns: tuple[str, ...], rows: int, mark: str) -> str:
    one = f"({', '.join([mark] * len(columns))})"
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES {', '.join([one] * rows)}"
