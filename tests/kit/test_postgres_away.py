"""PostgreSQL that goes away, comes back, waits or refuses: what is tried again, what is said, and what is a bug."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import TextClause, insert, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from kit import rooms, sample
from kit.rooms import BACKENDS, Room
from rso_shared.kit import engines, tables
from rso_shared.kit.database import Database
from rso_shared.kit.errors import ConcurrencyConflict, Contended, Transient
from rso_shared.kit.failures import meaning
from rso_shared.kit.retrying import again

pytestmark = pytest.mark.skipif("postgresql" not in BACKENDS, reason="PostgreSQL: RSO_TEST_POSTGRES is not set")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with rooms.database("postgresql", tmp_path) as url, rooms.furnished(url, tmp_path) as room:
        yield room


def restart(room: Room) -> None:
    """Every session of the database but the one that says so is ended, as a restart of the server does."""
    query = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with engines.direct(room.db.url) as connection:
        connection.execute(query)


def test_after_a_restart_no_command_meets_a_dead_connection(room: Room) -> None:
    """Connections that died while they lay in the pool are noticed before anybody is given one."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: room.open(f"k{number}"), range(8)))
        restart(room)
        list(pool.map(lambda number: room.note(f"k{number}", "n1"), range(8)))
    assert all(room.state(f"k{number}").notes == ("n1",) for number in range(8))


def test_a_session_that_ends_in_the_middle_of_a_unit_is_transient_and_leaves_nothing(room: Room) -> None:
    room.open("k1")
    for interrupted in range(3):
        with pytest.raises(Transient), room.db.write() as tx:
            room.store.execute(
                tx, sample.CASE, sample.stream("k1"), sample.AddNote("k1", f"n{interrupted}"), sample.META
            )
            restart(room)
    assert room.state("k1").notes == ()
    room.note("k1", "n9")
    assert room.state("k1").notes == ("n9",)


def test_a_server_that_is_not_there_is_transient() -> None:
    db = Database("postgresql+psycopg://nobody@127.0.0.1:9/nothing")
    with pytest.raises(Transient), db.write():
        pass
    with pytest.raises(Transient), db.read():
        pass
    db.close()


def test_an_exhausted_pool_is_transient(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "POOL_WAIT_SECONDS", 0.05)
    small = Database(room.db.url, pool=1)
    with small.read(), pytest.raises(Transient), small.read():
        pass
    small.close()


def test_a_lock_that_is_not_to_be_had_is_transient(room: Room) -> None:
    room.open("k1")
    update = text("UPDATE sample_cases SET notes = notes + 1")
    with room.db.write() as holder:
        holder.conn.execute(update)
        with pytest.raises(Transient), room.db.write() as waiting:
            waiting.conn.execute(text("SET LOCAL lock_timeout = '50ms'"))
            waiting.conn.execute(update)
    with pytest.raises(Transient), room.db.write() as slow:
        slow.conn.execute(text("SET LOCAL statement_timeout = '50ms'"))
        slow.conn.execute(text("SELECT pg_sleep(10)"))


def test_every_session_has_its_limits(room: Room) -> None:
    with room.db.read() as tx:
        limits = {name: tx.conn.execute(text(f"SHOW {name}")).scalar_one() for name in engines.SESSION}
    assert limits["statement_timeout"] == "30s"
    assert limits["lock_timeout"] == "10s"
    assert limits["idle_in_transaction_session_timeout"] == "1min"


def test_a_deadlock_is_run_again_and_both_take_effect(room: Room) -> None:
    for key in ("a", "b"):
        room.open(key)
    both_hold = threading.Barrier(2)
    tries: list[str] = []

    def unit(first: str, second: str) -> None:
        updates = _updates(first, second)
        with room.db.write() as tx:
            tx.conn.execute(updates[0])
            if len(tries) < 2:
                tries.append(first)
                both_hold.wait(10)
            tx.conn.execute(updates[1])

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(again, lambda _, pair=pair: unit(*pair)) for pair in (("a", "b"), ("b", "a"))]
        for run in runs:
            run.result(20)
    with room.db.read() as tx:
        assert list(tx.conn.execute(select(sample.CASES.c.notes)).scalars()) == [2, 2]


def _updates(*keys: str) -> list[TextClause]:
    return [text(f"UPDATE sample_cases SET notes = notes + 1 WHERE case_id = '{key}'") for key in keys]


def test_a_serialization_failure_is_contended(room: Room) -> None:
    room.open("a")
    with pytest.raises(Contended), room.db.write() as late:
        late.conn.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        late.conn.execute(select(sample.CASES)).all()
        room.note("a", "n1")
        late.conn.execute(text("UPDATE sample_cases SET notes = 9"))


def test_a_bug_stays_what_it_is(room: Room) -> None:
    room.open("k1")
    with pytest.raises(IntegrityError), room.db.write() as tx:
        tx.conn.execute(insert(sample.CASES).values(case_id="k1", notes=0))
    with pytest.raises(ProgrammingError), room.db.write() as tx:
        tx.conn.execute(text("SELEKT 1"))
    with pytest.raises(psycopg.errors.SyntaxError), room.db.write() as tx:
        tx.run("SELEKT 1", ())
    assert meaning(ValueError("no database spoke")) is None


def test_a_schema_that_is_not_there_yet_is_waited_for(room: Room) -> None:
    """A process that starts before `migrate` has run must not call what it cannot read poison."""
    with pytest.raises(Transient), room.db.read() as tx:
        tx.conn.execute(text("SELECT * FROM not_yet_made"))


def test_a_storm_on_one_stream_ends_with_every_writer_done(room: Room) -> None:
    """Whoever lost once waits for a turn; nobody gives up, and nothing is written twice."""
    room.open("k1")
    conflicts: list[str] = []

    def note(number: int) -> None:
        def unit(turn: str | None) -> None:
            try:
                with room.db.write(turn) as tx:
                    room.store.execute(
                        tx, sample.CASE, sample.stream("k1"), sample.AddNote("k1", f"n{number}"), sample.META
                    )
            except ConcurrencyConflict:
                conflicts.append(f"n{number}")
                raise

        again(unit)

    with ThreadPoolExecutor(24) as pool:
        list(pool.map(note, range(96)))
    assert sorted(room.state("k1").notes) == sorted(f"n{number}" for number in range(96))
    assert [row["version"] for row in room.rows("k1")] == list(range(1, 98))
    assert conflicts, "nobody was ever in anybody's way: the storm did not blow"
    with room.db.read() as tx:
        assert len(tx.conn.execute(select(tables.OUTBOX)).all()) == 97
