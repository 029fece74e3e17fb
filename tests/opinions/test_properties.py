"""Whatever is asked of an opinion in whatever order, what was accepted keeps these promises."""

from hypothesis import given
from hypothesis import strategies as st

from opinions import builders as b
from rso_opinions.domain import opinion_commands as c
from rso_opinions.domain import opinion_events as e
from rso_opinions.domain.opinion import OPINION
from rso_opinions.domain.opinion_state import ENDED, Opinion, evolve
from rso_opinions.domain.report import content_sha256
from rso_shared.contracts.vocabulary import ReleasePolicy, Role
from rso_shared.kit.errors import DomainError

MAX_REVISIONS = 2
PEOPLE = st.sampled_from([b.WRITER, b.OTHER, b.REVIEWER])
RECEIVERS = st.sampled_from([Role.PATIENT, Role.LOCAL_PROVIDER, Role.LEGAL_REPRESENTATIVE, Role.PARTNER])
ASSIGNMENTS = [("assignment-1", b.WRITER), ("assignment-2", b.OTHER)]


def command(policy):
    reports = st.sampled_from([b.report(), b.report(limitations="Other."), b.report(answers=())])
    reviewing = st.sampled_from([Role.QUALITY_REVIEWER, Role.MEDICAL_DIRECTOR])
    return st.one_of(
        st.sampled_from([b.start(*assignment) for assignment in ASSIGNMENTS]),
        st.builds(c.SaveDraft, PEOPLE, reports),
        st.builds(b.submit, PEOPLE),
        st.just(c.StartQualityReview()),
        st.builds(b.verdict, st.sampled_from(c.Verdict), PEOPLE, reviewing),
        st.builds(b.sign, PEOPLE, eligibility=st.builds(b.eligibility, eligible=st.booleans(), specialist_id=PEOPLE)),
        st.builds(b.release, st.just(policy), st.none() | st.tuples(RECEIVERS), provider_joined=st.booleans()),
        st.builds(c.RecordDelivery, RECEIVERS, st.just(b.NOW)),
        st.builds(c.RecordView, RECEIVERS, st.just(b.NOW)),
        st.builds(
            c.CancelReview, st.sampled_from(e.CancelReason), st.sampled_from([None, "assignment-1", "assignment-2"])
        ),
    )


def onwards(policy):
    """Mostly the straight way, so that the later states are reached, with anything else in between."""
    straight = [
        b.start(), c.SaveDraft(b.WRITER, b.report()), b.submit(), c.StartQualityReview(), b.verdict(), b.sign(),
        b.release(policy), c.RecordView(Role.PATIENT, b.NOW), b.release(policy),
    ]  # fmt: skip
    noise = st.lists(command(policy), max_size=2)
    return st.tuples(*(noise.map(lambda extra, step=step: [*extra, step]) for step in straight)).map(
        lambda parts: [one for part in parts for one in part]
    )


def play(commands):
    """Every accepted command with the state before it and the events it made."""
    state, steps = Opinion(), []
    for one in commands:
        try:
            events = list(OPINION.decide(one, state))
        except DomainError:
            continue
        steps.append((one, state, events))
        for event in events:
            state = evolve(state, event)
    return state, steps


@st.composite
def histories(draw):
    policy = draw(st.sampled_from(ReleasePolicy))
    return draw(st.lists(command(policy), max_size=30) | onwards(policy))


@given(histories())
def test_one_review_at_a_time_and_versions_only_grow(commands):
    _, steps = play(commands)
    versions = [
        event.opinion_version for _, _, events in steps for event in events if isinstance(event, e.OpinionDrafted)
    ]
    assert versions == list(range(1, len(versions) + 1))
    for _, before, events in steps:
        if any(isinstance(event, e.ReviewStarted) for event in events):
            assert before.state in ENDED


@given(histories())
def test_what_was_signed_is_what_was_approved_and_stays(commands):
    state, steps = play(commands)
    events = [event for _, _, made in steps for event in made]
    signatures = [event for event in events if isinstance(event, e.OpinionSigned)]
    for signature in signatures:
        later = events[events.index(signature) + 1 :]
        if any(isinstance(event, e.ReviewStarted) for event in later):
            continue
        assert not any(isinstance(event, e.OpinionDrafted | e.OpinionSubmitted | e.OpinionApproved) for event in later)
        assert signature.specialist_id == state.specialist_id
        assert signature.content_sha256 == content_sha256(state.submitted.report.open(), state.person_id)


@given(histories())
def test_nobody_judges_their_own_opinion_and_the_loop_ends(commands):
    _, steps = play(commands)
    for one, before, events in steps:
        if isinstance(one, c.GiveVerdict) and events:
            assert one.reviewer != before.specialist_id
            assert before.revisions < MAX_REVISIONS or one.role is Role.MEDICAL_DIRECTOR


@given(histories())
def test_each_recipient_once_and_only_after_the_signature(commands):
    state, steps = play(commands)
    events = [event for _, _, made in steps for event in made]
    for given_once in (state.released_to, state.delivered_to, state.viewed_by):
        assert len(set(given_once)) == len(given_once)
    assert sum(isinstance(event, e.ReportRendered) for event in events) <= 1
    if state.released_to:
        assert state.signed is not None
        assert state.renderings
    for role in (*state.delivered_to, *state.viewed_by):
        assert state.released_to, role


@given(histories())
def test_a_draft_is_never_seen_by_the_next_specialist(commands):
    _, steps = play(commands)
    for _, before, events in steps:
        if events and isinstance(events[0], e.ReviewStarted):
            after = evolve(before, events[0])
            assert (after.draft, after.submitted, after.findings, after.signed) == (None, None, None, None)
