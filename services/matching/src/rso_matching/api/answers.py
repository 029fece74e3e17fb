"""What is answered: ids, versions, states and instants; a person's name only where the route says so and logs it."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel

from rso_matching.domain.decision import MatchDecision
from rso_matching.domain.matching_state import AssignmentStatus, OfferStatus
from rso_shared.contracts.vocabulary import ConditionGroup


class SpecialistVersion(BaseModel):
    specialist_id: str
    version: int


class BatchAnswer(BaseModel):
    specialists: list[SpecialistVersion]


class LicenceView(BaseModel):
    licence_id: str
    country: str
    state: str
    valid_from: date
    valid_to: date


class LicenceVersion(SpecialistVersion):
    licence_id: str


class IdentityView(BaseModel):
    given: str
    family: str
    email: str
    npi: str


class SpecialistView(BaseModel):
    """`identity` stands here only if a purpose was given; the look is then logged."""

    specialist_id: str
    version: int
    taxonomy: list[str]
    focus: list[ConditionGroup]
    languages: list[str]
    capacity: int
    active_assignments: int
    affiliations: list[str]
    licences: list[LicenceView]
    credentials_verified_on: date | None
    identity: IdentityView | None = None


class SpecialistPage(BaseModel):
    specialists: list[SpecialistView]
    next_cursor: str | None


class SpecialistPerson(BaseModel):
    """What a report says of its author."""

    specialist_id: str
    version: int
    given: str
    family: str
    npi: str
    taxonomy: list[str]
    licences: list[LicenceView]


class Statement(BaseModel):
    version: str
    text: str


class CaseGlimpse(BaseModel):
    """All that is shown of a case before acceptance."""

    condition_group: ConditionGroup
    country: str
    state: str
    language: str
    age_group: Literal["minor", "adult"]
    questions: int


class OfferView(BaseModel):
    """`case_id` is shown to the specialist from acceptance on; `answerable` ends with the window."""

    offer_id: str
    status: OfferStatus
    answerable: bool
    backup: bool
    offered_at: datetime
    expires_at: datetime
    case: CaseGlimpse
    attested: bool
    attestation: Statement
    specialist_id: str
    case_id: str | None
    assignment_id: str | None


class OfferPage(BaseModel):
    offers: list[OfferView]
    next_cursor: str | None


class OfferAnswer(BaseModel):
    offer_id: str
    status: OfferStatus
    version: int
    case_id: str | None = None
    assignment_id: str | None = None
    accepted_at: datetime | None = None


class MatchingVersion(BaseModel):
    case_id: str
    version: int


class StartAnswer(MatchingVersion):
    round: int
    decision_id: str
    ranking_version: str
    considered: int
    eligible: int


class NextOfferAnswer(MatchingVersion):
    """Either an offer, or `exhausted`: nobody is left to ask, or the program's number of offers is reached."""

    exhausted: bool
    offer_id: str | None = None
    specialist_id: str | None = None
    status: OfferStatus | None = None
    offered_at: datetime | None = None
    expires_at: datetime | None = None


class LapseAnswer(MatchingVersion):
    offer_id: str
    status: OfferStatus


class AssignmentAnswer(MatchingVersion):
    assignment_id: str | None
    specialist_id: str | None
    status: AssignmentStatus | None


class NoticeAnswer(BaseModel):
    case_id: str
    notice_id: str


class AssignmentView(BaseModel):
    assignment_id: str
    offer_id: str
    specialist_id: str
    status: AssignmentStatus
    accepted_at: datetime


class CaseAssignment(MatchingVersion):
    """`state` is how far matching has come; `assignment` the active one, else the last one there was."""

    state: Literal["not_started", "searching", "offered", "exhausted", "assigned", "completed"]
    assignment: AssignmentView | None


class DecisionAnswer(BaseModel):
    """`sha256` is over the decision's canonical JSON as stored; `identical` tells whether the recomputed one has the same bits."""

    case_id: str
    version: int
    sha256: str
    decision: MatchDecision
    recomputed_sha256: str | None = None
    identical: bool | None = None
