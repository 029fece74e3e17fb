"""A step that is refused for what it is, not for when it comes: somebody is told, and it is asked again more and more rarely."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from temporalio.testing import ActivityEnvironment

from coordinator.story import Story
from coordinator.world import World
from rso_coordinator.activities import CaseActivities
from rso_coordinator.app import SPEC
from rso_coordinator.payloads import Answer, Command
from rso_shared.contracts.permissions import MATRIX
from support.harness import Harness

COMMAND = Command("/internal/v1/matching/cases/case-1/matching", {}, "key-1", "case-1")


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Harness]:
    made = Harness(SPEC, tmp_path)
    yield made
    made.close()


def _answer(alone: Harness, status: int, name: str) -> Answer:
    """What the activity makes of a service that answers so."""

    async def asked() -> Answer:
        said = httpx.Response(status, json={"code": "said_so"})
        async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: said)) as http:
            activities = CaseActivities(alone.service, http)
            found: Answer = await ActivityEnvironment().run(getattr(activities, name), COMMAND)
            return found

    return asyncio.run(asked())


@pytest.mark.parametrize("status", [400, 403, 413, 415, 422])
@pytest.mark.parametrize("name", ["command", "read"])
def test_what_is_wrong_with_the_request_is_an_answer(alone: Harness, status: int, name: str) -> None:
    assert _answer(alone, status, name) == Answer({}, "said_so", wrong=True)


@pytest.mark.parametrize("status", [409, 410])
def test_what_is_no_longer_due_is_an_answer_too(alone: Harness, status: int) -> None:
    assert _answer(alone, status, "command") == Answer({}, "said_so")


@pytest.mark.parametrize("status", [401, 404, 429, 500, 502, 503])
@pytest.mark.parametrize("name", ["command", "read"])
def test_the_rest_is_tried_again(alone: Harness, status: int, name: str) -> None:
    """404 among it: the service may not have heard of the case yet."""
    with pytest.raises(httpx.HTTPStatusError):
        _answer(alone, status, name)


def test_somebody_is_told_once_and_the_case_goes_on_when_it_is_mended(
    story: Story, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.to("summary")
    with monkeypatch.context() as taken_away:
        taken_away.setitem(MATRIX, "matching.coordinate", {})
        story.summarize()
        world.settle()
        assert story.escalations() == [("refused/matching_forbidden", "operations")]
        before = world.size(story.case_id)[0]
        world.past(world.now + timedelta(hours=6))
        assert story.escalations() == [("refused/matching_forbidden", "operations")]
        assert before < world.size(story.case_id)[0] <= before + 200
    world.past(world.now + timedelta(hours=1))
    story.waits_for("offer")


def test_a_reading_that_is_refused_is_told_too(story: Story, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    story.to("records")
    request, sent = story.request_records(), world.now
    with monkeypatch.context() as taken_away:
        taken_away.setitem(MATRIX, "records.coordinate", {})
        world.past(sent + timedelta(days=7))
        assert story.escalations() == [("refused/read_forbidden", "operations")]
    world.past(world.now + timedelta(days=8))
    assert f"{request}_follow_up" in story.rungs("records")
