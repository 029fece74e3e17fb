"""The list of erasures in a service's own store: who was ordered to be erased, and whether this service has done so.

An order is written down in the transaction of the event or of the inbox that brought it; the work is done after that commit.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from rso_shared.contracts.base import ErasureOrder, FactModel
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_shared.kit.statements import marker
from rso_shared.kit.tables import ERASURES

_INSERT = """
INSERT INTO erasures (erasure_id, person_id, ordered_at, destroyed_at) VALUES ({0}, {0}, {0}, {0})
ON CONFLICT (erasure_id) DO NOTHING
"""
_ORDERED = "SELECT 1 FROM erasures WHERE person_id = {0} LIMIT 1"


@dataclass(frozen=True, slots=True)
class Order:
    erasure_id: str
    person_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDestroyed:
    """The service can read nothing of the person any more. Stored under its own name as `<short>.key_destroyed`."""

    erasure_id: str
    person_id: str
    destroyed_at: datetime


def apply(tx: Tx, fact: FactModel, now: datetime) -> None:
    """In the home of the person's identity at append, everywhere else when consumed. The same order again changes nothing."""
    if isinstance(fact, ErasureOrder):
        write(tx, Order(fact.erasure_id, fact.person_id), now)


def write(tx: Tx, order: Order, now: datetime, *, done: bool = False) -> None:
    at = iso(now)
    tx.run(_INSERT.format(marker(sqlite=tx.is_sqlite)), (order.erasure_id, order.person_id, at, at if done else None))


def pending(tx: Tx) -> list[Order]:
    query = select(ERASURES.c.erasure_id, ERASURES.c.person_id).where(ERASURES.c.destroyed_at.is_(None))
    return [Order(row.erasure_id, row.person_id) for row in tx.conn.execute(query.order_by(ERASURES.c.erasure_id))]


def done(tx: Tx) -> set[str]:
    """Persons of whom nothing is left in this store."""
    return set(tx.conn.execute(select(ERASURES.c.person_id).where(ERASURES.c.destroyed_at.is_not(None))).scalars())


def ordered(tx: Tx, person_id: str) -> bool:
    """Whether the person is to be erased, or was."""
    return bool(tx.run(_ORDERED.format(marker(sqlite=tx.is_sqlite)), (person_id,)))


def all_ordered(tx: Tx) -> frozenset[str]:
    """Everybody who is to be erased, or was."""
    return frozenset(tx.conn.execute(select(ERASURES.c.person_id)).scalars())


def close(tx: Tx, erasure_id: str, at: datetime) -> None:
    tx.conn.execute(update(ERASURES).where(ERASURES.c.erasure_id == erasure_id).values(destroyed_at=iso(at)))
