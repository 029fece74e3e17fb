"""Eligibility: decided once by the rules, widened only by a medical director where the law is silent, and ended by a clinician."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rso_intake.domain.jurisdictions import Edition
from rso_intake.domain.person import Remark
from rso_intake.domain.screening import Applicant, Declined, licensed_only, screen
from rso_shared.contracts.program import Program, ProgramRef
from rso_shared.contracts.vocabulary import DeclineReason, JurisdictionDecision
from rso_shared.kit.errors import DomainError, invalid
from rso_shared.kit.events import event
from rso_shared.kit.sealed import Sealed

_SILENT = JurisdictionDecision.SILENT_POLICY_REVIEW
_WIDER = (JurisdictionDecision.PERMITTED_DIRECT, JurisdictionDecision.PERMITTED_WITH_LOCAL_PHYSICIAN)


@event("intake.eligibility_confirmed")
class EligibilityConfirmed:
    program: ProgramRef
    jurisdictions_version: int
    jurisdiction_decision: JurisdictionDecision
    local_provider_required: bool
    licensed_only: bool
    decided_at: datetime


@event("intake.case_declined")
class CaseDeclined:
    program: ProgramRef
    jurisdictions_version: int
    jurisdiction_decision: JurisdictionDecision
    reason: DeclineReason
    alternative: str
    decided_at: datetime


@event("intake.jurisdiction_decided")
class JurisdictionDecided:
    """A person's decision for this one case. Before screening it waits; after it, an EligibilityConfirmed follows."""

    decision: JurisdictionDecision
    decided_at: datetime
    remark: Sealed[Remark]


@dataclass(frozen=True, slots=True)
class Eligibility:
    confirmed: EligibilityConfirmed | None = None
    declined: CaseDeclined | None = None
    widened: JurisdictionDecision | None = None

    @property
    def decided(self) -> bool:
        return self.confirmed is not None or self.declined is not None

    @property
    def local_provider_required(self) -> bool:
        return self.confirmed is not None and self.confirmed.local_provider_required


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideScreening:
    program: Program
    jurisdictions: Edition
    county: str | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideJurisdiction:
    """`ruling` is what the jurisdictions in force say of the patient's place."""

    program: Program
    ruling: JurisdictionDecision
    decision: JurisdictionDecision
    remark: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineCase:
    """A clinician declines what the rules let pass. What to do instead is the program's text for the reason: it names nobody."""

    program: Program
    reason: DeclineReason
    now: datetime


def decline(command: DeclineCase, state: Eligibility) -> Sequence[CaseDeclined]:
    if state.declined is not None:
        if state.declined.reason is command.reason:
            return ()
        raise DomainError("case_declined", "The case is declined.", reason=state.declined.reason)
    if state.confirmed is None:
        raise DomainError("screening_undecided", "The case has not been screened yet.")
    declined = CaseDeclined(
        program=state.confirmed.program,
        jurisdictions_version=state.confirmed.jurisdictions_version,
        jurisdiction_decision=state.confirmed.jurisdiction_decision,
        reason=command.reason,
        alternative=command.program.screening.decline_texts[command.reason].alternative,
        decided_at=command.now,
    )
    return (declined,)


def decide_screening(
    command: DecideScreening, state: Eligibility, applicant: Applicant
) -> Sequence[EligibilityConfirmed | CaseDeclined]:
    if state.decided:
        return ()
    ruling = command.jurisdictions.ruling(applicant.country, applicant.state, applicant.county)
    decision = state.widened if ruling is _SILENT and state.widened else ruling
    outcome = screen(command.program, applicant, decision)
    if isinstance(outcome, Declined):
        declined = CaseDeclined(
            program=command.program.ref(),
            jurisdictions_version=command.jurisdictions.version,
            jurisdiction_decision=decision,
            reason=outcome.reason,
            alternative=outcome.alternative,
            decided_at=command.now,
        )
        return (declined,)
    confirmed = EligibilityConfirmed(
        program=command.program.ref(),
        jurisdictions_version=command.jurisdictions.version,
        jurisdiction_decision=outcome.decision,
        local_provider_required=outcome.local_provider_required,
        licensed_only=outcome.licensed_only,
        decided_at=command.now,
    )
    return (confirmed,)


def decide_jurisdiction(
    command: DecideJurisdiction, state: Eligibility, person_id: str
) -> Sequence[JurisdictionDecided | EligibilityConfirmed]:
    if command.decision not in _WIDER:
        detail = "A decision can only widen: permitted_direct or permitted_with_local_physician."
        raise invalid("jurisdiction_not_wider", detail, "/decision")
    if command.ruling is not _SILENT:
        detail = "The jurisdictions in force are not silent here; a rule changes by a new version of them."
        raise DomainError("jurisdiction_not_silent", detail, ruling=command.ruling)
    if state.widened is command.decision:
        return ()
    decided = JurisdictionDecided(
        decision=command.decision, decided_at=command.now, remark=Sealed(person_id, Remark(text=command.remark))
    )
    return (decided, _widened(state.confirmed, command)) if state.confirmed else (decided,)


def _widened(confirmed: EligibilityConfirmed, command: DecideJurisdiction) -> EligibilityConfirmed:
    with_local = command.decision is JurisdictionDecision.PERMITTED_WITH_LOCAL_PHYSICIAN
    return EligibilityConfirmed(
        program=confirmed.program,
        jurisdictions_version=confirmed.jurisdictions_version,
        jurisdiction_decision=command.decision,
        local_provider_required=with_local or command.program.screening.local_provider_required,
        licensed_only=licensed_only(command.decision),
        decided_at=command.now,
    )


def evolve(state: Eligibility, event: object) -> Eligibility:
    match event:
        case EligibilityConfirmed():
            return replace(state, confirmed=event)
        case CaseDeclined():
            return replace(state, declined=event)
        case JurisdictionDecided(decision=decision):
            return replace(state, widened=decision)
        case _:
            return state
