"""A real `rso up` as a process of its own, to be killed, stopped and started again on the same folder and port."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from e2e import logbook, tally
from rso_onebox.datadir import DataDir
from rso_onebox.processes import pids_with
from rso_shared.kit.auth import Issuer

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
LAUNCHER = Path(__file__).with_name("launcher.py")
READY_SECONDS = 300.0
"""Beside a whole cluster that comes up on the same two cores. How fast it is ready by itself is a row of the benches."""
RSO = (sys.executable, "-m", "rso_onebox")


def environ(**more: str) -> dict[str, str]:
    """Ours without settings of the machine: a test means what it says."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RSO_")}
    servers = {name: os.environ[name] for name in ("RSO_TEMPORAL_CLI", "RSO_CACHE_DIR") if name in os.environ}
    return {**kept, **servers, **more}


def wait_for(what: str, found: Callable[[], Any], seconds: float = READY_SECONDS) -> Any:
    end = time.monotonic() + seconds
    while not (value := found()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come within {seconds:.0f} s")
        time.sleep(0.02)
    return value


def rso(
    data: Path, *arguments: str, env: dict[str, str] | None = None, seconds: float = 300
) -> "subprocess.CompletedProcess[str]":
    """One `rso` command to its end."""
    return subprocess.run(
        (*RSO, "--data", str(data), *arguments), cwd=ROOT, env=env or environ(), capture_output=True, text=True,
        check=False, timeout=seconds,
    )  # fmt: skip


def copy(template: Path, target: Path) -> Path:
    """A stopped deployment's folder under another name is another deployment with the same past."""
    shutil.copytree(template, target)
    return target


class Onebox:
    def __init__(self, root: Path, *, sandbox: bool = True, **env: str) -> None:
        self.data = DataDir(root)
        self._sandbox = ("--sandbox",) if sandbox else ()
        self.output = root.parent / f"{root.name}.out"
        """What the process said on stdout and stderr, over all its lives."""
        self._env = environ(**env)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def issuer(self) -> Issuer:
        return self.data.issuer()

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "not started"
        return self._process

    def start(self) -> "Onebox":
        """Returns when it is ready. The second start takes the port of the first."""
        argv = (sys.executable, str(LAUNCHER)) if self._instrumented() else RSO
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                (*argv, "--data", str(self.data.root), "up", "--port", str(self.port), *self._sandbox),
                cwd=ROOT, env=self._env, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        address = wait_for("readiness", self._ready)
        self.port = int(address.rpartition(":")[2])
        return self

    def _instrumented(self) -> bool:
        return bool({"E2E_SPANS", "E2E_AWAY"} & set(self._env))

    def _ready(self) -> str:
        """The address once this very process has written it. The lock itself is not touched."""
        assert self.process.poll() is None, f"`rso up` ended with {self.process.returncode}: {self.said()}"
        text = self.data.lock_path.read_text() if self.data.lock_path.exists() else ""
        try:
            holder = json.loads(text or "{}")
        except json.JSONDecodeError:
            return ""
        return str(holder.get("address", "")) if holder.get("pid") == self.process.pid else ""

    def kill(self) -> None:
        """SIGKILL: no handler, no flush, no goodbye."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        tally.add(kills=1)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)

    def end(self) -> None:
        """Whatever state it is in, nothing of it is left."""
        if self._process is not None and self._process.poll() is None:
            self.stop()

    def events(self) -> Counter[str]:
        return logbook.events(self.data)

    def quiet(self) -> bool:
        return logbook.quiet(self.data)

    def blobs(self) -> list[str]:
        states = logbook.rows(logbook.store(self.data, "records"), "SELECT state FROM blobs")
        files = [file.name for file in (self.data.service("records") / "blobs").rglob("*") if file.is_file()]
        return sorted([row[0] for row in states] + files)

    def said(self) -> str:
        return self.output.read_text()

    def temporal_pids(self) -> list[int]:
        """The dev servers that use this folder's database."""
        return pids_with("--db-filename", str(self.data.temporal.resolve() / "temporal.db"))
