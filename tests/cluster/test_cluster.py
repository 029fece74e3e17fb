"""Whole cases on Kafka, PostgreSQL and Temporal server: as on one machine, also while everything is killed once, and after a restart."""

import json
import time
from datetime import UTC, datetime

import httpx
import pytest
from e2e.onebox import wait_for

from cluster.conftest import ENGINES, REPLICAS, Deployment, rso, silent
from rso_cluster.folder import Folder, read_running
from rso_cluster.killer import KILLS
from rso_cluster.load import settled
from rso_cluster.load_drive import Drive, Driven
from rso_cluster.load_story import LoadStory
from rso_cluster.topology import PROCESSES
from rso_engines.engines import Engines
from support.pages import Staff, held_against_the_stores

CASES = 3
BACKLOG_SECONDS = 60
EVERY_SECONDS = 3.0


def played(cluster: Deployment, first: int, cases: int = CASES, story: type[LoadStory] = LoadStory) -> Driven:
    driven = Drive(cluster.address, cluster.issuer, cases, cases, first, silent, story=story).run()
    assert driven.failed == []
    return driven


def found_whole(cluster: Deployment, driven: Driven) -> None:
    """The auditor wants each of these delivered, with one charge and one honorarium. Others of this folder's tests are left waiting:
    they are judged by their own facts, and may be charged already.
    """
    verdict = settled(cluster.target, frozenset(driven.opened), silent)
    assert verdict.clean, verdict.as_json()
    counts = verdict.counts
    assert len(driven.opened) <= counts.delivered == counts.honoraria <= counts.charges <= counts.cases
    assert set(counts.trial_balance.values()) == {0}


def test_each_service_runs_in_its_roles_and_replicas(cluster: Deployment) -> None:
    names = {one.name for one in read_running(Folder(cluster.data).processes) if one.service}
    wanted = {f"{process.name}-{number}" for process in PROCESSES for number in range(1, REPLICAS + 1)}
    assert names == wanted


@pytest.mark.parametrize(
    ("path", "status"),
    [("/livez", 200), ("/docs", 200), ("/operations/", 303), ("/operations/sign-in", 200), ("/v1/cases", 401),
     ("/internal/v1/intake/cases/x/snapshot", 404), ("/%69nternal/v1/intake/cases/x/snapshot", 404), ("/metrics", 404)],
)  # fmt: skip
def test_what_stands_behind_the_one_port(cluster: Deployment, path: str, status: int) -> None:
    assert httpx.get(cluster.target.address + path, timeout=30).status_code == status


def test_it_is_ready_once_the_backlog_of_its_start_is_worked_off(cluster: Deployment) -> None:
    """Five hundred specialists were just entered: consumers that are more than a thousand facts behind say so."""
    end = time.monotonic() + BACKLOG_SECONDS
    while (answer := httpx.get(cluster.target.address + "/readyz", timeout=30)).status_code != httpx.codes.OK:
        assert time.monotonic() < end, answer.json()
        time.sleep(0.5)
    assert answer.json()["waiting"] == []


def test_cases_are_delivered_and_the_auditor_finds_nothing(cluster: Deployment) -> None:
    found_whole(cluster, played(cluster, 0))


def test_every_role_and_every_engine_dies_and_nothing_is_lost(cluster: Deployment) -> None:
    """By the command, as in README: it strikes until each was hit, and only strikes, so that the pauses are those that were asked for."""
    asked = ("--cases", str(2 * CASES), "--concurrency", str(2 * CASES), "--kill", "7", "--every", str(EVERY_SECONDS))
    done = rso(cluster, "load", *asked, "--json")
    told = json.loads(done.stdout)
    assert (told["target"], told["cases"], told["delivered"], told["failed"]) == ("cluster", 2 * CASES, 2 * CASES, 0)
    assert {told[name] for name in ("lost", "duplicated", "stuck", "changed")} == {0}
    kills = told["kills"]
    assert set(kills) == {*(f"{one.service.short}.{one.role}" for one in PROCESSES), *ENGINES}
    assert all(kills.values()), kills
    assert sum(kills.values()) >= told["kills_wanted"] == KILLS
    assert told["seconds_from_kill_to_kill"] < 2 * EVERY_SECONDS, done.stderr
    assert "given up" not in done.stderr
    engines = Engines(Folder(cluster.data).engines).status()
    assert sorted(engines.running()) == sorted(ENGINES), engines.as_lines()


def test_after_all_that_every_page_counts_what_the_stores_have(cluster: Deployment) -> None:
    wait_for("quiet", cluster.quiet)
    staff = Staff(cluster.address, "operations")
    compared = held_against_the_stores(staff, cluster.stored(), datetime.now(UTC))
    assert compared["cases"] >= 3 * CASES
    assert min(compared.values()) > CASES


def test_a_load_on_it_is_audited(cluster: Deployment) -> None:
    done = rso(cluster, "load", "--cases", "2", "--concurrency", "2", "--json")
    told = json.loads(done.stdout)
    assert "the cluster on" in done.stderr
    assert (told["target"], told["cases"], told["delivered"], told["failed"]) == ("cluster", 2, 2, 0)
    assert {told[name] for name in ("lost", "duplicated", "stuck", "changed")} == {0}
    assert (told["deployment"]["findings"], told["kills"]) == ([], {})
