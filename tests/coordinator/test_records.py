"""Records: per request a follow-up on day 7 after it was sent, an escalation on day 14, a call on day 21; the whole file on day 30.
Then the summary's promise."""

from datetime import timedelta

from coordinator.story import Story
from coordinator.world import World

DAY = timedelta(days=1)


def test_an_open_request_is_followed_up_until_it_is_answered(story: Story, world: World) -> None:
    story.to("records")
    entered = world.now
    world.past(entered + 2 * DAY)
    request, sent = story.request_records(), world.now
    raised: list[tuple[str, str]] = []
    told = {
        14: (f"records/{request}_escalate", "care_coordinator"),
        21: (f"records/{request}_call", "records_specialist"),
    }
    for number, day in enumerate((7, 14, 21), 1):
        world.just_before(sent + day * DAY)
        assert len(world.events("records", "record_request_followed_up", request)) == number - 1
        assert story.escalations() == raised
        world.past(sent + day * DAY)
        raised += [told[day]] if day in told else []
        assert len(world.events("records", "record_request_followed_up", request)) == number
        assert story.escalations() == raised
    assert story.rungs("records") == [f"{request}_{name}" for name in ("follow_up", "escalate", "call")]
    world.just_before(entered + 30 * DAY)
    assert story.escalations() == raised
    world.past(entered + 30 * DAY)
    assert story.escalations() == [*raised, ("records/decide", "records_specialist")]
    world.past(entered + 60 * DAY)
    assert len(story.rungs("records")) == 4
    assert story.stage() == "compiling_records"


def test_a_request_that_is_sent_again_is_chased_anew(story: Story, world: World) -> None:
    story.to("records")
    request, first = story.request_records(), world.now
    world.past(first + 7 * DAY)
    again = story.send_again(request)
    world.just_before(again + 7 * DAY)
    assert story.rungs("records") == [f"{request}_follow_up"]
    world.past(again + 7 * DAY)
    assert story.rungs("records") == [f"{request}_follow_up", f"{request}_2_follow_up"]
    assert len(world.events("records", "record_request_followed_up", request)) == 2
    world.past(again + 14 * DAY)
    assert story.rungs("records")[2:] == [f"{request}_2_escalate"]


def test_a_record_set_one_second_before_the_first_follow_up_wins(story: Story, world: World) -> None:
    story.to("records")
    story.request_records()
    sent = world.now
    world.just_before(sent + 7 * DAY)
    story.collect()
    world.past(sent + 7 * DAY)
    assert story.rungs("records") == []
    assert story.stage() == "summarizing"


def test_a_summary_that_is_late_is_escalated_once(story: Story, world: World) -> None:
    story.to("summary")
    due = story.due("summary")
    world.just_before(due)
    assert story.escalations() == []
    world.past(due)
    world.past(due + 10 * DAY)
    assert story.escalations() == [("summary/overdue", "nurse_care_manager")]
    story.summarize()
    story.waits_for("offer")


def test_a_summary_one_second_before_its_promise_is_on_time(story: Story, world: World) -> None:
    story.to("summary")
    due = story.due("summary")
    world.just_before(due)
    story.summarize()
    world.past(due)
    assert story.rungs("summary") == []
