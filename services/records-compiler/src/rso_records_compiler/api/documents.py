"""Documents of a case: the list, the content, and the verdict of a person on each."""

from collections.abc import Iterator
from itertools import chain
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import StreamingResponse

from rso_records_compiler import cases
from rso_records_compiler.api.bodies import Acceptance, Rejection
from rso_records_compiler.api.models import Documents, DocumentView, ItemJudged
from rso_records_compiler.api.work import document, dossier, execute, purpose
from rso_records_compiler.domain.completeness import Item, ItemState
from rso_records_compiler.domain.document import DOCUMENT, Description, DocumentReceived, OpenDocument
from rso_records_compiler.domain.dossier import DOSSIER, Dossier
from rso_records_compiler.domain.dossier_commands import AcceptItem, OpenItem, RejectItem
from rso_records_compiler.domain.dossier_events import Reason
from rso_shared.contracts.permissions import MATRIX
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import DomainError, unknown
from rso_shared.kit.keys import TamperedError
from rso_shared.kit.sealed import Sealed
from rso_shared.kit.web.as_of import AsOf
from rso_shared.kit.web.call import PUBLIC, STAFF, Call, permitted

router = APIRouter(prefix="/v1/cases/{case_id}/documents", tags=["records"])
Judging = Annotated[Call, Depends(permitted("document.judge"))]
_NOTHING = Description(None, (), None, "", ())


def may_judge(call: Call) -> bool:
    return call.principal.role in MATRIX["document.judge"]


@router.get("", summary="The case's documents", **PUBLIC)
def listing(case_id: str, call: Annotated[Call, Depends(permitted("document.list"))], as_of: AsOf) -> Documents:
    """Kinds, months, states and titles; titles are identified data, so the look is logged."""
    with call.read() as tx:
        case = cases.submitted(tx, case_id)
        items = dossier(call, tx, case, as_of).state.items
        found = [(item, document(call, tx, case, document_id).received) for document_id, item in items.items()]
        shown = [_view(item, received, judging=may_judge(call)) for item, received in found if received]
    call.reveal(case_id=case_id, what="document_titles", purpose=purpose(call))
    return Documents(case_id=case_id, as_of=as_of or call.now, documents=shown)


def _view(item: Item, received: DocumentReceived, *, judging: bool) -> DocumentView:
    hidden = item.state is ItemState.REJECTED and not judging
    told = _NOTHING if hidden else received.description.open()
    return DocumentView(
        document_id=received.document_id, state=item.state, media_type=received.media_type, size=received.size,
        pages=received.pages, kind=item.kind, kinds=item.kinds,
        satisfies={count.name: count.count for count in received.satisfies},
        resources={count.name: count.count for count in received.resources}, month=item.month,
        facility_id=item.facility_id, patient=received.patient, late=item.late, received_at=received.received_at,
        title=told.title, facilities=told.facilities, details=_joined(told),
    )  # fmt: skip


def _joined(told: Description) -> dict[str, str]:
    """One member per name; sections of a C-CDA come several times."""
    names = dict.fromkeys(detail.name for detail in told.details)
    return {name: "; ".join(detail.value for detail in told.details if detail.name == name) for name in names}


@router.get("/{document_id}/content", summary="The document itself", response_class=StreamingResponse, **PUBLIC)
def content(case_id: str, document_id: str, call: Annotated[Call, Depends(permitted("document.open"))]) -> Response:
    """The bytes as they came, with the type they were recognised as. Needs an authorization in force; the look is logged."""
    with call.read() as tx:
        received, person_id = _openable(call, tx, case_id, document_id)
    call.reveal(case_id=case_id, person_id=person_id, what=f"document/{document_id}", purpose=purpose(call))
    chunks = _checked(call.service.blobs.reader(person_id, document_id))
    headers = {
        "content-length": str(received.size),
        "content-disposition": f'attachment; filename="{document_id}"',
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    if received.encoding:
        headers["content-encoding"] = received.encoding
    return StreamingResponse(chunks, media_type=received.media_type, headers=headers)


def _openable(call: Call, tx: Tx, case_id: str, document_id: str) -> tuple[DocumentReceived, str]:
    """Asks both deciders: the dossier whether it is this case's and not set aside, the document whether it may be shown."""
    case = cases.submitted(tx, case_id)
    call.service.keys.require(case.person_id)
    cases.not_withdrawn(tx, case_id)
    DOSSIER.decide(OpenItem(document_id, may_judge(call)), dossier(call, tx, case).state)
    state = document(call, tx, case, document_id)
    if state.received is None:
        raise unknown("document_unknown", "There is no such document in this case.")
    DOCUMENT.decide(OpenDocument(cases.authorization(tx, case_id), call.now.date()), state)
    return state.received, case.person_id


def _checked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Opens the first chunk before the answer begins, so that damage there is a refusal and not half a document."""
    try:
        first = next(chunks)
    except TamperedError:
        raise DomainError(
            "document_damaged", "The stored document is not as it was written; operations have to look.", status=500
        ) from None
    return chain([first], chunks)


@router.post("/{document_id}/acceptance", response_model=ItemJudged, summary="Accept for kinds of record", **STAFF)
def accept(case_id: str, document_id: str, body: Acceptance, call: Judging) -> Response:
    command = AcceptItem(document_id, tuple(body.kinds), call.principal.subject)
    return call.command(lambda tx: _judged(call, tx, case_id, command))


@router.post("/{document_id}/rejection", response_model=ItemJudged, summary="Reject with a reason", **STAFF)
def reject(case_id: str, document_id: str, body: Rejection, call: Judging) -> Response:
    def work(tx: Tx) -> ItemJudged:
        note = Sealed(cases.submitted(tx, case_id).person_id, Reason(body.note))
        return _judged(call, tx, case_id, RejectItem(document_id, body.reason, call.principal.subject, note))

    return call.command(work)


def _judged(call: Call, tx: Tx, case_id: str, command: AcceptItem | RejectItem) -> ItemJudged:
    done = execute(call, tx, DOSSIER, cases.dossier_stream(cases.working(tx, case_id)), command)
    state: Dossier = done.state
    item = state.items[command.document_id]
    return ItemJudged(
        case_id=case_id, version=done.version, document_id=command.document_id, state=item.state, kinds=item.kinds
    )
