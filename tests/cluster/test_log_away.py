"""Kafka is away for more than a minute, commands keep being accepted, Kafka comes back, and every fact arrives once."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from cluster.conftest import Deployment, rso, silent
from cluster.test_cluster import found_whole, played
from rso_cluster.folder import Folder, Running, read_running
from rso_cluster.load import settled
from rso_cluster.load_cases import made_case
from rso_cluster.load_client import LoadCast, Tally
from rso_cluster.load_story import LoadStory
from rso_onebox import default_tables, loading
from rso_onebox.client import OPERATOR, Api
from rso_shared.contracts.vocabulary import Role

AWAY_SECONDS = 75.0
"""Twice and a half what an unsent fact may wait before readiness speaks of it."""
EVERY_SECONDS = 0.5
BACK_SECONDS = 120.0
FIRST = 300


@contextmanager
def kafka_away(cluster: Deployment) -> Iterator[None]:
    rso(cluster, "cluster", "pause", "kafka")
    try:
        yield
    finally:
        rso(cluster, "cluster", "resume", "kafka")


class Commands:
    """Each is answered well at once: a request that had to be sent again is counted by the cast."""

    def __init__(self, cluster: Deployment) -> None:
        at, issuer = cluster.target.address, cluster.target.issuer
        self.admin = Api(at, issuer, Role.ORGANISATION_ADMIN, "away", OPERATOR)
        self.cast = LoadCast(at, issuer, tally=Tally())
        self.groups = default_tables.load_conditions(loading.FOLDER).group_of
        self.organisations: list[str] = []
        self.cases: list[str] = []

    def organisation(self) -> None:
        name = f"away-{len(self.organisations)}"
        body = {"organisation_id": name, "kind": "facility", "name": name, "state": None}
        self.admin.post("/v1/organisations", body)
        self.organisations.append(name)

    def case(self) -> None:
        story = LoadStory(self.cast, made_case(FIRST + len(self.cases), self.groups), {}, lambda _who, _what: None)
        story.open()
        self.cases.append(story.case_id)

    def close(self) -> None:
        self.admin.close()
        self.cast.close()


def ready(one: Running) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{one.port}/readyz", timeout=30)


def of_role(cluster: Deployment, role: str) -> list[Running]:
    return [one for one in read_running(Folder(cluster.data).processes) if one.role == role and one.service]


def test_commands_are_taken_while_the_log_is_away_and_arrive_once_when_it_is_back(cluster: Deployment) -> None:
    commands = Commands(cluster)
    commands.organisation()
    with kafka_away(cluster):
        end = time.monotonic() + AWAY_SECONDS
        while time.monotonic() < end:
            commands.organisation()
            if len(commands.organisations) % 10 == 0:
                commands.case()
            time.sleep(EVERY_SECONDS)
        for one in of_role(cluster, "api"):
            assert ready(one).status_code == httpx.codes.OK, ready(one).text
        relays = [ready(one) for one in of_role(cluster, "relay") if one.service == "intake"]
        assert {answer.status_code for answer in relays} == {httpx.codes.SERVICE_UNAVAILABLE}
        assert all("outbox" in answer.json()["problems"] for answer in relays), [each.text for each in relays]
        restarts = {one.name: one.restarts for one in read_running(Folder(cluster.data).processes)}
    commands.close()
    assert (commands.cast.tally.again, commands.cast.tally.refused) == (0, {})
    assert len(commands.organisations) > AWAY_SECONDS / EVERY_SECONDS / 4
    assert len(commands.cases) > 1
    verdict = settled(cluster.target, frozenset(), silent)
    assert verdict.clean, verdict.as_json()
    stores = cluster.stores
    kept = stores["intake"].rows("SELECT stream FROM events WHERE stream LIKE 'operator/organisation/away-%'")
    assert sorted(row[0].rpartition("/")[2] for row in kept) == sorted(commands.organisations)
    woken = {row[0] for row in stores["operations"].rows("SELECT case_id FROM board")}
    assert set(commands.cases) <= woken
    assert {one.name: one.restarts for one in read_running(Folder(cluster.data).processes)} == restarts
    end = time.monotonic() + BACK_SECONDS
    while any(ready(one).status_code != httpx.codes.OK for one in of_role(cluster, "relay")):
        assert time.monotonic() < end
        time.sleep(0.5)
    found_whole(cluster, played(cluster, FIRST + 50, 1))
