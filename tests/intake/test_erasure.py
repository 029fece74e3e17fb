"""Erasing a person: two people, no open case, no hold, no running retention; done when every service has answered."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from rso_intake.domain.erasure import (
    ERASURE,
    ApproveErasure,
    ErasureState,
    LiftHold,
    NoteKeyDestruction,
    PlaceHold,
    RequestErasure,
    Standing,
)
from rso_intake.domain.erasure_events import (
    ErasureApproved,
    ErasureCompleted,
    ErasureRequested,
    KeyDestructionNoted,
    LegalHoldLifted,
    LegalHoldPlaced,
)
from rso_intake.domain.retention import retained_until
from rso_shared.contracts.program import RetentionPolicy
from rso_shared.contracts.vocabulary import ErasureReason, LegalHoldReason
from support.deciding import given

NOW = datetime(2037, 3, 2, 15, 0, tzinfo=UTC)
PERSON, SERVICES = "p-1", ("intake", "records")
ASK = RequestErasure(
    person_id=PERSON,
    erasure_id="e-1",
    reason=ErasureReason.PERSON_REQUEST,
    by="officer-1",
    standing=Standing(),
    now=NOW,
)
APPROVE = ApproveErasure(by="officer-2", standing=Standing(), services=SERVICES, now=NOW)
HOLD = PlaceHold(person_id=PERSON, hold_id="h-1", reason=LegalHoldReason.SUBPOENA, by="officer-1", now=NOW)
LIFT = LiftHold(person_id=PERSON, hold_id="h-1", by="officer-2", now=NOW)
ASKED = ErasureRequested(
    person_id=PERSON, erasure_id="e-1", reason=ErasureReason.PERSON_REQUEST, requested_by="officer-1", requested_at=NOW
)
APPROVED = ErasureApproved(
    person_id=PERSON,
    erasure_id="e-1",
    reason=ErasureReason.PERSON_REQUEST,
    approved_by="officer-2",
    approved_at=NOW,
    services=SERVICES,
)
HELD = LegalHoldPlaced(
    person_id=PERSON, hold_id="h-1", reason=LegalHoldReason.SUBPOENA, placed_by="officer-1", placed_at=NOW
)
LIFTED = LegalHoldLifted(person_id=PERSON, hold_id="h-1", lifted_by="officer-2", lifted_at=NOW)
DONE = ErasureCompleted(person_id=PERSON, erasure_id="e-1", completed_at=NOW)


def noted(service: str) -> KeyDestructionNoted:
    return KeyDestructionNoted(person_id=PERSON, service=service, destroyed_at=NOW)


def answer(service: str, erasure_id: str = "e-1") -> NoteKeyDestruction:
    return NoteKeyDestruction(erasure_id=erasure_id, service=service, destroyed_at=NOW, now=NOW)


def changed(command: Any, **changes: Any) -> Any:
    fields = {name: getattr(command, name) for name in type(command).__dataclass_fields__}
    return type(command)(**{**fields, **changes})


def test_one_asks_another_approves_each_service_answers():
    given(ERASURE).when(ASK).then(ASKED)
    given(ERASURE, ASKED).when(APPROVE).then(APPROVED)
    given(ERASURE, ASKED, APPROVED).when(answer("records")).then(noted("records"))
    given(ERASURE, ASKED, APPROVED, noted("records")).when(answer("intake")).then(noted("intake"), DONE)


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ((), ErasureState.NONE),
        ((HELD,), ErasureState.NONE),
        ((ASKED,), ErasureState.REQUESTED),
        ((ASKED, APPROVED, noted("intake")), ErasureState.APPROVED),
        ((ASKED, APPROVED, noted("intake"), noted("records"), DONE), ErasureState.COMPLETED),
    ],
)
def test_how_far_it_is(events, state):
    assert given(ERASURE, *events).state().state is state


def test_a_second_request_and_a_second_approval_say_nothing():
    given(ERASURE, ASKED).when(changed(ASK, by="officer-3", erasure_id="e-2")).then()
    given(ERASURE, ASKED, APPROVED).when(changed(APPROVE, by="officer-3")).then()


def test_who_asked_does_not_approve():
    assert given(ERASURE, ASKED).when(changed(APPROVE, by="officer-1")).refused("second_person_required").status == 403


def test_nothing_is_approved_that_nobody_asked_for():
    given(ERASURE).when(APPROVE).refused("erasure_not_requested")


def test_what_is_approved_is_not_asked_for_or_held_any_more():
    for events in ((ASKED, APPROVED), (ASKED, APPROVED, noted("intake"), noted("records"), DONE)):
        given(ERASURE, *events).when(ASK).refused("erasure_decided")
        given(ERASURE, *events).when(HOLD).refused("erasure_decided")


@pytest.mark.parametrize(
    ("standing", "code"),
    [
        (Standing(open_cases=1), "person_has_open_case"),
        (Standing(busy=2), "specialist_busy"),
        (Standing(retained_until=NOW + timedelta(microseconds=1)), "retention_runs"),
    ],
)
@pytest.mark.parametrize(("events", "command"), [((), ASK), ((ASKED,), APPROVE)], ids=["request", "approval"])
def test_the_guards_stand_at_the_request_and_at_the_approval(events, command, standing, code):
    given(ERASURE, *events).when(changed(command, standing=standing)).refused(code)


@pytest.mark.parametrize("reason", ErasureReason)
def test_no_reason_goes_around_a_guard(reason):
    kept = Standing(retained_until=NOW + timedelta(days=1))
    given(ERASURE).when(changed(ASK, reason=reason, standing=kept)).refused("retention_runs")
    given(ERASURE, HELD).when(changed(ASK, reason=reason)).refused("legal_hold")


def test_the_period_is_over_at_its_instant():
    given(ERASURE).when(changed(ASK, standing=Standing(retained_until=NOW))).then(ASKED)


def test_a_hold_stops_both_until_every_one_is_lifted():
    given(ERASURE).when(HOLD).then(HELD)
    refused = given(ERASURE, HELD).when(ASK).refused("legal_hold")
    assert refused.facts == {"holds": 1, "since": NOW.isoformat()}
    given(ERASURE, ASKED, HELD).when(APPROVE).refused("legal_hold")
    second = changed(HOLD, hold_id="h-2")
    both = (HELD, *given(ERASURE, HELD).when(second).events())
    given(ERASURE, *both).when(LIFT).then(LIFTED)
    given(ERASURE, *both, LIFTED).when(ASK).refused("legal_hold")
    given(ERASURE, HELD, LIFTED).when(ASK).then(ASKED)


def test_a_hold_that_does_not_stand_is_unknown():
    given(ERASURE).when(LIFT).refused("legal_hold_unknown")
    given(ERASURE, HELD, LIFTED).when(LIFT).refused("legal_hold_unknown")


@pytest.mark.parametrize(
    ("events", "command"),
    [
        ((), answer("records")),
        ((ASKED,), answer("records")),
        ((ASKED, APPROVED), answer("records", "e-0")),
        ((ASKED, APPROVED), answer("newcomer")),
        ((ASKED, APPROVED, noted("records")), answer("records")),
        ((ASKED, APPROVED, noted("records"), noted("intake"), DONE), answer("records")),
    ],
    ids=["nobody asked", "not approved", "another order", "not asked", "again", "after the end"],
)
def test_answers_that_say_nothing(events, command):
    given(ERASURE, *events).when(command).then()


CLOSED = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("born", "policy", "until"),
    [
        (None, RetentionPolicy(), 2037),
        (None, RetentionPolicy(years=0), 2027),
        (date(2020, 6, 1), RetentionPolicy(), 2045),
        (date(2009, 1, 1), RetentionPolicy(), 2037),
        (date(2020, 2, 29), RetentionPolicy(minor_until_turning=0), 2037),
    ],
    ids=["adult", "no years", "child", "almost grown", "no age"],
)
def test_a_record_is_kept_to_the_end_of_a_year(born, policy, until):
    assert retained_until(policy, closed_at=CLOSED, minor_born=born) == datetime(until, 1, 1, tzinfo=UTC)
