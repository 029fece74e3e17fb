"""The engines under the services: started with a database and a role for each, and brought back when one ends."""

import subprocess
import threading
from collections.abc import Callable, Mapping

from rso_cluster.folder import Folder
from rso_engines.engines import NEEDS, Engines
from rso_engines.errors import EngineError
from rso_engines.status import Status
from rso_shared.kit.names import SERVICES

LOOK_SECONDS = 2.0
QUICKEST_FIRST = ("postgres", "temporal", "kafka")
"""In this order: those that everybody waits for do not wait for the slowest."""
SCHEME, SQLALCHEMY = "postgresql://", "postgresql+psycopg://"
Say = Callable[[str], None]


def start(folder: Folder, say: Say) -> Status:
    for mark in folder.paused.iterdir():
        mark.unlink()
    return Engines(folder.engines, say=say).up(databases=[service.database for service in SERVICES])


def stop(folder: Folder, say: Say) -> None:
    Engines(folder.engines, say=say).down()


def pause(folder: Folder, name: str, say: Say) -> None:
    """Takes one engine away and keeps it away: what the services do without it is to be seen."""
    (folder.paused / name).touch()
    Engines(folder.engines, say=say).down([name])


def resume(folder: Folder, name: str, say: Say) -> None:
    Engines(folder.engines, say=say).up([name])
    (folder.paused / name).unlink(missing_ok=True)


def databases(status: Status) -> dict[str, str]:
    """Every database of the services, by name, as SQLAlchemy takes its url."""
    postgres = status.postgres
    if postgres is None:
        raise EngineError("PostgreSQL has no address yet")
    roles: Mapping[str, Mapping[str, Mapping[str, str]]] = postgres["roles"]
    return {
        name: url.replace(SCHEME, SQLALCHEMY, 1)
        for service in SERVICES
        for name, url in roles[service.database]["databases"].items()
    }


class Watch:
    """Brings back an engine that was killed or that broke, unless it was paused, on a thread of its own: services wait for it meanwhile."""

    def __init__(self, folder: Folder, say: Say) -> None:
        self._engines, self._say, self._paused = Engines(folder.engines, say=say), say, folder.paused
        self._told = threading.Event()
        self._thread = threading.Thread(target=self._run, name="engines", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._told.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._told.wait(LOOK_SECONDS):
            for name in ended(self._engines.status()):
                if not (self._paused / name).exists():
                    self._bring_back(name)

    def _bring_back(self, name: str) -> None:
        """Not waited for: another one may end meanwhile, and this one may need it."""
        self._say(f"{name} ended and is started again")
        try:
            self._engines.revive(name)
        except (EngineError, OSError, subprocess.SubprocessError) as problem:  # tried again at the next look
            self._say(f"{name}: {problem}")


def ended(status: Status) -> list[str]:
    """Those to be started now: what one needs comes first, and has to answer."""
    up = set(status.running())
    return [
        name
        for name in QUICKEST_FIRST
        if status.engines[name].state == "stopped" and up.issuperset(NEEDS.get(name, ()))
    ]
