"""A real broker: started, killed, started again on the same data and port."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from engines.conftest import Starting

TOPIC = "kept.v1"


async def make_topic(address: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    await admin.create_topics([NewTopic(TOPIC, 1, 1)])
    await admin.close()


async def send(address: str, topic: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=address, enable_idempotence=True)
    await producer.start()
    try:
        await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


async def receive(address: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(bootstrap_servers=address)
    await consumer.start()
    try:
        consumer.assign([TopicPartition(TOPIC, 0)])
        await consumer.seek_to_beginning()
        return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


async def partitions(address: str, topic: str) -> set[int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        (described,) = await admin.describe_topics([topic])
        return {each["partition"] for each in described["partitions"]}
    finally:
        await admin.close()


def test_what_was_acknowledged_is_there_after_a_kill(starting: Starting) -> None:
    engines = starting("kafka")
    before = engines.status()
    address = before.kafka
    assert address
    assert before.running() == ["kafka"]
    asyncio.run(make_topic(address))
    asyncio.run(send(address, TOPIC, b"one"))
    assert engines.kill("kafka")
    assert not engines.kill("kafka")
    assert engines.status().engines["kafka"].state == "stopped"
    after = engines.up(["kafka"])
    assert (after.kafka, after.running()) == (address, ["kafka"])
    assert after.engines["kafka"].pid != before.engines["kafka"].pid
    asyncio.run(send(address, TOPIC, b"two"))
    assert asyncio.run(receive(address, 2)) == [b"one", b"two"]
    assert engines.restart("kafka").kafka == address
    assert asyncio.run(receive(address, 2)) == [b"one", b"two"]
    assert asyncio.run(partitions(address, TOPIC)) == {0}
    assert asyncio.run(partitions(address, "misspelt.v1")) == set()
