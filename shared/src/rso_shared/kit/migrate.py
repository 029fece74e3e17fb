"""Schema. Alembic is loaded only when the stored revisions differ from the shipped ones, and after a copy of the file was made."""

import shutil
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.engine import make_url

import rso_shared.kit
from rso_shared.kit.database import Database

KIT_VERSIONS = Path(rso_shared.kit.__file__).parent / "migrations" / "versions"
SCRIPTS = KIT_VERSIONS.parent


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
    with db.writer.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "heads")
