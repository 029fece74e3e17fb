"""First contact: somebody takes the case out of its program's queue within a day, or the desk hears of it. Whatever else it waits for."""

from datetime import timedelta

import pytest

from coordinator.story import Story
from coordinator.world import World

DAY = timedelta(days=1)
OVERDUE = [("first_contact/overdue", "care_coordinator")]
QUEUE = "team:care-coordination"


@pytest.mark.parametrize("stage", ["authorization", "records", "summary", "offer", "opinion", "delivered"])
def test_a_case_that_nobody_takes_is_escalated_once(story: Story, world: World, stage: str) -> None:
    story.to(stage, claimed=False)
    assert story.due("first_contact") == story.submitted_at + DAY
    world.just_before(story.submitted_at + DAY)
    assert story.rungs("first_contact") == []
    world.past(story.submitted_at + DAY)
    assert [each for each in story.escalations() if each in OVERDUE] == OVERDUE
    world.past(story.submitted_at + 3 * DAY)
    assert story.rungs("first_contact") == ["overdue"]


def test_taken_one_second_before_it_is_in_time(story: Story, world: World) -> None:
    story.to("authorization", claimed=False)
    world.just_before(story.submitted_at + DAY)
    story.claim("sample-nurse")
    world.past(story.submitted_at + 2 * DAY)
    assert story.rungs("first_contact") == []
    assert story.escalations() == []


def test_given_back_to_the_queue_it_is_taken_by_nobody(story: Story, world: World) -> None:
    story.to("authorization")
    story.claim(QUEUE)
    world.past(story.submitted_at + DAY)
    assert story.escalations() == OVERDUE


def test_a_case_that_ended_is_no_longer_waited_for(story: Story, world: World) -> None:
    story.to("authorization", claimed=False)
    story.patient.post(story.path("/withdrawal"), {})
    world.past(story.submitted_at + 2 * DAY)
    assert story.escalations() == []


def test_the_reminders_come_all_the_same(story: Story, world: World) -> None:
    story.to("authorization", claimed=False)
    world.past(story.submitted_at + 5 * DAY)
    assert story.rungs() == ["overdue", "reminder_1", "reminder_2"]
