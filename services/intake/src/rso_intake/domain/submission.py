"""Opening a case: what a requester submits, and what is refused before anything exists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rso_intake.domain import consent, screening
from rso_intake.domain.jurisdictions import Edition
from rso_intake.domain.participation import LocalProviderJoined
from rso_intake.domain.person import CaseDetails, is_minor
from rso_intake.domain.program import local_date
from rso_shared.contracts.program import Program, ProgramRef
from rso_shared.contracts.vocabulary import ConditionGroup, CoverageRoute, Priority, RequesterRelation, Role
from rso_shared.kit.errors import DomainError, invalid
from rso_shared.kit.events import event
from rso_shared.kit.sealed import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitter:
    """Who sent it: a party in person, a partner's organisation, or our own desk on the telephone."""

    role: Role
    subject: str
    organisation_id: str


@event("intake.case_submitted")
class CaseSubmitted:
    case_id: str
    organisation_id: str
    program: ProgramRef
    person_id: str
    identifier_keys: tuple[str, ...]
    """The partner's identifiers of this person under the service's own key: equal ones meet, none can be read."""
    requester_relation: RequesterRelation
    submitter: Submitter
    partner_organisation_id: str | None
    sponsor_id: str | None
    client_reference: str | None
    condition_group: ConditionGroup
    country: str
    state: str
    minor: bool
    represented: bool
    language: str
    priority: Priority
    owner: str
    red_flags: tuple[str, ...]
    question_ids: tuple[str, ...]
    treating_facility_ids: tuple[str, ...]
    coverage_route: CoverageRoute
    reference_number: str
    submitted_at: datetime
    details: Sealed[CaseDetails]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitCase:
    case_id: str
    person_id: str
    identifier_keys: tuple[str, ...] = ()
    program: Program
    jurisdictions: Edition
    relation: RequesterRelation
    submitter: Submitter
    sponsor_id: str | None = None
    client_reference: str | None = None
    condition_group: ConditionGroup
    country: str
    state: str
    language: str
    priority: Priority
    red_flag_answers: Mapping[str, bool]
    treating_facility_ids: tuple[str, ...] = ()
    reference_number: str
    details: CaseDetails
    terms: consent.AcceptTerms | None = None
    now: datetime


PATIENT_SIDE = (Role.PATIENT, Role.LEGAL_REPRESENTATIVE)

_RELATION_OF = {
    Role.PATIENT: RequesterRelation.SELF,
    Role.LEGAL_REPRESENTATIVE: RequesterRelation.LEGAL_REPRESENTATIVE,
    Role.LOCAL_PROVIDER: RequesterRelation.LOCAL_PROVIDER,
    Role.PARTNER: RequesterRelation.PARTNER,
}


def relation_of(role: Role, claimed: RequesterRelation | None) -> RequesterRelation:
    """Parties stand in the relation of their role; our desk, on the telephone, says for whom it writes."""
    own = _RELATION_OF.get(role)
    if own is not None:
        if claimed not in {None, own}:
            detail = "The relation does not fit the role of the token."
            raise invalid("relation_not_yours", detail, "/requester_relation", expected=own)
        return own
    if claimed in {None, RequesterRelation.PARTNER}:
        detail = "Say for whom the case is opened: self, legal_representative or local_provider."
        raise invalid("relation_required", detail, "/requester_relation")
    return claimed


def decide(command: SubmitCase, submitted: CaseSubmitted | None) -> Sequence[object]:
    if submitted is not None:
        raise DomainError("case_exists", "A case with this id is already open.", case_id=command.case_id)
    _require_people(command)
    if not command.details.questions:
        raise invalid("questions_required", "A case needs at least one clinical question.", "/questions")
    condition = command.details.condition
    if not condition.codings and not condition.text:
        raise invalid("condition_required", "Say which condition it is about: a code or a text.", "/condition")
    county = command.details.person.address.county
    screening.require_county(command.program, command.jurisdictions, command.country, command.state, county)
    flags = screening.raised_flags(command.program.screening.red_flags, command.red_flag_answers)
    return (_opened(command, flags), *_terms(command), *_provider(command))


def _require_people(command: SubmitCase) -> None:
    details = command.details
    if details.person.birth_date > local_date(command.program, command.now):
        raise invalid("birth_date_in_future", "The birth date has not come yet.", "/patient/birth_date")
    if command.relation is RequesterRelation.LEGAL_REPRESENTATIVE and details.representative is None:
        detail = "A legal representative must say who they are and by which relationship they act."
        raise invalid("representative_required", detail, "/legal_representative")
    if command.relation is RequesterRelation.LOCAL_PROVIDER and details.local_provider is None:
        raise invalid("local_provider_missing", "A local provider must say who they are.", "/local_provider")
    if command.submitter.role in PATIENT_SIDE and command.terms is None:
        offered = command.program.terms.version
        detail = "The terms of the program must be accepted with the request."
        raise invalid("terms_required", detail, "/terms", offered=offered)


def _opened(command: SubmitCase, flags: tuple[str, ...]) -> CaseSubmitted:
    person = command.details.person
    by_partner = command.relation is RequesterRelation.PARTNER
    return CaseSubmitted(
        case_id=command.case_id,
        organisation_id=command.program.organisation_id,
        program=command.program.ref(),
        person_id=command.person_id,
        identifier_keys=command.identifier_keys,
        requester_relation=command.relation,
        submitter=command.submitter,
        partner_organisation_id=command.submitter.organisation_id if by_partner else None,
        sponsor_id=command.sponsor_id,
        client_reference=command.client_reference,
        condition_group=command.condition_group,
        country=command.country,
        state=command.state,
        minor=is_minor(person.birth_date, local_date(command.program, command.now)),
        represented=command.details.representative is not None,
        language=command.language,
        priority=command.priority,
        owner=command.program.default_owner,
        red_flags=flags,
        question_ids=tuple(question.question_id for question in command.details.questions),
        treating_facility_ids=command.treating_facility_ids,
        coverage_route=command.program.price.route,
        reference_number=command.reference_number,
        submitted_at=command.now,
        details=Sealed(command.person_id, command.details),
    )


def _terms(command: SubmitCase) -> Sequence[consent.TermsAccepted]:
    if command.terms is None:
        return ()
    return consent.accept(command.terms, consent.Consents(), command.person_id)


def _provider(command: SubmitCase) -> Sequence[LocalProviderJoined]:
    """A provider who opens the case takes part from the first moment."""
    if command.submitter.role is not Role.LOCAL_PROVIDER or command.details.local_provider is None:
        return ()
    joined = LocalProviderJoined(
        subject=command.submitter.subject,
        joined_at=command.now,
        contact=Sealed(command.person_id, command.details.local_provider),
    )
    return (joined,)


def evolve(submitted: CaseSubmitted | None, event: object) -> CaseSubmitted | None:
    return event if isinstance(event, CaseSubmitted) else submitted
