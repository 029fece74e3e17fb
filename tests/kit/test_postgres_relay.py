"""Several relays on one PostgreSQL database: one sends, another takes over, and nothing is lost, doubled or turned around."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from kit import rooms, sample
from kit.desks import take, until
from kit.rooms import BACKENDS, Room
from rso_shared.kit import tables
from rso_shared.kit.broker import Record
from rso_shared.kit.database import Database
from rso_shared.kit.errors import Transient
from rso_shared.kit.health import Health
from rso_shared.kit.leadership import Leadership
from rso_shared.kit.local_broker import LocalBroker
from rso_shared.kit.relay import BATCH, Relay, Wakeup
from rso_shared.kit.retrying import again

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif("postgresql" not in BACKENDS, reason="PostgreSQL: RSO_TEST_POSTGRES is not set"),
]
TOPIC = sample.SAMPLE.topic


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with rooms.database("postgresql", tmp_path) as url:
        yield url


@pytest.fixture
def room(url: str, tmp_path: Path) -> Iterator[Room]:
    with rooms.furnished(url, tmp_path) as room:
        room.store.on_commit.append(room.db.signals)
        yield room


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LocalBroker]:
    broker = LocalBroker(tmp_path / "log.db")
    yield broker
    broker.close()


@contextmanager
def process(url: str, room: Room, broker: Any) -> Iterator[Relay]:
    """What a relay process has of its own: its connections, its thread, its place in the election."""
    db = Database(url)
    with ThreadPoolExecutor(1) as executor:
        yield Relay(db, broker, Wakeup(db.signals.subscribe), Health(), room.clock, executor)
    db.close()


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[None]:
    loop = asyncio.ensure_future(relay.run())
    try:
        yield
    finally:
        loop.cancel()
        with suppress(asyncio.CancelledError):
            await loop


def unsent(room: Room) -> int:
    with room.db.read() as tx:
        return len(tx.conn.execute(select(tables.OUTBOX.c.id).where(tables.OUTBOX.c.published_at.is_(None))).all())


def sessions_end(room: Room, what: str) -> int:
    """As if the server had been restarted for them."""
    query = (
        "SELECT count(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity WHERE datname = current_database() AND {}"
    )
    with room.db.write() as tx:
        return int(tx.conn.execute(text(query.format(what))).scalar_one())


def write(room: Room, writer: int, cases: int, notes: int) -> None:
    """Streams of its own, and one that all writers share."""
    for number in range(cases):
        room.open(f"w{writer}-{number}", notes=notes)
        again(partial(room.note, "shared", f"w{writer}-{number}"))


async def test_many_writers_and_three_relays_lose_nothing_double_nothing_and_turn_nothing_around(
    url: str, room: Room, broker: LocalBroker
) -> None:
    """Order of ids is not order of commits: a relay with a cursor lost 541 of 1,600 here, several without election inverted 91."""
    room.open("shared")
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(running(stack.enter_context(process(url, room, broker))))
        with ThreadPoolExecutor(8) as pool:
            await asyncio.gather(*(asyncio.wrap_future(pool.submit(write, room, each, 6, 3)) for each in range(8)))
        await until(lambda: not unsent(room))
    count = 1 + 8 * 6 * 5
    found = await take(broker, "g", [TOPIC], count)
    assert len(found) == len({record.headers["ce_id"] for record in found}) == count
    assert broker.behind("g", [TOPIC]) == 0
    per_stream: dict[str, list[int]] = {}
    for record in found:
        per_stream.setdefault(record.headers["ce_stream"], []).append(int(record.headers["ce_streamversion"]))
    assert all(versions == list(range(1, len(versions) + 1)) for versions in per_stream.values())
    assert len(per_stream["operator/case/shared"]) == 1 + 8 * 6


async def test_one_leads_and_when_its_session_ends_the_next_one_does(room: Room) -> None:
    first, second, another = (Leadership(room.db, role) for role in ("relay", "relay", "another role"))
    assert [first.held(), second.held(), first.held()] == [True, False, True]
    assert another.held()
    another.release()
    sessions_end(room, "query LIKE 'SELECT 1%' AND pid <> pg_backend_pid()")
    assert second.held()
    with pytest.raises(Exception, match="leadership"):
        first.held()
    assert not first.held()
    second.release()
    assert first.held()
    first.release()


async def test_a_relay_that_lost_its_lock_sends_nothing_more(url: str, room: Room, broker: LocalBroker) -> None:
    with process(url, room, broker) as old, process(url, room, broker) as new:
        async with running(old):
            await asyncio.to_thread(room.open, "k1")
            await until(lambda: not unsent(room))
            async with running(new):
                sessions_end(room, "backend_type = 'client backend' AND pid <> pg_backend_pid()")
                await asyncio.to_thread(room.note, "k1", "n1")
                await until(lambda: not unsent(room))
                await until(lambda: sum([each._outbox._leadership._leads for each in (old, new)]) == 1)
    found = await take(broker, "g", [TOPIC], 2)
    assert [record.headers["ce_streamversion"] for record in found] == ["1", "2"]


async def test_who_loses_the_lead_in_the_middle_of_a_look_sends_no_more_than_what_is_on_its_way(
    url: str, room: Room, broker: LocalBroker
) -> None:
    """Each batch but the first two goes out only after a mark has proved the lead; the next leader sends all from the first on."""
    with room.db.write() as tx:
        tx.conn.execute(insert(tables.OUTBOX), [row(f"k{number:04}") for number in range(4 * BATCH)])
    line = Robbed(broker, room)
    with process(url, room, line) as old, process(url, room, broker) as new:
        with pytest.raises(Transient):
            await old.relay_once()
        assert line.sent == 2 * BATCH
        assert await new.relay_once() == 4 * BATCH
        assert await old.relay_once() == 0
        assert await new.relay_once() == 0
        assert line.sent == 2 * BATCH
        for each in (old, new):
            each._outbox.release()
    assert unsent(room) == 0
    keys = [record.key for record in await take(broker, "g", [TOPIC], 6 * BATCH)]
    assert keys == [*(f"k{number:04}" for number in [*range(2 * BATCH), *range(4 * BATCH)])]


class Robbed:
    """The real log, on whose first batch the relay loses its session, and with it the lead."""

    def __init__(self, broker: LocalBroker, room: Room) -> None:
        self._broker, self._room, self.sent = broker, room, 0

    async def publish(self, records: Sequence[Record]) -> None:
        await self._broker.publish(records)
        if not self.sent:
            query = "pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
            assert await asyncio.to_thread(sessions_end, self._room, query) == 1
        self.sent += len(records)


def row(key: str) -> dict[str, Any]:
    headers = '{"ce_id":"x","ce_source":"/rso/sample"}'
    return {"event_id": key, "topic": TOPIC, "key": key, "headers": headers, "value": b"{}", "created_at": "t"}


async def test_a_commit_of_another_process_wakes_the_relay(
    url: str, room: Room, broker: LocalBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The poll is made longer than the test may last: only NOTIFY can have done it."""
    monkeypatch.setattr("rso_shared.kit.relay.POLL_SECONDS", 3600.0)
    with process(url, room, broker) as relay:
        async with running(relay):
            await until(lambda: _listening(room))
            for number in range(3):
                await asyncio.to_thread(room.open, f"k{number}")
                await until(lambda: not unsent(room))


def _listening(room: Room) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    with room.db.read() as tx:
        return bool(tx.conn.execute(text(query)).scalar_one())
