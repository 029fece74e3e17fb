"""The log's file cannot be written or read for a while: relay and consumer wait, say so, and go on where they were."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from kit import desks, sample
from kit.desks import Desk, arrived, take, until
from kit.rooms import Room
from rso_shared.kit.broker import Record
from rso_shared.kit.errors import Transient
from rso_shared.kit.health import Health
from rso_shared.kit.local_broker import LocalBroker
from rso_shared.kit.relay import Relay, Wakeup

TOPICS = [sample.OTHER_TOPIC, sample.THIRD_TOPIC]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LocalBroker]:
    broker = LocalBroker(tmp_path / "log.db")
    broker._db.execute("PRAGMA busy_timeout=1")
    yield broker
    broker.close()


@contextmanager
def full(broker: LocalBroker) -> Iterator[None]:
    """The file may not grow by another page."""
    (pages,) = broker._db.execute("PRAGMA page_count").fetchone()
    broker._db.execute(f"PRAGMA max_page_count={pages}")
    yield
    broker._db.execute("PRAGMA max_page_count=1000000")


@contextmanager
def locked(broker: LocalBroker) -> Iterator[None]:
    """Another process writes, and takes its time."""
    (path,) = [row[2] for row in broker._db.execute("PRAGMA database_list")]
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


@contextmanager
def unreadable(broker: LocalBroker) -> Iterator[None]:
    with broker._lock:
        broker._db.execute("ALTER TABLE positions RENAME TO elsewhere")
    yield
    with broker._lock:
        broker._db.execute("ALTER TABLE elsewhere RENAME TO positions")


def big(number: int) -> Record:
    return Record(sample.OTHER_TOPIC, "k1", {"ce_id": str(number)}, b"x" * 100_000)


@pytest.mark.asyncio
@pytest.mark.parametrize("state", [full, locked], ids=["full", "locked"])
async def test_what_cannot_be_written_now_is_transient_and_leaves_nothing_open(
    broker: LocalBroker, state: Callable[[LocalBroker], AbstractContextManager[None]]
) -> None:
    with state(broker):
        for _ in range(2):
            with pytest.raises(Transient):
                await broker.publish([big(1), big(2)])
    await broker.publish([big(3)])
    assert [record.headers["ce_id"] for record in await take(broker, "g", TOPICS, 1)] == ["3"]


@pytest.mark.asyncio
async def test_what_cannot_be_read_or_kept_now_is_transient(broker: LocalBroker) -> None:
    await broker.publish([big(1)])
    with unreadable(broker):
        with pytest.raises(Transient):
            await broker.lag("g", TOPICS)
        with pytest.raises(Transient):
            await take(broker, "g", TOPICS, 1)
        with pytest.raises(Transient):
            broker.commit("g", {sample.OTHER_TOPIC: 1})
    assert len(await take(broker, "g", TOPICS, 1)) == 1


@pytest.mark.asyncio
async def test_a_relay_waits_for_its_log(room: Room, broker: LocalBroker) -> None:
    health, wake = Health(), Wakeup()
    room.store.on_commit.append(wake)
    with ThreadPoolExecutor(1) as executor:
        loop = asyncio.ensure_future(Relay(room.db, broker, wake, health, room.clock, executor).run())
        with locked(broker):
            await asyncio.to_thread(room.open, "k1")
            await until(lambda: loop.done() or "relay" in health.problems())
            assert health.problems() == {"relay": "Transient"}
        await asyncio.to_thread(room.note, "k1", "n1")
        assert len(await take(broker, "g", [sample.SAMPLE.topic], 2)) == 2
        await until(lambda: health.problems() == {})
        loop.cancel()
        with suppress(asyncio.CancelledError):
            await loop


@pytest.mark.asyncio
async def test_a_consumer_listens_again_when_its_log_is_back(backend: str, broker: LocalBroker) -> None:
    with desks.furnished(backend, broker) as desk:
        loop = asyncio.ensure_future(desk.consumer.run())
        await _handles(desk, broker, "k1/1", 1)
        with unreadable(broker):
            await until(lambda: loop.done() or "desk" in desk.health.problems())
            assert desk.health.problems() == {"desk": "Transient"}
        await _handles(desk, broker, "k1/2", 2)
        await until(lambda: desk.health.problems() == {})
        loop.cancel()
        with suppress(asyncio.CancelledError):
            await loop


async def _handles(desk: Desk, broker: LocalBroker, what: str, number: int) -> None:
    await broker.publish([arrived("k1", number)])
    await until(lambda: what in desk.handled() and not broker.behind("desk", TOPICS))
