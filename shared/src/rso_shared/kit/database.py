"""Transactions. Synchronous on purpose: no broker, HTTP or workflow call can slip inside one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

BUSY_TIMEOUT_MS = 30_000


class Tx:
    """One open transaction. `after_commit` callbacks run once it is durable, in order, and never on rollback."""

    __slots__ = ("_after", "conn")

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self._after: list[Callable[[], None]] = []

    def after_commit(self, callback: Callable[[], None]) -> None:
        if callback not in self._after:
            self._after.append(callback)

    def committed(self) -> None:
        for callback in self._after:
            callback()


class Database:
    """One service's database: a write engine and, on SQLite, a second one for reads, so that readers never queue behind writers."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.writer = _engine(url, "BEGIN IMMEDIATE", size=4)
        self.reader = _engine(url, "BEGIN", size=12) if self.is_sqlite else self.writer

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """SQLite takes the write lock at once (`BEGIN IMMEDIATE`): read-then-write under a plain BEGIN fails when contended."""
        with self.writer.begin() as conn:
            tx = Tx(conn)
            yield tx
        tx.committed()

    @contextmanager
    def read(self) -> Iterator[Tx]:
        with self.reader.connect() as conn, conn.begin():
            yield Tx(conn)

    def close(self) -> None:
        self.writer.dispose()
        self.reader.dispose()


def _engine(url: str, begin: str, *, size: int) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=size, max_overflow=size)
    arguments = {"isolation_level": None, "check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000}
    engine = create_engine(url, connect_args=arguments, pool_size=size, max_overflow=size)

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
