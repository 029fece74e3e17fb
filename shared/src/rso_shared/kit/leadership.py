"""One of several processes does a thing that must not be done twice at a time: elected by a session lock of PostgreSQL.

The lock lives as long as the session that took it, on a connection of its own: whoever dies, or whose line breaks, has lost it,
and the next one to ask gets it. On SQLite everything runs in one process, which always leads.

Between two questions a leader may lose its lock unnoticed. The relay asks with each batch, by marking the one before while it is on
its way: two may send for the length of two batches (`relay.BATCH`). Both send a prefix of the same rows in the same order, so the
first copy of each fact still arrives in order, and inboxes absorb the second one.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psycopg

from rso_shared.kit import engines
from rso_shared.kit.database import Database, understood
from rso_shared.kit.errors import Transient


class Leadership:
    """Of one `role` within one database. Not for several threads at a time."""

    def __init__(self, db: Database, role: str) -> None:
        self._url = None if db.is_sqlite else db.url
        self._role = role
        self._connection: psycopg.Connection[Any] | None = None
        self._leads = False

    def held(self) -> bool:
        """Asks the server each time, in one round trip. Raises Transient while it is away; then nothing is held."""
        if self._url is None:
            return True
        try:
            if self._connection is None:
                self._connection = engines.direct(self._url)
            self._leads = self._asked(self._connection)
        except psycopg.Error as problem:
            self.release()
            raise Transient("leadership") from problem
        return self._leads

    def run(self, sql: str, values: Sequence[Any]) -> list[Any] | None:
        """One statement of its own on the session that holds the lock, whose answer proves it; None where another one leads.

        On PostgreSQL only. What it changes is not waited for until it is on the disk.
        """
        if not self._leads and not self.held():
            return None
        assert self._connection is not None  # noqa: S101 - held() made it
        try:
            with understood():
                cursor = self._connection.execute(sql, values, binary=True)
                return cursor.fetchall() if cursor.description else []
        except BaseException:
            self.release()
            raise

    def _asked(self, connection: "psycopg.Connection[Any]") -> bool:
        if self._leads:  # the session answers, so it still holds what it took
            connection.execute("SELECT 1")
            return True
        row = connection.execute(
            "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (f"rso/{self._role}",)
        ).fetchone()
        return bool(row and row[0])

    def release(self) -> None:
        """The next one need not wait until the server notices that this one is gone."""
        connection, self._connection, self._leads = self._connection, None, False
        if connection is not None:
            with suppress(psycopg.Error):
                connection.execute("SELECT pg_advisory_unlock_all()")
            connection.close()
