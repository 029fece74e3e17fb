"""Commands and events of records with plain values, for given/when/then."""

from datetime import UTC, date, datetime, timedelta

from rso_records_compiler.domain import dossier_events as dossier
from rso_records_compiler.domain import request_events as request
from rso_records_compiler.domain.authorization import Authorization
from rso_records_compiler.domain.dossier_commands import (
    AcceptItem,
    AcceptRecordSet,
    ReceiveItem,
    RejectItem,
    StartCompilation,
    WaiveItem,
)
from rso_records_compiler.domain.dossier_events import ChecklistLine, Reason, RejectionReason
from rso_records_compiler.domain.request_commands import IdentifyHolder, SendRequest
from rso_records_compiler.domain.request_events import Channel, Note
from rso_shared.contracts.program import ProgramRef
from rso_shared.contracts.vocabulary import ConditionGroup, RecordKind
from rso_shared.kit.sealed import Sealed

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=7)
CASE, PERSON, FACILITY, REQUEST_ID = "case-1", "person-1", "facility-1", "request-1"
PATHOLOGY, LAB, NOTE, IMAGING = (
    RecordKind.PATHOLOGY_REPORT,
    RecordKind.LAB,
    RecordKind.CLINICAL_NOTE,
    RecordKind.IMAGING_STUDY,
)
GROUP = ConditionGroup.BREAST_CANCER
PROGRAM = ProgramRef(program_id="self-pay", version=3)
NURSE, CLERK = "nurse-1", "clerk-1"
NO_NOTE = Sealed(PERSON, Note(""))
WHY = Sealed(PERSON, Reason("the facility burned down"))

IN_FORCE = Authorization("authorization-1", date(2026, 12, 31))

IDS = {"request_id": REQUEST_ID, "case_id": CASE}
IDENTIFY = IdentifyHolder(REQUEST_ID, CASE, FACILITY, PATHOLOGY, NO_NOTE)
SEND = SendRequest(Channel.FAX, IN_FORCE, NOW)


def identified(request_id=REQUEST_ID, number=1):
    return request.RecordHolderIdentified(
        request_id=request_id, case_id=CASE, facility_id=FACILITY, kind=PATHOLOGY, round=number, note=NO_NOTE
    )


def verified():
    return request.RecordRequestVerified(**IDS, facility_id=FACILITY)


def sent(attempt=1, at=NOW):
    return request.RecordRequestSent(
        **IDS,
        facility_id=FACILITY,
        kind=PATHOLOGY,
        channel=Channel.FAX,
        authorization_id="authorization-1",
        attempt=attempt,
        sent_at=at,
    )


def answered(document_id="document-1", *, complete=False):
    return request.RecordRequestAnswered(**IDS, document_id=document_id, complete=complete)


CHECKLIST = (
    ChecklistLine(PATHOLOGY, required=True),
    ChecklistLine(LAB, required=True, max_age_days=90),
    ChecklistLine(IMAGING, required=False),
)
START = StartCompilation(CASE, PROGRAM, GROUP, CHECKLIST)
ACCEPT_SET = AcceptRecordSet(CLERK, NOW)


def started():
    return dossier.RecordsCompilationStarted(case_id=CASE, program=PROGRAM, condition_group=GROUP, checklist=CHECKLIST)


def receive(document_id, kind=PATHOLOGY, month="2026-02"):
    return ReceiveItem(CASE, document_id, kind, FACILITY, month, None)


def received(document_id, kind=PATHOLOGY, month="2026-02", *, late=False):
    return dossier.RecordItemReceived(
        case_id=CASE,
        document_id=document_id,
        kind=kind,
        facility_id=FACILITY,
        month=month,
        request_id=None,
        late=late,
    )


def accept(document_id, *kinds: RecordKind):
    return AcceptItem(document_id, kinds, CLERK)


def accepted(document_id, *kinds: RecordKind):
    return dossier.RecordItemAccepted(case_id=CASE, document_id=document_id, kinds=kinds, accepted_by=CLERK)


def reject(document_id, reason=RejectionReason.ILLEGIBLE):
    return RejectItem(document_id, reason, CLERK, WHY)


def rejected(document_id, reason=RejectionReason.ILLEGIBLE):
    return dossier.RecordItemRejected(case_id=CASE, document_id=document_id, reason=reason, rejected_by=CLERK, note=WHY)


def waive(kind):
    return WaiveItem(kind, NURSE, WHY)


def waived(kind):
    return dossier.RecordItemWaived(case_id=CASE, kind=kind, waived_by=NURSE, reason=WHY)
