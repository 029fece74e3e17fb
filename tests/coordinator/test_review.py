"""Review, quality review and signature: heads-up, overdue steps with a backup in parallel, and the promises after them."""

from datetime import timedelta

from coordinator.story import Story
from coordinator.world import World
from rso_shared.contracts.matching import AssignmentReleased, CaseOffered, OfferLapsed

HOUR = timedelta(hours=1)
HEADS_UP, OVERDUE = "review_heads_up", "review_overdue"


def test_a_review_is_pressed_step_by_step_and_a_backup_takes_over(story: Story, world: World) -> None:
    story.to("opinion")
    due, first = story.due("review/"), story.offers("accepted")[0]
    accepted = due - 48 * HOUR
    for hours, rungs in ((24, ["heads_up_50"]), (36, ["heads_up_50", "heads_up_75"])):
        world.just_before(accepted + hours * HOUR)
        assert story.rungs("review/") == rungs[:-1]
        world.past(accepted + hours * HOUR)
        assert story.rungs("review/") == rungs
    assert len(world.notices(story.case_id, HEADS_UP)) == 2
    world.just_before(due)
    assert world.notices(story.case_id, OVERDUE) == []
    world.past(due)
    assert len(world.notices(story.case_id, OVERDUE)) == 1
    world.just_before(due + 12 * HOUR)
    assert story.escalations() == []
    world.past(due + 12 * HOUR)
    assert [to for _, to in story.escalations()] == ["medical_director"]
    world.just_before(due + 24 * HOUR)
    assert len(world.facts(story.case_id, CaseOffered)) == 1
    world.past(due + 24 * HOUR)
    backup = story.offer()
    assert backup["specialist_id"] != first["specialist_id"]
    story.accept(backup)
    world.settle()
    assert [fact.specialist_id for fact in world.facts(story.case_id, AssignmentReleased)] == [first["specialist_id"]]
    story.write()
    story.waits_for("quality_review")


def test_an_opinion_one_second_before_it_is_due_is_on_time(story: Story, world: World) -> None:
    story.to("opinion")
    due = story.due("review/")
    world.just_before(due)
    story.write()
    world.past(due + 24 * HOUR)
    assert story.rungs("review/") == ["heads_up_50", "heads_up_75"]
    assert story.stage() == "quality_review"


def test_a_backups_window_ends_too_and_the_next_candidate_is_asked(world: World) -> None:
    story = Story(world, specialists=3).to("opinion")
    world.past(story.due("review/") + 24 * HOUR)
    backup = story.offer()
    world.just_before(world.running.clock.now() + 12 * HOUR - timedelta(minutes=10))
    assert story.offer()["offer_id"] == backup["offer_id"]
    world.past(world.now + timedelta(minutes=15))
    assert len(world.facts(story.case_id, OfferLapsed)) == 1
    following = story.offer()
    assert following["specialist_id"] not in {backup["specialist_id"], story.offers("accepted")[0]["specialist_id"]}
    world.past(world.now + 13 * HOUR)
    assert story.offers() == []
    assert story.stage() == "in_review"


def test_quality_review_and_signature_are_escalated_when_late(story: Story, world: World) -> None:
    story.to("quality_review")
    due = story.due("quality/")
    world.just_before(due)
    assert story.escalations() == []
    world.past(due)
    assert story.escalations() == [("quality/1/overdue", "medical_director")]
    story.verdict("approved")
    story.waits_for("signature")
    due = story.due("signature/")
    world.just_before(due)
    assert len(story.escalations()) == 1
    world.past(due)
    assert story.escalations()[1:] == [("signature/1/overdue", "medical_director")]
    story.sign_opinion()
    world.settle()
    assert story.stage() == "delivered"


def test_a_revision_goes_back_to_the_specialist_and_comes_again(story: Story, world: World) -> None:
    story.to("quality_review")
    story.verdict("revision_requested", findings=[{"text": "Say which guideline."}])
    story.waits_for("opinion")
    story.write()
    story.waits_for("quality_review")
    story.verdict("approved")
    story.waits_for("signature")
    story.sign_opinion()
    world.settle()
    assert story.stages().count("in_review") == 2
    assert story.stage() == "delivered"
