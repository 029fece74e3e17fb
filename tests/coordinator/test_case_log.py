"""The coordinator's own stream: given, when, then. A repeat is absorbed; a rung fires once per deadline and rung."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rso_coordinator.domain import case_log as log
from rso_coordinator.domain.case_log import CASE_LOG, FireRung, Note
from rso_coordinator.publish import publish
from rso_shared.contracts import coordinator as facts
from rso_shared.contracts.coordinator import WaitingOn
from rso_shared.contracts.vocabulary import Stage
from rso_shared.kit.events import Recorded
from support.deciding import given

CASE, AT = "case-1", datetime(2026, 3, 2, 15, tzinfo=UTC)
LATER = AT + timedelta(days=2)


def waits(party="patient", what="authorization", since=AT, act="/v1/cases/case-1"):
    return WaitingOn(party=party, what=what, since=since, how_to_act=act)


ENTERED = log.StageEntered(case_id=CASE, stage=Stage.SCREENING, entered_at=AT)
WAITING = log.WaitingChanged(case_id=CASE, waiting_on=(waits(),))
DUE = log.DeadlineSet(case_id=CASE, deadline="joining", due_at=LATER)
FIRED = log.RungFired(case_id=CASE, deadline="joining", rung="reminder_1", due_at=LATER, fired_at=LATER)
FIRE = FireRung(CASE, "joining", "reminder_1", LATER, LATER)


def test_one_note_says_everything_at_once():
    promised = AT + timedelta(days=9)
    note = Note(CASE, AT, Stage.SCREENING, (waits(),), "joining", LATER, promised)
    given(CASE_LOG).when(note).then(ENTERED, WAITING, DUE, log.PromiseChanged(case_id=CASE, promised_by=promised))


def test_what_is_already_so_is_left_out():
    note = Note(CASE, LATER, Stage.SCREENING, (waits(since=LATER),), "joining", LATER)
    given(CASE_LOG, ENTERED, WAITING, DUE).when(note).then()


def test_a_stage_that_is_entered_again_after_another_is_news():
    other = replace(ENTERED, stage=Stage.MATCHING)
    entered = replace(ENTERED, entered_at=LATER)
    given(CASE_LOG, ENTERED, other).when(Note(CASE, LATER, Stage.SCREENING)).then(entered)


def test_an_obligation_said_again_beside_a_new_one_keeps_its_since():
    more = waits(what="payment", since=LATER)
    changed = log.WaitingChanged(case_id=CASE, waiting_on=(waits(), more))
    given(CASE_LOG, WAITING).when(Note(CASE, LATER, waiting_on=(waits(since=LATER), more))).then(changed)


def test_the_same_obligation_at_another_place_is_a_new_one():
    other = waits(since=LATER, act="/v1/offers/2")
    changed = log.WaitingChanged(case_id=CASE, waiting_on=(other,))
    given(CASE_LOG, WAITING).when(Note(CASE, LATER, waiting_on=(other,))).then(changed)


def test_nobody_waited_for_is_said_once():
    nobody = log.WaitingChanged(case_id=CASE, waiting_on=())
    given(CASE_LOG, WAITING).when(Note(CASE, LATER, waiting_on=())).then(nobody)
    given(CASE_LOG, WAITING, nobody).when(Note(CASE, LATER, waiting_on=())).then()


def test_a_deadline_that_moves_is_set_again():
    moved = replace(DUE, due_at=LATER + timedelta(days=1))
    given(CASE_LOG, DUE).when(Note(CASE, AT, deadline="joining", due_at=moved.due_at)).then(moved)
    given(CASE_LOG, DUE, moved).when(Note(CASE, AT, deadline="joining", due_at=LATER)).then(DUE)


def test_a_rung_fires_once():
    given(CASE_LOG).when(FIRE).then(FIRED)
    given(CASE_LOG, FIRED).when(replace(FIRE, at=LATER + timedelta(hours=1))).then()


def test_the_same_rung_of_another_deadline_is_another_rung():
    other = replace(FIRED, deadline="summary")
    given(CASE_LOG, FIRED).when(replace(FIRE, deadline="summary")).then(other)


def test_an_escalation_comes_with_its_rung_and_as_often():
    raised = log.EscalationRaised(case_id=CASE, reason="joining/reminder_1", to="medical_director")
    command = replace(FIRE, escalate_to="medical_director")
    given(CASE_LOG).when(command).then(FIRED, raised)
    given(CASE_LOG, FIRED, raised).when(command).then()


def test_every_event_is_published_member_by_member():
    for event in (ENTERED, WAITING, DUE, FIRED, log.EscalationRaised(case_id=CASE, reason="a/b", to="finance")):
        recorded = Recorded.__new__(Recorded)
        object.__setattr__(recorded, "event", event)
        fact = publish(recorded)
        assert type(fact) is getattr(facts, type(event).__name__)
        assert all(
            getattr(fact, name) == getattr(event, name) for name in type(fact).model_fields if hasattr(event, name)
        )


def test_what_is_no_event_of_ours_is_not_published():
    recorded = Recorded.__new__(Recorded)
    object.__setattr__(recorded, "event", object())
    assert publish(recorded) is None
