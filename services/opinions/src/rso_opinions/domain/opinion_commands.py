"""What can be asked of an opinion. Whatever a decision rests on comes inside the command: time, ids, the facts of others."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rso_opinions.domain.opinion_events import Basis, CancelReason, Findings, Rendering, RenderingHashes
from rso_opinions.domain.report import Report
from rso_shared.contracts.matching import SigningEligibility
from rso_shared.contracts.program import ProgramRef
from rso_shared.contracts.vocabulary import ReleasePolicy, Role


class Verdict(StrEnum):
    APPROVED = "approved"
    REVISION_REQUESTED = "revision_requested"


@dataclass(frozen=True, slots=True)
class StartReview:
    """`case_withdrawn` and `assignment_released`: what is known of both at this moment."""

    assignment_id: str
    specialist_id: str
    person_id: str
    due_at: datetime
    case_withdrawn: bool
    assignment_released: bool


@dataclass(frozen=True, slots=True)
class SaveDraft:
    author: str
    report: Report


@dataclass(frozen=True, slots=True)
class Submit:
    """`document_ids`: the documents of the case's record, which are all that may be cited.

    `opinion_version`: the draft that is meant; None means the newest.
    """

    author: str
    opinion_version: int | None
    basis: Basis
    document_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class StartQualityReview:
    """`opinion_version`: the submission that is meant; None means whichever waits."""

    opinion_version: int | None = None


@dataclass(frozen=True, slots=True)
class GiveVerdict:
    """`opinion_version`: the version that the reviewer read; None leaves the check out."""

    reviewer: str
    role: Role
    verdict: Verdict
    findings: Findings
    opinion_version: int | None
    max_revisions: int


@dataclass(frozen=True, slots=True)
class Sign:
    """`eligibility` is matching's answer of this moment; None: matching could not be asked."""

    signer: str
    typed_name: str
    statement_version: str
    address: str
    user_agent: str
    eligibility: SigningEligibility | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Rendered:
    renderings: tuple[Rendering, ...]
    hashes: RenderingHashes


@dataclass(frozen=True, slots=True)
class Release:
    """`recipients`: who is meant by this call; None means whoever is next. `rendered` is ignored once a pair is kept."""

    policy: ReleasePolicy
    program: ProgramRef
    provider_joined: bool
    case_withdrawn: bool
    recipients: tuple[Role, ...] | None
    rendered: Rendered | None
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordDelivery:
    role: Role
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordView:
    role: Role
    at: datetime


@dataclass(frozen=True, slots=True)
class CancelReview:
    """`assignment_id`: cancel only the review of this assignment; None: whichever is active."""

    reason: CancelReason
    assignment_id: str | None


OpinionCommand = (
    StartReview
    | SaveDraft
    | Submit
    | StartQualityReview
    | GiveVerdict
    | Sign
    | Release
    | RecordDelivery
    | RecordView
    | CancelReview
)
