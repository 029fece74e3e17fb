"""A worker as a process of its own beside a onebox: it takes its share of the cases' steps, and dies in the middle of them."""

import threading
from pathlib import Path

from e2e import tally as suite
from e2e.onebox import copy

import rso_coordinator.app
from chaos.armed import TIMES, of_process, process, tally
from chaos.conftest import silent
from chaos.rounds import play
from chaos.test_role_points import Kept
from rso_cluster.audit_temporal import address_of_child
from rso_cluster.load import settled
from rso_cluster.load_onebox import OneboxTarget
from rso_onebox.datadir import DataDir, running

POINTS = {"after-append-before-commit": 3, "after-commit-before-wake": 4, "after-effect-before-completion": 5}
CASES = 3


def test_a_worker_dies_at_its_points_and_each_step_is_done_once(template: Path, tmp_path: Path) -> None:
    data, file = DataDir(copy(template, tmp_path / "worker")), tmp_path / "crashes"
    wanted = {("coordinator.worker", point): TIMES for point in POINTS}
    target = OneboxTarget(data, silent)
    env = of_process(
        data, rso_coordinator.app.SPEC, POINTS, file,
        internal_url=(running(data) or {})["internal"], temporal_address=address_of_child(data.temporal) or "",
    )  # fmt: skip
    worker = Kept(lambda: process(rso_coordinator.app.SPEC, "worker", env, tmp_path / "output"))
    stop = threading.Event()
    keeper = threading.Thread(target=lambda: [worker.look() for _ in iter(lambda: stop.wait(0.1), True)])
    keeper.start()
    try:
        driven = play(target, CASES, file, wanted)
        verdict = settled(target, frozenset(driven.opened), silent)
    finally:
        stop.set()
        keeper.join()
        worker.end()
        target.close()
    assert driven.failed == []
    assert verdict.clean, verdict.as_json()
    assert tally(file) == wanted
    suite.reached(wanted)
