from datetime import timedelta
from typing import Any

import pytest

from intake.builders import (
    ALL_CLEAR,
    DAY,
    NOW,
    PROVIDER,
    REQUESTED,
    accept_terms,
    by_partner,
    by_provider,
    details,
    edition,
    events_of,
    row,
    screened,
    sign,
    submit,
)
from rso_intake.domain.case import AUTHORIZATION, CASE, PARTICIPATION
from rso_intake.domain.condition import CodeCondition
from rso_intake.domain.lifecycle import CaseClosed, CloseCase, ConcludeCase, ExpireCase, Phase, WithdrawCase
from rso_intake.domain.participation import JoinCase
from rso_intake.domain.person import Condition, Question
from rso_intake.domain.questions import FreezeQuestions, ReviseQuestions
from rso_intake.domain.triage import AssignOwner, ChangePriority, HoldCase, ResumeCase
from rso_shared.contracts.vocabulary import (
    CloseReason,
    ConditionGroup,
    HoldReason,
    JurisdictionDecision,
    Priority,
    Role,
)
from support.deciding import given

WITHDRAW = WithdrawCase(by_role=Role.PATIENT, remark="Feeling better", now=NOW)
DUE = NOW + 30 * DAY
EXPIRE = ExpireCase(due=DUE, not_before=DUE, waiting_on=(AUTHORIZATION,), now=DUE)
OPEN = events_of(submit(), screened(), REQUESTED)
WITHDRAWN = events_of(submit(), screened(), REQUESTED, WITHDRAW)
EXPIRED = events_of(submit(), screened(), REQUESTED, EXPIRE)
DECLINED = events_of(submit(red_flag_answers=ALL_CLEAR | {"emergency": True}), screened())
CLOSED = events_of(submit(), CloseCase(close_reason=CloseReason.UNABLE_TO_OPINE, now=NOW))


def conclude(reason=CloseReason.COMPLETED):
    return ConcludeCase(close_reason=reason, now=NOW)


def test_a_withdrawal_does_not_close_but_ends_all_work():
    (withdrawn,) = given(CASE, *OPEN).when(WITHDRAW).events()
    assert withdrawn.remark.open().text == "Feeling better"
    state = given(CASE, *WITHDRAWN).state()
    assert state.lifecycle.phase is Phase.OPEN
    given(CASE, *WITHDRAWN).when(WITHDRAW).then()
    given(CASE, *WITHDRAWN).when(sign()).refused("case_withdrawn")


@pytest.mark.parametrize(
    ("role", "reason"),
    [
        (Role.PATIENT, CloseReason.WITHDRAWN_PATIENT),
        (Role.PARTNER, CloseReason.WITHDRAWN_PATIENT),
        (Role.LOCAL_PROVIDER, CloseReason.WITHDRAWN_PROVIDER),
    ],
)
def test_how_it_ended_is_why_it_is_closed(role, reason):
    events = events_of(submit(), WithdrawCase(by_role=role, now=NOW), conclude(CloseReason.WITHDRAWN_PATIENT))
    assert events[-1].close_reason is reason


def test_declined_and_expired_cases_close_as_such():
    (closed,) = given(CASE, *DECLINED).when(conclude()).events()
    assert closed.close_reason is CloseReason.DECLINED
    (closed,) = given(CASE, *EXPIRED).when(conclude()).events()
    assert closed.close_reason is CloseReason.EXPIRED_NO_RESPONSE


def test_a_person_closes_with_a_reason():
    (closed,) = (
        given(CASE, *OPEN)
        .when(CloseCase(close_reason=CloseReason.DECEASED, remark="Told by the family", now=NOW))
        .events()
    )
    assert (closed.close_reason, closed.remark.open().text) == (CloseReason.DECEASED, "Told by the family")


def test_closing_again_is_absorbed_or_refused():
    same = CloseCase(close_reason=CloseReason.UNABLE_TO_OPINE, now=NOW)
    given(CASE, *CLOSED).when(same).then()
    other = CloseCase(close_reason=CloseReason.DECEASED, now=NOW)
    assert given(CASE, *CLOSED).when(other).refused("case_closed").facts["close_reason"] is CloseReason.UNABLE_TO_OPINE
    given(CASE, *CLOSED).when(conclude()).then()


def test_entered_in_error_is_a_phase_of_its_own():
    events = events_of(submit(), WITHDRAW, CloseCase(close_reason=CloseReason.ENTERED_IN_ERROR, now=NOW))
    assert given(CASE, *events).state().lifecycle.phase is Phase.ENTERED_IN_ERROR


