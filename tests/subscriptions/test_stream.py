"""The stream of server-sent events to a reader that takes its time: what it is given is judged when it is given it."""

import asyncio
import time
from datetime import timedelta

import pytest
from fastapi import Request

from rso_shared.contracts.vocabulary import Role, Stage
from rso_shared.kit.web.call import Call
from rso_subscriptions.api import events
from rso_subscriptions.api.events import Asked
from rso_subscriptions.domain.filters import Filter
from rso_subscriptions.domain.grant import End
from subscriptions.scene import PLATFORM, SPONSOR, entered, execute, grant, large, opened
from support.harness import START

DAY = timedelta(days=1)
FRAMES = 4


@pytest.fixture
def told(subs):
    """Four events of a sponsor that grants a platform a day. The grant's id."""
    large(subs)
    id_ = grant(subs, until=START + DAY)
    subs.receive(opened(1), *(entered(1, stage) for stage in (Stage.SCREENING, Stage.MATCHING, Stage.DELIVERED)))
    return id_


def stream(subs):
    headers = subs.client(Role.PLATFORM, "engineer", PLATFORM).headers
    request = Request({"type": "http", "rso_request_id": "r"})
    call = Call(request, subs.service, subs.service.verifier.verify(headers["authorization"]), "event.read")
    return events._stream(Asked(call, PLATFORM, Filter()), 0)


def taken(subs, meanwhile):
    """The names of the frames. After the first one the reader rests, and meanwhile something happens."""

    async def read():
        found = []
        async for text in stream(subs):
            if text.startswith("id: "):
                found.append(text.splitlines()[1].removeprefix("event: "))
                if len(found) == 1:
                    meanwhile()
            if len(found) == FRAMES:
                return found
        return found

    return asyncio.run(read())


def test_a_quick_reader_gets_all(subs, told):
    assert taken(subs, lambda: None) == ["event"] * FRAMES


def test_nothing_leaves_at_the_end_of_a_grant_that_was_known(subs, told):
    assert taken(subs, lambda: subs.clock.set(START + DAY)) == ["event", *["withheld"] * (FRAMES - 1)]


def test_nothing_leaves_at_the_end_of_a_grant_that_was_taken_back(subs, told):
    def meanwhile():
        execute(subs, SPONSOR, End(told, None, subs.clock.now()))
        subs.clock.set(START + timedelta(seconds=2))
        time.sleep(events.FRESH_SECONDS + 0.1)

    assert taken(subs, meanwhile) == ["event", *["withheld"] * (FRAMES - 1)]


def test_room_is_waited_for_before_it_is_judged(subs, told):
    """Between the frames there is an empty piece: whoever passes pieces on takes the next one when the last one has gone."""

    async def read():
        pieces = stream(subs)
        return [await anext(pieces) for _ in range(5)]

    first, *pieces = asyncio.run(read())
    assert first.startswith("retry")
    assert [piece[:2] for piece in pieces] == ["", "id", "", "id"]
