"""Any sequence of commands, accepted or refused, keeps what must always hold."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from intake.builders import DAY, NOW, PROVIDER, accept_terms, by_partner, edition, program, row, screened, sign, submit
from rso_intake.domain.authorization import AuthorizationSigned, RequestAuthorization, RevokeAuthorization
from rso_intake.domain.case import AUTHORIZATION, CASE, OBLIGATIONS, PARTICIPATION, Case
from rso_intake.domain.eligibility import DeclineCase
from rso_intake.domain.lifecycle import CaseClosed, CloseCase, ConcludeCase, ExpireCase, Phase, WithdrawCase
from rso_intake.domain.participation import JoinCase
from rso_intake.domain.person import Question
from rso_intake.domain.questions import FreezeQuestions, QuestionsRevised, ReviseQuestions
from rso_intake.domain.submission import CaseSubmitted
from rso_intake.domain.triage import AssignOwner, ChangePriority, HoldCase, OwnerAssigned, ResumeCase
from rso_shared.contracts.vocabulary import CloseReason, DeclineReason, HoldReason, JurisdictionDecision, Priority, Role
from rso_shared.kit.errors import DomainError

ROLES = st.sampled_from([Role.PATIENT, Role.LEGAL_REPRESENTATIVE, Role.LOCAL_PROVIDER])
IDS = st.sampled_from(["a-1", "a-2"])
SIDES = st.sampled_from([Role.PATIENT, Role.LEGAL_REPRESENTATIVE])
INSTANTS = st.integers(0, 40).map(lambda days: NOW + days * DAY)
WITH_LOCAL = edition(row(JurisdictionDecision.PERMITTED_WITH_LOCAL_PHYSICIAN))

COMMANDS = st.one_of(
    st.just(submit()),
    st.just(by_partner()),
    st.sampled_from([screened(), screened(jurisdictions=WITH_LOCAL)]),
    st.builds(accept_terms, role=SIDES),
    st.builds(JoinCase, role=ROLES, subject=st.sampled_from(["x", "y"]), contact=st.just(PROVIDER), now=INSTANTS),
    st.builds(RequestAuthorization, authorization_id=IDS, now=INSTANTS),
    st.builds(sign, authorization_id=IDS, role=SIDES, now=INSTANTS),
    st.builds(RevokeAuthorization, authorization_id=IDS, remark=st.none(), now=INSTANTS),
    st.builds(AssignOwner, owner=st.sampled_from(["nurse-1", "queue:intake"]), now=INSTANTS),
    st.builds(ChangePriority, priority=st.sampled_from(Priority), remark=st.none(), now=INSTANTS),
    st.builds(HoldCase, reason=st.sampled_from(HoldReason), now=INSTANTS),
    st.builds(ResumeCase, reason=st.sampled_from(HoldReason), now=INSTANTS),
    st.builds(DeclineCase, program=st.just(program()), reason=st.sampled_from(DeclineReason), now=INSTANTS),
    st.builds(WithdrawCase, by_role=ROLES, remark=st.none(), now=INSTANTS),
    st.builds(
        ExpireCase,
        due=INSTANTS,
        not_before=st.just(NOW + 30 * DAY),
        waiting_on=st.lists(st.sampled_from([AUTHORIZATION, PARTICIPATION, "payment"]), min_size=1).map(tuple),
        now=INSTANTS,
    ),
    st.builds(CloseCase, close_reason=st.sampled_from(CloseReason), remark=st.none(), now=INSTANTS),
    st.builds(ConcludeCase, close_reason=st.sampled_from(CloseReason), now=INSTANTS),
    st.builds(
        ReviseQuestions,
        questions=st.lists(st.sampled_from(["q-1", "q-2", "q-3"]), max_size=3).map(
            lambda ids: tuple(Question(question_id=each, text=each) for each in ids)
        ),
        minted=st.just(frozenset({"q-2", "q-3"})),
        based_on=st.none(),
        now=INSTANTS,
    ),
    st.builds(FreezeQuestions, questions_version=st.integers(0, 3), now=INSTANTS),
)
SEQUENCES = st.lists(COMMANDS, max_size=25).map(lambda commands: [submit(), *commands])


def accepted(commands: Sequence[Any]) -> list[Any]:
    events: list[Any] = []
    for command in commands:
        try:
            events += CASE.decide(command, CASE.fold(events))
        except DomainError:
            continue
    return events


def prefixes(events: Sequence[Any]) -> list[Case]:
    state, states = CASE.initial(), []
    for event in events:
        state = CASE.evolve(state, event)
        states.append(state)
    return states


@given(SEQUENCES)
def test_exactly_one_accountable_owner_at_every_instant(commands):
    events, owner = accepted(commands), ""
    for event, state in zip(events, prefixes(events), strict=True):
        if isinstance(event, CaseSubmitted | OwnerAssigned):
            assert event.owner != owner
            owner = event.owner
        assert state.triage.owner == owner != ""


@given(SEQUENCES)
def test_a_case_opens_once_closes_once_and_stays_closed(commands):
    events = accepted(commands)
    assert sum(isinstance(event, CaseSubmitted) for event in events) == 1
    assert sum(isinstance(event, CaseClosed) for event in events) <= 1
    phases = [state.lifecycle.phase for state in prefixes(events)]
    first_closed = next((n for n, phase in enumerate(phases) if phase is not Phase.OPEN), len(phases))
    assert len(set(phases[first_closed:])) <= 1
    last = prefixes(events)[-1].lifecycle
    assert (last.phase is Phase.OPEN) == (last.close_reason is None)


@given(SEQUENCES)
def test_one_party_per_role_and_one_open_authorization(commands):
    for state in prefixes(accepted(commands)):
        roles = [role for role, _ in state.parties.subjects]
        assert len(roles) == len(set(roles))
        unsigned = [a for a in state.authorizations.items if a.signed_at is None and a.revoked_at is None]
        assert len(unsigned) <= 1


@given(SEQUENCES)
def test_nothing_is_signed_before_the_terms_and_no_question_changes_once_frozen(commands):
    events = accepted(commands)
    before = [CASE.initial(), *prefixes(events)]
    for state, event in zip(before, events, strict=False):
        if isinstance(event, AuthorizationSigned):
            assert any(given.role is event.role for given in state.consents.accepted)
        if isinstance(event, QuestionsRevised):
            assert state.questions.frozen_version is None


@given(SEQUENCES, COMMANDS)
def test_a_repeated_command_is_absorbed_or_refused_unless_it_says_more(commands, command):
    events = accepted([*commands, command])
    if isinstance(command, ReviseQuestions):
        return
    with suppress(DomainError):
        assert list(CASE.decide(command, CASE.fold(events))) == []


@given(st.permutations(["sign", "join"]))
def test_authorization_and_participation_join_in_any_order(order):
    steps = {
        "sign": sign(),
        "join": JoinCase(role=Role.LOCAL_PROVIDER, subject="x", contact=PROVIDER, now=NOW),
    }
    opening = [submit(), screened(jurisdictions=WITH_LOCAL), RequestAuthorization(authorization_id="a-1", now=NOW)]
    state = CASE.fold(accepted([*opening, *(steps[step] for step in order)]))
    assert state.missing(NOW + timedelta(days=1)) == frozenset()
    assert CASE.fold(accepted(opening)).missing(NOW) == OBLIGATIONS
