"""One end of the latency bench as a process of its own: python bench/latency_roles.py relay|consumer|receiver TOPIC OUT [DATABASE]

`consumer` and `receiver` write a line per fact into OUT: its id and the nanosecond (CLOCK_MONOTONIC, which all processes share) at
which it was done with: for ours when the transaction of the inbox row was committed, for the bare one when the record was there.
"""

import asyncio
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import peers  # noqa: F401 - the type of the facts
from aiokafka import AIOKafkaConsumer
from backlog import broker
from engine_room import kafka

from rso_shared.kit.broker import Record
from rso_shared.kit.clock import WallClock
from rso_shared.kit.consumer import Consumer
from rso_shared.kit.database import Database, Tx
from rso_shared.kit.facts import Fact
from rso_shared.kit.health import Health
from rso_shared.kit.relay import Relay, Wakeup
from rso_shared.kit.topics import Topic


async def relay(topic: Topic, _out: TextIO, url: str) -> None:
    db = Database(url)
    wake = Wakeup(db.signals.subscribe)
    await Relay(db, broker(topic), wake, Health(), WallClock(), ThreadPoolExecutor(1)).run()


async def consumer(topic: Topic, out: TextIO, url: str) -> None:
    db = Database(url)

    def handle(tx: Tx, record: Record, _fact: Fact | None, _now: datetime) -> None:
        tx.after_commit(lambda: _done(out, record.headers["ce_id"]))

    def now() -> datetime:
        return datetime.now(UTC)

    await Consumer(
        "bench", db, broker(topic), [topic.name], handle, now=now, wall=now, health=Health(), executor=ThreadPoolExecutor(1)
    ).run()  # fmt: skip


async def receiver(topic: Topic, out: TextIO, _url: str) -> None:
    consumer = AIOKafkaConsumer(
        topic.name, bootstrap_servers=list(kafka()), group_id="bench-bare", auto_offset_reset="earliest"
    )
    await consumer.start()
    async for message in consumer:
        _done(out, dict(message.headers)["ce_id"].decode())


def _done(out: TextIO, id_: str) -> None:
    out.write(f"{id_} {time.monotonic_ns()}\n")
    out.flush()


if __name__ == "__main__":
    role, name, path, *url = sys.argv[1:]
    with Path(path).open("w") as file:
        asyncio.run(
            {"relay": relay, "consumer": consumer, "receiver": receiver}[role](Topic(name), file, *(url or [""]))
        )
