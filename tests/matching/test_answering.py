"""Attesting, accepting, declining and lapsing: every transition, every refusal, both ends of the window."""

from datetime import timedelta
from typing import Any

import pytest

from matching.builders import (
    EXPIRES,
    accepted,
    assigned,
    attested,
    offered,
    started,
)
from matching.commands import JUST_IN_TIME, LATE, accept, attest, decline, declined, lapse, lapsed, released
from rso_matching.domain.case_matching import CASE_MATCHING
from rso_matching.domain.eligibility import Exclusion
from rso_matching.domain.matching_events import (
    ReleaseReason,
)
from rso_shared.contracts.vocabulary import OfferDeclineReason
from support.deciding import given

# attestation


def test_no_conflict_is_attested() -> None:
    given(CASE_MATCHING, *started("s1"), offered()).when(attest()).then(attested())


def test_a_conflict_ends_the_offer() -> None:
    given(CASE_MATCHING, *started("s1"), offered()).when(attest(conflict=True)).then(
        attested(conflict=True), declined(OfferDeclineReason.CONFLICT)
    )


def test_the_same_attestation_is_absorbed() -> None:
    given(CASE_MATCHING, *started("s1"), offered(), attested()).when(attest()).then()


def test_an_attestation_is_not_turned_round() -> None:
    given(CASE_MATCHING, *started("s1"), offered(), attested()).when(attest(conflict=True)).refused("already_attested")


def test_attesting_an_unknown_offer() -> None:
    assert given(CASE_MATCHING, *started("s1")).when(attest()).refused("offer_unknown").status == 404


# acceptance


def test_acceptance_makes_the_assignment_active() -> None:
    offer = (*started("s1"), offered(), attested())
    given(CASE_MATCHING, *offer).when(accept()).then(accepted())
    assert given(CASE_MATCHING, *offer, accepted()).state().active.specialist_id == "s1"


def test_accepting_again_is_absorbed() -> None:
    given(CASE_MATCHING, *assigned("s1")).when(accept(assignment_id="another")).then()


def test_no_acceptance_without_attestation() -> None:
    given(CASE_MATCHING, *started("s1"), offered()).when(accept()).refused("attestation_required")


def test_no_acceptance_after_a_conflict() -> None:
    given(
        CASE_MATCHING, *started("s1"), offered(), attested(conflict=True), declined(OfferDeclineReason.CONFLICT)
    ).when(accept()).refused("offer_closed")


def test_a_licence_that_ended_in_between_refuses_acceptance() -> None:
    refusal = (
        given(CASE_MATCHING, *started("s1"), offered(), attested())
        .when(accept(reasons=(Exclusion.NOT_LICENSED,)))
        .refused("specialist_not_eligible")
    )
    assert refusal.status == 409
    assert refusal.facts == {"reasons": ["not_licensed"]}


def test_accepting_a_backup_releases_the_first_in_the_same_breath() -> None:
    given(CASE_MATCHING, *assigned("s1", "s2"), offered("s2", backup=True), attested("s2")).when(accept("s2")).then(
        released(ReleaseReason.BACKUP_ACCEPTED), accepted("s2")
    )


# both ends of the window


@pytest.mark.parametrize("command", [attest(at=JUST_IN_TIME), decline(at=JUST_IN_TIME)])
def test_the_last_instant_of_the_window_still_counts(command: Any) -> None:
    assert given(CASE_MATCHING, *started("s1"), offered()).when(command).events()


def test_acceptance_in_the_last_instant_counts() -> None:
    assert given(CASE_MATCHING, *started("s1"), offered(), attested()).when(accept(at=JUST_IN_TIME)).events()


@pytest.mark.parametrize("command", [attest(at=LATE), decline(at=LATE), accept(at=LATE)])
def test_from_expiry_on_every_answer_is_refused(command: Any) -> None:
    given(CASE_MATCHING, *started("s1"), offered()).when(command).refused("offer_lapsed")
    given(CASE_MATCHING, *started("s1"), offered(), lapsed()).when(command).refused("offer_lapsed")


def test_an_early_answer_after_the_lapse_is_refused_too() -> None:
    given(CASE_MATCHING, *started("s1"), offered(), attested(), lapsed()).when(accept(at=JUST_IN_TIME)).refused(
        "offer_lapsed"
    )


# decline and lapse


def test_declining_carries_the_reason() -> None:
    given(CASE_MATCHING, *started("s1"), offered()).when(decline()).then(declined())


def test_declining_again_is_absorbed() -> None:
    given(CASE_MATCHING, *started("s1"), offered(), declined()).when(decline()).then()


def test_an_accepted_offer_is_not_declined() -> None:
    given(CASE_MATCHING, *assigned("s1")).when(decline()).refused("offer_closed")


def test_the_timer_lapses_the_offer() -> None:
    given(CASE_MATCHING, *started("s1"), offered()).when(lapse()).then(lapsed())


def test_a_timer_of_another_instant_is_superseded() -> None:
    given(CASE_MATCHING, *started("s1"), offered()).when(lapse(due=EXPIRES - timedelta(hours=1))).refused(
        "superseded_due"
    )


def test_a_lapse_comes_only_once() -> None:
    given(CASE_MATCHING, *started("s1"), offered(), lapsed()).when(lapse()).then()


def test_a_lapse_after_the_answer_is_already_decided() -> None:
    given(CASE_MATCHING, *assigned("s1")).when(lapse()).refused("already_decided")
    given(CASE_MATCHING, *started("s1"), offered(), declined()).when(lapse()).refused("already_decided")
