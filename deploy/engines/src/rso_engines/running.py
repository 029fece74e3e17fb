"""Runs one command, such as the tests, while engines are up on a folder of their own, and stops them whatever happens."""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rso_engines.engines import Engines
from rso_engines.errors import EngineError
from rso_engines.fetching import Say
from rso_engines.status import Status
from rso_engines.users import may, unprivileged

_FOLDER = "one-run"


def run(data: Path, names: Sequence[str], command: Sequence[str], say: Say) -> int:
    """The command's exit code. An engine that cannot be had is left out; the command is told why."""
    if not command:
        raise EngineError("run needs a command: rso-engines run … -- COMMAND")
    place = _open_to_all(data, say)
    with _alone(place, say), _orderly_end():
        engines = Engines(place / _FOLDER, say=say, install=False)
        _stop(engines)
        shutil.rmtree(place / _FOLDER, ignore_errors=True)
        try:
            missing = _start(engines, names, say)
            there = [name for name in names if name not in missing]
            return _call(command, {**os.environ, **told(engines.status(), there, missing)})
        finally:
            _stop(engines)


def _stop(engines: Engines) -> None:
    """Also what an earlier run left, when it was killed itself."""
    left = [name for name, each in engines.status().engines.items() if each.pid]
    if left:
        engines.down(left)


def told(status: Status, there: Sequence[str], missing: Mapping[str, str]) -> dict[str, str]:
    """RSO_TEST_<ENGINE> is where it is; RSO_TEST_<ENGINE>_MISSING is why it is not."""
    postgres = status.postgres
    places = {
        "kafka": status.kafka,
        "postgres": str(postgres["url"]).replace("postgresql://", "postgresql+psycopg://") if postgres else None,
        "temporal": status.temporal,
    }
    found = {f"RSO_TEST_{name.upper()}": str(places[name]) for name in there}
    return {**found, **{f"RSO_TEST_{name.upper()}_MISSING": why for name, why in missing.items()}}


def _start(engines: Engines, names: Sequence[str], say: Say) -> dict[str, str]:
    """Why an engine is not there, for each that is not. Whatever the reason, the command runs without it and can say so."""
    missing = {}
    for name in names:
        try:
            engines.up([name])
        except (EngineError, OSError, subprocess.SubprocessError) as failure:
            missing[name] = " ".join(str(failure).split())
            say(f"without {name}: {missing[name]}")
    return missing


def _open_to_all(data: Path, say: Say) -> Path:
    """The folder itself, or one among the temporary files where PostgreSQL's user cannot enter it."""
    data.mkdir(parents=True, exist_ok=True)
    owner = unprivileged()
    if owner is None or may(owner, "-x", data):
        return data
    instead = Path(tempfile.gettempdir()) / f"rso-engines-{zlib.crc32(str(data.resolve()).encode()):08x}"
    instead.mkdir(exist_ok=True)
    if instead.stat().st_uid != os.geteuid():
        raise EngineError(f"{instead} belongs to another user")
    say(f"user {owner.name} may not enter {data}: using {instead}")
    return instead


def _call(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Ctrl-C reaches the command too: it is left time to end by itself."""
    process = subprocess.Popen(command, env=dict(environ))
    try:
        return process.wait()
    except KeyboardInterrupt:
        return process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


@contextmanager
def _alone(data: Path, say: Say) -> Iterator[None]:
    """Two runs on one folder come one after the other."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another run on {data}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _orderly_end() -> Iterator[None]:
    """SIGTERM ends us like Ctrl-C, through every `finally`."""
    before = {each: signal.signal(each, _leave) for each in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _leave(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)
