"""The streamed upload: one POST, the body is the document. Nothing is kept of it unless the command at the end succeeds."""

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response

from rso_records_compiler import cases, patient
from rso_records_compiler.api.filing import Labels, file_document
from rso_records_compiler.api.models import DocumentReceipt
from rso_records_compiler.formats.media import DECLARABLE, Declared, declared
from rso_records_compiler.formats.probe import Probe
from rso_records_compiler.projections import stream_of_request
from rso_records_compiler.receiving import Received, Receiving, refuse_by_length
from rso_shared.kit.database import Tx
from rso_shared.kit.idempotency import checked_key
from rso_shared.kit.web.call import PUBLIC, Call, permitted

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["records"])

_BODY = {"content": {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in DECLARABLE}}
_AS_STREAM: dict[str, Any] = {
    **PUBLIC,
    "openapi_extra": {**PUBLIC["openapi_extra"], "requestBody": {"required": True, **_BODY}},
}


@router.post("/documents", status_code=201, response_model=DocumentReceipt, summary="Upload a document", **_AS_STREAM)
async def upload(
    case_id: str,
    request: Request,
    call: Annotated[Call, Depends(permitted("document.upload"))],
    labels: Annotated[Labels, Depends(Labels)],
) -> Response:
    """FHIR R4 JSON (a Bundle or one resource, gzip accepted), C-CDA, PDF, DICOM or HL7 v2, under its true Content-Type.

    413 `document_too_large`, `bundle_too_large`; 415 `media_type_unsupported`, `media_type_mismatch`; 422 where it is
    empty, truncated or not what it should be. Allowed before the compilation starts, and after the set was accepted.
    """
    headers = request.headers
    said = declared(headers.get("content-type"), headers.get("content-encoding"))
    refuse_by_length(headers.get("content-length"), call.service.settings.document_limit)
    checked_key(headers.get("idempotency-key"))
    receiving = await to_thread.run_sync(_prepare, call, case_id, labels, said)
    received = await receiving.run(request.stream())
    return await to_thread.run_sync(_file, call, case_id, labels, receiving, received)


def _prepare(call: Call, case_id: str, labels: Labels, said: Declared) -> Receiving:
    """Whatever can be refused before the first byte is refused here. The document's id names its blob."""
    with call.read() as tx:
        case = cases.working(tx, case_id)
        if labels.facility_id:
            cases.known_facility(tx, case, labels.facility_id, "/facility_id")
        if labels.request_id:
            stream_of_request(tx, case_id, labels.request_id)
    limits = call.service.settings
    writer = call.service.blobs.writer(case.person_id, call.new_id())
    return Receiving(writer, Probe(said, limits.bundle_limit), limits.document_limit)


def _file(call: Call, case_id: str, labels: Labels, receiving: Receiving, received: Received) -> Response:
    """A replayed command answers as the first time; what came in again is removed again, as after a refusal."""
    mark = patient.mark(call.service.neighbours, case_id, received.recognition.subject)

    def work(tx: Tx) -> DocumentReceipt:
        return file_document(call, tx, case_id, labels, received, mark)

    content = f"{received.recognition.format} {received.blob.sha256}".encode()
    try:
        answer = call.command(work, content=content)
    except BaseException:
        receiving.discard()
        raise
    if "Idempotency-Replayed" in answer.headers:
        receiving.discard()
    return answer
