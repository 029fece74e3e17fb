"""Before and behind the batch in hand: what is fetched ahead stays within its bound, and no position is lost or comes too late."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaConnectionError

from kit import kafka
from kit.desks import until
from kit.kafka import numbered
from rso_shared.kit.errors import Transient
from rso_shared.kit.kafka_ahead import Ahead, Offsets, Positions
from rso_shared.kit.kafka_broker import KafkaBroker
from rso_shared.kit.kafka_consumer import MAX_RECORDS, KafkaBatch

pytestmark = pytest.mark.asyncio
ONE, TWO = TopicPartition("t", 1), TopicPartition("t", 2)


@pytest.fixture
def broker(topic: str) -> Iterator[KafkaBroker]:
    with kafka.opened(topic) as broker:
        yield broker


def raw(tp: TopicPartition, offset: int) -> "ConsumerRecord[bytes, bytes]":
    return ConsumerRecord(tp.topic, tp.partition, offset, 0, 0, b"k", b"v", None, 1, 1, ())


async def test_there_is_room_for_as_many_as_were_taken() -> None:
    ahead = Ahead(3)
    ahead.add({ONE: [raw(ONE, 0)]})
    assert await ahead.room() == 2
    ahead.add({ONE: [raw(ONE, 1)], TWO: [raw(TWO, 0)]})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ahead.room(), 0.01)
    assert ahead.take() == {ONE: [raw(ONE, 0), raw(ONE, 1)], TWO: [raw(TWO, 0)]}
    assert (await ahead.room(), ahead.arrived.is_set(), ahead.take()) == (3, False, {})


async def test_who_leaves_hands_out_nothing_more() -> None:
    ahead = Ahead(3)
    ahead.add({ONE: [raw(ONE, 0)]})
    ahead.close()
    ahead.add({ONE: [raw(ONE, 1)]})
    assert ahead.take() == {}


@dataclass(slots=True)
class Coordinator:
    """Answers when it is allowed to; `down`: with an error."""

    seen: list[dict[TopicPartition, int]] = field(default_factory=list)
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    down: bool = False

    async def commit(self, offsets: Offsets) -> None:
        self.seen.append(dict(offsets))
        await self.answers.wait()
        if self.down:
            raise KafkaConnectionError


async def test_what_is_done_while_a_commit_is_under_way_goes_together_with_the_next() -> None:
    coordinator = Coordinator()
    positions = Positions(coordinator.commit, 10.0)
    positions.add({ONE: 1})
    settling = asyncio.ensure_future(positions.settle())
    await asyncio.sleep(0)
    for offset in (2, 3):
        positions.add({ONE: offset, TWO: offset})
    coordinator.answers.set()
    await settling
    await positions.settle()
    assert coordinator.seen == [{ONE: 1}, {ONE: 3, TWO: 3}]


async def test_a_commit_that_fails_is_tried_again_with_what_came_after_it() -> None:
    coordinator = Coordinator(down=True)
    coordinator.answers.set()
    positions = Positions(coordinator.commit, 10.0)
    positions.add({ONE: 1, TWO: 1})
    keeping = asyncio.ensure_future(positions.keep())
    await until(lambda: positions.problem is not None)
    positions.add({ONE: 2})
    coordinator.down = False
    await until(lambda: positions.problem is None)
    assert coordinator.seen[-1] == {ONE: 2, TWO: 1}
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping


async def test_a_commit_of_partitions_that_were_given_back_is_not_tried_again() -> None:
    coordinator = Coordinator(down=True)
    positions = Positions(coordinator.commit, 10.0)
    positions.add({ONE: 1})
    settling = asyncio.ensure_future(positions.settle())
    await asyncio.sleep(0)
    positions.forget()
    coordinator.answers.set()
    with pytest.raises(Transient):
        await settling
    await positions.settle()
    assert coordinator.seen == [{ONE: 1}]


@kafka.needs_kafka
async def test_the_next_records_are_fetched_while_a_batch_is_in_hand(broker: KafkaBroker, topic: str) -> None:
    await broker.prepare()
    await broker.publish(numbered(topic, "a"))
    async with aclosing(broker.subscribe(topic, [topic])) as batches:
        first = await _full(batches)
        await broker.publish(numbered(topic, "abc" * MAX_RECORDS, 1))
        ahead = first.member._ahead
        await until(lambda: ahead._count() == MAX_RECORDS)
        await first.commit()
        second = await _full(batches)
        assert len(second.records) == MAX_RECORDS
        await second.commit()
        assert await broker.lag(topic, [topic]) == 2 * MAX_RECORDS


@kafka.needs_kafka
async def test_what_was_fetched_ahead_is_read_by_whoever_is_dealt_its_partition(
    broker: KafkaBroker, topic: str
) -> None:
    await broker.prepare()
    await broker.publish(numbered(topic, "a"))
    async with aclosing(broker.subscribe(topic, [topic])) as mine:
        first = await _full(mine)
        await broker.publish(numbered(topic, "abcdef" * 10, 1))
        await until(lambda: first.member._ahead._count() == 60)
        async with aclosing(broker.subscribe(topic, [topic])) as others:
            joining = asyncio.ensure_future(_full(others))
            await until(lambda: first.member._ahead._count() == 0)
            assert not joining.done(), "the batch in hand holds up the group"
            await first.commit()
            theirs = await joining
            assert min(theirs.offsets.values()) > 0
            assert {record.value for record in theirs.records} <= {r.value for r in numbered(topic, "abcdef" * 10, 1)}


async def _full(batches: AsyncGenerator[KafkaBatch, None]) -> KafkaBatch:
    async with asyncio.timeout(30):
        while not (batch := await anext(batches)).records:
            await batch.commit()
    return batch
