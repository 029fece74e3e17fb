"""Whole lives of cases, one per outcome: what is recorded as a history and replayed ever after."""

from collections.abc import Callable
from datetime import timedelta

from coordinator.story import Story
from coordinator.world import World


def completed(world: World) -> Story:
    story = Story(world).to("delivered")
    world.past(story.due("follow_up"))
    return story


def provider_first(world: World) -> Story:
    story = Story(world, program="partner-expert-review").to("delivered")
    world.past(story.due("provider_first"))
    world.past(story.due("follow_up"))
    return story


def declined(world: World) -> Story:
    story = Story(world, specialists=0).open(flags={"emergency": True})
    world.settle()
    return story


def withdrawn(world: World) -> Story:
    story = Story(world).to("opinion")
    story.patient.post(story.path("/withdrawal"), {})
    world.settle()
    return story


def expired(world: World) -> Story:
    story = Story(world, specialists=0).to("authorization")
    world.past(story.submitted_at + timedelta(days=30))
    return story


def unclaimed(world: World) -> Story:
    """Nobody takes the case out of its queue; the facility is chased, and chased anew when it is asked a second time."""
    story = Story(world).to("records", claimed=False)
    request = story.request_records()
    world.past(world.now + timedelta(days=14))
    again = story.send_again(request)
    world.past(again + timedelta(days=7))
    story.patient.post(story.path("/withdrawal"), {})
    world.settle()
    return story


def second_specialist(world: World) -> Story:
    story = Story(world).to("offer")
    world.past(story.due("offer/"))
    story.accept(story.offer())
    story.finish()
    return story


def revised(world: World) -> Story:
    story = Story(world).to("quality_review")
    story.verdict("revision_requested", findings=[{"text": "Say which guideline."}])
    story.waits_for("opinion")
    story.finish()
    return story


OUTCOMES: dict[str, tuple[Callable[[World], Story], str]] = {
    "completed": (completed, "completed"),
    "provider_first": (provider_first, "completed"),
    "declined": (declined, "declined"),
    "withdrawn": (withdrawn, "withdrawn_patient"),
    "expired": (expired, "expired_no_response"),
    "unclaimed": (unclaimed, "withdrawn_patient"),
    "second_specialist": (second_specialist, "completed"),
    "revised": (revised, "completed"),
}
"""By name: how it is played, and what the run returns."""
