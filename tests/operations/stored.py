"""Operations on each kind of database that this machine can have: what is counted is counted by it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kit import rooms

from rso_operations.app import SPEC
from support.harness import Harness


@contextmanager
def kept_in(backend: str, folder: Path) -> Iterator[Harness]:
    with rooms.database(backend, folder) as url:
        harness = Harness(SPEC, folder, database_url=url)
        yield harness
        harness.close()
