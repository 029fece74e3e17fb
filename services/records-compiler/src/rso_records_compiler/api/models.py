"""Answers. Those to commands give ids, versions, states and instants, and name nobody."""

from datetime import date, datetime

from pydantic import BaseModel

from rso_records_compiler.api.bodies import Statement
from rso_records_compiler.domain.completeness import ItemState, Line
from rso_records_compiler.domain.document import PatientMark
from rso_records_compiler.domain.dossier import DossierState
from rso_records_compiler.domain.request import RecordRequest, RequestState
from rso_records_compiler.domain.request_events import Channel
from rso_records_compiler.domain.summary import SummaryState
from rso_shared.contracts.vocabulary import ConditionGroup, RecordKind


class CaseVersion(BaseModel):
    """`version` is that of the stream the command wrote to."""

    case_id: str
    version: int


class RequestView(CaseVersion):
    request_id: str
    facility_id: str
    kind: RecordKind
    state: RequestState
    round: int
    attempt: int
    channel: Channel | None
    sent_at: datetime | None
    documents: tuple[str, ...]

    @classmethod
    def of(cls, request: RecordRequest, version: int) -> "RequestView":
        return cls(
            case_id=request.case_id, version=version, request_id=request.request_id, facility_id=request.facility_id,
            kind=request.kind, state=request.state, round=request.round, attempt=request.attempt,
            channel=request.channel, sent_at=request.sent_at, documents=request.documents,
        )  # fmt: skip


class Requests(BaseModel):
    case_id: str
    as_of: datetime
    requests: list[RequestView]


class FollowedUp(RequestView):
    """`followed_up` is false where the request no longer waits, or the rung was taken before."""

    followed_up: bool


class DocumentReceipt(CaseVersion):
    """What was recognised, as far as it names nobody. `satisfies` proposes; acceptance decides."""

    document_id: str
    media_type: str
    size: int
    pages: int | None
    kind: RecordKind
    satisfies: dict[str, int]
    resources: dict[str, int]
    month: str | None
    facility_id: str | None
    request_id: str | None
    patient: PatientMark
    late: bool
    duplicate_of: list[str]


class DocumentView(BaseModel):
    """`title`, `facilities` and `details` are as the document has them; withheld where it was rejected."""

    document_id: str
    state: ItemState
    media_type: str
    size: int
    pages: int | None
    kind: RecordKind
    kinds: tuple[RecordKind, ...]
    satisfies: dict[str, int]
    resources: dict[str, int]
    month: str | None
    facility_id: str | None
    patient: PatientMark
    late: bool
    received_at: datetime
    title: str | None
    facilities: tuple[str, ...]
    details: dict[str, str]


class Documents(BaseModel):
    case_id: str
    as_of: datetime
    documents: list[DocumentView]


class ItemJudged(CaseVersion):
    document_id: str
    state: ItemState
    kinds: tuple[RecordKind, ...]


class ChecklistLine(BaseModel):
    kind: RecordKind
    required: bool
    satisfied: bool
    max_age_days: int | None
    note: str
    received: int
    accepted: int
    outdated: bool
    waived_by: str | None

    @classmethod
    def of(cls, line: Line) -> "ChecklistLine":
        return cls(
            kind=line.kind, required=line.required, satisfied=line.satisfied, max_age_days=line.max_age_days,
            note=line.note, received=line.received, accepted=line.accepted, outdated=line.outdated,
            waived_by=line.waived_by,
        )  # fmt: skip


class Checklist(CaseVersion):
    state: DossierState
    as_of: datetime
    condition_group: ConditionGroup | None
    complete: bool
    missing: list[RecordKind]
    lines: list[ChecklistLine]
    accepted_at: datetime | None


class Waived(CaseVersion):
    kind: RecordKind
    waived_by: str
    abandoned_requests: list[str]


class RecordSet(CaseVersion):
    documents: int
    waived: int
    manifest_sha256: str
    accepted_at: datetime


class SummaryStanding(CaseVersion):
    state: SummaryState
    summary_version: int
    cited: tuple[str, ...]
    questions_version: int | None
    signed_by: str | None
    signed_on: date | None


class SummaryView(SummaryStanding):
    statements: list[Statement]


class Compilation(CaseVersion):
    state: DossierState
    condition_group: ConditionGroup | None
    required: list[RecordKind]
    helpful: list[RecordKind]


class CompilationEnded(CaseVersion):
    state: DossierState
    cancelled_requests: list[str]


class DossierDocument(BaseModel):
    document_id: str
    kind: RecordKind
    kinds: tuple[RecordKind, ...]
    month: str | None
    facility_id: str | None
    state: ItemState
    late: bool


class DossierView(CaseVersion):
    """For other services: what the record consists of, without a title."""

    state: DossierState
    accepted_at: datetime | None
    manifest_sha256: str | None
    documents: list[DossierDocument]
    waived: list[RecordKind]
    summary: SummaryStanding
