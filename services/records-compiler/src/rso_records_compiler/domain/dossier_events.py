"""What can happen to a case's dossier: checklist, items, waivers, the accepted set. Kinds and months in the clear, never titles."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rso_shared.contracts.program import ProgramRef
from rso_shared.contracts.vocabulary import ConditionGroup, RecordKind
from rso_shared.kit.events import event
from rso_shared.kit.sealed import Sealed


class RejectionReason(StrEnum):
    ILLEGIBLE = "illegible"
    INCOMPLETE = "incomplete"
    WRONG_PATIENT = "wrong_patient"
    WRONG_KIND = "wrong_kind"
    NOT_RELEVANT = "not_relevant"
    DUPLICATE = "duplicate"
    OUTDATED = "outdated"


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """`max_age_days` counts back from the acceptance of the record set; None: any age will do."""

    kind: RecordKind
    required: bool
    max_age_days: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """Free text: it may name people."""

    text: str


@event("records.compilation_started")
class RecordsCompilationStarted:
    """The checklist is fixed here, from one program version and one condition group."""

    case_id: str
    program: ProgramRef
    condition_group: ConditionGroup
    checklist: tuple[ChecklistLine, ...]


@event("records.record_item_received")
class RecordItemReceived:
    """`late`: after the record set was accepted."""

    case_id: str
    document_id: str
    kind: RecordKind
    facility_id: str | None
    month: str | None
    request_id: str | None
    late: bool


@event("records.record_item_accepted")
class RecordItemAccepted:
    case_id: str
    document_id: str
    kinds: tuple[RecordKind, ...]
    accepted_by: str


@event("records.record_item_rejected")
class RecordItemRejected:
    case_id: str
    document_id: str
    reason: RejectionReason
    rejected_by: str
    note: Sealed[Reason]


@event("records.record_item_waived")
class RecordItemWaived:
    """By a clinician, named by the subject of the token, with a reason."""

    case_id: str
    kind: RecordKind
    waived_by: str
    reason: Sealed[Reason]


@event("records.record_set_accepted")
class RecordSetAccepted:
    """`manifest_sha256` is over the accepted documents and waivers, whatever their order of arrival."""

    case_id: str
    documents: int
    waived: int
    manifest_sha256: str
    accepted_by: str
    accepted_at: datetime


@event("records.compilation_cancelled")
class CompilationCancelled:
    """The case was withdrawn: nothing more is asked for, taken in or opened."""

    case_id: str
