"""A consumer on a real database whose handler does what a test tells it to, and writes down what it handled."""

import asyncio
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select

from kit import sample
from rso_shared.contracts.base import FactModel
from rso_shared.kit import parking, tables
from rso_shared.kit.broker import Broker, Record
from rso_shared.kit.clock import ManualClock, iso
from rso_shared.kit.consumer import Consumer
from rso_shared.kit.database import Database, Tx
from rso_shared.kit.facts import Fact
from rso_shared.kit.health import Health
from rso_shared.kit.ids import event_id

_LOG = MetaData()
HANDLED = Table("sample_handled", _LOG, Column("id", Integer, primary_key=True), Column("what", String, nullable=False))
_versions = itertools.count(1)

Trouble = Callable[[Tx], None]


def record(fact: FactModel, *, event: str | None = None, **headers: str) -> Record:
    short = fact.TYPE.split(".", maxsplit=1)[0]
    made = {
        "ce_id": event or event_id(), "ce_source": f"/rso/{short}", "ce_type": fact.fact_type(), "ce_subject": fact.key(),
        "ce_time": iso(sample.AT),
        "ce_stream": f"operator/{short}/{fact.key()}", "ce_streamversion": str(next(_versions)), "ce_hash": "00" * 32,
        "ce_correlationid": "test", **headers,
    }  # fmt: skip
    return Record(f"rso.{short}.v1", fact.key(), made, fact.model_dump_json().encode())


def arrived(key: str, number: int) -> Record:
    return record(sample.Arrived(case_id=key, number=number))


def based(key: str) -> Record:
    return record(sample.Based(case_id=key))


def raising(problem: Exception) -> Trouble:
    def raise_it(_tx: Tx) -> None:
        raise problem

    return raise_it


@dataclass(slots=True)
class Desk:
    """`trouble["k1/2"]` is called before "k1/2" is written down, in the same transaction."""

    db: Database
    consumer: Consumer
    wall: ManualClock
    health: Health
    trouble: dict[str, Trouble] = field(default_factory=dict)

    def handle(self, tx: Tx, record: Record, fact: Fact | None, _now: datetime) -> None:
        number = fact.data.number if fact and isinstance(fact.data, sample.Arrived) else None
        what = f"{record.key}/{'-' if number is None else number}"
        tx.conn.execute(insert(HANDLED).values(what=what))
        if what in self.trouble:
            self.trouble[what](tx)

    def process(self, *records: Record) -> None:
        self.consumer.process(records)

    def again(self) -> None:
        """As if the half minute between two tries were over."""
        self.consumer._retry_at = 0.0
        self.consumer.process(())

    def handled(self) -> list[str]:
        with self.db.read() as tx:
            return list(tx.conn.execute(select(HANDLED.c.what).order_by(HANDLED.c.id)).scalars())

    def parked(self) -> list[tuple[str, str, str]]:
        with self.db.read() as tx:
            return [(row["key"], row["state"], row["reason"]) for row in parking.listing(tx)]

    def replay(self, key: str) -> int:
        with self.db.write() as tx:
            return parking.replay(tx, self.consumer.name, key)

    def inbox(self) -> int:
        with self.db.read() as tx:
            return len(tx.conn.execute(select(tables.INBOX)).all())


@contextmanager
def furnished(url: str, broker: Broker) -> Iterator[Desk]:
    db, wall, health = Database(url), ManualClock(sample.AT), Health()
    with db.write() as tx:
        tables.METADATA.create_all(tx.conn)
        _LOG.create_all(tx.conn)
    with ThreadPoolExecutor(1) as executor:
        topics = [sample.OTHER_TOPIC, sample.THIRD_TOPIC]
        desk: Desk
        consumer = Consumer(
            "desk", db, broker, topics, lambda *given: desk.handle(*given),  # noqa: PLW0108 - it is made below
            now=wall.now, wall=wall.now, health=health, executor=executor,
        )  # fmt: skip
        desk = Desk(db, consumer, wall, health)
        yield desk
    db.close()


async def take(broker: Broker, group: str, topics: Iterable[str], count: int, *, commit: bool = True) -> list[Record]:
    """The next `count` records of a group; leaves the subscription as a stopped process would."""
    found: list[Record] = []
    if count:
        async with asyncio.timeout(10), aclosing(broker.subscribe(group, topics)) as batches:
            async for batch in batches:
                found += batch.records
                if commit:
                    await batch.commit()
                if len(found) >= count:
                    break
    return found


async def until(true: Callable[[], bool]) -> None:
    """Another thread or process makes it true: there is no event to wait for."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


def values(records: Sequence[Record]) -> list[str]:
    return [record.value.decode() for record in records]
