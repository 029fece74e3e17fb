"""Somebody was erased: what still asks for their data is refused (410). A case without its person is wound up; it asks nobody for ever."""

from datetime import timedelta

from coordinator.story import Story
from coordinator.world import World
from rso_onebox.client import until
from rso_shared.contracts.coordinator import StageEntered
from rso_shared.contracts.intake import CaseSubmitted
from rso_shared.contracts.matching import AssignmentReleased


def erase(world: World, story: Story, *services: str) -> None:
    """As an erasure leaves it: the keys are destroyed, the facts remain."""
    person_id = world.facts(story.case_id, CaseSubmitted)[-1].person_id
    for name in services:
        world.running.box.services[name].keys.destroy(person_id)


def test_screening_an_erased_person_ends_the_run_after_one_try(story: Story, world: World) -> None:
    with world.without("coordinator.coordinator.bridge"):
        story.open(claimed=False)
        erase(world, story, "intake")
    until(lambda: world.facts(story.case_id, StageEntered), lambda said: len(said) > 1, what="an end", seconds=20)
    world.settle()
    assert world.status(story.case_id) == "completed"
    assert story.stages() == ["screening", "closed"]
    assert world.notices(story.case_id) == []
    assert world.size(story.case_id)[0] <= 60


def test_an_erasure_in_mid_case_calls_back_what_was_asked_for(story: Story, world: World) -> None:
    """The workflow hears of it from the next command that needs the person: here from the release, which renders the report."""
    story.to("signature")
    with world.without("coordinator.coordinator.bridge"):
        story.sign_opinion()
        erase(world, story, "opinions")
    until(story.stage, lambda stage: stage == "closed", what="an end", seconds=20)
    world.settle()
    assert world.status(story.case_id) == "completed"
    assert len(world.facts(story.case_id, AssignmentReleased)) == 1


def test_a_refusal_that_stays_is_asked_again_ever_more_rarely(story: Story, world: World) -> None:
    """The only specialist was erased. A history has room for so many events: a day of it are dozens of tries, not over a thousand."""
    story.specialists = 1
    story.to("summary")
    world.running.box.services["matching"].keys.destroy(story.ids[0])
    story.summarize()
    world.settle()
    before = world.size(story.case_id)[0]
    world.advance(world.now + timedelta(days=1))
    assert before < world.size(story.case_id)[0] <= before + 600
    assert world.status(story.case_id) == "running"
