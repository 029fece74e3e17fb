"""The relay of one service, from outbox rows on PostgreSQL to Kafka and marked, beside a bare aiokafka producer.

The producer is pipelined: it is handed every record at once and waits for the last acknowledgement. Both sides send the same
records to a topic of as many partitions, with acks=all, idempotence, no linger and batches of the same size.
`python bench/relay.py` runs this one alone.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from aiokafka import AIOKafkaProducer
from backlog import broker, fill, pending, topic
from engine_room import kafka, postgres, provided
from peers import Ours, folder, fresh, ours
from rows import Row, interleaved, ratio_at_least, table

from rso_shared.kit.broker import Record
from rso_shared.kit.clock import WallClock
from rso_shared.kit.health import Health
from rso_shared.kit.kafka_broker import KafkaBroker
from rso_shared.kit.kafka_producer import BATCH_BYTES
from rso_shared.kit.relay import Relay, Wakeup
from rso_shared.kit.topics import Topic

FACTS, ROUNDS = 10_000, 5
RAW: dict[str, Any] = {"enable_idempotence": True, "acks": "all", "linger_ms": 0, "max_batch_size": BATCH_BYTES}


def main() -> list[Row]:
    with provided("postgres", "kafka"), ExitStack() as stack:
        made = stack.enter_context(ours(stack.enter_context(fresh(postgres())), stack.enter_context(folder())))
        mine, theirs = topic(), topic()
        sending = broker(mine, theirs)
        stack.callback(sending.close)
        asyncio.run(sending.prepare())
        fill(made, theirs.name, FACTS)
        records = pending(made)
        relayed = _ours(made, sending, mine)

        def sent() -> float:
            return asyncio.run(_raw(records))

        for once in (relayed, sent):
            once()  # the partitions of a new topic have no leader yet
        rates = interleaved(relayed, sent, ROUNDS)
        return [ratio_at_least(f"relay, {FACTS:,} facts from the outbox to Kafka", *rates, "facts/s", 0.5)]


class Emptied(Health):
    """The relay's heart beats whenever nothing is left to send."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = asyncio.Event()

    def beat(self, loop: str) -> None:
        super().beat(loop)
        self.seen.set()


def _ours(made: Ours, sending: KafkaBroker, to: Topic) -> Callable[[], float]:
    def drained() -> float:
        asyncio.run(_emptied(made, sending))
        fill(made, to.name, FACTS)
        return FACTS / asyncio.run(_emptied(made, sending))

    return drained


async def _emptied(made: Ours, sending: KafkaBroker) -> float:
    """Seconds of a relay's loop from its start until nothing is left."""
    health = Emptied()
    with ThreadPoolExecutor(1) as executor:
        started = time.perf_counter()
        running = asyncio.create_task(Relay(made.db, sending, Wakeup(), health, WallClock(), executor).run())
        seen = asyncio.create_task(health.seen.wait())
        await asyncio.wait({running, seen}, return_when=asyncio.FIRST_COMPLETED)
        took = time.perf_counter() - started
        seen.cancel()
        running.cancel()
        ended = await asyncio.gather(running, seen, return_exceptions=True)
    if not health.seen.is_set():
        raise RuntimeError("the relay ended before its work was done") from ended[0]
    return took


async def _raw(records: list[Record]) -> float:
    ready = [
        (r.topic, r.key.encode(), r.value, [(name, text.encode()) for name, text in r.headers.items()]) for r in records
    ]
    producer = AIOKafkaProducer(bootstrap_servers=list(kafka()), **RAW)
    await producer.start()
    await producer.send_and_wait(ready[0][0], ready[0][2])
    started = time.perf_counter()
    sent = [await producer.send(to, value, key=key, headers=headers) for to, key, value, headers in ready]
    await asyncio.gather(*sent)
    took = time.perf_counter() - started
    await producer.stop()
    return len(records) / took


if __name__ == "__main__":
    print(table(main()))
