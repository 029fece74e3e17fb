"""Recorded event -> read models, in the transaction of the append. The queries on them are in `directory.py` and `caseload.py`."""

from dataclasses import replace
from typing import get_args

from pydantic import TypeAdapter
from sqlalchemy import delete, update

from rso_matching.domain.matching_events import (
    AssignmentCompleted,
    AssignmentReleased,
    CaseOffered,
    ConflictAttested,
    MatchDecisionRecorded,
    MatchingStarted,
    OfferAccepted,
    OfferDeclined,
    OfferLapsed,
    OfferWithdrawn,
)
from rso_matching.domain.matching_state import AssignmentStatus, OfferStatus
from rso_matching.domain.specialist import SPECIALIST, Specialist
from rso_matching.domain.specialist_events import SpecialistEvent, SpecialistRegistered
from rso_matching.tables import ASSIGNMENTS, MATCHINGS, OFFERS, SPECIALIST_FOCUS, SPECIALISTS
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_shared.kit.events import Recorded
from rso_shared.kit.projections import Projection
from rso_shared.kit.rows import Rows

PROFILE: TypeAdapter[Specialist] = TypeAdapter(Specialist)

_OFFER_ENDS: dict[type, OfferStatus] = {
    OfferDeclined: OfferStatus.DECLINED,
    OfferLapsed: OfferStatus.LAPSED,
    OfferWithdrawn: OfferStatus.WITHDRAWN,
}
_ASSIGNMENT_ENDS: dict[type, AssignmentStatus] = {
    AssignmentReleased: AssignmentStatus.RELEASED,
    AssignmentCompleted: AssignmentStatus.COMPLETED,
}


def _directory(rows: Rows, recorded: Recorded) -> None:
    if not isinstance(recorded.event, get_args(SpecialistEvent)):
        return
    if isinstance(recorded.event, SpecialistRegistered):
        _registered(rows, recorded)
        return
    specialist_id = recorded.event.specialist_id
    row = rows.get(SPECIALISTS, specialist_id)
    if row is not None:
        profile = _clear(SPECIALIST.evolve(PROFILE.validate_json(row["profile"]), recorded.event))
        rows.update(SPECIALISTS, specialist_id, version=recorded.version, profile=profile)


def _registered(rows: Rows, recorded: Recorded) -> None:
    event: SpecialistRegistered = recorded.event
    erased = rows.erased(event.specialist_id)
    row = {
        "specialist_id": event.specialist_id,
        "stream": recorded.stream,
        "version": recorded.version,
        "npi_fingerprint": _forgotten(event.specialist_id) if erased else event.npi_fingerprint,
        "profile": _clear(SPECIALIST.evolve(Specialist(), event)),
    }
    rows.insert(SPECIALISTS, row)
    if not erased:
        focus = [{"condition_group": str(group), "specialist_id": event.specialist_id} for group in event.focus]
        rows.insert(SPECIALIST_FOCUS, *focus)


def _forgotten(specialist_id: str) -> str:
    """In place of the NPI's token: nobody is found under it any more."""
    return f"erased/{specialist_id}"


def purge(tx: Tx, specialist_id: str) -> None:
    """The row stays, since decisions and assignments point to it; nobody finds it by NPI or focus, and it is offered no case."""
    mine = SPECIALISTS.c.specialist_id == specialist_id
    tx.conn.execute(update(SPECIALISTS).where(mine).values(npi_fingerprint=_forgotten(specialist_id)))
    tx.conn.execute(delete(SPECIALIST_FOCUS).where(SPECIALIST_FOCUS.c.specialist_id == specialist_id))


def _clear(specialist: Specialist) -> str:
    return PROFILE.dump_json(replace(specialist, identity=None)).decode()


def _caseload(rows: Rows, recorded: Recorded) -> None:
    match recorded.event:
        case MatchingStarted() | MatchDecisionRecorded():
            _matching(rows, recorded)
        case CaseOffered():
            _offered(rows, recorded)
        case ConflictAttested() as event:
            rows.update(OFFERS, event.offer_id, conflict=event.conflict)
        case OfferAccepted() as event:
            _accepted(rows, event)
        case OfferDeclined() | OfferLapsed() | OfferWithdrawn() as event:
            rows.update(OFFERS, event.offer_id, status=_OFFER_ENDS[type(event)])
        case AssignmentReleased() | AssignmentCompleted() as event:
            rows.update(ASSIGNMENTS, event.assignment_id, status=_ASSIGNMENT_ENDS[type(event)])


def _matching(rows: Rows, recorded: Recorded) -> None:
    event = recorded.event
    if isinstance(event, MatchDecisionRecorded):
        needs = event.decision.needs
        rows.update(
            MATCHINGS,
            event.case_id,
            condition_group=needs.condition_group,
            country=needs.country,
            state=needs.state,
            language=needs.language,
            minor=needs.minor,
            questions=needs.questions,
        )
    elif event.round == 1:
        row = {"case_id": event.case_id, "stream": recorded.stream, "person_id": event.person_id}
        rows.insert(MATCHINGS, row)


def _offered(rows: Rows, recorded: Recorded) -> None:
    event: CaseOffered = recorded.event
    row = {
        "offer_id": event.offer_id,
        "case_id": event.case_id,
        "stream": recorded.stream,
        "specialist_id": event.specialist_id,
        "backup": event.backup,
        "status": OfferStatus.OFFERED,
        "offered_at": iso(event.offered_at),
        "expires_at": iso(event.expires_at),
    }
    rows.insert(OFFERS, row)


def _accepted(rows: Rows, event: OfferAccepted) -> None:
    rows.update(OFFERS, event.offer_id, status=OfferStatus.ACCEPTED, assignment_id=event.assignment_id)
    matching = rows.get(MATCHINGS, event.case_id)
    assert matching is not None  # noqa: S101 - the same stream began with it
    row = {
        "assignment_id": event.assignment_id,
        "case_id": event.case_id,
        "person_id": matching["person_id"],
        "specialist_id": event.specialist_id,
        "status": AssignmentStatus.ACTIVE,
        "accepted_at": iso(event.accepted_at),
    }
    rows.insert(ASSIGNMENTS, row)


PROJECTIONS = (
    Projection("directory", (SPECIALISTS, SPECIALIST_FOCUS), _directory, "specialist"),
    Projection("caseload", (MATCHINGS, OFFERS, ASSIGNMENTS), _caseload, "matching"),
)
