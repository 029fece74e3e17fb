"""Every role ends itself at each of its crash points, on Kafka, PostgreSQL and Temporal server, and no case notices."""

import json
import signal
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from chaos.armed import TIMES
from e2e import tally
from e2e.onebox import environ

from cluster.conftest import Deployment, rso, silent
from cluster.test_cluster import found_whole, played
from rso_cluster import launching, points
from rso_cluster.environment import variables
from rso_cluster.folder import Folder
from rso_cluster.topology import MIGRATIONS
from rso_engines.engines import Engines
from rso_onebox.client import OPERATOR, Api
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import crash
from rso_shared.kit.names import INTAKE

CASES = 5


def test_what_was_there_before_a_stop_is_there_after_it(cluster: Deployment) -> None:
    driven = played(cluster, 200, 1)
    found_whole(cluster, driven)
    assert cluster.down() == 0, cluster.output.read_text()
    cluster.up("--points", str(TIMES))
    with closing(Api(cluster.target.address, cluster.target.issuer, Role.OPERATIONS, "desk", OPERATOR)) as desk:
        assert desk.get(f"/v1/cases/{driven.opened[0]}")["stage"] == "delivered"
    found_whole(cluster, driven)


@pytest.fixture
def armed(cluster: Deployment) -> Deployment:
    """Started with crash points, by the test above or, where that one was left out, here."""
    if not Folder(cluster.data).armed.exists():
        assert cluster.down() == 0, cluster.output.read_text()
        cluster.up("--points", str(TIMES))
    return cluster


def test_every_role_dies_at_each_of_its_points_and_nothing_is_lost(armed: Deployment) -> None:
    """The load fails where a point of a role was never hit; here each was, as often as it was armed. Replicas that come to the
    same point at the same moment may both go.
    """
    cluster = armed
    told = json.loads(rso(cluster, "load", "--cases", str(CASES), "--concurrency", str(CASES), "--json").stdout)
    assert (told["delivered"], told["failed"]) == (CASES, 0)
    assert {told[name] for name in ("lost", "duplicated", "stuck", "changed")} == {0}
    reached = {(role, point): number for role, hit in told["points"].items() for point, number in hit.items()}
    tally.reached(reached)
    wanted = {pair for pair in points.pairs() if not pair[0].endswith(points.REBUILD)}
    assert reached.keys() == wanted
    assert min(reached.values()) >= TIMES, reached


def test_a_rebuild_that_dies_on_postgresql_leaves_the_read_model_as_it_was(cluster: Deployment, tmp_path: Path) -> None:
    store, file = cluster.stores["intake"], tmp_path / "crashes"
    shown = sorted(store.rows("SELECT * FROM cases"))
    assert shown
    for code in (*[-signal.SIGKILL] * TIMES, 0):
        done = rebuild(cluster, file)
        assert done.returncode == code, done.stderr
        assert sorted(store.rows("SELECT * FROM cases")) == shown
    assert crash.counts(file) == {("intake.rebuild", "mid-swap"): TIMES}
    tally.reached(crash.counts(file))


def rebuild(cluster: Deployment, file: Path) -> "subprocess.CompletedProcess[Any]":
    """`python -m rso_intake rebuild` beside the running cluster, with the settings of its migration."""
    folder = Folder(cluster.data)
    status = Engines(folder.engines, say=silent).status()
    at = launching.place(folder, status, public=cluster.port, internal=cluster.port)
    process = next(one for one in MIGRATIONS if one.service is INTAKE)
    armed = points.settings(INTAKE, points.REBUILD, str(TIMES), file)
    env = environ(**variables(at, process, None, None, armed))
    argv = (*launching.python(process)[:-1], "rebuild")
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
