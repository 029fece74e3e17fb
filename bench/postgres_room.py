"""PostgreSQL for the benches: the server of `rso-engines` on a folder of the bench's own, one fresh database each time."""

import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from rso_engines.engines import Engines


@contextmanager
def postgres() -> Iterator[str]:
    """The url of the server as its superuser, ending in the superuser's own database. Stopped and gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="rso-bench-") as folder:
        Path(folder).chmod(0o755)
        engines = Engines(Path(folder) / "engines", say=lambda line: print(line, file=sys.stderr))
        engines.up(["postgres"])
        try:
            found = engines.status().postgres
            if found is None:
                raise RuntimeError("PostgreSQL is up, but says no address")
            yield found["url"]
        finally:
            engines.down()


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
