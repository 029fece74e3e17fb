"""Starting, offering and the end of an assignment: every transition and every refusal."""

from dataclasses import replace

from matching.builders import (
    CASE,
    NOW,
    PERSON,
    assigned,
    attested,
    inputs,
    needs,
    offered,
    standing,
    started,
)
from matching.commands import (
    JUST_IN_TIME,
    LATE,
    accept,
    completed,
    declined,
    exhausted,
    lapsed,
    offer_next,
    released,
    stop,
    withdrawn,
)
from rso_matching.domain.case_matching import CASE_MATCHING
from rso_matching.domain.decision import match
from rso_matching.domain.eligibility import Exclusion
from rso_matching.domain.matching_commands import (
    Complete,
    Release,
    StartMatching,
)
from rso_matching.domain.matching_events import (
    MatchDecisionRecorded,
    MatchingExhausted,
    MatchingStarted,
    ReleaseReason,
    WithdrawalReason,
)
from rso_shared.contracts.vocabulary import ConditionGroup
from support.deciding import given

# start


def test_starting_records_the_decision() -> None:
    given(CASE_MATCHING).when(StartMatching(round=1, inputs=inputs("s1", "s2"))).then(
        MatchingStarted(case_id=CASE, person_id=PERSON, round=1, started_at=NOW),
        MatchDecisionRecorded(case_id=CASE, round=1, decision=match(inputs("s1", "s2"))),
    )


def test_starting_again_is_absorbed() -> None:
    given(CASE_MATCHING, *started("s1")).when(StartMatching(round=1, inputs=inputs("s2"))).then()


def test_a_second_round_waits_for_the_first_to_be_exhausted() -> None:
    given(CASE_MATCHING, *started("s1")).when(StartMatching(round=2, inputs=inputs("s1"))).refused(
        "matching_in_progress"
    )


def test_a_second_round_decides_anew() -> None:
    events = (
        given(CASE_MATCHING, *started("s1"), exhausted()).when(StartMatching(round=2, inputs=inputs("s9"))).events()
    )
    assert [event.round for event in events] == [2, 2]


def test_no_round_is_skipped() -> None:
    given(CASE_MATCHING, *started("s1"), exhausted()).when(StartMatching(round=3, inputs=inputs("s1"))).refused(
        "matching_in_progress"
    )


# offers


def test_the_best_candidate_is_offered_the_case() -> None:
    given(CASE_MATCHING, *started("s1", "s2")).when(offer_next("s1", "s2")).then(offered("s1"))


def test_the_same_request_is_absorbed() -> None:
    given(CASE_MATCHING, *started("s1", "s2"), offered("s1")).when(offer_next("s2")).then()


def test_without_a_number_the_open_offer_is_the_answer() -> None:
    given(CASE_MATCHING, *started("s1", "s2"), offered("s1")).when(offer_next("s2", n=None)).then()


def test_without_a_number_the_next_candidate_follows_an_answer() -> None:
    given(CASE_MATCHING, *started("s1", "s2"), offered("s1"), declined()).when(offer_next("s2", n=None)).then(
        offered("s2", n=2)
    )


def test_no_number_is_skipped() -> None:
    given(CASE_MATCHING, *started("s1")).when(offer_next("s1", n=2)).refused("offer_number_skipped")


def test_a_repeat_after_the_answer_is_absorbed() -> None:
    given(CASE_MATCHING, *started("s1", "s2"), offered("s1"), declined()).when(offer_next("s2")).then()


def test_the_next_candidate_is_never_one_asked_before() -> None:
    given(CASE_MATCHING, *started("s1", "s2"), offered("s1"), lapsed()).when(
        offer_next("s1", "s2", n=2, offer_id="o-s2")
    ).then(offered("s2", n=2))


def test_who_is_no_longer_eligible_is_passed_over_with_the_reason() -> None:
    stale = standing("s1", verified_on=None)
    [event] = (
        given(CASE_MATCHING, *started("s1", "s2"))
        .when(offer_next(offer_id="o-s2", standing=(*stale, *standing("s2"))))
        .events()
    )
    assert event.specialist_id == "s2"
    assert [(one.specialist_id, one.reasons) for one in event.passed_over] == [("s1", (Exclusion.CREDENTIALS_STALE,))]


def test_a_recoded_condition_counts_at_the_instant_of_the_offer() -> None:
    recoded = needs(condition_group=ConditionGroup.SPINE)
    [event] = given(CASE_MATCHING, *started("s1")).when(offer_next("s1", needs=recoded)).events()
    assert isinstance(event, MatchingExhausted)
    assert event.passed_over[0].reasons == (Exclusion.FOCUS_MISMATCH,)


