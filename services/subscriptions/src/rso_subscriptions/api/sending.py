"""What was sent to an endpoint, and sending it again: delivery log, dead letters, redelivery, cursor, test event."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import delete, select, update

from rso_shared.kit import cursor
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import unknown
from rso_shared.kit.web.call import PUBLIC, Call, permitted
from rso_subscriptions import feed, queue
from rso_subscriptions.api import owned
from rso_subscriptions.api.endpoints import executed
from rso_subscriptions.api.models import (
    AttemptPage,
    AttemptView,
    CursorBody,
    CursorMoved,
    Probe,
    QueuedView,
    QueuePage,
    Redelivery,
    RedeliveryBody,
)
from rso_subscriptions.delivery.writing import probe
from rso_subscriptions.domain.endpoint import MOST_REDELIVERED, AskProbe, AskRedelivery, MoveCursor
from rso_subscriptions.tables import ATTEMPTS, FEED, POSITIONS, QUEUE

router = APIRouter(prefix="/v1/endpoints/{endpoint_id}", tags=["subscriptions"])
Managing = Annotated[Call, Depends(permitted("endpoint.manage"))]
Reading = Annotated[Call, Depends(permitted("endpoint.read"))]
Page = Annotated[str | None, Query(alias="cursor", max_length=400)]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/attempts", summary="The delivery log, newest first", **PUBLIC)
def attempts(
    endpoint_id: str,
    call: Reading,
    event_id: Annotated[str | None, Query(max_length=64)] = None,
    cursor_: Page = None,
    limit: Limit = 100,
) -> AttemptPage:
    """Of the last 30 days: each attempt with its status and how long it took."""
    mine = [ATTEMPTS.c.endpoint_id == endpoint_id]
    mine += [ATTEMPTS.c.event_id == event_id] if event_id is not None else []
    mine += [ATTEMPTS.c.id < int(cursor.decode(call.service.keys, cursor_, 1)[0])] if cursor_ else []
    with call.read() as tx:
        owned.endpoint(call, tx, endpoint_id)
        found = tx.conn.execute(select(ATTEMPTS).where(*mine).order_by(ATTEMPTS.c.id.desc()).limit(limit)).all()
    items = [AttemptView.model_validate(row, from_attributes=True) for row in found]
    follows = cursor.encode(call.service.keys, str(found[-1].id)) if len(found) == limit else None
    return AttemptPage(items=items, next_cursor=follows)


@router.get("/queue", summary="What waits to be sent again, and dead letters", **PUBLIC)
def queued(
    endpoint_id: str,
    call: Reading,
    state: Annotated[str | None, Query(pattern="^(pending|dead)$")] = None,
    cursor_: Page = None,
    limit: Limit = 100,
) -> QueuePage:
    mine: list[Any] = [QUEUE.c.endpoint_id == endpoint_id]
    mine += [QUEUE.c.state == state] if state is not None else []
    mine += [QUEUE.c.event_id > cursor.decode(call.service.keys, cursor_, 1)[0]] if cursor_ else []
    with call.read() as tx:
        owned.endpoint(call, tx, endpoint_id)
        found = tx.conn.execute(select(QUEUE).where(*mine).order_by(QUEUE.c.event_id).limit(limit)).all()
    items = [QueuedView.model_validate(row, from_attributes=True) for row in found]
    follows = cursor.encode(call.service.keys, found[-1].event_id) if len(found) == limit else None
    return QueuePage(items=items, next_cursor=follows)


@router.post(
    "/redeliveries", status_code=201, response_model=Redelivery, summary="Send one event or a range again", **PUBLIC
)
def redeliver(endpoint_id: str, body: RedeliveryBody, call: Managing) -> Response:
    """To this endpoint alone, under the same event ids. Dead letters are taken up again by it."""

    def work(tx: Tx) -> Redelivery:
        row = owned.endpoint(call, tx, endpoint_id)
        first, last = _range(tx, row.organisation_id, body)
        done = executed(call, tx, endpoint_id, AskRedelivery(first, last, call.now))
        events = feed.rows(tx, row.organisation_id, first - 1, MOST_REDELIVERED, last)
        queue.put(tx, [queue.row(endpoint_id, event, call.now) for event in events])
        return Redelivery(endpoint_id=endpoint_id, events=len(events), version=done.version)

    return call.command(work)


def _range(tx: Tx, organisation_id: str, body: RedeliveryBody) -> tuple[int, int]:
    if body.first is not None and body.last is not None:
        return body.first, body.last
    mine = (FEED.c.organisation_id == organisation_id, FEED.c.event_id == body.event_id)
    sequence = tx.conn.execute(select(FEED.c.sequence).where(*mine)).scalar_one_or_none()
    if sequence is None:
        raise unknown("event_unknown", "There is no such event in your feed.")
    return sequence, sequence


@router.post("/cursor", response_model=CursorMoved, summary="Move the cursor: replay", **PUBLIC)
def move(endpoint_id: str, body: CursorBody, call: Managing) -> Response:
    """Everything after it is sent, again if it was sent before; 0 is the beginning."""

    def work(tx: Tx) -> CursorMoved:
        row = owned.endpoint(call, tx, endpoint_id)
        after = min(body.after, feed.newest(tx, row.organisation_id))
        done = executed(call, tx, endpoint_id, MoveCursor(after))
        mine = (QUEUE.c.endpoint_id == endpoint_id, QUEUE.c.state == queue.PENDING, QUEUE.c.sequence > after)
        tx.conn.execute(delete(QUEUE).where(*mine))
        moved = {"cursor": after, "generation": POSITIONS.c.generation + 1}
        tx.conn.execute(update(POSITIONS).where(POSITIONS.c.endpoint_id == endpoint_id).values(**moved))
        return CursorMoved(endpoint_id=endpoint_id, cursor=after, version=done.version)

    return call.command(work)


@router.post("/tests", status_code=201, response_model=Probe, summary="Send a test event", **PUBLIC)
def test(endpoint_id: str, call: Managing) -> Response:
    """`endpoint.test`, to this endpoint alone. What comes of it stands in the delivery log."""
    event_id = call.new_id()

    def work(tx: Tx) -> Probe:
        row = owned.endpoint(call, tx, endpoint_id)
        done = executed(call, tx, endpoint_id, AskProbe(event_id, call.now))
        queue.put(tx, [_probe_row(call, row.organisation_id, endpoint_id, event_id, call.now)])
        return Probe(endpoint_id=endpoint_id, event_id=event_id, version=done.version)

    return call.command(work)


def _probe_row(call: Call, organisation_id: str, endpoint_id: str, event_id: str, now: datetime) -> dict[str, Any]:
    item = probe(endpoint_id, organisation_id, event_id, call.service.store.livemode, now)
    return queue.row(endpoint_id, item, now, payload=item.payload)
