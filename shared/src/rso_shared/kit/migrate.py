"""Schema. Alembic is loaded only when the stored revisions differ from the shipped ones, and after a copy of the file was made.

On PostgreSQL one process migrates at a time, and none waits longer than 5 s for a lock: a statement that waits for a table makes
everybody else wait behind it. It fails instead, nothing is changed, and it can be run again.
"""

import shutil
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.engine import make_url

import rso_shared.kit
from rso_shared.kit.database import Database, understood
from rso_shared.kit.tables import METADATA

KIT_VERSIONS = Path(rso_shared.kit.__file__).parent / "migrations" / "versions"
SCRIPTS = KIT_VERSIONS.parent
LOCK_TIMEOUT = "5s"


def shipped(versions: Path) -> set[str]:
    """The newest revision of the kit's branch and of the service's own: file names sort in the order they apply."""
    return {
        max(path.stem for path in folder.glob("*.py"))
        for folder in (KIT_VERSIONS, versions)
        if any(folder.glob("*.py"))
    }


def stored(db: Database) -> set[str]:
    with db.read() as tx:
        if not inspect(tx.conn).has_table("alembic_version"):
            return set()
        return set(tx.conn.execute(text("SELECT version_num FROM alembic_version")).scalars())


def migrate(db: Database, versions: Path) -> bool:
    """Brings the schema up to the shipped revisions; True if anything was done. `versions` is the service's migrations/versions."""
    if stored(db) == shipped(versions):
        return False
    _copy_aside(db)
    _upgrade(db, versions)
    return True


def _copy_aside(db: Database) -> None:
    path = Path(make_url(db.url).database or "")
    if db.is_sqlite and path.is_file() and stored(db):
        with db.write() as tx:
            tx.conn.exec_driver_sql("PRAGMA user_version")
            shutil.copy2(path, path.with_suffix(".before-migration"))


def _upgrade(db: Database, versions: Path) -> None:
    from alembic import command  # noqa: PLC0415 - 100 ms that a normal start does not pay
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", f"{KIT_VERSIONS}\n{versions}")
    with understood(), db.writer.begin() as connection:
        if not db.is_sqlite:
            _alone(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "heads")


def _alone(connection: Connection) -> None:
    """A second `migrate` waits here, and then finds everything done."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('rso/migrate', 0))"))
    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))


def drift(db: Database, metadata: MetaData) -> list[str]:
    """What Alembic would still change so that the database is as the code says; `metadata` holds the service's own tables."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - as above
    from alembic.migration import MigrationContext  # noqa: PLC0415

    with db.read() as tx:
        context = MigrationContext.configure(tx.conn, opts={"compare_type": True})
        return [str(difference) for difference in compare_metadata(context, cast("MetaData", [METADATA, metadata]))]
