"""Health: what the services say of themselves, and a parked key that is tried again from the page."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from operations.busy import NAUGHTY
from operations.cases import CASE
from operations.served import new_issuer, served
from operations.walking import needs_chromium, walking
from rso_operations import view_health
from rso_operations.app import SPEC
from rso_operations.engine_room import EngineRoom, State
from rso_shared.kit import parking
from rso_shared.kit.broker import Record
from rso_shared.kit.clock import iso
from rso_shared.kit.tables import PARKED
from support.harness import START, Harness

READY = {
    "ready": True, "problems": {}, "unsent": 3, "unsent_since": iso(START - timedelta(minutes=7)), "parked": 0, "set_aside": {},
    "lag": {"intake": 7}, "heartbeats": {"relay": 0.4, "intake": 31.0},
}  # fmt: skip


def test_each_service_says_how_it_is_and_one_that_is_silent_is_a_line():
    late = {**READY, "ready": False, "problems": {"outbox": "oldest unsent since noon"}}
    found = EngineRoom((State("intake", READY), State("billing", late), State("matching")), ())
    page = view_health.page(found, START)
    for words in (
        "1 of 3 ready",
        "Not ready",
        "outbox: oldest unsent since noon",
        "No answer",
        "intake 7",
        "3 <small>oldest 7 min</small>",
        "relay 0 s, intake 31 s",
        "Every endpoint is served.",
    ):
        assert words in page


def test_endpoints_that_are_not_served_are_named_and_nothing_is_a_script():
    endpoint: dict[str, Any] = {
        "endpoint_id": "e-1",
        "organisation_id": NAUGHTY,
        "status": "paused",
        "pause_reason": "failing",
    }
    page = view_health.page(EngineRoom((), (endpoint, {**endpoint, "status": "active"})), START)
    assert "1 endpoint of 2 not served" in page
    assert NAUGHTY not in page
    assert "does not answer" in view_health.page(EngineRoom((), None), START)


def test_a_loop_that_is_silent_is_marked_and_one_that_runs_elsewhere_is_said_to():
    silent = {**READY, "problems": {"intake": "no heartbeat"}, "ready": False}
    page = view_health.page(EngineRoom((State("intake", silent),), ()), START)
    assert "relay 0 s, <span class='late'>intake 31 s</span>" in page
    api = {**READY, "heartbeats": {}, "lag": {}}
    assert view_health.page(EngineRoom((State("intake", api),), ()), START).count(view_health.ELSEWHERE) == 2


def test_an_endpoint_that_is_served_late_says_how_much_waits_and_since_when_it_fails():
    well = {
        "cursor": 9,
        "newest": 9,
        "queued": 0,
        "dead_letters": 0,
        "failures": 0,
        "failing_since": None,
        "next_try": None,
    }
    failing = {**well, "newest": 12, "queued": 4, "dead_letters": 2, "failing_since": iso(START - timedelta(hours=26))}
    active = {"endpoint_id": "e-1", "organisation_id": "acme", "status": "active", "pause_reason": None}
    told = ({**active, "delivering": well}, {**active, "endpoint_id": "e-2", "delivering": failing}, active)
    page = view_health.page(EngineRoom((), told), START)
    assert "0 endpoints of 3 not served, 1 waiting or failing" in page
    assert "1 not asked" in page
    assert "<td class='num'>3</td><td class='num'>4</td><td class='num late'>2</td>" in page
    assert "<small>1 d 2 h</small>" in page
    assert "e-1" not in page


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("health")
    new_issuer(folder)
    harness = Harness(SPEC, folder / "data")
    with harness.service.db.write() as tx:
        record = Record("rso.intake.v1", CASE, {"ce_id": "e-1"}, b"{}")
        parking.park(tx, "operations", record, parking.POISON, "KeyError", START)
    yield folder, harness
    harness.close()


@needs_chromium
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_parked_is_tried_again_from_the_page(filled, browser, theme):
    with served(filled[0]) as address, walking(browser, theme, address, "operations") as walk:
        walk.open(f"{address}/health")
        walk.shows("1 of 8 ready")
        walk.shows("Traces: not set")
        assert walk.findings() == []
        if theme == "light":
            walk.page.get_by_role("button", name="Try again").click()
            walk.shows("1 to be tried again")
            with filled[1].service.db.read() as tx:
                assert tx.conn.execute(select(PARKED.c.state)).scalars().all() == [parking.NOT_YET]
        else:
            walk.shows("by itself")
        assert walk.trouble == []


@needs_chromium
def test_it_is_for_the_role_operations(filled, browser):
    with served(filled[0]) as address, walking(browser, "light", address, "care_coordinator") as walk:
        walk.open(f"{address}/health")
        walk.shows("is shown to the role operations")
        answer = walk.page.request.post(
            f"{address}/replay/operations/operations/{CASE}", headers={"idempotency-key": "k-1"}
        )
        assert (answer.status, answer.json()["code"]) == (403, "forbidden")
        answer = walk.page.request.post(
            f"{address}/replay/elsewhere/operations/{CASE}", headers={"idempotency-key": "k-2"}
        )
        assert (answer.status, answer.json()["code"]) == (404, "service_unknown")
