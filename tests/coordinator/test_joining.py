"""Authorization, participation and payment: reminded on days 2, 5, 10 and 20, given up on day 30. Both ends of every timer."""

from datetime import timedelta

from coordinator.story import Story
from coordinator.world import World
from rso_shared.contracts.intake import CaseClosed

DAY = timedelta(days=1)
EXPIRY = 30 * DAY


def test_reminders_come_once_each_and_the_case_expires(story: Story, world: World) -> None:
    story.to("authorization")
    for number, day in enumerate((2, 5, 10, 20), 1):
        world.just_before(story.submitted_at + day * DAY)
        assert len(world.notices(story.case_id, "reminder")) == number - 1
        world.past(story.submitted_at + day * DAY)
        assert world.notices(story.case_id, "reminder") == [("reminder", "patient")] * number
    world.just_before(story.submitted_at + EXPIRY)
    assert story.stage() == "awaiting_authorization"
    world.past(story.submitted_at + EXPIRY)
    assert story.stage() == "expired"
    assert world.notices(story.case_id, "case_expired") == [("case_expired", "patient")]
    assert story.rungs("joining") == ["reminder_1", "reminder_2", "reminder_3", "reminder_4", "expiry"]
    assert [str(fact.close_reason) for fact in world.facts(story.case_id, CaseClosed)] == ["expired_no_response"]
    assert world.status(story.case_id) == "completed"


def test_a_signature_one_second_before_the_end_wins(story: Story, world: World) -> None:
    story.to("authorization")
    story.pay()
    world.just_before(story.submitted_at + EXPIRY)
    story.sign()
    world.past(story.submitted_at + EXPIRY)
    assert story.stage() == "compiling_records"
    assert "expiry" not in story.rungs("joining")


def test_expiry_is_refused_when_what_was_waited_for_is_there(story: Story, world: World) -> None:
    """The signature is on its way to the workflow when the timer comes: intake knows better, and the case goes on."""
    story.to("authorization")
    story.pay()
    world.just_before(story.submitted_at + EXPIRY)
    with world.without("coordinator.coordinator.bridge"):
        story.sign()
        world.past(story.submitted_at + EXPIRY)
        assert "expiry" in story.rungs("joining")
    story.waits_for("records")
    assert story.stage() == "compiling_records"


def test_a_missing_provider_is_reminded_too_and_signing_alone_starts_nothing(world: World) -> None:
    doctor = {"name": {"given": ["Sample"], "family": "Doctor"}, "email": "doctor@example.org"}
    story = Story(world, program="partner-expert-review", specialists=0).to("authorization", local_provider=doctor)
    world.past(story.submitted_at + 2 * DAY)
    assert sorted(world.notices(story.case_id, "reminder")) == [("reminder", "local_provider"), ("reminder", "patient")]
    story.sign()
    world.past(story.submitted_at + 5 * DAY)
    assert world.notices(story.case_id, "reminder").count(("reminder", "patient")) == 1
    assert world.notices(story.case_id, "reminder").count(("reminder", "local_provider")) == 2
    story.join_provider()
    story.waits_for("records")


def test_an_obligation_keeps_the_instant_since_which_it_stands(story: Story, world: World) -> None:
    story.to("authorization")
    since = story.waits_for("payment")["since"]
    world.past(story.submitted_at + 3 * DAY)
    story.sign()
    world.settle()
    assert [item["what"] for item in story.view()["waiting_on"]] == ["payment"]
    assert story.waits_for("payment")["since"] == since
