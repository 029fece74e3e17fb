"""The feed: pages of JSON, or a stream of server-sent events that begins where the reader stopped."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse

from rso_shared.kit.clock import iso
from rso_shared.kit.errors import invalid
from rso_shared.kit.web.call import PUBLIC, Call, permitted
from rso_subscriptions import feed
from rso_subscriptions.api import owned
from rso_subscriptions.api.models import Code, FeedItem, FeedPage, Pattern
from rso_subscriptions.domain.filters import Filter
from rso_subscriptions.feed import Item

router = APIRouter(prefix="/v1/events", tags=["subscriptions"])
STREAM = "text/event-stream"
PAGE = 100
FRESH_SECONDS = 1.0
"""What was read longer ago is read again: a grant that is taken back ends after two seconds (`domain.grant.NOTICE`)."""
LOOK_SECONDS, BEAT_SECONDS, STREAM_SECONDS = 0.5, 10.0, 600.0
"""A stream looks twice a second, says something every ten, and ends after ten minutes: the reader comes again by itself."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose feed, and what of it."""

    call: Call
    organisation_id: str
    wanted: Filter

    def still(self, item: Item) -> bool:
        """Whether it may leave at this moment, as far as was known when it was read."""
        return item.until is None or iso(self.call.service.clock.now()) < item.until

    def page(self, after: int, limit: int) -> tuple[list[Item], int]:
        """The items, and the feed's newest number. Grants are looked at each time."""
        with self.call.read() as tx:
            now = self.call.service.clock.now()
            items = list(feed.read(tx, self.organisation_id, after, limit, self.wanted, now))
            return items, feed.newest(tx, self.organisation_id)


def _asked(call: Call, organisation_id: str | None, wanted: Filter) -> Asked:
    owner = owned.organisation(call, organisation_id)
    with call.read() as tx:
        owned.require_subscriber(call, tx, owner)
        owned.require_known(tx, owner, wanted)
    return Asked(call, owner, wanted)


@router.get(
    "",
    response_model=FeedPage,
    summary="The feed of your organisation",
    **{**PUBLIC, "responses": {**PUBLIC["responses"], 200: {"content": {STREAM: {"schema": {"type": "string"}}}}}},
)
def events(
    call: Annotated[Call, Depends(permitted("event.read"))],
    organisation_id: Annotated[Code | None, Query()] = None,
    types: Annotated[list[Pattern] | None, Query(max_length=20)] = None,
    programs: Annotated[list[Code] | None, Query(max_length=200)] = None,
    sponsors: Annotated[list[Code] | None, Query(max_length=1000)] = None,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = PAGE,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Every number after `after`, with the event or why it is withheld. With `Accept: text/event-stream` the same goes on as a stream,
    from `Last-Event-ID` where there is one.
    """
    asked = _asked(call, organisation_id, Filter(tuple(types or ()), tuple(programs or ()), tuple(sponsors or ())))
    if STREAM in accept:
        start = _number(last_event_id) if last_event_id else after
        return StreamingResponse(_stream(asked, start), media_type=STREAM, headers={"cache-control": "no-store"})
    items, newest = asked.page(after, limit)
    page = FeedPage(
        organisation_id=asked.organisation_id, items=[_shown(item) for item in items],
        last=items[-1].sequence if items else after, newest=newest,
    )  # fmt: skip
    return Response(page.model_dump_json(), media_type="application/json")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 17):  # noqa: PLR2004 - below 2^53
        raise invalid("last_event_id_invalid", "Last-Event-ID is the id of an event of this stream.", "/last-event-id")
    return int(text)


def _shown(item: Item) -> FeedItem:
    event = json.loads(item.payload) if item.payload is not None else None
    return FeedItem(sequence=item.sequence, event=event, withheld=item.withheld)


async def _stream(asked: Asked, after: int) -> AsyncIterator[str]:
    ends, beat = time.monotonic() + STREAM_SECONDS, time.monotonic()
    yield "retry: 1000\n\n"
    while time.monotonic() < ends:
        judged = time.monotonic()
        items, _ = await to_thread.run_sync(asked.page, after, PAGE)
        for item in items:
            yield ""  # comes back when the reader, who may be slow, has room for more
            if time.monotonic() - judged > FRESH_SECONDS or not asked.still(item):
                break
            after = item.sequence
            yield _framed(item)
        if items:
            beat = time.monotonic()
            continue
        if time.monotonic() - beat > BEAT_SECONDS:
            beat = time.monotonic()
            yield ": still here\n\n"
        await asyncio.sleep(LOOK_SECONDS)


def _framed(item: Item) -> str:
    if item.payload is None:
        return f"id: {item.sequence}\nevent: withheld\ndata: {json.dumps({'withheld': item.withheld})}\n\n"
    return f"id: {item.sequence}\nevent: event\ndata: {item.payload}\n\n"
