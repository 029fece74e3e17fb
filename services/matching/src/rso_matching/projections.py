"""Recorded event -> read models, in the transaction of the append. The queries on them are in `directory.py` and `caseload.py`."""

from dataclasses import replace
from typing import Any, get_args

from pydantic import TypeAdapter
from sqlalchemy import insert, select, update

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
from rso_shared.kit.projections import Projection, Tables

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


def _directory(tx: Tx, t: Tables, recorded: Recorded) -> None:
    if not isinstance(recorded.event, get_args(SpecialistEvent)):
        return
    if isinstance(recorded.event, SpecialistRegistered):
        _registered(tx, t, recorded)
        return
    table = t["specialists"]
    mine = table.c.specialist_id == recorded.event.specialist_id
    before = PROFILE.validate_json(tx.conn.execute(select(table.c.profile).where(mine)).scalar_one())
    profile = _clear(SPECIALIST.evolve(before, recorded.event))
    tx.conn.execute(update(table).where(mine).values(version=recorded.version, profile=profile))


def _registered(tx: Tx, t: Tables, recorded: Recorded) -> None:
    event: SpecialistRegistered = recorded.event
    tx.conn.execute(
        insert(t["specialists"]).values(
            specialist_id=event.specialist_id,
            stream=recorded.stream,
            version=recorded.version,
            npi_fingerprint=event.npi_fingerprint,
            profile=_clear(SPECIALIST.evolve(Specialist(), event)),
        )
    )
    rows = [{"condition_group": str(group), "specialist_id": event.specialist_id} for group in event.focus]
    tx.conn.execute(insert(t["specialist_focus"]), rows)


def _clear(specialist: Specialist) -> str:
    return PROFILE.dump_json(replace(specialist, identity=None)).decode()


def _caseload(tx: Tx, t: Tables, recorded: Recorded) -> None:
    match recorded.event:
        case MatchingStarted() | MatchDecisionRecorded():
            _matching(tx, t, recorded)
        case CaseOffered():
            _offered(tx, t, recorded)
        case ConflictAttested() as event:
            _offer(tx, t, event.offer_id, conflict=event.conflict)
        case OfferAccepted() as event:
            _accepted(tx, t, event)
        case OfferDeclined() | OfferLapsed() | OfferWithdrawn() as event:
            _offer(tx, t, event.offer_id, status=_OFFER_ENDS[type(event)])
        case AssignmentReleased() | AssignmentCompleted() as event:
            mine = t["assignments"].c.assignment_id == event.assignment_id
            tx.conn.execute(update(t["assignments"]).where(mine).values(status=_ASSIGNMENT_ENDS[type(event)]))


def _matching(tx: Tx, t: Tables, recorded: Recorded) -> None:
    table, event = t["matchings"], recorded.event
    if isinstance(event, MatchDecisionRecorded):
        needs = event.decision.needs
        tx.conn.execute(
            update(table)
            .where(table.c.case_id == event.case_id)
            .values(
                condition_group=needs.condition_group,
                country=needs.country,
                state=needs.state,
                language=needs.language,
                minor=needs.minor,
                questions=needs.questions,
            )
        )
    elif event.round == 1:
        row = {"case_id": event.case_id, "stream": recorded.stream, "person_id": event.person_id}
        tx.conn.execute(insert(table).values(**row))


def _offered(tx: Tx, t: Tables, recorded: Recorded) -> None:
    event: CaseOffered = recorded.event
    tx.conn.execute(
        insert(t["offers"]).values(
            offer_id=event.offer_id,
            case_id=event.case_id,
            stream=recorded.stream,
            specialist_id=event.specialist_id,
            backup=event.backup,
            status=OfferStatus.OFFERED,
            offered_at=iso(event.offered_at),
            expires_at=iso(event.expires_at),
        )
    )


def _accepted(tx: Tx, t: Tables, event: OfferAccepted) -> None:
    _offer(tx, t, event.offer_id, status=OfferStatus.ACCEPTED, assignment_id=event.assignment_id)
    matchings = t["matchings"]
    person = select(matchings.c.person_id).where(matchings.c.case_id == event.case_id)
    tx.conn.execute(
        insert(t["assignments"]).values(
            assignment_id=event.assignment_id,
            case_id=event.case_id,
            person_id=tx.conn.execute(person).scalar_one(),
            specialist_id=event.specialist_id,
            status=AssignmentStatus.ACTIVE,
            accepted_at=iso(event.accepted_at),
        )
    )


def _offer(tx: Tx, t: Tables, offer_id: str, **values: Any) -> None:
    tx.conn.execute(update(t["offers"]).where(t["offers"].c.offer_id == offer_id).values(**values))


PROJECTIONS = (
    Projection("directory", (SPECIALISTS, SPECIALIST_FOCUS), _directory),
    Projection("caseload", (MATCHINGS, OFFERS, ASSIGNMENTS), _caseload),
)
