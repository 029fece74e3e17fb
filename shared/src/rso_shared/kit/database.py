"""Transactions. Synchronous on purpose: no broker, HTTP or workflow call can slip inside one."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Connection, Engine, PoolProxiedConnection
from sqlalchemy.exc import SQLAlchemyError

from rso_shared.kit import crash, engines, telemetry
from rso_shared.kit.failures import DRIVERS, meaning
from rso_shared.kit.signals import Signals
from rso_shared.kit.wire import Wire

POOL = 10


class Tx:
    """One open transaction. `after_commit` callbacks run once it is durable, in order, and never on rollback."""

    __slots__ = ("_after", "_conn", "_engine", "_pooled", "_run", "is_sqlite")

    def __init__(self, engine: Engine, pooled: PoolProxiedConnection, *, is_sqlite: bool) -> None:
        self.is_sqlite = is_sqlite
        self._engine, self._pooled = engine, pooled
        self._run = _runner(pooled)
        self._conn: Connection | None = None
        self._after: list[Callable[[], None]] = []

    @property
    def conn(self) -> Connection:
        """For SQLAlchemy, made when first asked for: it costs more than a hot statement. It neither commits nor gives back."""
        if self._conn is None:
            self._conn = Connection(self._engine, connection=self._pooled)
            self._conn.begin()
        return self._conn

    def run(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """One hot statement on the driver's own connection, inside the same transaction; rows as plain tuples."""
        return self._run(sql, values)

    def after_commit(self, callback: Callable[[], None]) -> None:
        if callback not in self._after:
            self._after.append(callback)

    def committed(self) -> None:
        if self._after:
            crash.point("after-commit-before-wake")
        for callback in self._after:
            callback()


def _runner(pooled: PoolProxiedConnection) -> Callable[[str, Sequence[Any]], list[Any]]:
    driver = pooled.dbapi_connection
    if isinstance(driver, Wire):
        return driver.run
    execute = cast("sqlite3.Connection", driver).execute
    return lambda sql, values: execute(sql, values).fetchall()


class Database:
    """One service's database: a write engine and, on SQLite, a second one for reads, so that readers never queue behind writers.

    Raises Transient while the engine is away and Contended where the unit of work should be run again; what else a driver
    raises is a bug. `signals` tells the loops of every process about commits.
    """

    def __init__(self, url: str, *, pool: int = POOL, pragmas: tuple[str, ...] = ()) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            self.writer = engines.sqlite(url, "BEGIN IMMEDIATE", size=8, pragmas=pragmas)
            self.reader = engines.sqlite(url, "BEGIN", size=24, pragmas=pragmas)
        else:
            self.writer = self.reader = engines.postgres(url, size=pool)
        self.signals = Signals(None if self.is_sqlite else url)

    @contextmanager
    def write(self, turn: str | None = None) -> Iterator[Tx]:
        """SQLite takes the write lock at once (`BEGIN IMMEDIATE`): read-then-write under a plain BEGIN fails when contended.

        `turn`: waits until nobody else who names the same stream is writing. Only for those who have lost on it before
        (`retrying.again`); the first try takes no lock and asks nothing.
        """
        with understood():
            with self._open(self.writer, "BEGIN IMMEDIATE") as tx:
                if turn is not None and not self.is_sqlite:
                    tx.run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", (turn,))
                yield tx
            tx.committed()

    @contextmanager
    def read(self) -> Iterator[Tx]:
        with understood(), self._open(self.reader, "BEGIN") as tx:
            yield tx

    @contextmanager
    def _open(self, engine: Engine, begin: str) -> Iterator[Tx]:
        """The pool rolls back what was not committed, and throws away a connection on which it cannot. PostgreSQL's transaction
        begins with its first statement.
        """
        pooled = engine.raw_connection()
        try:
            tx = Tx(engine, pooled, is_sqlite=self.is_sqlite)
            if self.is_sqlite:
                tx.run(begin, ())
            yield tx
            with telemetry.span("commit"):
                pooled.commit()
        finally:
            pooled.close()

    def close(self) -> None:
        self.signals.close()
        self.writer.dispose()
        self.reader.dispose()


@contextmanager
def understood() -> Iterator[None]:
    try:
        yield
    except (*DRIVERS, SQLAlchemyError) as problem:
        said = meaning(problem)
        if said is None:
            raise
        raise said from problem
