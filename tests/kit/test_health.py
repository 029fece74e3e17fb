"""Readiness by heartbeat: silence is a problem from the moment a loop is started, and only in a process that starts it."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert

from kit.desks import until
from kit.web import SPEC
from rso_shared.kit import gauges, housekeeping, serving, tables
from rso_shared.kit.clock import SandboxClock, iso
from rso_shared.kit.database import Database
from rso_shared.kit.health import LAG_STALE_SECONDS, STALE_SECONDS, Health
from rso_shared.kit.service import Service, expected
from rso_shared.kit.web.health import LAG_LIMIT, UNSENT_LIMIT, readiness
from support.harness import Harness


class Time:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_a_beat_is_good_for_half_a_minute_and_a_trouble_is_said_at_once() -> None:
    time = Time()
    health = Health(monotonic=time)
    health.beat("relay")
    time.seconds += STALE_SECONDS
    assert health.problems() == {}
    time.seconds += 1
    assert health.problems() == {"relay": "no heartbeat"}
    health.trouble("relay", "Transient")
    assert health.problems() == {"relay": "Transient"}
    health.alive("relay")
    assert health.problems() == {"relay": "Transient"}, "alive is not well"
    health.beat("relay")
    assert health.problems() == {}


@pytest.mark.asyncio
async def test_a_loop_that_never_beats_is_a_problem_after_half_a_minute() -> None:
    time = Time()
    health = Health(monotonic=time)
    loop = asyncio.ensure_future(expected(health, "mail", asyncio.Event().wait)())  # type: ignore[arg-type]
    await asyncio.sleep(0)
    assert health.problems() == {}
    time.seconds += STALE_SECONDS + 1
    assert health.problems() == {"mail": "no heartbeat"}
    loop.cancel()


@pytest.mark.asyncio
async def test_every_loop_of_a_service_is_expected_once_it_is_started(harness: Harness) -> None:
    time, service = Time(), harness.service
    service.health.monotonic = time
    assert readiness(service).ready, "a process that runs no loops (api) waits for none"
    running = [asyncio.ensure_future(run()) for run in service.loops.values()]
    await until(lambda: {"relay", "sample", "mail", "housekeeping", "erasing"} <= service.health.beats.keys())
    for loop in running:
        loop.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    time.seconds += STALE_SECONDS + 1
    state = readiness(service)
    assert state.problems == dict.fromkeys(["relay", "sample", "mail", "housekeeping", "erasing"], "no heartbeat")
    assert not state.ready


@pytest.mark.asyncio
async def test_housekeeping_says_what_is_away_and_goes_on(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    service = harness.service
    monkeypatch.setattr(housekeeping, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(housekeeping, "BEAT_SECONDS", 0.01)
    with service.db.write() as tx:
        tx.conn.exec_driver_sql("ALTER TABLE blobs RENAME TO elsewhere")
    loop = asyncio.ensure_future(service.loops["housekeeping"]())
    await until(lambda: loop.done() or "housekeeping" in service.health.problems())
    assert service.health.problems() == {"housekeeping": "OperationalError"}
    with service.db.write() as tx:
        tx.conn.exec_driver_sql("ALTER TABLE elsewhere RENAME TO blobs")
    await until(lambda: loop.done() or service.health.problems() == {})
    assert not loop.done()
    loop.cancel()
    with suppress(asyncio.CancelledError):
        await loop


def status(service: Service, path: str, *, sends: bool = True) -> tuple[int, dict[str, str]]:
    """What a probe is answered: (status, problems)."""

    async def ask() -> httpx.Response:
        face = httpx.ASGITransport(serving.Face(service, None, sends=sends))
        async with httpx.AsyncClient(transport=face, base_url="http://process") as http:
            return await http.get(path)

    answer = asyncio.run(ask())
    return answer.status_code, answer.json()["problems"]


def test_without_its_database_a_process_is_not_ready_and_takes_no_commands(harness: Harness, tmp_path: Path) -> None:
    service, there = harness.service, harness.service.db
    assert status(service, "/readyz") == status(service, "/acceptz") == (200, {})
    service.db = Database(f"sqlite:///{tmp_path}/no-such-folder/store.db")
    for path in ("/readyz", "/acceptz"):
        code, problems = status(service, path)
        assert (code, set(problems)) == (503, {"database"})
    service.db = there
    assert status(service, "/readyz") == status(service, "/acceptz") == (200, {})


def test_a_long_backlog_is_not_ready_and_commands_are_taken(harness: Harness) -> None:
    health = harness.service.health
    health.lag("sample", LAG_LIMIT)
    assert status(harness.service, "/readyz") == (200, {})
    health.lag("sample", LAG_LIMIT + 1)
    assert status(harness.service, "/readyz") == (503, {"lag.sample": f"{LAG_LIMIT + 1} records behind"})
    assert status(harness.service, "/acceptz") == (200, {})


@pytest.mark.parametrize("found", [True, False])
def test_a_lag_that_nobody_finds_any_more_is_unknown(harness: Harness, *, found: bool) -> None:
    time, health = Time(), harness.service.health
    health.monotonic = time
    health.expect_lag("sample")
    if found:
        health.lag("sample", 7)
    time.seconds += LAG_STALE_SECONDS
    assert (readiness(harness.service).ready, readiness(harness.service).lag) == (True, {"sample": 7} if found else {})
    time.seconds += 1
    assert status(harness.service, "/readyz") == (503, {"lag.sample": "unknown"})
    assert readiness(harness.service).lag == {}, "the last one was repeated for ever"


@pytest.mark.parametrize(("age", "sends", "said"), [(2, True, 503), (2, False, 200), (0, True, 200)])
def test_old_facts_are_the_problem_of_the_process_that_sends_them(
    harness: Harness, age: int, *, sends: bool, said: int
) -> None:
    unsent(harness.service, age * UNSENT_LIMIT)
    assert status(harness.service, "/readyz", sends=sends)[0] == said
    assert status(harness.service, "/acceptz", sends=sends)[0] == 200


def unsent(service: Service, age: timedelta) -> None:
    """A row that stands in the outbox for so long, by the service's clock."""
    created = iso(service.clock.now() - age)
    row = {"event_id": "e", "topic": "t", "key": "k", "headers": "{}", "value": b"{}", "created_at": created}
    with service.db.write() as tx:
        tx.conn.execute(insert(tables.OUTBOX).values(row))


