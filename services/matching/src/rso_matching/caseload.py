"""Queries on offers and assignments over all cases: what a specialist has on the desk, and what speaks against more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, func, select, tuple_

from rso_matching.domain.eligibility import Load
from rso_matching.domain.matching_state import OfferStatus
from rso_matching.domain.needs import CaseNeeds
from rso_matching.domain.ranking import FAIRNESS_WINDOW, LAPSE_WINDOW
from rso_matching.tables import ACTIVE, ASSIGNMENTS, MATCHINGS, OFFERS
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import statements
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import unknown
from rso_shared.kit.tables import PARTIES


def loads(tx: Tx, ids: Sequence[str], needs: CaseNeeds, at: datetime) -> dict[str, Load]:
    """For each of `ids` what stands in the books at this instant, inside the caller's transaction."""
    active = active_counts(tx, ids)
    offers = _offers_since(tx, ids, iso(at - FAIRNESS_WINDOW))
    lapses = _offers_since(tx, ids, iso(at - LAPSE_WINDOW), OfferStatus.LAPSED)
    involved = _involved(tx, needs)
    return {
        id_: Load(
            active=active.get(id_, 0),
            recent_offers=offers.get(id_, 0),
            recent_lapses=lapses.get(id_, 0),
            involved=id_ in involved,
        )
        for id_ in ids
    }


def active_counts(tx: Tx, ids: Sequence[str]) -> dict[str, int]:
    return _counted(tx, "assignments", ids, str(ACTIVE))


def open_offers(tx: Tx, specialist_id: str) -> int:
    waiting = (OFFERS.c.specialist_id == specialist_id, OFFERS.c.status == OfferStatus.OFFERED)
    return tx.conn.execute(select(func.count()).select_from(OFFERS).where(*waiting)).scalar_one()


def _offers_since(tx: Tx, ids: Sequence[str], since: str, status: OfferStatus | None = None) -> dict[str, int]:
    mark = statements.marker(sqlite=tx.is_sqlite)
    if status is None:
        return _counted(tx, "offers", ids, f"offered_at > {mark}", since)
    return _counted(tx, "offers", ids, f"offered_at > {mark} AND status = {mark}", since, status)


def _counted(tx: Tx, table: str, ids: Sequence[str], which: str, *values: str) -> dict[str, int]:
    """Per specialist. The statement is the same for any number of ids."""
    text = f"SELECT specialist_id, COUNT(*) FROM {table} WHERE specialist_id {statements.among(sqlite=tx.is_sqlite)} AND {which} GROUP BY 1"
    return dict(tx.run(text, [statements.array(list(ids), sqlite=tx.is_sqlite), *values]))


def _involved(tx: Tx, needs: CaseNeeds) -> set[str]:
    """Whoever is or was a party to this case in another role, or ever had another case of the same person."""
    parties = select(PARTIES.c.subject).where(PARTIES.c.case_id == needs.case_id, PARTIES.c.role != Role.SPECIALIST)
    assigned = select(ASSIGNMENTS.c.specialist_id).where(
        ASSIGNMENTS.c.person_id == needs.person_id, ASSIGNMENTS.c.case_id != needs.case_id
    )
    return {row[0] for row in tx.conn.execute(parties.union(assigned))}


def offer_row(tx: Tx, offer_id: str) -> RowMapping:
    """The offer with what its case's decision saw. Raises 404 `offer_unknown`."""
    row = tx.conn.execute(_offers().where(OFFERS.c.offer_id == offer_id)).mappings().one_or_none()
    if row is None:
        raise unknown("offer_unknown", "There is no such offer, or none that you may see.")
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFilter:
    specialist_id: str | None = None
    case_id: str | None = None
    status: OfferStatus | None = None
    before: tuple[str, str] | None = None
    """(offered_at, offer_id) of the last row of the page before."""


def offer_rows(tx: Tx, wanted: OfferFilter, limit: int) -> list[RowMapping]:
    """Newest first."""
    query = _offers()
    for column in ("specialist_id", "case_id", "status"):
        value = getattr(wanted, column)
        if value is not None:
            query = query.where(OFFERS.c[column] == value)
    if wanted.before is not None:
        query = query.where(tuple_(OFFERS.c.offered_at, OFFERS.c.offer_id) < tuple_(*wanted.before))
    ordered = query.order_by(OFFERS.c.offered_at.desc(), OFFERS.c.offer_id.desc())
    return list(tx.conn.execute(ordered.limit(limit)).mappings())


def _offers() -> Select[Any]:
    seen = [MATCHINGS.c[name] for name in ("condition_group", "country", "state", "language", "minor", "questions")]
    return select(OFFERS, *seen).join(MATCHINGS, MATCHINGS.c.case_id == OFFERS.c.case_id)


def is_active(tx: Tx, case_id: str, specialist_id: str) -> bool:
    query = select(ASSIGNMENTS.c.assignment_id).where(
        ASSIGNMENTS.c.case_id == case_id,
        ASSIGNMENTS.c.specialist_id == specialist_id,
        ACTIVE,
    )
    return tx.conn.execute(query).first() is not None
