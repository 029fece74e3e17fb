"""Kafka is killed and started again: nothing is lost, per key nothing comes out of order, nobody hangs."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, aclosing, suppress
from pathlib import Path

import pytest

from kit import desks, kafka, sample
from kit.desks import arrived, take
from kit.kafka import OwnKafka, first_seen, numbered
from rso_shared.kit.broker import Batch, Record
from rso_shared.kit.consumer import listen
from rso_shared.kit.errors import Transient
from rso_shared.kit.health import Health
from rso_shared.kit.kafka_broker import KafkaBroker
from rso_shared.kit.kafka_consumer import KafkaBatch

pytestmark = [pytest.mark.asyncio, kafka.needs_kafka]


async def test_the_first_messages_of_a_new_cluster_are_sent_and_read_without_an_error(
    own_kafka: OwnKafka, topic: str
) -> None:
    """No topic has a leader yet, no group a coordinator."""
    with kafka.opened(topic, servers=own_kafka.up()) as broker:
        await broker.prepare()
        await broker.publish(numbered(topic, "abc"))
        assert sorted(first_seen(await take(broker, "g", [topic], 3))) == ["a0", "b1", "c2"]


async def test_publishing_while_it_is_down_and_after(own_kafka: OwnKafka, topic: str) -> None:
    with kafka.opened(topic, servers=own_kafka.up(), batch_seconds=2.0) as broker:
        await broker.prepare()
        await broker.publish(numbered(topic, "ab" * 5))
        own_kafka.kill()
        for _ in range(3):
            with pytest.raises(Transient):
                await broker.publish(numbered(topic, "ab" * 5, 10))
        await asyncio.to_thread(own_kafka.up)
        await kafka.sent(broker, numbered(topic, "ab" * 5, 10))
        await broker.publish(numbered(topic, "ab" * 5, 20))
        read = first_seen(await take(broker, "g", [topic], 30))
        assert _of("a", read) == list(range(0, 30, 2))
        assert _of("b", read) == list(range(1, 30, 2))


async def test_a_position_that_cannot_be_kept_is_kept_later(
    own_kafka: OwnKafka, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rso_shared.kit.kafka_consumer.COMMIT_SECONDS", 1.0)
    with kafka.opened(topic, servers=own_kafka.up()) as broker:
        await broker.prepare()
        await broker.publish(numbered(topic, "aaa"))
        async with aclosing(broker.subscribe("g", [topic])) as batches:
            batch = await _full(batches)
            own_kafka.kill()
            with pytest.raises(Transient):
                await _committed_again_and_again(batch)
            await asyncio.to_thread(own_kafka.up)
            await _until_kept(broker, topic)
            await batch.commit()


async def test_killed_again_and_again_under_load(own_kafka: OwnKafka, topic: str) -> None:
    """A relay that sends, a group that reads, and three kills."""
    read: list[Record] = []

    async def handle(batch: Batch) -> None:
        read.extend(batch.records)
        with suppress(Transient):
            await batch.commit()

    async with AsyncExitStack() as stack:
        broker = stack.enter_context(kafka.opened(topic, servers=own_kafka.up(), batch_seconds=3.0))
        await broker.prepare()
        reading = asyncio.ensure_future(listen(broker, "g", [topic], Health(), handle))
        stack.push_async_callback(_cancelled, reading)
        sending = asyncio.ensure_future(_relay(broker, topic, batches=120))
        for kill in range(1, 4):
            await _until(lambda least=kill * 6 * 20: len(read) >= least)  # type: ignore[misc]
            own_kafka.kill()
            await asyncio.to_thread(own_kafka.up)
        assert await sending > 0, "the kills were felt"
        await _until(lambda: len(first_seen(read)) == 120 * 6)
    for key in "abc":
        numbers = _of(key, first_seen(read))
        assert numbers == sorted(numbers)
        assert len(numbers) == 240


async def test_a_consumer_on_kafka_handles_each_fact_once(own_kafka: OwnKafka, tmp_path: Path) -> None:
    """Facts come twice, late and across a kill: the inbox knows what was handled, per key the order holds."""
    facts = [arrived(key, number) for number in range(20) for key in ("k1", "k2")]
    topics = [sample.OTHER_TOPIC, sample.THIRD_TOPIC]
    with (
        kafka.opened(*topics, servers=own_kafka.up(), batch_seconds=3.0) as broker,
        desks.furnished(f"sqlite:///{tmp_path}/desk.db", broker) as desk,
    ):
        await broker.prepare()
        loop = asyncio.ensure_future(desk.consumer.run())
        await kafka.sent(broker, [*facts[:10], *facts[:10]])
        own_kafka.kill()
        await asyncio.to_thread(own_kafka.up)
        await kafka.sent(broker, [*facts[:4], *facts])
        await _until(lambda: len(desk.handled()) >= len(facts))
        await _cancelled(loop)
        for key in ("k1", "k2"):
            assert [what for what in desk.handled() if what.startswith(key)] == [f"{key}/{n}" for n in range(20)]
        assert desk.parked() == []


async def _relay(broker: KafkaBroker, topic: str, batches: int) -> int:
    """Returns how often the log was away."""
    away = 0
    for number in range(batches):
        away += await kafka.sent(broker, numbered(topic, "abcabc", number * 6))
        await asyncio.sleep(0.02)
    return away


async def _until(true: Callable[[], bool]) -> None:
    """A broker that was killed takes its time to come back."""
    async with asyncio.timeout(120):
        while not true():  # noqa: ASYNC110 - other threads make it true
            await asyncio.sleep(0.1)


async def _full(batches: AsyncGenerator[KafkaBatch, None]) -> KafkaBatch:
    while not (batch := await anext(batches)).records:
        await batch.commit()
    return batch


async def _committed_again_and_again(batch: KafkaBatch) -> None:
    """The first one is on its way when it is found out that nobody is there."""
    async with asyncio.timeout(10):
        while True:
            await batch.commit()
            await asyncio.sleep(0.1)


async def _until_kept(broker: KafkaBroker, topic: str) -> None:
    """Nobody commits again: the member itself tries until the position is kept."""
    async with asyncio.timeout(60):
        while await _lag(broker, topic):  # noqa: ASYNC110 - the log has no event for it
            await asyncio.sleep(0.1)


async def _lag(broker: KafkaBroker, topic: str) -> int:
    try:
        return await broker.lag("g", [topic])
    except Transient:
        return -1


async def _cancelled(task: "asyncio.Future[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _of(key: str, values: list[str]) -> list[int]:
    return [int(value[1:]) for value in values if value.startswith(key)]
