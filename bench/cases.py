"""Whole cases per second, by `rso load`'s own callers: on one machine, on a cluster of one replica and of two; and what a case is made of.

Both clusters are up while either is measured, so that each pays for the other's idling.
"""

import json
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import count
from pathlib import Path

from engine_room import MissingEngineError, all_to_be_had
from rows import Row, at_least, interleaved, ratio_at_least, reported

from rso_cluster.audit import Verdict
from rso_cluster.chaos_target import Target
from rso_cluster.folder import Folder
from rso_cluster.load import settled
from rso_cluster.load_cluster import ClusterTarget
from rso_cluster.load_drive import Drive
from rso_cluster.load_onebox import OneboxTarget
from rso_onebox import loading
from rso_onebox.datadir import DataDir, running

CASES, AT_ONCE, ROUNDS = 16, 8, 3
READY_SECONDS, STOP_SECONDS = 600, 180
_patients = count(step=CASES)


def main() -> list[Row]:
    """What one machine did is told also where no cluster can be."""
    alone = _one_machine()
    try:
        return [*alone, *_clusters()]
    except MissingEngineError as missing:
        print(f"without clusters: {missing}", file=sys.stderr)
        return alone


def _one_machine() -> list[Row]:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(OneboxTarget(DataDir(Path(folder) / "data"), silent)) as target,
    ):
        _prepare(target)
        log, before = Path(folder) / "data" / "log" / "rso.log", settled(target, frozenset(), silent)
        asked = _requests(log)
        rates = [_rate(target) for _ in range(ROUNDS)]
        after = settled(target, frozenset(), silent)
        made_of = _made_of(before, after, _requests(log) - asked)
    return [at_least("whole cases per second, one machine", statistics.median(rates), "cases/s", 2), *made_of]


def _made_of(before: Verdict, after: Verdict, requests: int) -> list[Row]:
    cases = ROUNDS * CASES
    counted = {
        "HTTP requests of a case, its callers' polling included": requests,
        "appended events of a case": after.counts.events - before.counts.events,
        "messages of a case": after.counts.records - before.counts.records,
        "messages of a case, times who handles them": after.counts.consumed - before.counts.consumed,
        "mails of a case": after.counts.mails - before.counts.mails,
    }
    return [reported(name, number / cases, "") for name, number in counted.items()]


def _clusters() -> list[Row]:
    with ExitStack() as stack:
        one, two = (stack.enter_context(clustered(replicas)) for replicas in (1, 2))
        double, single = interleaved(lambda: _rate(two), lambda: _rate(one), ROUNDS)
    return [
        at_least("whole cases per second, cluster, 1 replica", single, "cases/s", 1.5),
        ratio_at_least("whole cases per second, cluster, 2 replicas against 1", double, single, "cases/s", 0.95),
    ]


def _prepare(target: Target) -> None:
    """Programs and specialists; then a round that nobody measures."""
    loading.init(target.address, target.issuer, silent)
    loading.seed(target.address, target.issuer, silent)
    _rate(target)
    settled(target, frozenset(), silent)


def _rate(target: Target) -> float:
    driven = Drive(target.address, target.issuer, CASES, AT_ONCE, next(_patients), silent).run()
    if driven.failed:
        raise RuntimeError(f"{len(driven.failed)} of {CASES} cases failed, the first: {driven.failed[0]}")
    return len(driven.finished) / driven.took


@contextmanager
def clustered(replicas: int) -> Iterator[ClusterTarget]:
    """Engines and processes of its own, on a folder that the database server's user may pass. Raises MissingEngineError."""
    with tempfile.TemporaryDirectory(prefix="rso-bench-") as folder:
        Path(folder).chmod(0o755)
        data = DataDir(Path(folder) / "data")
        all_to_be_had(Folder(data).engines)
        argv = [sys.executable, "-m", "rso_onebox", "--data", str(data.root), "cluster", "up"]
        process = subprocess.Popen([*argv, "--replicas", str(replicas), "--port", str(_free_port())])
        try:
            _wait(data, process)
            target = ClusterTarget(data, silent)
            _prepare(target)
            yield target
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(STOP_SECONDS)


def _wait(data: DataDir, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + READY_SECONDS
    while not (running(data) or {}).get("address"):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError("the cluster did not become ready; what it said stands above")
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _requests(log: Path) -> int:
    return sum(json.loads(line).get("event") == "request" for line in log.read_text().splitlines())


def silent(_text: str) -> None:
    """Nobody listens."""
