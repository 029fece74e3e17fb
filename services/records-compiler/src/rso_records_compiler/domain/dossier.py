"""Dossier: everything gathered for one case. It decides when the record set is complete; a document may come before and after."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from rso_records_compiler.domain import dossier_events as happened
from rso_records_compiler.domain.completeness import Item, ItemState, Line, complete, lines, manifest
from rso_records_compiler.domain.dossier_commands import (
    AcceptItem,
    AcceptRecordSet,
    CancelCompilation,
    Command,
    OpenItem,
    ReceiveItem,
    RejectItem,
    StartCompilation,
    WaiveItem,
)
from rso_records_compiler.domain.dossier_events import ChecklistLine
from rso_shared.contracts.vocabulary import ConditionGroup, RecordKind
from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import DomainError, invalid, unknown


class DossierState(StrEnum):
    """`gathering` before the compilation was started: documents may come at once after submission."""

    GATHERING = "gathering"
    COMPILING = "compiling"
    ACCEPTED = "accepted"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Dossier:
    case_id: str = ""
    state: DossierState = DossierState.GATHERING
    condition_group: ConditionGroup | None = None
    checklist: tuple[ChecklistLine, ...] = ()
    items: Mapping[str, Item] = field(default_factory=dict)
    waived: Mapping[RecordKind, str] = field(default_factory=dict)
    accepted_at: datetime | None = None
    manifest_sha256: str | None = None

    def lines(self, now: datetime) -> tuple[Line, ...]:
        """The checklist as it stands; once the set is accepted, ages count back from that instant."""
        return lines(self.checklist, self.items, self.waived, (self.accepted_at or now).date())


def decide(command: Command, dossier: Dossier) -> Sequence[Any]:
    """A repeated start or cancellation is absorbed; everything else on a cancelled dossier is refused."""
    if dossier.state is DossierState.CANCELLED and not isinstance(command, CancelCompilation):
        raise DomainError("compilation_cancelled", "The case was withdrawn; its records are closed.")
    return _DECIDE[type(command)](command, dossier)


def _start(command: StartCompilation, dossier: Dossier) -> Sequence[Any]:
    if dossier.state is not DossierState.GATHERING:
        return []
    return [
        happened.RecordsCompilationStarted(
            case_id=command.case_id, program=command.program, condition_group=command.condition_group,
            checklist=command.checklist,
        )
    ]  # fmt: skip


def _receive(command: ReceiveItem, dossier: Dossier) -> Sequence[Any]:
    if command.document_id in dossier.items:
        return []
    return [
        happened.RecordItemReceived(
            case_id=command.case_id, document_id=command.document_id, kind=command.kind,
            facility_id=command.facility_id, month=command.month, request_id=command.request_id,
            late=dossier.state is DossierState.ACCEPTED,
        )
    ]  # fmt: skip


def _accept(command: AcceptItem, dossier: Dossier) -> Sequence[Any]:
    """The same verdict again is absorbed; other kinds replace the earlier ones, until the record set is accepted."""
    item = _item(dossier, command.document_id)
    kinds = tuple(sorted(set(command.kinds)))
    if not kinds:
        raise invalid("kinds_missing", "Name at least one kind of record that the document satisfies.", "/kinds")
    if item.state is ItemState.REJECTED:
        raise DomainError("document_rejected", "The document was rejected; upload it again if that was wrong.")
    if item.state is ItemState.ACCEPTED and item.kinds == kinds:
        return []
    if item.state is ItemState.ACCEPTED:
        _not_accepted_yet(dossier)
    return [
        happened.RecordItemAccepted(
            case_id=dossier.case_id, document_id=command.document_id, kinds=kinds, accepted_by=command.by
        )
    ]


def _reject(command: RejectItem, dossier: Dossier) -> Sequence[Any]:
    """What the accepted record set rests on can no longer be rejected."""
    item = _item(dossier, command.document_id)
    if item.state is ItemState.REJECTED:
        raise DomainError("document_rejected", "The document was rejected before.")
    if item.state is ItemState.ACCEPTED:
        _not_accepted_yet(dossier)
    return [
        happened.RecordItemRejected(
            case_id=dossier.case_id, document_id=command.document_id, reason=command.reason, rejected_by=command.by,
            note=command.note,
        )
    ]  # fmt: skip


def _waive(command: WaiveItem, dossier: Dossier) -> Sequence[Any]:
    _started(dossier)
    _not_accepted_yet(dossier)
    if command.kind not in {line.kind for line in dossier.checklist}:
        raise invalid("kind_not_on_checklist", "The checklist of this case does not ask for this kind.", "/kind")
    if command.kind in dossier.waived:
        raise DomainError("kind_already_waived", "This kind was waived before.", kind=command.kind)
    return [
        happened.RecordItemWaived(
            case_id=dossier.case_id, kind=command.kind, waived_by=command.by, reason=command.reason
        )
    ]


def _accept_set(command: AcceptRecordSet, dossier: Dossier) -> Sequence[Any]:
    _started(dossier)
    _not_accepted_yet(dossier)
    standing = dossier.lines(command.now)
    if not complete(standing):
        raise DomainError(
            "record_set_incomplete",
            "Every required kind must be accepted, recent enough, or waived by a clinician.",
            missing=[line.kind.value for line in standing if line.missing and not line.outdated],
            outdated=[line.kind.value for line in standing if line.missing and line.outdated],
        )
    accepted = [item for item in dossier.items.values() if item.state is ItemState.ACCEPTED]
    return [
        happened.RecordSetAccepted(
            case_id=dossier.case_id, documents=len(accepted), waived=len(dossier.waived),
            manifest_sha256=manifest(dossier.items, dossier.waived), accepted_by=command.by, accepted_at=command.now,
        )
    ]  # fmt: skip


def _open(command: OpenItem, dossier: Dossier) -> Sequence[Any]:
    """What was rejected, perhaps for being another patient's, is seen by those who judge documents and nobody else."""
    if _item(dossier, command.document_id).state is ItemState.REJECTED and not command.judging:
        raise DomainError("document_rejected", "The document was rejected and is not shown.")
    return []


