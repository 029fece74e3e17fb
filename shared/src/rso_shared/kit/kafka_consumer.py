"""A member of a consumer group. Offsets are committed by hand, after the work; nothing else moves them.

Fetching, handling and committing overlap (kafka_ahead.py): while a batch is in hand the next records are fetched, and the offsets
of the one before are committed.

aiokafka knows eager rebalances only: every partition is given back before the new assignment. What was fetched ahead is dropped
then, and read again by whoever is dealt its partition. So that no record in hand is handled twice, the member stays in its place
until its batch is done with and the offsets are committed, at most HAND_SECONDS; the group waits for it REBALANCE_SECONDS. It waits
for nothing that `getmany` holds, which is how a listener and a reader can wait for each other.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError

from rso_shared.kit.broker import Record
from rso_shared.kit.errors import Transient
from rso_shared.kit.kafka_ahead import Ahead, Offsets, Positions
from rso_shared.kit.kafka_cell import Cell
from rso_shared.kit.kafka_errors import transient

MAX_RECORDS = 200
POLL_SECONDS = 0.5
FETCH_SECONDS = 10.0
START_SECONDS = 15.0
COMMIT_SECONDS = 10.0
SESSION_SECONDS = 10.0
HAND_SECONDS = 30.0
REBALANCE_SECONDS = 45.0
LEAVE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class KafkaBatch:
    """Empty now and then, so that a consumer can look after parked keys while nothing arrives."""

    records: Sequence[Record]
    member: "Member"
    generation: int
    offsets: Offsets

    async def commit(self) -> None:
        """The next offset of each partition, unless the group has been dealt anew since: then whoever has it reads it again.

        It is on its way when this returns, and has arrived before the member leaves or gives a partition back. Raises Transient
        while what was to be committed before does not arrive; all of it is tried again, and this may be called again.
        """
        if self.offsets:
            self.member.commit(self.generation, self.offsets)


class Member(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    def __init__(self, arguments: Mapping[str, Any], group: str, topics: Sequence[str], instance: str | None) -> None:
        self.group = group
        self._arguments, self._topics, self._instance = arguments, topics, instance
        self._consumer: AIOKafkaConsumer | None = None
        self._ahead, self._positions = Ahead(MAX_RECORDS), Positions(self._commit, COMMIT_SECONDS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._broken: BaseException | None = None
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

    def commit(self, generation: int, offsets: Offsets) -> None:
        with transient():
            self.cell.tell(self._done, generation, offsets)
        problem = self._positions.problem
        if problem is not None:
            raise Transient(str(problem)) from problem

    async def settle(self) -> None:
        """Returns once the offsets of every batch that is done with are committed. Raises Transient."""
        try:
            await self.cell.run(self._positions.settle())
        except ConnectionError:  # the member leaves, and does it meanwhile
            await self.cell.ended()

    async def leave(self) -> None:
        self.cell.end(LEAVE_SECONDS)
        await self.cell.ended()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:  # noqa: ARG002 - all of them, always
        """Until the new assignment nothing more is fetched ahead: `getmany` waits for it."""
        self._ahead.take()
        with suppress(TimeoutError, Transient):
            async with asyncio.timeout(HAND_SECONDS):
                await self._empty_handed.wait()
                await self._positions.settle()
        self._generation += 1
        self._positions.forget()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Reading starts at the committed offsets by itself."""

    async def _start(self) -> None:
        """The subscription comes after the start, which would else wait for an assignment as long as the slowest member works."""
        consumer = AIOKafkaConsumer(
            **self._arguments, group_id=self.group, auto_offset_reset="earliest", enable_auto_commit=False,
            partition_assignment_strategy=(RoundRobinPartitionAssignor,), session_timeout_ms=int(SESSION_SECONDS * 1000),
            rebalance_timeout_ms=int(REBALANCE_SECONDS * 1000), group_instance_id=self._instance,
        )  # fmt: skip
        self.cell.hold(self._stop, consumer._client.close)  # noqa: SLF001 - nothing public closes the sockets alone
        self._consumer = consumer
        await consumer.start()
        consumer.subscribe(self._topics, listener=self)
        self._goes_on(self._fetch(consumer))
        self._goes_on(self._positions.keep())

    async def _stop(self) -> None:
        self._ahead.close()
        self._empty_handed.set()
        with suppress(Transient):
            await self._positions.settle()
        if self._consumer is not None:
            await self._consumer.stop()

    def _goes_on(self, work: Coroutine[Any, Any, None]) -> None:
        """Beside everything else; if it breaks, the next poll says so."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            self._broken = task.exception()
            self._ahead.arrived.set()

    async def _fetch(self, consumer: AIOKafkaConsumer) -> None:
        """Endless. Who never has done with its batch looks idle to aiokafka after a while, and is not dealt partitions any more."""
        while True:
            room = await self._ahead.room()
            polled = await consumer.getmany(timeout_ms=int(FETCH_SECONDS * 1000), max_records=room)
            if polled:
                self._ahead.add(polled)
            else:
                await self._empty_handed.wait()

    async def _poll(self) -> KafkaBatch:
        self._empty_handed.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._ahead.arrived.wait()
        if self._broken is not None:
            raise self._broken
        polled = self._ahead.take()
        if polled:
            self._empty_handed.clear()
        records = [_record(raw) for raws in polled.values() for raw in raws]
        return KafkaBatch(records, self, self._generation, {tp: raws[-1].offset + 1 for tp, raws in polled.items()})

    def _done(self, generation: int, offsets: Offsets) -> None:
        if generation == self._generation:
            self._positions.add(offsets)
        self._empty_handed.set()

    async def _commit(self, offsets: Offsets) -> None:
        assert self._consumer is not None  # noqa: S101 - the batches came from it
        with suppress(CommitFailedError, IllegalStateError):  # dealt anew while it was on its way
            await self._consumer.commit(dict(offsets))


def _record(raw: ConsumerRecord) -> Record:
    """What is no text comes as text that no id or key may look like: the consumer sets such a record aside."""
    headers = {name: (value or b"").decode(errors="surrogateescape") for name, value in raw.headers}
    return Record(raw.topic, (raw.key or b"").decode(errors="surrogateescape"), headers, raw.value or b"")
