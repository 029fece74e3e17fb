"""What can have happened to an opinion. The report, findings and signature evidence are sealed; the rest is ids, codes, instants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rso_opinions.domain.report import Report
from rso_shared.contracts.program import ProgramRef
from rso_shared.contracts.vocabulary import Effect, ReleasePolicy, Role
from rso_shared.kit.events import event
from rso_shared.kit.sealed import Sealed


class CancelReason(StrEnum):
    CASE_WITHDRAWN = "case_withdrawn"
    ASSIGNMENT_RELEASED = "assignment_released"


class RenderingKind(StrEnum):
    """Two readings of one signed content: in plain language first, and structured with its evidence."""

    PATIENT = "patient"
    PHYSICIAN = "physician"


@dataclass(frozen=True, slots=True)
class Basis:
    """What a submitted opinion rests on, by version: questions, summary, record set and program."""

    question_ids: tuple[str, ...]
    questions_version: int | None
    summary_version: int | None
    manifest_sha256: str | None
    program: ProgramRef


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark of a quality reviewer; `pointer` is a JSON pointer into the report, or empty."""

    text: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Findings:
    items: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class SignatureEvidence:
    """How the signature was given: the name as typed, and from where."""

    typed_name: str
    address: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Rendering:
    """One PDF, kept as a sealed blob."""

    kind: RenderingKind
    object_id: str
    size: int


@dataclass(frozen=True, slots=True)
class RenderingHashes:
    """SHA-256 of the PDFs. Sealed: the hash of a document about a person can be used to recognise it."""

    patient: str
    physician: str


@event("opinions.review_started")
class ReviewStarted:
    assignment_id: str
    specialist_id: str
    person_id: str
    due_at: datetime


@event("opinions.opinion_drafted")
class OpinionDrafted:
    opinion_version: int
    report: Sealed[Report]


@event("opinions.opinion_submitted")
class OpinionSubmitted:
    opinion_version: int
    basis: Basis


@event("opinions.quality_review_started")
class QualityReviewStarted:
    opinion_version: int


@event("opinions.revision_requested")
class RevisionRequested:
    opinion_version: int
    revision: int
    findings: Sealed[Findings]


@event("opinions.opinion_approved")
class OpinionApproved:
    opinion_version: int
    findings: Sealed[Findings]


@event("opinions.opinion_signed")
class OpinionSigned:
    """`specialist_version` and `eligibility_checked_at`: which answer of matching the signature rests on."""

    opinion_version: int
    specialist_id: str
    content_sha256: str
    diagnosis_effect: Effect
    treatment_effect: Effect
    statement_version: str
    relation: str
    specialist_version: int
    eligibility_checked_at: datetime
    signed_at: datetime
    evidence: Sealed[SignatureEvidence]


@event("opinions.report_rendered")
class ReportRendered:
    """The one pair of PDFs of this signed version."""

    opinion_version: int
    renderings: tuple[Rendering, ...]
    hashes: Sealed[RenderingHashes]


@event("opinions.opinion_released")
class OpinionReleased:
    opinion_version: int
    policy: ReleasePolicy
    program: ProgramRef
    recipients: tuple[Role, ...]
    released_at: datetime


@event("opinions.opinion_delivered")
class OpinionDelivered:
    opinion_version: int
    role: Role
    delivered_at: datetime


@event("opinions.opinion_viewed")
class OpinionViewed:
    opinion_version: int
    role: Role
    viewed_at: datetime


@event("opinions.review_cancelled")
class ReviewCancelled:
    assignment_id: str
    reason: CancelReason


OpinionEvent = (
    ReviewStarted
    | OpinionDrafted
    | OpinionSubmitted
    | QualityReviewStarted
    | RevisionRequested
    | OpinionApproved
    | OpinionSigned
    | ReportRendered
    | OpinionReleased
    | OpinionDelivered
    | OpinionViewed
    | ReviewCancelled
)

Events = Sequence[OpinionEvent]
