"""What was told about a case, to whom, and what came of it: for the staff, who answer for it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy import func, select

from rso_shared.kit.database import Tx
from rso_shared.kit.web.call import STAFF, Call, permitted
from rso_subscriptions.api.models import DeliveryView, Told, ToldEvent
from rso_subscriptions.tables import ATTEMPTS, FEED, QUEUE

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["subscriptions"])
MOST = 200
"""A case has a dozen events for each of a few organisations."""


@router.get("/events", summary="What was told about a case, and what came of it", **STAFF)
def about(case_id: str, call: Annotated[Call, Depends(permitted("case.events.read"))]) -> Told:
    """The newest first, 200 at most. Attempts are kept for 30 days."""
    with call.read() as tx:
        query = select(FEED).where(FEED.c.lane == case_id).order_by(FEED.c.occurred_at.desc(), FEED.c.sequence.desc())
        events = tx.conn.execute(query.limit(MOST)).all()
        sent = _sent(tx, [each.event_id for each in events])
    items = [
        ToldEvent(
            event_id=each.event_id, organisation_id=each.organisation_id, sequence=each.sequence, type=each.type,
            level=each.level, occurred_at=each.occurred_at, deliveries=sent[each.event_id],
        )
        for each in events
    ]  # fmt: skip
    return Told(case_id=case_id, events=items)


def _sent(tx: Tx, event_ids: Iterable[str]) -> dict[str, list[DeliveryView]]:
    """Per event, of each endpoint that was tried: the last attempt, and whether there will be another one."""
    ids = list(event_ids)
    waiting = {
        (row.endpoint_id, row.event_id): row.state
        for row in tx.conn.execute(select(QUEUE).where(QUEUE.c.event_id.in_(ids)))
    }
    last = select(func.max(ATTEMPTS.c.id)).where(ATTEMPTS.c.event_id.in_(ids))
    last = last.group_by(ATTEMPTS.c.endpoint_id, ATTEMPTS.c.event_id)
    query = select(ATTEMPTS).where(ATTEMPTS.c.id.in_(last)).order_by(ATTEMPTS.c.id)
    made: dict[str, list[DeliveryView]] = defaultdict(list)
    for row in tx.conn.execute(query):
        made[row.event_id].append(_delivery(row, waiting.get((row.endpoint_id, row.event_id))))
    return made


def _delivery(row: Any, waiting: str | None) -> DeliveryView:
    return DeliveryView(
        endpoint_id=row.endpoint_id, attempts=row.attempt, at=row.at, status=row.status, outcome=row.outcome,
        state=waiting or ("delivered" if row.outcome == "delivered" else "dead"),
    )  # fmt: skip
