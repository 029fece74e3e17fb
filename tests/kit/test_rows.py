"""What a projection writes with: at once or gathered, it comes to the same, whatever was there before."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Float,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    insert,
    select,
)

from rso_shared.kit.database import Database, Tx
from rso_shared.kit.rows import Gathered, Latest, Rows, Written

METADATA = MetaData()
LINES = Table(
    "lines",
    METADATA,
    Column("book", String),
    Column("line", Integer),
    Column("text", String),
    Column("at", String, nullable=False),
    PrimaryKeyConstraint("book", "line"),
)
SEEN = Table("seen", METADATA, Column("book", String, primary_key=True))
KINDS = Table(
    "kinds",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("day", Date),
    Column("yes", Boolean),
    Column("share", Float),
)
TABLES = {table.name: table for table in (LINES, SEEN, KINDS)}
BEFORE = [{"book": book, "line": line, "text": None, "at": "b"} for book in ("old", "other") for line in (1, 2)]


@pytest.fixture
def db(backend: str) -> Iterator[Database]:
    db = Database(backend)
    yield db
    db.close()


def line(book: str, number: int, at: str = "a", text: str | None = None) -> dict[str, Any]:
    return {"book": book, "line": number, "text": text, "at": at}


def shown(tx: Tx) -> tuple[list[Any], list[Any]]:
    lines = tx.conn.execute(select(LINES).order_by(LINES.c.book, LINES.c.line)).all()
    return [tuple(row) for row in lines], sorted(tx.conn.execute(select(SEEN.c.book)).scalars())


def after(db: Database, make: Callable[[Tx], Rows], *steps: Callable[[Rows], object]) -> tuple[list[Any], list[Any]]:
    with db.write() as tx:
        METADATA.drop_all(tx.conn)
        METADATA.create_all(tx.conn)
        tx.conn.execute(insert(LINES), BEFORE)
        rows = make(tx)
        for step in steps:
            step(rows)
        if isinstance(rows, Gathered):
            rows.write()
        return shown(tx)


def written(tx: Tx) -> Rows:
    return Written(tx, TABLES)


def gathered(tx: Tx) -> Rows:
    return Gathered(tx, TABLES)


BOTH = pytest.mark.parametrize("make", [written, gathered])


@BOTH
def test_rows_are_inserted_updated_and_deleted_by_key(db: Database, make: Callable[[Tx], Rows]) -> None:
    lines, seen = after(
        db, make,
        lambda rows: rows.insert(LINES, line("new", 1), line("new", 2)),
        lambda rows: rows.update(LINES, "new", 2, text="two"),
        lambda rows: rows.delete(LINES, "old", 1),
        lambda rows: rows.put(SEEN, {"book": "new"}),
        lambda rows: rows.put(SEEN, {"book": "new"}),
    )  # fmt: skip
    rest = [("old", 2, None, "b"), ("other", 1, None, "b"), ("other", 2, None, "b")]
    assert lines == [("new", 1, None, "a"), ("new", 2, "two", "a"), *rest]
    assert seen == ["new"]


@BOTH
def test_the_first_column_of_the_key_names_all_its_rows(db: Database, make: Callable[[Tx], Rows]) -> None:
    lines, _ = after(
        db, make, lambda rows: rows.update(LINES, "old", text="all"), lambda rows: rows.delete(LINES, "other")
    )
    assert lines == [("old", 1, "all", "b"), ("old", 2, "all", "b")]


@BOTH
def test_the_latest_stays(db: Database, make: Callable[[Tx], Rows]) -> None:
    lines, _ = after(
        db, make,
        lambda rows: rows.update(LINES, "old", at=Latest("a")),
        lambda rows: rows.update(LINES, "other", at=Latest("c")),
    )  # fmt: skip
    assert [row[3] for row in lines] == ["b", "b", "c", "c"]


@BOTH
def test_what_is_not_there_is_neither_found_nor_changed(db: Database, make: Callable[[Tx], Rows]) -> None:
    found: list[object] = []
    lines, _ = after(
        db, make,
        lambda rows: found.append(rows.get(LINES, "none", 1)),
        lambda rows: rows.update(LINES, "old", 3, text="x"),
        lambda rows: rows.delete(LINES, "none"),
        lambda rows: found.append(rows.get(LINES, "old", 2)),
    )  # fmt: skip
    assert found == [None, {"book": "old", "line": 2, "text": None, "at": "b"}]
    assert len(lines) == len(BEFORE)


@BOTH
def test_a_row_that_is_inserted_twice_is_refused(db: Database, make: Callable[[Tx], Rows]) -> None:
    with pytest.raises(Exception, match=r"twice|UNIQUE|unique"):
        after(db, make, *[lambda rows: rows.insert(LINES, line("new", 1))] * 2)


def test_a_row_that_is_merged_takes_only_the_changes(db: Database) -> None:
    lines, seen = after(
        db, written,
        lambda rows: rows.merge(LINES, {"book": "old", "line": 1, "at": "first"}, {"text": "new"}),
        lambda rows: rows.merge(LINES, {"book": "new", "line": 1, "at": "first"}, {"text": "new"}),
        lambda rows: rows.merge(LINES, {"book": "new", "line": 1, "at": "second"}, {"text": None}),
        lambda rows: [rows.merge(SEEN, {"book": "a"}, {}) for _ in range(2)],
    )  # fmt: skip
    assert [row for row in lines if row[1] == 1] == [
        ("new", 1, None, "first"),
        ("old", 1, "new", "b"),
        ("other", 1, None, "b"),
    ]
    assert seen == ["a"]


def test_days_truth_values_and_fractions_are_written_as_their_columns_want_them(db: Database) -> None:
    row = {"id": 1, "day": date(2026, 2, 28), "yes": True, "share": 0.25}
    nothing = {"id": 2, "day": None, "yes": None, "share": None}

    def step(rows: Rows) -> None:
        rows.insert(KINDS, row, nothing)
        stored = [each._asdict() for each in rows.tx.conn.execute(select(KINDS).order_by(KINDS.c.id))]
        assert stored == [row, nothing]

    after(db, written, step)


BOOKS, NUMBERS, INSTANTS = st.sampled_from(["old", "other", "new"]), st.integers(1, 3), st.sampled_from("abc")
STEPS = st.one_of(
    st.tuples(st.just("put"), BOOKS, NUMBERS, INSTANTS),
    st.tuples(st.just("get"), BOOKS, NUMBERS),
    st.tuples(st.just("update"), BOOKS, NUMBERS, INSTANTS),
    st.tuples(st.just("update_all"), BOOKS, INSTANTS),
    st.tuples(st.just("delete"), BOOKS, NUMBERS),
    st.tuples(st.just("delete_all"), BOOKS),
    st.tuples(st.just("write")),
)


def stepped(step: tuple[Any, ...], found: list[object]) -> Callable[[Rows], object]:  # noqa: PLR0911 - one per kind
    match step:
        case ("put", book, number, at):
            return lambda rows: rows.put(LINES, line(book, number, at))
        case ("get", book, number):
            return lambda rows: found.append(rows.get(LINES, book, number))
        case ("update", book, number, at):
            return lambda rows: rows.update(LINES, book, number, at=Latest(at), text=at)
        case ("update_all", book, at):
            return lambda rows: rows.update(LINES, book, at=Latest(at))
        case ("delete", book, number):
            return lambda rows: rows.delete(LINES, book, number)
        case ("delete_all", book):
            return lambda rows: rows.delete(LINES, book)
    return lambda rows: rows.write() if isinstance(rows, Gathered) else None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=12))
def test_gathered_is_what_is_written_at_once(db: Database, steps: list[tuple[Any, ...]]) -> None:
    told: tuple[list[object], list[object]] = ([], [])
    here, there = (
        after(db, make, *[stepped(step, found) for step in steps])
        for make, found in zip((written, gathered), told, strict=True)
    )
    assert here == there
    assert told[0] == told[1]
