"""Who looked at whose data, when and why. Append-only, chained, in its own place; the answer waits for it: no log, no data.

One chain per service, however many replicas write: a batch takes the row of `access_head`, which says where the chain ends, and
with it the lock that keeps others out until its commit. One chain per writer would need no lock, but a writer whose whole chain
vanished would leave no trace, whereas a cut tail stands against the head.
"""

import hashlib
import json
import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    insert,
    inspect,
    select,
    update,
)

from rso_shared.kit import migrate
from rso_shared.kit.database import Database, Tx
from rso_shared.kit.errors import Transient

BATCH = 500
WAIT_SECONDS = 10.0
FIRST_HASH = bytes(32)
_ID = BigInteger().with_variant(Integer, "sqlite")


@dataclass(frozen=True, slots=True)
class Tables:
    """On PostgreSQL they stand in a schema of their own in the service's database, on SQLite in a file of their own."""

    metadata: MetaData
    log: Table
    head: Table


def _tables(schema: str | None) -> Tables:
    made = MetaData(schema=schema)
    log = Table(
        "access_log", made,
        Column("id", _ID, primary_key=True, autoincrement=True), Column("entry", Text, nullable=False),
        Column("prev_hash", LargeBinary, nullable=False), Column("hash", LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )  # fmt: skip
    head = Table("access_head", made, Column("last", _ID, nullable=False), Column("hash", LargeBinary, nullable=False))
    return Tables(made, log, head)


_SQLITE, _POSTGRES = _tables(None), _tables(migrate.ACCESS.schema)


def tables(*, sqlite: bool) -> Tables:
    return _SQLITE if sqlite else _POSTGRES


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
    """One writer thread commits together whatever queued up during the last commit, well under 50 ms.

    On PostgreSQL `prepare` makes schema and tables, once, when the service is migrated.
    """

    def __init__(self, url: str) -> None:
        self._db = Database(url, pool=2)
        self._tables = tables(sqlite=self._db.is_sqlite)
        if self._db.is_sqlite:
            self.prepare()
        self._queue: queue.Queue[tuple[Access, Future[None]] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="access-log", daemon=True)
        self._thread.start()

    def prepare(self) -> bool:
        """Also for a log that has no head row yet: it begins where the log ends. True if anything had to be done."""
        return migrate.prepare(self._db, migrate.ACCESS)

    def record(self, access: Access) -> None:
        """Returns once the entry is durable; raises Transient if it cannot be written, and then nothing may be shown."""
        done: Future[None] = Future()
        self._queue.put((access, done))
        try:
            done.result(WAIT_SECONDS)
        except Exception as problem:  # whatever kept it from being written
            raise Transient("access log") from problem

    def entries(self, *, case_id: str | None = None) -> list[Access]:
        log = self._tables.log
        with self._db.read() as tx:
            rows = tx.conn.execute(select(log.c.entry).order_by(log.c.id)).scalars().all()
        found = [Access(**json.loads(row)) for row in rows]
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
            except Exception as problem:  # noqa: BLE001 - each of them waits for an answer; the next batch may succeed
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

    def _write(self, accesses: Sequence[Access]) -> None:
        log, head = self._tables.log, self._tables.head
        with self._db.write() as tx:
            last, prev = tx.conn.execute(select(head).with_for_update()).one()
            rows = list(chained(last, prev, accesses))
            tx.conn.execute(insert(log), rows)
            tx.conn.execute(update(head).values(last=rows[-1]["id"], hash=rows[-1]["hash"]))


def chained(last: int, prev: bytes, accesses: Sequence[Access]) -> Iterator[dict[str, object]]:
    for id_, access in enumerate(accesses, last + 1):
        entry = json.dumps(asdict(access), sort_keys=True)
        hash_ = _hash(prev, entry)
        yield {"id": id_, "entry": entry, "prev_hash": prev, "hash": hash_}
        prev = hash_


def _hash(prev: bytes, entry: str) -> bytes:
    return hashlib.sha256(prev + entry.encode()).digest()


def broken_at(url: str) -> int | None:
    """The id of the first entry that is not as it was written, or missing at the end; None if the log is whole. Reads only."""
    with _reading(url) as tx:
        its = tables(sqlite=tx.is_sqlite)
        end, end_hash = _head(tx, its.head) or (0, FIRST_HASH)  # before the entries: more may be written meanwhile
        query = select(its.log).order_by(its.log.c.id)
        with tx.conn.execute(query, execution_options={"yield_per": 1000}) as rows:
            return _first_fault(rows, end, end_hash)


def _first_fault(rows: Iterable[Row[Any]], end: int, end_hash: bytes) -> int | None:
    last, prev = 0, FIRST_HASH
    for row in rows:
        moved = row.id == end and row.hash != end_hash
        if moved or row.prev_hash != prev or row.hash != _hash(prev, row.entry):
            return int(row.id)
        last, prev = row.id, row.hash
    return last + 1 if last < end else None


def _head(tx: Tx, table: Table) -> tuple[int, bytes] | None:
    """None for a log written before there was one."""
    if not inspect(tx.conn).has_table(table.name, schema=table.schema):
        return None
    row = tx.conn.execute(select(table)).one()
    return row.last, row.hash


@contextmanager
def _reading(url: str) -> Iterator[Tx]:
    db = Database(url, pool=1)
    try:
        with db.read() as tx:
            yield tx
    finally:
        db.close()
