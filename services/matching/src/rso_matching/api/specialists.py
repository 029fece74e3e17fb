"""The directory of specialists: registering, licences, credentials, capacity."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from rso_matching import caseload, directory, registration
from rso_matching.api import answers, requests, views
from rso_matching.domain.specialist import (
    SPECIALIST,
    ChangeCapacity,
    EndLicence,
    NewLicence,
    RecordLicence,
    RegisterSpecialist,
    SpecialistCommand,
    VerifyCredentials,
)
from rso_matching.domain.specialist_events import Identity, LicenceNumber
from rso_shared.contracts.vocabulary import ConditionGroup
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import DomainError, unknown
from rso_shared.kit.sealed import Sealed
from rso_shared.kit.web.as_of import AsOf
from rso_shared.kit.web.call import STAFF, Call, Purpose, permitted

router = APIRouter(tags=["specialists"])
Registering = Annotated[Call, Depends(permitted("specialist.register"))]
Reading = Annotated[Call, Depends(permitted("specialist.read"))]


@router.post(
    "/v1/specialists",
    status_code=201,
    summary="Register a specialist",
    response_model=answers.SpecialistVersion,
    **STAFF,
)
def register(body: requests.NewSpecialist, call: Registering) -> Response:
    command = _registration(body, call)

    def work(tx: Tx) -> answers.SpecialistVersion:
        return _register(call, tx, command)

    return call.command(work)


@router.post(
    "/v1/specialist-batches",
    status_code=201,
    summary="Register many specialists: all of them or none",
    response_model=answers.BatchAnswer,
    **STAFF,
)
def register_batch(body: requests.SpecialistBatch, call: Registering) -> Response:
    commands = [_registration(one, call) for one in body.specialists]

    def work(tx: Tx) -> answers.BatchAnswer:
        return answers.BatchAnswer(
            specialists=[_one_of_many(call, tx, index, command) for index, command in enumerate(commands)]
        )

    return call.command(work)


def _one_of_many(call: Call, tx: Tx, index: int, command: RegisterSpecialist) -> answers.SpecialistVersion:
    try:
        return _register(call, tx, command)
    except DomainError as refusal:
        refusal.pointer = f"/specialists/{index}{refusal.pointer or ''}"
        raise


def _register(call: Call, tx: Tx, command: RegisterSpecialist) -> answers.SpecialistVersion:
    done = registration.register(call.service.store, tx, command, call.meta())
    return answers.SpecialistVersion(specialist_id=command.specialist_id, version=done.version)


def _registration(body: requests.NewSpecialist, call: Call) -> RegisterSpecialist:
    specialist_id, settings = call.new_id(), call.service.settings
    identity = Identity(given=body.given, family=body.family, email=body.email, npi=body.npi)
    return RegisterSpecialist(
        specialist_id=specialist_id,
        organisation_id=settings.operator_organisation_id,
        identity=Sealed(specialist_id, identity),
        npi_fingerprint=call.service.keys.blind(body.npi),
        synthetic_npi_allowed=settings.allow_synthetic_npi,
        taxonomy=tuple(dict.fromkeys(body.taxonomy)),
        focus=tuple(dict.fromkeys(body.focus)),
        languages=tuple(dict.fromkeys(body.languages)),
        capacity=body.capacity,
        affiliations=tuple(dict.fromkeys(body.affiliations)),
        licences=tuple(_licence(one, specialist_id, call) for one in body.licences),
        verified_on=body.credentials_verified_on,
        evidence=tuple(body.evidence),
        at=call.now,
    )


def _licence(body: requests.NewLicence, specialist_id: str, call: Call) -> NewLicence:
    return NewLicence(
        licence_id=call.new_id(),
        country=body.country,
        state=body.state,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        number=Sealed(specialist_id, LicenceNumber(number=body.number)),
    )


@router.get("/v1/specialists", summary="The directory, by id; names nobody", **STAFF)
def list_specialists(
    call: Reading,
    condition_group: ConditionGroup | None = None,
    cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> answers.SpecialistPage:
    with call.read() as tx:
        found = directory.page(tx, directory.Page(cursor, limit), group=condition_group)
        active = caseload.active_counts(tx, [one.specialist_id for one in found])
    shown = [views.specialist(one, active.get(one.specialist_id, 0)) for one in found]
    return answers.SpecialistPage(
        specialists=shown, next_cursor=found[-1].specialist_id if len(found) == limit else None
    )


@router.get("/v1/specialists/{specialist_id}", summary="One specialist; with a purpose, by name", **STAFF)
def get_specialist(
    specialist_id: str, call: Reading, as_of: AsOf, purpose: Purpose | None = None
) -> answers.SpecialistView:
    """`as_of` shows the profile as it was recorded by then; the count of assignments is always today's."""
    with call.read() as tx:
        stream = directory.stream_of(tx, specialist_id)
        found = call.service.store.fold(tx, SPECIALIST, stream, as_of=as_of).state
        active = caseload.active_counts(tx, [specialist_id]).get(specialist_id, 0)
    if found.identity is None:
        raise unknown("specialist_unknown", "No specialist of that id was in the directory then.")
    if purpose is None:
        return views.specialist(found, active)
    call.reveal(what="specialist", purpose=purpose, person_id=specialist_id)
    return views.specialist(found, active, found.identity.open())


@router.post(
    "/v1/specialists/{specialist_id}/licences",
    status_code=201,
    summary="Record a licence or its renewal",
    response_model=answers.LicenceVersion,
    **STAFF,
)
def record_licence(specialist_id: str, body: requests.NewLicence, call: Registering) -> Response:
    licence = _licence(body, specialist_id, call)

    def work(tx: Tx) -> answers.LicenceVersion:
        version = _execute(call, tx, specialist_id, RecordLicence(licence=licence)).version
        return answers.LicenceVersion(specialist_id=specialist_id, version=version, licence_id=licence.licence_id)

    return call.command(work)


@router.post(
    "/v1/specialists/{specialist_id}/licences/{licence_id}/ending",
    status_code=201,
    summary="End a licence before its date",
    response_model=answers.SpecialistVersion,
    **STAFF,
)
def end_licence(specialist_id: str, licence_id: str, body: requests.LicenceEnding, call: Registering) -> Response:
    command = EndLicence(licence_id=licence_id, last_day=body.last_day, reason=body.reason)
    return call.command(lambda tx: _execute(call, tx, specialist_id, command))


@router.post(
    "/v1/specialists/{specialist_id}/credential-verifications",
    status_code=201,
    summary="Record a verification of credentials",
    response_model=answers.SpecialistVersion,
    **STAFF,
)
def verify(specialist_id: str, body: requests.CredentialVerification, call: Registering) -> Response:
    command = VerifyCredentials(verified_on=body.verified_on, evidence=tuple(body.evidence), at=call.now)
    return call.command(lambda tx: _execute(call, tx, specialist_id, command))


@router.post(
    "/v1/specialists/{specialist_id}/capacity",
    status_code=201,
    summary="Change how many cases at once",
    response_model=answers.SpecialistVersion,
    **STAFF,
)
def change_capacity(specialist_id: str, body: requests.NewCapacity, call: Registering) -> Response:
    command = ChangeCapacity(capacity=body.capacity)
    return call.command(lambda tx: _execute(call, tx, specialist_id, command))


def _execute(call: Call, tx: Tx, specialist_id: str, command: SpecialistCommand) -> answers.SpecialistVersion:
    done = registration.execute(call.service.store, tx, specialist_id, command, call.meta())
    return answers.SpecialistVersion(specialist_id=specialist_id, version=done.version)
