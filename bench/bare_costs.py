"""What each step that a case is made of costs in processor time when it is done bare, on the same engines: both ends and the engine.

Call: a POST of http.client to FastAPI on uvicorn. Append: head, event and outbox row by psycopg. Send: aiokafka, idempotent, awaited
one by one; receive: what a consumer adds to that. Local activity, signal, timer: what each adds to a workflow that does nothing else.
"""

import asyncio
import http.client
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from aiokafka import AIOKafkaProducer
from bare_workflow import QUEUE
from http_command import free_port
from processor import seconds, spent
from temporalio.client import Client
from temporalio.service import RPCError

from rso_shared.kit.kafka_broker import KafkaBroker
from rso_shared.kit.kafka_connection import Connection
from rso_shared.kit.topics import Topic

HERE = Path(__file__).parent
CALLS, APPENDS, MESSAGES, WORKFLOWS, STEPS = 1_000, 1_000, 1_000, 12, 15
APPEND = (
    "SELECT version, hash, recorded_at FROM bare_events WHERE stream = %s ORDER BY version DESC LIMIT 1",
    "INSERT INTO bare_events VALUES (%s, 1, %s, 'bare.happened', 1, %s, NULL, '{}', '2026-01-01T00:00:00Z', %s, %s)",
    "INSERT INTO bare_outbox (event_id, topic, key, headers, value) VALUES (%s, 'bare', %s, '{}', %s)",
)
TABLES = (
    "DROP TABLE IF EXISTS bare_events, bare_outbox",
    """CREATE TABLE bare_events (stream text, version int, event_id text UNIQUE, name text, schema_version int, data text,
    sealed bytea, meta text, recorded_at text, prev_hash bytea, hash bytea, PRIMARY KEY (stream, version))""",
    "CREATE TABLE bare_outbox (id bigserial PRIMARY KEY, event_id text UNIQUE, topic text, key text, headers text, value bytea)",
)
DATA = json.dumps({"case_id": str(uuid.UUID(int=0)), "text": "x" * 300})


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds of processor time of one of each."""

    call: float
    append: float
    send: float
    receive: float
    start: float
    local_activity: float
    signal: float
    timer: float


@dataclass(frozen=True, slots=True)
class Engines:
    """Addresses, the engines' processes, which are watched beside ours, and those of ours that are not (the idling cluster)."""

    dsn: str
    kafka: str
    temporal: str
    pids: Sequence[int]
    apart: Sequence[int]

    def spent(self, work: Callable[[], object]) -> float:
        before = seconds(self.apart)
        found = spent(work, lambda: (os.getpid(), *self.pids))
        return found - (seconds(self.apart) - before)


def measured(engines: Engines) -> Costs:
    send, receive = _messages(engines)
    start, local_activity, signal, timer = _workflows(engines)
    return Costs(_call(engines), _append(engines), send, receive, start, local_activity, signal, timer)


def _call(engines: Engines) -> float:
    port = free_port()
    with _process("bare_app.py", str(port)):
        line = _connected(port)
        body, headers = json.dumps({"case_id": "k", "number": 1}), {"content-type": "application/json"}

        def call() -> None:
            line.request("POST", "/v1/bare", body, headers)
            line.getresponse().read()

        return _each(engines, call, CALLS)


def _append(engines: Engines) -> float:
    with psycopg.connect(engines.dsn) as connection:
        for table in TABLES:
            connection.execute(table)
        connection.commit()

        def append() -> None:
            stream, event = str(uuid.uuid4()), str(uuid.uuid4())
            with connection.transaction():
                connection.execute(APPEND[0], (stream,)).fetchall()
                connection.execute(APPEND[1], (stream, event, DATA, bytes(32), bytes(32)))
                connection.execute(APPEND[2], (event, stream, DATA.encode()))

        return _each(engines, append, APPENDS)


def _each(engines: Engines, work: Callable[[], None], times: int) -> float:
    for _ in range(50):
        work()

    def all_of_them() -> None:
        for _ in range(times):
            work()

    return engines.spent(all_of_them) / times


def _messages(engines: Engines) -> tuple[float, float]:
    """Of a send alone, and of a receipt: what the same sends cost more when somebody receives them."""
    topic = f"bare-{uuid.uuid4().hex[:8]}"
    _create(engines, topic)
    alone = _sent(engines, topic)
    out = HERE.parent / ".rso" / f"{topic}.out"
    out.parent.mkdir(exist_ok=True)
    try:
        with _process("latency_roles.py", "receiver", topic, str(out), RSO_TEST_KAFKA=engines.kafka):
            _until(lambda: len(out.read_text().splitlines()) >= MESSAGES if out.exists() else False)
            heard = _sent(engines, topic)
            _until(lambda: len(out.read_text().splitlines()) >= 2 * MESSAGES)
    finally:
        out.unlink(missing_ok=True)
    return alone, max(heard - alone, 0.0)


def _create(engines: Engines, topic: str) -> None:
    """With as many partitions as ours have; the cluster's Kafka makes none by itself."""
    broker = KafkaBroker(Connection((engines.kafka,)), (Topic(topic),))
    asyncio.run(broker.prepare())
    broker.close()


def _sent(engines: Engines, topic: str) -> float:
    async def send() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=engines.kafka, enable_idempotence=True, acks="all")
        await producer.start()
        for _ in range(MESSAGES):
            id_ = uuid.uuid4().hex.encode()
            await producer.send_and_wait(topic, DATA.encode(), key=id_, headers=[("ce_id", id_)])
        await producer.stop()

    return engines.spent(lambda: asyncio.run(send())) / MESSAGES


def _workflows(engines: Engines) -> tuple[float, float, float, float]:
    with _process("bare_workflow.py", engines.temporal):
        asyncio.run(_runs(engines.temporal, (0, 0, 0)))
        costs = [
            engines.spent(lambda of=of: asyncio.run(_runs(engines.temporal, of))) / WORKFLOWS
            for of in ((0, 0, 0), (STEPS, 0, 0), (0, STEPS, 0), (0, 0, STEPS))
        ]
    start = costs[0]
    activity, signal, timer = ((cost - start) / STEPS for cost in costs[1:])
    return start, activity, signal, timer


async def _runs(address: str, of: tuple[int, int, int]) -> None:
    client = await _client(address)

    async def one() -> None:
        handle = await client.start_workflow("Bare", args=list(of), id=f"bare-{uuid.uuid4()}", task_queue=QUEUE)
        for number in range(of[1]):
            await handle.signal("told", number)
        await handle.result()

    await asyncio.gather(*(one() for _ in range(WORKFLOWS)))


async def _client(address: str) -> Client:
    while True:
        try:
            return await Client.connect(address)
        except (RPCError, RuntimeError):
            await asyncio.sleep(0.2)


@contextmanager
def _process(script: str, *arguments: str, **environment: str) -> Iterator[None]:
    """Its time counts with ours: it is our child."""
    process = subprocess.Popen([sys.executable, str(HERE / script), *arguments], env={**os.environ, **environment})
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def _connected(port: int) -> http.client.HTTPConnection:
    line = http.client.HTTPConnection("127.0.0.1", port)

    def answers() -> bool:
        try:
            line.request("GET", "/livez")
            line.getresponse().read()
        except OSError:
            line.close()
            return False
        return True

    _until(answers)
    return line


def _until(true: Callable[[], bool], patience: float = 60.0) -> None:
    end = time.monotonic() + patience
    while not true():
        if time.monotonic() > end:
            raise RuntimeError("a bare step did not come to its end")
        time.sleep(0.1)
