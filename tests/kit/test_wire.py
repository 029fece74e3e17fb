"""The connection whose hot statements go straight to libpq: what psycopg and the server know of it stays one story."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from kit import rooms
from kit.rooms import BACKENDS
from rso_shared.kit.database import Database, Tx
from rso_shared.kit.engines import direct
from rso_shared.kit.errors import Transient

FIND = "SELECT id, name, data FROM things WHERE id = %s"
ADD = "INSERT INTO things (id, name, data) VALUES (%s, %s, %s)"


pytestmark = pytest.mark.skipif("postgresql" not in BACKENDS, reason="PostgreSQL: RSO_TEST_POSTGRES is not set")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with rooms.database("postgresql", tmp_path) as url:
        yield from _furnished(url)


def _furnished(url: str) -> Iterator[Database]:
    made = Database(url, pool=1)
    with made.write() as tx:
        tx.conn.execute(text("CREATE TABLE things (id integer PRIMARY KEY, name text, data bytea)"))
    yield made
    made.close()


def _elsewhere(db: Database) -> "psycopg.Connection[Any]":
    return direct(db.url)


def _names(tx: Tx) -> set[str]:
    return set(tx.conn.execute(text("SELECT name FROM pg_prepared_statements WHERE name LIKE 'rso_%'")).scalars())


@pytest.mark.parametrize(
    "row",
    [
        (1, "plain", b"\0\xff"),
        (-(2**31), 'quote " and \\ and ü🙂', b""),
        (2**31 - 1, "", None),
        (3, None, b"x" * 70_000),
    ],
)
def test_values_come_back_as_they_went(db: Database, row: tuple[object, ...]) -> None:
    with db.write() as tx:
        assert tx.run(ADD, row) == []
    with db.read() as tx:
        assert tx.run(FIND, (row[0],)) == [row]


def test_a_list_is_one_parameter_whatever_its_texts_hold(db: Database) -> None:
    names = ["", "NULL", "a,b", '"', "\\", "{}", "ü", " "]
    with db.write() as tx:
        for number, name in enumerate([*names, "other"]):
            tx.run(ADD, (number, name, None))
    with db.read() as tx:
        assert tx.run("SELECT name FROM things WHERE name = ANY(%s) ORDER BY id", (names,)) == [
            (name,) for name in names
        ]


def test_a_statement_of_many_values_is_not_kept_on_the_server(db: Database) -> None:
    rows = 60
    many = f"INSERT INTO things (id, name, data) VALUES {', '.join(['(%s, %s, %s)'] * rows)}"
    with db.write() as tx:
        tx.run(many, [value for number in range(rows) for value in (number, "n", None)])
        assert tx.run("SELECT count(*) FROM things", ()) == [(rows,)]
        assert len(_names(tx)) == 1


def test_a_zero_byte_in_a_text_is_refused_and_never_cut_off(db: Database) -> None:
    with pytest.raises(psycopg.DataError), db.write() as tx:
        tx.run(ADD, (1, "before\0after", None))
    with db.read() as tx:
        assert tx.run(FIND, (1,)) == []


def test_prepared_statements_outlive_a_rollback(db: Database) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation), db.write() as tx:
        tx.run(ADD, (1, "a", None))
        tx.run(ADD, (1, "b", None))
    with db.write() as tx:
        before = _names(tx)
        tx.run(ADD, (1, "c", None))
        assert before == _names(tx) != set()
    with db.read() as tx:
        assert tx.run(FIND, (1,)) == [(1, "c", None)]


@pytest.mark.parametrize("change", ["DROP TABLE others", "ALTER TABLE things ADD COLUMN more text", "DEALLOCATE ALL"])
def test_what_psycopg_clears_away_is_prepared_anew(db: Database, change: str) -> None:
    with db.write() as tx:
        tx.conn.execute(text("CREATE TABLE others (id integer)"))
        tx.run(ADD, (1, "a", None))
    with db.write() as tx:
        for _ in range(8):  # until psycopg itself has prepared something, and so has something to clear
            tx.conn.execute(text("SELECT 1"))
        tx.conn.execute(text(change))
        assert tx.run(FIND, (1,)) == [(1, "a", None)]
        tx.run(ADD, (2, "b", None))
        assert len(_names(tx)) == 2


@pytest.mark.parametrize(
    "change", ["DROP TABLE IF EXISTS others", "ALTER TABLE things ADD COLUMN IF NOT EXISTS more text"]
)
def test_what_psycopg_does_not_clear_away_the_second_time_stays(db: Database, change: str) -> None:
    """It looks at what a statement was only when it sees its text for the first time."""
    with db.write() as tx:
        tx.run(ADD, (1, "a", None))
        for _ in range(3):
            for _ in range(8):
                assert tx.conn.execute(text("SELECT 1")).scalar() == 1
            tx.conn.execute(text(change))
            assert tx.run(FIND, (1,)) == [(1, "a", None)]


def test_a_transaction_that_failed_and_was_carried_on_does_not_pass_for_committed(db: Database) -> None:
    told: list[str] = []
    with pytest.raises(psycopg.errors.InFailedSqlTransaction), db.write() as tx:
        tx.after_commit(lambda: told.append("committed"))
        tx.run(ADD, (1, "a", None))
        with pytest.raises(psycopg.errors.UniqueViolation):
            tx.run(ADD, (1, "b", None))
    assert told == []
    with db.read() as tx:
        assert tx.run(FIND, (1,)) == []


def test_both_ways_of_asking_are_one_transaction(db: Database) -> None:
    with db.write() as tx:
        tx.run(ADD, (1, "a", None))
        tx.conn.execute(text("UPDATE things SET name = 'b'"))
        assert tx.run(FIND, (1,)) == [(1, "b", None)]
        with _elsewhere(db) as other:
            assert other.execute("SELECT count(*) FROM things").fetchone() == (0,)


def test_a_line_that_breaks_in_the_middle_is_the_engine_being_away(db: Database) -> None:
    with pytest.raises(Transient), db.write() as tx:
        tx.run(ADD, (1, "a", None))
        with _elsewhere(db) as other:
            (pid,) = tx.run("SELECT pg_backend_pid()", ())[0]
            other.execute("SELECT pg_terminate_backend(%s)", (pid,))
        tx.run(ADD, (2, "b", None))
    with db.read() as tx:
        assert tx.run("SELECT count(*) FROM things", ()) == [(0,)]
