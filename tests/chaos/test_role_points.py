"""Services as processes of their own, one per role: each role dies at each of its points, and what it did is there once.

On a folder with delivered cases: intake's api takes commands and its relay sends them while they die, matching's consumer
applies them, intake's consumer writes to people, records' api takes a document, and a rebuild swaps each read model.
"""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from e2e import tally as suite
from e2e.logbook import rows
from e2e.onebox import copy, wait_for

import rso_intake.app
import rso_matching.app
import rso_records_compiler.app
from chaos.armed import REBUILDING, TIMES, free_port, of_process, process, tally
from chaos.conftest import Played
from chaos.test_audit import evidence
from rso_cluster import audit_cases, audit_events, points
from rso_cluster.audit_model import Counts, Finding
from rso_cluster.load_cases import bundle
from rso_cluster.load_client import LoadApi, Tally
from rso_onebox import box
from rso_onebox.client import OPERATOR
from rso_onebox.datadir import DataDir
from rso_onebox.demo_story import FHIR_JSON
from rso_operations import models
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import crash
from rso_shared.kit.events import canonical
from rso_shared.kit.names import OPERATIONS
from rso_shared.kit.spec import ServiceSpec

INTAKE, MATCHING, RECORDS = rso_intake.app.SPEC, rso_matching.app.SPEC, rso_records_compiler.app.SPEC
REBUILT = [module.SPEC for module in box.MODULES]
OF_FACTS = {OPERATIONS: [table.name for model in models.MODELS for table in model.tables]}
"""Read models that are made of kept facts, not of the service's own streams."""
COMMANDS, NOTICES = 20, 16
INTAKE_API = {"after-append-before-commit": 3, "after-commit-before-wake": 4}
INTAKE_RELAY = {"after-ack-before-mark": 1}
INTAKE_CONSUMER = {
    "after-append-before-commit": 2,
    "after-commit-before-wake": 2,
    "after-effect-before-completion": 2,
}
MATCHING_CONSUMER = {"after-batch-before-offset": 1}
RECORDS_API = {"mid-chunk": 1}
SECONDS = 240.0


@dataclass
class Kept:
    """A process that is started again whenever it killed itself. Any other end is a fault."""

    start: Callable[[], "subprocess.Popen[bytes]"]
    running: "subprocess.Popen[bytes]" = field(init=False)

    def __post_init__(self) -> None:
        self.running = self.start()

    def look(self) -> None:
        code = self.running.poll()
        if code is not None:
            assert code == -signal.SIGKILL, f"ended with {code}"
            self.running = self.start()

    def end(self) -> None:
        self.running.terminate()
        self.running.wait(60)


@dataclass
class Room:
    data: DataDir
    file: Path
    output: Path
    kept: list[Kept] = field(default_factory=list)
    callers: list[LoadApi] = field(default_factory=list)

    def keep(self, spec: ServiceSpec, role: str, points: dict[str, int], **more: str) -> None:
        env = of_process(self.data, spec, points, self.file, **more)
        self.kept.append(Kept(lambda: process(spec, role, env, self.output)))

    def look(self) -> None:
        for one in self.kept:
            one.look()

    def caller(self, port: int, role: Role, subject: str = "chaos") -> LoadApi:
        made = PatientApi(
            f"http://127.0.0.1:{port}", self.data.issuer(), role, subject, OPERATOR, Tally(), look=self.look
        )
        self.callers.append(made)
        return made


class PatientApi(LoadApi):
    """Between two tries it looks after the processes: whoever died is started again."""

    def __init__(self, *given: object, look: Callable[[], None] = lambda: None) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self._look = look

    def _once(self, *given: object) -> object:
        self._look()
        return super()._once(*given)  # type: ignore[arg-type]


@pytest.fixture
def room(played: Played, tmp_path: Path) -> Iterator[Room]:
    made = Room(DataDir(copy(played.root, tmp_path / "roles")), tmp_path / "crashes", tmp_path / "output")
    yield made
    suite.reached(tally(made.file))
    for caller in made.callers:
        caller.close()
    for one in made.kept:
        one.end()


def expected(*roles: tuple[str, dict[str, int]]) -> dict[tuple[str, str], int]:
    return {(role, point): TIMES for role, points in roles for point in points}


def findings(room: Room, played: Played) -> list[Finding]:
    """What the services that ran here can be asked for: streams, outboxes, log, mail. The others did not run."""
    checks = (audit_events.chains, audit_events.publication, audit_events.order, audit_cases.money, audit_cases.mail)
    looked_at = evidence(room.data.root, played)
    return [finding for check in checks for finding in check(looked_at, Counts())]


