"""The other end of every timer: what comes one second before its instant is in time, and the rung does not fire."""

from datetime import datetime, timedelta

import pytest

from coordinator.story import Story
from coordinator.world import World
from rso_shared.contracts.matching import AssignmentReleased, CaseOffered, OfferLapsed

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PRESSED = ["heads_up_50", "heads_up_75", "overdue_1", "overdue_2"]


@pytest.mark.parametrize(("hours", "fired"), [(-24, 0), (-12, 1), (12, 3), (24, 4)])
def test_an_opinion_before_a_step_of_the_ladder_ends_it(story: Story, world: World, hours: int, fired: int) -> None:
    story.to("opinion")
    due = story.due("review/")
    world.just_before(due + hours * HOUR)
    story.write()
    world.past(due + 30 * HOUR)
    assert story.rungs("review/") == PRESSED[:fired]
    assert len(world.facts(story.case_id, CaseOffered)) == 1


def test_a_verdict_of_quality_review(story: Story, world: World) -> None:
    story.to("quality_review")
    due = story.due("quality/")
    world.just_before(due)
    story.verdict("approved")
    world.past(due)
    assert story.rungs("quality/") == []
    assert story.escalations() == []


def test_a_signature(story: Story, world: World) -> None:
    story.to("signature")
    due = story.due("signature/")
    world.just_before(due)
    story.sign_opinion()
    world.past(due)
    assert story.rungs("signature/") == []
    assert story.escalations() == []
    assert story.stage() == "delivered"


def test_a_backup_that_accepts(story: Story, world: World) -> None:
    story.to("opinion")
    first = story.offers("accepted")[0]["specialist_id"]
    world.past(story.due("review/") + 24 * HOUR)
    backup = story.offer()
    ends = datetime.fromisoformat(backup["expires_at"])
    world.just_before(ends)
    story.accept(backup)
    world.past(ends)
    assert world.facts(story.case_id, OfferLapsed) == []
    assert [fact.specialist_id for fact in world.facts(story.case_id, AssignmentReleased)] == [first]
    assert story.offers("accepted")[0]["specialist_id"] == backup["specialist_id"]


@pytest.mark.parametrize(("day", "fired"), [(14, ["follow_up"]), (21, ["follow_up", "escalate"])])
def test_a_facility_that_answers(story: Story, world: World, day: int, fired: list[str]) -> None:
    story.to("records")
    request, sent = story.request_records(), world.now
    world.just_before(sent + day * DAY)
    story.answer(request)
    world.past(sent + 22 * DAY)
    assert story.rungs("records") == [f"{request}_{name}" for name in fired]
    assert len(world.events("records", "record_request_followed_up", request)) == len(fired)


def test_a_record_set(story: Story, world: World) -> None:
    story.to("records")
    entered = story.due("records") - 7 * DAY
    world.just_before(entered + 30 * DAY)
    story.collect()
    world.past(entered + 30 * DAY)
    assert story.rungs("records") == []
    assert story.stage() == "summarizing"


@pytest.mark.parametrize(("day", "before"), [(2, 0), (5, 1), (10, 2), (20, 3)])
def test_what_makes_a_reminder_superfluous(story: Story, world: World, day: int, before: int) -> None:
    story.to("authorization")
    world.just_before(story.submitted_at + day * DAY)
    story.pay()
    story.sign()
    world.past(story.submitted_at + 30 * DAY)
    assert len(world.notices(story.case_id, "reminder")) == before
    assert story.rungs("joining") == [f"reminder_{number}" for number in range(1, before + 1)]
    assert story.stage() == "compiling_records"


def test_an_urgent_offer_stands_for_two_hours(story: Story, world: World) -> None:
    story.to("offer", priority="urgent")
    offer, due = story.offer(), story.due("offer/")
    offered = datetime.fromisoformat(offer["offered_at"])
    assert due - offered == 2 * HOUR
    world.just_before(due)
    assert story.offer()["offer_id"] == offer["offer_id"]
    assert world.facts(story.case_id, OfferLapsed) == []
    world.past(due)
    assert len(world.facts(story.case_id, OfferLapsed)) == 1
    following = story.offer()
    assert following["specialist_id"] != offer["specialist_id"]
    second = story.due("offer/")
    world.just_before(second)
    story.accept(following)
    world.past(second)
    assert len(world.facts(story.case_id, OfferLapsed)) == 1
    assert story.stage() == "in_review"
