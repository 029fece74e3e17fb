"""Facts to measure with: outbox rows as the store writes them, made many, and what a producer needs to send the same."""

import json
import uuid
from collections.abc import Sequence

import psycopg
from engine_room import kafka, libpq
from peers import Ours
from psycopg.rows import tuple_row

from rso_shared.kit.broker import Record
from rso_shared.kit.kafka_broker import KafkaBroker
from rso_shared.kit.kafka_connection import Connection
from rso_shared.kit.topics import Topic

MULTIPLY = """
INSERT INTO outbox (event_id, topic, key, headers, value, created_at)
SELECT made.id, %(topic)s, made.key, replace(replace(headers, event_id, made.id), o.key, made.key),
    convert_to(replace(convert_from(value, 'UTF8'), o.key, made.key), 'UTF8'), created_at
FROM (SELECT * FROM outbox ORDER BY id LIMIT 1) o,
    LATERAL (SELECT gen_random_uuid()::text AS id, gen_random_uuid()::text AS key FROM generate_series(1, %(count)s)) made
"""
PENDING = "SELECT topic, key, headers, value FROM outbox WHERE published_at IS NULL ORDER BY id"


def topic() -> Topic:
    """Of its own, so that no run reads what another one wrote."""
    return Topic(f"rso.bench-{uuid.uuid4().hex[:8]}.v1")


def broker(*topics: Topic) -> KafkaBroker:
    return KafkaBroker(Connection(kafka()), topics)


def fill(made: Ours, name: str, count: int) -> None:
    """`count` pending facts about as many cases, copies of one that the store wrote, which counts as sent."""
    made.append(str(uuid.uuid4()), 0)
    with psycopg.connect(libpq(made.db.url), autocommit=True) as connection:
        connection.execute("UPDATE outbox SET published_at = created_at WHERE published_at IS NULL")
        connection.execute(MULTIPLY, {"topic": name, "count": count})
        connection.execute("ANALYZE outbox")


def pending(made: Ours) -> list[Record]:
    with psycopg.connect(libpq(made.db.url), row_factory=tuple_row) as connection:
        rows: Sequence[tuple[str, str, str, bytes]] = connection.execute(PENDING).fetchall()
    return [Record(topic, key, json.loads(headers), value) for topic, key, headers, value in rows]
