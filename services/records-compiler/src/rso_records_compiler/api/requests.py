"""Record requests: one per facility and kind, from the first mention of a holder to the verdict."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from rso_records_compiler import cases
from rso_records_compiler.api.bodies import Dispatch, Empty, NewRequest, VerdictGiven
from rso_records_compiler.api.models import Requests, RequestView
from rso_records_compiler.api.work import current_request, dossier, execute, note
from rso_records_compiler.domain.dossier import DossierState
from rso_records_compiler.domain.request import REQUEST
from rso_records_compiler.domain.request_commands import (
    AcknowledgeRequest,
    CancelRequest,
    Command,
    IdentifyHolder,
    Judge,
    SendRequest,
    VerifyRequest,
)
from rso_records_compiler.projections import request_streams
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import DomainError
from rso_shared.kit.web.as_of import AsOf
from rso_shared.kit.web.call import PUBLIC, STAFF, Call, permitted

router = APIRouter(prefix="/v1/cases/{case_id}/record-requests", tags=["records"])
Working = Annotated[Call, Depends(permitted("record_request.work"))]


@router.post("", status_code=201, response_model=RequestView, summary="Name a record holder", **STAFF)
def identify(case_id: str, body: NewRequest, call: Working) -> Response:
    request_id = call.new_id()

    def work(tx: Tx) -> RequestView:
        case = cases.working(tx, case_id)
        _require_open_dossier(call, tx, case_id)
        cases.known_facility(tx, case, body.facility_id, "/facility_id")
        stream = cases.request_stream(case, body.facility_id, body.kind)
        command = IdentifyHolder(request_id, case_id, body.facility_id, body.kind, note(case, body.note))
        done = execute(call, tx, REQUEST, stream, command)
        return RequestView.of(done.state, done.version)

    return call.command(work)


@router.get("", summary="The case's record requests", **PUBLIC)
def listing(case_id: str, call: Annotated[Call, Depends(permitted("record_request.read"))], as_of: AsOf) -> Requests:
    """Where a kind was asked of a facility more than once, the last round is shown."""
    with call.read() as tx:
        streams = request_streams(tx, case_id)
        folded = [call.service.store.fold(tx, REQUEST, stream, as_of=as_of) for stream in streams]
    views = [RequestView.of(one.state, one.version) for one in folded if one.version]
    return Requests(case_id=case_id, as_of=as_of or call.now, requests=views)


@router.post("/{request_id}/verification", response_model=RequestView, summary="The facility holds records", **STAFF)
def verify(case_id: str, request_id: str, call: Working, _body: Empty | None = None) -> Response:
    return _step(call, case_id, request_id, VerifyRequest())


@router.post("/{request_id}/dispatch", response_model=RequestView, summary="The request goes out", **STAFF)
def dispatch(case_id: str, request_id: str, body: Dispatch, call: Working) -> Response:
    """Needs an authorization in force: 409 `authorization_missing`, `authorization_expired`, `authorization_revoked`."""

    def work(tx: Tx) -> RequestView:
        command = SendRequest(body.channel, cases.authorization(tx, case_id), call.now)
        return _stepped(call, tx, case_id, request_id, command)

    return call.command(work)


@router.post("/{request_id}/acknowledgement", response_model=RequestView, summary="The facility has it", **STAFF)
def acknowledge(case_id: str, request_id: str, call: Working, _body: Empty | None = None) -> Response:
    return _step(call, case_id, request_id, AcknowledgeRequest())


@router.post(
    "/{request_id}/verdict", response_model=RequestView, summary="Complete, incomplete, none, refused", **STAFF
)
def verdict(case_id: str, request_id: str, body: VerdictGiven, call: Working) -> Response:
    def work(tx: Tx) -> RequestView:
        command = Judge(body.verdict, note(cases.submitted(tx, case_id), body.note))
        return _stepped(call, tx, case_id, request_id, command)

    return call.command(work)


@router.post("/{request_id}/cancellation", response_model=RequestView, summary="No longer wanted", **STAFF)
def cancel(case_id: str, request_id: str, call: Working, _body: Empty | None = None) -> Response:
    return _step(call, case_id, request_id, CancelRequest())


def _step(call: Call, case_id: str, request_id: str, command: Command) -> Response:
    return call.command(lambda tx: _stepped(call, tx, case_id, request_id, command))


def _stepped(call: Call, tx: Tx, case_id: str, request_id: str, command: Command) -> RequestView:
    cases.working(tx, case_id)
    done = execute(call, tx, REQUEST, current_request(call, tx, case_id, request_id), command)
    return RequestView.of(done.state, done.version)


def _require_open_dossier(call: Call, tx: Tx, case_id: str) -> None:
    if dossier(call, tx, cases.submitted(tx, case_id)).state.state is DossierState.CANCELLED:
        raise DomainError("compilation_cancelled", "The case was withdrawn; its records are closed.")
