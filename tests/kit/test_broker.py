"""What the log promises, on every broker: order per key, at least once, independent groups, from the beginning, woken at once."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import pytest

from kit.desks import take, values
from rso_shared.kit.broker import Batch, Broker, Record

pytestmark = pytest.mark.asyncio
OpenBroker = Callable[[], Awaitable[Broker]]


def numbered(topic: str, keys: str, start: int = 0) -> list[Record]:
    """One record per letter: the letter is the key, the value is letter and number."""
    return [
        Record(topic, key, {"ce_id": f"{topic}{number}"}, f"{key}{number}".encode())
        for number, key in enumerate(keys, start)
    ]


async def test_a_record_comes_back_as_it_was_sent(open_broker: OpenBroker, topic: str) -> None:
    broker = await open_broker()
    sent = Record(topic, "schlüssel", {"ce_id": "1", "ce_type": "rso.x.y.v1"}, b'{"a":"\xc3\xa9\\u0000"}')
    await broker.publish([sent])
    assert await take(broker, topic, [topic], 1) == [sent]


async def test_order_holds_per_key_across_publishes_and_batches(open_broker: OpenBroker, topic: str) -> None:
    broker = await open_broker()
    for start in range(0, 600, 60):
        await broker.publish(numbered(topic, "abcab" * 12, start))
    found = values(await take(broker, topic, [topic], 600))
    for key in "abc":
        numbers = [int(value[1:]) for value in found if value.startswith(key)]
        assert numbers == sorted(numbers)
    assert len(found) == len(set(found)) == 600


async def test_what_was_not_committed_comes_again(open_broker: OpenBroker, topic: str) -> None:
    broker = await open_broker()
    await broker.publish(numbered(topic, "aaa"))
    assert values(await take(broker, topic, [topic], 3, commit=False)) == ["a0", "a1", "a2"]
    assert values(await take(broker, topic, [topic], 3)) == ["a0", "a1", "a2"]
    await broker.publish(numbered(topic, "a", 3))
    assert values(await take(broker, topic, [topic], 1)) == ["a3"]


async def test_groups_are_independent(open_broker: OpenBroker, topic: str) -> None:
    broker = await open_broker()
    await broker.publish(numbered(topic, "aa"))
    assert len(await take(broker, f"{topic}.one", [topic], 2)) == 2
    assert await broker.lag(f"{topic}.one", [topic]) == 0
    assert await broker.lag(f"{topic}.two", [topic]) == 2
    assert values(await take(broker, f"{topic}.two", [topic], 2)) == ["a0", "a1"]


async def test_a_topic_subscribed_later_is_read_from_its_beginning(open_broker: OpenBroker, topic: str) -> None:
    broker, later = await open_broker(), f"{topic}.later"
    await broker.publish(numbered(later, "aa"))
    await broker.publish(numbered(topic, "bb"))
    assert len(await take(broker, topic, [topic], 2)) == 2
    assert values(await take(broker, topic, [topic, later], 2)) == ["a0", "a1"]


async def test_a_restart_goes_on_where_the_group_was(open_broker: OpenBroker, topic: str) -> None:
    first = await open_broker()
    await first.publish(numbered(topic, "aaaa"))
    await take(first, topic, [topic], 4)
    await first.publish(numbered(topic, "a", 4))
    again = await open_broker()
    assert await again.lag(topic, [topic]) == 1
    assert values(await take(again, topic, [topic], 1)) == ["a4"]


async def test_lag_counts_what_is_not_committed(open_broker: OpenBroker, topic: str) -> None:
    broker = await open_broker()
    assert await broker.lag(topic, [topic]) == 0
    await broker.publish(numbered(topic, "abc"))
    await take(broker, topic, [topic], 3, commit=False)
    assert await broker.lag(topic, [topic]) == 3
    await take(broker, topic, [topic], 3)
    assert await broker.lag(topic, [topic]) == 0


async def test_a_waiting_consumer_is_woken_and_does_not_poll(open_broker: OpenBroker, topic: str) -> None:
    broker = await open_broker()
    latencies: list[float] = []
    async with aclosing(broker.subscribe(topic, [topic])) as batches:
        for number in range(6):
            waiting = asyncio.ensure_future(_next_record(batches))
            await asyncio.sleep(0.05)
            started = time.perf_counter()
            await broker.publish(numbered(topic, "a", number))
            await asyncio.wait_for(waiting, 5)
            latencies.append(time.perf_counter() - started)
    assert sorted(latencies)[3] < 0.1, "half of them took longer than a poll would explain"


async def _next_record(batches: AsyncGenerator[Batch, None]) -> None:
    while not (batch := await anext(batches)).records:
        await batch.commit()
    await batch.commit()


async def test_nothing_is_lost_while_one_group_reads_and_others_write(open_broker: OpenBroker, topic: str) -> None:
    broker = await open_broker()
    writers = [broker.publish(numbered(topic, key * 5, start)) for key in "abcd" for start in range(0, 50, 5)]
    reading = asyncio.ensure_future(take(broker, topic, [topic], 200))
    await asyncio.gather(*writers)
    found = values(await reading)
    assert sorted(found) == sorted(f"{key}{number}" for key in "abcd" for number in range(50))
