"""A connection to PostgreSQL on which the store's statements go straight to libpq.

psycopg's cursors wait in Python: each statement gives the interpreter lock away and takes it back several times, and with sixteen
threads that costs more than the statement. `run`, `commit` and `rollback` are one call of libpq each. psycopg reads the state of
the transaction from libpq too, so that its cursors, and SQLAlchemy on top of them, may be used in between.
"""

from collections.abc import Sequence
from itertools import count
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult

PREPARED = 200
"""So many statements are kept per connection, and only small ones: one of a hundred rows has another text in every batch."""
SMALL = 100
_DONE = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


class Wire(psycopg.Connection[Any]):
    """Used by one thread at a time, as its transaction is."""

    def __init__(self, pgconn: Any, *more: Any, **named: Any) -> None:
        super().__init__(pgconn, *more, **named)
        self._hot_rows = Transformer(self)
        self._hot_names: dict[str, bytes] = {}
        self._hot_numbers = count()

    def run(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """`sql` has psycopg's markers. A transaction is begun where none is open, as psycopg does it."""
        if self.pgconn.transaction_status == TransactionStatus.IDLE:
            _checked(self.pgconn.exec_(b"BEGIN"))
        sent: list[Any] = [_sent(value) for value in values]
        formats = [Format.BINARY if isinstance(value, str | bytes) else Format.TEXT for value in values]
        name = self._hot_names.get(sql) or self._hot_prepared(sql, len(values))
        if name is None:
            found = self.pgconn.exec_params(_numbered(sql), sent, None, formats, Format.BINARY)
        else:
            found = self.pgconn.exec_prepared(name, sent, formats, Format.BINARY)
        _checked(found)
        if not found.ntuples:
            return []
        self._hot_rows.set_pgresult(found)
        rows: list[Any] = self._hot_rows.load_rows(0, found.ntuples, tuple)
        return rows

    def commit(self) -> None:
        """Raises InFailedSqlTransaction where PostgreSQL answers the commit of a failed transaction with a rollback."""
        if self.pgconn.transaction_status == TransactionStatus.IDLE:
            return
        answer = self.pgconn.exec_(b"COMMIT")
        _checked(answer)
        if answer.command_status == b"ROLLBACK":
            raise psycopg.errors.InFailedSqlTransaction("a statement of this transaction has failed")

    def rollback(self) -> None:
        """Prepared statements outlive it, psycopg's too: it would have the server forget them all."""
        if self.pgconn.transaction_status != TransactionStatus.IDLE:
            _checked(self.pgconn.exec_(b"ROLLBACK"))

    def _deallocate(self, name: bytes | None) -> Any:
        """Psycopg has the server forget every prepared statement after a DROP, say: ours go with its own."""
        if name is None:
            self._hot_names.clear()
        return super()._deallocate(name)

    def _hot_prepared(self, sql: str, size: int) -> bytes | None:
        if size > SMALL or len(self._hot_names) >= PREPARED:
            return None
        name = b"rso_%d" % next(self._hot_numbers)
        _checked(self.pgconn.prepare(name, _numbered(sql)))
        self._hot_names[sql] = name
        return name


def _checked(found: PGresult) -> None:
    if found.status in _DONE:
        return
    failure = psycopg.errors.error_from_result(found)
    if failure.sqlstate is None:  # the line broke, or was broken before: the server has said nothing
        raise psycopg.OperationalError(str(failure))
    raise failure


def _numbered(sql: str) -> bytes:
    """$1, $2, … instead of psycopg's markers."""
    first, *others = sql.split("%s")
    return (first + "".join(f"${number}{part}" for number, part in enumerate(others, 1))).encode()


def _sent(value: Any) -> bytes | None:
    """Text goes as binary: so its length is told, and the server refuses a zero byte instead of reading up to it. Numbers, truth
    values and days go as they are written.
    """
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, list):
        return f"{{{','.join(map(_quoted, value))}}}".encode()
    return str(value).encode()


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
