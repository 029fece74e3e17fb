"""A case whose history becomes long goes on in a new run, again and again: nothing is lost on the way and nothing is done twice."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.client import Client

from e2e import logbook, runs
from e2e.onebox import Onebox, copy, rso, wait_for
from e2e.playing import sueann_case
from rso_onebox.box import NAMESPACE
from rso_onebox.demo_people import Cast
from rso_onebox.demo_story import Story
from rso_onebox.processes import arguments

LONG = 30
"""Events after which the dev server suggests a new run; left to itself it does so after 4,096."""


@pytest.fixture(scope="module")
def restless(rooms: Path, template: Path, temporal: Path) -> Iterator[tuple[Onebox, Story]]:
    """The whole story, on a dev server that finds histories long very soon."""
    cli = rooms / "temporal-restless"
    setting = f"limit.historyCount.suggestContinueAsNew={LONG}"
    cli.write_text(f'#!/bin/sh\nexec "{temporal}" "$@" --dynamic-config-value {setting}\n')
    cli.chmod(0o700)
    box = Onebox(copy(template, rooms / "restless"), RSO_TEMPORAL_CLI=str(cli)).start()
    cast = Cast(box.address, box.issuer)
    story = Story(cast, sueann_case(), {}, lambda _who, _what: None)
    try:
        story.play()
        wait_for("quiet", lambda: logbook.quiet(box.data))
        yield box, story
    finally:
        cast.close()
        box.end()


def _runs(box: Onebox, case_id: str) -> list[tuple[str, int]]:
    """(status, events) of every run of the case's workflow."""
    (pid,) = box.temporal_pids()
    told = arguments(pid)
    target = f"127.0.0.1:{told[told.index('--port') + 1]}"

    async def asked() -> list[tuple[str, int]]:
        client = await Client.connect(target, namespace=NAMESPACE)
        found = client.list_workflows(f"WorkflowId = 'case/{case_id}'")
        return [(str(run.status and run.status.name), run.history_length) async for run in found]

    return asyncio.run(asked())


def test_the_case_went_through_several_runs(restless: tuple[Onebox, Story]) -> None:
    box, story = restless
    found = wait_for("the list of runs", lambda: _runs(box, story.case_id))
    statuses = [status for status, _ in found]
    assert statuses.count("CONTINUED_AS_NEW") >= 2
    assert statuses.count("RUNNING") == 1
    assert len(statuses) == statuses.count("CONTINUED_AS_NEW") + 1
    assert all(events < 3 * LONG for _, events in found)


def test_it_says_and_does_what_an_undisturbed_case_does(restless: tuple[Onebox, Story], sueann: runs.Run) -> None:
    assert sueann.result["stage"] == "delivered"
    box, story = restless
    assert story.cast.desk.get(story.path())["stage"] == "delivered"
    unalike = {"opinions.opinion_viewed"}  # the reader's own doing
    seen, calm = logbook.events(box.data), logbook.events(sueann.data)
    assert {name: n for name, n in seen.items() if name not in unalike and not _loose(name)} == {
        name: n for name, n in calm.items() if name not in unalike and not _loose(name)
    }
    assert [stage for stage in logbook.stages(box.data) if stage != "awaiting_payment"] == [
        stage for stage in logbook.stages(sueann.data) if stage != "awaiting_payment"
    ]


def _loose(name: str) -> bool:
    """How often a waiting list changes depends on who comes first; only the command's own run has receivers that listen."""
    return name in {"coordinator.waiting_changed", "coordinator.stage_entered"} or name.startswith("subscriptions.")


def test_deadlines_are_set_once(restless: tuple[Onebox, Story]) -> None:
    box, _ = restless
    query = "SELECT json_extract(data, '$.deadline') FROM events WHERE name = 'coordinator.deadline_set'"
    deadlines = [row[0] for row in logbook.rows(logbook.store(box.data, "coordinator"), query)]
    assert {"joining", "records", "summary", "follow_up"} <= set(deadlines)
    assert len(deadlines) == len(set(deadlines))


def test_verify_finds_nothing(restless: tuple[Onebox, Story]) -> None:
    box, _ = restless
    done = rso(box.data.root, "verify")
    assert done.returncode == 0, done.stdout
