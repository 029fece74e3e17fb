"""Erasing a person, and the legal holds that keep it from happening. For the privacy officers alone."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict

from rso_intake.api.models import Request
from rso_intake.domain.erasure import (
    ERASURE,
    ApproveErasure,
    Command,
    Erasure,
    ErasureState,
    LiftHold,
    PlaceHold,
    RequestErasure,
    Standing,
)
from rso_intake.erasing import ASKED, cases_of, person_stream, standing
from rso_shared.contracts.matching import SpecialistEngagement
from rso_shared.contracts.vocabulary import ErasureReason, LegalHoldReason
from rso_shared.kit import erasures
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import DomainError, unknown
from rso_shared.kit.store import Folded
from rso_shared.kit.web.as_of import AsOf
from rso_shared.kit.web.call import STAFF, Call, permitted

router = APIRouter(tags=["erasure"], prefix="/v1/persons/{person_id}")
UNKNOWN = 404

Erasing = Annotated[Call, Depends(permitted("person.erase"))]
Holding = Annotated[Call, Depends(permitted("person.hold"))]


class ErasureRequest(Request):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "person_request"}]})

    reason: ErasureReason


class HoldRequest(Request):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "subpoena"}]})

    reason: LegalHoldReason


class ErasureVersion(BaseModel):
    """The answer of a command: how far it is now, and the version of the person's erasure stream."""

    person_id: str
    version: int
    state: ErasureState
    at: datetime


class HoldVersion(ErasureVersion):
    hold_id: str


class HoldView(BaseModel):
    hold_id: str
    reason: LegalHoldReason
    placed_by: str
    placed_at: datetime


class ErasureView(BaseModel):
    """The certificate: who asked, who approved, and when each service destroyed what it had. `services` must all answer."""

    person_id: str
    version: int
    state: ErasureState
    erasure_id: str | None
    reason: ErasureReason | None
    requested_by: str | None
    requested_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    services: list[str]
    destroyed: dict[str, datetime]
    completed_at: datetime | None
    legal_holds: list[HoldView]


@router.get("/erasure", response_model=ErasureView, summary="How far an erasure is, and which holds stand", **STAFF)
def read(person_id: str, call: Annotated[Call, Depends(permitted("person.erasure.read"))], as_of: AsOf) -> ErasureView:
    stream = person_stream(call.service.settings.operator_organisation_id, person_id)
    with call.read() as tx:
        found = call.service.store.fold(tx, ERASURE, stream, as_of=as_of)
    if not found.version:
        raise unknown("erasure_unknown", "No erasure of such a person was asked for, and no hold was placed.")
    return _view(person_id, found)


@router.post("/erasure", status_code=201, response_model=ErasureVersion, summary="Ask for a person's erasure", **STAFF)
def request(person_id: str, body: ErasureRequest, call: Erasing) -> Response:
    """Of a patient with all that stands under any of their cases, or of a specialist. Another privacy officer approves it."""
    erasure_id, busy = call.new_id(), _engagement(call, person_id)

    def work(tx: Tx) -> ErasureVersion:
        command = RequestErasure(
            person_id=person_id,
            erasure_id=erasure_id,
            reason=body.reason,
            by=call.principal.subject,
            standing=_standing(call, tx, person_id, busy),
            now=call.now,
        )
        return _execute(call, tx, person_id, command)

    return call.command(work)


@router.post(
    "/erasure/approval",
    status_code=201,
    response_model=ErasureVersion,
    summary="Approve it: nothing takes it back",
    **STAFF,
)
def approve(person_id: str, call: Erasing) -> Response:
    """By somebody else than who asked. Every service destroys what it has at once; the certificate says when each has."""
    busy = _engagement(call, person_id)

    def work(tx: Tx) -> ErasureVersion:
        command = ApproveErasure(
            by=call.principal.subject,
            standing=_standing(call, tx, person_id, busy),
            services=ASKED,
            now=call.now,
        )
        return _execute(call, tx, person_id, command)

    return call.command(work)


@router.post(
    "/legal-holds", status_code=201, response_model=HoldVersion, summary="Nothing of this person may be erased", **STAFF
)
def place(person_id: str, body: HoldRequest, call: Holding) -> Response:
    hold_id = call.new_id()
    _engagement(call, person_id)
    command = PlaceHold(
        person_id=person_id, hold_id=hold_id, reason=body.reason, by=call.principal.subject, now=call.now
    )
    return call.command(lambda tx: _held(hold_id, _execute(call, tx, person_id, command)))


@router.post(
    "/legal-holds/{hold_id}/lifting", status_code=201, response_model=HoldVersion, summary="Lift a legal hold", **STAFF
)
def lift(person_id: str, hold_id: str, call: Holding) -> Response:
    command = LiftHold(person_id=person_id, hold_id=hold_id, by=call.principal.subject, now=call.now)
    return call.command(lambda tx: _held(hold_id, _execute(call, tx, person_id, command)))


def _engagement(call: Call, person_id: str) -> int:
    """What a specialist has open, asked of matching; 0 for a patient. Raises 404 for an id that is neither's."""
    with call.read() as tx:
        if cases_of(tx, person_id):
            return 0
    try:
        answer = call.service.neighbours.get(f"/internal/v1/matching/specialists/{person_id}/engagement")
    except DomainError as refusal:
        if refusal.status != UNKNOWN:
            raise
        raise unknown("person_unknown", "There is no patient and no specialist of that id.") from None
    found = SpecialistEngagement.model_validate(answer)
    return found.open_offers + found.active_assignments


def _standing(call: Call, tx: Tx, person_id: str, busy: int) -> Standing:
    """Of whom an erasure is ordered nothing is looked at any more: the decider has its answer already."""
    if erasures.ordered(tx, person_id):
        return Standing()
    cases = cases_of(tx, person_id)
    return standing(call.service.store, tx, cases) if cases else Standing(busy=busy)


def _execute(call: Call, tx: Tx, person_id: str, command: Command) -> ErasureVersion:
    stream = person_stream(call.service.settings.operator_organisation_id, person_id)
    done = call.service.store.execute(tx, ERASURE, stream, command, call.meta())
    return ErasureVersion(person_id=person_id, version=done.version, state=done.state.state, at=call.now)


def _held(hold_id: str, done: ErasureVersion) -> HoldVersion:
    return HoldVersion(**done.model_dump(), hold_id=hold_id)


def _view(person_id: str, found: Folded[Erasure]) -> ErasureView:
    state, asked, order = found.state, found.state.requested, found.state.approved
    holds = [
        HoldView(hold_id=hold.hold_id, reason=hold.reason, placed_by=hold.placed_by, placed_at=hold.placed_at)
        for hold in state.holds
    ]
    return ErasureView(
        person_id=person_id,
        version=found.version,
        state=state.state,
        erasure_id=asked.erasure_id if asked else None,
        reason=asked.reason if asked else None,
        requested_by=asked.requested_by if asked else None,
        requested_at=asked.requested_at if asked else None,
        approved_by=order.approved_by if order else None,
        approved_at=order.approved_at if order else None,
        services=list(order.services) if order else [],
        destroyed=state.destroyed,
        completed_at=state.completed_at,
        legal_holds=holds,
    )
