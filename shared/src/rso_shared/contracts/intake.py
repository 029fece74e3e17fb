"""Facts of intake: the case itself, its parties, its authorization, its owner and its end; programs and organisations."""

from datetime import date, datetime
from typing import ClassVar

from rso_shared.contracts.base import CaseFact, Contract, ErasureAnswer, ErasureOrder, FactModel, PersonFact
from rso_shared.contracts.program import Program, ProgramRef
from rso_shared.contracts.vocabulary import (
    CloseReason,
    ConditionGroup,
    CoverageRoute,
    DeclineReason,
    ErasureReason,
    HoldReason,
    JurisdictionDecision,
    LegalHoldReason,
    Priority,
    RequesterRelation,
    Role,
)


class CaseSubmitted(CaseFact):
    TYPE: ClassVar[str] = "intake.case_submitted"
    CHANGES_ACCESS: ClassVar[bool] = True
    organisation_id: str
    program: ProgramRef
    person_id: str
    requester_relation: RequesterRelation
    partner_organisation_id: str | None = None
    sponsor_id: str | None = None
    client_reference: str | None = None
    condition_group: ConditionGroup
    country: str
    state: str
    minor: bool
    language: str
    priority: Priority
    question_ids: tuple[str, ...]
    treating_facility_ids: tuple[str, ...] = ()
    """Where the patient was treated, as far as the requester said; matching excludes their affiliates."""
    coverage_route: CoverageRoute
    owner: str
    reference_last_four: str
    submitted_at: datetime


class EligibilityConfirmed(CaseFact):
    TYPE: ClassVar[str] = "intake.eligibility_confirmed"
    jurisdiction_decision: JurisdictionDecision
    jurisdictions_version: int
    local_provider_required: bool
    licensed_only: bool
    """True: only specialists licensed in the patient's state may be offered the case."""


class CaseDeclined(CaseFact):
    TYPE: ClassVar[str] = "intake.case_declined"
    reason: DeclineReason
    alternative: str


class TermsAccepted(CaseFact):
    TYPE: ClassVar[str] = "intake.terms_accepted"
    terms_version: str
    role: Role


class RequesterLinked(CaseFact):
    """The second party joined by the reference number (patient or legal representative)."""

    TYPE: ClassVar[str] = "intake.requester_linked"
    CHANGES_ACCESS: ClassVar[bool] = True
    role: Role


class LocalProviderJoined(CaseFact):
    TYPE: ClassVar[str] = "intake.local_provider_joined"
    CHANGES_ACCESS: ClassVar[bool] = True


class AuthorizationRequested(CaseFact):
    TYPE: ClassVar[str] = "intake.authorization_requested"
    authorization_id: str


class AuthorizationSigned(CaseFact):
    TYPE: ClassVar[str] = "intake.authorization_signed"
    authorization_id: str
    signed_at: datetime
    expires_on: date


class AuthorizationRevoked(CaseFact):
    TYPE: ClassVar[str] = "intake.authorization_revoked"
    authorization_id: str


class OwnerAssigned(CaseFact):
    TYPE: ClassVar[str] = "intake.owner_assigned"
    owner: str


class PriorityChanged(CaseFact):
    TYPE: ClassVar[str] = "intake.priority_changed"
    priority: Priority


class ConditionCoded(CaseFact):
    TYPE: ClassVar[str] = "intake.condition_coded"
    condition_group: ConditionGroup


class QuestionsRevised(CaseFact):
    TYPE: ClassVar[str] = "intake.questions_revised"
    question_ids: tuple[str, ...]
    questions_version: int


class QuestionsFrozen(CaseFact):
    TYPE: ClassVar[str] = "intake.questions_frozen"
    questions_version: int


class CaseHeld(CaseFact):
    TYPE: ClassVar[str] = "intake.case_held"
    reason: HoldReason


class CaseResumed(CaseFact):
    TYPE: ClassVar[str] = "intake.case_resumed"
    reason: HoldReason


class CaseWithdrawn(CaseFact):
    TYPE: ClassVar[str] = "intake.case_withdrawn"
    by_role: Role


class CaseExpired(CaseFact):
    TYPE: ClassVar[str] = "intake.case_expired"
    waiting_on: tuple[str, ...]


class CaseClosed(CaseFact):
    TYPE: ClassVar[str] = "intake.case_closed"
    close_reason: CloseReason
    closed_at: datetime


class ProgramPublished(FactModel):
    TYPE: ClassVar[str] = "intake.program_published"
    program: Program

    def key(self) -> str:
        return self.program.program_id


class OrganisationRegistered(FactModel):
    """A partner, sponsor, platform, operator or facility. Names of organisations name no person."""

    TYPE: ClassVar[str] = "intake.organisation_registered"
    organisation_id: str
    kind: str
    name: str
    state: str | None = None

    def key(self) -> str:
        return self.organisation_id


class CoveredLivesStated(FactModel):
    """How many people a sponsor's programs are open to: below fifty nothing about single cases is told to it."""

    TYPE: ClassVar[str] = "intake.covered_lives_stated"
    organisation_id: str
    covered_lives: int

    def key(self) -> str:
        return self.organisation_id


class RecipientNotified(CaseFact):
    """The notice that the report is there was handed over to this recipient's mail system."""

    TYPE: ClassVar[str] = "intake.recipient_notified"
    role: Role
    notified_at: datetime


class LegalHoldPlaced(PersonFact):
    """From here on nothing of this person is erased, until every hold is lifted."""

    TYPE: ClassVar[str] = "intake.legal_hold_placed"
    hold_id: str
    reason: LegalHoldReason


class LegalHoldLifted(PersonFact):
    TYPE: ClassVar[str] = "intake.legal_hold_lifted"
    hold_id: str


class ErasureRequested(PersonFact):
    """Asked for by one person; nothing is erased until another one approves it."""

    TYPE: ClassVar[str] = "intake.erasure_requested"
    erasure_id: str
    reason: ErasureReason


class ErasureApproved(ErasureOrder):
    """Every service destroys the person's keys now, and answers with its own `key_destroyed`."""

    TYPE: ClassVar[str] = "intake.erasure_approved"
    reason: ErasureReason
    approved_at: datetime


class ErasureCompleted(PersonFact):
    """Every service has answered."""

    TYPE: ClassVar[str] = "intake.erasure_completed"
    erasure_id: str
    completed_at: datetime


class CaseSnapshot(Contract):
    """What the coordinator loads at the start of every run: the frozen policy and the milestones so far. Names nobody."""

    case_id: str
    organisation_id: str
    person_id: str
    lifecycle: str
    program: Program
    priority: Priority
    submitted_at: datetime
    eligibility_decided: bool
    declined: bool
    local_provider_required: bool
    authorization_id: str | None
    authorization_signed: bool
    local_provider_joined: bool
    withdrawn: bool
    hold_reasons: tuple[HoldReason, ...] = ()


class KeyDestroyed(ErasureAnswer):
    TYPE: ClassVar[str] = "intake.key_destroyed"
