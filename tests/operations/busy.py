"""A busy day as facts: cases in every stage, some late, some held, some delivered on time and some not."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from operations.cases import CASE, submitted
from rso_shared.contracts.base import FactModel
from rso_shared.contracts.coordinator import EscalationRaised, PromiseChanged, StageEntered, WaitingChanged, WaitingOn
from rso_shared.contracts.intake import CaseHeld, OwnerAssigned
from rso_shared.contracts.matching import CaseOffered, MatchDecisionRecorded, OfferAccepted, OfferDeclined
from rso_shared.contracts.opinions import OpinionDrafted, OpinionSubmitted, ReviewStarted, RevisionRequested
from rso_shared.contracts.records import RecordRequestSent, RecordRequestVerified
from rso_shared.contracts.vocabulary import HoldReason, OfferDeclineReason, Priority, RecordKind, Stage
from support.harness import START

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NAUGHTY = "<img src=x onerror=\"console.error('run')\">"
"""Ids come from outside: what is no text on a page would be a script."""


def number(index: int) -> str:
    return f"6f0c1b1e-5d1c-4c53-9a43-{index:012d}"


def case(index: int, stage: Stage, promised: timedelta, **changes: object) -> Iterator[FactModel]:
    """Submitted `index` hours before START; `promised` is reckoned from START."""
    came, case_id = START - index * HOUR, number(index)
    priority = (Priority.ROUTINE, Priority.EXPEDITED, Priority.URGENT)[index % 3]
    yield submitted(case_id, f"{5000 + index}", priority).model_copy(update={"submitted_at": came, **changes})
    if index % 2:
        yield OwnerAssigned(case_id=case_id, owner=f"nurse-{index % 5}")
    yield PromiseChanged(case_id=case_id, promised_by=START + promised)
    yield StageEntered(case_id=case_id, stage=stage, entered_at=came + HOUR)


def waiting(case_id: str, due: datetime) -> WaitingChanged:
    one = WaitingOn(party="facility", what="records", since=START - DAY, due=due, how_to_act="/v1/x")
    return WaitingChanged(case_id=case_id, waiting_on=(one,))


def busy() -> Iterator[FactModel]:
    stages = tuple(Stage)
    for index in range(1, 70):
        stage = stages[index % len(stages)]
        yield from case(index, stage, (index % 9 - 3) * DAY, client_reference=f"ORDER-{index}", owner="team:desk")
        if index % 4 == 0:
            yield waiting(number(index), START + (index % 7 - 3) * 8 * HOUR)
        if index % 11 == 0:
            yield CaseHeld(case_id=number(index), reason=tuple(HoldReason)[index // 11 % len(HoldReason)])
        if index % 13 == 0:
            yield EscalationRaised(case_id=number(index), to="medical_director", reason="records_late")
    yield from told()


def told() -> Iterator[FactModel]:
    """The case whose page is looked at."""
    yield submitted().model_copy(update={"client_reference": NAUGHTY})
    for stage, hours in (
        (Stage.SCREENING, 0),
        (Stage.COMPILING_RECORDS, 5),
        (Stage.MATCHING, 50),
        (Stage.IN_REVIEW, 70),
    ):
        yield StageEntered(case_id=CASE, stage=stage, entered_at=START - 4 * DAY + hours * HOUR)
    yield PromiseChanged(case_id=CASE, promised_by=START + 2 * HOUR)
    yield waiting(CASE, START - 3 * HOUR)
    yield RecordRequestVerified(case_id=CASE, request_id="r1", facility_id="facility-north")
    for day in (3, 1):
        yield RecordRequestSent(
            case_id=CASE, request_id="r1", facility_id="facility-north", kind=RecordKind.LAB, sent_at=START - day * DAY
        )
    yield MatchDecisionRecorded(case_id=CASE, decision_id="d1", ranking_version="r3", considered=14, eligible=3)
    for offer, hours in (("o1", 55), ("o2", 60)):
        at = START - 4 * DAY + hours * HOUR
        yield CaseOffered(
            case_id=CASE, offer_id=offer, specialist_id=f"specialist-{offer}", offered_at=at, expires_at=at + DAY
        )
    yield OfferDeclined(
        case_id=CASE, offer_id="o1", specialist_id="specialist-o1", reason=next(iter(OfferDeclineReason))
    )
    yield OfferAccepted(
        case_id=CASE, offer_id="o2", assignment_id="a1", specialist_id="specialist-o2", accepted_at=START - DAY
    )
    yield ReviewStarted(case_id=CASE, assignment_id="a1", specialist_id="specialist-o2", due_at=START + DAY)
    for version in (1, 2):
        yield OpinionDrafted(case_id=CASE, opinion_version=version)
        yield OpinionSubmitted(case_id=CASE, opinion_version=version)
    yield RevisionRequested(case_id=CASE, opinion_version=1, revision=1)
