"""Schema. Alembic is loaded only when the stored revisions differ from the shipped ones, and after a copy of the file was made.

A service's own tables are one tree of revisions; its keys and its access log, which stand elsewhere, are one each.

On PostgreSQL one process migrates at a time, and none waits longer than 5 s for a lock: a statement that waits for a table makes
everybody else wait behind it. It fails instead, nothing is changed, and it can be run again.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateSchema

import rso_shared.kit
from rso_shared.kit.database import Database, understood
from rso_shared.kit.tables import METADATA

KIT_VERSIONS = Path(rso_shared.kit.__file__).parent / "migrations" / "versions"
SCRIPTS = KIT_VERSIONS.parent
LOCK_TIMEOUT = "5s"


@dataclass(frozen=True, slots=True)
class Tree:
    """Revisions that are applied together, and the table where a database says which of them it has. On SQLite there are no schemas."""

    folders: tuple[Path, ...]
    table: str = "alembic_version"
    schema: str | None = None

    def schema_in(self, db: Database) -> str | None:
        return None if db.is_sqlite else self.schema

    def shipped(self) -> set[str]:
        """The newest revision of each branch: file names sort in the order they apply."""
        return {max(path.stem for path in folder.glob("*.py")) for folder in self.folders if any(folder.glob("*.py"))}

    def stored(self, db: Database) -> set[str]:
        schema = self.schema_in(db)
        version = Column("version_num", String)
        with db.read() as tx:
            if not inspect(tx.conn).has_table(self.table, schema=schema):
                return set()
            return set(
                tx.conn.execute(select(Table(self.table, MetaData(), version, schema=schema).c.version_num)).scalars()
            )


def of_service(versions: Path) -> Tree:
    """The kit's branch and the service's own; `versions` is its migrations/versions."""
    return Tree((KIT_VERSIONS, versions))


KEYS = Tree((SCRIPTS / "keys" / "versions",), "keys_alembic_version")
ACCESS = Tree((SCRIPTS / "access" / "versions",), "access_alembic_version", "access")


def migrate(db: Database, versions: Path) -> bool:
    """Brings a service's schema up to the shipped revisions; True if anything was done."""
    return _brought_up(db, of_service(versions), copied=True)


def prepare(db: Database, tree: Tree) -> bool:
    """The same for KEYS or ACCESS, without a copy: a key that is destroyed later must not stand in another file."""
    return _brought_up(db, tree, copied=False)


def _brought_up(db: Database, tree: Tree, *, copied: bool) -> bool:
    if tree.stored(db) == tree.shipped():
        return False
    if copied:
        _copy_aside(db, tree)
    _upgrade(db, tree)
    return True


def _copy_aside(db: Database, tree: Tree) -> None:
    path = Path(make_url(db.url).database or "")
    if db.is_sqlite and path.is_file() and tree.stored(db):
        with db.write() as tx:
            tx.conn.exec_driver_sql("PRAGMA user_version")
            shutil.copy2(path, path.with_suffix(".before-migration"))


def _upgrade(db: Database, tree: Tree) -> None:
    from alembic import command  # noqa: PLC0415 - 100 ms that a normal start does not pay
    from alembic.config import Config  # noqa: PLC0415

    config, schema = Config(), tree.schema_in(db)
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(map(str, tree.folders)))
    config.attributes |= {"version_table": tree.table, "version_table_schema": schema}
    with understood(), db.writer.begin() as connection:
        if not db.is_sqlite:
            _alone(connection)
        if schema is not None:  # before anything else: the table of revisions stands in it too
            connection.execute(CreateSchema(schema, if_not_exists=True))
        config.attributes["connection"] = connection
        command.upgrade(config, "heads")


def _alone(connection: Connection) -> None:
    """A second `migrate` waits here, and then finds everything done."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('rso/migrate', 0))"))
    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))


def drift(db: Database, metadata: MetaData) -> list[str]:
    """What Alembic would still change so that the database is as the code says; `metadata` holds the service's own tables."""
    return _differences(db, [METADATA, metadata], {})


def drift_apart(db: Database, tree: Tree, metadata: MetaData) -> list[str]:
    """The same for KEYS or ACCESS, whose `metadata` is all there is in its schema."""
    schema = tree.schema_in(db)
    named = {"version_table": tree.table, "version_table_schema": schema, "include_schemas": schema is not None}
    mine = {"include_name": lambda name, kind, _parents: kind != "schema" or name == schema}
    return _differences(db, [metadata], named | mine)


def _differences(db: Database, metadata: list[MetaData], opts: dict[str, Any]) -> list[str]:
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - as above
    from alembic.migration import MigrationContext  # noqa: PLC0415

    with db.read() as tx:
        context = MigrationContext.configure(tx.conn, opts={"compare_type": True, **opts})
        return [str(difference) for difference in compare_metadata(context, cast("MetaData", metadata))]
