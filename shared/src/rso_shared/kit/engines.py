"""Connections to the two kinds of database, each with the settings that this system relies on.

The pool is SQLAlchemy's QueuePool on both: migrations, read models and the store share one transaction, so they must share one
connection; psycopg_pool would be a second owner of the same sockets. Nothing overflows: an overflow connection is closed when it
is given back, and on PostgreSQL opening one costs more than the transaction it serves.
"""

import select
import sqlite3
from collections.abc import Mapping
from datetime import date
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError

from rso_shared.kit.wire import Wire

sqlite3.register_adapter(date, date.isoformat)  # Python's own is going away
BUSY_TIMEOUT_MS = 30_000
POOL_WAIT_SECONDS = 10.0
CONNECT_SECONDS = 5
SESSION = {
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
"""Nothing waits for ever, and the locks of a host that vanished are free again within half a minute."""
KEEPALIVE: Mapping[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def sqlite(url: str, begin: str, *, size: int, pragmas: tuple[str, ...] = ()) -> Engine:
    arguments = {"isolation_level": None, "check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000}
    engine = create_engine(
        url, connect_args=arguments, pool_size=size, max_overflow=0, pool_timeout=BUSY_TIMEOUT_MS / 1000
    )
    wanted = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}", *pragmas)

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in wanted:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        if not driver.in_transaction:  # `Database` begins its own, before SQLAlchemy is asked for anything
            driver.execute(begin)

    return engine


def postgres(url: str, *, size: int) -> Engine:
    options = " ".join(f"-c {name}={value}" for name, value in SESSION.items())
    arguments = {"connect_timeout": CONNECT_SECONDS, "options": options, "client_encoding": "UTF8", **KEEPALIVE}
    engine = create_engine(
        url,
        connect_args=arguments,
        pool_size=size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        pool_use_lifo=True,
        use_native_hstore=False,
    )

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, _arguments: Any, named: dict[str, Any]) -> Wire:
        return Wire.connect(**named)

    @event.listens_for(engine, "checkout")
    def _alive(connection: Any, _record: Any, _proxy: Any) -> None:
        """A server that went away has closed the line, and a closed line is readable: one poll() instead of a round trip.

        Measured beside `pool_pre_ping`: about 5 microseconds against 40.
        """
        line = select.poll()
        line.register(connection.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
        if line.poll(0):
            raise DisconnectionError

    return engine


def direct(url: str) -> "psycopg.Connection[Any]":
    """A connection of its own outside of any pool, in autocommit: for locks of a session, NOTIFY and LISTEN.

    What is committed on it is not waited for until it is on the disk: nothing is that must not be lost.
    """
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    settings = {**SESSION, "synchronous_commit": "off"}
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return psycopg.connect(plain, autocommit=True, connect_timeout=CONNECT_SECONDS, options=options, **KEEPALIVE)
