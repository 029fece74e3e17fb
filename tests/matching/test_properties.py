"""Whatever is accepted, in whatever order, leaves these true."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from matching.builders import NOW, WINDOW, a_specialist, inputs, needs, standing
from rso_matching.domain.case_matching import CASE_MATCHING
from rso_matching.domain.decision import Considered, MatchDecision, MatchInputs, match, recompute
from rso_matching.domain.eligibility import Exclusion, Load
from rso_matching.domain.licence import Licence
from rso_matching.domain.matching_commands import (
    Accept,
    Attest,
    Complete,
    Decline,
    Lapse,
    OfferNext,
    Release,
    StartMatching,
    Stop,
)
from rso_matching.domain.matching_events import (
    AssignmentCompleted,
    AssignmentReleased,
    MatchingExhausted,
    OfferAccepted,
    OfferLapsed,
    ReleaseReason,
    WithdrawalReason,
)
from rso_matching.domain.matching_state import AssignmentStatus, CaseMatching, OfferStatus
from rso_matching.domain.ranking import CURRENT
from rso_matching.domain.specialist import Specialist
from rso_shared.contracts.vocabulary import ConditionGroup, OfferDeclineReason
from rso_shared.kit.errors import DomainError
from rso_shared.kit.events import canonical

IDS = ("s1", "s2", "s3", "s4")
ADAPTER = TypeAdapter(MatchDecision)

instants = st.integers(0, 20 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes))
offer_ids = st.sampled_from(["o-1-f", "o-2-f", "o-3-f", "o-1-t", "o-2-t", "o-unknown"])
reasons = st.sampled_from([(), (), (), (Exclusion.NOT_LICENSED,)])


def _offer_next(n: int, at: datetime, *, backup: bool, max_offers: int) -> OfferNext:
    return OfferNext(
        n=n,
        backup=backup,
        offer_id=f"o-{n}-{'t' if backup else 'f'}",
        at=at,
        window=WINDOW,
        max_offers=max_offers,
        needs=needs(),
        standing=standing(*IDS),
    )


commands = st.one_of(
    st.builds(StartMatching, round=st.integers(1, 2), inputs=st.just(inputs(*IDS))),
    st.builds(_offer_next, st.integers(1, 3), instants, backup=st.booleans(), max_offers=st.integers(1, 4)),
    st.builds(Attest, offer_id=offer_ids, conflict=st.booleans(), statement_version=st.just("1"), at=instants),
    st.builds(
        Accept,
        offer_id=offer_ids,
        assignment_id=st.uuids().map(str),
        specialist_version=st.just(3),
        reasons=reasons,
        at=instants,
    ),
    st.builds(Decline, offer_id=offer_ids, reason=st.sampled_from(OfferDeclineReason), at=instants),
    st.builds(Lapse, offer_id=offer_ids, due=instants | st.just(NOW + WINDOW), at=instants),
    st.builds(Release, reason=st.just(ReleaseReason.OVERDUE), at=instants),
    st.builds(Complete, at=instants),
    st.builds(
        Stop,
        released=st.just(ReleaseReason.CASE_WITHDRAWN),
        withdrawn=st.just(WithdrawalReason.CASE_WITHDRAWN),
        at=instants,
    ),
)


def _likely(draw: Any, state: CaseMatching) -> Any:
    """A command that fits the present, so that sequences get deep into the life of a case."""
    offer = state.open_offer
    if state.decision is None:
        return StartMatching(round=1, inputs=inputs(*IDS))
    if offer is None:
        backup = state.active is not None
        return _offer_next(state.next_number(backup=backup), draw(instants), backup=backup, max_offers=9)
    if offer.conflict is None:
        return Attest(offer_id=offer.offer_id, conflict=False, statement_version="1", at=draw(instants))
    return Accept(
        offer_id=offer.offer_id,
        assignment_id=str(draw(st.uuids())),
        specialist_version=3,
        reasons=draw(reasons),
        at=draw(instants),
    )


def _active_after_each(events: list[Any]) -> list[int]:
    """How many assignments are active after every single event, not only after every command."""
    state, counts = CASE_MATCHING.initial(), []
    for event in events:
        state = CASE_MATCHING.evolve(state, event)
        counts.append(sum(one.status is AssignmentStatus.ACTIVE for one in state.assignments))
    return counts


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_accepted_sequence_keeps_the_invariants(data: st.DataObject) -> None:
    state, events = CASE_MATCHING.initial(), list[Any]()
    for _ in range(data.draw(st.integers(0, 25))):
        command = _likely(data.draw, state) if data.draw(st.booleans()) else data.draw(commands)
        try:
            new = CASE_MATCHING.decide(command, state)
        except DomainError:
            continue
        events += new
        for event in new:
            state = CASE_MATCHING.evolve(state, event)
        if not isinstance(command, Release):
            assert not CASE_MATCHING.decide(command, state), "the same command again is absorbed"
    assert max(_active_after_each(events), default=0) <= 1
    assert sum(one.status is OfferStatus.OFFERED for one in state.offers) <= 1
    asked = [one.specialist_id for one in state.offers]
    assert len(asked) == len(set(asked))
    _check_acceptances(state, events)


def _check_acceptances(state: CaseMatching, events: list[Any]) -> None:
    for event in events:
        offer = state.offer(event.offer_id) if hasattr(event, "offer_id") else None
        if isinstance(event, OfferAccepted) and offer is not None:
            assert event.accepted_at < offer.expires_at
            assert offer.conflict is False
        if isinstance(event, OfferLapsed) and offer is not None:
            assert event.lapsed_at == offer.expires_at
    ended = sum(isinstance(event, AssignmentReleased | AssignmentCompleted) for event in events)
    taken = sum(isinstance(event, OfferAccepted) for event in events)
    assert taken - ended == (1 if state.active else 0)
    rounds = [event.round for event in events if isinstance(event, MatchingExhausted)]
    assert rounds == sorted(rounds)


@given(st.integers(-3, 3), st.booleans())
def test_both_ends_of_the_window(microseconds: int, attest_first: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
    """Before `expires_at` an answer counts, at it and after it none does; the timer's own instant is exactly that one."""
    state = CASE_MATCHING.initial()
    opening = [StartMatching(round=1, inputs=inputs("s1")), _offer_next(1, NOW, backup=False, max_offers=9)]
    if attest_first:
        opening.append(Attest(offer_id="o-1-f", conflict=False, statement_version="1", at=NOW))  # type: ignore[arg-type]
    for command in opening:
        for event in CASE_MATCHING.decide(command, state):
            state = CASE_MATCHING.evolve(state, event)
    at = NOW + WINDOW + timedelta(microseconds=microseconds)
    answer = Decline(offer_id="o-1-f", reason=OfferDeclineReason.PERSONAL, at=at)
    assert _code(answer, state) == ("" if microseconds < 0 else "offer_lapsed")
    assert _code(Lapse(offer_id="o-1-f", due=at, at=at), state) == ("" if microseconds == 0 else "superseded_due")


