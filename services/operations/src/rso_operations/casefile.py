"""One case as its facts tell it, up to any of them: who must act, its stages in time, its record requests, and what happened."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rso_operations.sentences import sentence
from rso_operations.words import actor
from rso_shared.contracts import matching, records
from rso_shared.contracts.base import FactModel
from rso_shared.contracts.billing import HonorariumAccrued, HonorariumApproved
from rso_shared.contracts.coordinator import EscalationRaised, PromiseChanged, StageEntered, WaitingChanged, WaitingOn
from rso_shared.contracts.intake import CaseHeld, CaseResumed, CaseSubmitted, OwnerAssigned, PriorityChanged
from rso_shared.contracts.vocabulary import Stage
from rso_shared.kit.facts import Fact

PAY = (HonorariumAccrued, HonorariumApproved)
REQUEST_STATES: Mapping[type[FactModel], str] = {
    records.RecordHolderIdentified: "facility named",
    records.RecordRequestVerified: "facility verified",
    records.RecordRequestSent: "sent",
    records.RecordRequestAcknowledged: "acknowledged",
    records.RecordRequestIncomplete: "partly answered",
    records.RecordRequestFulfilled: "fulfilled",
    records.NoRecordsFound: "no records found",
    records.RecordRequestRefused: "refused",
    records.RecordRequestCancelled: "cancelled",
    records.RecordRequestAbandoned: "given up",
}
OFFER_STATES: Mapping[type[FactModel], str] = {
    matching.OfferAccepted: "accepted",
    matching.OfferDeclined: "declined",
    matching.OfferLapsed: "lapsed",
    matching.OfferWithdrawn: "withdrawn",
}
JUDGED_LATER = "to be judged"
OPEN_STATES = frozenset({"facility named", "facility verified", "sent", "acknowledged", "partly answered"})


@dataclass(frozen=True, slots=True)
class Entry:
    """`actor`: who did it, as the fact says; `cause`: the sentence of the fact that led to it."""

    at: datetime
    service: str
    text: str
    actor: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A stage from when it was entered until the next one was; `until` None: it still is."""

    stage: Stage
    since: datetime
    until: datetime | None


@dataclass(slots=True)
class Request:
    """One record request: `sent_at` is when it was sent last."""

    request_id: str
    facility_id: str = ""
    kind: str = ""
    state: str = ""
    sent_at: datetime | None = None
    times_sent: int = 0


@dataclass(slots=True)
class Document:
    """`month` is the document's own, YYYY-MM."""

    document_id: str
    kind: str
    month: str
    state: str = JUDGED_LATER


@dataclass(slots=True)
class Offer:
    """`reason`: why it was declined, or why its specialist does not have the case any more."""

    specialist_id: str
    state: str = "offered"
    offered_at: datetime | None = None
    expires_at: datetime | None = None
    assignment_id: str = ""
    reason: str = ""


@dataclass(slots=True)
class CaseFile:
    """`position` of `total` facts have happened; `at` is the instant of the last of them."""

    case_id: str
    position: int
    total: int
    at: datetime
    submitted: CaseSubmitted | None = None
    owner: str = ""
    priority: str = ""
    held: set[str] = field(default_factory=set)
    waiting_on: tuple[WaitingOn, ...] = ()
    promised_by: datetime | None = None
    escalations: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    requests: dict[str, Request] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)
    honoraria: list[str] = field(default_factory=list)
    """Accrued and not approved; empty for those who may not see what specialists are paid."""
    entries: list[Entry] = field(default_factory=list)

    @property
    def stage(self) -> Stage:
        return self.spans[-1].stage if self.spans else Stage.SUBMITTED

    def of(self, service: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.service == service]


@dataclass(frozen=True, slots=True)
class Back:
    """How a case is looked back at: `upto` so many of its facts, none if it was not there yet, `at` an instant."""

    upto: int
    at: datetime


def back(known: Sequence[Fact], asked: str) -> Back | None:
    """`asked` is the number of a fact, or an instant: of UTC, where it does not say. None for the present, and for what is neither."""
    times = sorted(fact.time for fact in known)
    if asked.isdecimal() and asked.isascii() and int(asked) and times:
        upto = min(int(asked), len(times))
        return Back(upto, times[upto - 1])
    try:
        given = datetime.fromisoformat(asked.strip())
    except ValueError:
        return None
    at = given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)
    return Back(bisect_right(times, at), at)


