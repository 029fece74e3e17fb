"""Facts of matching: the decision, offers, the assignment. Who the specialist is stands here as an id only."""

from datetime import datetime
from typing import ClassVar

from rso_shared.contracts.base import CaseFact, Contract, ErasureAnswer, FactModel
from rso_shared.contracts.vocabulary import OfferDeclineReason


class MatchingStarted(CaseFact):
    TYPE: ClassVar[str] = "matching.matching_started"


class MatchDecisionRecorded(CaseFact):
    TYPE: ClassVar[str] = "matching.match_decision_recorded"
    decision_id: str
    ranking_version: str
    considered: int
    eligible: int


class CaseOffered(CaseFact):
    TYPE: ClassVar[str] = "matching.case_offered"
    offer_id: str
    specialist_id: str
    offered_at: datetime
    expires_at: datetime


class ConflictAttested(CaseFact):
    TYPE: ClassVar[str] = "matching.conflict_attested"
    offer_id: str
    specialist_id: str
    conflict: bool


class OfferAccepted(CaseFact):
    TYPE: ClassVar[str] = "matching.offer_accepted"
    CHANGES_ACCESS: ClassVar[bool] = True
    offer_id: str
    assignment_id: str
    specialist_id: str
    accepted_at: datetime


class OfferDeclined(CaseFact):
    TYPE: ClassVar[str] = "matching.offer_declined"
    offer_id: str
    specialist_id: str
    reason: OfferDeclineReason


class OfferLapsed(CaseFact):
    TYPE: ClassVar[str] = "matching.offer_lapsed"
    offer_id: str
    specialist_id: str


class OfferWithdrawn(CaseFact):
    TYPE: ClassVar[str] = "matching.offer_withdrawn"
    offer_id: str
    specialist_id: str


class AssignmentReleased(CaseFact):
    TYPE: ClassVar[str] = "matching.assignment_released"
    CHANGES_ACCESS: ClassVar[bool] = True
    assignment_id: str
    specialist_id: str
    reason: str


class AssignmentCompleted(CaseFact):
    TYPE: ClassVar[str] = "matching.assignment_completed"
    assignment_id: str
    specialist_id: str


class MatchingExhausted(CaseFact):
    TYPE: ClassVar[str] = "matching.matching_exhausted"
    offers: int


class SpecialistRegistered(FactModel):
    TYPE: ClassVar[str] = "matching.specialist_registered"
    specialist_id: str
    taxonomy: tuple[str, ...]

    def key(self) -> str:
        return self.specialist_id


class SigningEligibility(Contract):
    """Answer of `/internal/v1/matching/eligibility`: may this specialist sign for this case at this instant?"""

    specialist_id: str
    case_id: str
    eligible: bool
    reasons: tuple[str, ...] = ()
    specialist_version: int
    checked_at: datetime


class SpecialistEngagement(Contract):
    """What a specialist has open, as asked before an erasure. Names nobody."""

    specialist_id: str
    open_offers: int
    active_assignments: int


class KeyDestroyed(ErasureAnswer):
    TYPE: ClassVar[str] = "matching.key_destroyed"
