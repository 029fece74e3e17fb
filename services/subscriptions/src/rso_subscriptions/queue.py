"""The queue of an endpoint: what failed, what stands behind it, what was asked for again, and what was given up."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, delete, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_subscriptions.tables import FEED, POSITIONS, QUEUE

PENDING, DEAD = "pending", "dead"


def put(tx: Tx, rows: Iterable[Mapping[str, Any]]) -> None:
    """New ones, or in the place of those that are there."""
    made = list(rows)
    if not made:
        return
    insert = (sqlite if tx.is_sqlite else postgresql).insert(QUEUE)
    others = {column.name: insert.excluded[column.name] for column in QUEUE.columns if not column.primary_key}
    tx.conn.execute(insert.on_conflict_do_update(index_elements=["endpoint_id", "event_id"], set_=others), made)


def row(endpoint_id: str, event: Any, now: datetime, **more: Any) -> dict[str, Any]:
    """`event` is a row of the feed, or anything with its event_id, sequence and lane."""
    known = {"endpoint_id": endpoint_id, "event_id": event.event_id, "sequence": event.sequence, "lane": event.lane}
    fresh = {"payload": None, "attempts": 0, "strikes": 0, "next_at": iso(now), "state": PENDING, "why": None}
    return {**known, **fresh, **more}


def drop(tx: Tx, endpoint_id: str, event_ids: Iterable[str]) -> None:
    ids = list(event_ids)
    if ids:
        tx.conn.execute(delete(QUEUE).where(QUEUE.c.endpoint_id == endpoint_id, QUEUE.c.event_id.in_(ids)))


def wake(tx: Tx, endpoint_id: str, now: datetime) -> None:
    """The endpoint is thought to be well: whatever waits may go at once."""
    mine = (QUEUE.c.endpoint_id == endpoint_id, QUEUE.c.state == PENDING)
    tx.conn.execute(update(QUEUE).where(*mine).values(next_at=iso(now)))
    well = {"failures": 0, "failing_since": None, "rest_until": None}
    tx.conn.execute(update(POSITIONS).where(POSITIONS.c.endpoint_id == endpoint_id).values(**well))


def lanes(tx: Tx, endpoint_id: str) -> set[str]:
    """Cases of which something waits here: what comes later of them has to wait behind."""
    mine = (QUEUE.c.endpoint_id == endpoint_id, QUEUE.c.state == PENDING)
    return set(tx.conn.execute(select(QUEUE.c.lane).where(*mine).distinct()).scalars())


def due(endpoint_id: str, organisation_id: str, now: datetime, limit: int) -> Select[Any]:
    """The first of each lane, if its time has come, with what the feed knows of it (nothing, for a test event)."""
    earlier = QUEUE.alias()
    first = ~exists().where(
        earlier.c.endpoint_id == endpoint_id, earlier.c.state == PENDING, earlier.c.lane == QUEUE.c.lane,
        earlier.c.sequence < QUEUE.c.sequence,
    )  # fmt: skip
    place = and_(FEED.c.organisation_id == organisation_id, FEED.c.sequence == QUEUE.c.sequence)
    columns = (
        QUEUE.c.event_id, QUEUE.c.sequence, QUEUE.c.lane, QUEUE.c.attempts, QUEUE.c.strikes, FEED.c.type, FEED.c.level, FEED.c.sponsor_id,
        FEED.c.program_id, FEED.c.occurred_at, func.coalesce(QUEUE.c.payload, FEED.c.payload).label("payload"),
    )  # fmt: skip
    mine = (QUEUE.c.endpoint_id == endpoint_id, QUEUE.c.state == PENDING, QUEUE.c.next_at <= iso(now), first)
    query = select(*columns).select_from(QUEUE.outerjoin(FEED, place)).where(*mine)
    return query.order_by(QUEUE.c.sequence).limit(limit)
