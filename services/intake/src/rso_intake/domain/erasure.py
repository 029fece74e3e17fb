"""Erasing a person: asked for by one, approved by another, done when every service has answered. Holds keep it from happening.

The dangerous command of this system is the one that erases too early: what must be kept by law and is gone is the offence. So
every guard stands at the request and again at the approval, and no reason and no role goes around one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from rso_intake.domain.erasure_events import (
    ErasureApproved,
    ErasureCompleted,
    ErasureRequested,
    KeyDestructionNoted,
    LegalHoldLifted,
    LegalHoldPlaced,
)
from rso_shared.contracts.vocabulary import ErasureReason, LegalHoldReason
from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import DomainError, forbidden, unknown


class ErasureState(StrEnum):
    NONE = "none"
    REQUESTED = "requested"
    APPROVED = "approved"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What speaks against erasing the person now, outside of holds. `busy` counts a specialist's offers and assignments."""

    open_cases: int = 0
    retained_until: datetime | None = None
    busy: int = 0

    def require_free(self, now: datetime) -> None:
        if self.open_cases:
            detail = "A case of this person is open; it has to end first."
            raise DomainError("person_has_open_case", detail, open_cases=self.open_cases)
        if self.busy:
            detail = "This specialist has an offer or an assignment; it has to end first."
            raise DomainError("specialist_busy", detail, open_matters=self.busy)
        if self.retained_until is not None and now < self.retained_until:
            detail = "The record must be kept until the retention period of its program ends."
            raise DomainError("retention_runs", detail, retained_until=self.retained_until.isoformat())


@dataclass(frozen=True, slots=True)
class Erasure:
    holds: tuple[LegalHoldPlaced, ...] = ()
    requested: ErasureRequested | None = None
    approved: ErasureApproved | None = None
    destroyed: dict[str, datetime] = field(default_factory=dict)
    completed_at: datetime | None = None

    @property
    def state(self) -> ErasureState:
        if self.completed_at is not None:
            return ErasureState.COMPLETED
        if self.approved is not None:
            return ErasureState.APPROVED
        return ErasureState.NONE if self.requested is None else ErasureState.REQUESTED

    def require_undecided(self) -> None:
        if self.approved is not None:
            raise DomainError("erasure_decided", "The erasure of this person is approved; nothing takes it back.")

    def require_no_hold(self) -> None:
        if self.holds:
            since = min(hold.placed_at for hold in self.holds).isoformat()
            detail = "A legal hold stands on this person; nothing is erased until every hold is lifted."
            raise DomainError("legal_hold", detail, holds=len(self.holds), since=since)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceHold:
    person_id: str
    hold_id: str
    reason: LegalHoldReason
    by: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftHold:
    person_id: str
    hold_id: str
    by: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestErasure:
    person_id: str
    erasure_id: str
    reason: ErasureReason
    by: str
    standing: Standing
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveErasure:
    by: str
    standing: Standing
    services: tuple[str, ...]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteKeyDestruction:
    """`erasure_id` is that of the order which was answered."""

    erasure_id: str
    service: str
    destroyed_at: datetime
    now: datetime


Command = PlaceHold | LiftHold | RequestErasure | ApproveErasure | NoteKeyDestruction


def decide(command: Command, state: Erasure) -> Sequence[object]:
    match command:
        case PlaceHold():
            return _place(command, state)
        case LiftHold():
            return _lift(command, state)
        case RequestErasure():
            return _request(command, state)
        case ApproveErasure():
            return _approve(command, state)
        case NoteKeyDestruction():
            return _note(command, state)


def _place(command: PlaceHold, state: Erasure) -> Sequence[object]:
    state.require_undecided()
    return (
        LegalHoldPlaced(
            person_id=command.person_id,
            hold_id=command.hold_id,
            reason=command.reason,
            placed_by=command.by,
            placed_at=command.now,
        ),
    )


def _lift(command: LiftHold, state: Erasure) -> Sequence[object]:
    if command.hold_id not in {hold.hold_id for hold in state.holds}:
        raise unknown("legal_hold_unknown", "No such hold stands on this person.")
    return (
        LegalHoldLifted(
            person_id=command.person_id, hold_id=command.hold_id, lifted_by=command.by, lifted_at=command.now
        ),
    )


def _request(command: RequestErasure, state: Erasure) -> Sequence[object]:
    """A second request while the first one waits is absorbed."""
    state.require_undecided()
    if state.requested is not None:
        return ()
    state.require_no_hold()
    command.standing.require_free(command.now)
    return (
        ErasureRequested(
            person_id=command.person_id,
            erasure_id=command.erasure_id,
            reason=command.reason,
            requested_by=command.by,
            requested_at=command.now,
        ),
    )


def _approve(command: ApproveErasure, state: Erasure) -> Sequence[object]:
    """A second approval is absorbed: the order is given once."""
    asked = state.requested
    if asked is None:
        raise DomainError("erasure_not_requested", "Nobody has asked for this person's erasure.")
    if state.approved is not None:
        return ()
    if command.by == asked.requested_by:
        raise forbidden("second_person_required", "Whoever asked for an erasure cannot approve it.")
    state.require_no_hold()
    command.standing.require_free(command.now)
    return (
        ErasureApproved(
            person_id=asked.person_id,
            erasure_id=asked.erasure_id,
            reason=asked.reason,
            approved_by=command.by,
            approved_at=command.now,
            services=command.services,
        ),
    )


def _note(command: NoteKeyDestruction, state: Erasure) -> Sequence[object]:
    """An answer to another order (of a store from before a backup), of nobody who was asked, or a second one says nothing."""
    order = state.approved
    if order is None or order.erasure_id != command.erasure_id:
        return ()
    missing = set(order.services) - set(state.destroyed)
    if command.service not in missing:
        return ()
    noted = KeyDestructionNoted(person_id=order.person_id, service=command.service, destroyed_at=command.destroyed_at)
    if missing != {command.service}:
        return (noted,)
    return (
        noted,
        ErasureCompleted(person_id=order.person_id, erasure_id=order.erasure_id, completed_at=command.now),
    )


def evolve(state: Erasure, happened: object) -> Erasure:
    match happened:
        case LegalHoldPlaced() | LegalHoldLifted():
            return replace(state, holds=_holds(state.holds, happened))
        case ErasureRequested():
            return replace(state, requested=happened)
        case ErasureApproved():
            return replace(state, approved=happened)
        case KeyDestructionNoted(service=service, destroyed_at=at):
            return replace(state, destroyed={**state.destroyed, service: at})
        case ErasureCompleted(completed_at=at):
            return replace(state, completed_at=at)
        case _:
            return state


def _holds(
    standing: tuple[LegalHoldPlaced, ...], happened: LegalHoldPlaced | LegalHoldLifted
) -> tuple[LegalHoldPlaced, ...]:
    if isinstance(happened, LegalHoldPlaced):
        return (*standing, happened)
    return tuple(hold for hold in standing if hold.hold_id != happened.hold_id)


ERASURE: Decider[Erasure, Command, object] = Decider(Erasure, decide, evolve)
