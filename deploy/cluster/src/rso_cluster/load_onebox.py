"""One machine as a target: the onebox process and its Temporal child. Whatever ends without being told to is started again."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rso_cluster import audit, audit_log, audit_stores, audit_temporal, points
from rso_cluster.audit_model import Evidence
from rso_onebox.datadir import DataDir, DataDirError, running
from rso_onebox.temporal_cli import find_temporal_cli
from rso_shared.kit.auth import Issuer

START_SECONDS = 600.0
STOP_SECONDS = 60.0
LOOK_SECONDS = 0.1
FAILED_SECONDS = 5.0
ONEBOX, TEMPORAL = "onebox", "temporal"
Say = Callable[[str], None]


class OneboxTarget:
    """Uses the onebox that runs on the folder, else starts one. From the first kill on the process is ours to restart."""

    name = ONEBOX
    roles: Sequence[str] = (ONEBOX, TEMPORAL)

    def __init__(
        self, data: DataDir, say: Say, environ: Mapping[str, str] | None = None, *, sandbox: bool = True
    ) -> None:
        self._data, self._say, self._sandbox = data, say, sandbox
        self._environ = {**os.environ, **(environ or {})}
        self._child: subprocess.Popen[bytes] | None = None
        self._port, self._stopping = 0, threading.Event()
        holder = running(data)
        self._found = int(holder["pid"]) if holder and holder.get("pid") else 0
        if not self._found:
            self._child = self._spawn()
        self.address = self._ready()
        self._port = int(self.address.rpartition(":")[2])
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._keeper.start()

    @property
    def issuer(self) -> Issuer:
        return self._data.issuer()

    def kill(self, role: str, _which: int = 0) -> bool:
        ready = self._ready_pid()
        pid = ready if role == ONEBOX else ready and _child_of(self._data.temporal)
        if not pid:
            return False
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def points(self) -> dict[str, dict[str, int]]:
        """Of the one process, which has the points of every role; armed by settings in its environment."""
        wish, file = (self._environ.get(f"RSO_INTAKE_CRASH_{name}", "") for name in ("POINTS", "FILE"))
        if not wish:
            return {}
        return points.report([(ONEBOX, each.partition(":")[0].strip()) for each in wish.split(",") if each], Path(file))

    def evidence(self, wanted: frozenset[str]) -> Evidence:
        at = audit_temporal.address_of_child(self._data.temporal)
        return Evidence(
            stores=audit_stores.of_folder(self._data.root),
            log=audit_log.of_file(self._data.broker),
            mails=list(audit.mails_of(self._data.mail)),
            workflows=audit_temporal.open_cases(find_temporal_cli(say=self._say), at) if at else None,
            wanted=wanted,
        )

    def close(self) -> None:
        self._stopping.set()
        self._keeper.join()
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()

    def _keep(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            if not self._alive():
                if self._child is not None and self._child.returncode > 0:  # it ended by itself, and would again
                    self._say(f"`rso up` ended with {self._child.returncode}; see {self._data.root / 'load.out'}")
                    time.sleep(FAILED_SECONDS)
                self._found, self._child = 0, self._spawn()

    def _alive(self) -> bool:
        if self._child is not None:
            return self._child.poll() is None
        return Path(f"/proc/{self._found}/stat").exists()

    def _ready_pid(self) -> int:
        """0 while it starts: a process that is struck faster than it can start would never be more than starting."""
        holder = running(self._data) or {}
        return int(holder["pid"]) if holder.get("address") else 0

    def _spawn(self) -> "subprocess.Popen[bytes]":
        """On the same port, so that nobody has to be told."""
        first = ("--sandbox",) if self._sandbox and not (self._data.root / "deployment.json").exists() else ()
        argv = (
            sys.executable,
            "-m",
            "rso_onebox",
            "--data",
            str(self._data.root),
            "up",
            "--port",
            str(self._port),
            *first,
        )
        self._data.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._data.root / "load.out").open("ab") as output:
            return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self._environ)

    def _ready(self) -> str:
        end = time.monotonic() + START_SECONDS
        while not (address := (running(self._data) or {}).get("address")):
            if self._child is not None and self._child.poll() is not None:
                raise DataDirError(f"`rso up` ended with {self._child.returncode}; see {self._data.root / 'load.out'}.")
            if time.monotonic() > end:
                raise DataDirError(f"`rso up` was not ready within {START_SECONDS:.0f} s; see {self._data.log}.")
            time.sleep(LOOK_SECONDS)
        return str(address)


def _child_of(folder: Path) -> int:
    """The dev server, if one runs on this folder."""
    written = folder / "temporal.pid"
    text = written.read_text().strip() if written.exists() else ""
    return int(text) if text.isdigit() and audit_temporal.address_of_child(folder) else 0
