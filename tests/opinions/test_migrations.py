"""The migrations make the tables that the code works with."""

from pathlib import Path

from sqlalchemy import inspect

import rso_opinions
from rso_opinions.app import SPEC
from rso_shared.kit.database import Database
from rso_shared.kit.migrate import migrate

VERSIONS = Path(rso_opinions.__file__).parent / "migrations" / "versions"


def test_the_schema_is_the_codes(tmp_path):
    db = Database(f"sqlite:///{tmp_path / 'store.db'}")
    assert migrate(db, VERSIONS)
    with db.read() as tx:
        found = inspect(tx.conn)
        for table in SPEC.metadata.sorted_tables:
            assert {one["name"] for one in found.get_columns(table.name)} == set(table.columns.keys())
            assert {one["name"] for one in found.get_indexes(table.name)} == {one.name for one in table.indexes}
    db.close()
