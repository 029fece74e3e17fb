"""What came of deliveries, written for many endpoints at once: log, queue, positions, and endpoints that are paused."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, update

from rso_shared.kit import notices, retrying
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_shared.kit.events import Actor, Meta
from rso_shared.kit.ids import derived_id
from rso_shared.kit.service import Service
from rso_shared.kit.store import stream_id
from rso_subscriptions import feed, queue
from rso_subscriptions.delivery.line import Item, Result
from rso_subscriptions.domain.endpoint import ENDPOINT, Endpoint, Pause
from rso_subscriptions.notices import NOTICES
from rso_subscriptions.public.events import PublicType
from rso_subscriptions.public.mapping import Envelope, shaped
from rso_subscriptions.tables import ATTEMPTS, POSITIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Of one endpoint. `back`: whatever waits for it may go now. `pause`: why it is to be paused."""

    endpoint_id: str
    generation: int
    cursor: int
    failures: int
    failing_since: datetime | None
    rest_until: datetime | None
    results: Sequence[Result]
    back: bool
    pause: str | None


def write(service: Service, batches: Sequence[Batch]) -> None:
    """One transaction. When it fails, all of it comes again."""

    def once(turn: str | None) -> None:
        with service.db.write(turn) as tx:
            _write(service, tx, batches, service.clock.now())

    if batches:
        retrying.again(once)


def _write(service: Service, tx: Tx, batches: Sequence[Batch], now: datetime) -> None:
    log = [row for batch in batches for row in _logged(batch)]
    if log:
        tx.conn.execute(insert(ATTEMPTS), log)
    queue.put(tx, [row for batch in batches for row in _queued(batch)])
    for batch in batches:
        queue.drop(tx, batch.endpoint_id, _done(batch.results))
    _move(tx, batches)
    for batch in batches:
        if batch.back:
            queue.wake(tx, batch.endpoint_id, now)
        if batch.pause is not None:
            _pause(service, tx, batch.endpoint_id, batch.pause, now)


def _logged(batch: Batch) -> Iterator[dict[str, Any]]:
    for result in batch.results:
        if result.outcome is not None:
            item, outcome = result.item, result.outcome
            yield {
                "endpoint_id": batch.endpoint_id, "event_id": item.event_id, "sequence": item.sequence, "type": item.type,
                "attempt": item.attempts + 1, "at": iso(result.at), "ms": outcome.ms, "status": outcome.status,
                "outcome": outcome.code,
            }  # fmt: skip


def _queued(batch: Batch) -> Iterator[dict[str, Any]]:
    """Failures, and what stands behind them."""
    for result in batch.results:
        if result.withheld is not None or (result.outcome is not None and result.outcome.delivered):
            continue
        payload = None if result.item.sequence else result.item.payload
        if result.outcome is None:
            yield queue.row(batch.endpoint_id, result.item, result.at, payload=payload)
            continue
        state = queue.DEAD if result.again_at is None else queue.PENDING
        more = {
            "payload": payload,
            "attempts": result.item.attempts + 1,
            "strikes": result.strikes,
            "why": result.outcome.code,
            "state": state,
        }
        yield queue.row(batch.endpoint_id, result.item, result.again_at or result.at, **more)


def _done(results: Iterable[Result]) -> list[str]:
    return [
        each.item.event_id
        for each in results
        if each.item.queued and (each.withheld is not None or (each.outcome is not None and each.outcome.delivered))
    ]


def _move(tx: Tx, batches: Sequence[Batch]) -> None:
    """Not where somebody has moved the cursor meanwhile."""
    statement = (
        update(POSITIONS)
        .where(POSITIONS.c.endpoint_id == bindparam("id_"), POSITIONS.c.generation == bindparam("at_generation"))
        .values(
            cursor=bindparam("to"),
            failures=bindparam("failed"),
            failing_since=bindparam("since"),
            rest_until=bindparam("rest"),
        )
    )
    rows = [
        {
            "id_": each.endpoint_id, "at_generation": each.generation, "to": each.cursor, "failed": each.failures,
            "since": iso(each.failing_since) if each.failing_since else None,
            "rest": iso(each.rest_until) if each.rest_until else None,
        }
        for each in batches
    ]  # fmt: skip
    tx.conn.execute(statement, rows)


def _pause(service: Service, tx: Tx, endpoint_id: str, reason: str, now: datetime) -> None:
    """The organisation's other endpoints hear of it, and a mail says it to whom the endpoint belongs."""
    operator = service.settings.operator_organisation_id
    actor = Actor(type="service", id=service.name, role="service", organisation_id=operator)
    meta = Meta(actor=actor, correlation_id=endpoint_id, reason=reason)
    stream = stream_id(operator, "endpoint", endpoint_id)
    done = service.store.execute(tx, ENDPOINT, stream, Pause(reason, now), meta)
    if done.recorded and done.state is not None:
        _tell(service, tx, done.state, done.version, reason, now)
        contact = done.state.private.open().contact
        notices.request(
            service.store, tx, NOTICES, organisation_id=operator,
            notice_id=derived_id(endpoint_id, "paused", done.version), case_id=None,
            person_id=done.state.private.person_id, address=notices.Address(name=contact, email=contact),
            template="endpoint_paused", path=f"/v1/endpoints/{endpoint_id}", meta=meta,
        )  # fmt: skip


def _tell(service: Service, tx: Tx, endpoint: Endpoint, version: int, reason: str, now: datetime) -> None:
    paused, organisation = PublicType.ENDPOINT_PAUSED, endpoint.organisation_id
    data = {"endpoint_id": endpoint.endpoint_id, "reason": reason, "paused_at": now}
    id_ = derived_id(endpoint.endpoint_id, "told", version)
    place = feed.Place(organisation, f"endpoint/{endpoint.endpoint_id}", now)
    livemode = service.store.livemode
    feed.enter(
        tx, place, lambda number: shaped(paused, None, Envelope(id_, number, organisation, livemode), now, data), now
    )


def probe(endpoint_id: str, organisation_id: str, event_id: str, livemode: bool, now: datetime) -> Item:  # noqa: FBT001 - as in Envelope
    """A test event: it has no place in the feed, and a lane of its own."""
    tested = PublicType.ENDPOINT_TEST
    event = shaped(tested, None, Envelope(event_id, 0, organisation_id, livemode), now, {"endpoint_id": endpoint_id})
    return Item(event_id, 0, f"test/{event_id}", tested.value, event.model_dump_json(), queued=True)
