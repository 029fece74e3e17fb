"""Several writers at once: nothing is lost, nobody sees "database is locked", and a retried unit keeps its ids."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from kit import sample
from kit.rooms import Room
from rso_shared.kit import tables
from rso_shared.kit.errors import ConcurrencyConflict

WRITERS, EACH = 6, 12


def _until_it_fits(work: Callable[[], object]) -> int:
    """As a command does it: the whole unit again when another writer was faster."""
    tries = 1
    while True:
        try:
            work()
        except ConcurrencyConflict:
            tries += 1
        else:
            return tries


def test_writers_on_one_stream_lose_nothing(room: Room) -> None:
    room.open("k1")
    mine = [[f"{writer}-{number}" for number in range(EACH)] for writer in range(WRITERS)]

    def write(notes: list[str]) -> None:
        for note_id in notes:
            _until_it_fits(lambda note_id=note_id: room.note("k1", note_id))

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, mine))
    notes = room.state("k1").notes
    assert sorted(notes) == sorted(note for notes in mine for note in notes)
    assert [row["version"] for row in room.rows("k1")] == list(range(1, WRITERS * EACH + 2))
    for notes_of_one in mine:  # and each writer's own notes stand in the order it wrote them
        assert [note for note in notes if note in notes_of_one] == notes_of_one


def test_read_then_write_never_meets_a_locked_database(room: Room) -> None:
    """Under a plain BEGIN most of these fail however long one waits: the snapshot read first cannot be upgraded."""
    with room.db.write() as tx:
        tx.conn.execute(insert(sample.CASES).values(case_id="counter", notes=0))

    def add(_: int) -> None:
        for _ in range(EACH):
            with room.db.write() as tx:
                query = select(sample.CASES.c.notes)
                query = query if room.db.is_sqlite else query.with_for_update()
                notes = tx.conn.execute(query).scalar_one()
                tx.conn.execute(update(sample.CASES).values(notes=notes + 1))

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(add, range(WRITERS)))
    with room.db.read() as tx:
        assert tx.conn.execute(select(sample.CASES.c.notes)).scalar_one() == WRITERS * EACH


def test_readers_go_on_while_a_writer_holds_its_transaction(room: Room) -> None:
    room.open("k1")
    with room.db.write() as tx, ThreadPoolExecutor(1) as pool:
        room.store.append(tx, sample.stream("k1"), 1, [sample.Touched(case_id="k1")], sample.META)
        assert len(pool.submit(room.load, "k1").result(5)) == 1
    assert len(room.load("k1")) == 2


def test_a_clash_in_the_middle_of_a_unit_undoes_all_of_it_and_the_retry_keeps_its_ids(room: Room) -> None:
    """Two units decide on the same version; the slower one is run again as a whole and appends the ids it came with."""
    room.open("k1")
    both_have_read = threading.Barrier(2, timeout=10)
    tries = []

    def unit(note_id: str, side: str) -> None:
        with room.db.read() as tx:
            version = room.store.fold(tx, sample.CASE, sample.stream("k1")).version
        if not tries.count(note_id):
            tries.append(note_id)
            both_have_read.wait()
        note = sample.NoteAdded(case_id="k1", note_id=note_id, number=version)
        with room.db.write() as tx:
            tx.conn.execute(insert(sample.CASES).values(case_id=side, notes=0))
            room.store.append(tx, sample.stream("k1"), version, [note], sample.META)

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(_until_it_fits, lambda n=n: unit(f"id-{n}", f"side-{n}")) for n in range(2)]
        assert sorted(run.result(20) for run in runs) == [1, 2]
    assert sorted(room.state("k1").notes) == ["id-0", "id-1"]
    with room.db.read() as tx:
        assert tx.conn.execute(select(func.count()).select_from(sample.CASES)).scalar_one() == 3


def test_a_unique_violation_is_caught_outside_of_its_transaction(room: Room) -> None:
    """PostgreSQL aborts the transaction at the violation: going on inside is impossible, so nothing tries."""
    room.open("k1")
    with suppress(IntegrityError), room.db.write() as tx:
        room.store.append(tx, sample.stream("k1"), 1, [sample.Touched(case_id="k1")], sample.META)
        tx.conn.execute(insert(sample.CASES).values(case_id="k1", notes=0))
    assert len(room.load("k1")) == 1
    with room.db.read() as tx:
        assert tx.conn.execute(select(func.count()).select_from(tables.OUTBOX)).scalar_one() == 1
