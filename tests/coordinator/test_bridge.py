"""The bridge: late facts, early facts, facts while Temporal is away, twice the same. Never a second run, never a stall."""

import time
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from coordinator.story import Story
from coordinator.world import World
from rso_coordinator.bridge import NAME
from rso_coordinator.payloads import FactSeen
from rso_coordinator.workflows.command_key import command_key
from rso_onebox.client import until
from rso_onebox.demo_people import Cast
from rso_shared.contracts.intake import AuthorizationSigned, CaseClosed, CaseSubmitted
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import facts, parking
from rso_shared.kit.broker import Record
from rso_shared.kit.clock import iso
from rso_shared.kit.ids import event_id, random_id
from rso_shared.kit.tables import IDEMPOTENCY


@dataclass(slots=True)
class Wire:
    """Publishes a fact as its service's relay does."""

    world: World

    def record(self, fact) -> Record:
        short = fact.TYPE.split(".", maxsplit=1)[0]
        headers = {
            "ce_id": event_id(), "ce_type": fact.fact_type(), "ce_subject": fact.key(), "ce_time": iso(self.world.now),
            "ce_stream": f"operator/{short}/{fact.key()}", "ce_streamversion": "99", "ce_hash": "00" * 32,
            "ce_correlationid": "test",
        }  # fmt: skip
        return Record(f"rso.{short}.v1", fact.key(), headers, fact.model_dump_json().encode())

    def publish(self, fact) -> None:
        self.world.run(self.world.running.box.broker.publish([self.record(fact)]))

    def again(self, case_id: str, model) -> None:
        """The very fact that was published before, once more."""
        self.publish(self.world.facts(case_id, model)[-1])


def runs(world: World, case_id: str) -> str:
    return world.run(world.handle(case_id).describe()).run_id


def ended(story: Story, world: World) -> str:
    story.to("authorization")
    story.patient.post(story.path("/withdrawal"), {})
    world.settle()
    return runs(world, story.case_id)


def test_a_late_fact_on_a_closed_case_is_counted_and_starts_nothing(story: Story, world: World) -> None:
    run, late = ended(story, world), world.running.bridge.late
    Wire(world).again(story.case_id, CaseClosed)
    world.settle()
    assert world.running.bridge.late == late + 1
    assert runs(world, story.case_id) == run


def test_a_submission_that_comes_again_for_a_finished_case_returns_at_once_and_repeats_nothing(
    story: Story, world: World
) -> None:
    run = ended(story, world)
    stages, mails = story.stages(), world.notices(story.case_id)
    Wire(world).again(story.case_id, CaseSubmitted)
    world.settle()
    assert runs(world, story.case_id) != run
    assert world.status(story.case_id) == "completed"
    assert world.size(story.case_id)[0] <= 10
    assert (story.stages(), world.notices(story.case_id)) == (stages, mails)


def test_a_fact_before_its_submission_waits_and_stalls_nobody(world: World) -> None:
    """Its case is unknown to intake: the key is set aside, and everybody else's facts go on."""
    known = world.facts(ended_before(world), AuthorizationSigned)[-1]
    early = known.model_copy(update={"case_id": random_id()})
    Wire(world).publish(early)
    story = Story(world).to("records")
    parked = _parked(world)
    assert [one.key for one in parked] == [early.case_id]
    assert story.stage() == "compiling_records"
    _drop(world, early.case_id)


def test_a_fact_that_was_set_aside_is_delivered_once_the_case_is_known(world: World) -> None:
    """Intake's next id is known beforehand here, so that a fact can overtake the submission it belongs to."""
    known = world.facts(ended_before(world), AuthorizationSigned)[-1]
    case_id = random_id()
    Wire(world).publish(known.model_copy(update={"case_id": case_id}))
    world.settle()
    assert [one.key for one in _parked(world)] == [case_id]
    story = _opened_as(world, case_id)
    story.waits_for("payment")
    world.settle()
    assert _parked(world) == []
    assert [item["what"] for item in story.view()["waiting_on"]] == ["payment"]


def test_what_became_poison_goes_on_in_order_once_an_operator_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its case came later than anybody's patience: what follows queues behind it, the submission too, and nothing tries by itself."""
    monkeypatch.setattr("rso_coordinator.bridge.PATIENCE", timedelta())
    known = world.facts(ended_before(world), AuthorizationSigned)[-1]
    early = known.model_copy(update={"case_id": random_id()})
    for _ in range(2):
        Wire(world).publish(early)
        world.settle()
    assert _states(world, early.case_id) == [parking.POISON, parking.BEHIND]
    story = _opened_as(world, early.case_id)
    world.settle()
    assert story.stages() == []
    assert set(_states(world, early.case_id)[1:]) == {parking.BEHIND}
    _operator_replays(world, early.case_id)
    story.waits_for("payment")
    world.settle()
    assert _parked(world) == []


def test_what_piled_up_while_the_bridge_was_away_is_forwarded_when_it_is_back(story: Story, world: World) -> None:
    with world.without("coordinator.coordinator.bridge"):
        story.open()
        time.sleep(0.2)
    story.waits_for("authorization")
    assert _parked(world) == []


