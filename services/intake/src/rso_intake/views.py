"""What intake answers. Nothing here names a person, except in `api/persons.py` and the texts of questions."""

from datetime import datetime

from pydantic import BaseModel, Field

from rso_intake.domain.lifecycle import Ending, Phase
from rso_shared.contracts.coordinator import WaitingOn
from rso_shared.contracts.program import ProgramRef
from rso_shared.contracts.vocabulary import (
    CloseReason,
    ConditionGroup,
    CoverageRoute,
    DeclineReason,
    HoldReason,
    JurisdictionDecision,
    Priority,
    RecordKind,
    RequesterRelation,
    Stage,
)


class DocumentsView(BaseModel):
    """Kinds and counts, never titles. `missing` is required and neither accepted nor waived."""

    required: list[RecordKind]
    received: dict[RecordKind, int]
    missing: list[RecordKind]


class DeclineView(BaseModel):
    """Why the case was declined, in words for the requester, and what they can do instead."""

    reason: DeclineReason
    text: str
    alternative: str


class EligibilityView(BaseModel):
    """`jurisdictions_version` and the case's program version are the rules that it was decided by."""

    jurisdiction_decision: JurisdictionDecision
    jurisdictions_version: int
    local_provider_required: bool
    licensed_only: bool
    decided_at: datetime


class CaseView(BaseModel):
    """A case as its parties see it, composed of intake's own state and the facts of the other services."""

    case_id: str
    person_id: str
    version: int
    client_reference: str | None
    reference_number: str | None = Field(description="By which the second party joins; null once it cannot any more")
    program: ProgramRef
    requester_relation: RequesterRelation
    partner_organisation_id: str | None
    sponsor_id: str | None
    condition_group: ConditionGroup
    country: str
    state: str
    minor: bool
    language: str
    coverage_route: CoverageRoute
    priority: Priority
    owner: str
    lifecycle: Phase
    ending: Ending | None = Field(description="Declined, withdrawn or expired; closing may still be under way")
    close_reason: CloseReason | None
    hold_reasons: list[HoldReason]
    decline: DeclineView | None
    eligibility: EligibilityView | None
    stage: Stage
    stage_as_of: datetime
    waiting_on: list[WaitingOn]
    promised_by: datetime | None
    documents: DocumentsView
    questions_version: int
    questions_frozen: bool
    submitted_at: datetime
    links: dict[str, str]


class CaseRow(BaseModel):
    case_id: str
    reference_last_four: str
    client_reference: str | None
    program: ProgramRef
    condition_group: ConditionGroup
    country: str
    state: str
    priority: Priority
    owner: str
    lifecycle: Phase
    stage: Stage
    submitted_at: datetime
    updated_at: datetime


class CasePage(BaseModel):
    """`next_cursor` is null on the last page. Ask again with it, and with the same filters."""

    items: list[CaseRow]
    next_cursor: str | None


class CaseOpened(BaseModel):
    case_id: str
    reference_number: str
    client_reference: str | None
    version: int
    program: ProgramRef
    submitted_at: datetime
    links: dict[str, str]


class CaseVersion(BaseModel):
    """The answer of a command: the case's version after it, and the instant it was taken."""

    case_id: str
    version: int
    at: datetime