def test_nobody_left_is_exhaustion() -> None:
    given(CASE_MATCHING, *started("s1"), offered("s1"), lapsed()).when(offer_next(n=2)).then(exhausted(n=2, offers=1))


def test_the_program_bounds_the_offers() -> None:
    given(CASE_MATCHING, *started("s1", "s2"), offered("s1"), lapsed()).when(offer_next("s2", n=2, max_offers=1)).then(
        exhausted(n=2, offers=1)
    )


def test_exhaustion_is_absorbed_too() -> None:
    given(CASE_MATCHING, *started("s1"), exhausted()).when(offer_next()).then()


def test_offers_need_a_decision() -> None:
    given(CASE_MATCHING).when(offer_next("s1")).refused("matching_not_started")


def test_one_open_offer_at_a_time() -> None:
    given(CASE_MATCHING, *started("s1", "s2"), offered("s1")).when(offer_next("s2", n=2)).refused("offer_open")


def test_an_offer_whose_window_is_over_lapses_before_the_next() -> None:
    history = (*started("s1", "s2"), offered("s1"))
    late = offer_next("s2", n=None, at=LATE)
    given(CASE_MATCHING, *history).when(late).then(lapsed(), offered("s2", n=2, at=LATE))
    given(CASE_MATCHING, *history).when(replace(late, at=JUST_IN_TIME)).then()


def test_an_assigned_case_is_not_offered_again() -> None:
    given(CASE_MATCHING, *assigned("s1", "s2")).when(offer_next("s2", n=2)).refused("already_assigned")


def test_a_backup_is_offered_while_the_assignment_is_active() -> None:
    given(CASE_MATCHING, *assigned("s1", "s2")).when(offer_next("s2", backup=True)).then(offered("s2", backup=True))


def test_a_backup_without_an_assignment_is_refused() -> None:
    given(CASE_MATCHING, *started("s1")).when(offer_next("s1", backup=True)).refused("no_active_assignment")


# the end of an assignment


def test_the_desk_releases_the_assignment() -> None:
    given(CASE_MATCHING, *assigned("s1")).when(Release(reason=ReleaseReason.CONFLICT_DISCOVERED, at=NOW)).then(
        released(ReleaseReason.CONFLICT_DISCOVERED)
    )


def test_releasing_nobody_is_refused() -> None:
    given(CASE_MATCHING, *started("s1")).when(Release(reason=ReleaseReason.OVERDUE, at=NOW)).refused(
        "no_active_assignment"
    )


def test_after_a_release_the_next_candidate_is_offered_the_case() -> None:
    history = (*assigned("s1", "s2"), released(ReleaseReason.CONFLICT_DISCOVERED))
    given(CASE_MATCHING, *history).when(offer_next("s1", "s2", n=2, offer_id="o-s2")).then(offered("s2", n=2))


def test_completion() -> None:
    given(CASE_MATCHING, *assigned("s1")).when(Complete(at=NOW)).then(completed())


def test_completion_takes_an_open_backup_offer_back() -> None:
    given(CASE_MATCHING, *assigned("s1", "s2"), offered("s2", backup=True)).when(Complete(at=NOW)).then(
        withdrawn("s2", WithdrawalReason.ASSIGNMENT_COMPLETED), completed()
    )


def test_completing_again_is_absorbed() -> None:
    given(CASE_MATCHING, *assigned("s1"), completed()).when(Complete(at=NOW)).then()


def test_nothing_to_complete() -> None:
    given(CASE_MATCHING, *started("s1")).when(Complete(at=NOW)).refused("no_active_assignment")


def test_a_withdrawn_case_takes_everything_back() -> None:
    given(CASE_MATCHING, *assigned("s1", "s2"), offered("s2", backup=True)).when(stop()).then(
        withdrawn("s2", WithdrawalReason.CASE_WITHDRAWN), released(ReleaseReason.CASE_WITHDRAWN)
    )


def test_stopping_with_nothing_open_is_absorbed() -> None:
    given(CASE_MATCHING).when(stop()).then()
    given(CASE_MATCHING, *assigned("s1"), completed()).when(stop()).then()


def test_a_withdrawn_offer_cannot_be_accepted() -> None:
    taken_back = withdrawn("s1", WithdrawalReason.CASE_WITHDRAWN)
    given(CASE_MATCHING, *started("s1"), offered(), attested(), taken_back).when(accept()).refused("offer_closed")


def test_an_unknown_event_changes_nothing() -> None:
    state = given(CASE_MATCHING, *assigned("s1")).state()
    assert CASE_MATCHING.evolve(state, object()) == state
