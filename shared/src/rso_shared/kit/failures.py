"""What an error of a database means, in one place: the engine is away, somebody else was faster, or the code is wrong."""

import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from rso_shared.kit.errors import Contended, Transient

DRIVERS = (sqlite3.Error, psycopg.Error)
UNIQUE = (sqlite3.IntegrityError, psycopg.errors.UniqueViolation)

_FASTER = {"40001", "40P01"}  # serialization failure, deadlock
_AWAY = {
    "57014",  # statement_timeout
    "55P03",  # lock_timeout
    "25P03",  # idle_in_transaction_session_timeout
    "25006",  # read only: this server is a standby now
    "42P01",  # no such table, no such column: `migrate` has not run yet, and nothing may be called poison for that
    "42703",
}
_AWAY_CLASSES = ("08", "53", "57P")  # connection; out of disk, memory, connections; shutting down, crashed, starting
_SQLITE_AWAY = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY,
}  # fmt: skip


def meaning(problem: Exception) -> Exception | None:
    """Transient while the engine is away, Contended where the whole unit of work should be run again, None for a bug."""
    if isinstance(problem, PoolTimeoutError):
        return Transient("database")
    raw = problem.orig if isinstance(problem, DBAPIError) else problem
    if isinstance(raw, psycopg.Error):
        return _of_postgres(raw)
    if isinstance(raw, sqlite3.Error):
        code = getattr(raw, "sqlite_errorcode", None)
        return Transient("database") if code is not None and code & 0xFF in _SQLITE_AWAY else None
    return None


def _of_postgres(raw: psycopg.Error) -> Exception | None:
    state = raw.sqlstate
    if state in _FASTER:
        return Contended("database")
    if state is None:  # the driver speaks, not the server: a line that broke or was never there
        return Transient("database") if isinstance(raw, psycopg.OperationalError | psycopg.InterfaceError) else None
    return Transient("database") if state in _AWAY or state.startswith(_AWAY_CLASSES) else None
