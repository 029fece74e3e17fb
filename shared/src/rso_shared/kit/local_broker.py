"""LocalBroker: the log on one machine. One SQLite file, synchronous=FULL like the outboxes, consumers woken in-process.

Record ids are assigned under the write lock, so their order is commit order. One append per relay batch, one position per
group and polled batch. Positions do not wait for the disk: one that a power cut takes back only brings its batch again, and
whatever is appended later carries it to the disk. A file that cannot be written or read now (disk full, locked, I/O) is an
engine that is away.
"""

import asyncio
import json
import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rso_shared.kit.broker import Record
from rso_shared.kit.errors import Transient

R = TypeVar("R")

BATCH = 200
POLL_SECONDS = 0.5

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, key TEXT NOT NULL, headers TEXT NOT NULL, value BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS records_by_topic ON records (topic, id);
CREATE TABLE IF NOT EXISTS positions ("group" TEXT NOT NULL, topic TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY ("group", topic));
"""


class LocalBroker:
    def __init__(self, path: Path | str) -> None:
        self._db, self._positions = _opened(path, "FULL"), _opened(path, "NORMAL")
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="broker")
        self._sleepers: dict[asyncio.Event, frozenset[str]] = {}

    async def prepare(self) -> None:
        """A topic is here with its first record."""

    async def publish(self, records: Sequence[Record]) -> None:
        await self._run(lambda: self.append(records))
        told = {record.topic for record in records}
        for sleeper, topics in self._sleepers.items():
            if not topics.isdisjoint(told):
                sleeper.set()

    async def subscribe(self, group: str, topics: Iterable[str]) -> AsyncGenerator["LocalBatch", None]:
        wanted, wake = sorted(topics), asyncio.Event()
        self._sleepers[wake] = frozenset(wanted)
        try:
            while True:
                wake.clear()
                rows = await self._run(lambda: self.fetch(group, wanted))
                if rows:
                    yield LocalBatch([record for _, record in rows], self, group, _positions(rows))
                    continue
                try:
                    async with asyncio.timeout(POLL_SECONDS):
                        await wake.wait()
                except TimeoutError:
                    yield LocalBatch([], self, group, {})
        finally:
            self._sleepers.pop(wake)

    async def lag(self, group: str, topics: Iterable[str]) -> int:
        return await self._run(lambda: self.behind(group, sorted(topics)))

    def append(self, records: Sequence[Record]) -> None:
        rows = [(r.topic, r.key, json.dumps(r.headers), r.value) for r in records]
        with self._transaction(self._db):
            self._db.executemany("INSERT INTO records (topic, key, headers, value) VALUES (?, ?, ?, ?)", rows)

    def fetch(self, group: str, topics: Sequence[str], limit: int = BATCH) -> list[tuple[int, Record]]:
        """The next records of these topics together, in the order they were committed."""
        query = """
            SELECT id, topic, key, headers, value FROM records
            WHERE topic = ? AND id > COALESCE((SELECT position FROM positions WHERE "group" = ? AND topic = ?), 0)
            ORDER BY id LIMIT ?
        """
        with self._at_file():
            rows = [row for topic in topics for row in self._db.execute(query, (topic, group, topic, limit))]
        rows.sort(key=lambda row: int(row[0]))
        return [(row[0], Record(row[1], row[2], _headers(row[3]), row[4])) for row in rows[:limit]]

    def commit(self, group: str, positions: dict[str, int]) -> None:
        with self._transaction(self._positions):
            self._positions.executemany(
                'INSERT INTO positions VALUES (?, ?, ?) ON CONFLICT ("group", topic) DO UPDATE SET position = excluded.position',
                [(group, topic, position) for topic, position in positions.items()],
            )

    def behind(self, group: str, topics: Sequence[str]) -> int:
        marks = ",".join("?" * len(topics))
        query = f"""
            SELECT COUNT(*) FROM records r LEFT JOIN positions p ON p."group" = ? AND p.topic = r.topic
            WHERE r.topic IN ({marks}) AND r.id > COALESCE(p.position, 0)
        """
        with self._at_file():
            return int(self._db.execute(query, (group, *topics)).fetchone()[0])

    def close(self) -> None:
        self._thread.shutdown(wait=True)
        self._positions.close()
        self._db.close()

    async def run(self, work: Callable[[], R]) -> R:
        return await self._run(work)

    async def _run(self, work: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    @contextmanager
    def _at_file(self) -> Iterator[None]:
        """One at a time. Raises Transient for what the file, not the question, is to blame for."""
        with self._lock:
            try:
                yield
            except sqlite3.OperationalError as away:
                raise Transient("log") from away

    @contextmanager
    def _transaction(self, db: sqlite3.Connection) -> Iterator[None]:
        with self._at_file():
            try:
                db.execute("BEGIN IMMEDIATE")
                yield
                db.execute("COMMIT")
            finally:
                if db.in_transaction:  # SQLite ends some by itself, and leaves others open when a commit fails
                    db.execute("ROLLBACK")


def _opened(path: Path | str, synchronous: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    for pragma in ("journal_mode=WAL", f"synchronous={synchronous}"):
        db.execute(f"PRAGMA {pragma}")
    db.executescript(_SCHEMA)
    return db


@dataclass(frozen=True, slots=True)
class LocalBatch:
    """Empty now and then, so that a consumer can look after parked keys while nothing arrives."""

    records: Sequence[Record]
    broker: LocalBroker
    group: str
    positions: dict[str, int]

    async def commit(self) -> None:
        if self.positions:
            await self.broker.run(lambda: self.broker.commit(self.group, self.positions))


def _headers(text: str) -> dict[str, str]:
    """None at all where they cannot be read: the consumer sets such a record aside."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return {name: str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _positions(rows: list[tuple[int, Record]]) -> dict[str, int]:
    return {record.topic: id_ for id_, record in rows}
