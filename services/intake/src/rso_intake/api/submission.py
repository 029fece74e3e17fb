"""POST /v1/cases: open a case."""

import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from rso_intake import conditions, queries
from rso_intake.api.models import Submission
from rso_intake.casework import evidence
from rso_intake.composition import case_links
from rso_intake.domain.case import CASE
from rso_intake.domain.consent import AcceptTerms
from rso_intake.domain.organisation import OrganisationKind
from rso_intake.domain.person import RECORD_NUMBERS, CaseDetails, Identifier, Question
from rso_intake.domain.program import local_date
from rso_intake.domain.reference import RANDOM_DIGITS, reference_number
from rso_intake.domain.submission import PATIENT_SIDE, SubmitCase, Submitter, relation_of
from rso_intake.views import CaseOpened
from rso_shared.contracts.program import Program
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import invalid
from rso_shared.kit.store import stream_id
from rso_shared.kit.web.call import PUBLIC, Call, permitted

router = APIRouter(tags=["cases"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Minted:
    """Made once per request, so that a unit of work that is tried again yields the same events."""

    case_id: str
    person_id: str
    """Used unless the partner's record number names a person who is known here."""
    reference_number: str
    questions: tuple[Question, ...]


@router.post("/v1/cases", status_code=201, response_model=CaseOpened, summary="Open a case", **PUBLIC)
def submit(body: Submission, call: Annotated[Call, Depends(permitted("case.submit"))]) -> Response:
    """Answers at once; screening follows. The reference number lets the second party join within 30 days."""
    minted = Minted(
        case_id=call.new_id(),
        person_id=call.new_id(),
        reference_number=reference_number("".join(secrets.choice("0123456789") for _ in range(RANDOM_DIGITS))),
        questions=tuple(Question(question_id=call.new_id(), text=each.text) for each in body.questions),
    )

    def work(tx: Tx) -> CaseOpened:
        command = _command(call, tx, body, minted)
        stream = stream_id(command.program.organisation_id, "case", minted.case_id)
        executed = call.service.store.execute(tx, CASE, stream, command, call.meta())
        opened = executed.state.submitted
        return CaseOpened(
            case_id=opened.case_id,
            reference_number=opened.reference_number,
            client_reference=opened.client_reference,
            version=executed.version,
            program=opened.program,
            submitted_at=opened.submitted_at,
            links=case_links(opened.case_id),
        )

    return call.command(work)


def _command(call: Call, tx: Tx, body: Submission, minted: Minted) -> SubmitCase:
    program = _program(tx, body, call)
    _require_registered(tx, body)
    keys = _identifier_keys(call, body.patient.person().identifiers)
    known = conditions.load(call.service.settings.conditions_file)
    return SubmitCase(
        case_id=minted.case_id,
        person_id=queries.person_of(tx, keys) or minted.person_id,
        identifier_keys=keys,
        program=program,
        jurisdictions=queries.jurisdictions_in_force(tx, local_date(program, call.now)),
        relation=relation_of(call.principal.role, body.requester_relation),
        submitter=_submitter(call),
        sponsor_id=body.sponsor_id,
        client_reference=body.client_reference,
        condition_group=known.group(body.condition.value().codings),
        country=body.patient.address.country,
        state=body.patient.address.state,
        language=body.language,
        priority=body.priority,
        red_flag_answers=body.red_flag_answers,
        treating_facility_ids=tuple(dict.fromkeys(body.treating_facility_ids)),
        reference_number=minted.reference_number,
        details=_details(body, minted.questions),
        terms=_terms(call, body, program),
        now=call.now,
    )


def _submitter(call: Call) -> Submitter:
    who = call.principal
    return Submitter(role=who.role, subject=who.subject, organisation_id=who.organisation_id)


def _program(tx: Tx, body: Submission, call: Call) -> Program:
    """The version in force. A partner's own program is open to that partner and to nobody else's."""
    program = queries.program_versions(tx, body.program_id).in_force(call.now)
    owner = queries.organisation(tx, program.organisation_id)
    foreign = program.organisation_id != call.principal.organisation_id
    if owner and owner.kind is OrganisationKind.PARTNER and call.principal.role is Role.PARTNER and foreign:
        raise invalid("program_unknown", "There is no such program.", "/program_id")
    if body.program_version not in {None, program.version}:
        detail = "Cases are opened under the version in force today."
        raise invalid("program_version_not_in_force", detail, "/program_version", in_force=program.version)
    return program


def _require_registered(tx: Tx, body: Submission) -> None:
    """A wrong reference is refused at once, and not found out weeks later."""
    wanted = [("/sponsor_id", body.sponsor_id, OrganisationKind.SPONSOR)] if body.sponsor_id else []
    for number, facility_id in enumerate(body.treating_facility_ids):
        wanted.append((f"/treating_facility_ids/{number}", facility_id, OrganisationKind.FACILITY))
    for pointer, organisation_id, kind in wanted:
        found = queries.organisation(tx, organisation_id)
        if found is None or found.kind is not kind:
            raise invalid("organisation_unknown", f"No {kind} is registered under this id.", pointer)


def _identifier_keys(call: Call, identifiers: tuple[Identifier, ...]) -> tuple[str, ...]:
    """Only a partner's own record numbers find a person again: what others type proves nothing."""
    if call.principal.role is not Role.PARTNER:
        return ()
    own = call.principal.organisation_id
    texts = (
        f"{own}\x1f{each.assigning_authority}\x1f{each.value}" for each in identifiers if each.kind in RECORD_NUMBERS
    )
    return tuple(dict.fromkeys(call.service.keys.blind(text) for text in texts))


def _details(body: Submission, questions: tuple[Question, ...]) -> CaseDetails:
    return CaseDetails(
        person=body.patient.person(),
        condition=body.condition.value(),
        questions=questions,
        representative=body.legal_representative.value() if body.legal_representative else None,
        local_provider=body.local_provider.value() if body.local_provider else None,
        placer_order_number=body.placer_order_number,
    )


def _terms(call: Call, body: Submission, program: Program) -> AcceptTerms | None:
    """Terms are accepted by the patient's side; from anybody else an acceptance is not one."""
    if body.terms is None:
        return None
    if call.principal.role not in PATIENT_SIDE:
        detail = "Only the patient or the legal representative accepts the terms, in their own name."
        raise invalid("terms_not_yours", detail, "/terms")
    return AcceptTerms(
        terms=program.terms,
        version=body.terms.terms_version,
        role=call.principal.role,
        evidence=evidence(call, body.terms.typed_name, body.terms.relation),
        now=call.now,
    )
