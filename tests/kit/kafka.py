"""Kafka for tests: brokers on the one that RSO_TEST_KAFKA names, with topics of the test's own, and a Kafka that may be killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from rso_shared.kit.broker import Record
from rso_shared.kit.errors import Transient
from rso_shared.kit.kafka_broker import KafkaBroker
from rso_shared.kit.kafka_connection import Connection
from rso_shared.kit.topics import Topic

PARTITIONS = 3
needs_kafka = pytest.mark.skipif("RSO_TEST_KAFKA" not in os.environ, reason="RSO_TEST_KAFKA is not set: no Kafka here")


def connection(servers: str | None = None) -> Connection:
    return Connection(tuple((servers or os.environ["RSO_TEST_KAFKA"]).split(",")))


@contextmanager
def opened(*topics: str, servers: str | None = None, **more: float) -> Iterator[KafkaBroker]:
    broker = KafkaBroker(connection(servers), [Topic(topic, PARTITIONS) for topic in topics], **more)
    yield broker
    broker.close()


class OwnKafka:
    """Started and killed by the test; its folder and its port stay the same."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def up(self) -> str:
        self._engines("up", "kafka")
        return str(self._status()["address"])

    def kill(self) -> None:
        os.kill(int(str(self._status()["pid"])), signal.SIGKILL)

    def down(self) -> None:
        self._engines("down")

    def _status(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self._engines("status", "--json", check=False))["engines"]["kafka"]
        return found

    def _engines(self, *arguments: str, check: bool = True) -> str:
        argv = [sys.executable, "-m", "rso_engines", *arguments, "--data", str(self._folder)]
        return subprocess.run(argv, check=check, capture_output=True, text=True).stdout


@contextmanager
def own(folder: Path) -> Iterator[OwnKafka]:
    kafka = OwnKafka(folder)
    try:
        yield kafka
    finally:
        kafka.down()


def numbered(topic: str, keys: str, start: int = 0) -> list[Record]:
    """One record per letter: the letter is the key, the value is letter and number, the id is the number."""
    return [
        Record(topic, key, {"ce_id": str(number)}, f"{key}{number}".encode()) for number, key in enumerate(keys, start)
    ]


def first_seen(records: Sequence[Record]) -> list[str]:
    """As an inbox sees them: each value once, when it first came."""
    return list(dict.fromkeys(record.value.decode() for record in records))


async def sent(broker: KafkaBroker, records: Sequence[Record]) -> int:
    """As a relay does it: again and again until it is acknowledged. Returns how often the log was away."""
    away = 0
    while True:
        try:
            await broker.publish(records)
        except Transient:
            away += 1
        else:
            return away