def casefile(known: Sequence[Fact], *, upto: int | None, pay: bool) -> CaseFile:
    """`known` are all facts of the case, at least one; `upto` how many of them, all if None. `pay`: who sees it may see honoraria."""
    ordered = sorted(known, key=lambda fact: fact.time)
    position = min(max(upto or len(ordered), 1), len(ordered))
    made = CaseFile(ordered[0].key, position, len(ordered), ordered[position - 1].time)
    causes = {fact.event_id: sentence(fact.data) for fact in ordered if pay or not isinstance(fact.data, PAY)}
    for fact in ordered[:position]:
        if pay or not isinstance(fact.data, PAY):
            made.entries.append(_entry(fact, causes))
            _paid(made, fact.data)
        _case(made, fact.data)
        _coordinated(made, fact.data)
        _requested(made, fact.data)
        _documented(made, fact.data)
        _offered(made, fact.data)
    return made


def _entry(fact: Fact, sentences: Mapping[str, str]) -> Entry:
    cause = sentences.get(fact.causation_id or "", "")
    return Entry(fact.time, fact.data.TYPE.partition(".")[0], sentences[fact.event_id], actor(fact.actor or ""), cause)


def _case(made: CaseFile, fact: FactModel) -> None:
    match fact:
        case CaseSubmitted():
            made.submitted, made.owner, made.priority = fact, fact.owner, fact.priority.value
        case OwnerAssigned(owner=owner):
            made.owner = owner
        case PriorityChanged(priority=priority):
            made.priority = priority.value
        case CaseHeld(reason=reason):
            made.held.add(reason.value)
        case CaseResumed(reason=reason):
            made.held.discard(reason.value)


def _coordinated(made: CaseFile, fact: FactModel) -> None:
    match fact:
        case StageEntered(stage=stage, entered_at=at):
            if made.spans:
                made.spans[-1] = Span(made.spans[-1].stage, made.spans[-1].since, at)
            made.spans.append(Span(stage, at, None))
        case WaitingChanged(waiting_on=waiting_on):
            made.waiting_on = waiting_on
        case PromiseChanged(promised_by=promised_by):
            made.promised_by = promised_by
        case EscalationRaised(reason=reason):
            made.escalations.append(reason)


def _requested(made: CaseFile, fact: FactModel) -> None:
    state = REQUEST_STATES.get(type(fact))
    if state is None:
        return
    told = fact.model_dump()
    request = made.requests.setdefault(told["request_id"], Request(told["request_id"]))
    request.state = state
    request.facility_id = told.get("facility_id") or request.facility_id
    request.kind = told["kind"].value if "kind" in told else request.kind
    if isinstance(fact, records.RecordRequestSent):
        request.sent_at, request.times_sent = fact.sent_at, request.times_sent + 1


def _documented(made: CaseFile, fact: FactModel) -> None:
    match fact:
        case records.RecordItemReceived():
            made.documents[fact.document_id] = Document(fact.document_id, fact.kind.value, fact.month or "")
        case records.RecordItemAccepted(document_id=id_) if id_ in made.documents:
            made.documents[id_].state = "accepted"
        case records.RecordItemRejected(document_id=id_) if id_ in made.documents:
            made.documents[id_].state = "rejected"


def _offered(made: CaseFile, fact: FactModel) -> None:
    match fact:
        case matching.CaseOffered():
            known = Offer(fact.specialist_id, offered_at=fact.offered_at, expires_at=fact.expires_at)
            made.offers[fact.offer_id] = known
        case matching.AssignmentReleased() | matching.AssignmentCompleted():
            for offer in made.offers.values():
                if offer.assignment_id == fact.assignment_id:
                    _ended(offer, fact)
        case _ if type(fact) in OFFER_STATES:
            told = fact.model_dump(mode="json")
            offer = made.offers.setdefault(told["offer_id"], Offer(told["specialist_id"]))
            offer.state, offer.reason = OFFER_STATES[type(fact)], told.get("reason", "")
            offer.assignment_id = told.get("assignment_id", "")


def _ended(offer: Offer, fact: matching.AssignmentReleased | matching.AssignmentCompleted) -> None:
    if isinstance(fact, matching.AssignmentReleased):
        offer.state, offer.reason = "taken back", fact.reason
    else:
        offer.state = "completed"


def _paid(made: CaseFile, fact: FactModel) -> None:
    match fact:
        case HonorariumAccrued(honorarium_id=id_):
            made.honoraria.append(id_)
        case HonorariumApproved(honorarium_id=id_) if id_ in made.honoraria:
            made.honoraria.remove(id_)


def open_requests(requests: Iterable[Request]) -> int:
    return sum(request.state in OPEN_STATES for request in requests)
