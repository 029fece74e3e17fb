"""The consumer: one transaction per polled batch (inbox rows and the reactions' appends), one by one when a batch fails.

Beside success there are three outcomes. Transient: an engine is away; the batch comes again. NotYet: a fact this one depends
on is missing; the key is parked and tried again. Poison: anything else; the key is parked until somebody replays it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Executor
from contextlib import aclosing
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError, OperationalError

from rso_shared.kit import crash, envelope, facts, parking, retrying, telemetry
from rso_shared.kit.broker import Batch, Broker, Record
from rso_shared.kit.clock import parse_iso
from rso_shared.kit.cloudevents import HEAD_TYPE
from rso_shared.kit.database import Database, Tx
from rso_shared.kit.draining import whole
from rso_shared.kit.errors import Contended, DomainError, NotYet, Transient
from rso_shared.kit.facts import Fact
from rso_shared.kit.health import Health
from rso_shared.kit.inbox import Inbox, opened
from rso_shared.kit.parking import Parked

PATIENCE = timedelta(minutes=10)
RETRY_SECONDS = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0
Handle = Callable[[Tx, Record, Fact | None, datetime], None]


async def listen(
    broker: Broker, group: str, topics: Iterable[str], health: Health, take: Callable[[Batch], Awaitable[None]]
) -> None:
    """Endless. While the log is away readiness says so; afterwards the group listens again from its committed position."""
    pause, named = FIRST_PAUSE, sorted(topics)
    health.expect(group)
    while True:
        try:
            async with aclosing(broker.subscribe(group, named)) as batches:
                async for batch in batches:
                    await take(batch)
                    pause = FIRST_PAUSE
        except Transient as away:
            health.trouble(group, type(away).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


class Consumer:
    """`handle` runs inside the inbox's transaction; it never sees a record that is not wanted, and neither does the inbox.

    `wall` gives real time: patience does not follow a sandbox's clock.
    """

    def __init__(
        self, name: str, db: Database, broker: Broker, topics: Sequence[str], handle: Handle, *,
        now: Callable[[], datetime], wall: Callable[[], datetime], health: Health, executor: Executor,
        wants: Callable[[Record], bool] = lambda _record: True,
    ) -> None:  # fmt: skip
        self.name, self._db, self._broker, self._topics = name, db, broker, topics
        self._handle, self._wants, self._now, self._wall = handle, wants, now, wall
        self._health, self._executor = health, executor
        self._retry_at = 0.0

    async def run(self) -> None:
        await listen(self._broker, self.name, self._topics, self._health, self._until_done)

    async def _until_done(self, batch: Batch) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await whole(self._handled(batch))
            except (DBAPIError, Transient) as away:
                self._health.trouble(self.name, type(away).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                self._health.beat(self.name)
                return

    async def _handled(self, batch: Batch) -> None:
        await asyncio.get_running_loop().run_in_executor(self._executor, self.process, batch.records)
        if batch.records:
            crash.point("after-batch-before-offset")
        await batch.commit()

    def process(self, polled: Sequence[Record]) -> None:
        """Handles a polled batch; when it returns, each record is handled, parked or known."""
        records, aside = [envelope.named(record) for record in polled if self._wants(record)], set[str]()
        try:
            if records:
                with self._db.write() as tx:
                    aside = self._take(tx, records)
        except (OperationalError, Transient):
            raise
        except Exception:  # noqa: BLE001 - whatever one record does, the others of the batch are handled
            aside = {key for record in records for key in self._one(record)}
        self._retry(aside)

    def _take(self, tx: Tx, records: Sequence[Record]) -> set[str]:
        """The keys among these of which something is set aside."""
        inbox = opened(tx, self.name, records)
        for record in records:
            if inbox.knows(record):
                continue
            if inbox.must_queue(record):
                parking.park(tx, self.name, record, parking.BEHIND, "behind", self._wall())
            else:
                self._apply(inbox, record)
        inbox.write(self._wall())
        return inbox.aside

    def _apply(self, inbox: Inbox, record: Record) -> None:
        envelope.check(record)
        inbox.add(record)
        fact = facts.parse(record)
        if fact is None and record.headers["ce_type"] != HEAD_TYPE:
            self._health.skip(record.headers["ce_type"])
        with telemetry.consuming(self.name, record, fact.data if fact else None):
            self._handle(inbox.tx, record, fact, self._now())

    def _one(self, record: Record) -> set[str]:
        """One record in its own transaction; whatever it did is rolled back before its key is parked. Its key, if it is."""
        try:
            return retrying.again(lambda turn: self._alone(record, turn))
        except (OperationalError, Transient):
            raise
        except NotYet as missing:
            self._park(record, parking.NOT_YET, missing.missing)
        except Contended as clash:
            raise Transient from clash
        except Exception as problem:  # noqa: BLE001 - anything else is poison for its key, not the end of the loop
            self._park(record, parking.POISON, _reason(problem))
        return {record.key}

    def _alone(self, record: Record, turn: str | None) -> set[str]:
        with self._db.write(turn) as tx:
            return self._take(tx, [record])

    def _park(self, record: Record, state: str, reason: str) -> None:
        with self._db.write() as tx:
            parking.park(tx, self.name, record, state, reason, self._wall())

    def _retry(self, aside: set[str]) -> None:
        """Parked keys are tried when another fact of the same key was handled, and all of them every 30 seconds."""
        due = time.monotonic() >= self._retry_at
        for key in self._parked() if due else sorted(aside):
            self._drain(key)
        if due:
            self._retry_at = time.monotonic() + RETRY_SECONDS

    def _parked(self) -> list[str]:
        with self._db.read() as tx:
            return parking.keys(tx, self.name)

    def _drain(self, key: str) -> None:
        """Each topic's queue from its head, round after round: one record may be what the head of another waits for."""
        while any(self._drain_one(parked) for parked in self._heads(key)):
            pass

    def _heads(self, key: str) -> list[Parked]:
        with self._db.read() as tx:
            return parking.heads(tx, self.name, key)

    def _drain_one(self, parked: Parked) -> bool:
        try:
            retrying.again(lambda turn: self._released(parked, turn))
        except (OperationalError, Transient):
            raise
        except NotYet as missing:
            self._still_missing(parked, missing.missing)
        except Contended as clash:
            raise Transient from clash
        except Exception as problem:  # noqa: BLE001 - as in _one
            self._mark(parked.id, parking.POISON, _reason(problem))
        else:
            return True
        return False

    def _released(self, parked: Parked, turn: str | None) -> None:
        with self._db.write(turn) as tx:
            parking.release(tx, parked.id)
            inbox = opened(tx, self.name, [parked.record])
            if not inbox.knows(parked.record):
                self._apply(inbox, parked.record)
                inbox.write(self._wall())

    def _still_missing(self, parked: Parked, missing: str) -> None:
        now = self._wall()
        if parked.state == parking.BEHIND:
            with self._db.write() as tx:
                parking.begin_waiting(tx, parked.id, missing, now)
        elif now - parse_iso(parked.parked_at) > PATIENCE:
            self._mark(parked.id, parking.POISON, missing)
        else:
            self._mark(parked.id, parking.NOT_YET, missing)

    def _mark(self, id_: int, state: str, reason: str) -> None:
        with self._db.write() as tx:
            parking.mark(tx, id_, state, reason)


def _reason(problem: Exception) -> str:
    """A code or a type, never a message: messages may quote data."""
    return problem.code if isinstance(problem, DomainError) else type(problem).__name__
