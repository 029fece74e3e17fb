"""A document that arrived whole becomes part of the case: its own stream, the dossier's item, the answer to a request."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query

from rso_records_compiler import cases
from rso_records_compiler.api.models import DocumentReceipt
from rso_records_compiler.api.work import current_request, execute
from rso_records_compiler.domain.document import (
    DOCUMENT,
    Count,
    Description,
    Detail,
    DocumentReceived,
    PatientMark,
    ReceiveDocument,
)
from rso_records_compiler.domain.dossier import DOSSIER, Dossier
from rso_records_compiler.domain.dossier_commands import ReceiveItem
from rso_records_compiler.domain.request import REQUEST, RecordRequest
from rso_records_compiler.domain.request_commands import AnswerRequest
from rso_records_compiler.formats.recognition import Recognition
from rso_records_compiler.receiving import Received
from rso_shared.contracts.intake import CaseSubmitted
from rso_shared.contracts.vocabulary import RecordKind
from rso_shared.kit.database import Tx
from rso_shared.kit.sealed import Sealed
from rso_shared.kit.web.call import Call


@dataclass(frozen=True, slots=True)
class Labels:
    """What the sender says of the document, in the query."""

    kind: Annotated[RecordKind | None, Query(description="What it is; else what is recognised")] = None
    facility_id: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9._-]{1,64}$")] = None
    request_id: Annotated[str | None, Query(description="The record request it answers", max_length=64)] = None
    complete: Annotated[bool, Query(description="The last document on this request")] = False
    title: Annotated[str | None, Query(max_length=200)] = None


def file_document(
    call: Call, tx: Tx, case_id: str, labels: Labels, received: Received, mark: PatientMark
) -> DocumentReceipt:
    case = cases.working(tx, case_id)
    asked = _answered(call, tx, case_id, labels, received.blob.object_id) if labels.request_id else None
    document = _document(call, case, labels, received, mark, asked)
    call.service.blobs.commit(tx, received.blob)
    execute(call, tx, DOCUMENT, cases.document_stream(case, document.document_id), ReceiveDocument(document))
    item = ReceiveItem(
        case_id, document.document_id, document.kind, document.facility_id, document.month, labels.request_id
    )
    done = execute(call, tx, DOSSIER, cases.dossier_stream(case), item)
    dossier: Dossier = done.state
    same = [other for other in call.service.blobs.duplicates(tx, received.blob) if other in dossier.items]
    return _receipt(document, labels, done.version, dossier, [other for other in same if other != document.document_id])


def _answered(call: Call, tx: Tx, case_id: str, labels: Labels, document_id: str) -> RecordRequest:
    stream = current_request(call, tx, case_id, labels.request_id or "")
    command = AnswerRequest(document_id, labels.complete)
    state: RecordRequest = execute(call, tx, REQUEST, stream, command).state
    return state


def _document(
    call: Call, case: CaseSubmitted, labels: Labels, received: Received, mark: PatientMark, asked: RecordRequest | None
) -> DocumentReceived:
    found, blob = received.recognition, received.blob
    return DocumentReceived(
        document_id=blob.object_id, case_id=case.case_id, media_type=found.format.value,
        encoding="gzip" if received.gzip else None, size=blob.size, pages=found.pages,
        kind=_kind(labels, asked, found), satisfies=tuple(Count(kind, number) for kind, number in found.evidence),
        resources=tuple(Count(name, number) for name, number in found.resources), month=found.month,
        facility_id=labels.facility_id or (asked.facility_id if asked else None), patient=mark, received_at=call.now,
        description=Sealed(case.person_id, _description(labels, received)),
    )  # fmt: skip


def _kind(labels: Labels, asked: RecordRequest | None, found: Recognition) -> RecordKind:
    """What the sender says; else what was asked for, unless the content speaks against it; else what was recognised."""
    if labels.kind:
        return labels.kind
    if asked and (found.kind is RecordKind.OTHER or asked.kind in dict(found.evidence)):
        return asked.kind
    return found.kind


def _description(labels: Labels, received: Received) -> Description:
    found = received.recognition
    return Description(
        title=labels.title or found.title, facilities=found.facilities, dated=found.dated, sha256=received.blob.sha256,
        details=tuple(Detail(name, value) for name, value in found.details),
    )  # fmt: skip


def _receipt(
    document: DocumentReceived, labels: Labels, version: int, dossier: Dossier, duplicates: list[str]
) -> DocumentReceipt:
    return DocumentReceipt(
        case_id=document.case_id, version=version, document_id=document.document_id, media_type=document.media_type,
        size=document.size, pages=document.pages, kind=document.kind,
        satisfies={count.name: count.count for count in document.satisfies},
        resources={count.name: count.count for count in document.resources}, month=document.month,
        facility_id=document.facility_id, request_id=labels.request_id, patient=document.patient,
        late=dossier.items[document.document_id].late, duplicate_of=sorted(duplicates),
    )  # fmt: skip
