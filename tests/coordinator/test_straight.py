"""The straight path: what a case costs in history until it is delivered."""

from coordinator.story import Story
from coordinator.world import World

MOST_EVENTS, MOST_BYTES = 150, 60_000


def test_the_straight_path_stays_within_its_budget(story: Story, world: World) -> None:
    story.to("delivered")
    events, size = world.size(story.case_id)
    assert events <= MOST_EVENTS
    assert size <= MOST_BYTES
    assert story.stages() == [
        "screening", "awaiting_authorization", "awaiting_payment", "compiling_records", "summarizing", "matching",
        "in_review", "quality_review", "ready_for_delivery", "delivered",
    ]  # fmt: skip
    assert sorted(world.notices(story.case_id)) == [
        ("authorization_requested", "patient"), ("offer_made", "None"), ("opinion_released", "patient"),
        ("payment_requested", "patient"),
    ]  # fmt: skip
