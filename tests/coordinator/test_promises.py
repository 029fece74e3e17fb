"""What the patient is promised follows the priority of the case, also when that changes on the way."""

from datetime import datetime, timedelta

import pytest

from coordinator.story import Story
from coordinator.world import World
from rso_coordinator.promises import promised_by
from rso_onebox import loading
from rso_onebox.defaults import load_programs
from rso_shared.contracts.coordinator import PromiseChanged
from rso_shared.contracts.records import RecordSetAccepted
from rso_shared.contracts.vocabulary import Priority

HOUR = timedelta(hours=1)
FRIDAY_EVENING = datetime.fromisoformat("2026-03-06T17:30:00-05:00")
DIRECT = next(one for one in load_programs(loading.FOLDER, loading.OWNERS) if one.program_id == "direct-cancer")


@pytest.mark.parametrize(
    ("priority", "promised"),
    [
        (Priority.ROUTINE, "2026-03-17T17:30:00-04:00"),  # seven business days later; the clocks change in between
        (Priority.EXPEDITED, "2026-03-09T18:30:00-04:00"),  # a weekend is no excuse
        (Priority.URGENT, "2026-03-07T17:30:00-05:00"),
    ],
)
def test_only_routine_cases_wait_for_the_calendar(priority: Priority, promised: str) -> None:
    assert promised_by(DIRECT, priority, FRIDAY_EVENING) == datetime.fromisoformat(promised)


def _since(world: World, story: Story) -> timedelta:
    """What the case's page says is promised, from the acceptance of the record set on."""
    world.settle()
    accepted = world.facts(story.case_id, RecordSetAccepted)[-1].accepted_at
    return datetime.fromisoformat(story.view()["promised_by"]) - accepted


@pytest.mark.parametrize(("priority", "hours"), [("expedited", 72), ("urgent", 24)])
def test_a_case_that_is_opened_so(story: Story, world: World, priority: str, hours: int) -> None:
    story.to("summary", priority=priority)
    assert _since(world, story) == hours * HOUR


def test_a_priority_that_changes_afterwards(story: Story, world: World) -> None:
    story.to("summary")
    routine = _since(world, story)
    assert routine > 72 * HOUR
    for priority, promised in (("urgent", 24 * HOUR), ("expedited", 72 * HOUR), ("routine", routine)):
        story.prioritise(priority)
        assert _since(world, story) == promised
    assert len(world.facts(story.case_id, PromiseChanged)) == 4


def test_a_priority_that_changes_before_there_is_a_promise(story: Story, world: World) -> None:
    story.to("records")
    story.prioritise("urgent")
    world.settle()
    assert story.view()["promised_by"] is None
    story.collect()
    assert _since(world, story) == 24 * HOUR


def test_after_delivery_nothing_is_promised_anew(story: Story, world: World) -> None:
    story.to("delivered")
    kept = story.view()["promised_by"]
    story.prioritise("urgent")
    world.settle()
    assert story.view()["promised_by"] == kept
