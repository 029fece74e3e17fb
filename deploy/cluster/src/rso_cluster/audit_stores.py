"""The auditor reads the services' tables with its own SQL: SQLite files of one machine, or PostgreSQL databases."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg


class SqliteStore:
    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=30)) as db:
            yield from db.execute(query)


class PostgresStore:
    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://")

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Through a cursor on the server, so that a large log does not have to fit into memory."""
        with psycopg.connect(self._url) as db, db.cursor(name="audit") as cursor:
            cursor.itersize = 5000
            cursor.execute(query.encode())
            yield from cursor


def of_folder(root: Path) -> dict[str, SqliteStore]:
    """One machine's data folder: every `<service>/store.db`."""
    return {path.parent.name: SqliteStore(path) for path in sorted(root.glob("*/store.db"))}
