"""Rebuild of the largest projection, intake's cases, from the streams of many cases, beside a bare read of the same rows.

Ours reads, unpacks, folds, registers and swaps; the peer reads the same events with psycopg, stream by stream, and in chunks as ours
does. Only streams of cases count: others it does not read.
`python bench/rebuild.py` runs this one alone.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
from engine_room import provided
from finished import finished
from growth_side import Side
from postgres_room import database, postgres
from preload import case, load
from rows import Row, ratio_at_least, table

from rso_shared.kit import logs, projections, statements
from rso_shared.kit.store import LOADED

CASES, ROUNDS = 1_000, 3
NAME, OF_CASES, TOGETHER = "cases", "split_part(stream, '/', 2) = 'case'", 50


def main(cases: int = CASES) -> list[Row]:
    with provided("postgres"), tempfile.TemporaryDirectory(prefix="rso-bench-") as made, ExitStack() as stack:
        logs.configure(stream=stack.enter_context(Path(os.devnull).open("w")))
        played = finished(Path(made) / "data")
        side = Side("intake", stack.enter_context(database(stack.enter_context(postgres()))), played, Path(made))
        stack.callback(side.service.close)
        before = played.before["intake"]
        load(side.dsn, before, case(before, played.after["intake"]), cases)
        connection = stack.enter_context(psycopg.connect(side.dsn))
        streams, events = _counted(connection)
        ours, singly, together = _taken_in_turns(
            _rebuilt(side, events),
            _read_singly(connection, streams, events),
            _read_together(connection, streams, events),
        )
    what = f"rebuild of intake's cases, {events:,} events of {len(streams):,} streams"
    return [
        ratio_at_least(f"{what}, beside reading stream by stream", ours, singly, "rows/s", 0.3),
        ratio_at_least(f"{what}, beside reading {TOGETHER} streams at a time", ours, together, "rows/s", 0.3),
    ]


def _taken_in_turns(*sides: Callable[[], float]) -> list[float]:
    rounds = [[side() for side in sides] for _ in range(ROUNDS)]
    return [statistics.median(rates) for rates in zip(*rounds, strict=True)]


def _counted(connection: "psycopg.Connection[Any]") -> tuple[list[str], int]:
    streams = [
        stream
        for (stream,) in connection.execute(f"SELECT stream FROM events WHERE version = 1 AND {OF_CASES}").fetchall()
    ]
    row = connection.execute(f"SELECT count(*) FROM events WHERE {OF_CASES}").fetchone()
    return streams, int(row[0]) if row else 0


def _rebuilt(side: Side, events: int) -> Callable[[], float]:
    projection = next(each for each in side.service.store.inline if each.name == NAME)

    def rebuilt() -> float:
        started = time.perf_counter()
        projections.rebuild(side.service.db, projection, side.service.store.load_many)
        return events / (time.perf_counter() - started)

    return rebuilt


def _read_singly(connection: "psycopg.Connection[Any]", streams: list[str], events: int) -> Callable[[], float]:
    sql = statements.stream(LOADED, as_of=False, sqlite=False)

    def read() -> float:
        started, seen = time.perf_counter(), 0
        for stream in streams:
            seen += len(connection.execute(sql, (stream,), binary=True).fetchall())
        if seen != events:
            raise RuntimeError(f"read {seen} rows of {events}")
        return events / (time.perf_counter() - started)

    return read


def _read_together(connection: "psycopg.Connection[Any]", streams: list[str], events: int) -> Callable[[], float]:
    sql = statements.streams(LOADED, sqlite=False)

    def read() -> float:
        started, seen = time.perf_counter(), 0
        for at in range(0, len(streams), TOGETHER):
            seen += len(connection.execute(sql, (streams[at : at + TOGETHER],), binary=True).fetchall())
        if seen != events:
            raise RuntimeError(f"read {seen} rows of {events}")
        return events / (time.perf_counter() - started)

    return read


if __name__ == "__main__":
    print(table(main(int(sys.argv[1]) if len(sys.argv) > 1 else CASES)))
