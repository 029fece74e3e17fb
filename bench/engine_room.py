"""The engines of the benches: those that RSO_TEST_POSTGRES and RSO_TEST_KAFKA name, else `rso-engines` on a folder of their own.

`provided` is entered once around everything (`bench/__main__.py`) or by a bench that runs alone; inside, it is entered for nothing.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from rso_engines.engines import KINDS, Engines
from rso_engines.errors import EngineError
from rso_engines.running import told


class MissingEngineError(Exception):
    """A bench cannot run here; the message says why."""


@contextmanager
def provided(*names: str) -> Iterator[None]:
    """Every named engine runs inside, or RSO_TEST_<ENGINE>_MISSING says why it cannot be had. Stopped and gone afterwards."""
    wanted = [name for name in names if not (os.environ.get(_variable(name)) or os.environ.get(_missing(name)))]
    with ExitStack() as stack:
        if wanted:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rso-bench-")))
            folder.chmod(0o755)
            engines = Engines(folder / "engines", say=lambda line: print(line, file=sys.stderr))
            stack.callback(lambda: engines.down([name for name, each in engines.status().engines.items() if each.pid]))
            stack.enter_context(_environment(_started(engines, wanted)))
        yield


def all_to_be_had(folder: Path) -> None:
    """For who starts engines of his own in that folder: fetches or builds every one, or raises MissingEngineError."""
    engines = Engines(folder, say=lambda line: print(line, file=sys.stderr))
    for name in KINDS:
        try:
            engines.provide(name)
        except (EngineError, OSError) as failure:
            raise MissingEngineError(f"no {name} here: {' '.join(str(failure).split())}") from failure


def postgres() -> URL:
    """The superuser's url, for SQLAlchemy."""
    return make_url(_address("postgres")).set(drivername="postgresql+psycopg")


def libpq(url: str | URL) -> str:
    """The same url as psycopg alone reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def kafka() -> tuple[str, ...]:
    return tuple(_address("kafka").split(","))


def _address(name: str) -> str:
    found = os.environ.get(_variable(name))
    if not found:
        raise MissingEngineError(f"no {name} here: {os.environ.get(_missing(name), _variable(name) + ' is not set')}")
    return found


def _started(engines: Engines, names: list[str]) -> dict[str, str]:
    missing = {}
    for name in names:
        try:
            engines.up([name])
        except (EngineError, OSError) as failure:
            missing[name] = " ".join(str(failure).split())
    return told(engines.status(), [name for name in names if name not in missing], missing)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]


def _variable(name: str) -> str:
    return f"RSO_TEST_{name.upper()}"


def _missing(name: str) -> str:
    return f"{_variable(name)}_MISSING"
