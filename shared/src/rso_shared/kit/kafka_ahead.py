"""What a member of a group has before and behind the batch in hand: records fetched ahead, and positions still to be kept.

Both live on the member's cell. aiokafka asks for the next records only when those it has were taken, and a coordinator answers a
commit after some milliseconds: a member that fetched, handled and committed one after the other would hold up each fact for all three.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiokafka import ConsumerRecord, TopicPartition

from rso_shared.kit.errors import Transient
from rso_shared.kit.kafka_errors import transient

KEEP_SECONDS = 0.1

Offsets = Mapping[TopicPartition, int]
Polled = dict[TopicPartition, list[ConsumerRecord]]


class Ahead:
    """At most `limit` records that nobody has in hand yet, in order per partition."""

    def __init__(self, limit: int) -> None:
        self._limit, self._polled, self._closed = limit, Polled(), False
        self.arrived, self._room = asyncio.Event(), asyncio.Event()
        self._room.set()

    async def room(self) -> int:
        """How many more there may be, once it is at least one."""
        await self._room.wait()
        return self._limit - self._count()

    def add(self, polled: Polled) -> None:
        if self._closed:
            return
        for tp, raws in polled.items():
            self._polled.setdefault(tp, []).extend(raws)
        self._tell()

    def take(self) -> Polled:
        taken, self._polled = self._polled, {}
        self._tell()
        return taken

    def close(self) -> None:
        """Nothing more is handed out."""
        self._closed = True
        self.take()

    def _tell(self) -> None:
        count = self._count()
        for event, true in ((self.arrived, count > 0), (self._room, count < self._limit)):
            if true:
                event.set()
            else:
                event.clear()

    def _count(self) -> int:
        return sum(len(raws) for raws in self._polled.values())


class Positions:
    """Offsets of finished batches. One commit is under way at a time; what is finished meanwhile goes together with the next one.

    A commit that fails is tried again. `problem` says so for as long as the last one has failed.
    """

    def __init__(self, commit: Callable[[Offsets], Awaitable[None]], seconds: float) -> None:
        self._commit, self._seconds = commit, seconds
        self._finished: dict[TopicPartition, int] = {}
        self._under_way: dict[TopicPartition, int] = {}
        self._turn, self._news = asyncio.Lock(), asyncio.Event()
        self.problem: Transient | None = None

    def add(self, offsets: Offsets) -> None:
        self._finished |= offsets
        self._news.set()

    def forget(self) -> None:
        """What fails from now on is not tried again."""
        self._finished, self._under_way = {}, {}

    async def keep(self) -> None:
        """Endless. The first one goes at once; a pause after each makes one commit of many small batches."""
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self.settle()
            except Transient:
                self._news.set()
            await asyncio.sleep(KEEP_SECONDS)

    async def settle(self) -> None:
        """Returns when everything that was added is committed. Raises Transient."""
        async with self._turn:
            self._under_way, self._finished = self._finished, {}
            try:
                with transient():
                    async with asyncio.timeout(self._seconds):
                        await self._commit_under_way()
            except BaseException as failure:
                self._finished = self._under_way | self._finished
                self.problem = failure if isinstance(failure, Transient) else self.problem
                raise
            self.problem = None

    async def _commit_under_way(self) -> None:
        if self._under_way:
            await self._commit(dict(self._under_way))
