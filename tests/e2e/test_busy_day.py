"""`rso seed --cases`: a busy day that was interrupted goes on, a day that is there stays as it is, and the pages count what is so."""

import html
import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from e2e import logbook
from e2e.onebox import ROOT, RSO, Onebox, copy, environ, rso, wait_for
from rso_onebox.datadir import running
from rso_onebox.day_plan import EVENING
from rso_onebox.demo_people import EMPLOYER, PARTNER, Cast
from rso_onebox.demo_receiver import Received, receivers, told
from rso_shared.contracts.vocabulary import Role, Stage
from support.pages import Staff, held_against_the_stores

CASES = 20


@pytest.fixture(scope="module")
def box(rooms: Path, template: Path) -> Iterator[Onebox]:
    made = Onebox(copy(template, rooms / "busy")).start()
    yield made
    made.end()


@pytest.fixture(scope="module")
def listening(box: Onebox) -> Iterator[tuple[Cast, dict[str, Received]]]:
    """The partner's and the employer's systems, there from before the first case."""
    cast = Cast(box.address, box.data.issuer())
    with receivers({PARTNER: cast.partner, EMPLOYER: cast.employer}) as got:
        yield cast, got
    cast.close()


@pytest.fixture(scope="module")
def filled(box: Onebox, listening: object) -> "subprocess.CompletedProcess[str]":
    """The first run is killed in the middle of opening cases; the second one goes on."""
    command = (*RSO, "--data", str(box.data.root), "seed", "--cases", str(CASES))
    with subprocess.Popen(command, cwd=ROOT, env=environ(), stderr=subprocess.DEVNULL) as first:
        wait_for("some cases", lambda: box.events()["intake.case_submitted"] >= 3)
        first.kill()
    done = rso(box.data.root, "seed", "--cases", str(CASES))
    wait_for("rest", box.quiet)
    return done


def happened(box: Onebox, name: str) -> dict[str, list[dict[str, Any]]]:
    """Stream -> its events of this name, as the coordinator's store has them."""
    found: dict[str, list[dict[str, Any]]] = {}
    query = "SELECT stream, data FROM events WHERE name = ? ORDER BY event_id"
    for stream, data in logbook.rows(logbook.store(box.data, "coordinator"), query, f"coordinator.{name}"):
        found.setdefault(stream, []).append(json.loads(data))
    return found


def stages(box: Onebox) -> dict[str, Stage]:
    return {stream: Stage(events[-1]["stage"]) for stream, events in happened(box, "stage_entered").items()}


def test_each_case_is_opened_once_and_comes_to_its_stage(
    box: Onebox, filled: "subprocess.CompletedProcess[str]"
) -> None:
    assert (filled.returncode, filled.stdout[:9]) == (0, "busy day:"), filled.stdout + filled.stderr
    submitted = logbook.rows(
        logbook.store(box.data, "intake"), "SELECT data FROM events WHERE name = 'intake.case_submitted'"
    )
    references = Counter(json.loads(data)["client_reference"] for (data,) in submitted)
    assert sorted(references) == [f"day-7-{CASES}-{number:05}" for number in range(CASES)]
    assert set(references.values()) == {1}
    found = Counter(stages(box).values())
    assert len(found) >= 9, found
    assert re.search(r", [\d.]+ a second: \d+ ", filled.stdout)


def test_the_clock_moved_and_deadlines_lapsed_on_the_way(box: Onebox, filled: Any) -> None:
    offset = json.loads((box.data.root / "deployment.json").read_text())["clock_offset_seconds"]
    assert abs(offset - EVENING.total_seconds()) < 600
    assert happened(box, "rung_fired")
    assert happened(box, "escalation_raised")


def test_every_page_counts_what_the_stores_have(box: Onebox, filled: Any) -> None:
    staff = Staff(box.address, "operations")
    compared = held_against_the_stores(staff, logbook.stored(box.data), now_of(box))
    assert compared["cases"] == CASES
    assert min(compared.values()) >= 9
    late = re.search(r"(\d+) overdue", html.unescape(staff.get("/")[0]))
    assert late
    assert int(late[1]), "nobody is late on a busy day"


def test_what_receivers_got_is_told_by_type(filled: Any, listening: Any) -> None:
    """The employer's too, which has enough cases on such a day to hear of each, and nothing by which one could be recognised."""
    cast, got = listening
    for name, api in ((PARTNER, cast.partner), (EMPLOYER, cast.employer)):
        first, *types = told(got[name], api)
        assert first == f"webhooks to {name}: {len(got[name].events)} events"
        assert sum(int(line.split()[0]) for line in types if "withheld" not in line) == len(got[name].events)
    assert len([event for event in got[PARTNER].events if event["type"] == "case.opened"]) == CASES
    assert got[EMPLOYER].events
    assert "day-7" not in json.dumps(got[EMPLOYER].events)


def now_of(box: Onebox) -> datetime:
    token = box.issuer.token("x", Role.OPERATIONS, "operator")
    clock = httpx.get(f"{box.address}/v1/clock", headers={"authorization": f"Bearer {token}"}).json()
    return datetime.fromisoformat(clock["now"])


def test_a_day_that_is_there_stays_as_it_is(box: Onebox, filled: Any) -> None:
    before = box.events()
    again = rso(box.data.root, "seed", "--cases", str(CASES))
    assert (again.returncode, again.stderr) == (0, "")
    assert f"busy day: all {CASES} cases were there already" in again.stdout
    wait_for("rest", box.quiet)
    assert box.events() == before


@pytest.mark.parametrize("number", ["0", "-3", "5001"])
def test_a_number_that_makes_no_day(tmp_path: Path, number: str) -> None:
    done = rso(tmp_path, "seed", "--cases", number)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "rso seed: --cases is from 1 to 5,000.\n"


def test_a_live_deployment_is_not_filled(rooms: Path) -> None:
    live = Onebox(rooms / "live", sandbox=False).start()
    try:
        done = rso(live.data.root, "seed", "--cases", "1")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("rso seed: This deployment is live.")
        assert live.events().total() == 0
    finally:
        live.end()
    assert running(live.data) is None
    stopped = rso(live.data.root, "seed", "--cases", "1")
    assert (stopped.returncode, "Start it with `rso up`" in stopped.stderr) == (2, True)
