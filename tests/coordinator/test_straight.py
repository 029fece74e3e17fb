"""The straight path: what a case costs in history, and how it ends."""

from coordinator.story import Story
from coordinator.world import World

MOST_EVENTS, MOST_BYTES = 150, 60_000


def test_the_straight_path_stays_within_its_budget_until_delivered(story: Story, world: World) -> None:
    story.to("delivered")
    events, size = world.size(story.case_id)
    print("SIZE", events, size)
    assert events <= MOST_EVENTS
    assert size <= MOST_BYTES
    print(story.stages(), world.notices(story.case_id))
