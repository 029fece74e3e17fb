"""Queries on the directory of specialists."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from rso_matching.domain.specialist import Specialist
from rso_matching.projections import PROFILE
from rso_matching.tables import SPECIALIST_FOCUS, SPECIALISTS
from rso_shared.contracts.vocabulary import ConditionGroup
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import unknown


@dataclass(frozen=True, slots=True)
class Page:
    """`after` is the last id of the page before; a full page may have more behind it."""

    after: str
    limit: int


def stream_of(tx: Tx, specialist_id: str) -> str:
    query = select(SPECIALISTS.c.stream).where(SPECIALISTS.c.specialist_id == specialist_id)
    stream: str | None = tx.conn.execute(query).scalar_one_or_none()
    if stream is None:
        raise unknown("specialist_unknown", "No specialist of that id is in the directory.")
    return stream


def profiles(tx: Tx, ids: Iterable[str]) -> dict[str, Specialist]:
    query = select(SPECIALISTS.c.profile).where(SPECIALISTS.c.specialist_id.in_(list(ids)))
    found = (PROFILE.validate_json(profile) for profile in tx.conn.execute(query).scalars())
    return {one.specialist_id: one for one in found}


def locked_profile(tx: Tx, specialist_id: str) -> Specialist:
    """Holds the specialist's row until commit: two cases cannot take the same last free place at the same time."""
    query = select(SPECIALISTS.c.profile).where(SPECIALISTS.c.specialist_id == specialist_id).with_for_update()
    return PROFILE.validate_json(tx.conn.execute(query).scalar_one())


def pool(tx: Tx, group: ConditionGroup) -> tuple[list[Specialist], int]:
    """The specialists whose focus holds this group, and how many others the directory has."""
    query = select(SPECIALISTS.c.profile).join(
        SPECIALIST_FOCUS, SPECIALIST_FOCUS.c.specialist_id == SPECIALISTS.c.specialist_id
    )
    rows = tx.conn.execute(query.where(SPECIALIST_FOCUS.c.condition_group == str(group))).scalars()
    found = [PROFILE.validate_json(profile) for profile in rows]
    everyone = tx.conn.execute(select(func.count()).select_from(SPECIALISTS)).scalar_one()
    return found, everyone - len(found)


def registered_under(tx: Tx, npi_fingerprint: str) -> bool:
    query = select(SPECIALISTS.c.specialist_id).where(SPECIALISTS.c.npi_fingerprint == npi_fingerprint)
    return tx.conn.execute(query).first() is not None


def page(tx: Tx, page_: Page, *, group: ConditionGroup | None) -> list[Specialist]:
    query = select(SPECIALISTS.c.profile).where(SPECIALISTS.c.specialist_id > page_.after)
    if group is not None:
        focused = select(SPECIALIST_FOCUS.c.specialist_id).where(SPECIALIST_FOCUS.c.condition_group == str(group))
        query = query.where(SPECIALISTS.c.specialist_id.in_(focused))
    rows = tx.conn.execute(query.order_by(SPECIALISTS.c.specialist_id).limit(page_.limit)).scalars()
    return [PROFILE.validate_json(profile) for profile in rows]
