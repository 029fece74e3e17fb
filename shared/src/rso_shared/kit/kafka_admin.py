"""Topics as declared, and how far a group is behind: what is asked of the cluster beside sending and receiving."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from rso_shared.kit.kafka_cell import Cell
from rso_shared.kit.kafka_errors import TopicError, transient
from rso_shared.kit.topics import Topic

R = TypeVar("R")

ASK_SECONDS = 15.0
PREPARE_SECONDS = 60.0
SETTLE_SECONDS = 0.2


class Observer:
    """One connection for all questions, made anew after one that failed."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._arguments = arguments
        self._turn = asyncio.Lock()
        self._desk: _Desk | None = None
        self._left: list[Cell] = []
        """Of desks that were given up: they end by themselves, and whoever closes waits for them."""

    async def lag(self, group: str, topics: Sequence[str]) -> int:
        """In offsets: on a topic that keeps only the newest record of a key there are fewer records than that."""
        return await self._ask(lambda desk: desk.lag(group, topics), ASK_SECONDS)

    async def prepare(self, topics: Sequence[Topic], copies: int | None) -> None:
        await self._ask(lambda desk: desk.prepare(topics, copies), PREPARE_SECONDS)

    async def _ask(self, question: "Callable[[_Desk], Coroutine[Any, Any, R]]", seconds: float) -> R:
        async with self._turn:
            self._desk = self._desk or _Desk(self._arguments)
            try:
                with transient():
                    async with asyncio.timeout(seconds):
                        return await self._desk.cell.run(question(self._desk))
            except BaseException:
                self.end()
                raise

    def end(self) -> Sequence[Cell]:
        """Returns at once, with all that is still ending."""
        if self._desk is not None:
            self._desk.cell.end()
            self._left.append(self._desk.cell)
            self._desk = None
        self._left = [cell for cell in self._left if cell.alive]
        return self._left


class _Desk:
    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._arguments = arguments
        self._admin: AIOKafkaAdminClient | None = None
        self._reader: AIOKafkaConsumer | None = None
        self.cell = Cell("kafka-admin")

    async def lag(self, group: str, topics: Sequence[str]) -> int:
        admin, reader = await self._started()
        known = await _partitions(admin)
        there = [TopicPartition(topic, number) for topic in topics for number in range(known.get(topic, 0))]
        if not there:
            return 0
        ends, starts = await reader.end_offsets(there), await reader.beginning_offsets(there)
        kept = await admin.list_consumer_group_offsets(group, partitions=there)
        behind: int = sum(ends[tp] - max(starts[tp], kept[tp].offset) for tp in there)
        return behind

    async def prepare(self, topics: Sequence[Topic], copies: int | None) -> None:
        """Creates what is missing, looks at what is there, alters nothing."""
        admin, _ = await self._started()
        known = await _partitions(admin)
        check(topics, known)
        missing = [topic for topic in topics if topic.name not in known]
        if missing:
            brokers = len((await admin.describe_cluster())["brokers"])
            await _create(admin, missing, copies, brokers)
        while not {topic.name for topic in missing} <= (known := await _partitions(admin)).keys():  # noqa: ASYNC110
            await asyncio.sleep(SETTLE_SECONDS)  # a broker hears of a new topic a moment after the controller made it
        check(topics, known)

    async def _started(self) -> tuple[AIOKafkaAdminClient, AIOKafkaConsumer]:
        if self._admin is None or self._reader is None:
            self._admin, self._reader = AIOKafkaAdminClient(**self._arguments), AIOKafkaConsumer(**self._arguments)
            self.cell.hold(self._admin.close, self._admin._client.close)  # noqa: SLF001 - nothing public closes the sockets alone
            self.cell.hold(self._reader.stop, self._reader._client.close)  # noqa: SLF001 - the same
            await self._admin.start()
            await self._reader.start()
        return self._admin, self._reader


def check(topics: Iterable[Topic], known: Mapping[str, int]) -> None:
    """Raises TopicError naming every topic that has another number of partitions than declared."""
    wrong = [
        f"{topic.name} has {known[topic.name]} partitions and is declared with {topic.partitions}"
        for topic in topics
        if known.get(topic.name, topic.partitions) != topic.partitions
    ]
    if wrong:
        raise TopicError("; ".join(wrong))


async def _partitions(admin: AIOKafkaAdminClient) -> dict[str, int]:
    """Of all topics: asking for one by name would create it on a cluster that creates topics by itself."""
    return {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}


async def _create(admin: AIOKafkaAdminClient, topics: Sequence[Topic], copies: int | None, brokers: int) -> None:
    """Several services may do so at once: the first one creates, the others find it."""
    new = []
    for topic in topics:
        each = copies or min(topic.copies, brokers)
        new.append(NewTopic(topic.name, topic.partitions, each, topic_configs=topic.config(each)))
    answer = await admin.create_topics(new)
    wrong = [f"{name}: {for_code(code).__name__}" for name, code, *_ in answer.topic_errors if not _fine(code)]
    if wrong:
        raise TopicError(f"topics were not created: {', '.join(wrong)}")


def _fine(code: int) -> bool:
    return code in {0, TopicAlreadyExistsError.errno}
