"""A cluster as `rso cluster up` makes it, with two of each process, on engines of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pytest
from e2e import onebox
from e2e.onebox import environ
from e2e.scene import Scene, waiting_for_records
from subscriptions.receiving import MACHINE

from rso_cluster.audit_hears import hears
from rso_cluster.audit_model import HEADS_TOPIC, WITNESS
from rso_cluster.audit_stores import PostgresStore
from rso_cluster.folder import Folder
from rso_cluster.load_cluster import ClusterTarget
from rso_onebox import loading
from rso_onebox.datadir import DataDir, running
from rso_shared.kit.auth import Issuer
from support.collector import Collector
from support.recount import QUERY, Stored

ENGINES = ("kafka", "postgres", "temporal")
REPLICAS = 2
SENT = "SELECT topic, CAST(headers AS json)->>'ce_type', COUNT(*) FROM outbox GROUP BY 1, 2"
READY_SECONDS, STOP_SECONDS, COMMAND_SECONDS = 300, 180, 900


def silent(_text: str) -> None:
    """Nobody listens."""


@dataclass
class Deployment:
    root: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = field(default=None)
    collector: Collector = field(default_factory=Collector)

    @property
    def data(self) -> DataDir:
        return DataDir(self.root)

    @property
    def address(self) -> str:
        return self.target.address

    @property
    def issuer(self) -> Issuer:
        return self.data.issuer()

    @property
    def target(self) -> ClusterTarget:
        return ClusterTarget(self.data, silent)

    @property
    def output(self) -> Path:
        return self.root / "output"

    def up(self, *more: str) -> None:
        argv = (sys.executable, "-m", "rso_onebox", "--data", str(self.root), "cluster", "up")
        with self.output.open("ab") as told:
            self.process = subprocess.Popen(
                (*argv, "--replicas", str(REPLICAS), "--port", str(self.port), *more),
                env=environ(RSO_OTLP_ENDPOINT=self.collector.endpoint, RSO_SUBSCRIPTIONS_WEBHOOK_NETWORKS=MACHINE),
                stdout=told,
                stderr=told,
            )
        end = time.monotonic() + READY_SECONDS
        while not (running(self.data) or {}).get("address"):
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < end, self.output.read_text()
            time.sleep(0.2)

    @cached_property
    def stores(self) -> dict[str, PostgresStore]:
        """Short name -> the service's database. Where they are does not change as long as the folder is there."""
        return self.target.stores()

    def events(self) -> Counter[str]:
        counted: Counter[str] = Counter()
        for store in self.stores.values():
            counted.update(dict(store.rows("SELECT name, COUNT(*) FROM events GROUP BY name")))
        return counted

    def stored(self) -> list[Stored]:
        """Every event of every service."""
        return [Stored.of(row) for store in self.stores.values() for row in store.rows(QUERY)]

    def quiet(self) -> bool:
        sent: Counter[tuple[str, str]] = Counter()
        for store in self.stores.values():
            if list(store.rows("SELECT 1 FROM outbox WHERE published_at IS NULL LIMIT 1")):
                return False
            sent.update({(topic, type_): count for topic, type_, count in store.rows(SENT)})
        return all(self._applied(short) == _heard(short, sent) for short in self.stores)

    def _applied(self, short: str) -> int:
        rows = self.stores[short].rows(f"SELECT COUNT(*) FROM inbox WHERE consumer = '{short}'")
        return int(next(rows)[0])

    def blobs(self) -> list[str]:
        states = self.stores["records"].rows("SELECT state FROM blobs")
        files = [file.name for file in Folder(self.data).blobs("records").rglob("*") if file.is_file()]
        return sorted([row[0] for row in states] + files)

    def down(self) -> int:
        """As Ctrl-C does it. Returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)


def _heard(short: str, sent: Counter[tuple[str, str]]) -> int:
    """How many records are there that this service has a use for."""
    own = f"rso.{short}.v1"
    return sum(
        count
        for (topic, type_), count in sent.items()
        if (short == WITNESS if topic == HEADS_TOPIC else topic != own and hears(short, type_))
    )


def rso(cluster: Deployment, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """One `rso` command on its folder, to its good end."""
    done = onebox.rso(cluster.root, *arguments, seconds=COMMAND_SECONDS)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="package")
def cluster() -> Iterator[Deployment]:
    """Gone with the last test of this folder: nearly fifty processes are not left standing beside the other tests."""
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
        made.collector.close()
        shutil.rmtree(root)


@pytest.fixture(scope="package")
def scene(cluster: Deployment) -> Iterator[Scene]:
    made = waiting_for_records(cluster)
    yield made
    made.http.close()
    made.cast.close()


@pytest.fixture
def unchanged(scene: Scene) -> Iterator[None]:
    """Around a refusal: not one event more, in no service."""
    onebox.wait_for("quiet", scene.box.quiet)
    before = scene.box.events().total()
    yield
    assert scene.box.events().total() == before


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
