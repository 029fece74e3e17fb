"""What the coordinator asks of records, and what other services read here. Every command absorbs a repeat."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from rso_records_compiler import cases
from rso_records_compiler.api.bodies import Empty, FollowUpDue
from rso_records_compiler.api.models import (
    Compilation,
    CompilationEnded,
    DossierDocument,
    DossierView,
    FollowedUp,
    Requests,
    RequestView,
)
from rso_records_compiler.api.summary import standing
from rso_records_compiler.api.work import dossier, execute, summary
from rso_records_compiler.domain.dossier import DOSSIER, Dossier
from rso_records_compiler.domain.dossier_commands import CancelCompilation
from rso_records_compiler.domain.request import REQUEST, WAITING
from rso_records_compiler.domain.request_commands import CancelRequest, FollowUp
from rso_records_compiler.projections import request_streams, stream_of_request
from rso_shared.kit.database import Tx
from rso_shared.kit.web.call import INTERNAL, Call, permitted

router = APIRouter(prefix="/internal/v1/records/cases/{case_id}", tags=["records"])
Coordinating = Annotated[Call, Depends(permitted("records.coordinate"))]


@router.post("/compilation", response_model=Compilation, summary="Start the compilation", **INTERNAL)
def start(case_id: str, call: Coordinating, _body: Empty | None = None) -> Response:
    """Fixes the checklist from the case's program version and condition group. 503 until both are known here."""

    def work(tx: Tx) -> Compilation:
        case = cases.submitted(tx, case_id)
        done = execute(call, tx, DOSSIER, cases.dossier_stream(case), cases.start(tx, case))
        state: Dossier = done.state
        return Compilation(
            case_id=case_id, version=done.version, state=state.state, condition_group=state.condition_group,
            required=[line.kind for line in state.checklist if line.required],
            helpful=[line.kind for line in state.checklist if not line.required],
        )  # fmt: skip

    return call.command(work)


@router.get("/requests", summary="Requests that wait for a facility", **INTERNAL)
def waiting(case_id: str, call: Coordinating) -> Requests:
    """Sent and not answered in full: what the ladder is for."""
    with call.read() as tx:
        folded = [call.service.store.fold(tx, REQUEST, stream) for stream in request_streams(tx, case_id)]
    views = [RequestView.of(one.state, one.version) for one in folded if one.state.state in WAITING]
    return Requests(case_id=case_id, as_of=call.now, requests=views)


@router.post(
    "/requests/{request_id}/follow-up", response_model=FollowedUp, summary="One rung of the ladder", **INTERNAL
)
def follow_up(case_id: str, request_id: str, body: FollowUpDue, call: Coordinating) -> Response:
    def work(tx: Tx) -> FollowedUp:
        stream = stream_of_request(tx, case_id, request_id)
        done = execute(call, tx, REQUEST, stream, FollowUp(request_id, body.rung, body.due, call.now))
        view = RequestView.of(done.state, done.version)
        return FollowedUp(**view.model_dump(), followed_up=bool(done.recorded))

    return call.command(work)


@router.post("/cancellation", response_model=CompilationEnded, summary="The case was withdrawn", **INTERNAL)
def cancel(case_id: str, call: Coordinating, _body: Empty | None = None) -> Response:
    """Cancels every open request and closes the dossier: nothing more is sent, taken in or opened."""

    def work(tx: Tx) -> CompilationEnded:
        case = cases.submitted(tx, case_id)
        done = execute(call, tx, DOSSIER, cases.dossier_stream(case), CancelCompilation(case_id))
        ended = []
        for stream in request_streams(tx, case_id):
            cancelled = execute(call, tx, REQUEST, stream, CancelRequest(quietly=True))
            if cancelled.recorded:
                ended.append(cancelled.state.request_id)
        return CompilationEnded(case_id=case_id, version=done.version, state=done.state.state, cancelled_requests=ended)

    return call.command(work)


@router.get("/dossier", summary="What the record consists of", **INTERNAL)
def read_dossier(case_id: str, call: Annotated[Call, Depends(permitted("summary.read"))]) -> DossierView:
    """Ids, kinds and months; no title, no statement."""
    with call.read() as tx:
        case = cases.submitted(tx, case_id)
        folded, written = dossier(call, tx, case), summary(call, tx, case)
    state = folded.state
    documents = [
        DossierDocument(
            document_id=document_id, kind=item.kind, kinds=item.kinds, month=item.month, facility_id=item.facility_id,
            state=item.state, late=item.late,
        )
        for document_id, item in state.items.items()
    ]  # fmt: skip
    return DossierView(
        case_id=case_id, version=folded.version, state=state.state, accepted_at=state.accepted_at,
        manifest_sha256=state.manifest_sha256, documents=documents, waived=sorted(state.waived),
        summary=standing(written.state, written.version, case_id),
    )  # fmt: skip
