"""A consumer's backlog of facts on Kafka: inbox row and one append each on PostgreSQL, beside the same statements by hand.

What the consumer executes is written down once at the driver, with the commits between, and is what the peer executes on a
database of its own: ready made, from memory. `python bench/drain.py` runs this one alone.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import psycopg
from backlog import broker, fill, pending, topic
from engine_room import libpq, postgres, provided
from peers import META, Ours, Reacted, folder, fresh, ours
from rows import Row, at_least, interleaved, ratio_at_least, table
from spy import Statement, play, spied

from rso_shared.kit import tables
from rso_shared.kit.broker import Batch, Broker, Record
from rso_shared.kit.consumer import Consumer
from rso_shared.kit.database import Tx
from rso_shared.kit.facts import Fact
from rso_shared.kit.health import Health
from rso_shared.kit.kafka_broker import KafkaBroker
from rso_shared.kit.relay import BATCH
from rso_shared.kit.store import stream_id
from rso_shared.kit.topics import Topic

FACTS, ROUNDS = 10_000, 3
FLOOR = 1_500
EMPTY = f"TRUNCATE {tables.INBOX.name}, {tables.EVENTS.name}, {tables.OUTBOX.name}, {tables.PARKED.name}"


def main() -> list[Row]:
    with provided("postgres", "kafka"), ExitStack() as stack:
        mine, theirs = (
            stack.enter_context(ours(stack.enter_context(fresh(postgres())), stack.enter_context(folder())))
            for _ in range(2)
        )
        log = topic()
        reading = broker(log)
        stack.callback(reading.close)
        asyncio.run(_written(mine, reading, log))
        with spied() as statements:
            _drained(mine, reading, log)
        rates = interleaved(lambda: _drained(mine, reading, log), lambda: _by_hand(theirs, statements), ROUNDS)
        name = f"consumer drains {FACTS:,} facts, inbox and one append each"
        return [
            ratio_at_least(f"{name}, by hand", *rates, "facts/s", 0.6),
            at_least(name, rates[0], "facts/s", FLOOR),
        ]


async def _written(made: Ours, writing: KafkaBroker, log: Topic) -> None:
    await writing.prepare()
    fill(made, log.name, FACTS)
    records = pending(made)
    for start in range(0, FACTS, BATCH):
        await writing.publish(records[start : start + BATCH])


@dataclass(slots=True)
class Watched:
    """The log, with the instants when the first batch came and when the last fact was done with."""

    broker: KafkaBroker
    began: float = 0.0
    done: asyncio.Event = field(default_factory=asyncio.Event)
    ended: float = 0.0

    async def subscribe(self, group: str, topics: Iterable[str]) -> AsyncGenerator[Batch, None]:
        handled = 0
        async with aclosing(self.broker.subscribe(group, topics)) as batches:
            async for batch in batches:
                if batch.records and not handled:
                    self.began = time.perf_counter()
                yield batch
                handled += len(batch.records)
                if handled == FACTS:
                    self.ended = time.perf_counter()
                    self.done.set()


def _drained(made: Ours, reading: KafkaBroker, log: Topic) -> float:
    """Facts per second, from the first batch in hand to the last one's offsets."""
    _emptied(made)
    watched = Watched(reading)

    def react(tx: Tx, _record: Record, fact: Fact | None, _now: datetime) -> None:
        if fact is not None:
            made.store.append(
                tx, stream_id("operator", "case", fact.key), 0, [Reacted(case_id=fact.key, number=1)], META
            )

    async def drain() -> None:
        with ThreadPoolExecutor(1) as executor:
            consumer = Consumer(
                f"bench-{uuid.uuid4().hex[:8]}", made.db, cast("Broker", watched), [log.name], react,
                now=_now, wall=_now, health=Health(), executor=executor,
            )  # fmt: skip
            running = asyncio.create_task(consumer.run())
            await watched.done.wait()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(drain())
    _checked(made)
    return FACTS / (watched.ended - watched.began)


def _by_hand(made: Ours, statements: list[Statement]) -> float:
    _emptied(made)
    with psycopg.connect(libpq(made.db.url)) as connection:
        started = time.perf_counter()
        play(connection, statements)
        took = time.perf_counter() - started
    _checked(made)
    return FACTS / took


def _now() -> datetime:
    return datetime.now(UTC)


def _emptied(made: Ours) -> None:
    with psycopg.connect(libpq(made.db.url), autocommit=True) as connection:
        connection.execute(EMPTY)


def _checked(made: Ours) -> None:
    """A rate for less than all the work is none."""
    with psycopg.connect(libpq(made.db.url)) as connection:
        for name in (tables.INBOX.name, tables.EVENTS.name, tables.OUTBOX.name):
            row = connection.execute(f"SELECT count(*) FROM {name}").fetchone()
            if row != (FACTS,):
                raise RuntimeError(f"{name} has {row} rows instead of {FACTS}")


if __name__ == "__main__":
    print(table(main()))
