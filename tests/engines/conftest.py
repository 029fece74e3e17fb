"""A data folder that PostgreSQL's user may enter: pytest's own are closed to everyone else."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from rso_engines.engines import Engines

Starting = Callable[[str], Engines]


@contextmanager
def folder_open_to_all() -> Iterator[Engines]:
    folder = Path(tempfile.mkdtemp(prefix="rso-engines-test-"))
    folder.chmod(0o755)
    made = Engines(folder, say=print, install=False)
    yield made
    made.down()
    shutil.rmtree(folder)


def started(engines: Engines, name: str) -> Engines:
    """Where `make test` found that it can be had; test_engines.py of the kit says why it could not."""
    variable = f"RSO_TEST_{name.upper()}"
    if variable not in os.environ:
        pytest.skip(f"{name}: {os.environ.get(f'{variable}_MISSING', f'{variable} is not set')}")
    engines.up([name], ["rso_one", "rso_two"])
    return engines


@pytest.fixture
def starting() -> Iterator[Starting]:
    """For tests that kill: an engine of their own."""
    with folder_open_to_all() as engines:
        yield partial(started, engines)


@pytest.fixture(scope="module")
def standing() -> Iterator[Engines]:
    """A PostgreSQL that the tests of one file share, since none of them stops it."""
    with folder_open_to_all() as engines:
        yield started(engines, "postgres")
