"""Keys and access log have revisions of their own: made by them alone, brought up to date without loss, compared with the code."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import MetaData, insert, inspect, select, text
from sqlalchemy.schema import CreateSchema

from kit.rooms import MASTER
from rso_shared.kit import access_log, keys, migrate
from rso_shared.kit.access_log import Access, AccessLog, broken_at
from rso_shared.kit.database import Database
from rso_shared.kit.keys import KeyRing


@dataclass(frozen=True, slots=True)
class Kind:
    tree: migrate.Tree
    metadata: Callable[[Database], MetaData]
    table: str
    column: str


KINDS = (
    Kind(migrate.KEYS, lambda _db: keys.METADATA, "person_keys", "created_at"),
    Kind(migrate.ACCESS, lambda db: access_log.tables(sqlite=db.is_sqlite).metadata, "access_log", "entry"),
)
EACH = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.table)


@pytest.fixture
def db(backend: str) -> Iterator[Database]:
    db = Database(backend)
    yield db
    db.close()


def place(db: Database, kind: Kind) -> str:
    schema = kind.tree.schema_in(db)
    return f"{schema}.{kind.table}" if schema else kind.table


def look(number: int) -> Access:
    return Access(
        at="2026-03-02T15:00:00.000000Z", subject=f"user-{number}", role="specialist", organisation_id="operator",
        case_id="k1", person_id="p1", what="report", purpose="care", request_id=f"r-{number}",
    )  # fmt: skip


def from_before(db: Database, kind: Kind) -> None:
    """As it was made while there were no revisions: straight from the code's tables."""
    schema = kind.tree.schema_in(db)
    with db.write() as tx:
        if schema:
            tx.conn.execute(CreateSchema(schema))
        kind.metadata(db).create_all(tx.conn)


@EACH
def test_nothing_is_left_to_generate(db: Database, kind: Kind) -> None:
    assert migrate.prepare(db, kind.tree)
    assert migrate.drift_apart(db, kind.tree, kind.metadata(db)) == []
    assert not migrate.prepare(db, kind.tree)


@EACH
def test_a_drift_is_seen(db: Database, kind: Kind) -> None:
    migrate.prepare(db, kind.tree)
    with db.write() as tx:
        tx.conn.execute(text(f"ALTER TABLE {place(db, kind)} DROP COLUMN {kind.column}"))
        tx.conn.execute(text(f"CREATE TABLE {place(db, kind)}_forgotten (id INTEGER)"))
    told = " ".join(migrate.drift_apart(db, kind.tree, kind.metadata(db)))
    assert kind.column in told
    assert f"{kind.table}_forgotten" in told


@EACH
def test_a_column_can_be_added(db: Database, kind: Kind, tmp_path: Path) -> None:
    migrate.prepare(db, kind.tree)
    before = max(kind.tree.shipped())
    (tmp_path / f"{before[:-1]}2.py").write_text(
        f'from alembic import op\nimport sqlalchemy as sa\nrevision, down_revision = "{before[:-1]}2", "{before}"\n'
        "branch_labels = depends_on = None\ndef upgrade():\n"
        f'    op.add_column("{kind.table}", sa.Column("more", sa.Text), schema=op.get_context().version_table_schema)\n'
    )
    later = replace(kind.tree, folders=(*kind.tree.folders, tmp_path))
    assert migrate.prepare(db, later)
    with db.read() as tx:
        columns = inspect(tx.conn).get_columns(kind.table, schema=kind.tree.schema_in(db))
    assert "more" in {column["name"] for column in columns}


@EACH
def test_a_database_from_before_there_were_revisions_is_like_a_new_one(db: Database, kind: Kind) -> None:
    from_before(db, kind)
    assert migrate.prepare(db, kind.tree)
    assert migrate.drift_apart(db, kind.tree, kind.metadata(db)) == []


def test_keys_from_before_open_what_they_sealed_and_who_is_gone_stays_gone(
    db: Database, backend: str, tmp_path: Path
) -> None:
    from_before(db, KINDS[0])
    url = f"sqlite:///{tmp_path}/other.db"
    with closing(KeyRing(url, MASTER, "sample")) as other, closing(Database(url)) as rows:
        sealed = other.seal("ada", b"Ada", b"place")
        other.destroy("bob")
        with rows.read() as there, db.write() as here:
            here.conn.execute(
                insert(keys.KEYS), [dict(row) for row in there.conn.execute(select(keys.KEYS)).mappings()]
            )
    with closing(KeyRing(backend, MASTER, "sample")) as ring:
        ring.prepare()
        assert ring.unseal("ada", sealed, b"place") == b"Ada"
        assert ring.destroyed() == {"bob"}


def test_a_log_from_before_keeps_its_entries_and_its_chain(db: Database, backend: str) -> None:
    from_before(db, KINDS[1])
    tables = access_log.tables(sqlite=db.is_sqlite)
    with db.write() as tx:
        tx.conn.execute(insert(tables.log), list(access_log.chained(0, access_log.FIRST_HASH, [look(1)])))
    with closing(AccessLog(backend)) as log:
        log.prepare()
        log.record(look(2))
        assert [entry.subject for entry in log.entries()] == ["user-1", "user-2"]
    assert broken_at(backend) is None


@EACH
def test_two_at_once_prepare_once(db: Database, backend: str, kind: Kind) -> None:
    """Also on SQLite: whoever opens a new file first makes its tables, and an api and a consumer may open it together."""
    others = [Database(backend) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(migrate.prepare, other, kind.tree) for other in others]
        done = [run.result(60) for run in runs]
    assert any(done)
    for other in others:
        other.close()
    assert migrate.drift_apart(db, kind.tree, kind.metadata(db)) == []
