"""Rebuild of the largest projection, intake's cases, from the streams of many cases, beside a bare read of the same rows.

Ours reads, unpacks, folds, registers and swaps; the peer reads the same events with psycopg, stream by stream as ours must.
`python bench/rebuild.py` runs this one alone.
"""

import os
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
from growth import Side
from postgres_room import database, postgres
from preload import case, load
from rows import Row, interleaved, ratio_at_least, table

from rso_shared.kit import logs, projections, statements
from rso_shared.kit.store import LOADED

CASES, ROUNDS = 1_000, 3
NAME = "cases"


def main(cases: int = CASES) -> list[Row]:
    with provided("postgres"), tempfile.TemporaryDirectory(prefix="rso-bench-") as made, ExitStack() as stack:
        logs.configure(stream=stack.enter_context(Path(os.devnull).open("w")))
        played = finished(Path(made) / "data")
        side = Side(stack.enter_context(database(stack.enter_context(postgres()))), played, Path(made))
        stack.callback(side.service.close)
        before = played.before["intake"]
        load(side.dsn, before, case(before, played.after["intake"]), cases)
        connection = stack.enter_context(psycopg.connect(side.dsn))
        streams, events = _counted(connection)
        rates = interleaved(_rebuilt(side, events), _read(connection, streams, events), ROUNDS)
    return [
        ratio_at_least(
            f"rebuild of intake's cases, {events:,} events of {len(streams):,} streams", *rates, "rows/s", 0.3
        )
    ]


def _counted(connection: "psycopg.Connection[Any]") -> tuple[list[str], int]:
    streams = [stream for (stream,) in connection.execute("SELECT stream FROM events WHERE version = 1").fetchall()]
    row = connection.execute("SELECT count(*) FROM events").fetchone()
    return streams, int(row[0]) if row else 0


def _rebuilt(side: Side, events: int) -> Callable[[], float]:
    projection = next(each for each in side.service.store.inline if each.name == NAME)

    def rebuilt() -> float:
        started = time.perf_counter()
        projections.rebuild(side.service.db, projection, side.service.store.load)
        return events / (time.perf_counter() - started)

    return rebuilt


def _read(connection: "psycopg.Connection[Any]", streams: list[str], events: int) -> Callable[[], float]:
    sql = statements.stream(LOADED, as_of=False, sqlite=False)

    def read() -> float:
        started, seen = time.perf_counter(), 0
        for stream in streams:
            seen += len(connection.execute(sql, (stream,), binary=True).fetchall())
        if seen != events:
            raise RuntimeError(f"read {seen} rows of {events}")
        return events / (time.perf_counter() - started)

    return read


if __name__ == "__main__":
    print(table(main(int(sys.argv[1]) if len(sys.argv) > 1 else CASES)))
