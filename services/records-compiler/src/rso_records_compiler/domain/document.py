"""Document: what came in, as it was recognised. It never changes; how it is judged is the dossier's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from rso_records_compiler.domain.authorization import Authorization, require_in_force
from rso_shared.contracts.vocabulary import RecordKind
from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import DomainError, unknown
from rso_shared.kit.events import event
from rso_shared.kit.sealed import Sealed


class PatientMark(StrEnum):
    """`matched`: the document names the case's person. Anything else is for a person to check, never linked by itself."""

    MATCHED = "matched"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class Count:
    """How many resources of one FHIR type, or how many pieces speaking for one kind of record."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Detail:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Description:
    """What names people or says more than a month: title, facilities as written, day, content hash, header fields."""

    title: str | None
    facilities: tuple[str, ...]
    dated: date | None
    sha256: str
    details: tuple[Detail, ...]


@event("records.document_received")
class DocumentReceived:
    """The sealed blob has the document's id. `encoding` is gzip where it came compressed and is kept so."""

    document_id: str
    case_id: str
    media_type: str
    encoding: str | None
    size: int
    pages: int | None
    kind: RecordKind
    satisfies: tuple[Count, ...]
    resources: tuple[Count, ...]
    month: str | None
    facility_id: str | None
    patient: PatientMark
    received_at: datetime
    description: Sealed[Description]


@dataclass(frozen=True, slots=True)
class ReceiveDocument:
    received: DocumentReceived


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """Asks only: nothing happens but the access log's entry."""

    authorization: Authorization | None
    today: date


Command = ReceiveDocument | OpenDocument


@dataclass(frozen=True, slots=True)
class Document:
    received: DocumentReceived | None = None


def decide(command: Command, document: Document) -> Sequence[Any]:
    if isinstance(command, ReceiveDocument):
        if document.received is not None:
            raise DomainError("document_exists", "A document of this id was received before.")
        return [command.received]
    if document.received is None:
        raise unknown("document_unknown", "There is no such document in this case.")
    require_in_force(command.authorization, command.today)
    return []


def evolve(document: Document, happened: Any) -> Document:
    return Document(happened) if isinstance(happened, DocumentReceived) else document


DOCUMENT: Decider[Document, Command, Any] = Decider(Document, decide, evolve)
