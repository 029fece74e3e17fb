"""Who the people of a case are. The one place where intake shows it, always with a purpose, always logged first."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from rso_intake.casework import folded
from rso_intake.domain.case import Case
from rso_intake.domain.person import (
    Address,
    Condition,
    Identifier,
    LegalRepresentative,
    LocalProvider,
    Person,
    Question,
)
from rso_intake.domain.submission import CaseSubmitted
from rso_shared.kit.web.as_of import AsOf
from rso_shared.kit.web.call import INTERNAL, PUBLIC, Call, Purpose, permitted

router = APIRouter(tags=["persons"])


class PatientView(BaseModel):
    given: tuple[str, ...]
    family: str
    birth_date: date
    sex: str | None
    phones: tuple[str, ...]
    email: str | None
    address: Address
    country: str
    state: str
    identifiers: tuple[Identifier, ...]


class RepresentativeView(BaseModel):
    """`name` is the whole name as it is written."""

    name: str
    relationship: str
    email: str | None
    phone: str | None


class ProviderView(BaseModel):
    name: str
    email: str | None
    phone: str | None
    practice: str | None


class PersonView(BaseModel):
    """Identified. `condition` is what was coded last, else what the requester wrote; the questions are those that count."""

    case_id: str
    person_id: str
    reference_last_four: str
    patient: PatientView
    legal_representative: RepresentativeView | None
    local_provider: ProviderView | None
    condition: Condition
    questions: tuple[Question, ...]
    placer_order_number: str | None


@router.get("/v1/cases/{case_id}/person", response_model=PersonView, summary="The people of a case (logged)", **PUBLIC)
def read(
    case_id: str, purpose: Purpose, call: Annotated[Call, Depends(permitted("case.person.read"))], as_of: AsOf
) -> PersonView:
    return _reveal(case_id, purpose, call, as_of)


@router.get(
    "/internal/v1/intake/cases/{case_id}/person",
    response_model=PersonView,
    summary="The people of a case, for rendering and comparing (logged)",
    **INTERNAL,
)
def read_for_service(
    case_id: str, purpose: Purpose, call: Annotated[Call, Depends(permitted("case.coordinate"))]
) -> PersonView:
    return _reveal(case_id, purpose, call)


def _reveal(case_id: str, purpose: Purpose, call: Call, as_of: datetime | None = None) -> PersonView:
    with call.read() as tx:
        found = folded(call, tx, case_id, as_of)
    call.reveal(case_id=case_id, person_id=found.case.submitted.person_id, what="person", purpose=purpose)
    return _view(found.case)


def _view(case: Case) -> PersonView:
    opened, details = case.submitted, case.details()
    representative, provider = details.representative, case.local_provider()
    return PersonView(
        case_id=opened.case_id,
        person_id=opened.person_id,
        reference_last_four=opened.reference_number[-4:],
        patient=_patient(opened, details.person),
        legal_representative=_representative(representative) if representative else None,
        local_provider=_provider(provider) if provider else None,
        condition=case.condition(),
        questions=case.question_texts(),
        placer_order_number=details.placer_order_number,
    )


def _patient(opened: CaseSubmitted, person: Person) -> PatientView:
    return PatientView(
        given=person.name.given,
        family=person.name.family,
        birth_date=person.birth_date,
        sex=person.sex,
        phones=person.phones,
        email=person.email,
        address=person.address,
        country=opened.country,
        state=opened.state,
        identifiers=person.identifiers,
    )


def _representative(who: LegalRepresentative) -> RepresentativeView:
    return RepresentativeView(name=who.name.full(), relationship=who.relationship, email=who.email, phone=who.phone)


def _provider(who: LocalProvider) -> ProviderView:
    return ProviderView(name=who.name.full(), email=who.email, phone=who.phone, practice=who.practice)