@pytest.mark.parametrize(
    "reason",
    [
        CloseReason.WITHDRAWN_PATIENT,
        CloseReason.WITHDRAWN_PROVIDER,
        CloseReason.EXPIRED_NO_RESPONSE,
        CloseReason.DECLINED,
    ],
)
def test_reasons_that_follow_from_another_command_cannot_be_typed(reason):
    given(CASE, *OPEN).when(CloseCase(close_reason=reason, now=NOW)).refused("close_reason_follows")


def test_a_case_that_nobody_answers_for_expires_once():
    (expired,) = given(CASE, *OPEN).when(EXPIRE).events()
    assert (expired.waiting_on, expired.due) == ((AUTHORIZATION,), DUE)
    given(CASE, *EXPIRED).when(EXPIRE).then()


def test_both_ends_of_the_deadline():
    early = ExpireCase(due=DUE - timedelta(microseconds=1), not_before=DUE, waiting_on=(AUTHORIZATION,), now=DUE)
    given(CASE, *OPEN).when(early).refused("not_due")
    assert given(CASE, *OPEN).when(EXPIRE).events()


def test_a_deadline_whose_reasons_are_gone_is_superseded():
    signed = events_of(submit(), screened(), REQUESTED, sign())
    given(CASE, *signed).when(EXPIRE).refused("superseded_due")


def test_only_what_is_missing_still_is_named():
    both = ExpireCase(due=DUE, not_before=DUE, waiting_on=(AUTHORIZATION, PARTICIPATION, "payment"), now=DUE)
    (expired,) = given(CASE, *OPEN).when(both).events()
    assert expired.waiting_on == (AUTHORIZATION, "payment"), "no local provider is required here"


@pytest.mark.parametrize("command", [WITHDRAW, EXPIRE])
@pytest.mark.parametrize("events", [CLOSED, DECLINED])
def test_what_has_ended_does_not_end_again(events, command):
    code = given(CASE, *events).when(command)
    code.refused("case_closed" if events is CLOSED else "case_declined")


ENDED = {"case_withdrawn": WITHDRAWN, "case_expired": EXPIRED, "case_declined": DECLINED, "case_closed": CLOSED}
REVISION = ReviseQuestions(questions=(Question(question_id="n", text="?"),), minted=frozenset({"n"}), now=NOW)
WORK = (
    accept_terms(role=Role.LEGAL_REPRESENTATIVE),
    sign(),
    REQUESTED,
    REVISION,
    CodeCondition(condition_group=ConditionGroup.HEART, condition=Condition(text="x"), now=NOW),
    ChangePriority(priority=Priority.URGENT, now=NOW),
    HoldCase(reason=HoldReason.PAYMENT, now=NOW),
    ResumeCase(reason=HoldReason.PAYMENT, now=NOW),
)


@pytest.mark.parametrize("code", ENDED)
@pytest.mark.parametrize("command", WORK, ids=lambda command: type(command).__name__)
def test_no_work_on_a_case_that_has_ended(code, command):
    given(CASE, *ENDED[code]).when(command).refused(code)


@pytest.mark.parametrize("code", ENDED)
def test_nobody_joins_a_case_that_has_ended(code):
    given(CASE, *ENDED[code]).when(JoinCase(role=Role.LOCAL_PROVIDER, subject="x", now=NOW)).refused(
        "reference_unknown"
    )


@pytest.mark.parametrize("events", ENDED.values())
def test_an_ended_case_can_still_change_hands_and_keep_a_late_truth(events):
    assert given(CASE, *events).when(AssignOwner(owner="nurse-1", now=NOW)).events()
    assert given(CASE, *events).when(FreezeQuestions(questions_version=1, now=NOW)).events()


ANY_COMMAND = (*WORK, WITHDRAW, EXPIRE, conclude(), AssignOwner(owner="x", now=NOW), screened(),
               FreezeQuestions(questions_version=1, now=NOW), JoinCase(role=Role.PATIENT, subject="x", now=NOW),
               CloseCase(close_reason=CloseReason.DECEASED, now=NOW))  # fmt: skip


@pytest.mark.parametrize("command", ANY_COMMAND, ids=lambda command: type(command).__name__)
def test_no_command_without_a_case(command):
    given(CASE).when(command).refused("case_unknown")


