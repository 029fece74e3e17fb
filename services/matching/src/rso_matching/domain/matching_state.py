"""The state of one case's matching: its decision, its offers, its assignments."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from rso_matching.domain.decision import MatchDecision
from rso_matching.domain.matching_events import (
    AssignmentCompleted,
    AssignmentReleased,
    CaseOffered,
    ConflictAttested,
    MatchDecisionRecorded,
    MatchingExhausted,
    MatchingStarted,
    OfferAccepted,
    OfferDeclined,
    OfferLapsed,
    OfferWithdrawn,
)


class OfferStatus(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class AssignmentStatus(StrEnum):
    ACTIVE = "active"
    COMPLETED = "completed"
    RELEASED = "released"


_ENDS: dict[type, OfferStatus] = {
    OfferDeclined: OfferStatus.DECLINED,
    OfferLapsed: OfferStatus.LAPSED,
    OfferWithdrawn: OfferStatus.WITHDRAWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    offer_id: str
    specialist_id: str
    round: int
    n: int
    backup: bool
    offered_at: datetime
    expires_at: datetime
    status: OfferStatus = OfferStatus.OFFERED
    conflict: bool | None = None
    """What the specialist attested; None before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    assignment_id: str
    offer_id: str
    specialist_id: str
    accepted_at: datetime
    status: AssignmentStatus = AssignmentStatus.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMatching:
    """`exhausted` holds the requests `(n, backup)` that found nobody; `ended_round` the last round in which that was so."""

    case_id: str = ""
    round: int = 0
    decision: MatchDecision | None = None
    offers: tuple[Offer, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    exhausted: frozenset[tuple[int, bool]] = frozenset()
    ended_round: int = 0

    def offer(self, offer_id: str) -> Offer | None:
        return next((offer for offer in self.offers if offer.offer_id == offer_id), None)

    def offer_number(self, n: int, *, backup: bool) -> Offer | None:
        return next((offer for offer in self.offers if (offer.n, offer.backup) == (n, backup)), None)

    def next_number(self, *, backup: bool) -> int:
        """Requests of a kind are numbered from 1, those that found nobody included."""
        offers = sum(offer.backup is backup for offer in self.offers)
        return 1 + offers + sum(kind is backup for _, kind in self.exhausted)

    def absorbs(self, n: int | None, *, backup: bool, at: datetime) -> bool:
        """True if this request was made before, or asks for what is open already."""
        if n is not None:
            return n < self.next_number(backup=backup)
        offer = self.open_offer
        return offer is not None and offer.backup is backup and at < offer.expires_at

    @property
    def searched(self) -> bool:
        """The round found nobody (more): another request searches the directory anew."""
        return 0 < self.round == self.ended_round

    @property
    def open_offer(self) -> Offer | None:
        return next((offer for offer in self.offers if offer.status is OfferStatus.OFFERED), None)

    @property
    def active(self) -> Assignment | None:
        return next((one for one in self.assignments if one.status is AssignmentStatus.ACTIVE), None)

    @property
    def asked(self) -> frozenset[str]:
        """Everyone who was offered the case before: nobody is asked twice."""
        return frozenset(offer.specialist_id for offer in self.offers)

    def offers_this_round(self) -> int:
        return sum(offer.round == self.round for offer in self.offers)

    def remaining(self) -> tuple[str, ...]:
        """Ids of the candidates not asked yet, best first."""
        ranked = self.decision.candidates if self.decision else ()
        return tuple(one.specialist_id for one in ranked if one.specialist_id not in self.asked)


def evolve(state: CaseMatching, event: object) -> CaseMatching:
    match event:
        case MatchingStarted():
            return replace(state, case_id=event.case_id, round=event.round)
        case MatchDecisionRecorded():
            return replace(state, decision=event.decision)
        case MatchingExhausted():
            exhausted = state.exhausted | {(event.n, event.backup)}
            return replace(state, exhausted=exhausted, ended_round=event.round)
        case AssignmentReleased() | AssignmentCompleted():
            return _assignment_ended(state, event)
        case _:
            return _evolve_offer(state, event)


def _evolve_offer(state: CaseMatching, event: object) -> CaseMatching:
    match event:
        case CaseOffered():
            return replace(state, offers=(*state.offers, _offer(state.round, event)))
        case ConflictAttested():
            return _attested(state, event)
        case OfferAccepted():
            return _accepted(state, event)
        case OfferDeclined() | OfferLapsed() | OfferWithdrawn():
            return _offer_ended(state, event.offer_id, _ENDS[type(event)])
        case _:
            return state


def _offer(round_: int, event: CaseOffered) -> Offer:
    return Offer(
        offer_id=event.offer_id,
        specialist_id=event.specialist_id,
        round=round_,
        n=event.n,
        backup=event.backup,
        offered_at=event.offered_at,
        expires_at=event.expires_at,
    )


def _attested(state: CaseMatching, event: ConflictAttested) -> CaseMatching:
    offers = (
        replace(offer, conflict=event.conflict) if offer.offer_id == event.offer_id else offer for offer in state.offers
    )
    return replace(state, offers=tuple(offers))


def _accepted(state: CaseMatching, event: OfferAccepted) -> CaseMatching:
    assignment = Assignment(
        assignment_id=event.assignment_id,
        offer_id=event.offer_id,
        specialist_id=event.specialist_id,
        accepted_at=event.accepted_at,
    )
    answered = _offer_ended(state, event.offer_id, OfferStatus.ACCEPTED)
    return replace(answered, assignments=(*answered.assignments, assignment))


def _offer_ended(state: CaseMatching, offer_id: str, status: OfferStatus) -> CaseMatching:
    offers = (replace(offer, status=status) if offer.offer_id == offer_id else offer for offer in state.offers)
    return replace(state, offers=tuple(offers))


def _assignment_ended(state: CaseMatching, event: AssignmentReleased | AssignmentCompleted) -> CaseMatching:
    status = AssignmentStatus.RELEASED if isinstance(event, AssignmentReleased) else AssignmentStatus.COMPLETED
    assignments = (
        replace(one, status=status) if one.assignment_id == event.assignment_id else one for one in state.assignments
    )
    return replace(state, assignments=tuple(assignments))