def test_a_fact_while_temporal_is_away_arrives_when_it_is_back(story: Story, world: World) -> None:
    story.to("authorization")
    with world.temporal_away():
        story.sign()
        story.pay()
        time.sleep(1)
        assert story.stage() == "awaiting_authorization"
    story.waits_for("records")
    world.settle()
    assert story.stage() == "compiling_records"


def test_a_signal_twice_means_the_same_as_once(story: Story, world: World) -> None:
    story.to("quality_review")
    for model in (AuthorizationSigned, CaseSubmitted):
        Wire(world).again(story.case_id, model)
    again = FactSeen("e", "opinions.opinion_submitted", {"opinion_version": 1})
    client = world.running.box.apps["coordinator"].state.temporal.client()
    world.run(client.get_workflow_handle(f"case/{story.case_id}").signal("fact_seen", again))
    world.settle()
    assert story.stage() == "quality_review"
    assert story.stages() == list(dict.fromkeys(story.stages()))
    story.verdict("approved")
    story.waits_for("signature")


def test_services_away_for_a_while_hold_up_a_case_and_repeat_nothing(story: Story, world: World) -> None:
    story.to("authorization")
    story.sign()
    world.settle()
    with world.services_away():
        story.pay()
        time.sleep(3)
        assert world.events("records", "compilation_started", story.case_id) == []
    until(story.stage, lambda stage: stage == "compiling_records", what="records", seconds=20)
    world.settle()
    assert len(world.events("records", "compilation_started", story.case_id)) == 1
    assert _keys(world, story.case_id) == [
        command_key(story.case_id, "compilation", 1, f"/internal/v1/records/cases/{story.case_id}/compilation", {})
    ]
    assert world.size(story.case_id)[0] <= 150


def test_a_refusal_in_mid_step_reads_the_facts_again_and_goes_on(world: World) -> None:
    """The assignment is released between the acceptance and the review: opinions refuses, the case goes back to matching."""
    story = Story(world, specialists=2).to("offer")
    with world.without("coordinator.coordinator.bridge", "coordinator.consumer"):
        story.accept(story.offer())
        world.settle()
        release = {"reason": "specialist_unavailable"}
        world.cast.desk.post(story.path("/assignment/release"), release)
        world.settle()
    world.settle()
    world.advance(world.now + timedelta(minutes=2))
    story.accept(story.offer())
    story.waits_for("opinion")


def ended_before(world: World) -> str:
    return Story(world, specialists=0).to("records").case_id


def test_a_record_that_is_no_fact_is_set_aside_as_poison_and_stops_nobody(world: World) -> None:
    record = Wire(world).record(world.facts(ended_before(world), AuthorizationSigned)[-1])
    broken = replace(record, key="broken", value=b"{}")
    world.run(world.running.box.broker.publish([broken]))
    story = Story(world, specialists=0).to("records")
    assert story.stage() == "compiling_records"
    with world.running.box.services["coordinator"].db.read() as tx:
        found = parking.first(tx, NAME, "broken")
    assert found is not None
    assert found.state == parking.POISON


def _opened_as(world: World, case_id: str) -> Story:
    """A case under an id that is known beforehand."""
    intake = world.running.box.services["intake"]
    minted, intake.ids = intake.ids, iter([case_id, *(random_id() for _ in range(9))]).__next__
    try:
        story = Story(world, specialists=0).open()
    finally:
        intake.ids = minted
    assert story.case_id == case_id
    return story


def _operator_replays(world: World, key: str) -> None:
    """And the bridge's next look at what is set aside comes at once."""
    staff = Cast(world.running.internal, world.running.box.data.issuer())
    operator = staff.caller(Role.OPERATIONS, "operator")
    assert operator.post(f"/internal/v1/coordinator/parked/{NAME}/{key}/replay", {})["records"] == 1
    staff.close()
    world.running.bridge._retry_at = 0.0


def _states(world: World, key: str) -> list[str]:
    with world.running.box.services["coordinator"].db.read() as tx:
        return [one["state"] for one in parking.listing(tx) if one["key"] == key]


def _parked(world: World) -> list[Record]:
    with world.running.box.services["coordinator"].db.read() as tx:
        keys = parking.keys(tx, NAME)
        return [found.record for key in keys if (found := parking.first(tx, NAME, key)) is not None]


def _drop(world: World, key: str) -> None:
    with world.running.box.services["coordinator"].db.write() as tx:
        found = parking.first(tx, NAME, key)
        assert found is not None
        assert facts.parse(found.record) is not None
        parking.release(tx, found.id)


def _keys(world: World, case_id: str) -> list[str]:
    """The Idempotency-Keys under which records took commands of the coordinator for this case."""
    with world.running.box.services["records"].db.read() as tx:
        rows = tx.conn.execute(select(IDEMPOTENCY.c.key).where(IDEMPOTENCY.c.response.contains(case_id))).scalars()
        return list(rows)