def _code(command: Any, state: CaseMatching) -> str:
    try:
        CASE_MATCHING.decide(command, state)
    except DomainError as refusal:
        return refusal.code
    return ""


days = st.dates(date(2018, 1, 1), date(2032, 1, 1))
licences = st.builds(
    Licence,
    licence_id=st.uuids().map(str),
    country=st.just("US"),
    state=st.sampled_from(["MA", "NY"]),
    valid_from=days,
    valid_to=days,
)


@st.composite
def specialists(draw: st.DrawFn) -> Specialist:
    return replace(
        a_specialist(draw(st.uuids().map(str))),
        version=draw(st.integers(1, 9)),
        focus=tuple(draw(st.lists(st.sampled_from(ConditionGroup), unique=True, min_size=1, max_size=4))),
        licences=tuple(draw(st.lists(licences, max_size=3))),
        verified_on=draw(st.none() | days),
        capacity=draw(st.integers(0, 5)),
        languages=tuple(draw(st.lists(st.sampled_from(["en", "es"]), unique=True))),
        affiliations=tuple(draw(st.lists(st.sampled_from(["facility-1", "partner-1", "x"]), unique=True))),
    )


loads = st.builds(
    Load,
    active=st.integers(0, 5),
    recent_offers=st.integers(0, 40),
    recent_lapses=st.integers(0, 9),
    involved=st.booleans(),
)
moments = st.datetimes(datetime(2019, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone follows


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(specialists(), loads), max_size=12), moments, st.booleans(), st.randoms())
def test_a_decision_is_recomputed_bit_for_bit(pool: Any, at: datetime, licensed_only: bool, random: Any) -> None:  # noqa: FBT001 - drawn by Hypothesis
    """Also after a trip through its stored form, and whatever the order in which the directory was read."""
    considered = [Considered(specialist=specialist, load=load) for specialist, load in pool]
    case = MatchInputs(
        decision_id="d",
        at=at,
        ranking=CURRENT,
        needs=needs(licensed_only=licensed_only),
        off_focus=0,
        pool=tuple(considered),
    )
    decision = match(case)
    random.shuffle(considered)
    assert match(replace(case, pool=tuple(considered))) == decision
    stored = canonical(ADAPTER.dump_python(decision, mode="json"))
    profiles = {(one.specialist_id, one.version): one for one, _ in pool}
    again = recompute(ADAPTER.validate_json(stored), lambda id_, version: profiles[id_, version])
    assert canonical(ADAPTER.dump_python(again, mode="json")) == stored
    assert all(0 <= one.score <= 10_000 for one in decision.candidates)
