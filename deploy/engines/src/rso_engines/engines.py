"""All engines on one data folder: what the command calls, and what tests, benches and the killer import."""

import os
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rso_engines import secret_file
from rso_engines.datadir import DataDir
from rso_engines.engine import Engine
from rso_engines.errors import EngineError
from rso_engines.fetching import Say
from rso_engines.kafka import Kafka
from rso_engines.ports import assign, remembered
from rso_engines.postgres import Postgres
from rso_engines.postgres_config import SUPERUSER, checked
from rso_engines.status import EngineStatus, Status
from rso_engines.supervising import Supervisor
from rso_engines.temporal import Temporal
from rso_engines.temporal_config import DATABASES, ROLE

KINDS: dict[str, type[Engine]] = {kind.name: kind for kind in (Kafka, Postgres, Temporal)}
"""In the order of starting; they are stopped in the opposite one."""
NEEDS = {"temporal": ("postgres",)}


def ordered(names: Iterable[str], *, needed: bool = False) -> list[str]:
    """Every engine for an empty list; with `needed` also those that the named ones cannot do without."""
    named = list(names) or list(KINDS)
    strangers = sorted(set(named) - set(KINDS))
    if strangers:
        raise EngineError(f"there is no engine named {', '.join(strangers)}; there are {', '.join(KINDS)}")
    wanted = {*named, *(each for name in named if needed for each in NEEDS.get(name, ()))}
    return [name for name in KINDS if name in wanted]


class Engines:
    """`ports` fixes ports by name; without it an engine keeps the one of last time, or gets a free one.

    `install` lets root install Debian packages; everything else that is fetched goes into the cache folder.
    """

    def __init__(
        self,
        data_dir: Path | str,
        *,
        ports: Mapping[str, int] | None = None,
        environ: Mapping[str, str] = os.environ,
        say: Say = lambda _: None,
        install: bool = True,
    ) -> None:
        self.data = DataDir.at(data_dir)
        self._wanted = dict(ports or {})
        self._environ = environ
        self._say = say
        self._install = install

    def up(self, names: Iterable[str] = (), databases: Sequence[str] = ()) -> Status:
        """Provides and starts the named engines and what they need. One that runs is left as it is."""
        starting = ordered(names, needed=True)
        with self.data.locked():
            self._remember_roles(databases, starting)
            for name in starting:
                self._engine(name).provide()
            for name in starting:
                self._up(name)
        return self.status()

    def provide(self, name: str) -> None:
        """Fetches or builds what the engine and what it needs consist of; raises EngineError where that cannot be."""
        for each in ordered([name], needed=True):
            self._engine(each).provide()

    def down(self, names: Iterable[str] = ()) -> Status:
        with self.data.locked():
            for name in reversed(ordered(names)):
                stopped = self._supervisor(name).down()
                self._say(f"{name} stopped" if stopped else f"{name} was not running")
        return self.status()

    def kill(self, name: str) -> bool:
        """SIGKILL, also in the middle of somebody's command: a machine that fails waits for nobody. False when it was not running."""
        return self._supervisor(*ordered([name])).kill()

    def revive(self, name: str) -> bool:
        """Starts one that was up before and has ended, and does not wait for it: `status` tells when it answers. False where it runs."""
        (engine,) = ordered([name])
        with self.data.locked():
            return Supervisor(self._engine(engine), self._own_ports(engine)).revive()

    def restart(self, name: str) -> Status:
        """After a kill too: the same data, the same port."""
        with self.data.locked():
            self._supervisor(*ordered([name])).down()
        return self.up([name])

    def status(self) -> Status:
        return Status(str(self.data.root), {name: self._status(name) for name in KINDS}, secret_file.load(self.data))

    def log_end(self, name: str, lines: int) -> str:
        return self._supervisor(*ordered([name])).log_end(lines)

    def _up(self, name: str) -> None:
        ports = assign(self.data, self._ports_of(name), random.SystemRandom())
        started = Supervisor(self._engine(name), ports).up()
        self._say(f"{name} is up on {Engine.address(ports[name])}" + ("" if started else " (it was running already)"))

    def _ports_of(self, name: str) -> dict[str, int]:
        """A running engine keeps its ports, whatever is wanted now."""
        running = self._supervisor(name).pid() is not None
        return {each: 0 if running else self._wanted.get(each, 0) for each in KINDS[name].port_names}

    def _own_ports(self, name: str) -> dict[str, int]:
        """Those of last time; the others' are in use."""
        ports = remembered(self.data)
        return {each: ports[each] for each in KINDS[name].port_names}

    def _status(self, name: str) -> EngineStatus:
        watched = self._supervisor(name)
        pid = watched.pid()
        state = "stopped" if pid is None else "running" if watched.healthy() else "not answering"
        return EngineStatus(name, state, pid, watched.ports.get(name), str(self.data.log(name)))

    def _supervisor(self, name: str) -> Supervisor:
        return Supervisor(self._engine(name), remembered(self.data))

    def _engine(self, name: str) -> Engine:
        return KINDS[name](self.data, self._environ, self._say, install=self._install)

    def _remember_roles(self, databases: Sequence[str], starting: Sequence[str]) -> None:
        roles: dict[str, Sequence[str]] = {
            SUPERUSER: (),
            **secret_file.of_services([checked(each) for each in databases]),
        }
        if "temporal" in starting:
            roles[ROLE] = DATABASES
        secret_file.ensure(self.data, roles)
