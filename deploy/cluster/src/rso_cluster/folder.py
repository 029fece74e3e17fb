"""The data folder of a cluster on one machine: a deployment's folder like the one-machine form's, and what only the cluster has."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rso_onebox.datadir import DataDir, DataDirError
from rso_shared.kit.names import SERVICES

OPEN_TO_PASS, PRIVATE = 0o711, 0o700


@dataclass(frozen=True, slots=True)
class Folder:
    data: DataDir

    @property
    def root(self) -> Path:
        return self.data.root

    @property
    def engines(self) -> Path:
        return self.root / "engines"

    @property
    def logs(self) -> Path:
        return self.root / "log"

    @property
    def ingress(self) -> Path:
        """What the ingress was given: its configuration, routes, and the documents that `front` serves."""
        return self.root / "ingress"

    @property
    def processes(self) -> Path:
        return self.root / "run" / "processes.json"

    @property
    def paused(self) -> Path:
        """One empty file for each engine that was taken away on purpose, and is not to be brought back."""
        return self.root / "run" / "paused"

    @property
    def ports(self) -> Path:
        return self.root / "run" / "ports.json"

    @property
    def armed(self) -> Path:
        """Which crash points the processes were started with: for tests, and not there otherwise."""
        return self.root / "run" / "armed.json"

    @property
    def crashes(self) -> Path:
        """One line for each end at a crash point."""
        return self.root / "run" / "crashes"

    @property
    def cut_off(self) -> Path:
        """Who was killed by the last stop because it did not finish in time; not there where all ended in order."""
        return self.root / "run" / "cut-off"

    def blobs(self, short: str) -> Path:
        return self.data.service(short) / "blobs"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def prepare(self) -> None:
        """Makes what is missing. A cluster runs on wall time: it is never a sandbox."""
        self.root.mkdir(parents=True, exist_ok=True, mode=OPEN_TO_PASS)
        if (self.engines / "postgres").exists() and not (self.root / "secrets" / "master.key").exists():
            raise DataDirError(
                f"{self.root / 'secrets' / 'master.key'} is missing, but the databases it opens are there. "
                "Put the key back; without it nothing opens."
            )
        if self.data.prepare(sandbox=False):
            raise DataDirError(
                f"{self.root} was created as a sandbox; a cluster runs on wall time. Use another folder."
            )
        for folder in (
            self.logs,
            self.ingress,
            self.processes.parent,
            self.paused,
            *(self.blobs(s.short) for s in SERVICES),
        ):
            folder.mkdir(parents=True, exist_ok=True)
        self._close()

    def _close(self) -> None:
        """Under root PostgreSQL runs as a user of its own, who has to pass through to its folder; all else stays ours."""
        self.root.chmod(OPEN_TO_PASS)
        for folder in self.root.iterdir():
            if folder.is_dir() and folder != self.engines:
                folder.chmod(PRIVATE)


@dataclass(frozen=True, slots=True)
class Running:
    """One process as it runs now. `restarts` counts how often it came back; `pid` is None while it waits to."""

    name: str
    service: str
    role: str
    pid: int | None
    port: int | None
    restarts: int


def write_running(path: Path, everyone: list[Running]) -> None:
    """Whole or not at all: others read it at any moment."""
    aside = path.with_suffix(".tmp")
    aside.write_text(json.dumps([asdict(one) for one in everyone], indent=1) + "\n")
    aside.rename(path)


def read_running(path: Path) -> list[Running]:
    """Every process of the cluster that runs on this folder; empty where none was started."""
    found: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
    return [Running(**one) for one in found]
