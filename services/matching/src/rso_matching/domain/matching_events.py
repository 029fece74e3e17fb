"""What is recorded about the matching of one case."""

from datetime import datetime
from enum import StrEnum

from rso_matching.domain.decision import Excluded, MatchDecision
from rso_shared.contracts.vocabulary import OfferDeclineReason
from rso_shared.kit.events import event


class ReleaseReason(StrEnum):
    """Why an assignment ended without an opinion."""

    CONFLICT_DISCOVERED = "conflict_discovered"
    SPECIALIST_UNAVAILABLE = "specialist_unavailable"
    LICENSURE = "licensure"
    OVERDUE = "overdue"
    BACKUP_ACCEPTED = "backup_accepted"
    CASE_WITHDRAWN = "case_withdrawn"
    CASE_EXPIRED = "case_expired"
    CASE_CLOSED = "case_closed"


class WithdrawalReason(StrEnum):
    """Why an open offer was taken back."""

    ASSIGNMENT_COMPLETED = "assignment_completed"
    CASE_WITHDRAWN = "case_withdrawn"
    CASE_EXPIRED = "case_expired"
    CASE_CLOSED = "case_closed"


@event("matching.matching_started", version=1)
class MatchingStarted:
    """`round` counts from 1; a round after the first begins only when the one before was exhausted."""

    case_id: str
    person_id: str
    round: int
    started_at: datetime


@event("matching.match_decision_recorded", version=1)
class MatchDecisionRecorded:
    case_id: str
    round: int
    decision: MatchDecision


@event("matching.case_offered", version=1)
class CaseOffered:
    """`passed_over`: better placed candidates who were no longer eligible at this instant, and why."""

    case_id: str
    offer_id: str
    specialist_id: str
    specialist_version: int
    n: int
    backup: bool
    offered_at: datetime
    expires_at: datetime
    passed_over: tuple[Excluded, ...]


@event("matching.conflict_attested", version=1)
class ConflictAttested:
    """The specialist's own word, given before any identified access, on the statement of that version."""

    case_id: str
    offer_id: str
    specialist_id: str
    conflict: bool
    statement_version: str
    attested_at: datetime


@event("matching.offer_accepted", version=1)
class OfferAccepted:
    """From here the assignment is active. `specialist_version` is the profile that was found eligible at this instant."""

    case_id: str
    offer_id: str
    assignment_id: str
    specialist_id: str
    specialist_version: int
    accepted_at: datetime


@event("matching.offer_declined", version=1)
class OfferDeclined:
    case_id: str
    offer_id: str
    specialist_id: str
    reason: OfferDeclineReason
    declined_at: datetime


@event("matching.offer_lapsed", version=1)
class OfferLapsed:
    case_id: str
    offer_id: str
    specialist_id: str
    lapsed_at: datetime


@event("matching.offer_withdrawn", version=1)
class OfferWithdrawn:
    case_id: str
    offer_id: str
    specialist_id: str
    reason: WithdrawalReason
    withdrawn_at: datetime


@event("matching.assignment_released", version=1)
class AssignmentReleased:
    case_id: str
    assignment_id: str
    specialist_id: str
    reason: ReleaseReason
    released_at: datetime


@event("matching.assignment_completed", version=1)
class AssignmentCompleted:
    case_id: str
    assignment_id: str
    specialist_id: str
    completed_at: datetime


@event("matching.matching_exhausted", version=1)
class MatchingExhausted:
    """Nobody is left to ask in this round; `n` and `backup` name the request that found it out."""

    case_id: str
    round: int
    n: int
    backup: bool
    offers: int
    exhausted_at: datetime
    passed_over: tuple[Excluded, ...]


MatchingEvent = (
    MatchingStarted
    | MatchDecisionRecorded
    | CaseOffered
    | ConflictAttested
    | OfferAccepted
    | OfferDeclined
    | OfferLapsed
    | OfferWithdrawn
    | AssignmentReleased
    | AssignmentCompleted
    | MatchingExhausted
)
