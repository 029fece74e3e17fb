"""The clock over HTTP: a live deployment's cannot be moved, a sandbox's moves forward only and stops at every due instant."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Never

import pytest

from rso_coordinator.app import SPEC
from rso_coordinator.projections import open_cases
from rso_shared.contracts.vocabulary import Role, Stage
from rso_shared.kit.clock import SandboxClock
from rso_shared.kit.errors import Transient
from support.harness import START, Harness

CLOCK, ADVANCE = "/v1/clock", "/v1/clock/advance"


@pytest.fixture
def live(tmp_path):
    made = Harness(SPEC, tmp_path)
    made.http.app.state.temporal = None
    yield made
    made.close()


def test_anyone_on_the_staff_reads_the_clock(live):
    answer = live.client(Role.CARE_COORDINATOR).get(CLOCK)
    assert answer.status_code == 200
    assert answer.json() == {"now": "2026-03-02T15:00:00Z", "livemode": True, "offset_seconds": 0.0}


def test_a_live_clock_is_not_moved(live):
    to = (START + timedelta(days=1)).isoformat()
    answer = live.client(Role.OPERATIONS).post(ADVANCE, {"to": to})
    assert (answer.status_code, answer.json()["code"]) == (409, "clock_is_live")
    assert live.clock.now() == START


@pytest.fixture
def sandbox(tmp_path):
    made = Harness(SPEC, tmp_path, sandbox=True)
    made.service.clock = SandboxClock()
    made.app.state.temporal = SimpleNamespace(client=_no_client)
    made.app.state.quiet = lambda: True
    yield made
    made.close()


def _no_client() -> Never:
    raise Transient("temporal")


def test_a_sandbox_moves_forward_and_says_by_how_much(sandbox):
    to = datetime.now(UTC) + timedelta(days=3)
    answer = sandbox.client(Role.OPERATIONS).post(ADVANCE, {"to": to.isoformat()})
    assert answer.status_code == 200
    assert answer.json()["livemode"] is False
    assert abs(answer.json()["offset_seconds"] - 3 * 86400) < 5


def test_an_instant_that_is_past_leaves_the_clock_as_it_is(sandbox):
    answer = sandbox.client(Role.OPERATIONS).post(ADVANCE, {"to": "2020-01-01T00:00:00Z"})
    assert (answer.status_code, answer.json()["offset_seconds"]) == (200, 0.0)


def test_never_without_a_time_zone(sandbox):
    answer = sandbox.client(Role.OPERATIONS).post(ADVANCE, {"to": "2999-01-01T00:00:00"})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


def test_a_patient_does_not_move_time(sandbox):
    answer = sandbox.client(Role.PATIENT).post(ADVANCE, {"to": "2999-01-01T00:00:00Z"})
    assert answer.status_code == 403


def test_an_instant_that_is_none_is_a_problem_without_an_echo(sandbox):
    answer = sandbox.client(Role.OPERATIONS).post(ADVANCE, {"to": "tomorrow"})
    assert answer.status_code == 422
    assert "tomorrow" not in answer.text


def test_a_case_is_open_until_its_life_is_over(live):
    from rso_coordinator.domain.case_log import CASE_LOG, Note
    from rso_shared.kit.events import Actor, Meta

    meta = Meta(actor=Actor(type="service", id="x", role="service", organisation_id=""), correlation_id="c")

    def enter(stage: Stage) -> list[str]:
        with live.service.db.write() as tx:
            live.service.store.execute(tx, CASE_LOG, "operator/coordination/c1", Note("c1", START, stage), meta)
        with live.service.db.read() as tx:
            return open_cases(tx)

    assert enter(Stage.SCREENING) == ["c1"]
    assert enter(Stage.MATCHING) == ["c1"]
    live.rebuild()
    assert enter(Stage.MATCHING) == ["c1"]
    for over in (Stage.WITHDRAWN, Stage.EXPIRED, Stage.DECLINED, Stage.CLOSED):
        assert enter(over) == []
