"""Two members of a group: what one has in hand is finished before it is given away, and a late commit moves nobody's position."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import replace

import pytest

from kit import kafka
from kit.desks import take, values
from kit.kafka import first_seen, numbered
from rso_shared.kit.broker import Record
from rso_shared.kit.kafka_broker import KafkaBroker
from rso_shared.kit.kafka_consumer import KafkaBatch
from rso_shared.kit.topics import Topic

pytestmark = [pytest.mark.asyncio, kafka.needs_kafka]


@pytest.fixture
def broker(topic: str) -> Iterator[KafkaBroker]:
    with kafka.opened(topic) as broker:
        yield broker


async def test_a_batch_that_was_not_finished_comes_again(broker: KafkaBroker, topic: str) -> None:
    await broker.prepare()
    await broker.publish(numbered(topic, "abc" * 20))
    async with aclosing(broker.subscribe(topic, [topic])) as batches:
        await (await _full(batches)).commit()
        await broker.publish(numbered(topic, "abc" * 20, 60))
        await _full(batches)
    again = await take(broker, topic, [topic], 1)
    assert again, "what was in hand when the member left"
    assert await broker.lag(topic, [topic]) == 60 - len(again)


async def test_what_is_in_hand_is_committed_before_another_gets_it(broker: KafkaBroker, topic: str) -> None:
    await broker.prepare()
    await broker.publish(numbered(topic, "abcdef" * 30))
    read: list[Record] = []
    async with aclosing(broker.subscribe(topic, [topic])) as mine:
        in_hand = await _full(mine)
        joining = asyncio.ensure_future(_read(broker, topic, read))
        await _asked_to_rebalance(in_hand)
        read += in_hand.records
        await in_hand.commit()
        while await broker.lag(topic, [topic]):
            batch = await anext(mine)
            read += batch.records
            await batch.commit()
        joining.cancel()
        await asyncio.gather(joining, return_exceptions=True)
    assert Counter(values(read)).most_common(1)[0][1] == 1, "nothing was handled twice"
    _assert_whole(read, 180)


async def test_who_stops_in_the_middle_of_a_rebalance_loses_nothing(broker: KafkaBroker, topic: str) -> None:
    """It was asked to give its partitions back and leaves instead, with records in hand: whoever is dealt them reads those again."""
    await broker.prepare()
    await broker.publish(numbered(topic, "abcdef" * 30))
    read: list[Record] = []
    async with aclosing(broker.subscribe(topic, [topic])) as mine:
        in_hand = await _full(mine)
        joining = asyncio.ensure_future(_read(broker, topic, read))
        await _asked_to_rebalance(in_hand)
    await _all_read(broker, topic)
    joining.cancel()
    await asyncio.gather(joining, return_exceptions=True)
    assert set(values(in_hand.records)) <= set(values(read))
    _assert_whole(read, 180)


async def test_who_stops_while_it_is_being_let_in_holds_up_nobody(broker: KafkaBroker, topic: str) -> None:
    await broker.prepare()
    await broker.publish(numbered(topic, "abcdef" * 30))
    read: list[Record] = []
    async with aclosing(broker.subscribe(topic, [topic])) as mine:
        in_hand = await _full(mine)
        joining = asyncio.ensure_future(_read(broker, topic, []))
        await _asked_to_rebalance(in_hand)
        joining.cancel()
        await asyncio.gather(joining, return_exceptions=True)
        read += in_hand.records
        await in_hand.commit()
        async with asyncio.timeout(60):
            while await broker.lag(topic, [topic]):
                batch = await anext(mine)
                read += batch.records
                await batch.commit()
    _assert_whole(read, 180)


async def test_who_held_up_the_group_too_long_commits_nothing(
    broker: KafkaBroker, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rso_shared.kit.kafka_consumer.HAND_SECONDS", 0.1)
    await broker.prepare()
    await broker.publish(numbered(topic, "abcdef" * 10))
    async with aclosing(broker.subscribe(topic, [topic])) as mine, aclosing(broker.subscribe(topic, [topic])) as others:
        late = await _full(mine)
        early = await _full(others)
        await late.commit()
        assert await broker.lag(topic, [topic]) == 60, "those partitions are somebody else's now"
        await early.commit()
        assert await broker.lag(topic, [topic]) == 60 - len(early.records)


async def test_members_come_and_go_and_every_record_is_handled_in_order(broker: KafkaBroker, topic: str) -> None:
    await broker.prepare()
    read: list[Record] = []
    members = [asyncio.ensure_future(_read(broker, topic, read))]
    for number in range(40):
        await broker.publish(numbered(topic, "abcdef" * 5, number * 30))
        await asyncio.sleep(0.05)
        if number % 8 == 3:
            members.append(asyncio.ensure_future(_read(broker, topic, read)))
        if number % 8 == 7:  # the oldest one stops in the middle of whatever it does
            members.pop(0).cancel()
    await _all_read(broker, topic)
    for member in members:
        member.cancel()
    await asyncio.gather(*members, return_exceptions=True)
    _assert_whole(read, 1200)


async def test_who_comes_back_under_its_name_is_dealt_what_it_had(topic: str) -> None:
    """A stranger would have the group dealt anew, once the session of the one that vanished has run out."""
    with _named("desk-1", topic) as first, _named("desk-1", topic) as back:
        await first.prepare()
        await first.publish(numbered(topic, "abc"))
        async with (
            aclosing(first.subscribe(topic, [topic])) as silent,
            aclosing(back.subscribe(topic, [topic])) as mine,
        ):
            vanished = await _full(silent)
            await vanished.commit()
            dealt = _generation(vanished)
            await back.publish(numbered(topic, "abc", 3))
            batch = await _full(mine)
            assert batch.records
            assert _generation(batch) == dealt


@contextmanager
def _named(instance: str, topic: str) -> Iterator[KafkaBroker]:
    broker = KafkaBroker(replace(kafka.connection(), instance=instance), [Topic(topic, kafka.PARTITIONS)])
    yield broker
    broker.close()


def _generation(batch: KafkaBatch) -> int:
    assert batch.member._consumer is not None
    return int(batch.member._consumer._coordinator.generation)


async def _read(broker: KafkaBroker, topic: str, read: list[Record]) -> None:
    async with aclosing(broker.subscribe(topic, [topic])) as batches:
        async for batch in batches:
            read += batch.records
            await asyncio.sleep(0.005)
            await batch.commit()


async def _full(batches: AsyncGenerator[KafkaBatch, None]) -> KafkaBatch:
    async with asyncio.timeout(30):
        while not (batch := await anext(batches)).records:
            await batch.commit()
    return batch


async def _all_read(broker: KafkaBroker, topic: str) -> None:
    async with asyncio.timeout(60):
        while await broker.lag(topic, [topic]):  # noqa: ASYNC110 - the log has no event for it
            await asyncio.sleep(0.1)


async def _asked_to_rebalance(batch: KafkaBatch) -> None:
    """The group has asked the member to give its partitions back, and it waits with the answer."""
    assert batch.member._consumer is not None
    subscription = batch.member._consumer._subscription
    async with asyncio.timeout(30):
        while not subscription.reassignment_in_progress:  # noqa: ASYNC110 - another thread sets it
            await asyncio.sleep(0.01)


def _assert_whole(read: list[Record], count: int) -> None:
    seen = first_seen(read)
    assert len(seen) == count
    for key in "abcdef":
        numbers = [int(value[1:]) for value in seen if value.startswith(key)]
        assert numbers == sorted(numbers)
