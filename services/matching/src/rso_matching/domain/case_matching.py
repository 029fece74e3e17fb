"""The matching of one case: one decision, one open offer at a time, never two active assignments."""

from collections.abc import Sequence
from datetime import datetime

from rso_matching.domain.answering import accept, attest, decline, lapse, released
from rso_matching.domain.decision import match
from rso_matching.domain.matching_commands import (
    Accept,
    Attest,
    Complete,
    Decline,
    Lapse,
    MatchingCommand,
    OfferNext,
    Release,
    StartMatching,
    Stop,
)
from rso_matching.domain.matching_events import (
    AssignmentCompleted,
    MatchDecisionRecorded,
    MatchingEvent,
    MatchingStarted,
    OfferWithdrawn,
    WithdrawalReason,
)
from rso_matching.domain.matching_state import Assignment, AssignmentStatus, CaseMatching, evolve
from rso_matching.domain.offering import offer_next
from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import DomainError

Events = Sequence[MatchingEvent]


def decide(command: MatchingCommand, state: CaseMatching) -> Events:  # noqa: PLR0911 - one line per command
    match command:
        case StartMatching():
            return _start(command, state)
        case OfferNext():
            return offer_next(command, state)
        case Attest():
            return attest(command, state)
        case Accept():
            return accept(command, state)
        case Decline():
            return decline(command, state)
        case Lapse():
            return lapse(command, state)
        case Release():
            return (released(state, _require_active(state), command.reason, command.at),)
        case Stop():
            return _stop(command, state)
        case Complete():
            return _complete(command, state)


def _start(command: StartMatching, state: CaseMatching) -> Events:
    """A second round is for a case whose candidates were exhausted, after the directory or the case has changed."""
    if command.round <= state.round:
        return ()
    if command.round > state.round + 1 or state.ended_round < state.round:
        raise DomainError("matching_in_progress", "The round before this one has not been exhausted.")
    inputs = command.inputs
    started = MatchingStarted(
        case_id=inputs.needs.case_id, person_id=inputs.needs.person_id, round=command.round, started_at=inputs.at
    )
    recorded = MatchDecisionRecorded(case_id=inputs.needs.case_id, round=command.round, decision=match(inputs))
    return (started, recorded)


def _stop(command: Stop, state: CaseMatching) -> Events:
    ended = (released(state, state.active, command.released, command.at),) if state.active else ()
    return (*_withdrawn(state, command.withdrawn, command.at), *ended)


def _complete(command: Complete, state: CaseMatching) -> Events:
    """The work is done; a backup that was still being asked is told that it is no longer needed."""
    if state.active is None and any(one.status is AssignmentStatus.COMPLETED for one in state.assignments):
        return ()
    assignment = _require_active(state)
    completed = AssignmentCompleted(
        case_id=state.case_id,
        assignment_id=assignment.assignment_id,
        specialist_id=assignment.specialist_id,
        completed_at=command.at,
    )
    return (*_withdrawn(state, WithdrawalReason.ASSIGNMENT_COMPLETED, command.at), completed)


def _withdrawn(state: CaseMatching, reason: WithdrawalReason, at: datetime) -> Events:
    offer = state.open_offer
    if offer is None:
        return ()
    return (
        OfferWithdrawn(
            case_id=state.case_id,
            offer_id=offer.offer_id,
            specialist_id=offer.specialist_id,
            reason=reason,
            withdrawn_at=at,
        ),
    )


def _require_active(state: CaseMatching) -> Assignment:
    if state.active is None:
        raise DomainError("no_active_assignment", "Nobody has this case at present.")
    return state.active


CASE_MATCHING: Decider[CaseMatching, MatchingCommand, MatchingEvent] = Decider(CaseMatching, decide, evolve)
