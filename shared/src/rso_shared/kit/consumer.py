"""The consumer: one transaction per polled batch (inbox rows and the reactions' appends), one by one when a batch fails.

Beside success there are three outcomes. Transient: an engine is away; the batch comes again. NotYet: a fact this one depends
on is missing; the key is parked and tried again. Poison: anything else; the key is parked until somebody replays it.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError, OperationalError

from rso_shared.kit import facts, parking
from rso_shared.kit.broker import Batch, Broker, Record
from rso_shared.kit.clock import iso, parse_iso
from rso_shared.kit.database import Database, Tx
from rso_shared.kit.errors import ConcurrencyConflict, DomainError, NotYet, Transient
from rso_shared.kit.facts import Fact
from rso_shared.kit.health import Health
from rso_shared.kit.tables import INBOX

PATIENCE = timedelta(minutes=10)
RETRY_SECONDS = 30.0
Handle = Callable[[Tx, Record, Fact | None, datetime], None]


class Consumer:
    """`handle` runs inside the inbox's transaction. `wall` gives real time: patience does not follow a sandbox's clock."""

    def __init__(
        self, name: str, db: Database, broker: Broker, topics: Sequence[str], handle: Handle, *,
        now: Callable[[], datetime], wall: Callable[[], datetime], health: Health, executor: Executor,
    ) -> None:  # fmt: skip
        self.name, self._db, self._broker, self._topics = name, db, broker, topics
        self._handle, self._now, self._wall = handle, now, wall
        self._health, self._executor = health, executor
        self._retry_at = 0.0

    async def run(self) -> None:
        async for batch in self._broker.subscribe(self.name, self._topics):
            await self._until_done(batch)

    async def _until_done(self, batch: Batch) -> None:
        pause = 0.1
        while True:
            try:
                await asyncio.get_running_loop().run_in_executor(self._executor, self.process, batch.records)
                await batch.commit()
            except (OperationalError, Transient) as away:
                self._health.trouble(self.name, type(away).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 10.0)
            else:
                self._health.beat(self.name)
                return

    def process(self, records: Sequence[Record]) -> None:
        """Handles a polled batch; when it returns, each record is handled, parked or known."""
        try:
            if records:
                with self._db.write() as tx:
                    for record in records:
                        self._take(tx, record)
        except (OperationalError, Transient):
            raise
        except (DomainError, NotYet, ConcurrencyConflict, DBAPIError, ValueError, LookupError, TypeError):
            for record in records:
                self._one(record)
        self._retry(records)

    def _take(self, tx: Tx, record: Record) -> None:
        if self._known(tx, record):
            return
        if parking.is_parked(tx, self.name, record.key):
            parking.park(tx, self.name, record, parking.BEHIND, "behind", self._wall())
            return
        self._apply(tx, record)

    def _apply(self, tx: Tx, record: Record) -> None:
        tx.conn.execute(
            insert(INBOX).values(consumer=self.name, event_id=record.headers["ce_id"], handled_at=iso(self._wall()))
        )
        fact = facts.parse(record)
        if fact is None:
            self._health.skip(record.headers["ce_type"])
        self._handle(tx, record, fact, self._now())

    def _known(self, tx: Tx, record: Record) -> bool:
        query = select(INBOX.c.event_id).where(
            INBOX.c.consumer == self.name, INBOX.c.event_id == record.headers["ce_id"]
        )
        return tx.conn.execute(query).first() is not None

    def _one(self, record: Record) -> None:
        """One record in its own transaction; whatever it did is rolled back before its key is parked."""
        try:
            with self._db.write() as tx:
                self._take(tx, record)
        except (OperationalError, Transient):
            raise
        except NotYet as missing:
            self._park(record, parking.NOT_YET, missing.missing)
        except ConcurrencyConflict as clash:
            raise Transient from clash
        except DomainError as refusal:
            self._park(record, parking.POISON, refusal.code)
        except (DBAPIError, ValueError, LookupError, TypeError) as problem:
            self._park(record, parking.POISON, type(problem).__name__)

    def _park(self, record: Record, state: str, reason: str) -> None:
        with self._db.write() as tx:
            parking.park(tx, self.name, record, state, reason, self._wall())

    def _retry(self, records: Sequence[Record]) -> None:
        """Parked keys are tried when another fact of the same key was handled, and all of them every 30 seconds."""
        with self._db.read() as tx:
            waiting = parking.keys(tx, self.name)
        due = time.monotonic() >= self._retry_at
        handled = {record.key for record in records}
        for key in waiting:
            if due or key in handled:
                self._drain(key)
        if due:
            self._retry_at = time.monotonic() + RETRY_SECONDS

    def _drain(self, key: str) -> None:
        while self._drain_one(key):
            pass

    def _drain_one(self, key: str) -> bool:
        with self._db.read() as tx:
            parked = parking.first(tx, self.name, key)
        if parked is None or parked.state == parking.POISON:
            return False
        try:
            with self._db.write() as tx:
                parking.release(tx, parked.id)
                if not self._known(tx, parked.record):
                    self._apply(tx, parked.record)
        except (OperationalError, Transient):
            raise
        except NotYet as missing:
            late = self._wall() - parse_iso(parked.parked_at) > PATIENCE
            self._mark(parked.id, parking.POISON if late else parking.NOT_YET, missing.missing)
            return False
        except (DomainError, ConcurrencyConflict, DBAPIError, ValueError, LookupError, TypeError) as problem:
            self._mark(parked.id, parking.POISON, getattr(problem, "code", type(problem).__name__))
            return False
        return True

    def _mark(self, id_: int, state: str, reason: str) -> None:
        with self._db.write() as tx:
            parking.mark(tx, id_, state, str(reason))
