"""A cluster as `rso cluster up` makes it, with two of each process, on engines of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from e2e.onebox import environ

from rso_cluster.load_cluster import ClusterTarget
from rso_onebox import loading
from rso_onebox.datadir import DataDir, running

ENGINES = ("kafka", "postgres", "temporal")
REPLICAS = 2
READY_SECONDS, STOP_SECONDS = 300, 180


def silent(_text: str) -> None:
    """Nobody listens."""


@dataclass
class Deployment:
    root: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    @property
    def data(self) -> DataDir:
        return DataDir(self.root)

    @property
    def target(self) -> ClusterTarget:
        return ClusterTarget(self.data, silent)

    @property
    def output(self) -> Path:
        return self.root / "output"

    def up(self) -> None:
        argv = (sys.executable, "-m", "rso_onebox", "--data", str(self.root), "cluster", "up")
        with self.output.open("ab") as told:
            self.process = subprocess.Popen(
                (*argv, "--replicas", str(REPLICAS), "--port", str(self.port)), env=environ(), stdout=told, stderr=told
            )
        end = time.monotonic() + READY_SECONDS
        while not (running(self.data) or {}).get("address"):
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < end, self.output.read_text()
            time.sleep(0.2)

    def down(self) -> int:
        """As Ctrl-C does it. Returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Deployment]:
    """Gone with the last test of its file: nearly fifty processes are not left standing beside the other tests."""
    for name in ENGINES:
        variable = f"RSO_TEST_{name.upper()}"
        if variable not in os.environ:
            pytest.skip(f"{name}: {os.environ.get(f'{variable}_MISSING', f'{variable} is not set')}")
    root = Path(tempfile.mkdtemp(prefix="rso-cluster-test-"))
    root.chmod(0o755)
    made = Deployment(root, _port())
    made.up()
    try:
        loading.init(made.target.address, made.target.issuer, silent)
        loading.seed(made.target.address, made.target.issuer, silent)
        yield made
    finally:
        if made.process is not None and made.process.poll() is None:
            made.down()
        shutil.rmtree(root)


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
