"""Transactions. Synchronous on purpose: no broker, HTTP or workflow call can slip inside one."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from rso_shared.kit import crash, engines, telemetry
from rso_shared.kit.failures import DRIVERS, meaning
from rso_shared.kit.signals import Signals

POOL = 10


class Tx:
    """One open transaction. `after_commit` callbacks run once it is durable, in order, and never on rollback."""

    __slots__ = ("_after", "_driver", "conn", "is_sqlite")

    def __init__(self, conn: Connection, *, is_sqlite: bool) -> None:
        self.conn, self.is_sqlite = conn, is_sqlite
        self._driver: Any = None
        self._after: list[Callable[[], None]] = []

    def run(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """One hot statement on the driver's own connection, inside the same transaction; rows as plain tuples."""
        if self._driver is None:
            self._driver = self.conn.connection.driver_connection
        cursor = self._driver.cursor() if self.is_sqlite else self._driver.cursor(binary=True)
        cursor.execute(sql, values)
        rows: list[Any] = cursor.fetchall() if cursor.description else []
        cursor.close()
        return rows

    def after_commit(self, callback: Callable[[], None]) -> None:
        if callback not in self._after:
            self._after.append(callback)

    def committed(self) -> None:
        if self._after:
            crash.point("after-commit-before-wake")
        for callback in self._after:
            callback()


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
            with self.writer.connect() as conn, conn.begin() as transaction:
                tx = Tx(conn, is_sqlite=self.is_sqlite)
                if turn is not None and not self.is_sqlite:
                    tx.run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", (turn,))
                yield tx
                with telemetry.span("commit"):
                    transaction.commit()
            tx.committed()

    @contextmanager
    def read(self) -> Iterator[Tx]:
        with understood(), self.reader.connect() as conn, conn.begin():
            yield Tx(conn, is_sqlite=self.is_sqlite)

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
