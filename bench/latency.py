"""From a commit to the end of the handler, a hundred facts a second, beside bare aiokafka sending and receiving as many.

Ours: appends with outbox rows in this process; the relay, woken by NOTIFY, in a second one; the consumer with its inbox in a third.
Bare: a producer with acks=all and idempotence in this process, a consumer in a second one, the same records. All processes run
throughout; each side sends in turns of a few seconds. `python bench/latency.py` runs this one alone.

Where the time goes, as medians per hop in milliseconds, with the instants written down in each process on two cores that other
work shared (bare, in the same run: 2.0 in all). The half before the acknowledgement was measured before the relay's check of its
lead, its look and its marks became one round trip:

    commit to NOTIFY sent 0.1, NOTIFY answered 0.3, LISTEN heard 0.1            signals.py
    loop woken and thread reached 0.5, pending rows read 0.9                     relay.py
    handed to the producer's cell 0.2, acknowledged by Kafka 1.5, handed back 0.1
    fetched by the consumer's cell 0.6, handed over 0.5, thread reached 0.1      kafka_consumer.py
    inbox asked, handled and committed to the disk 3.2                           consumer.py
    all in all 10.1 (37.6 before records were fetched ahead: 20 between acknowledgement and poll)

Bare sending and receiving is the acknowledgement and the fetch alone.
"""

import asyncio
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from aiokafka import AIOKafkaProducer
from backlog import broker, fill, pending, topic
from engine_room import kafka, libpq, postgres, provided
from peers import META, Ours, Reacted, folder, fresh, ours
from relay import RAW
from rows import Row, ratio_at_most, table

from rso_shared.kit.broker import Record
from rso_shared.kit.names import ServiceName
from rso_shared.kit.store import stream_id
from rso_shared.kit.topics import Topic

RATE, SECONDS, ROUNDS = 100, 4, 4
WAIT_SECONDS = 60.0
ROLES = Path(__file__).parent / "latency_roles.py"
Times = list[float]
One = Callable[[], Awaitable[tuple[str, int]]]
"""Sends one fact: its id, and the nanosecond when it was committed, or handed to the producer."""


def main() -> list[Row]:
    with provided("postgres", "kafka"), ExitStack() as stack:
        place, name = stack.enter_context(folder()), ServiceName(f"bench-{uuid.uuid4().hex[:8]}", "", "")
        made = stack.enter_context(ours(stack.enter_context(fresh(postgres())), place, name))
        url, mine, theirs = made.db.url, Topic(name.topic), topic()
        records = _records(made, theirs)
        log = broker(mine, theirs)
        asyncio.run(log.prepare())
        log.close()
        stack.enter_context(_role("relay", mine, place, url))
        handled = stack.enter_context(_role("consumer", mine, place, url))
        received = stack.enter_context(_role("receiver", theirs, place, ""))
        found = asyncio.run(_rounds(made, records, handled, received))
    return [
        ratio_at_most(f"commit to handler done at {RATE}/s, {label}", *_medians(found, part), "ms", limit)
        for label, part, limit in (("p50", 0.5, 1.5), ("p99", 0.99, 2.5))
    ]


@contextmanager
def _role(role: str, of: Topic, place: Path, url: str) -> Iterator[Path]:
    """Its process, and the file where it says what it has done."""
    out = place / role
    out.touch()
    process = subprocess.Popen([sys.executable, str(ROLES), role, of.name, str(out), url])
    try:
        yield out
    finally:
        process.terminate()
        process.wait(30)


def _records(made: Ours, to: Topic) -> Iterator[Record]:
    """As many as are needed, of the same size as ours, each with an id of its own."""
    fill(made, to.name, RATE * SECONDS * ROUNDS + int(WAIT_SECONDS))
    found = pending(made)
    with psycopg.connect(libpq(made.db.url), autocommit=True) as connection:
        connection.execute("TRUNCATE outbox")
    return iter(found)


async def _rounds(made: Ours, records: Iterator[Record], handled: Path, received: Path) -> list[tuple[Times, Times]]:
    producer = AIOKafkaProducer(bootstrap_servers=list(kafka()), **RAW)
    await producer.start()

    async def append() -> tuple[str, int]:
        return await asyncio.to_thread(_append, made)

    async def send() -> tuple[str, int]:
        record = next(records)
        headers = [(name, text.encode()) for name, text in record.headers.items()]
        at = time.monotonic_ns()
        await producer.send_and_wait(record.topic, record.value, key=record.key.encode(), headers=headers)
        return record.headers["ce_id"], at

    for one, out in ((append, handled), (send, received)):
        await _warm(one, out)
    found = [(await _round(append, handled), await _round(send, received)) for _ in range(ROUNDS)]
    await producer.stop()
    return found


def _append(made: Ours) -> tuple[str, int]:
    """The id, and when it was committed: before anybody was woken."""
    case_id, at = str(uuid.uuid4()), []
    with made.db.write() as tx:
        tx.after_commit(lambda: at.append(time.monotonic_ns()))
        event = Reacted(case_id=case_id, number=1)
        recorded = made.store.append(tx, stream_id("operator", "case", case_id), 0, [event], META)
    return recorded[0].event_id, at[0]


async def _warm(one: One, out: Path) -> None:
    """Until a fact arrives: by then every process has its connections and its place in the group."""
    end = time.monotonic() + WAIT_SECONDS
    while not _done(out):
        if time.monotonic() > end:
            raise RuntimeError(f"no fact reached the {out.name}")
        await one()
        await asyncio.sleep(1)


async def _round(one: One, out: Path) -> Times:
    """Milliseconds of each fact; begun by the clock, however long the one before takes."""
    began, tasks = time.monotonic(), []
    for number in range(RATE * SECONDS):
        await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
        tasks.append(asyncio.create_task(one()))
    sent = dict(await asyncio.gather(*tasks))
    end = time.monotonic() + WAIT_SECONDS
    while not sent.keys() <= (done := _done(out)).keys():
        if time.monotonic() > end:
            raise RuntimeError(f"{len(sent.keys() - done.keys())} facts did not reach the {out.name}")
        await asyncio.sleep(0.1)
    return [(done[id_] - at) / 1e6 for id_, at in sent.items()]


def _done(out: Path) -> dict[str, int]:
    whole = [line.split() for line in out.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return {id_: int(at) for id_, at in whole}


def _medians(found: list[tuple[Times, Times]], part: float) -> tuple[float, float]:
    ours, bare = (
        statistics.median(sorted(times)[int(part * len(times))] for times in side) for side in zip(*found, strict=True)
    )
    return ours, bare


if __name__ == "__main__":
    print(table(main()))
