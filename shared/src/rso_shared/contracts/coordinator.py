"""Facts of the coordinator: the stage of a case, who is waited for, since when and until when, and every timer that fired."""

from datetime import datetime
from typing import ClassVar

from rso_shared.contracts.base import CaseFact, Contract, ErasureAnswer
from rso_shared.contracts.vocabulary import Stage


class WaitingOn(Contract):
    """One obligation: which party owes what, since when, until when, and the public path where it is done."""

    party: str
    what: str
    since: datetime
    due: datetime | None = None
    how_to_act: str


class StageEntered(CaseFact):
    TYPE: ClassVar[str] = "coordinator.stage_entered"
    stage: Stage
    entered_at: datetime


class WaitingChanged(CaseFact):
    TYPE: ClassVar[str] = "coordinator.waiting_changed"
    waiting_on: tuple[WaitingOn, ...]


class DeadlineSet(CaseFact):
    TYPE: ClassVar[str] = "coordinator.deadline_set"
    deadline: str
    due_at: datetime


class RungFired(CaseFact):
    """A timer fired: exactly one per deadline and rung. A reminder is a rung whose effect is a notice."""

    TYPE: ClassVar[str] = "coordinator.rung_fired"
    deadline: str
    rung: str
    due_at: datetime
    fired_at: datetime


class EscalationRaised(CaseFact):
    TYPE: ClassVar[str] = "coordinator.escalation_raised"
    reason: str
    to: str


class PromiseChanged(CaseFact):
    """Until when the opinion is promised; None takes a promise back."""

    TYPE: ClassVar[str] = "coordinator.promise_changed"
    promised_by: datetime | None


class KeyDestroyed(ErasureAnswer):
    TYPE: ClassVar[str] = "coordinator.key_destroyed"
