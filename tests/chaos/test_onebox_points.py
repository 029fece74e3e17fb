"""One machine with every crash point armed: the process dies at each of them, and cases end as if it had not."""

import signal
import subprocess
from pathlib import Path

from e2e.onebox import RSO, copy, environ

from chaos.armed import TIMES, of_onebox, tally
from chaos.conftest import Played, silent
from chaos.rounds import play
from chaos.test_audit import evidence
from rso_cluster import audit
from rso_cluster.load import settled
from rso_cluster.load_onebox import OneboxTarget
from rso_onebox.datadir import DataDir
from rso_shared.kit.crash import ONEBOX

WHILE_RUNNING = {
    "after-append-before-commit": 11,
    "after-commit-before-wake": 17,
    "after-ack-before-mark": 7,
    "after-batch-before-offset": 19,
    "after-effect-before-completion": 5,
    "mid-chunk": 1,
}
"""Point -> on which pass: apart enough that a case moves on between two ends, near enough that a few cases reach all of them."""
CASES = 2


def test_cases_end_well_whatever_the_process_was_doing_when_it_died(template: Path, tmp_path: Path) -> None:
    root, file = copy(template, tmp_path / "armed"), tmp_path / "crashes"
    wanted = {(ONEBOX, point): TIMES for point in WHILE_RUNNING}
    target = OneboxTarget(DataDir(root), silent, of_onebox(WHILE_RUNNING, file))
    try:
        driven = play(target, CASES, file, wanted)
        verdict = settled(target, frozenset(driven.opened), silent)
    finally:
        target.close()
    assert driven.failed == []
    assert verdict.clean, verdict.as_json()
    assert verdict.counts.delivered == len(driven.opened)
    assert tally(file) == wanted


def test_a_rebuild_that_dies_between_emptying_and_filling_leaves_the_read_model_as_it_was(
    played: Played, tmp_path: Path
) -> None:
    root, file = copy(played.root, tmp_path / "rebuilt"), tmp_path / "crashes"
    env = environ(**of_onebox({"mid-swap": 1}, file))
    argv = (*RSO, "--data", str(root), "rebuild")
    for _ in range(TIMES):
        done = subprocess.run(argv, env=env, capture_output=True, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert audit.audit(evidence(root, played)).findings == []
    done = subprocess.run(argv, env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert audit.audit(evidence(root, played)).findings == []
    assert tally(file) == {(ONEBOX, "mid-swap"): TIMES}