@pytest.mark.parametrize(("age", "said"), [(2, 503), (0, 200)])
def test_a_sandbox_whose_relay_does_not_send_says_so_however_far_its_clock_was_moved(
    tmp_path: Path, age: int, said: int
) -> None:
    service = Harness(SPEC, tmp_path, sandbox=True).service
    service.clock = SandboxClock(timedelta(days=40))
    unsent(service, age * UNSENT_LIMIT)
    assert status(service, "/readyz")[0] == said
    service.close()


@pytest.mark.asyncio
async def test_the_loop_that_asks_for_the_lag_beats_while_the_log_is_away(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its groups become unknown; a loop that hangs would be silent."""
    time, service = Time(), harness.service
    service.health.monotonic = time
    monkeypatch.setattr(gauges, "PERIOD_SECONDS", 0.01)
    harness.broker.close()
    loop = asyncio.ensure_future(gauges.of(service, {"sample": ["rso.other.v1"]}).run())
    await until(lambda: gauges.LOOP in service.health.beats)
    time.seconds += LAG_STALE_SECONDS + 1
    await until(lambda: service.health.beats[gauges.LOOP] == time.seconds)
    assert readiness(service).problems == {"lag.sample": "unknown"}
    loop.cancel()
    with suppress(asyncio.CancelledError):
        await loop
