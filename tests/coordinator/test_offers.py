"""An offer's window, the next candidate, and nobody left."""

from coordinator.story import Story
from coordinator.world import SECOND, World
from rso_onebox.client import until
from rso_shared.contracts.intake import CaseHeld
from rso_shared.contracts.matching import CaseOffered, OfferLapsed


def test_an_acceptance_one_second_before_the_end_wins(story: Story, world: World) -> None:
    story.to("offer")
    due = story.due("offer/")
    world.just_before(due)
    story.accept(story.offer())
    world.past(due)
    assert story.stage() == "in_review"
    assert world.facts(story.case_id, OfferLapsed) == []
    assert story.rungs("offer/") == []


def test_from_the_stored_instant_on_an_offer_has_lapsed_and_the_next_candidate_is_asked(
    story: Story, world: World
) -> None:
    story.to("offer")
    due, offer = story.due("offer/"), story.offer()
    world.just_before(due)
    specialist = story.attest(offer)
    world.running.clock.set(due)
    accept = f"/v1/offers/{offer['offer_id']}/acceptance"
    assert story.refused(lambda: specialist.post(accept)) == "offer_lapsed"
    world.past(due)
    assert len(world.facts(story.case_id, OfferLapsed)) == 1
    assert story.refused(lambda: specialist.post(accept)) == "offer_lapsed"
    following = story.offer()
    assert following["specialist_id"] != offer["specialist_id"]
    story.accept(following)
    story.waits_for("opinion")


def test_a_lapse_that_meets_an_acceptance_changes_nothing(story: Story, world: World) -> None:
    """The acceptance is on its way to the workflow when the timer comes."""
    story.to("offer")
    due = story.due("offer/")
    world.just_before(due)
    with world.without("coordinator.coordinator.bridge"):
        story.accept(story.offer())
        world.past(due)
        assert story.rungs("offer/") == ["lapse"]
    story.waits_for("opinion")
    assert world.facts(story.case_id, OfferLapsed) == []


def test_a_declined_offer_goes_to_the_next_candidate(story: Story, world: World) -> None:
    story.to("offer")
    offer = story.offer()
    decline = f"/v1/offers/{offer['offer_id']}/decline"
    world.cast.specialist(offer["specialist_id"]).post(decline, {"reason": "no_capacity"})
    world.settle()
    assert story.offer()["specialist_id"] != offer["specialist_id"]


def test_an_offer_that_was_declined_before_its_own_answer_was_heard_goes_to_the_next_candidate(
    story: Story, world: World
) -> None:
    story.to("summary")
    with world.unheard(f"/{story.case_id}/offers"):
        story.summarize()
        offer, before = story.offer(), world.signals(story.case_id)
        decline = f"/v1/offers/{offer['offer_id']}/decline"
        world.cast.specialist(offer["specialist_id"]).post(decline, {"reason": "no_capacity"})
        until(lambda: world.signals(story.case_id), lambda heard: heard > before, what="the decline", seconds=60)
    following = story.offer()
    assert following["specialist_id"] != offer["specialist_id"]
    story.accept(following)
    story.waits_for("opinion")


def test_nobody_left_holds_the_case_until_a_person_resumes_it(world: World) -> None:
    story = Story(world, specialists=1).to("offer")
    world.past(story.due("offer/"))
    held = story.waits_for("no_specialist")
    assert held["party"] == "medical_director"
    assert [str(fact.reason) for fact in world.facts(story.case_id, CaseHeld)] == ["no_specialist"]
    assert story.escalations() == [("matching/no_specialist_1", "medical_director")]
    world.past(world.now + 3600 * SECOND)
    assert len(world.facts(story.case_id, CaseOffered)) == 1
    story.enrol(first=1)
    world.cast.desk.post(story.path("/holds/no_specialist/release"))
    story.accept(story.offer())
    story.waits_for("opinion")
