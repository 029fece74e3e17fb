"""Release by the program's policy, and the follow-up window after it."""

from datetime import timedelta

from coordinator.story import Story
from coordinator.world import World
from rso_onebox.client import until
from rso_shared.contracts.billing import HonorariumAccrued, InvoiceIssued
from rso_shared.contracts.intake import CaseClosed
from rso_shared.contracts.opinions import OpinionReleased
from rso_shared.contracts.vocabulary import Role

DAY = timedelta(days=1)


def released(world: World, story: Story) -> list[set[str]]:
    return [{str(each) for each in fact.recipients} for fact in world.facts(story.case_id, OpinionReleased)]


def test_the_patient_receives_it_two_business_days_after_the_provider(world: World) -> None:
    story = Story(world, program="partner-expert-review").to("delivered")
    assert released(world, story) == [{"local_provider"}]
    assert story.waits_for("view")["party"] == "local_provider"
    due = story.due("provider_first")
    world.just_before(due)
    assert len(released(world, story)) == 1
    assert story.refused(lambda: story.patient.get(story.path("/report"))) == "report_not_released"
    assert world.notices(story.case_id, "opinion_released") == [("opinion_released", "local_provider")]
    world.past(due)
    assert story.rungs("provider_first") == ["patient_release"]
    each_received_it_once(world, story)


def each_received_it_once(world: World, story: Story) -> None:
    """The second release is to the patient alone: the provider hears of it once, and so does the patient."""
    assert released(world, story) == [{"local_provider"}, {"patient"}]
    told = world.notices(story.case_id, "opinion_released")
    assert sorted(told) == [("opinion_released", "local_provider"), ("opinion_released", "patient")]
    assert len(world.events("opinions", "report_rendered", story.case_id)) == 1
    assert len(world.facts(story.case_id, HonorariumAccrued)) == 1
    assert story.patient.get(story.path("/report"))["recipients"] == ["local_provider", "patient"]


def test_or_as_soon_as_the_provider_has_looked(world: World) -> None:
    story = Story(world, program="partner-expert-review").to("delivered")
    due = story.due("provider_first")
    world.just_before(due)
    story.provider.get(story.path("/report"))
    world.settle()
    each_received_it_once(world, story)
    world.past(due)
    assert story.rungs("provider_first") == []
    each_received_it_once(world, story)


def test_the_case_closes_by_itself_after_the_follow_up_window(story: Story, world: World) -> None:
    story.to("delivered")
    ends = story.due("follow_up")
    assert timedelta(0) <= ends - (world.now + 14 * DAY) < timedelta(minutes=1)
    world.just_before(ends)
    assert story.stage() == "delivered"
    world.past(ends)
    assert story.stage() == "closed"
    assert [str(fact.close_reason) for fact in world.facts(story.case_id, CaseClosed)] == ["completed"]
    assert world.notices(story.case_id, "case_closed") == [("case_closed", "patient")]
    assert world.status(story.case_id) == "completed"
    assert world.cast.caller(Role.FINANCE, "demo-finance").get("/v1/ledger/trial-balance")["difference_minor"] == {
        "USD": 0
    }


def test_what_follows_the_release_is_done_although_the_assignment_was_released_meanwhile(
    story: Story, world: World
) -> None:
    """The desk takes the assignment back while the signature is on its way: there is nothing left to complete, but to invoice."""
    story.to("signature")
    with world.without("coordinator.coordinator.bridge"):
        story.sign_opinion()
        world.settle()
        world.cast.desk.post(story.path("/assignment/release"), {"reason": "specialist_unavailable"})
        world.settle()
    until(story.stage, lambda stage: stage == "delivered", what="delivery")
    world.past(story.due("follow_up"))
    assert len(world.facts(story.case_id, OpinionReleased)) == 1
    assert len(world.facts(story.case_id, InvoiceIssued)) == 1
    assert world.status(story.case_id) == "completed"
