"""The outbox as its relay sees it: what is pending, and what was sent and is still to be marked.

On PostgreSQL both are done on the session that holds the leader's lock, in one round trip: that it answers proves that this process
leads. Who does not lead sees nothing pending. Not for several threads at a time.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from rso_shared.kit import statements
from rso_shared.kit.broker import Record
from rso_shared.kit.database import Database
from rso_shared.kit.leadership import Leadership

Row = tuple[int, Record]


class Outbox:
    """`now` gives the instant that marks a row. What could not be marked stays noted, and is not sent again by this process."""

    def __init__(self, db: Database, role: str, now: Callable[[], str]) -> None:
        self._db, self._now = db, now
        self._leadership = Leadership(db, role)
        self._sent: list[int] = []

    def sent(self, ids: Sequence[int]) -> None:
        """Acknowledged by the log: marked by `mark` or together with the next `look`."""
        self._sent += ids

    def look(self, limit: int) -> list[Row]:
        if self._db.is_sqlite:
            self.mark()
            with self._db.read() as tx:
                return _records(tx.run(statements.pending(sqlite=True), (limit,)))
        sent = self._sent
        if sent:
            found = self._leadership.run(statements.mark_and_pending(), (self._now(), sent, sent, limit))
        else:
            found = self._leadership.run(statements.pending(sqlite=False), (limit,))
        if found is None:
            return []
        self._sent = []
        return _records(found)

    def mark(self) -> None:
        """Raises Transient where the session is gone, and the lead with it: whoever is in the middle of a look stops there."""
        if not self._sent:
            return
        if self._db.is_sqlite:
            with self._db.write() as tx:
                tx.run(statements.mark(sqlite=True), (self._now(), statements.array(self._sent, sqlite=True)))
        elif self._leadership.run(statements.mark(sqlite=False), (self._now(), self._sent)) is None:
            return
        self._sent = []

    def release(self) -> None:
        """The next leader need not wait until the server notices that this one is gone."""
        self._leadership.release()


def _records(rows: Sequence[Any]) -> list[Row]:
    return [(id_, Record(topic, key, json.loads(headers), value)) for id_, topic, key, headers, value in rows]
