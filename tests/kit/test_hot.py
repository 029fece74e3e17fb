"""Hot statements: what SQLAlchemy would have sent, on each kind of database, with whatever stands in the values."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Boolean, Column, Integer, MetaData, String, Table, bindparam, insert, select, update

from rso_shared.kit.database import Database
from rso_shared.kit.hot import Hot

METADATA = MetaData()
NOTES = Table(
    "hot_notes",
    METADATA,
    Column("note", String, primary_key=True),
    Column("number", Integer),
    Column("open", Boolean, nullable=False),
)
ADD = Hot(insert(NOTES).values({column.name: bindparam(column.name) for column in NOTES.columns}))
OPEN = Hot(
    select(NOTES.c.note, NOTES.c.number).where(NOTES.c.open, NOTES.c.number < bindparam("less")).order_by(NOTES.c.note)
)
FIRST = Hot(select(NOTES.c.note).order_by(NOTES.c.note).limit(1))
RAISE = Hot(update(NOTES).where(NOTES.c.note == bindparam("of")).values(number=NOTES.c.number + bindparam("by")))


@pytest.fixture
def db(backend: str) -> Iterator[Database]:
    db = Database(backend)
    with db.write() as tx:
        METADATA.drop_all(tx.conn)
        METADATA.create_all(tx.conn)
    yield db
    db.close()


def test_rows_come_back_as_they_were_given_and_fixed_values_stay(db: Database) -> None:
    odd = ["100 %s", "a ? b", "quote ' and \" and \\", "ärztlich", "%(note)s"]
    with db.write() as tx:
        for number, note in enumerate(odd):
            ADD.run(tx, note=note, number=number, open=True)
        ADD.run(tx, note="closed", number=0, open=False)
        ADD.run(tx, note="unknown", number=None, open=True)
        assert OPEN.run(tx, less=4) == sorted((note, number) for number, note in enumerate(odd) if number < 4)
        assert FIRST.run(tx) == [("%(note)s",)]
        assert tx.conn.execute(select(NOTES.c.number).where(NOTES.c.note == "unknown")).scalar_one() is None


def test_it_stands_in_the_transaction_of_its_neighbours(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.write() as tx:
        tx.conn.execute(insert(NOTES).values(note="a", number=1, open=True))
        RAISE.run(tx, of="a", by=2)
        assert OPEN.run(tx, less=9) == [("a", 3)]
        raise ZeroDivisionError
    with db.read() as tx:
        assert FIRST.run(tx) == []


def test_a_value_that_is_missing_is_named(db: Database) -> None:
    with pytest.raises(KeyError, match="less"), db.read() as tx:
        OPEN.run(tx)
