"""Publishing to Kafka: one idempotent producer at a time, each good until its first failure."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer

from rso_shared.kit.broker import Record
from rso_shared.kit.kafka_cell import Cell
from rso_shared.kit.kafka_errors import TopicError, transient
from rso_shared.kit.topics import Topic

BATCH_SECONDS = 15.0
BATCH_BYTES = 512 * 1024
"""Of one partition in one request. A relay's batch stays under it, so that what it sends of a key arrives whole or not at all."""


class Publisher:
    """Batches go one after the other. After a failure some of the batch may stand on the log and all of it is sent again:

    what comes twice is known by its id, and no record ever comes before an earlier one of its key has come once.
    """

    def __init__(
        self, arguments: Mapping[str, Any], topics: Mapping[str, Topic], seconds: float = BATCH_SECONDS
    ) -> None:
        self._arguments, self._topics, self._seconds = arguments, topics, seconds
        self._turn = asyncio.Lock()
        self._line: _Line | None = None

    async def publish(self, records: Sequence[Record]) -> None:
        """Raises Transient after at most `seconds`, whatever the broker does. TopicError for what is not in the table."""
        async with self._turn:
            self._line = self._line or _Line(self._arguments, self._topics)
            try:
                with transient():
                    async with asyncio.timeout(self._seconds):
                        await self._line.send(records)
            except BaseException:
                self.end()
                raise

    def end(self) -> "Cell | None":
        """Gives the producer up: nothing of a finished batch is in it."""
        line, self._line = self._line, None
        if line is None:
            return None
        line.cell.end()
        return line.cell


class _Line:
    def __init__(self, arguments: Mapping[str, Any], topics: Mapping[str, Topic]) -> None:
        self._arguments, self._topics = arguments, topics
        self._producer: AIOKafkaProducer | None = None
        self.cell = Cell("kafka-producer")

    async def send(self, records: Sequence[Record]) -> None:
        await self.cell.run(self._send(records))

    async def _send(self, records: Sequence[Record]) -> None:
        producer = self._producer or await self._start()
        for topic in sorted({record.topic for record in records}):
            await self._check(producer, topic)
        sent = [
            await producer.send(
                r.topic, r.value, key=r.key.encode(), headers=[(k, v.encode()) for k, v in r.headers.items()]
            )
            for r in records
        ]
        outcomes = await asyncio.gather(*sent, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _start(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(**self._arguments, enable_idempotence=True, acks="all", max_batch_size=BATCH_BYTES)
        self.cell.hold(producer.stop, producer.client.close)
        await producer.start()
        self._producer = producer
        return producer

    async def _check(self, producer: AIOKafkaProducer, topic: str) -> None:
        """A key's partition follows from their number: with another one the order of its records would be lost."""
        declared = self._topics.get(topic)
        if declared is None:
            raise TopicError(f"{topic} is not in the table of topics")
        partitions = len(await producer.partitions_for(topic))
        if partitions != declared.partitions:
            raise TopicError(f"{topic} has {partitions} partitions and is declared with {declared.partitions}")
