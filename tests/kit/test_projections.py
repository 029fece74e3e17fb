"""Read models: written with the append, rebuilt beside it, the same in the end whatever happened meanwhile."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, inspect, select, update

from kit import rooms, sample
from kit.rooms import Room
from rso_shared.kit import projections, tables
from rso_shared.kit.database import Database, Tx
from rso_shared.kit.errors import Transient
from rso_shared.kit.events import Recorded
from rso_shared.kit.retrying import again


def model(room: Room) -> dict[str, int]:
    with room.db.read() as tx:
        return {row.case_id: row.notes for row in tx.conn.execute(select(sample.CASES))}


def rebuild(room: Room, db: Database | None = None) -> int:
    return projections.rebuild(db or room.db, sample.PROJECTION, room.store.load_many)


def truth(room: Room) -> dict[str, int]:
    """What the streams say, folded by the decider: the projection has no part in it."""
    with room.db.read() as tx:
        streams = tx.conn.execute(select(tables.EVENTS.c.stream).distinct()).scalars()
        keys = [stream.rsplit("/", 1)[1] for stream in streams]
    return {key: len(room.state(key).notes) for key in keys}


def test_a_read_model_is_written_with_its_events(room: Room) -> None:
    room.open("k1", notes=2)
    assert model(room) == {"k1": 2}


def test_a_rebuild_repairs_what_was_lost_and_leaves_nothing_behind(room: Room) -> None:
    for key in ("k1", "k2", "k3"):
        room.open(key, notes=2)
    with room.db.write() as tx:
        tx.conn.execute(delete(sample.CASES).where(sample.CASES.c.case_id == "k2"))
        tx.conn.execute(update(sample.CASES).values(notes=99))
    assert rebuild(room) == 3
    assert model(room) == truth(room) == {"k1": 2, "k2": 2, "k3": 2}
    with room.db.read() as tx:
        assert tx.conn.execute(select(tables.SHADOWS)).all() == []
        assert not [name for name in inspect(tx.conn).get_table_names() if name.endswith("__shadow")]
    room.note("k1", "later")
    assert model(room)["k1"] == 3


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A query, a transaction, and so a gap, for every stream."""
    monkeypatch.setattr(projections, "FOLD_SECONDS", 0)
    monkeypatch.setattr(projections, "FOLD_EVENTS", 1)


@pytest.mark.usefixtures("slowly")
def test_a_rebuild_that_was_interrupted_can_be_started_again(room: Room) -> None:
    room.open("k1", notes=1)
    room.open("k2", notes=1)
    calls = itertools.count()

    def load(tx: Tx, streams: Sequence[str], reads: frozenset[type] | None) -> Iterator[Recorded]:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return room.store.load_many(tx, streams, reads)

    with pytest.raises(KeyboardInterrupt):
        projections.rebuild(room.db, sample.PROJECTION, load)
    room.note("k1", "meanwhile")
    assert model(room) == {"k1": 2, "k2": 1}
    assert rebuild(room) == 2
    assert model(room) == truth(room)


def test_two_processes_do_not_rebuild_the_same_thing_at_once(room: Room) -> None:
    room.open("k1", notes=1)
    if room.db.is_sqlite:  # one process
        return

    def load(tx: Tx, streams: Sequence[str], reads: frozenset[type] | None) -> Iterator[Recorded]:
        with pytest.raises(Transient, match="by another process"):
            rebuild(room)
        return room.store.load_many(tx, streams, reads)

    assert projections.rebuild(room.db, sample.PROJECTION, load) == 1
    assert rebuild(room) == 1


def test_a_rebuild_touches_neither_the_log_nor_the_outbox(room: Room) -> None:
    room.open("k1", notes=3)
    with room.db.read() as tx:
        before = tx.conn.execute(select(tables.OUTBOX)).all(), tx.conn.execute(select(tables.EVENTS)).all()
    rebuild(room)
    with room.db.read() as tx:
        assert before == (tx.conn.execute(select(tables.OUTBOX)).all(), tx.conn.execute(select(tables.EVENTS)).all())


class Interleaved(Database):
    """The same database; between any two transactions of the rebuild, commands of others are let through."""

    def __init__(self, url: str, between: Callable[[], None]) -> None:
        super().__init__(url)
        self._between = between

    @contextmanager
    def write(self, turn: str | None = None) -> Iterator[Tx]:
        with super().write(turn) as tx:
            yield tx
        self._between()


@pytest.mark.parametrize("gap", range(9))
@pytest.mark.usefixtures("slowly")
def test_a_case_that_begins_in_any_gap_of_a_rebuild_is_not_lost(room: Room, gap: int) -> None:
    for number in range(4):
        room.open(f"k{number}", notes=1)
    gaps = itertools.count()

    def between() -> None:
        if next(gaps) == gap:
            room.open("new", notes=1)
        room.note("k0", f"note-{next(gaps)}")
        room.note("k3", f"note-{next(gaps)}")

    db = Interleaved(room.db.url, between)
    rebuild(room, db)
    db.close()
    assert model(room) == truth(room)


@pytest.mark.parametrize("events", [1, 7, projections.FOLD_EVENTS])
def test_rebuild_equals_live_while_commands_go_on(room: Room, events: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projections, "FOLD_EVENTS", events)
    for number in range(10):
        room.open(f"k{number}", notes=2)

    def command(writer: int) -> None:
        for number in range(60):
            room.open(f"w{writer}-{number}")
            again(lambda _, number=number: room.note(f"k{number % 10}", f"w{writer}-{number}"))

    with ThreadPoolExecutor(3) as pool:
        writers = [pool.submit(command, writer) for writer in range(3)]
        folded = [rebuild(room) for _ in range(2)]
        for writer in writers:
            writer.result(60)
    assert folded[0] >= 10
    assert model(room) == truth(room)
    live = model(room)
    rebuild(room)
    assert model(room) == live


def test_a_rebuild_ends_although_cases_never_stop_beginning(room: Room) -> None:
    room.open("k1")
    begun = itertools.count()
    db = Interleaved(room.db.url, lambda: room.open(f"new-{next(begun)}"))
    rebuild(room, db)
    db.close()
    assert model(room) == truth(room)


@settings(max_examples=10, deadline=None)
@given(commands=st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=25))
def test_rebuild_equals_live_after_any_sequence_of_commands(
    commands: list[tuple[str, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    with rooms.furnished(f"sqlite:///{folder}/store.db", folder) as room:
        for number, (key, again) in enumerate(commands):
            if not room.load(key):
                room.open(key)
            room.note(key, "same" if again else f"n{number}")
        live = model(room)
        rebuild(room)
        assert model(room) == live == truth(room)
