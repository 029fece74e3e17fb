"""Processes that only ask Temporal now and then look after the connection too: while it is away they say so."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from kit.desks import until

import rso_coordinator.app
from rso_coordinator.worker import LOOP, Temporal, keeper_of
from rso_shared.kit.health import STALE_SECONDS
from support.harness import Harness


@pytest.mark.asyncio
async def test_a_server_that_never_comes_is_a_problem_from_the_first_moment(tmp_path: Path) -> None:
    harness = Harness(rso_coordinator.app.SPEC, tmp_path)
    now = [1000.0]
    harness.service.health.monotonic = lambda: now[0]
    loop = asyncio.ensure_future(keeper_of(Temporal("127.0.0.1:9", "default", bytes(32)), harness.service)())
    await until(lambda: LOOP in harness.service.health.beats)
    assert harness.service.health.problems() == {LOOP: "connecting"}
    now[0] += STALE_SECONDS + 1
    assert harness.service.health.problems() == {LOOP: "no heartbeat"}
    loop.cancel()
    with suppress(asyncio.CancelledError):
        await loop
    harness.close()
