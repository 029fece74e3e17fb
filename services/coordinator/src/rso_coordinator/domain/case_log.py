"""What the coordinator decides about one case: its stage, who is waited for, deadlines, rungs, escalations, the promise.

Every command absorbs a repeat: a rung fires once per deadline, a stage is entered once until another one is.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rso_shared.contracts.coordinator import WaitingOn
from rso_shared.contracts.vocabulary import Stage
from rso_shared.kit.decider import Decider
from rso_shared.kit.events import event


@event("coordinator.stage_entered")
class StageEntered:
    case_id: str
    stage: Stage
    entered_at: datetime


@event("coordinator.waiting_changed")
class WaitingChanged:
    case_id: str
    waiting_on: tuple[WaitingOn, ...]


@event("coordinator.deadline_set")
class DeadlineSet:
    case_id: str
    deadline: str
    due_at: datetime


@event("coordinator.rung_fired")
class RungFired:
    case_id: str
    deadline: str
    rung: str
    due_at: datetime
    fired_at: datetime


@event("coordinator.escalation_raised")
class EscalationRaised:
    case_id: str
    reason: str
    to: str


@event("coordinator.promise_changed")
class PromiseChanged:
    case_id: str
    promised_by: datetime | None


Event = StageEntered | WaitingChanged | DeadlineSet | RungFired | EscalationRaised | PromiseChanged


@dataclass(frozen=True, slots=True)
class Note:
    """One command for everything that a step of the workflow says at once. What is already so is left out."""

    case_id: str
    at: datetime
    stage: Stage | None = None
    waiting_on: tuple[WaitingOn, ...] | None = None
    deadline: str | None = None
    due_at: datetime | None = None
    promised_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class FireRung:
    """`escalate_to` raises an escalation with the rung; both happen once per deadline and rung."""

    case_id: str
    deadline: str
    rung: str
    due_at: datetime
    at: datetime
    escalate_to: str | None = None


@dataclass(frozen=True, slots=True)
class State:
    stage: Stage | None = None
    waiting_on: tuple[WaitingOn, ...] = ()
    deadlines: tuple[tuple[str, datetime], ...] = ()
    fired: frozenset[tuple[str, str]] = frozenset()
    promised_by: datetime | None = None


def decide(command: Note | FireRung, state: State) -> list[Event]:
    return _fire(command, state) if isinstance(command, FireRung) else _note(command, state)


def _note(command: Note, state: State) -> list[Event]:
    case_id, events = command.case_id, list[Event]()
    if command.stage is not None and command.stage != state.stage:
        events.append(StageEntered(case_id=case_id, stage=command.stage, entered_at=command.at))
    waiting = None if command.waiting_on is None else tuple(_since(item, state) for item in command.waiting_on)
    if waiting is not None and waiting != state.waiting_on:
        events.append(WaitingChanged(case_id=case_id, waiting_on=waiting))
    if command.deadline and command.due_at and (command.deadline, command.due_at) not in state.deadlines:
        events.append(DeadlineSet(case_id=case_id, deadline=command.deadline, due_at=command.due_at))
    if command.promised_by is not None and command.promised_by != state.promised_by:
        events.append(PromiseChanged(case_id=case_id, promised_by=command.promised_by))
    return events


def _since(item: WaitingOn, state: State) -> WaitingOn:
    """Said again, an obligation keeps the instant since which it stands."""
    for known in state.waiting_on:
        if (known.party, known.what, known.how_to_act) == (item.party, item.what, item.how_to_act):
            return item.model_copy(update={"since": known.since})
    return item


def _fire(command: FireRung, state: State) -> list[Event]:
    if (command.deadline, command.rung) in state.fired:
        return []
    events: list[Event] = [
        RungFired(
            case_id=command.case_id,
            deadline=command.deadline,
            rung=command.rung,
            due_at=command.due_at,
            fired_at=command.at,
        )
    ]
    if command.escalate_to:
        reason = f"{command.deadline}/{command.rung}"
        events.append(EscalationRaised(case_id=command.case_id, reason=reason, to=command.escalate_to))
    return events


def evolve(state: State, event: Any) -> State:
    match event:
        case StageEntered():
            return replace(state, stage=event.stage)
        case WaitingChanged():
            return replace(state, waiting_on=event.waiting_on)
        case DeadlineSet():
            others = tuple(pair for pair in state.deadlines if pair[0] != event.deadline)
            return replace(state, deadlines=(*others, (event.deadline, event.due_at)))
        case RungFired():
            return replace(state, fired=state.fired | {(event.deadline, event.rung)})
        case PromiseChanged():
            return replace(state, promised_by=event.promised_by)
        case _:
            return state


CASE_LOG: Decider[State, Note | FireRung, Event] = Decider(initial=State, decide=decide, evolve=evolve)
