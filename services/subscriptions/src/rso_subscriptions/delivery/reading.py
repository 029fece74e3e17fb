"""What there is to deliver, read for many endpoints at once: who is open, what waits, and who may see what at this moment."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from rso_shared.kit.clock import iso, parse_iso
from rso_shared.kit.database import Tx
from rso_shared.kit.service import Service
from rso_shared.kit.store import stream_id
from rso_subscriptions import feed, queue, sponsors
from rso_subscriptions.delivery.line import WINDOW, Aimed, Item
from rso_subscriptions.domain.endpoint import ENDPOINT, Endpoint
from rso_subscriptions.public.events import Level
from rso_subscriptions.tables import ENDPOINTS, ORGANISATIONS, POSITIONS, QUEUE

FRESH_SECONDS = 1.0
"""Older knowledge of grants is not acted on: a grant that is taken back ends after two seconds (`domain.grant.NOTICE`)."""


@dataclass(frozen=True, slots=True)
class Here:
    """What the loop has of an endpoint already. `behind`: it believes that lanes of it are held up."""

    version: int
    generation: int
    read_to: int
    wants_more: bool
    behind: bool


@dataclass(frozen=True, slots=True)
class Open:
    """An endpoint that is open. `aimed` is None where it is as it was."""

    position: Any
    aimed: Aimed | None
    items: Sequence[Item] = ()
    lanes: frozenset[str] | None = None
    """None: nobody asked."""
    read_to: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """Grants and the small ones, as they were at `at` (monotonic)."""

    at: float = float("-inf")
    grants: Mapping[str, feed.Grants] = field(default_factory=dict)
    small: Mapping[str, bool] = field(default_factory=dict)

    def fresh(self) -> bool:
        return time.monotonic() - self.at < FRESH_SECONDS


@dataclass(frozen=True, slots=True)
class Plan:
    endpoints: Mapping[str, Open]
    seen: Seen


def read(service: Service, here: Mapping[str, Here], asked: Iterable[str]) -> Plan:
    """`asked`: sponsors of what is ready already."""
    now, at = service.clock.now(), time.monotonic()
    with service.db.read() as tx:
        rows = tx.conn.execute(_OPEN).all()
        due, held = _queues(tx, now)
        endpoints = {
            row.endpoint_id: _opened(service, tx, row, here.get(row.endpoint_id), due, held, now) for row in rows
        }
        found = [item for each in endpoints.values() for item in each.items if item.level == Level.STAGE]
        wanted = {*asked, *(item.sponsor_id for item in found if item.sponsor_id is not None)}
        small = {each: sponsors.too_small(tx, each, now) for each in wanted}
        grants = feed.grants_of(tx, {row.organisation_id for row in rows})
    return Plan(endpoints, Seen(at, grants, small))


_OPEN = (
    select(
        ENDPOINTS.c.endpoint_id, ENDPOINTS.c.organisation_id, ENDPOINTS.c.version, POSITIONS.c.cursor, POSITIONS.c.generation,
        POSITIONS.c.failures, POSITIONS.c.failing_since, POSITIONS.c.rest_until, ORGANISATIONS.c.next,
    )
    .select_from(ENDPOINTS)
    .join(POSITIONS, POSITIONS.c.endpoint_id == ENDPOINTS.c.endpoint_id)
    .outerjoin(ORGANISATIONS, ORGANISATIONS.c.organisation_id == ENDPOINTS.c.organisation_id)
    .where(ENDPOINTS.c.status == "active")
)  # fmt: skip


def _queues(tx: Tx, now: datetime) -> tuple[set[str], set[str]]:
    """Endpoints with something due in their queue, and with anything in it."""
    waiting = select(QUEUE.c.endpoint_id).where(QUEUE.c.state == queue.PENDING).distinct()
    held = set(tx.conn.execute(waiting).scalars())
    due = set(tx.conn.execute(waiting.where(QUEUE.c.next_at <= iso(now))).scalars()) if held else set()
    return due, held


def _opened(
    service: Service, tx: Tx, row: Any, known: Here | None, due: set[str], held: set[str], now: datetime
) -> Open:
    id_, same = row.endpoint_id, known is not None and known.generation == row.generation
    aimed = None if known is not None and known.version == row.version else aim(service, tx, row, now)
    lanes = None
    if id_ in held or known is None or known.behind:
        lanes = frozenset(queue.lanes(tx, id_) if id_ in held else ())
    start = known.read_to if known is not None and same else row.cursor
    if known is not None and not (known.wants_more and same):
        return Open(row, aimed, lanes=lanes, read_to=start)
    items = (
        [_item(each, queued=True) for each in tx.conn.execute(queue.due(id_, row.organisation_id, now, WINDOW))]
        if id_ in due
        else []
    )
    if start < (row.next or 1) - 1:
        items += [_item(each, queued=False) for each in feed.rows(tx, row.organisation_id, start, WINDOW)]
    read_to = max((item.sequence for item in items if not item.queued), default=start)
    return Open(row, aimed, items, lanes, read_to)


def _item(row: Any, *, queued: bool) -> Item:
    tried, strikes = (row.attempts, row.strikes) if queued else (0, 0)
    return Item(
        event_id=row.event_id, sequence=row.sequence, lane=row.lane, type=row.type or "endpoint.test", payload=row.payload,
        queued=queued, attempts=tried, strikes=strikes, level=row.level, sponsor_id=row.sponsor_id,
        program_id=row.program_id, occurred_at=row.occurred_at or "",
    )  # fmt: skip


def aim(service: Service, tx: Tx, row: Any, now: datetime) -> Aimed:
    stream = stream_id(service.settings.operator_organisation_id, "endpoint", row.endpoint_id)
    state = service.store.fold(tx, ENDPOINT, stream).state
    assert state is not None  # noqa: S101 - the row was made by the stream's first event
    return Aimed(
        state.endpoint_id, state.organisation_id, row.version, state.aim.url, state.aim.filter, state.aim.rate,
        tuple(_secrets(state, now)),
    )  # fmt: skip


def _secrets(state: Endpoint, now: datetime) -> list[tuple[str, datetime | None]]:
    opened = state.secrets(now)
    ends = [None, *(until for _, until in state.old if now < until)]
    return list(zip(opened, ends, strict=True))


def instant(text: str | None) -> datetime | None:
    return None if text is None else parse_iso(text)
