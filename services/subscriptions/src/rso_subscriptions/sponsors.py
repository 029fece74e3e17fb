"""Who is who: organisations, what sponsors' cases add up to, and who is too small to hear of single ones."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from rso_shared.contracts.coordinator import StageEntered
from rso_shared.contracts.intake import CaseSubmitted, CoveredLivesStated, OrganisationRegistered, ProgramPublished
from rso_shared.contracts.vocabulary import Stage
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Tx
from rso_subscriptions.domain import small
from rso_subscriptions.public.events import ENDED
from rso_subscriptions.tables import CASES, ORGANISATIONS, PROGRAMS


def put(tx: Tx, table: Any, key: str, row: dict[str, Any], known: dict[str, Any] | None = None) -> None:
    """The row, or where there is one already its columns in `known` (None: it stays as it is)."""
    insert = (sqlite if tx.is_sqlite else postgresql).insert(table).values(**row)
    if known:
        tx.conn.execute(insert.on_conflict_do_update(index_elements=[key], set_=known))
    else:
        tx.conn.execute(insert.on_conflict_do_nothing(index_elements=[key]))


def meet(tx: Tx, organisation_id: str, now: datetime, **known: Any) -> None:
    """Facts come in any order: whoever names an organisation first makes its row."""
    row = {"organisation_id": organisation_id, "since": iso(now), "next": 1, **known}
    put(tx, ORGANISATIONS, "organisation_id", row, known)


def note_organisation(tx: Tx, fact: OrganisationRegistered, now: datetime) -> None:
    meet(tx, fact.organisation_id, now, kind=fact.kind)


def note_lives(tx: Tx, fact: CoveredLivesStated, now: datetime) -> None:
    meet(tx, fact.organisation_id, now, covered_lives=fact.covered_lives)


def note_program(tx: Tx, fact: ProgramPublished) -> None:
    owner = {"organisation_id": fact.program.organisation_id}
    put(tx, PROGRAMS, "program_id", {"program_id": fact.program.program_id, **owner}, owner)


def note_opened(tx: Tx, fact: CaseSubmitted, now: datetime) -> None:
    if fact.sponsor_id is None:
        return
    meet(tx, fact.sponsor_id, now)
    row = {"case_id": fact.case_id, "sponsor_id": fact.sponsor_id, "opened_at": iso(fact.submitted_at)}
    put(tx, CASES, "case_id", row)


def note_stage(tx: Tx, fact: StageEntered) -> bool:
    """False if the case had ended already: an end is told once."""
    at = iso(fact.entered_at)
    mine = CASES.c.case_id == fact.case_id
    if fact.stage is Stage.DELIVERED:
        tx.conn.execute(update(CASES).where(mine, CASES.c.delivered_at.is_(None)).values(delivered_at=at))
        return True
    if fact.stage not in ENDED:
        tx.conn.execute(update(CASES).where(mine, CASES.c.ended_at.is_not(None)).values(ended_at=None))
        return True
    if tx.conn.execute(update(CASES).where(mine, CASES.c.ended_at.is_(None)).values(ended_at=at)).rowcount:
        return True
    return tx.conn.execute(select(CASES.c.case_id).where(mine)).first() is None


def too_small(tx: Tx, sponsor_id: str, now: datetime) -> bool:
    """Counts no further than it has to."""
    query = select(ORGANISATIONS.c.covered_lives).where(ORGANISATIONS.c.organisation_id == sponsor_id)
    lives = tx.conn.execute(query).scalar_one_or_none()
    begin = iso(now - small.WINDOW)
    recent = select(CASES.c.case_id).where(CASES.c.sponsor_id == sponsor_id, CASES.c.opened_at >= begin)
    counted = select(func.count()).select_from(recent.limit(small.FEWEST_CASES).subquery())
    return small.too_small(lives, tx.conn.execute(counted).scalar_one())
