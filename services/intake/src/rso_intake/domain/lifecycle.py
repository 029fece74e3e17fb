"""How a case ends: declined, withdrawn or expired first, closed when what hangs on it has been undone.

A withdrawal does not close: record requests, the assignment and the charge are undone in between, and a case that is
already closed could not be picked up again after a crash to finish that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from rso_intake.domain.eligibility import CaseDeclined
from rso_intake.domain.person import Remark
from rso_shared.contracts.vocabulary import CloseReason, Role
from rso_shared.kit.errors import DomainError, invalid
from rso_shared.kit.events import event
from rso_shared.kit.sealed import Sealed


class Phase(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    ENTERED_IN_ERROR = "entered_in_error"


class Ending(StrEnum):
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@event("intake.case_withdrawn")
class CaseWithdrawn:
    by_role: Role
    withdrawn_at: datetime
    remark: Sealed[Remark]


@event("intake.case_expired")
class CaseExpired:
    waiting_on: tuple[str, ...]
    due: datetime
    expired_at: datetime


@event("intake.case_closed")
class CaseClosed:
    close_reason: CloseReason
    closed_at: datetime
    remark: Sealed[Remark]


@dataclass(frozen=True, slots=True)
class Lifecycle:
    phase: Phase = Phase.OPEN
    ending: Ending | None = None
    withdrawn_by: Role | None = None
    close_reason: CloseReason | None = None
    closed_at: datetime | None = None

    def require_active(self) -> None:
        """Refuses work on a case that has ended, whether or not it is closed yet."""
        if self.phase is not Phase.OPEN:
            raise DomainError("case_closed", "The case is closed.", close_reason=self.close_reason)
        if self.ending is not None:
            raise DomainError(f"case_{self.ending}", f"The case is {self.ending}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawCase:
    by_role: Role
    remark: str | None = None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireCase:
    """`due` is the caller's deadline and `not_before` the program's, counted from the submission.

    The two are compared with each other and not with a clock: clocks of two machines differ, the stored instants do not.
    """

    due: datetime
    not_before: datetime
    waiting_on: tuple[str, ...]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseCase:
    """A person closes."""

    close_reason: CloseReason
    remark: str | None = None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcludeCase:
    """The coordinator closes at the end of its run. A case that a person closed meanwhile stays as it is."""

    close_reason: CloseReason
    now: datetime


_ENDED_ELSEWHERE = {
    CloseReason.WITHDRAWN_PATIENT,
    CloseReason.WITHDRAWN_PROVIDER,
    CloseReason.EXPIRED_NO_RESPONSE,
    CloseReason.DECLINED,
}


def withdraw(command: WithdrawCase, state: Lifecycle, person_id: str) -> Sequence[CaseWithdrawn]:
    if state.phase is Phase.OPEN and state.ending is Ending.WITHDRAWN:
        return ()
    state.require_active()
    remark = Sealed(person_id, Remark(text=command.remark))
    return (CaseWithdrawn(by_role=command.by_role, withdrawn_at=command.now, remark=remark),)


def expire(command: ExpireCase, state: Lifecycle, done: frozenset[str]) -> Sequence[CaseExpired]:
    """`done` is what this service knows to be there: a deadline whose reasons are all gone is superseded."""
    if state.phase is Phase.OPEN and state.ending is Ending.EXPIRED:
        return ()
    state.require_active()
    if command.due < command.not_before:
        raise DomainError("not_due", "The program lets a case wait longer.", not_before=command.not_before)
    missing = tuple(what for what in command.waiting_on if what not in done)
    if not missing:
        raise DomainError("superseded_due", "Nothing that this deadline waited for is missing any more.")
    return (CaseExpired(waiting_on=missing, due=command.due, expired_at=command.now),)


def close(command: CloseCase, state: Lifecycle, person_id: str) -> Sequence[CaseClosed]:
    if state.phase is not Phase.OPEN:
        if state.close_reason is command.close_reason:
            return ()
        raise DomainError("case_closed", "The case is closed.", close_reason=state.close_reason)
    if state.ending is None and command.close_reason in _ENDED_ELSEWHERE:
        detail = "This reason follows from a command of its own: withdrawal, expiry or screening."
        raise invalid("close_reason_follows", detail, "/close_reason")
    return (_closed(state, command.close_reason, command.now, person_id, command.remark),)


def conclude(command: ConcludeCase, state: Lifecycle, person_id: str) -> Sequence[CaseClosed]:
    if state.phase is not Phase.OPEN:
        return ()
    return (_closed(state, command.close_reason, command.now, person_id, None),)


def _closed(state: Lifecycle, asked: CloseReason, now: datetime, person_id: str, remark: str | None) -> CaseClosed:
    return CaseClosed(close_reason=_reason(state, asked), closed_at=now, remark=Sealed(person_id, Remark(text=remark)))


def _reason(state: Lifecycle, asked: CloseReason) -> CloseReason:
    """How it ended says why it is closed; only a case entered in error is closed as that in any case."""
    if asked is CloseReason.ENTERED_IN_ERROR:
        return asked
    match state.ending:
        case Ending.DECLINED:
            return CloseReason.DECLINED
        case Ending.EXPIRED:
            return CloseReason.EXPIRED_NO_RESPONSE
        case Ending.WITHDRAWN:
            by_provider = state.withdrawn_by is Role.LOCAL_PROVIDER
            return CloseReason.WITHDRAWN_PROVIDER if by_provider else CloseReason.WITHDRAWN_PATIENT
        case _:
            return asked


def evolve(state: Lifecycle, event: object) -> Lifecycle:
    match event:
        case CaseDeclined():
            return replace(state, ending=Ending.DECLINED)
        case CaseWithdrawn(by_role=role):
            return replace(state, ending=Ending.WITHDRAWN, withdrawn_by=role)
        case CaseExpired():
            return replace(state, ending=Ending.EXPIRED)
        case CaseClosed(close_reason=reason, closed_at=at):
            in_error = reason is CloseReason.ENTERED_IN_ERROR
            phase = Phase.ENTERED_IN_ERROR if in_error else Phase.CLOSED
            return replace(state, phase=phase, close_reason=reason, closed_at=at)
        case _:
            return state
