"""RecordRequest: one facility, one kind of record. The row exists before anything is sent; the verdict closes it.

identified -> verified -> sent -> acknowledged -> partially_received -> received -> accepted
                                                     | incomplete (sent again) | no_records_found | refused | cancelled | abandoned
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from rso_records_compiler.domain import request_events as happened
from rso_records_compiler.domain.authorization import require_in_force
from rso_records_compiler.domain.request_commands import (
    AbandonRequest,
    AcknowledgeRequest,
    AnswerRequest,
    CancelRequest,
    Command,
    FollowUp,
    IdentifyHolder,
    Judge,
    SendRequest,
    Verdict,
    VerifyRequest,
)
from rso_records_compiler.domain.request_events import Channel
from rso_shared.contracts.vocabulary import RecordKind
from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import DomainError


class RequestState(StrEnum):
    NONE = "none"
    IDENTIFIED = "identified"
    VERIFIED = "verified"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    PARTIALLY_RECEIVED = "partially_received"
    RECEIVED = "received"
    INCOMPLETE = "incomplete"
    ACCEPTED = "accepted"
    NO_RECORDS_FOUND = "no_records_found"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"


S = RequestState
CLOSED = frozenset({S.ACCEPTED, S.NO_RECORDS_FOUND, S.REFUSED, S.CANCELLED, S.ABANDONED})
WAITING = frozenset({S.SENT, S.ACKNOWLEDGED, S.PARTIALLY_RECEIVED})
"""The facility has it and owes an answer: what the ladder is for."""
OPEN = tuple(state for state in S if state not in {*CLOSED, S.NONE})


@dataclass(frozen=True, slots=True)
class RecordRequest:
    request_id: str = ""
    case_id: str = ""
    facility_id: str = ""
    kind: RecordKind = RecordKind.OTHER
    state: RequestState = S.NONE
    round: int = 0
    attempt: int = 0
    sent_at: datetime | None = None
    channel: Channel | None = None
    followed_up: frozenset[tuple[str, datetime]] = frozenset()
    documents: tuple[str, ...] = ()


def decide(command: Command, request: RecordRequest) -> Sequence[Any]:
    if request.state is S.NONE and not isinstance(command, IdentifyHolder):
        raise DomainError("record_request_unknown", "There is no such record request in this case.", status=404)
    return _DECIDE[type(command)](command, request)


def _identify(command: IdentifyHolder, request: RecordRequest) -> Sequence[Any]:
    """One open request per facility and kind; a closed one may be asked anew under a new id."""
    if request.state in OPEN:
        raise DomainError(
            "record_request_exists",
            "This kind of record is already being asked of this facility.",
            request_id=request.request_id,
        )
    return [
        happened.RecordHolderIdentified(
            request_id=command.request_id, case_id=command.case_id, facility_id=command.facility_id, kind=command.kind,
            round=request.round + 1, note=command.note,
        )
    ]  # fmt: skip


def _verify(_command: VerifyRequest, request: RecordRequest) -> Sequence[Any]:
    _expect(request, S.IDENTIFIED)
    return [
        happened.RecordRequestVerified(
            request_id=request.request_id, case_id=request.case_id, facility_id=request.facility_id
        )
    ]


def _send(command: SendRequest, request: RecordRequest) -> Sequence[Any]:
    """The first time after the facility was verified, and again after every verdict `incomplete`."""
    _expect(request, S.VERIFIED, S.INCOMPLETE)
    rests_on = require_in_force(command.authorization, command.now.date())
    return [
        happened.RecordRequestSent(
            request_id=request.request_id, case_id=request.case_id, facility_id=request.facility_id, kind=request.kind,
            channel=command.channel, authorization_id=rests_on, attempt=request.attempt + 1, sent_at=command.now,
        )
    ]  # fmt: skip


def _acknowledge(_command: AcknowledgeRequest, request: RecordRequest) -> Sequence[Any]:
    _expect(request, S.SENT)
    return [happened.RecordRequestAcknowledged(request_id=request.request_id, case_id=request.case_id)]


def _follow_up(command: FollowUp, request: RecordRequest) -> Sequence[Any]:
    """A repeat is absorbed, and so is a rung for a request that is no longer waited for, or was made anew since."""
    if command.request_id != request.request_id:
        return []
    if (command.rung, command.due_at) in request.followed_up or request.state not in WAITING:
        return []
    return [
        happened.RecordRequestFollowedUp(
            request_id=request.request_id, case_id=request.case_id, rung=command.rung, due_at=command.due_at,
            followed_up_at=command.now,
        )
    ]  # fmt: skip


def _answer(command: AnswerRequest, request: RecordRequest) -> Sequence[Any]:
    """A document may come before the request was ever sent, and after `received`: neither is turned away."""
    if request.state in CLOSED:
        raise _wrong_state(request, *OPEN)
    return [
        happened.RecordRequestAnswered(
            request_id=request.request_id, case_id=request.case_id, document_id=command.document_id,
            complete=command.complete,
        )
    ]  # fmt: skip


def _judge(command: Judge, request: RecordRequest) -> Sequence[Any]:
    ids = {"request_id": request.request_id, "case_id": request.case_id}
    match command.verdict:
        case Verdict.ACCEPTED:
            _expect(request, S.PARTIALLY_RECEIVED, S.RECEIVED)
            return [happened.RecordRequestFulfilled(**ids)]
        case Verdict.INCOMPLETE:
            _expect(request, S.PARTIALLY_RECEIVED, S.RECEIVED)
            return [happened.RecordRequestIncomplete(**ids, note=command.note)]
        case Verdict.NO_RECORDS_FOUND:
            _expect(request, S.SENT, S.ACKNOWLEDGED)
            return [happened.NoRecordsFound(**ids)]
        case Verdict.REFUSED:
            _expect(request, S.SENT, S.ACKNOWLEDGED, S.PARTIALLY_RECEIVED)
            return [happened.RecordRequestRefused(**ids, note=command.note)]


def _cancel(command: CancelRequest, request: RecordRequest) -> Sequence[Any]:
    if request.state in CLOSED:
        if command.quietly:
            return []
        raise _wrong_state(request, *OPEN)
    return [happened.RecordRequestCancelled(request_id=request.request_id, case_id=request.case_id)]


def _abandon(_command: AbandonRequest, request: RecordRequest) -> Sequence[Any]:
    if request.state in CLOSED:
        return []
    return [happened.RecordRequestAbandoned(request_id=request.request_id, case_id=request.case_id)]


def _expect(request: RecordRequest, *allowed: RequestState) -> None:
    if request.state not in allowed:
        raise _wrong_state(request, *allowed)


def _wrong_state(request: RecordRequest, *allowed: RequestState) -> DomainError:
    return DomainError(
        "record_request_wrong_state",
        f"The request is {request.state}; this step does not follow from there.",
        state=request.state.value,
        allowed_in=[state.value for state in allowed],
    )


_DECIDE: dict[type, Callable[[Any, RecordRequest], Sequence[Any]]] = {
    IdentifyHolder: _identify,
    VerifyRequest: _verify,
    SendRequest: _send,
    AcknowledgeRequest: _acknowledge,
    FollowUp: _follow_up,
    AnswerRequest: _answer,
    Judge: _judge,
    CancelRequest: _cancel,
    AbandonRequest: _abandon,
}

_NEXT: dict[type, RequestState] = {
    happened.RecordRequestVerified: S.VERIFIED,
    happened.RecordRequestAcknowledged: S.ACKNOWLEDGED,
    happened.RecordRequestIncomplete: S.INCOMPLETE,
    happened.RecordRequestFulfilled: S.ACCEPTED,
    happened.NoRecordsFound: S.NO_RECORDS_FOUND,
    happened.RecordRequestRefused: S.REFUSED,
    happened.RecordRequestCancelled: S.CANCELLED,
    happened.RecordRequestAbandoned: S.ABANDONED,
}


def evolve(request: RecordRequest, event: Any) -> RecordRequest:
    match event:
        case happened.RecordHolderIdentified():
            return RecordRequest(
                event.request_id, event.case_id, event.facility_id, event.kind, S.IDENTIFIED, event.round
            )
        case happened.RecordRequestSent():
            return replace(
                request, state=S.SENT, attempt=event.attempt, sent_at=event.sent_at, channel=event.channel,
                followed_up=frozenset(),
            )  # fmt: skip
        case happened.RecordRequestFollowedUp():
            return replace(request, followed_up=request.followed_up | {(event.rung, event.due_at)})
        case happened.RecordRequestAnswered():
            whole = event.complete or request.state is S.RECEIVED
            state = S.RECEIVED if whole else S.PARTIALLY_RECEIVED
            return replace(request, state=state, documents=(*request.documents, event.document_id))
    state_after = _NEXT.get(type(event))
    return request if state_after is None else replace(request, state=state_after)


REQUEST: Decider[RecordRequest, Command, Any] = Decider(RecordRequest, decide, evolve)