def test_owner_priority_and_holds():
    owned = events_of(submit(), AssignOwner(owner="nurse-1", now=NOW))
    assert given(CASE, *owned).state().triage.owner == "nurse-1"
    given(CASE, *owned).when(AssignOwner(owner="nurse-1", now=NOW)).then()
    urgent = ChangePriority(priority=Priority.URGENT, remark="pain", now=NOW)
    (changed,) = given(CASE, *owned).when(urgent).events()
    given(CASE, *owned, changed).when(urgent).then()
    held = events_of(
        submit(), *(HoldCase(reason=reason, now=NOW) for reason in (HoldReason.PAYMENT, HoldReason.NO_SPECIALIST))
    )
    given(CASE, *held).when(HoldCase(reason=HoldReason.PAYMENT, now=NOW)).then()
    resumed = given(CASE, *held).when(ResumeCase(reason=HoldReason.PAYMENT, now=NOW)).events()
    assert given(CASE, *held, *resumed).state().triage.hold_reasons == (HoldReason.NO_SPECIALIST,)
    given(CASE, *held, *resumed).when(ResumeCase(reason=HoldReason.PAYMENT, now=NOW)).then()


def test_a_clinicians_code_replaces_the_maps():
    coded = CodeCondition(condition_group=ConditionGroup.HEART, condition=Condition(text="Aortic stenosis"), now=NOW)
    state = given(CASE, *events_of(submit(), coded)).state()
    assert (state.coded.group, state.condition().text) == (ConditionGroup.HEART, "Aortic stenosis")


def join(role: Role = Role.LOCAL_PROVIDER, subject: str = "provider-2", **changes: Any) -> JoinCase:
    return JoinCase(**{"role": role, "subject": subject, "contact": PROVIDER, "now": NOW + DAY, **changes})


def test_the_second_party_joins_once():
    events = events_of(submit())
    (joined,) = given(CASE, *events).when(join()).events()
    given(CASE, *events, joined).when(join()).then()
    given(CASE, *events, joined).when(join(subject="another")).refused("reference_unknown")
    assert given(CASE, *events, joined).state().local_provider() == PROVIDER


def test_the_patient_joins_what_a_provider_or_partner_opened():
    for opened in (by_provider(), by_partner()):
        (linked,) = given(CASE, *events_of(opened)).when(join(Role.PATIENT, "patient-2")).events()
        assert (linked.role, linked.subject) == (Role.PATIENT, "patient-2")


def test_the_party_who_opened_the_case_is_in_it():
    given(CASE, *events_of(submit())).when(join(Role.PATIENT, "patient-1")).then()
    given(CASE, *events_of(by_provider())).when(join(subject="provider-1")).then()


def test_both_ends_of_the_thirty_days():
    events = events_of(submit())
    assert given(CASE, *events).when(join(now=NOW + 30 * DAY - timedelta(microseconds=1))).events()
    given(CASE, *events).when(join(now=NOW + 30 * DAY)).refused("reference_unknown")


def test_a_provider_joins_with_a_name_unless_the_request_gave_it():
    given(CASE, *events_of(submit())).when(join(contact=None)).refused("local_provider_missing")
    named = events_of(submit(details=details(local_provider=PROVIDER)))
    (joined,) = given(CASE, *named).when(join(contact=None)).events()
    assert joined.contact.open() == PROVIDER


def test_participation_is_missing_only_where_it_is_required():
    law = edition(row(JurisdictionDecision.PERMITTED_WITH_LOCAL_PHYSICIAN))
    events = events_of(submit(), screened(jurisdictions=law))
    assert PARTICIPATION in given(CASE, *events).state().missing(NOW)
    joined = given(CASE, *events).when(join()).events()
    assert PARTICIPATION not in given(CASE, *events, *joined).state().missing(NOW)


def test_a_reminder_of_what_is_there_is_superseded():
    state = given(CASE, *events_of(submit(), screened(), REQUESTED, sign())).state()
    state.require_missing(frozenset(), NOW)
    state.require_missing(frozenset({AUTHORIZATION, "payment"}), NOW)
    with pytest.raises(Exception, match="superseded_due"):
        state.require_missing(frozenset({AUTHORIZATION, PARTICIPATION}), NOW)


def test_closing_is_published_as_one_event():
    (closed,) = given(CASE, *OPEN).when(conclude()).events()
    assert isinstance(closed, CaseClosed)
    assert closed.closed_at == NOW
