"""Every role ends itself at each of its crash points, on Kafka, PostgreSQL and Temporal server, and no case notices."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from chaos.armed import REBUILDING, TIMES
from e2e import tally
from e2e.onebox import environ

from cluster.beside import HurriedStory, Subscriber, answers, beside, erase, until
from cluster.conftest import Deployment, silent
from cluster.test_cluster import found_whole, played
from rso_cluster import launching, points
from rso_cluster.environment import variables
from rso_cluster.folder import Folder
from rso_cluster.topology import MIGRATIONS
from rso_engines.engines import Engines
from rso_onebox.client import OPERATOR, Api
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import crash
from rso_shared.kit.names import INTAKE, OPERATIONS, ServiceName

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
    """Each point was hit at least as often as it was armed: replicas that come to the same one at the same moment may both go."""
    with beside(armed) as room, ThreadPoolExecutor(2) as others:
        subscriber = Subscriber(room)
        errands = [others.submit(subscriber.work), others.submit(erase, room)]
        driven = played(armed, 300, CASES, HurriedStory)
        for errand in errands:
            errand.result()
        found_whole(armed, driven)
        until("the last event", subscriber.has_everything)
    assert subscriber.out_of_order() == []
    assert set(answers(armed).values()) == {TIMES}
    reached = {(role, point): number for role, hit in armed.target.points().items() for point, number in hit.items()}
    tally.reached(reached)
    wanted = {pair for pair in points.pairs() if not pair[0].endswith(points.REBUILD)}
    assert reached.keys() == wanted
    assert min(reached.values()) >= TIMES, reached


SHOWN = {INTAKE: "cases", OPERATIONS: "board"}


@pytest.mark.parametrize("service", SHOWN, ids=lambda service: service.short)
def test_a_rebuild_that_dies_on_postgresql_leaves_the_read_model_as_it_was(
    cluster: Deployment, service: ServiceName, tmp_path: Path
) -> None:
    store, file, query = cluster.stores[service.short], tmp_path / "crashes", f"SELECT * FROM {SHOWN[service]}"
    shown = sorted(store.rows(query), key=repr)
    assert shown
    done = rebuilt(cluster, service, file)
    assert done.stdout.split() == [*[str(-signal.SIGKILL)] * TIMES, "0"], done.stderr
    assert sorted(store.rows(query), key=repr) == shown
    assert crash.counts(file) == {(f"{service.short}.{points.REBUILD}", "mid-swap"): TIMES}
    tally.reached(crash.counts(file))


def rebuilt(cluster: Deployment, service: ServiceName, file: Path) -> "subprocess.CompletedProcess[Any]":
    """`python -m rso_<service> rebuild` beside the running cluster, with the settings of its migration, once more than it dies."""
    folder = Folder(cluster.data)
    status = Engines(folder.engines, say=silent).status()
    at = launching.place(folder, status, public=cluster.port, internal=cluster.port)
    process = next(one for one in MIGRATIONS if one.service is service)
    armed = points.settings(service, points.REBUILD, str(TIMES), file)
    argv = (sys.executable, str(REBUILDING), service.package, str(TIMES + 1))
    env = environ(**variables(at, process, None, None, armed))
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
