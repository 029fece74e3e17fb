"""Every service's migrations make exactly the tables that its code works with, on each kind of database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, text

from rso_onebox.box import MODULES
from rso_shared.kit import migrate, tables
from rso_shared.kit.database import Database
from rso_shared.kit.errors import Transient

EACH_SERVICE = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.SPEC.name.short)


@pytest.fixture
def db(backend: str) -> Iterator[Database]:
    db = Database(backend)
    yield db
    db.close()


def versions(module: Any) -> Path:
    return Path(module.__file__).parent / "migrations" / "versions"


@EACH_SERVICE
def test_nothing_is_left_to_generate(db: Database, module: Any) -> None:
    assert migrate.migrate(db, versions(module))
    assert migrate.drift(db, module.SPEC.metadata) == []
    assert not migrate.migrate(db, versions(module))


def test_a_drift_is_seen(db: Database) -> None:
    migrate.migrate(db, versions(MODULES[0]))
    with db.write() as tx:
        tx.conn.execute(text("ALTER TABLE outbox DROP COLUMN created_at"))
        tx.conn.execute(text("DROP INDEX facts_by_key"))
    more = MetaData()
    Table("forgotten", more, Column("id", Integer, primary_key=True), Column("name", String))
    told = " ".join(migrate.drift(db, more))
    assert "forgotten" in told
    assert "created_at" in told
    assert "facts_by_key" in told


def test_the_first_revision_is_brought_up_to_date_with_what_it_holds(db: Database, tmp_path: Path) -> None:
    first = tmp_path / "kit" / "versions"
    first.mkdir(parents=True)
    (first / "kit_0001.py").write_text((migrate.KIT_VERSIONS / "kit_0001.py").read_text())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "KIT_VERSIONS", first)
        migrate.migrate(db, tmp_path)
    with db.write() as tx:
        row = {"event_id": "e", "topic": "t", "key": "k", "headers": "{}", "value": b"", "created_at": "c"}
        tx.conn.execute(tables.OUTBOX.insert().values(**row))
    assert migrate.migrate(db, tmp_path)
    assert migrate.drift(db, MetaData()) == []
    with db.read() as tx:
        assert tx.conn.execute(tables.OUTBOX.select()).one().event_id == "e"


def test_two_at_once_migrate_once(db: Database, backend: str) -> None:
    if db.is_sqlite:  # guarded by the lock of the data folder
        return
    others = [Database(backend) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(migrate.migrate, other, versions(MODULES[0])) for other in others]
        assert any(run.result(60) for run in runs)
    for other in others:
        other.close()
    assert migrate.drift(db, MODULES[0].SPEC.metadata) == []


def test_a_table_in_use_is_not_waited_for_for_ever(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The statement gives up and nothing is changed: everybody else would wait behind it."""
    if db.is_sqlite:
        return
    migrate.migrate(db, tmp_path)
    (tmp_path / "next_0001.py").write_text(
        'from alembic import op\nrevision, down_revision, branch_labels, depends_on = "next_0001", None, ("next",), None\n'
        'def upgrade():\n    op.execute("ALTER TABLE outbox ADD COLUMN more TEXT")\n'
    )
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "100ms")
    with db.read() as tx:
        tx.conn.execute(tables.OUTBOX.select())
        with pytest.raises(Transient):
            migrate.migrate(db, tmp_path)
    assert migrate.migrate(db, tmp_path)
