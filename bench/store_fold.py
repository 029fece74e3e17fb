"""The state of a long stream from its events, sealed parts unopened, beside `eventsourcing`'s repository on the same engine."""

import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime

from engine_room import postgres, provided
from peers import META, NOTES, TEXT, Case, application, folder, fresh, noted, ours
from rows import Row, interleaved, ratio_at_least, table

from rso_shared.kit.store import stream_id

EVENTS, ROUNDS = 2_000, 15


def main() -> list[Row]:
    with provided("postgres"), ExitStack() as stack:
        place = stack.enter_context(folder())
        urls = {
            "SQLite": (f"sqlite:///{place}/ours.db", f"sqlite:///{place}/theirs.db"),
            "PostgreSQL": (stack.enter_context(fresh(postgres())), stack.enter_context(fresh(postgres()))),
        }
        return [_row(kind, stack, *both) for kind, both in urls.items()]


def checked(folded: int) -> None:
    """A rate for a state of other than all the events is none."""
    if folded != EVENTS:
        raise RuntimeError(f"folded {folded} events of {EVENTS}")


def _row(kind: str, stack: ExitStack, mine: str, theirs: str) -> Row:
    rates = interleaved(_ours(mine, stack), _eventsourcing(theirs, stack), ROUNDS)
    return ratio_at_least(f"fold a stream of {EVENTS:,} events, {kind}", *rates, "events/s", 4)


def _ours(url: str, stack: ExitStack) -> Callable[[], float]:
    made, case_id = stack.enter_context(ours(url, stack.enter_context(folder()))), str(uuid.uuid4())
    stream = stream_id("operator", "case", case_id)
    with made.db.write() as tx:
        for start in range(0, EVENTS, 100):
            made.store.append(tx, stream, start, [noted(case_id, start + number) for number in range(100)], META)

    def fold() -> float:
        started = time.perf_counter()
        with made.db.read() as tx:
            state = made.store.fold(tx, NOTES, stream).state
        checked(state.count)
        return EVENTS / (time.perf_counter() - started)

    return fold


def _eventsourcing(url: str, stack: ExitStack) -> Callable[[], float]:
    app, case = application(url), Case()
    stack.callback(app.close)
    for number in range(1, EVENTS):
        case.note(number, datetime.now(UTC), TEXT)
    app.save(case)

    def fold() -> float:
        started = time.perf_counter()
        loaded = app.repository.get(case.id)
        checked(loaded.version)
        return EVENTS / (time.perf_counter() - started)

    return fold


if __name__ == "__main__":
    print(table(main()))
