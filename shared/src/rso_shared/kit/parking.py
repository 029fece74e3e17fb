"""Parked records. A key whose record cannot be handled now is set aside with everything that follows for it, in order."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from rso_shared.kit.broker import Record
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_shared.kit.tables import PARKED

NOT_YET = "not_yet"
POISON = "poison"
BEHIND = "behind"
"""Nothing is wrong with this one; it waits behind another record of its key."""


@dataclass(frozen=True, slots=True)
class Parked:
    id: int
    record: Record
    state: str
    reason: str
    parked_at: str


def park(tx: Tx, consumer: str, record: Record, state: str, reason: str, now: datetime) -> None:
    known = select(PARKED.c.id).where(PARKED.c.consumer == consumer, PARKED.c.event_id == record.headers["ce_id"])
    if tx.conn.execute(known).first() is not None:
        return
    tx.conn.execute(
        insert(PARKED).values(
            consumer=consumer,
            key=record.key,
            event_id=record.headers["ce_id"],
            topic=record.topic,
            headers=json.dumps(record.headers),
            value=record.value,
            state=state,
            reason=reason,
            parked_at=iso(now),
        )
    )


def first(tx: Tx, consumer: str, key: str) -> Parked | None:
    query = select(PARKED).where(PARKED.c.consumer == consumer, PARKED.c.key == key).order_by(PARKED.c.id).limit(1)
    row = tx.conn.execute(query).one_or_none()
    return None if row is None else _parked(row)


def heads(tx: Tx, consumer: str, key: str) -> list[Parked]:
    """The oldest parked record of each topic, in the order they came; none while one record of the key is poison."""
    mine = (PARKED.c.consumer == consumer, PARKED.c.key == key)
    if tx.conn.execute(select(PARKED.c.id).where(*mine, PARKED.c.state == POISON).limit(1)).first() is not None:
        return []
    oldest = select(func.min(PARKED.c.id)).where(*mine).group_by(PARKED.c.topic)
    rows = tx.conn.execute(select(PARKED).where(PARKED.c.id.in_(oldest)).order_by(PARKED.c.id))
    return [_parked(row) for row in rows]


def _parked(row: Row[Any]) -> Parked:
    record = Record(row.topic, row.key, json.loads(row.headers), row.value)
    return Parked(row.id, record, row.state, row.reason, row.parked_at)


def keys(tx: Tx, consumer: str) -> list[str]:
    """Keys worth another try: their first record is not poison."""
    heads = select(func.min(PARKED.c.id)).where(PARKED.c.consumer == consumer).group_by(PARKED.c.key)
    query = select(PARKED.c.key).where(PARKED.c.id.in_(heads), PARKED.c.state != POISON)
    return list(tx.conn.execute(query).scalars())


def held(tx: Tx, consumer: str) -> list[str]:
    """Every key of which something is set aside, poison or not: what follows queues behind it."""
    query = select(PARKED.c.key).where(PARKED.c.consumer == consumer).distinct()
    return list(tx.conn.execute(query).scalars())


def mark(tx: Tx, id_: int, state: str, reason: str) -> None:
    tx.conn.execute(update(PARKED).where(PARKED.c.id == id_).values(state=state, reason=reason))


def begin_waiting(tx: Tx, id_: int, missing: str, now: datetime) -> None:
    """What stood behind another record was tried for the first time: its patience runs from now."""
    values = {"state": NOT_YET, "reason": missing, "parked_at": iso(now)}
    tx.conn.execute(update(PARKED).where(PARKED.c.id == id_).values(**values))


def release(tx: Tx, id_: int) -> None:
    tx.conn.execute(delete(PARKED).where(PARKED.c.id == id_))


def forget(tx: Tx, person_id: str) -> None:
    """What is set aside about this person: nothing can be done with it any more."""
    found = tx.conn.execute(select(PARKED.c.id, PARKED.c.value)).all()
    ids = [row.id for row in found if person_id.encode() in row.value]
    tx.conn.execute(delete(PARKED).where(PARKED.c.id.in_(ids)))


def replay(tx: Tx, consumer: str, key: str) -> int:
    """An operator says: try this key again. Returns how many of its records were poison."""
    poison = (PARKED.c.consumer == consumer, PARKED.c.key == key, PARKED.c.state == POISON)
    return tx.conn.execute(update(PARKED).where(*poison).values(state=NOT_YET)).rowcount


def listing(tx: Tx) -> list[dict[str, str]]:
    columns = (PARKED.c.consumer, PARKED.c.key, PARKED.c.event_id, PARKED.c.state, PARKED.c.reason, PARKED.c.parked_at)
    return [dict(row) for row in tx.conn.execute(select(*columns).order_by(PARKED.c.id)).mappings()]