def test_api_relay_and_consumers_die_at_their_points(room: Room, played: Played) -> None:
    port = free_port()
    room.keep(INTAKE, "api", INTAKE_API, port=str(port))
    room.keep(INTAKE, "relay", INTAKE_RELAY)
    room.keep(INTAKE, "consumer", INTAKE_CONSUMER)
    room.keep(MATCHING, "consumer", MATCHING_CONSUMER)
    admin, service = room.caller(port, Role.ORGANISATION_ADMIN), room.caller(port, Role.SERVICE, "coordinator")
    for number in range(COMMANDS):
        body = {"organisation_id": f"chaos-{number}", "kind": "facility", "name": f"Chaos {number}", "state": None}
        admin.post("/v1/organisations", body)
    for number in range(NOTICES):
        case_id = sorted(played.cases)[number % len(played.cases)]
        body = {"role": "patient", "template": "reminder", "key": f"chaos-{number}"}
        service.post(f"/internal/v1/intake/cases/{case_id}/notices", body)
    wait_for("rest", lambda: _at_rest(room), seconds=SECONDS)
    roles = (("intake.api", INTAKE_API), ("intake.relay", INTAKE_RELAY), ("intake.consumer", INTAKE_CONSUMER))
    assert tally(room.file) == expected(*roles, ("matching.consumer", MATCHING_CONSUMER))
    assert findings(room, played) == []
    assert _organisations(room) == COMMANDS


def _at_rest(room: Room) -> bool:
    """Nothing unsent, no mail waiting, and matching is at the end of what intake has sent."""
    room.look()
    intake = room.data.service("intake") / "store.db"
    unsent = rows(intake, "SELECT 1 FROM outbox WHERE published_at IS NULL LIMIT 1")
    unmailed = rows(intake, "SELECT 1 FROM notices WHERE sent_at IS NULL LIMIT 1")
    position = "SELECT position FROM positions WHERE \"group\" = 'matching' AND topic = 'rso.intake.v1'"
    behind = rows(
        room.data.broker, f"SELECT 1 FROM records WHERE topic = 'rso.intake.v1' AND id > ({position}) LIMIT 1"
    )
    return not unsent and not unmailed and not behind


def _organisations(room: Room) -> int:
    query = "SELECT COUNT(*) FROM events WHERE stream LIKE 'operator/organisation/chaos-%'"
    return int(rows(room.data.service("intake") / "store.db", query)[0][0])


def test_an_upload_that_dies_between_its_chunks_is_there_once(room: Room, played: Played) -> None:
    port, case_id = free_port(), min(played.cases)
    room.keep(RECORDS, "api", RECORDS_API, port=str(port))
    caller = room.caller(port, Role.RECORDS_SPECIALIST)
    blobs = room.data.service("records") / "store.db"
    before = rows(blobs, "SELECT COUNT(*) FROM blobs WHERE state = 'stored'")[0][0]
    received = caller.upload(f"/v1/cases/{case_id}/documents", canonical(bundle(7)).encode(), FHIR_JSON, title="Chart")
    assert tally(room.file) == expected(("records.api", RECORDS_API))
    documents = caller.get(f"/v1/cases/{case_id}/documents")["documents"]
    assert [each["document_id"] for each in documents].count(received["document_id"]) == 1
    counted = dict(rows(blobs, "SELECT state, COUNT(*) FROM blobs GROUP BY state"))
    assert counted == {"stored": before + 1, "staged": TIMES}, "what died is left to the sweeper"


@pytest.mark.parametrize("spec", REBUILT, ids=lambda spec: spec.name.short)
def test_a_rebuild_as_a_process_of_its_own_leaves_the_read_models_whole(room: Room, spec: ServiceSpec) -> None:
    store = room.data.service(spec.name.short) / "store.db"
    of_streams = [table.name for projection in spec.projections for table in projection.tables]
    tables = [*of_streams, *OF_FACTS.get(spec.name, ())]
    shown = {table: sorted(rows(store, f"SELECT * FROM {table}"), key=repr) for table in tables}
    assert any(shown.values())
    env = of_process(room.data, spec, {"mid-swap": 1}, room.file)
    argv = (sys.executable, str(REBUILDING), spec.name.package, str(TIMES + 1))
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [*[str(-signal.SIGKILL)] * TIMES, "0"], done.stderr
    assert {table: sorted(rows(store, f"SELECT * FROM {table}"), key=repr) for table in tables} == shown
    role = f"{spec.name.short}.{points.REBUILD}"
    assert tally(room.file) == expected((role, {"mid-swap": 1}))


def test_every_service_with_read_models_was_rebuilt() -> None:
    """And every point that a case can bring a role to is in the table: what these tests reach is in it."""
    rebuilt = {(f"{spec.name.short}.{points.REBUILD}", "mid-swap") for spec in REBUILT}
    assert rebuilt == {pair for pair in points.pairs() if pair[0].endswith(points.REBUILD)}
    roles = (("intake.api", INTAKE_API), ("intake.relay", INTAKE_RELAY), ("intake.consumer", INTAKE_CONSUMER))
    others = (("matching.consumer", MATCHING_CONSUMER), ("records.api", RECORDS_API))
    assert set(expected(*roles, *others)) <= set(points.pairs())
    assert {point for _, point in points.pairs()} == crash.POINTS
