"""KafkaBroker: the log of the distributed form, on aiokafka. Settings and topics: kafka_connection.py, topics.py."""

from collections.abc import AsyncGenerator, Iterable, Sequence

from rso_shared.kit.broker import Record
from rso_shared.kit.kafka_admin import Observer
from rso_shared.kit.kafka_connection import Connection, arguments
from rso_shared.kit.kafka_consumer import LEAVE_SECONDS, KafkaBatch, Member
from rso_shared.kit.kafka_producer import BATCH_SECONDS, Publisher
from rso_shared.kit.topics import TOPICS, Topic


class KafkaBroker:
    """Connects when first used. Whatever Kafka does, each call returns or raises Transient within a known time."""

    def __init__(
        self, connection: Connection, topics: Sequence[Topic] = TOPICS, *, batch_seconds: float = BATCH_SECONDS
    ) -> None:
        self._topics, self._copies, self._instance = topics, connection.copies, connection.instance
        self._arguments = arguments(connection)
        self._publisher = Publisher(self._arguments, {topic.name: topic for topic in topics}, batch_seconds)
        self._observer = Observer(self._arguments)
        self._members: set[Member] = set()

    async def prepare(self) -> None:
        await self._observer.prepare(self._topics, self._copies)

    async def publish(self, records: Sequence[Record]) -> None:
        await self._publisher.publish(records)

    async def subscribe(self, group: str, topics: Iterable[str]) -> AsyncGenerator[KafkaBatch, None]:
        member = Member(self._arguments, group, sorted(topics), self._instance)
        self._members.add(member)
        try:
            while True:
                yield await member.poll()
        finally:
            await member.leave()
            self._members.discard(member)

    async def lag(self, group: str, topics: Iterable[str]) -> int:
        """What a member of this process has done with does not count, even if its offsets were still on their way."""
        for member in [member for member in self._members if member.group == group]:
            await member.settle()
        return await self._observer.lag(group, sorted(topics))

    def close(self) -> None:
        """Whatever is still subscribed leaves its group."""
        for member in self._members:
            member.cell.end(LEAVE_SECONDS)
        cells = [self._publisher.end(), *self._observer.end(), *(member.cell for member in self._members)]
        for cell in cells:
            if cell is not None:
                cell.join(2 * LEAVE_SECONDS)
