"""Who answers for a case and how urgent it is. There is one owner from the first event to the last."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rso_intake.domain.person import Remark
from rso_intake.domain.submission import CaseSubmitted
from rso_shared.contracts.vocabulary import HoldReason, Priority
from rso_shared.kit.events import event
from rso_shared.kit.sealed import Sealed


@event("intake.owner_assigned")
class OwnerAssigned:
    owner: str
    assigned_at: datetime


@event("intake.priority_changed")
class PriorityChanged:
    priority: Priority
    changed_at: datetime
    remark: Sealed[Remark]


@event("intake.case_held")
class CaseHeld:
    reason: HoldReason
    held_at: datetime


@event("intake.case_resumed")
class CaseResumed:
    reason: HoldReason
    resumed_at: datetime


@dataclass(frozen=True, slots=True)
class Triage:
    """`owner` is a user or a team's queue: "unclaimed" means that it is still the program's queue."""

    owner: str = ""
    priority: Priority = Priority.ROUTINE
    hold_reasons: tuple[HoldReason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignOwner:
    owner: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePriority:
    priority: Priority
    remark: str | None = None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldCase:
    reason: HoldReason
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeCase:
    reason: HoldReason
    now: datetime


def assign(command: AssignOwner, state: Triage) -> Sequence[OwnerAssigned]:
    return () if command.owner == state.owner else (OwnerAssigned(owner=command.owner, assigned_at=command.now),)


def prioritise(command: ChangePriority, state: Triage, person_id: str) -> Sequence[PriorityChanged]:
    if command.priority is state.priority:
        return ()
    remark = Sealed(person_id, Remark(text=command.remark))
    return (PriorityChanged(priority=command.priority, changed_at=command.now, remark=remark),)


def hold(command: HoldCase, state: Triage) -> Sequence[CaseHeld]:
    return () if command.reason in state.hold_reasons else (CaseHeld(reason=command.reason, held_at=command.now),)


def resume(command: ResumeCase, state: Triage) -> Sequence[CaseResumed]:
    if command.reason not in state.hold_reasons:
        return ()
    return (CaseResumed(reason=command.reason, resumed_at=command.now),)


def evolve(state: Triage, event: object) -> Triage:
    match event:
        case CaseSubmitted(owner=owner, priority=priority):
            return replace(state, owner=owner, priority=priority)
        case OwnerAssigned(owner=owner):
            return replace(state, owner=owner)
        case PriorityChanged(priority=priority):
            return replace(state, priority=priority)
        case CaseHeld(reason=reason):
            return replace(state, hold_reasons=tuple(sorted({*state.hold_reasons, reason})))
        case CaseResumed(reason=reason):
            return replace(state, hold_reasons=tuple(held for held in state.hold_reasons if held is not reason))
        case _:
            return state
