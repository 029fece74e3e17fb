"""What can happen to a request for records. Facility and kind stand in the clear; a note about a person is sealed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rso_shared.contracts.vocabulary import RecordKind
from rso_shared.kit.events import event
from rso_shared.kit.sealed import Sealed


class Channel(StrEnum):
    """How a request leaves the house."""

    FAX = "fax"
    MAIL = "mail"
    PORTAL = "portal"
    DIRECT = "direct"
    FHIR = "fhir"
    PHONE = "phone"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class Note:
    """Free text: it may name people."""

    text: str


@event("records.record_holder_identified")
class RecordHolderIdentified:
    """`round` counts how often this kind was asked of this facility: a closed request may be opened anew."""

    request_id: str
    case_id: str
    facility_id: str
    kind: RecordKind
    round: int
    note: Sealed[Note]


@event("records.record_request_verified")
class RecordRequestVerified:
    """The facility exists, holds records of this patient's kind, and its address for requests is right."""

    request_id: str
    case_id: str
    facility_id: str


@event("records.record_request_sent")
class RecordRequestSent:
    """`attempt` is 1 for the first sending. `authorization_id` is what this disclosure rests on."""

    request_id: str
    case_id: str
    facility_id: str
    kind: RecordKind
    channel: Channel
    authorization_id: str
    attempt: int
    sent_at: datetime


@event("records.record_request_followed_up")
class RecordRequestFollowedUp:
    """One rung of the ladder: `due_at` is the instant for which it was set, and makes it happen once."""

    request_id: str
    case_id: str
    rung: str
    due_at: datetime
    followed_up_at: datetime


@event("records.record_request_acknowledged")
class RecordRequestAcknowledged:
    request_id: str
    case_id: str


@event("records.record_request_answered")
class RecordRequestAnswered:
    """A document came in on this request. `complete`: the sender says that it was the last one."""

    request_id: str
    case_id: str
    document_id: str
    complete: bool


@event("records.record_request_incomplete")
class RecordRequestIncomplete:
    request_id: str
    case_id: str
    note: Sealed[Note]


@event("records.record_request_fulfilled")
class RecordRequestFulfilled:
    request_id: str
    case_id: str


@event("records.no_records_found")
class NoRecordsFound:
    request_id: str
    case_id: str


@event("records.record_request_refused")
class RecordRequestRefused:
    request_id: str
    case_id: str
    note: Sealed[Note]


@event("records.record_request_cancelled")
class RecordRequestCancelled:
    request_id: str
    case_id: str


@event("records.record_request_abandoned")
class RecordRequestAbandoned:
    """The kind was waived: nobody waits for this request any more."""

    request_id: str
    case_id: str
