"""Appends with an expected version and an outbox row, beside `eventsourcing` and beside the same statements by hand.

Every writer appends to a stream of its own. On SQLite both sides commit with synchronous=FULL in WAL mode:
`eventsourcing` asks for WAL and leaves `synchronous` as SQLite was built, which is looked at before anything is measured.
Ours seals a part of each event and writes the fact; `eventsourcing` does neither.
`python bench/store_append.py` runs this one alone.
"""

import itertools
import sqlite3
import uuid
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from engine_room import postgres, provided
from peers import Case, Ours, application, folder, fresh, ours, rate
from psycopg_pool import ConnectionPool
from rows import Row, interleaved, ratio_at_least, table
from sqlalchemy.engine import make_url

WRITERS, EACH, ROUNDS = 16, 60, 5
FULL = 2
HEAD = "SELECT version, hash, recorded_at FROM events WHERE stream = %s ORDER BY version DESC LIMIT 1"
EVENT = "INSERT INTO events VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
OUTBOX = "INSERT INTO outbox (event_id, topic, key, headers, value, created_at) VALUES (%s, %s, %s, %s, %s, %s)"


def main() -> list[Row]:
    with provided("postgres"), ExitStack() as stack:
        mine, theirs, by_hand = (stack.enter_context(fresh(postgres())) for _ in range(3))
        mine_is = stack.enter_context(ours(mine, stack.enter_context(folder())))
        found = _postgres(mine_is, theirs, by_hand, stack)
    return found + _sqlite()


def _postgres(mine: Ours, theirs: str, by_hand: str, stack: ExitStack) -> list[Row]:
    with ours(by_hand, stack.enter_context(folder())) as same_tables:
        same_tables.append("template", 0)
        raw = stack.enter_context(_pool(by_hand))
        template = _template(raw)
    app = application(theirs)
    stack.callback(app.close)
    name = f"append + outbox, PostgreSQL, {WRITERS} writers"
    return [
        ratio_at_least(name, *_both(_ours(mine), _eventsourcing(app), WRITERS), "1/s", 2),
        ratio_at_least(f"{name}, by hand", *_both(_ours(mine), _raw(raw, template), WRITERS), "1/s", 0.65),
    ]


def _synchronous(place: Path) -> int:
    """Of a connection that only asks for WAL, as the peer's do."""
    with closing(sqlite3.connect(place / "default.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        return int(connection.execute("PRAGMA synchronous").fetchone()[0])


def _sqlite() -> list[Row]:
    with folder() as place, ours(f"sqlite:///{place}/ours.db", place) as mine:
        if _synchronous(place) != FULL:
            raise RuntimeError("this SQLite commits less than FULL by default: the two sides would not be alike")
        app = application(f"sqlite:///{place}/theirs.db")
        row = ratio_at_least("append + outbox, SQLite, 1 writer", *_both(_ours(mine), _eventsourcing(app), 1), "1/s", 1)
        app.close()
    return [row]


def _both(mine: Callable[[], Any], theirs: Callable[[], Any], writers: int) -> tuple[float, float]:
    each = EACH if writers > 1 else EACH * 8
    return interleaved(lambda: rate(writers, each, mine()), lambda: rate(writers, each, theirs()), ROUNDS)


def _ours(mine: Ours) -> Callable[[], Any]:
    def streams() -> Any:
        cases = [str(uuid.uuid4()) for _ in range(WRITERS)]
        return lambda writer, number: mine.append(cases[writer], number)

    return streams


def _eventsourcing(app: Any) -> Callable[[], Any]:
    def aggregates() -> Any:
        cases = [Case() for _ in range(WRITERS)]

        def write(writer: int, number: int) -> None:
            cases[writer].note(number, datetime.now(UTC), "A finding of some forty characters, sealed.")
            app.save(cases[writer])

        return write

    return aggregates


def _pool(url: str) -> "ConnectionPool[Any]":
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return ConnectionPool(plain, min_size=WRITERS, max_size=WRITERS, open=True)


def _template(pool: "ConnectionPool[Any]") -> tuple[Any, Any]:
    with pool.connection() as connection:
        event = connection.execute("SELECT * FROM events").fetchone()
        sent = connection.execute("SELECT event_id, topic, key, headers, value, created_at FROM outbox").fetchone()
    return event, sent


def _raw(pool: "ConnectionPool[psycopg.Connection[Any]]", template: tuple[Any, Any]) -> Callable[[], Any]:
    """The same rows, ready made: nothing is encoded, sealed or hashed here."""
    event, sent = template
    run = itertools.count()

    def streams() -> Any:
        prefix = f"run-{next(run)}"

        def write(writer: int, number: int) -> None:
            stream, id_ = f"{prefix}-{writer}", str(uuid.uuid4())
            with pool.connection() as connection:
                connection.execute(HEAD, (stream,)).fetchone()
                connection.execute(EVENT, (stream, number + 1, id_, *event[3:]))
                connection.execute(OUTBOX, (id_, *sent[1:]))

        return write

    return streams


if __name__ == "__main__":
    print(table(main()))
