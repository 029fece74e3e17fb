"""Who looked at whose data, when and why. Append-only, chained, in its own file; the answer waits for it: no log, no data."""

import hashlib
import json
import queue
import sqlite3
import threading
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from pathlib import Path

from rso_shared.kit.errors import Transient

BATCH = 500
WAIT_SECONDS = 10.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS access_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL, prev_hash BLOB NOT NULL, hash BLOB NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class Access:
    """One look. Ids and codes only; a list is one entry whose `person_id` is None."""

    at: str
    subject: str
    role: str
    organisation_id: str
    case_id: str | None
    person_id: str | None
    what: str
    purpose: str
    request_id: str
    on_behalf_of: str | None = None


class AccessLog:
    """One writer thread commits together whatever queued up during the last commit, well under 50 ms."""

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute(_SCHEMA)
        self._queue: queue.Queue[tuple[Access, Future[None]] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="access-log", daemon=True)
        self._thread.start()

    def record(self, access: Access) -> None:
        """Returns once the entry is durable; raises Transient if it cannot be written, and then nothing may be shown."""
        done: Future[None] = Future()
        self._queue.put((access, done))
        try:
            done.result(WAIT_SECONDS)
        except (TimeoutError, sqlite3.Error) as problem:
            raise Transient("access log") from problem

    def entries(self, *, case_id: str | None = None) -> list[Access]:
        rows = self._db.execute("SELECT entry FROM access_log ORDER BY id").fetchall()
        found = [Access(**json.loads(row[0])) for row in rows]
        return [entry for entry in found if case_id is None or entry.case_id == case_id]

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join(WAIT_SECONDS)
        self._db.close()

    def _run(self) -> None:
        while True:
            batch = self._gather()
            if batch is None:
                return
            try:
                self._write([access for access, _ in batch])
            except sqlite3.Error as problem:
                for _, done in batch:
                    done.set_exception(problem)
            else:
                for _, done in batch:
                    done.set_result(None)

    def _gather(self) -> list[tuple[Access, Future[None]]] | None:
        """Whatever queued up while the last batch was written goes together; nobody waits for company."""
        first = self._queue.get()
        if first is None:
            return None
        batch = [first]
        while len(batch) < BATCH:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is None:
                self._queue.put(None)
                break
            batch.append(more)
        return batch

    def _write(self, accesses: list[Access]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            row = self._db.execute("SELECT hash FROM access_log ORDER BY id DESC LIMIT 1").fetchone()
            prev = row[0] if row else bytes(32)
            for access in accesses:
                entry = json.dumps(asdict(access), sort_keys=True)
                hash_ = hashlib.sha256(prev + entry.encode()).digest()
                self._db.execute(
                    "INSERT INTO access_log (entry, prev_hash, hash) VALUES (?, ?, ?)", (entry, prev, hash_)
                )
                prev = hash_
            self._db.execute("COMMIT")
        except sqlite3.Error:
            self._db.execute("ROLLBACK")
            raise


def broken_at(path: Path) -> int | None:
    """The id of the first entry whose chain does not hold, or None. Reads only."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    prev = bytes(32)
    try:
        for id_, entry, prev_hash, hash_ in db.execute("SELECT id, entry, prev_hash, hash FROM access_log ORDER BY id"):
            if prev_hash != prev or hash_ != hashlib.sha256(prev + entry.encode()).digest():
                return int(id_)
            prev = hash_
    finally:
        db.close()
    return None
