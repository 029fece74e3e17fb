"""Recorded event -> published fact. The only way out of this service, and nothing here names a person."""

from collections.abc import Callable
from typing import Any

from rso_intake.domain import (
    authorization,
    condition,
    consent,
    eligibility,
    erasure_events,
    lifecycle,
    organisation,
    participation,
    questions,
    submission,
    triage,
)
from rso_intake.domain import program as programs
from rso_intake.notices import NoticeSent
from rso_shared.contracts import intake
from rso_shared.contracts.base import AccessChange, FactModel
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.events import Recorded

Translate = Callable[[str, Any], FactModel]


def case_id_of(recorded: Recorded) -> str | None:
    """The case of a case stream `{organisation}/case/{id}`; None for any other stream."""
    _, aggregate, id_ = recorded.stream.split("/", 2)
    return id_ if aggregate == "case" else None


def publish(recorded: Recorded) -> FactModel | None:
    event = recorded.event
    case_id = case_id_of(recorded)
    if case_id is not None:
        translate = _OF_CASES.get(type(event))
        return translate(case_id, event) if translate else None
    match event:
        case programs.ProgramPublished(program=program):
            return intake.ProgramPublished(program=program)
        case organisation.OrganisationRegistered():
            return intake.OrganisationRegistered(
                organisation_id=event.organisation_id, kind=event.kind, name=event.name, state=event.state
            )
        case organisation.CoveredLivesStated(organisation_id=organisation_id, covered_lives=lives):
            return intake.CoveredLivesStated(organisation_id=organisation_id, covered_lives=lives)
        case NoticeSent(template="opinion_released", case_id=str(about), role=str(role)):
            return intake.RecipientNotified(case_id=about, role=Role(role), notified_at=event.sent_at)
        case _:
            model = _OF_PERSONS.get(type(event))
            return model.model_validate(_named(event, model)) if model else None


def _named(happened: Any, model: type[FactModel]) -> dict[str, Any]:
    return {name: getattr(happened, name) for name in model.model_fields if hasattr(happened, name)}


def _submitted(case_id: str, event: submission.CaseSubmitted) -> FactModel:
    return intake.CaseSubmitted(
        case_id=case_id,
        access=_first_access(event),
        organisation_id=event.organisation_id,
        program=event.program,
        person_id=event.person_id,
        requester_relation=event.requester_relation,
        partner_organisation_id=event.partner_organisation_id,
        sponsor_id=event.sponsor_id,
        client_reference=event.client_reference,
        condition_group=event.condition_group,
        country=event.country,
        state=event.state,
        minor=event.minor,
        language=event.language,
        priority=event.priority,
        question_ids=event.question_ids,
        treating_facility_ids=event.treating_facility_ids,
        coverage_route=event.coverage_route,
        owner=event.owner,
        reference_last_four=event.reference_number[-4:],
        submitted_at=event.submitted_at,
    )


def _first_access(event: submission.CaseSubmitted) -> tuple[AccessChange, ...]:
    """Who sees the case from the start: the submitter, a partner as an organisation, and the sponsor for its charges."""
    submitter = event.submitter
    if event.partner_organisation_id is not None:
        first = AccessChange(role=Role.PARTNER, organisation_id=event.partner_organisation_id)
    else:
        first = AccessChange(role=submitter.role, subject=submitter.subject)
    if event.sponsor_id is None:
        return (first,)
    return (first, AccessChange(role=Role.SPONSOR, organisation_id=event.sponsor_id))


def _confirmed(case_id: str, event: eligibility.EligibilityConfirmed) -> FactModel:
    return intake.EligibilityConfirmed(
        case_id=case_id,
        jurisdiction_decision=event.jurisdiction_decision,
        jurisdictions_version=event.jurisdictions_version,
        local_provider_required=event.local_provider_required,
        licensed_only=event.licensed_only,
    )


def _linked(case_id: str, event: participation.RequesterLinked) -> FactModel:
    access = AccessChange(role=event.role, subject=event.subject)
    return intake.RequesterLinked(case_id=case_id, access=(access,), role=event.role)


def _joined(case_id: str, event: participation.LocalProviderJoined) -> FactModel:
    access = AccessChange(role=Role.LOCAL_PROVIDER, subject=event.subject)
    return intake.LocalProviderJoined(case_id=case_id, access=(access,))


def _signed(case_id: str, event: authorization.AuthorizationSigned) -> FactModel:
    return intake.AuthorizationSigned(
        case_id=case_id,
        authorization_id=event.authorization_id,
        signed_at=event.signed_at,
        expires_on=event.expires_on,
    )


def _revised(case_id: str, event: questions.QuestionsRevised) -> FactModel:
    return intake.QuestionsRevised(
        case_id=case_id, question_ids=event.question_ids, questions_version=event.questions_version
    )


_OF_CASES: dict[type, Translate] = {
    submission.CaseSubmitted: _submitted,
    eligibility.EligibilityConfirmed: _confirmed,
    eligibility.CaseDeclined: lambda case, e: intake.CaseDeclined(
        case_id=case, reason=e.reason, alternative=e.alternative
    ),
    consent.TermsAccepted: lambda case, e: intake.TermsAccepted(
        case_id=case, terms_version=e.terms_version, role=e.role
    ),
    participation.RequesterLinked: _linked,
    participation.LocalProviderJoined: _joined,
    authorization.AuthorizationRequested: lambda case, e: intake.AuthorizationRequested(
        case_id=case, authorization_id=e.authorization_id
    ),
    authorization.AuthorizationSigned: _signed,
    authorization.AuthorizationRevoked: lambda case, e: intake.AuthorizationRevoked(
        case_id=case, authorization_id=e.authorization_id
    ),
    triage.OwnerAssigned: lambda case, e: intake.OwnerAssigned(case_id=case, owner=e.owner),
    triage.PriorityChanged: lambda case, e: intake.PriorityChanged(case_id=case, priority=e.priority),
    triage.CaseHeld: lambda case, e: intake.CaseHeld(case_id=case, reason=e.reason),
    triage.CaseResumed: lambda case, e: intake.CaseResumed(case_id=case, reason=e.reason),
    condition.ConditionCoded: lambda case, e: intake.ConditionCoded(case_id=case, condition_group=e.condition_group),
    questions.QuestionsRevised: _revised,
    questions.QuestionsFrozen: lambda case, e: intake.QuestionsFrozen(
        case_id=case, questions_version=e.questions_version
    ),
    lifecycle.CaseWithdrawn: lambda case, e: intake.CaseWithdrawn(case_id=case, by_role=e.by_role),
    lifecycle.CaseExpired: lambda case, e: intake.CaseExpired(case_id=case, waiting_on=e.waiting_on),
    lifecycle.CaseClosed: lambda case, e: intake.CaseClosed(
        case_id=case, close_reason=e.close_reason, closed_at=e.closed_at
    ),
}
_OF_PERSONS: dict[type, type[FactModel]] = {
    erasure_events.LegalHoldPlaced: intake.LegalHoldPlaced,
    erasure_events.LegalHoldLifted: intake.LegalHoldLifted,
    erasure_events.ErasureRequested: intake.ErasureRequested,
    erasure_events.ErasureApproved: intake.ErasureApproved,
    erasure_events.ErasureCompleted: intake.ErasureCompleted,
}
