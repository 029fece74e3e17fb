"""Milestones are set-like: facts of different services may come twice and in any order, and mean the same."""

from copy import deepcopy
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rso_coordinator.domain.milestones import Milestones
from rso_coordinator.domain.stages import awaiting, stage_of
from rso_shared.contracts.vocabulary import Stage

Fact = tuple[str, dict[str, object]]
ELIGIBLE: Fact = ("intake.eligibility_confirmed", {"local_provider_required": True, "licensed_only": True})
JOIN: tuple[Fact, ...] = (
    ("intake.authorization_signed", {"authorization_id": "a1"}),
    ("intake.local_provider_joined", {}),
    ("billing.payment_captured", {}),
)
OFFER: Fact = ("matching.case_offered", {"offer_id": "o1", "expires_at": "2026-03-02T15:00:00Z"})
TAKEN = {"offer_id": "o1", "assignment_id": "x1", "specialist_id": "s1", "accepted_at": "2026-03-02T14:00:00Z"}
ACCEPTED: Fact = ("matching.offer_accepted", TAKEN)
COMMUTING: tuple[Fact, ...] = (
    ELIGIBLE,
    *JOIN,
    ("billing.fee_quoted", {}),
    ("records.compilation_started", {}),
    ("records.record_set_accepted", {"accepted_at": "2026-03-01T15:00:00Z"}),
    ("records.case_summary_signed", {}),
    ("matching.matching_started", {}),
    OFFER,
    ACCEPTED,
    ("matching.offer_declined", {"offer_id": "o0"}),
    ("opinions.opinion_submitted", {"opinion_version": 1}),
    ("opinions.revision_requested", {"opinion_version": 1}),
    ("opinions.opinion_submitted", {"opinion_version": 2}),
    ("opinions.opinion_approved", {"opinion_version": 2}),
    ("opinions.opinion_signed", {}),
    ("opinions.opinion_released", {"recipients": ["patient"]}),
    ("opinions.opinion_released", {"recipients": ["local_provider"]}),
    ("opinions.opinion_viewed", {"role": "patient"}),
)


def after(*facts: Fact) -> Milestones:
    milestones = Milestones()
    for type_, data in facts:
        milestones.apply(type_, deepcopy(data))
    return milestones


@given(st.data())
def test_any_order_and_any_repetition_of_the_same_facts_mean_the_same(data):
    known = data.draw(st.lists(st.sampled_from(COMMUTING), unique_by=repr))
    again = data.draw(st.lists(st.sampled_from(known), max_size=10)) if known else []
    shuffled = data.draw(st.permutations([*known, *again]))
    assert after(*shuffled) == after(*known)
    assert stage_of(after(*shuffled)) == stage_of(after(*known))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_join_does_not_ask_what_came_first(order):
    milestones = after(ELIGIBLE)
    for number, index in enumerate(order):
        assert not milestones.joined(), number
        milestones.apply(*JOIN[index])
    assert milestones.joined()
    assert stage_of(milestones) is Stage.COMPILING_RECORDS


@pytest.mark.parametrize("order", list(permutations([ELIGIBLE, *JOIN])))
def test_not_even_whether_screening_was_heard_of_last(order):
    assert stage_of(after(*order)) is Stage.COMPILING_RECORDS


def test_without_a_provider_rule_two_are_enough_and_coverage_is_payment():
    eligible = ("intake.eligibility_confirmed", {"local_provider_required": False, "licensed_only": False})
    assert after(eligible, JOIN[0], ("billing.coverage_confirmed", {})).joined()


@pytest.mark.parametrize(
    ("facts", "stage"),
    [
        ((), Stage.AWAITING_AUTHORIZATION),
        (JOIN[:1], Stage.AWAITING_AUTHORIZATION),
        (JOIN[:2], Stage.AWAITING_PAYMENT),
        (JOIN[1:], Stage.AWAITING_AUTHORIZATION),
    ],
)
def test_authorization_and_participation_are_named_before_payment(facts, stage):
    assert awaiting(after(ELIGIBLE, *facts)) is stage
    assert stage_of(after(ELIGIBLE, *facts)) is stage


def test_the_stages_follow_the_facts_from_screening_to_delivery():
    path = [
        *COMMUTING[:4],
        COMMUTING[6],
        COMMUTING[7],
        ACCEPTED,
        COMMUTING[14],
        ("opinions.opinion_signed", {}),
        COMMUTING[17],
    ]
    found = [stage_of(after(*path[:length])).value for length in range(len(path) + 1)]
    assert found == [
        "screening", "awaiting_authorization", "awaiting_authorization", "awaiting_payment", "compiling_records",
        "summarizing", "matching", "in_review", "quality_review", "ready_for_delivery", "delivered",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fact", "stage"),
    [
        ("intake.case_withdrawn", Stage.WITHDRAWN), ("intake.case_declined", Stage.DECLINED),
        ("intake.case_expired", Stage.EXPIRED), ("intake.case_closed", Stage.CLOSED),
    ],
)  # fmt: skip
def test_an_ending_wins_over_every_stage_and_over_the_closing_that_follows(fact, stage):
    assert stage_of(after(*COMMUTING, (fact, {}))) is stage
    assert stage_of(after(*COMMUTING, ("intake.case_closed", {}), (fact, {}))) is stage


def test_an_answered_offer_is_not_open_again_when_its_offer_arrives_late():
    assert after(("matching.offer_lapsed", {"offer_id": "o1"}), OFFER).offers == {}


def test_a_backup_takes_over_and_what_the_first_had_submitted_counts_no_more():
    backup = {**TAKEN, "offer_id": "o2", "assignment_id": "x2", "specialist_id": "s2"}
    submitted = ("opinions.opinion_submitted", {"opinion_version": 1})
    released = ("matching.assignment_released", {"assignment_id": "x1"})
    milestones = after(ACCEPTED, submitted, released, ("matching.offer_accepted", backup), released, ACCEPTED)
    assert milestones.specialist_id == "s2"
    assert not milestones.submitted()
    assert stage_of(milestones) is Stage.IN_REVIEW


def test_a_resumption_lifts_the_hold_and_lets_matching_go_on():
    held = [("matching.matching_exhausted", {}), ("intake.case_held", {"reason": "no_specialist"})]
    assert after(*held).exhausted
    resumed = after(*held, ("intake.case_resumed", {"reason": "no_specialist"}))
    assert not resumed.exhausted
    assert resumed.holds == set()


def test_a_type_that_moves_nothing_is_ignored():
    assert after(("intake.questions_frozen", {"questions_version": 2})) == Milestones()
