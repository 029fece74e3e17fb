"""PostgreSQL for the benches: one fresh database each time, on the server of `engine_room`."""

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import engine_room
import psycopg

CLEANING = "SELECT FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'"


@contextmanager
def postgres() -> Iterator[str]:
    """The url of the server as its superuser, ending in the superuser's own database."""
    with engine_room.provided("postgres"):
        yield engine_room.libpq(engine_room.postgres())


@contextmanager
def database(server: str) -> Iterator[str]:
    """A libpq url of an empty database."""
    name = f"bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield server.rsplit("/", 1)[0] + f"/{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def settled(dsns: Sequence[str]) -> None:
    """Returns when the server has nothing left to do of what was copied into these: statistics, dirty pages, a vacuum under way."""
    for dsn in dsns:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")
    with psycopg.connect(dsns[0], autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        while connection.execute(CLEANING).fetchall():
            time.sleep(1)
