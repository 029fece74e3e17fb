"""Readiness by heartbeat: silence is a problem from the moment a loop is started, and only in a process that starts it."""

import asyncio
from contextlib import suppress

import pytest

from kit.desks import until
from rso_shared.kit import housekeeping
from rso_shared.kit.health import STALE_SECONDS, Health
from rso_shared.kit.service import expected
from rso_shared.kit.web.health import readiness
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
