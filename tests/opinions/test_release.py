"""Release by the program's policy, delivery and view."""

import pytest

from opinions import builders as b
from rso_opinions.domain import opinion_commands as c
from rso_opinions.domain import opinion_events as e
from rso_opinions.domain.opinion import OPINION
from rso_opinions.domain.opinion_events import CancelReason
from rso_opinions.domain.recipients import may_read, next_recipients
from rso_shared.contracts.vocabulary import ReleasePolicy, Role
from support.deciding import given

PATIENT, PROVIDER = Role.PATIENT, Role.LOCAL_PROVIDER
BOTH, FIRST = ReleasePolicy.PATIENT_AND_PROVIDER, ReleasePolicy.PROVIDER_FIRST
PROVIDER_ONLY, PATIENT_ONLY = ReleasePolicy.PROVIDER_ONLY, ReleasePolicy.PATIENT_ONLY


@pytest.mark.parametrize(
    ("policy", "joined", "had", "due"),
    [
        (BOTH, True, (), (PROVIDER, PATIENT)),
        (BOTH, False, (), (PATIENT,)),
        (BOTH, True, (PATIENT,), (PROVIDER,)),
        (BOTH, True, (PROVIDER, PATIENT), ()),
        (FIRST, True, (), (PROVIDER,)),
        (FIRST, True, (PROVIDER,), (PATIENT,)),
        (FIRST, True, (PROVIDER, PATIENT), ()),
        (FIRST, False, (), (PATIENT,)),
        (FIRST, False, (PATIENT,), ()),
        (PROVIDER_ONLY, True, (), (PROVIDER,)),
        (PROVIDER_ONLY, True, (PROVIDER,), ()),
        (PATIENT_ONLY, True, (), (PATIENT,)),
        (PATIENT_ONLY, False, (PATIENT,), ()),
    ],
)
def test_the_policy_says_who_is_next(policy, joined, had, due):
    assert next_recipients(policy, provider_joined=joined, released_to=had) == due


@pytest.mark.parametrize(
    ("role", "policy", "released_to", "open_"),
    [
        (PATIENT, FIRST, (PROVIDER,), False),
        (PATIENT, FIRST, (PROVIDER, PATIENT), True),
        (Role.LEGAL_REPRESENTATIVE, BOTH, (PATIENT,), True),
        (Role.LEGAL_REPRESENTATIVE, FIRST, (PROVIDER,), False),
        (PROVIDER, PATIENT_ONLY, (PATIENT,), False),
        (Role.PARTNER, FIRST, (PROVIDER,), True),
        (Role.PARTNER, PATIENT_ONLY, (PATIENT,), False),
        (Role.PARTNER, BOTH, (), False),
        (Role.CARE_COORDINATOR, PATIENT_ONLY, (PATIENT,), True),
        (Role.SPECIALIST, None, (), False),
    ],
)
def test_who_may_read(role, policy, released_to, open_):
    assert may_read(role, policy, released_to) is open_


def test_the_first_release_keeps_the_pair_of_pdfs():
    given(OPINION, *b.SIGNED).when(b.release()).then(b.rendered(), b.released(PROVIDER, PATIENT))


def test_provider_first_takes_two_calls():
    first = (*b.SIGNED, b.rendered(), b.released(PROVIDER, policy=FIRST))
    given(OPINION, *b.SIGNED).when(b.release(FIRST)).then(b.rendered(), b.released(PROVIDER, policy=FIRST))
    given(OPINION, *first).when(b.release(FIRST)).then(b.released(PATIENT, policy=FIRST))
    given(OPINION, *first).when(b.release(FIRST, (PROVIDER,))).then()
    given(OPINION, *first).when(b.release(FIRST, (PATIENT,))).then(b.released(PATIENT, policy=FIRST))
    given(OPINION, *first, b.released(PATIENT, policy=FIRST)).when(b.release(FIRST)).then()


def test_provider_first_without_a_provider_goes_to_the_patient():
    release = b.release(FIRST, provider_joined=False)
    given(OPINION, *b.SIGNED).when(release).then(b.rendered(), b.released(PATIENT, policy=FIRST))


