"""Endings before the end: declined, withdrawn at every stage, closed by hand. What was asked for is called back."""

import pytest

from coordinator.story import Story
from coordinator.world import World
from rso_shared.contracts.intake import CaseClosed
from rso_shared.contracts.matching import AssignmentReleased, OfferWithdrawn
from rso_shared.contracts.vocabulary import Role

STAGES = ("authorization", "records", "summary", "offer", "opinion", "quality_review", "signature", "delivered")
ENDED_BY = "withdrawn_patient"


def reasons(world: World, story: Story) -> list[str]:
    return [str(fact.close_reason) for fact in world.facts(story.case_id, CaseClosed)]


def test_a_red_flag_declines_with_a_mail_and_nothing_else_happens(story: Story, world: World) -> None:
    story.open(flags={"emergency": True})
    world.settle()
    assert story.stage() == "declined"
    assert reasons(world, story) == ["declined"]
    assert world.notices(story.case_id) == [("case_declined", "patient")]
    assert story.stages() == ["screening", "declined"]
    assert world.status(story.case_id) == "completed"


@pytest.mark.parametrize("stage", STAGES)
def test_a_withdrawal_calls_everything_back(story: Story, world: World, stage: str) -> None:
    story.to(stage)
    request = story.request_records() if stage == "records" else None
    story.patient.post(story.path("/withdrawal"), {"reason": "Decided otherwise."})
    world.settle()
    assert story.stage() == "withdrawn"
    assert reasons(world, story) == [ENDED_BY]
    assert world.status(story.case_id) == "completed"
    assert story.view()["waiting_on"] == []
    if request:
        assert len(world.events("records", "record_request_cancelled", request)) == 1
    assert len(world.facts(story.case_id, OfferWithdrawn)) == (stage == "offer")
    told = world.notices(story.case_id, "case_withdrawn", "case_closed")
    assert told == [("case_withdrawn", "patient")]
    released = world.facts(story.case_id, AssignmentReleased)
    assert len(released) == (stage in {"opinion", "quality_review", "signature"})
    finance = world.cast.caller(Role.FINANCE, "demo-finance")
    assert set(finance.get("/v1/ledger/trial-balance")["difference_minor"].values()) <= {0}


def test_a_case_closed_by_hand_ends_its_workflow_and_releases_the_specialist(story: Story, world: World) -> None:
    story.to("opinion")
    closing = {"close_reason": "entered_in_error"}
    world.cast.caller(Role.MEDICAL_DIRECTOR, "sample-director").post(story.path("/closing"), closing)
    world.settle()
    assert story.stage() == "closed"
    assert reasons(world, story) == ["entered_in_error"]
    assert world.notices(story.case_id, "case_closed") == []
    assert [str(fact.reason) for fact in world.facts(story.case_id, AssignmentReleased)] == ["case_closed"]
    assert world.status(story.case_id) == "completed"


def test_a_decline_by_a_clinician_calls_back_what_was_begun(story: Story, world: World) -> None:
    story.to("records")
    request = story.request_records()
    refusals = [
        story.refused(lambda caller=caller: caller.post(story.path("/decline"), {"reason": "insufficient_records"}))
        for caller in (world.cast.desk, story.patient)
    ]
    assert refusals == ["forbidden", "forbidden"]
    world.cast.nurse.post(story.path("/decline"), {"reason": "insufficient_records"})
    world.settle()
    assert story.stage() == "declined"
    shown = story.patient.get(story.path())["decline"]
    assert shown["reason"] == "insufficient_records"
    assert shown["alternative"]
    assert reasons(world, story) == ["declined"]
    assert world.notices(story.case_id, "case_declined", "case_closed") == [("case_declined", "patient")]
    assert len(world.events("records", "record_request_cancelled", request)) == 1
    assert world.status(story.case_id) == "completed"


def test_a_case_closed_by_hand_tells_those_who_are_in_it(world: World) -> None:
    story = Story(world, program="partner-expert-review").to("records")
    world.cast.caller(Role.MEDICAL_DIRECTOR, "sample-director").post(
        story.path("/closing"), {"close_reason": "unable_to_opine"}
    )
    world.settle()
    told = world.notices(story.case_id, "case_closed")
    assert sorted(told) == [("case_closed", "local_provider"), ("case_closed", "patient")]


def test_an_escalation_reaches_its_desk_by_mail_once(world: World) -> None:
    story = Story(world, specialists=1).to("offer")
    world.past(story.due("offer/"))
    story.waits_for("no_specialist")
    world.settle()
    assert world.notices(story.case_id, "escalation") == [("escalation", "medical_director")]
    (mail,) = [text for text in world.mails("A case needs a decision") if story.reference[-4:] in text]
    assert "To: medical director <medical_director@localhost>" in mail
    assert f"/c/{story.case_id}" in mail
    assert "Sample" not in mail


def test_closing_by_hand_while_a_step_is_under_way_still_says_that_the_case_is_closed(
    story: Story, world: World
) -> None:
    """The closing is on its way to the workflow when the next step is refused: it reads the facts again and winds up."""
    story.to("authorization")
    story.pay()
    world.settle()
    with world.without("coordinator.consumer", "coordinator.coordinator.bridge"):
        story.sign()
        closing = {"close_reason": "entered_in_error"}
        world.cast.caller(Role.MEDICAL_DIRECTOR, "sample-director").post(story.path("/closing"), closing)
    world.settle()
    assert story.stage() == "closed"
    assert world.status(story.case_id) == "completed"
