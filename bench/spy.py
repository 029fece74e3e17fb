"""What reaches PostgreSQL: every statement of psycopg's cursors and of our own wire, with its parameters, and every commit."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from rso_shared.kit.wire import Wire


@dataclass(frozen=True, slots=True)
class Statement:
    """`sql` None is a commit. `binary` is how the cursor wants its rows. `seconds` is how long it took, answer included."""

    sql: str | None
    values: Any = None
    many: bool = False
    binary: bool = False
    seconds: float = 0.0


@contextmanager
def spied() -> Iterator[list[Statement]]:
    """In the order in which they ended, of all connections of this process."""
    seen: list[Statement] = []
    execute, executemany, commit = psycopg.Cursor.execute, psycopg.Cursor.executemany, psycopg.Connection.commit
    run, hot_commit = Wire.run, Wire.commit

    def one(self: Any, query: Any, params: Any = None, **more: Any) -> Any:
        began = time.perf_counter()
        answer = execute(self, query, params, **more)
        seen.append(Statement(str(query), params, binary=bool(self.format), seconds=time.perf_counter() - began))
        return answer

    def several(self: Any, query: Any, params_seq: Any, **more: Any) -> Any:
        rows, began = list(params_seq), time.perf_counter()
        executemany(self, query, rows, **more)
        seen.append(Statement(str(query), rows, many=True, seconds=time.perf_counter() - began))

    def hot(self: Any, sql: str, values: Sequence[Any]) -> list[Any]:
        began = time.perf_counter()
        rows = run(self, sql, values)
        seen.append(Statement(sql, values, binary=True, seconds=time.perf_counter() - began))
        return rows

    def committed(self: Any) -> None:
        began = time.perf_counter()
        (hot_commit if isinstance(self, Wire) else commit)(self)
        seen.append(Statement(None, seconds=time.perf_counter() - began))

    psycopg.Cursor.execute, psycopg.Cursor.executemany = one, several  # type: ignore[method-assign]
    psycopg.Connection.commit = Wire.commit = committed  # type: ignore[method-assign]
    Wire.run = hot  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        psycopg.Cursor.execute, psycopg.Cursor.executemany = execute, executemany  # type: ignore[method-assign]
        psycopg.Connection.commit, Wire.commit, Wire.run = commit, hot_commit, run  # type: ignore[method-assign]


def play(connection: "psycopg.Connection[Any]", statements: Sequence[Statement]) -> None:
    """The same again by hand: rows are fetched as they were."""
    text, binary = connection.cursor(), connection.cursor(binary=True)
    for each in statements:
        if each.sql is None:
            connection.commit()
            continue
        cursor = binary if each.binary else text
        if each.many:
            cursor.executemany(each.sql, each.values)
        else:
            cursor.execute(each.sql, each.values)
        if cursor.description:
            cursor.fetchall()
