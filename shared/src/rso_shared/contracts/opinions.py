"""Facts of opinions: review, versions, quality review, signature, release and receipts. No clinical content."""

from datetime import datetime
from typing import ClassVar

from rso_shared.contracts.base import CaseFact, ErasureAnswer
from rso_shared.contracts.vocabulary import Effect, Role


class ReviewStarted(CaseFact):
    TYPE: ClassVar[str] = "opinions.review_started"
    assignment_id: str
    specialist_id: str
    due_at: datetime


class OpinionDrafted(CaseFact):
    TYPE: ClassVar[str] = "opinions.opinion_drafted"
    opinion_version: int


class OpinionSubmitted(CaseFact):
    TYPE: ClassVar[str] = "opinions.opinion_submitted"
    opinion_version: int


class QualityReviewStarted(CaseFact):
    TYPE: ClassVar[str] = "opinions.quality_review_started"
    opinion_version: int


class RevisionRequested(CaseFact):
    TYPE: ClassVar[str] = "opinions.revision_requested"
    opinion_version: int
    revision: int


class OpinionApproved(CaseFact):
    TYPE: ClassVar[str] = "opinions.opinion_approved"
    opinion_version: int


class OpinionSigned(CaseFact):
    TYPE: ClassVar[str] = "opinions.opinion_signed"
    opinion_version: int
    specialist_id: str
    content_sha256: str
    diagnosis_effect: Effect
    treatment_effect: Effect
    signed_at: datetime


class OpinionReleased(CaseFact):
    """Released to these roles. Under `provider_first` it comes twice: local provider, then patient."""

    TYPE: ClassVar[str] = "opinions.opinion_released"
    opinion_version: int
    recipients: tuple[Role, ...]
    released_at: datetime


class OpinionDelivered(CaseFact):
    """The notice reached the recipient's mailbox or inbox. Not the same as viewed."""

    TYPE: ClassVar[str] = "opinions.opinion_delivered"
    opinion_version: int
    role: Role


class OpinionViewed(CaseFact):
    TYPE: ClassVar[str] = "opinions.opinion_viewed"
    opinion_version: int
    role: Role


class ReviewCancelled(CaseFact):
    TYPE: ClassVar[str] = "opinions.review_cancelled"
    assignment_id: str


class KeyDestroyed(ErasureAnswer):
    TYPE: ClassVar[str] = "opinions.key_destroyed"
