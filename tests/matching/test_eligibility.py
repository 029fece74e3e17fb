"""Who may have a case at an instant, with every reason; and the order of those who may."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from matching.builders import NOW, a_specialist, needs
from rso_matching.domain.decision import Considered, MatchInputs, match
from rso_matching.domain.eligibility import Exclusion, Load, exclusions
from rso_matching.domain.licence import Licence, credentials_due
from rso_matching.domain.needs import offer_window
from rso_matching.domain.ranking import CURRENT, features_of, score
from rso_shared.contracts.program import MatchingPolicy
from rso_shared.contracts.vocabulary import ConditionGroup, Priority

ELSEWHERE = Licence("l2", "US", "NY", date(2020, 1, 1), date(2030, 1, 1))


@pytest.mark.parametrize(
    ("specialist", "case", "load", "reason"),
    [
        ({"focus": (ConditionGroup.SPINE,)}, {}, Load(), Exclusion.FOCUS_MISMATCH),
        ({"licences": (ELSEWHERE,)}, {}, Load(), Exclusion.NOT_LICENSED),
        ({}, {"country": "CA"}, Load(), Exclusion.NOT_LICENSED),
        ({"licences": ()}, {"licensed_only": False}, Load(), Exclusion.NO_LICENCE_IN_FORCE),
        ({"verified_on": None}, {}, Load(), Exclusion.CREDENTIALS_STALE),
        ({"verified_on": date(2023, 11, 22)}, {}, Load(), Exclusion.CREDENTIALS_STALE),
        ({}, {}, Load(active=3), Exclusion.AT_CAPACITY),
        ({"capacity": 0}, {}, Load(), Exclusion.AT_CAPACITY),
        ({}, {"language": "es"}, Load(), Exclusion.LANGUAGE_MISMATCH),
        ({"affiliations": ("facility-1",)}, {}, Load(), Exclusion.AFFILIATED_WITH_TREATING_FACILITY),
        ({"affiliations": ("partner-1",)}, {}, Load(), Exclusion.AFFILIATED_WITH_PARTNER),
        ({"affiliations": ("sponsor-1",)}, {}, Load(), Exclusion.AFFILIATED_WITH_SPONSOR),
        ({}, {}, Load(involved=True), Exclusion.PRIOR_INVOLVEMENT),
    ],
)
def test_one_reason(specialist: dict[str, Any], case: dict[str, Any], load: Load, reason: Exclusion) -> None:
    assert exclusions(a_specialist(**specialist), needs(**case), load, NOW) == (reason,)


def test_nothing_against() -> None:
    assert exclusions(a_specialist(), needs(), Load(active=2), NOW) == ()


def test_every_reason_is_named() -> None:
    worst = a_specialist(focus=(), licences=(), verified_on=None, languages=(), capacity=0, affiliations=("sponsor-1",))
    assert len(exclusions(worst, needs(), Load(involved=True), NOW)) == 8


def test_a_wider_jurisdiction_decision_accepts_a_licence_elsewhere() -> None:
    assert exclusions(a_specialist(licences=(ELSEWHERE,)), needs(licensed_only=False), Load(), NOW) == ()


def test_a_case_without_partner_or_sponsor_conflicts_with_nobody() -> None:
    independent = needs(partner_organisation_id=None, sponsor_id=None, treating_facility_ids=())
    assert exclusions(a_specialist(affiliations=("x",)), independent, Load(), NOW) == ()


def test_languages_compare_by_their_primary_subtag() -> None:
    assert exclusions(a_specialist(languages=("EN-us",)), needs(), Load(), NOW) == ()


def test_the_licence_of_yesterday_counted_yesterday_and_not_today() -> None:
    expired = a_specialist(licences=(Licence("l1", "US", "MA", date(2020, 1, 1), date(2026, 11, 22)),))
    last_instant = datetime(2026, 11, 22, 23, 59, 59, 999999, tzinfo=UTC)
    assert exclusions(expired, needs(), Load(), last_instant) == ()
    assert Exclusion.NOT_LICENSED in exclusions(expired, needs(), Load(), NOW)


def test_a_licence_of_tomorrow_does_not_count_yet() -> None:
    early = a_specialist(licences=(Licence("l1", "US", "MA", date(2026, 11, 24), date(2030, 1, 1)),))
    assert Exclusion.NOT_LICENSED in exclusions(early, needs(), Load(), NOW)


def test_credentials_hold_for_36_months_to_the_day() -> None:
    verified = a_specialist(verified_on=date(2023, 11, 23))
    assert exclusions(verified, needs(), Load(), NOW) == ()
    assert credentials_due(date(2024, 2, 29)) == date(2027, 2, 28)


# ranking


def test_weights_add_up() -> None:
    weights = CURRENT.weights
    total = (
        weights.focus
        + weights.licence
        + weights.availability
        + weights.fair_share
        + weights.responsiveness
        + weights.freshness
    )
    assert total == 10_000


def test_scores_stay_in_basis_points() -> None:
    best = features_of(a_specialist(verified_on=NOW.date()), needs(), Load(), NOW)
    assert score(best, CURRENT.weights) == 10_000


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ((a_specialist("b"), Load()), (a_specialist("a", focus=(*ConditionGroup,)), Load())),
        ((a_specialist("b"), Load()), (a_specialist("a"), Load(active=1))),
        ((a_specialist("b"), Load()), (a_specialist("a"), Load(recent_offers=1))),
        ((a_specialist("b"), Load()), (a_specialist("a"), Load(recent_lapses=1))),
        ((a_specialist("b"), Load()), (a_specialist("a", verified_on=date(2024, 1, 1)), Load())),
    ],
)
def test_what_ranks_higher(better: Any, worse: Any) -> None:
    pool = tuple(Considered(specialist=specialist, load=load) for specialist, load in (worse, better))
    decision = match(MatchInputs(decision_id="d", at=NOW, ranking=CURRENT, needs=needs(), off_focus=0, pool=pool))
    assert [one.specialist_id for one in decision.candidates] == ["b", "a"]


def test_ties_go_by_id() -> None:
    pool = tuple(Considered(specialist=a_specialist(id_), load=Load()) for id_ in ("c", "a", "b"))
    decision = match(MatchInputs(decision_id="d", at=NOW, ranking=CURRENT, needs=needs(), off_focus=0, pool=pool))
    assert [one.specialist_id for one in decision.candidates] == ["a", "b", "c"]


def test_the_window_follows_the_priority() -> None:
    policy = MatchingPolicy(offer_window="PT12H", urgent_offer_window="PT2H", max_offers=10)  # type: ignore[arg-type]
    assert offer_window(policy, Priority.URGENT).total_seconds() == 7_200
    assert offer_window(policy, Priority.EXPEDITED).total_seconds() == 43_200


def test_the_profile_version_is_part_of_the_decision() -> None:
    pool = (Considered(specialist=replace(a_specialist(), version=7), load=Load()),)
    decision = match(MatchInputs(decision_id="d", at=NOW, ranking=CURRENT, needs=needs(), off_focus=4, pool=pool))
    assert decision.candidates[0].specialist_version == 7
    assert decision.considered == 5
