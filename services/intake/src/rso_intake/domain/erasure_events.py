"""What is recorded about the erasure of a person and the holds against it. `…_by` are subjects of staff."""

from datetime import datetime

from rso_shared.contracts.vocabulary import ErasureReason, LegalHoldReason
from rso_shared.kit.events import event


@event("intake.legal_hold_placed")
class LegalHoldPlaced:
    person_id: str
    hold_id: str
    reason: LegalHoldReason
    placed_by: str
    placed_at: datetime


@event("intake.legal_hold_lifted")
class LegalHoldLifted:
    person_id: str
    hold_id: str
    lifted_by: str
    lifted_at: datetime


@event("intake.erasure_requested")
class ErasureRequested:
    person_id: str
    erasure_id: str
    reason: ErasureReason
    requested_by: str
    requested_at: datetime


@event("intake.erasure_approved")
class ErasureApproved:
    """`services` are those that have to answer: whoever joins the system later holds nothing of this person."""

    person_id: str
    erasure_id: str
    reason: ErasureReason
    approved_by: str
    approved_at: datetime
    services: tuple[str, ...]


@event("intake.key_destruction_noted")
class KeyDestructionNoted:
    person_id: str
    service: str
    destroyed_at: datetime


@event("intake.erasure_completed")
class ErasureCompleted:
    person_id: str
    erasure_id: str
    completed_at: datetime
