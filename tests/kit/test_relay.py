"""The relay: pending rows, in order, marked after the acknowledgement. Never a cursor over ids."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from kit import desks, sample
from kit.desks import take, until
from kit.rooms import Room
from rso_shared.kit import tables
from rso_shared.kit.broker import Record
from rso_shared.kit.errors import Transient
from rso_shared.kit.health import Health
from rso_shared.kit.local_broker import LocalBroker
from rso_shared.kit.relay import AHEAD, Relay, Wakeup

pytestmark = pytest.mark.asyncio
TOPIC = sample.SAMPLE.topic


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LocalBroker]:
    broker = LocalBroker(tmp_path / "log.db")
    yield broker
    broker.close()


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


class Unlucky:
    """The real log behind a line that breaks: before the log has the batch, or after and before we are told."""

    def __init__(self, broker: LocalBroker, problem: Exception, *, after: bool) -> None:
        self._broker, self._problem, self._after, self.broken = broker, problem, after, True

    async def publish(self, records: Sequence[Record]) -> None:
        if self.broken and not self._after:
            raise self._problem
        await self._broker.publish(records)
        if self.broken:
            raise self._problem

    async def prepare(self) -> None:
        await self._broker.prepare()

    def close(self) -> None:
        self._broker.close()

    def subscribe(self, group: str, topics: Any) -> AsyncGenerator[Any, None]:
        return self._broker.subscribe(group, topics)

    async def lag(self, group: str, topics: Any) -> int:
        return await self._broker.lag(group, topics)


@contextmanager
def relay(room: Room, broker: Any, executor: ThreadPoolExecutor) -> Iterator[Relay]:
    """Without its loop, which else gives the lead back at its end."""
    relay = Relay(room.db, broker, Wakeup(), Health(), room.clock, executor)
    yield relay
    relay._outbox.release()


def unsent(room: Room) -> int:
    with room.db.read() as tx:
        return len(tx.conn.execute(select(tables.OUTBOX).where(tables.OUTBOX.c.published_at.is_(None))).all())


def row(key: str, **more: Any) -> dict[str, Any]:
    headers = '{"ce_id":"x","ce_source":"/rso/sample"}'
    return {"event_id": key, "topic": TOPIC, "key": key, "headers": headers, "value": b"{}", "created_at": "t", **more}


async def test_facts_leave_in_order_and_once(room: Room, broker: LocalBroker, executor: ThreadPoolExecutor) -> None:
    room.open("k1", notes=3)
    room.open("k2", notes=1)
    with relay(room, broker, executor) as sender:
        assert [await sender.relay_once(), await sender.relay_once()] == [6, 0]
    found = await take(broker, "g", [TOPIC], 6)
    assert [r.headers["ce_streamversion"] for r in found if r.key == "k1"] == ["1", "2", "3", "4"]
    assert unsent(room) == 0


async def test_more_than_one_batch_is_sent_without_gap(
    room: Room, broker: LocalBroker, executor: ThreadPoolExecutor
) -> None:
    with room.db.write() as tx:
        tx.conn.execute(insert(tables.OUTBOX), [row(f"k{number}") for number in range(AHEAD + 7)])
    with relay(room, broker, executor) as sender:
        assert [await sender.relay_once() for _ in range(3)] == [AHEAD, 7, 0]
    assert len(await take(broker, "g", [TOPIC], AHEAD + 7)) == AHEAD + 7


async def test_an_id_that_is_committed_late_is_not_lost(
    room: Room, broker: LocalBroker, executor: ThreadPoolExecutor
) -> None:
    """Order of ids is not order of commits: a relay that remembers the last id would never see the earlier one."""
    with relay(room, broker, executor) as sender:
        if room.db.is_sqlite:  # one writer at a time: the late commit is played by a row under a smaller id
            with room.db.write() as tx:
                tx.conn.execute(insert(tables.OUTBOX).values(row("second", id=1002)))
            assert await sender.relay_once() == 1
            with room.db.write() as tx:
                tx.conn.execute(insert(tables.OUTBOX).values(row("first", id=1001)))
        else:
            with room.db.write() as slow:
                slow.conn.execute(insert(tables.OUTBOX).values(row("first")))
                with room.db.write() as fast:
                    fast.conn.execute(insert(tables.OUTBOX).values(row("second")))
                assert await sender.relay_once() == 1
        assert await sender.relay_once() == 1
    assert [r.key for r in await take(broker, "g", [TOPIC], 2)] == ["second", "first"]


async def test_a_broker_that_is_away_changes_nothing(
    room: Room, broker: LocalBroker, executor: ThreadPoolExecutor
) -> None:
    room.open("k1", notes=1)
    line = Unlucky(broker, Transient("broker"), after=False)
    with relay(room, line, executor) as sender:
        with pytest.raises(Transient):
            await sender.relay_once()
        assert unsent(room) == 2
        line.broken = False
        assert await sender.relay_once() == 2
    assert len(await take(broker, "g", [TOPIC], 2)) == 2


async def test_a_kill_between_publish_and_mark_sends_twice_and_the_inbox_absorbs_it(
    room: Room, broker: LocalBroker, executor: ThreadPoolExecutor, tmp_path: Path
) -> None:
    with room.db.write() as tx:
        for number in range(3):
            sent = desks.arrived("k1", number)
            headers = str(sent.headers).replace("'", '"')
            tx.conn.execute(
                insert(tables.OUTBOX).values(row("k1", topic=sent.topic, headers=headers, value=sent.value))
            )
    line = Unlucky(broker, RuntimeError("killed"), after=True)
    with relay(room, line, executor) as killed, pytest.raises(RuntimeError):
        await killed.relay_once()
    assert unsent(room) == 3
    with relay(room, broker, executor) as sender:
        assert await sender.relay_once() == 3
    found = await take(broker, "g", [sample.OTHER_TOPIC], 6)
    assert len(found) == 6
    with desks.furnished(f"sqlite:///{tmp_path}/reader.db", broker) as desk:
        desk.process(*found)
        assert desk.handled() == ["k1/0", "k1/1", "k1/2"]


async def test_the_loop_is_woken_by_a_commit_and_says_when_the_broker_is_away(
    room: Room, broker: LocalBroker, executor: ThreadPoolExecutor
) -> None:
    wake, health = Wakeup(), Health()
    room.store.on_commit.append(wake)
    line = Unlucky(broker, Transient("broker"), after=False)
    loop = asyncio.ensure_future(Relay(room.db, line, wake, health, room.clock, executor).run())
    await asyncio.to_thread(room.open, "k1")
    await until(lambda: health.problems() == {"relay": "Transient"})
    line.broken = False
    await asyncio.to_thread(room.note, "k1", "n1")
    await until(lambda: not unsent(room))
    await until(lambda: health.problems() == {})
    latencies = []
    for number in range(5):
        await asyncio.sleep(0.02)
        started = time.perf_counter()
        await asyncio.to_thread(room.note, "k1", f"m{number}")
        await until(lambda: not unsent(room))
        latencies.append(time.perf_counter() - started)
    assert sorted(latencies)[2] < 0.2, "the poll alone would take longer"
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop


async def test_a_loop_that_is_told_to_end_marks_what_it_has_sent(
    room: Room, broker: LocalBroker, executor: ThreadPoolExecutor
) -> None:
    class Slow(Unlucky):
        async def publish(self, records: Sequence[Record]) -> None:
            loop.cancel()
            await super().publish(records)

    room.open("k1", notes=1)
    line = Slow(broker, Transient("broker"), after=False)
    line.broken = False
    loop = asyncio.ensure_future(Relay(room.db, line, Wakeup(), Health(), room.clock, executor).run())
    with pytest.raises(asyncio.CancelledError):
        await loop
    assert unsent(room) == 0
    assert len(await take(broker, "g", [TOPIC], 2)) == 2


async def test_a_bug_ends_the_loop_instead_of_hiding_in_it(
    room: Room, broker: LocalBroker, executor: ThreadPoolExecutor
) -> None:
    room.open("k1")
    with room.db.write() as tx:
        tx.conn.execute(update(tables.OUTBOX).values(headers="not json"))
    with relay(room, broker, executor) as sender, pytest.raises(ValueError, match="Expecting value"):
        await asyncio.wait_for(sender.run(), 5)


async def test_a_cancellation_together_with_a_wake_is_not_forgotten() -> None:
    wake = Wakeup()
    waiting = asyncio.ensure_future(wake.wait(60))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    wake._event.set()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
