"""What can be asked of a request for records. Time and ids come inside."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rso_records_compiler.domain.authorization import Authorization
from rso_records_compiler.domain.request_events import Channel, Note
from rso_shared.contracts.vocabulary import RecordKind
from rso_shared.kit.sealed import Sealed


class Verdict(StrEnum):
    """The completeness verdict of a person, not a received-stamp."""

    ACCEPTED = "accepted"
    INCOMPLETE = "incomplete"
    NO_RECORDS_FOUND = "no_records_found"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class IdentifyHolder:
    request_id: str
    case_id: str
    facility_id: str
    kind: RecordKind
    note: Sealed[Note]


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    pass


@dataclass(frozen=True, slots=True)
class SendRequest:
    channel: Channel
    authorization: Authorization | None
    now: datetime


@dataclass(frozen=True, slots=True)
class AcknowledgeRequest:
    pass


@dataclass(frozen=True, slots=True)
class FollowUp:
    request_id: str
    rung: str
    due_at: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    document_id: str
    complete: bool


@dataclass(frozen=True, slots=True)
class Judge:
    verdict: Verdict
    note: Sealed[Note]


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """`quietly`: with the whole compilation, where a closed request is simply left as it is."""

    quietly: bool = False


@dataclass(frozen=True, slots=True)
class AbandonRequest:
    pass


Command = (
    IdentifyHolder | VerifyRequest | SendRequest | AcknowledgeRequest | FollowUp | AnswerRequest | Judge
    | CancelRequest | AbandonRequest
)  # fmt: skip
