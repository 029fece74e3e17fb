"""Facts of records: requests per facility, documents, the checklist, the record set and the summary. Kinds and months, never titles."""

from datetime import date, datetime
from typing import ClassVar

from rso_shared.contracts.base import CaseFact, ErasureAnswer
from rso_shared.contracts.vocabulary import RecordKind


class RecordsCompilationStarted(CaseFact):
    TYPE: ClassVar[str] = "records.compilation_started"
    required: tuple[RecordKind, ...]
    helpful: tuple[RecordKind, ...] = ()


class RecordHolderIdentified(CaseFact):
    """A request exists before it is sent: one per facility and kind."""

    TYPE: ClassVar[str] = "records.record_holder_identified"
    request_id: str
    facility_id: str
    kind: RecordKind


class RecordRequestVerified(CaseFact):
    TYPE: ClassVar[str] = "records.record_request_verified"
    request_id: str
    facility_id: str


class RecordRequestSent(CaseFact):
    TYPE: ClassVar[str] = "records.record_request_sent"
    request_id: str
    facility_id: str
    kind: RecordKind
    sent_at: datetime


class RecordRequestAcknowledged(CaseFact):
    TYPE: ClassVar[str] = "records.record_request_acknowledged"
    request_id: str


class RecordRequestIncomplete(CaseFact):
    """The completeness verdict: something came, not all; the request is open again."""

    TYPE: ClassVar[str] = "records.record_request_incomplete"
    request_id: str


class RecordRequestFulfilled(CaseFact):
    """Accepted: the facility owes nothing more on this request."""

    TYPE: ClassVar[str] = "records.record_request_fulfilled"
    request_id: str


class NoRecordsFound(CaseFact):
    TYPE: ClassVar[str] = "records.no_records_found"
    request_id: str


class RecordRequestRefused(CaseFact):
    TYPE: ClassVar[str] = "records.record_request_refused"
    request_id: str


class RecordRequestCancelled(CaseFact):
    TYPE: ClassVar[str] = "records.record_request_cancelled"
    request_id: str


class RecordRequestAbandoned(CaseFact):
    TYPE: ClassVar[str] = "records.record_request_abandoned"
    request_id: str


class RecordItemReceived(CaseFact):
    TYPE: ClassVar[str] = "records.record_item_received"
    document_id: str
    kind: RecordKind
    facility_id: str | None
    month: str | None
    """YYYY-MM of the document's own date."""


class RecordItemAccepted(CaseFact):
    TYPE: ClassVar[str] = "records.record_item_accepted"
    document_id: str
    kinds: tuple[RecordKind, ...]
    """The checklist kinds this document satisfies: a bundle may satisfy several."""


class RecordItemRejected(CaseFact):
    TYPE: ClassVar[str] = "records.record_item_rejected"
    document_id: str
    reason: str


class RecordItemWaived(CaseFact):
    TYPE: ClassVar[str] = "records.record_item_waived"
    kind: RecordKind


class RecordSetAccepted(CaseFact):
    TYPE: ClassVar[str] = "records.record_set_accepted"
    documents: int
    waived: int
    manifest_sha256: str
    accepted_at: datetime


class CaseSummaryDrafted(CaseFact):
    TYPE: ClassVar[str] = "records.case_summary_drafted"
    summary_version: int


class CaseSummarySigned(CaseFact):
    TYPE: ClassVar[str] = "records.case_summary_signed"
    summary_version: int
    questions_version: int
    signed_on: date


class KeyDestroyed(ErasureAnswer):
    TYPE: ClassVar[str] = "records.key_destroyed"
