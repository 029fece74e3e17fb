"""Specialists as their facts tell: capacity, credentials, licences, and what became of each offer. Ids and days; nobody's name."""

from typing import Any

from sqlalchemy import Column, Index, Integer, String, Table, bindparam, delete, text, update

from rso_operations.board import METADATA
from rso_shared.contracts import matching
from rso_shared.contracts.base import ErasureOrder, FactModel
from rso_shared.contracts.intake import ErasureApproved
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_shared.kit.facts import Fact
from rso_shared.kit.hot import Hot
from rso_shared.kit.rows import Written

OFFERED, ACCEPTED, DECLINED, LAPSED, WITHDRAWN = "offered", "accepted", "declined", "lapsed", "withdrawn"
RELEASED, COMPLETED = "released", "completed"
OPEN = text("state IN ('offered', 'accepted')")
"""Written out, since only so the databases see that the index has every row that is asked for."""

SPECIALISTS = Table(
    "specialists",
    METADATA,
    Column("specialist_id", String, primary_key=True),
    Column("taxonomy", String, nullable=False),
    Column("capacity", Integer),
    Column("credentials_until", String),
)
LICENCES = Table(
    "licences",
    METADATA,
    Column("licence_id", String, primary_key=True),
    Column("specialist_id", String, nullable=False),
    Column("place", String, nullable=False),
    Column("valid_from", String, nullable=False),
    Column("valid_to", String, nullable=False),
    Index("licences_by_specialist", "specialist_id", "place", "valid_to"),
)
OFFERS = Table(
    "offers",
    METADATA,
    Column("offer_id", String, primary_key=True),
    Column("assignment_id", String),
    Column("specialist_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("offered_at", String, nullable=False),
    Column("answered_at", String),
    Column("ended_at", String),
    Index("offers_by_specialist", "specialist_id", "offered_at"),
    Index("offers_by_assignment", "assignment_id"),
    Index("offers_open", "specialist_id", "state", sqlite_where=OPEN, postgresql_where=OPEN),
)
"""`state` of an offer and, once it is accepted, of the assignment that came of it."""


_END = Hot(
    update(OFFERS)
    .where(OFFERS.c.assignment_id == bindparam("assignment"))
    .values(state=bindparam("new_state"), ended_at=bindparam("at"))
)


def apply(tx: Tx, fact: Fact) -> None:
    match fact.data:
        case matching.SpecialistRegistered() as data:
            row = {"taxonomy": " ".join(data.taxonomy), "capacity": data.capacity}
            Written(tx).insert(SPECIALISTS, {"specialist_id": data.specialist_id, **row})
        case matching.CapacityChanged() as data:
            _know(tx, data.specialist_id, capacity=data.capacity)
        case matching.CredentialsVerified() as data:
            _know(tx, data.specialist_id, credentials_until=data.valid_to.isoformat())
        case matching.LicenceRecorded() | matching.LicenceEnded() as data:
            _licence(tx, data)
        case ErasureOrder(person_id=person):
            _forget(tx, person)
        case _:
            _offer(tx, fact)


def _know(tx: Tx, specialist_id: str, **known: Any) -> None:
    Written(tx).update(SPECIALISTS, specialist_id, **known)


def _licence(tx: Tx, data: matching.LicenceRecorded | matching.LicenceEnded) -> None:
    if isinstance(data, matching.LicenceRecorded):
        row = {
            "licence_id": data.licence_id,
            "specialist_id": data.specialist_id,
            "place": f"{data.country}-{data.state}",
        }
        days = {"valid_from": data.valid_from.isoformat(), "valid_to": data.valid_to.isoformat()}
        Written(tx).insert(LICENCES, {**row, **days})
    else:
        Written(tx).update(LICENCES, data.licence_id, valid_to=data.last_day.isoformat())


def _forget(tx: Tx, person_id: str) -> None:
    """An erased specialist leaves the directory. Offers stay countable: their ids lead to nobody."""
    for table in (LICENCES, SPECIALISTS):
        tx.conn.execute(delete(table).where(table.c.specialist_id == person_id))


def _offer(tx: Tx, fact: Fact) -> None:
    match fact.data:
        case matching.CaseOffered() as data:
            row = {"offer_id": data.offer_id, "specialist_id": data.specialist_id, "state": OFFERED}
            Written(tx).insert(OFFERS, {**row, "offered_at": iso(data.offered_at)})
        case matching.OfferAccepted() as data:
            accepted = {"assignment_id": data.assignment_id, "answered_at": iso(data.accepted_at)}
            _answered(tx, data.offer_id, ACCEPTED, **accepted)
        case matching.OfferDeclined(offer_id=offer_id):
            _answered(tx, offer_id, DECLINED, answered_at=iso(fact.time))
        case matching.OfferLapsed(offer_id=offer_id):
            _answered(tx, offer_id, LAPSED, answered_at=iso(fact.time))
        case matching.OfferWithdrawn(offer_id=offer_id):
            _answered(tx, offer_id, WITHDRAWN)
        case matching.AssignmentReleased(assignment_id=assignment_id):
            _assignment(tx, assignment_id, RELEASED, fact)
        case matching.AssignmentCompleted(assignment_id=assignment_id):
            _assignment(tx, assignment_id, COMPLETED, fact)


def _answered(tx: Tx, offer_id: str, state: str, **known: Any) -> None:
    Written(tx).update(OFFERS, offer_id, state=state, **known)


def _assignment(tx: Tx, assignment_id: str, state: str, fact: Fact) -> None:
    _END.run(tx, assignment=assignment_id, new_state=state, at=iso(fact.time))


SHOWN: tuple[type[FactModel], ...] = (
    matching.SpecialistRegistered, matching.CapacityChanged, matching.CredentialsVerified, matching.LicenceRecorded,
    matching.LicenceEnded, matching.CaseOffered, matching.OfferAccepted, matching.OfferDeclined, matching.OfferLapsed,
    matching.OfferWithdrawn, matching.AssignmentReleased, matching.AssignmentCompleted, ErasureApproved,
)  # fmt: skip