def test_whom_the_call_means():
    one = b.release(recipients=(PATIENT,))
    given(OPINION, *b.SIGNED).when(one).then(b.rendered(), b.released(PATIENT))
    given(OPINION, *b.SIGNED).when(b.release(FIRST, (PATIENT,))).refused("recipient_not_due")
    given(OPINION, *b.SIGNED).when(b.release(PATIENT_ONLY, (PROVIDER,))).refused("recipient_not_due")


def test_provider_only_needs_a_provider():
    given(OPINION, *b.SIGNED).when(b.release(PROVIDER_ONLY, provider_joined=False)).refused("local_provider_missing")


def test_a_repeat_changes_nothing():
    given(OPINION, *b.RELEASED).when(b.release()).then()
    given(OPINION, *b.RELEASED).when(b.release(recipients=(PATIENT,))).then()


@pytest.mark.parametrize("history", [(), b.DRAFTED, b.APPROVED, (*b.IN_QA, b.returned())])
def test_only_a_signed_opinion_is_released(history):
    given(OPINION, *history).when(b.release()).refused("opinion_not_signed")


def test_nothing_is_released_after_withdrawal():
    given(OPINION, *b.SIGNED).when(b.release(case_withdrawn=True)).refused("case_withdrawn")
    cancelled = b.cancelled(reason=CancelReason.CASE_WITHDRAWN)
    given(OPINION, *b.SIGNED, cancelled).when(b.release()).refused("opinion_not_signed")
    first = (*b.SIGNED, b.rendered(), b.released(PROVIDER, policy=FIRST))
    given(OPINION, *first).when(b.release(FIRST, case_withdrawn=True)).refused("case_withdrawn")


def test_a_release_brings_its_rendering():
    assert given(OPINION, *b.SIGNED).when(b.release(rendered=None)).refused("report_not_rendered").status == 503


def test_a_second_rendering_is_not_kept():
    first = (*b.SIGNED, b.rendered(), b.released(PROVIDER, policy=FIRST))
    events = given(OPINION, *first).when(b.release(FIRST)).events()
    assert [type(event) for event in events] == [e.OpinionReleased]


def test_delivered_and_viewed_are_two_facts_each_once():
    delivered = e.OpinionDelivered(opinion_version=1, role=PATIENT, delivered_at=b.NOW)
    viewed = e.OpinionViewed(opinion_version=1, role=PATIENT, viewed_at=b.NOW)
    given(OPINION, *b.RELEASED).when(c.RecordDelivery(PATIENT, b.NOW)).then(delivered)
    given(OPINION, *b.RELEASED, delivered).when(c.RecordDelivery(PATIENT, b.NOW)).then()
    given(OPINION, *b.RELEASED, delivered).when(c.RecordView(PATIENT, b.NOW)).then(viewed)
    given(OPINION, *b.RELEASED, viewed).when(c.RecordView(PATIENT, b.NOW)).then()
    given(OPINION, *b.RELEASED, viewed).when(c.RecordDelivery(PATIENT, b.NOW)).then(delivered)


def test_each_role_counts_for_itself():
    history = (*b.RELEASED, e.OpinionViewed(opinion_version=1, role=PATIENT, viewed_at=b.NOW))
    for role in (PROVIDER, Role.LEGAL_REPRESENTATIVE, Role.PARTNER):
        expected = e.OpinionViewed(opinion_version=1, role=role, viewed_at=b.NOW)
        given(OPINION, *history).when(c.RecordView(role, b.NOW)).then(expected)
    given(OPINION, *history).when(c.RecordView(Role.CARE_COORDINATOR, b.NOW)).then()


def test_nobody_receives_what_is_not_theirs():
    first = (*b.SIGNED, b.rendered(), b.released(PROVIDER, policy=FIRST))
    for command in (c.RecordDelivery(PATIENT, b.NOW), c.RecordView(PATIENT, b.NOW)):
        given(OPINION, *first).when(command).refused("not_released_to_role")
        given(OPINION, *b.SIGNED).when(command).refused("not_released_to_role")
