"""Topics are made as declared, looked at, and never altered."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from kit import kafka
from rso_shared.kit.errors import Transient
from rso_shared.kit.kafka_broker import KafkaBroker
from rso_shared.kit.kafka_connection import arguments
from rso_shared.kit.kafka_errors import TopicError
from rso_shared.kit.names import HEADS_TOPIC, SERVICES
from rso_shared.kit.topics import TOPICS, Topic


def test_every_topic_of_the_house_is_in_the_table() -> None:
    assert {topic.name for topic in TOPICS} == {HEADS_TOPIC, *(service.topic for service in SERVICES)}


def test_how_long_a_record_is_kept_and_how_many_copies_make_a_write() -> None:
    facts = Topic("a", kept=timedelta(days=1))
    assert facts.config(3) == {"cleanup.policy": "delete", "retention.ms": "86400000", "min.insync.replicas": "2"}
    assert Topic("b", kept=None).config(1) == {"cleanup.policy": "compact", "min.insync.replicas": "1"}


@asynccontextmanager
async def administrator() -> AsyncGenerator[AIOKafkaAdminClient, None]:
    admin = AIOKafkaAdminClient(**arguments(kafka.connection()))
    await admin.start()
    yield admin
    await admin.close()


async def settings_of(topic: str) -> dict[str, str]:
    async with administrator() as admin:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    return {entry[0]: entry[1] for entry in answer.resources[0][4]}


async def partitions_of(topic: str) -> int:
    async with administrator() as admin:
        (found,) = await admin.describe_topics([topic])
    return len(found["partitions"])


@kafka.needs_kafka
@pytest.mark.asyncio
async def test_several_services_make_them_at_once(topic: str) -> None:
    declared = [Topic(topic, 5, timedelta(days=2)), Topic(f"{topic}.heads", 2, None)]
    brokers = [KafkaBroker(kafka.connection(), declared) for _ in range(3)]
    await asyncio.gather(*(broker.prepare() for broker in brokers))
    await brokers[0].prepare()
    for broker in brokers:
        broker.close()
    assert (await partitions_of(topic), await partitions_of(f"{topic}.heads")) == (5, 2)
    assert (await settings_of(topic))["retention.ms"] == "172800000"
    assert (await settings_of(f"{topic}.heads"))["cleanup.policy"] == "compact"


async def lag_of(broker: KafkaBroker, topic: str) -> int:
    """A Kafka that was never asked for a group first has to make the topic that groups are kept in."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await broker.lag("g", [topic])
            except Transient:
                await asyncio.sleep(0.2)


@kafka.needs_kafka
@pytest.mark.asyncio
async def test_another_number_of_partitions_is_an_error_that_names_the_topic(topic: str) -> None:
    with kafka.opened(topic) as broker:
        await broker.prepare()
    other = KafkaBroker(kafka.connection(), [Topic(topic, kafka.PARTITIONS + 1), Topic(f"{topic}.new", 1)])
    with pytest.raises(TopicError, match=f"{topic} has 3 partitions and is declared with 4"):
        await other.prepare()
    with pytest.raises(TopicError, match=f"{topic} has 3 partitions and is declared with 4"):
        await other.publish(kafka.numbered(topic, "a"))
    assert await partitions_of(topic) == kafka.PARTITIONS
    assert await lag_of(other, topic) == 0, "nothing was sent"
    other.close()


@kafka.needs_kafka
@pytest.mark.asyncio
async def test_a_topic_that_nobody_declared_gets_nothing(topic: str) -> None:
    with kafka.opened(topic) as broker:
        await broker.prepare()
        with pytest.raises(TopicError, match=f"{topic}.x is not in the table"):
            await broker.publish([*kafka.numbered(topic, "a"), *kafka.numbered(f"{topic}.x", "a")])
        await broker.publish(kafka.numbered(topic, "b"))
        assert await broker.lag("g", [topic, f"{topic}.x"]) == 1


@kafka.needs_kafka
@pytest.mark.asyncio
async def test_more_copies_than_brokers_are_refused_by_name(topic: str) -> None:
    broker = KafkaBroker(replace(kafka.connection(), copies=99), [Topic(topic, 1)])
    with pytest.raises(TopicError, match=f"{topic}: InvalidReplicationFactorError"):
        await broker.prepare()
    broker.close()


@kafka.needs_kafka
@pytest.mark.asyncio
async def test_a_topic_that_is_not_made_yet_is_waited_for(topic: str) -> None:
    with kafka.opened(topic, batch_seconds=0.5) as broker:
        with pytest.raises(Transient):
            await broker.publish(kafka.numbered(topic, "a"))
        await broker.prepare()
        await broker.publish(kafka.numbered(topic, "a"))
        assert await broker.lag("g", [topic]) == 1
