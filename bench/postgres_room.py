"""PostgreSQL for the benches: one fresh database each time, on the server of `engine_room`."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import engine_room
import psycopg


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
