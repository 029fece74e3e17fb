"""What can be asked of a dossier. Time and ids come inside."""

from dataclasses import dataclass
from datetime import datetime

from rso_records_compiler.domain.dossier_events import ChecklistLine, Reason, RejectionReason
from rso_shared.contracts.program import ProgramRef
from rso_shared.contracts.vocabulary import ConditionGroup, RecordKind
from rso_shared.kit.sealed import Sealed


@dataclass(frozen=True, slots=True)
class StartCompilation:
    case_id: str
    program: ProgramRef
    condition_group: ConditionGroup
    checklist: tuple[ChecklistLine, ...]


@dataclass(frozen=True, slots=True)
class ReceiveItem:
    case_id: str
    document_id: str
    kind: RecordKind
    facility_id: str | None
    month: str | None
    request_id: str | None


@dataclass(frozen=True, slots=True)
class AcceptItem:
    document_id: str
    kinds: tuple[RecordKind, ...]
    by: str


@dataclass(frozen=True, slots=True)
class RejectItem:
    document_id: str
    reason: RejectionReason
    by: str
    note: Sealed[Reason]


@dataclass(frozen=True, slots=True)
class WaiveItem:
    kind: RecordKind
    by: str
    reason: Sealed[Reason]


@dataclass(frozen=True, slots=True)
class AcceptRecordSet:
    by: str
    now: datetime


@dataclass(frozen=True, slots=True)
class CancelCompilation:
    case_id: str


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Asks only: nothing happens but the access log's entry. `judging`: the caller may judge documents."""

    document_id: str
    judging: bool


Command = (
    StartCompilation | ReceiveItem | AcceptItem | RejectItem | WaiveItem | AcceptRecordSet | CancelCompilation | OpenItem
)  # fmt: skip
