"""A cluster as a target: every process that its table names, and its engines. The cluster's supervisor brings processes back."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rso_cluster import audit, audit_log, audit_stores, audit_temporal, points
from rso_cluster.audit_model import HEADS_TOPIC, Evidence
from rso_cluster.folder import Folder, Running, read_running
from rso_cluster.topology import PROCESSES
from rso_engines.engines import Engines
from rso_engines.status import Status
from rso_onebox.datadir import DataDir, DataDirError, running
from rso_onebox.temporal_cli import find_temporal_cli
from rso_shared.kit.auth import Issuer

ENGINES = ("kafka", "postgres", "temporal")
BACK_SECONDS, LOOK_SECONDS = 180.0, 0.2
Say = Callable[[str], None]


def is_cluster(data: DataDir) -> bool:
    """Also one that is stopped: no other form is started on its folder."""
    return Folder(data).ports.exists()


@dataclass(frozen=True, slots=True)
class ClusterTarget:
    """A cluster that runs already: `rso cluster up` on the same folder."""

    data: DataDir
    say: Say

    @property
    def address(self) -> str:
        holder = running(self.data)
        if holder is None or not holder.get("address"):
            raise DataDirError(f"Nothing runs on {self.data.root}. Start it with `rso cluster up`.")
        return str(holder["address"])

    @property
    def issuer(self) -> Issuer:
        return self.data.issuer()

    @property
    def name(self) -> str:
        return "cluster"

    @property
    def roles(self) -> Sequence[str]:
        """`intake.api` and so on, replicas together, then the engines: all that the table of processes has."""
        return (*sorted(f"{one.service.short}.{one.role}" for one in PROCESSES), *ENGINES)

    def absent(self) -> list[str]:
        """Roles that nobody plays here: they could not be killed, and a load would not prove a thing about them."""
        here = {f"{one.service}.{one.role}" for one in self._running() if one.service}
        away = [name for name, one in self._engines().status().engines.items() if one.pid is None]
        return [*(role for role in self.roles if role not in here and role not in ENGINES), *away]

    def kill(self, role: str, which: int) -> bool:
        if role in ENGINES:
            return self._kill_engine(role)
        pids = [one.pid for one in self._running() if f"{one.service}.{one.role}" == role and one.pid]
        if not pids:
            return False
        try:
            os.kill(pids[which % len(pids)], signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def points(self) -> dict[str, dict[str, int]]:
        folder = Folder(self.data)
        return points.report(points.armed(folder.armed), folder.crashes)

    def evidence(self, wanted: frozenset[str]) -> Evidence:
        status, stores = self._answering(), self.stores()
        if status.kafka is None or status.temporal is None:
            raise self._no_addresses()
        topics = [*(f"rso.{short}.v1" for short in stores), HEADS_TOPIC]
        return Evidence(
            stores=stores,
            log=asyncio.run(audit_log.of_kafka(status.kafka, topics)),
            mails=list(audit.mails_of(self.data.mail)),
            workflows=audit_temporal.open_cases(find_temporal_cli(say=self.say), status.temporal),
            wanted=wanted,
        )

    def stores(self) -> dict[str, audit_stores.PostgresStore]:
        """Short name -> the service's database, read only."""
        postgres = self._engines().status().postgres
        if postgres is None:
            raise self._no_addresses()
        return {
            name.removeprefix("rso_"): audit_stores.PostgresStore(url)
            for role in postgres["roles"].values()
            for name, url in role["databases"].items()
            if name.startswith("rso_") and not name.endswith("_keys")
        }

    def close(self) -> None:
        """It was not started here."""

    def _no_addresses(self) -> DataDirError:
        return DataDirError(f"the engines of {self.data.root} have no addresses; see `rso-engines status`.")

    def _running(self) -> list[Running]:
        return read_running(Folder(self.data).processes)

    def _engines(self) -> Engines:
        return Engines(Folder(self.data).engines, say=self.say)

    def _kill_engine(self, name: str) -> bool:
        """The cluster's watch brings it back. One that is struck faster than it can start would never be more than starting."""
        engines = self._engines()
        return name in engines.status().running() and engines.kill(name)

    def _answering(self) -> Status:
        """The last kill may be a moment ago: stores, log and workflows are read once all engines are back."""
        end = time.monotonic() + BACK_SECONDS
        while away := set(ENGINES) - set((status := self._engines().status()).running()):
            if time.monotonic() > end:
                raise DataDirError(f"{', '.join(sorted(away))} did not come back within {BACK_SECONDS:.0f} s.")
            time.sleep(LOOK_SECONDS)
        return status