def _cancel(command: CancelCompilation, dossier: Dossier) -> Sequence[Any]:
    if dossier.state is DossierState.CANCELLED:
        return []
    return [happened.CompilationCancelled(case_id=command.case_id)]


def _item(dossier: Dossier, document_id: str) -> Item:
    if document_id not in dossier.items:
        raise unknown("document_unknown", "There is no such document in this case.")
    return dossier.items[document_id]


def _started(dossier: Dossier) -> None:
    if dossier.state is DossierState.GATHERING:
        raise DomainError("compilation_not_started", "The case has no checklist yet; compilation has not started.")


def _not_accepted_yet(dossier: Dossier) -> None:
    if dossier.state is DossierState.ACCEPTED:
        raise DomainError("record_set_already_accepted", "The record set was accepted; what it rests on stays.")


_DECIDE: dict[type, Callable[[Any, Dossier], Sequence[Any]]] = {
    StartCompilation: _start,
    ReceiveItem: _receive,
    AcceptItem: _accept,
    RejectItem: _reject,
    WaiveItem: _waive,
    AcceptRecordSet: _accept_set,
    CancelCompilation: _cancel,
    OpenItem: _open,
}


def evolve(dossier: Dossier, event: Any) -> Dossier:
    match event:
        case happened.RecordsCompilationStarted():
            dossier = replace(
                dossier, case_id=event.case_id, state=DossierState.COMPILING, condition_group=event.condition_group,
                checklist=event.checklist,
            )  # fmt: skip
        case happened.RecordItemReceived():
            item = Item(event.kind, event.facility_id, event.month, ItemState.RECEIVED, (), event.late)
            dossier = _with(replace(dossier, case_id=event.case_id), event.document_id, item)
        case happened.RecordItemAccepted():
            accepted = replace(dossier.items[event.document_id], state=ItemState.ACCEPTED, kinds=event.kinds)
            dossier = _with(dossier, event.document_id, accepted)
        case happened.RecordItemRejected():
            rejected = replace(dossier.items[event.document_id], state=ItemState.REJECTED, kinds=())
            dossier = _with(dossier, event.document_id, rejected)
        case happened.RecordItemWaived():
            dossier = replace(dossier, waived={**dossier.waived, event.kind: event.waived_by})
        case happened.RecordSetAccepted():
            dossier = replace(
                dossier, state=DossierState.ACCEPTED, accepted_at=event.accepted_at,
                manifest_sha256=event.manifest_sha256,
            )  # fmt: skip
        case happened.CompilationCancelled():
            dossier = replace(dossier, case_id=event.case_id, state=DossierState.CANCELLED)
    return dossier


def _with(dossier: Dossier, document_id: str, item: Item) -> Dossier:
    return replace(dossier, items={**dossier.items, document_id: item})


DOSSIER: Decider[Dossier, Command, Any] = Decider(Dossier, decide, evolve)
