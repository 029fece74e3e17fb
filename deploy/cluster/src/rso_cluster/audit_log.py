"""The auditor reads the log itself: LocalBroker's file, or Kafka from the first record to the last by aiokafka."""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition

from rso_cluster.audit_model import LogRecord

POLL_MS = 2000


def of_file(path: Path) -> list[LogRecord]:
    query = "SELECT topic, id, key, headers, value FROM records ORDER BY id"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as db:
        return [LogRecord(row[0], 0, row[1], row[2], json.loads(row[3]), row[4]) for row in db.execute(query)]


async def of_kafka(servers: str, topics: Iterable[str]) -> list[LogRecord]:
    """Without a group, so that nobody's position moves. To the ends as they stand when it begins."""
    consumer = AIOKafkaConsumer(
        *topics, bootstrap_servers=servers, enable_auto_commit=False, auto_offset_reset="earliest",
        isolation_level="read_committed",
    )  # fmt: skip
    await consumer.start()
    try:
        return await _read(consumer, sorted(consumer.assignment()))
    finally:
        await consumer.stop()


async def _read(consumer: AIOKafkaConsumer, parts: list[TopicPartition]) -> list[LogRecord]:
    ends = await consumer.end_offsets(parts)
    await consumer.seek_to_beginning(*parts)
    found: list[LogRecord] = []
    while any([await consumer.position(part) < ends[part] for part in parts]):
        for records in (await consumer.getmany(*parts, timeout_ms=POLL_MS)).values():
            found += [_record(each) for each in records]
    return found


def _record(got: "ConsumerRecord[bytes, bytes]") -> LogRecord:
    headers = {name: value.decode() for name, value in got.headers}
    return LogRecord(got.topic, got.partition, got.offset, (got.key or b"").decode(), headers, got.value or b"")
