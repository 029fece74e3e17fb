"""What the case still needs: the checklist as it stands, waivers, and the acceptance of the record set."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from rso_records_compiler import cases
from rso_records_compiler.api.bodies import Empty, Waiver
from rso_records_compiler.api.models import Checklist, ChecklistLine, RecordSet, Waived
from rso_records_compiler.api.work import dossier, execute
from rso_records_compiler.domain.completeness import complete
from rso_records_compiler.domain.dossier import DOSSIER, Dossier, DossierState
from rso_records_compiler.domain.dossier_commands import AcceptRecordSet, WaiveItem
from rso_records_compiler.domain.dossier_events import Reason, RecordSetAccepted
from rso_records_compiler.domain.request import REQUEST
from rso_records_compiler.domain.request_commands import AbandonRequest
from rso_records_compiler.projections import request_streams
from rso_shared.kit.database import Tx
from rso_shared.kit.sealed import Sealed
from rso_shared.kit.web.as_of import AsOf
from rso_shared.kit.web.call import PUBLIC, STAFF, Call, permitted

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["records"])


@router.get("/checklist", summary="What is required, what is there, what is missing", **PUBLIC)
def checklist(case_id: str, call: Annotated[Call, Depends(permitted("checklist.read"))], as_of: AsOf) -> Checklist:
    """Before the compilation starts there are no lines."""
    at = as_of or call.now
    with call.read() as tx:
        folded = dossier(call, tx, cases.submitted(tx, case_id), as_of)
    state = folded.state
    lines = state.lines(at)
    return Checklist(
        case_id=case_id, version=folded.version, state=state.state, as_of=at, condition_group=state.condition_group,
        complete=state.state is not DossierState.GATHERING and complete(lines),
        missing=[line.kind for line in lines if line.missing], lines=[ChecklistLine.of(line) for line in lines],
        accepted_at=state.accepted_at,
    )  # fmt: skip


@router.post("/checklist/waivers", status_code=201, response_model=Waived, summary="Waive a kind", **STAFF)
def waive(case_id: str, body: Waiver, call: Annotated[Call, Depends(permitted("checklist.waive"))]) -> Response:
    """By a clinician, with a reason. Open requests for this kind are abandoned with it."""

    def work(tx: Tx) -> Waived:
        case = cases.working(tx, case_id)
        by = call.principal.subject
        command = WaiveItem(body.kind, by, Sealed(case.person_id, Reason(body.reason)))
        done = execute(call, tx, DOSSIER, cases.dossier_stream(case), command)
        given_up = []
        for stream in request_streams(tx, case_id, body.kind):
            abandoned = execute(call, tx, REQUEST, stream, AbandonRequest())
            if abandoned.recorded:
                given_up.append(abandoned.state.request_id)
        return Waived(case_id=case_id, version=done.version, kind=body.kind, waived_by=by, abandoned_requests=given_up)

    return call.command(work)


@router.post("/record-set", status_code=201, response_model=RecordSet, summary="Accept the record set", **STAFF)
def accept_record_set(
    case_id: str, call: Annotated[Call, Depends(permitted("record_set.accept"))], _body: Empty | None = None
) -> Response:
    """409 `record_set_incomplete` names the kinds that are neither accepted nor waived."""

    def work(tx: Tx) -> RecordSet:
        case = cases.working(tx, case_id)
        command = AcceptRecordSet(call.principal.subject, call.now)
        done = execute(call, tx, DOSSIER, cases.dossier_stream(case), command)
        accepted: RecordSetAccepted = done.recorded[-1].event
        return _record_set(done.state, done.version, accepted)

    return call.command(work)


def _record_set(state: Dossier, version: int, accepted: RecordSetAccepted) -> RecordSet:
    return RecordSet(
        case_id=state.case_id, version=version, documents=accepted.documents, waived=accepted.waived,
        manifest_sha256=accepted.manifest_sha256, accepted_at=accepted.accepted_at,
    )  # fmt: skip
