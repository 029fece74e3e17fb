"""The data folder of one deployment on one machine: what stands where, its secrets, its lock, and whether it is a sandbox."""

import fcntl
import json
import os
import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

from rso_shared.kit.auth import Issuer, make_private_pem
from rso_shared.kit.clock import Clock, SandboxClock, WallClock
from rso_shared.kit.names import SERVICES

ISSUER = "rso-development"
PATIENCE_SECONDS = 0.5


class DataDirError(Exception):
    """The folder cannot be used as it is. The text says what to do."""


@dataclass(frozen=True, slots=True)
class DataDir:
    root: Path

    @property
    def lock_path(self) -> Path:
        return self.root / "rso.lock"

    @property
    def broker(self) -> Path:
        return self.root / "broker" / "broker.db"

    @property
    def temporal(self) -> Path:
        return self.root / "temporal"

    @property
    def mail(self) -> Path:
        return self.root / "mail"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def ledger(self) -> Path:
        """Of the erased. Beside the master key, which no backup of this folder holds either."""
        return self.root / "secrets" / "erased"

    @property
    def log(self) -> Path:
        return self.root / "log" / "rso.log"

    def service(self, short: str) -> Path:
        return self.root / short

    def prepare(self, *, sandbox: bool) -> bool:
        """Makes what is missing. Whether it is a sandbox is decided once and stands for ever; returns what it is."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (self.mail, self.reports, self.root / "secrets"):
            folder.mkdir(exist_ok=True, mode=0o700)
        for folder in (self.broker.parent, self.temporal, self.log.parent, *(self.service(s.short) for s in SERVICES)):
            folder.mkdir(exist_ok=True)
        state = self._state()
        if "sandbox" not in state:
            self._save({"sandbox": sandbox, "clock_offset_seconds": 0.0})
        elif sandbox and not state["sandbox"]:
            raise DataDirError(
                f"{self.root} was created as a live deployment and cannot become a sandbox; use another folder."
            )
        return bool(self._state()["sandbox"])

    def clock(self) -> Clock:
        state = self._state()
        if not state.get("sandbox"):
            return WallClock()
        offset = timedelta(seconds=state["clock_offset_seconds"])
        return SandboxClock(
            offset, lambda moved: self._save({**self._state(), "clock_offset_seconds": moved.total_seconds()})
        )

    def master_key(self) -> str:
        """64 hex digits, made once. Refused when databases exist and the key does not: they could never be read again."""
        path = self.root / "secrets" / "master.key"
        if not path.exists():
            if any(self.service(s.short).joinpath("store.db").exists() for s in SERVICES):
                raise DataDirError(
                    f"{path} is missing, but the databases it opens are there. Put the key back; without it nothing opens."
                )
            _write_secret(path, secrets.token_hex(32).encode())
        return path.read_text().strip()

    def issuer(self) -> Issuer:
        return Issuer(self.issuer_pem(), ISSUER)

    def issuer_pem(self) -> bytes:
        path = self.root / "secrets" / "issuer.pem"
        if not path.exists():
            _write_secret(path, make_private_pem())
        return path.read_bytes()

    def _state(self) -> dict[str, Any]:
        path = self.root / "deployment.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def _save(self, state: dict[str, Any]) -> None:
        aside = self.root / "deployment.json.tmp"
        aside.write_text(json.dumps(state, indent=1) + "\n")
        aside.rename(self.root / "deployment.json")


def _write_secret(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _locked(file: TextIO, patience: float) -> bool:
    """Whoever asks `running` holds the lock for a moment: that is no deployment, so a little patience goes before a refusal."""
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.02)
        else:
            return True


class Lock:
    """One process per data folder. The file says who holds it; the kernel drops the lock when that process is gone."""

    def __init__(self, data: DataDir) -> None:
        self._path = data.lock_path
        self._file: TextIO | None = None

    def acquire(self) -> None:
        file = self._path.open("a+")
        if not _locked(file, PATIENCE_SECONDS):
            holder = running(DataDir(self._path.parent)) or {}
            file.close()
            raise DataDirError(
                f"{self._path.parent} is in use by process {holder.get('pid', '?')} at {holder.get('address', '?')}; "
                "stop it, or choose another folder with --data or RSO_DATA_DIR."
            )
        self._file = file
        self.say("")

    def say(self, address: str, internal: str = "") -> None:
        """Where it answers, outside and between services. Empty while starting."""
        if self._file is None:
            raise RuntimeError("the lock is not held")
        self._file.seek(0)
        self._file.truncate()
        self._file.write(json.dumps({"pid": os.getpid(), "address": address, "internal": internal}))
        self._file.flush()

    def release(self) -> None:
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None


def running(data: DataDir) -> dict[str, Any] | None:
    """Who runs this folder: {"pid", "address"} (address empty while starting), or None."""
    if not data.lock_path.exists():
        return None
    with data.lock_path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            text = file.read()
            return dict(json.loads(text)) if text else {"pid": None, "address": ""}
        fcntl.flock(file, fcntl.LOCK_UN)
    return None
