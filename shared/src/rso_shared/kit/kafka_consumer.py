"""A member of a consumer group. Offsets are committed by hand, after the work; nothing else moves them.

aiokafka knows eager rebalances only: every partition is given back before the new assignment. So that no record in hand is
handled twice because of it, the member stays in its place until its batch is committed, at most HAND_SECONDS; the group waits
for it REBALANCE_SECONDS. It waits for an event that nobody needs a lock for, and never while `getmany` runs, which is how a
listener and a reader can wait for each other.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError

from rso_shared.kit.broker import Record
from rso_shared.kit.kafka_cell import Cell
from rso_shared.kit.kafka_errors import transient

MAX_RECORDS = 200
POLL_SECONDS = 0.5
START_SECONDS = 15.0
COMMIT_SECONDS = 10.0
SESSION_SECONDS = 10.0
HAND_SECONDS = 30.0
REBALANCE_SECONDS = 45.0
LEAVE_SECONDS = 5.0

Offsets = Mapping[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class KafkaBatch:
    """Empty now and then, so that a consumer can look after parked keys while nothing arrives."""

    records: Sequence[Record]
    member: "Member"
    generation: int
    offsets: Offsets

    async def commit(self) -> None:
        """The next offset of each partition, unless the group has been dealt anew since: then whoever has it reads it again."""
        if self.offsets:
            await self.member.commit(self.generation, self.offsets)


class Member(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    def __init__(self, arguments: Mapping[str, Any], group: str, topics: Sequence[str], instance: str | None) -> None:
        self._arguments, self._group, self._topics, self._instance = arguments, group, topics, instance
        self._consumer: AIOKafkaConsumer | None = None
        self._empty_handed = asyncio.Event()
        self._generation = 0
        self.cell = Cell(f"kafka-{group}")

    async def poll(self) -> KafkaBatch:
        """Whoever polls again has done with the batch before. Raises Transient; a member that raised is left, not polled again."""
        with transient():
            if self._consumer is None:
                async with asyncio.timeout(START_SECONDS):
                    await self.cell.run(self._start())
            return await self.cell.run(self._poll())

    async def commit(self, generation: int, offsets: Offsets) -> None:
        with transient():
            async with asyncio.timeout(COMMIT_SECONDS):
                await self.cell.run(self._commit(generation, offsets))

    async def leave(self) -> None:
        self.cell.end(LEAVE_SECONDS)
        await self.cell.ended()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:  # noqa: ARG002 - all of them, always
        with suppress(TimeoutError):
            async with asyncio.timeout(HAND_SECONDS):
                await self._empty_handed.wait()
        self._generation += 1

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Reading starts at the committed offsets by itself."""

    async def _start(self) -> None:
        """The subscription comes after the start, which would else wait for an assignment as long as the slowest member works."""
        consumer = AIOKafkaConsumer(
            **self._arguments, group_id=self._group, auto_offset_reset="earliest", enable_auto_commit=False,
            partition_assignment_strategy=(RoundRobinPartitionAssignor,), session_timeout_ms=int(SESSION_SECONDS * 1000),
            rebalance_timeout_ms=int(REBALANCE_SECONDS * 1000), group_instance_id=self._instance,
        )  # fmt: skip
        self.cell.hold(self._stop, consumer._client.close)  # noqa: SLF001 - nothing public closes the sockets alone
        self._consumer = consumer
        await consumer.start()
        consumer.subscribe(self._topics, listener=self)

    async def _stop(self) -> None:
        self._empty_handed.set()
        if self._consumer is not None:
            await self._consumer.stop()

    async def _poll(self) -> KafkaBatch:
        """The time-out ends only the wait for an assignment: once records are there, nothing is waited for any more."""
        assert self._consumer is not None  # noqa: S101 - poll() started it
        self._empty_handed.set()
        polled: dict[TopicPartition, list[ConsumerRecord]] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(2 * POLL_SECONDS):
                polled = await self._consumer.getmany(timeout_ms=int(POLL_SECONDS * 1000), max_records=MAX_RECORDS)
        if polled:
            self._empty_handed.clear()
        records = [_record(raw) for raws in polled.values() for raw in raws]
        return KafkaBatch(records, self, self._generation, {tp: raws[-1].offset + 1 for tp, raws in polled.items()})

    async def _commit(self, generation: int, offsets: Offsets) -> None:
        assert self._consumer is not None  # noqa: S101 - the batch came from it
        if generation != self._generation:
            return
        with suppress(CommitFailedError, IllegalStateError):  # dealt anew while it was on its way
            await self._consumer.commit(dict(offsets))
        self._empty_handed.set()


def _record(raw: ConsumerRecord) -> Record:
    """What is no text comes as text that no id or key may look like: the consumer sets such a record aside."""
    headers = {name: (value or b"").decode(errors="surrogateescape") for name, value in raw.headers}
    return Record(raw.topic, (raw.key or b"").decode(errors="surrogateescape"), headers, raw.value or b"")
