"""An orderly end: what is in hand when a process is told to end is finished and marked as done; nothing more is taken."""

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from kit import sample
from kit.desks import Desk, arrived, furnished, take, until
from kit.rooms import Room
from rso_cluster.topology import PROCESSES
from rso_shared.kit import serving, tables
from rso_shared.kit.broker import Record
from rso_shared.kit.draining import whole
from rso_shared.kit.health import Health
from rso_shared.kit.local_broker import LocalBroker
from rso_shared.kit.relay import Relay, Wakeup


class Hand:
    """Work that a test holds in the middle."""

    def __init__(self) -> None:
        self.begun, self.go_on, self.ended = asyncio.Event(), asyncio.Event(), False

    async def work(self) -> str:
        self.begun.set()
        await self.go_on.wait()
        self.ended = True
        return "done"


@pytest.mark.asyncio
async def test_what_is_not_told_to_end_answers() -> None:
    hand = Hand()
    hand.go_on.set()
    assert await whole(hand.work()) == "done"


@pytest.mark.asyncio
async def test_the_first_word_waits_for_the_end_and_is_passed_on_after_it() -> None:
    hand = Hand()
    task = asyncio.ensure_future(whole(hand.work()))
    await hand.begun.wait()
    task.cancel()
    await asyncio.sleep(0.01)
    assert not task.done()
    hand.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert hand.ended


@pytest.mark.asyncio
async def test_the_second_word_waits_no_longer() -> None:
    hand = Hand()
    task = asyncio.ensure_future(whole(hand.work()))
    await hand.begun.wait()
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0.01)
    assert task.cancelled()
    assert not hand.ended


@pytest.mark.asyncio
async def test_a_fault_after_the_word_does_not_hide_the_word() -> None:
    async def faulty() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0.02)
        raise RuntimeError("nobody hears this")

    task = asyncio.ensure_future(whole(faulty()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LocalBroker]:
    made = LocalBroker(tmp_path / "log.db")
    yield made
    made.close()


@pytest.fixture
def desk(broker: LocalBroker, backend: str) -> Iterator[Desk]:
    with furnished(backend, broker) as made:
        yield made


@pytest.mark.asyncio
async def test_a_consumer_finishes_its_batch_and_commits_its_position(broker: LocalBroker, desk: Desk) -> None:
    begun, go_on = threading.Event(), threading.Event()
    desk.trouble["k1/2"] = lambda _tx: (begun.set(), go_on.wait(10))[0]
    await broker.publish([arrived("k1", 1), arrived("k1", 2), arrived("k1", 3)])
    running = asyncio.ensure_future(desk.consumer.run())
    await until(begun.is_set)
    running.cancel()
    await broker.publish([arrived("k1", 4)])
    await asyncio.sleep(0.05)
    assert not running.done(), "it left its batch"
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert desk.handled() == ["k1/1", "k1/2", "k1/3"], "it took more after it was told to end"
    left = await take(broker, "desk", [sample.OTHER_TOPIC], 1)
    assert [json.loads(each.value)["number"] for each in left] == [4], "the position is not where the handling ended"


class SlowLog(LocalBroker):
    """A log whose answer takes as long as a test wants."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked, self.answer = asyncio.Event(), asyncio.Event()

    async def publish(self, records: Sequence[Record]) -> None:
        await super().publish(records)
        self.asked.set()
        await self.answer.wait()


@pytest.mark.asyncio
async def test_a_relay_marks_what_the_log_has_taken(tmp_path: Path, room: Room) -> None:
    log = SlowLog(tmp_path / "slow.db")
    with room.db.write() as tx:
        room.store.execute(tx, sample.CASE, sample.stream("k1"), sample.opening("k1"), sample.META)
    with ThreadPoolExecutor(1) as executor:
        running = asyncio.ensure_future(Relay(room.db, log, Wakeup(), Health(), room.clock, executor).run())
        await log.asked.wait()
        running.cancel()
        await asyncio.sleep(0.05)
        assert not running.done()
        log.answer.set()
        with pytest.raises(asyncio.CancelledError):
            await running
    log.close()
    with room.db.read() as tx:
        unmarked = tx.conn.execute(select(tables.OUTBOX.c.id).where(tables.OUTBOX.c.published_at.is_(None))).all()
    assert unmarked == [], "another relay would send it again"


def test_nobody_is_killed_before_its_requests_had_their_time() -> None:
    for process in PROCESSES:
        assert process.grace_seconds > serving.GRACE_SECONDS, process.name
