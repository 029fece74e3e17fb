"""Facts of matching: the decision, offers, the assignment, the directory. Who the specialist is stands here as an id only."""

from datetime import date, datetime
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
    capacity: int | None = None
    """Cases at once that the specialist takes; 0 is a pause."""

    def key(self) -> str:
        return self.specialist_id


class CapacityChanged(FactModel):
    """How many cases at once the specialist takes from here on; 0 is a pause."""

    TYPE: ClassVar[str] = "matching.capacity_changed"
    specialist_id: str
    capacity: int

    def key(self) -> str:
        return self.specialist_id


class LicenceRecorded(FactModel):
    """A licence to practise in one jurisdiction; `valid_to` is its last day. Its number stays in matching."""

    TYPE: ClassVar[str] = "matching.licence_recorded"
    specialist_id: str
    licence_id: str
    country: str
    state: str
    valid_from: date
    valid_to: date

    def key(self) -> str:
        return self.specialist_id


class LicenceEnded(FactModel):
    """A licence was taken back before its date; `last_day` is the last day on which it held."""

    TYPE: ClassVar[str] = "matching.licence_ended"
    specialist_id: str
    licence_id: str
    last_day: date

    def key(self) -> str:
        return self.specialist_id


class CredentialsVerified(FactModel):
    """`valid_to` is the last day on which this verification counts."""

    TYPE: ClassVar[str] = "matching.credentials_verified"
    specialist_id: str
    verified_on: date
    valid_to: date

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
