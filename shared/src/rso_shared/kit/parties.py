"""Who may see which case, in every service, from the `access` that facts carry: in the producer at append, elsewhere when consumed."""

from sqlalchemy import delete, insert, select

from rso_shared.contracts.base import FactModel
from rso_shared.contracts.permissions import Reach
from rso_shared.kit.database import Tx
from rso_shared.kit.tables import PARTIES


def publish(tx: Tx, fact: FactModel) -> None:
    """The producer's side of `apply`. Raises TypeError for a type that not every service listens to."""
    if fact.access and not fact.CHANGES_ACCESS:
        raise TypeError(f"{fact.TYPE} carries access, and is no type that changes it")
    apply(tx, fact)


def apply(tx: Tx, fact: FactModel) -> None:
    for change in fact.access:
        row = {
            "case_id": fact.key(),
            "role": change.role,
            "subject": change.subject or "",
            "organisation_id": change.organisation_id or "",
        }
        same = [PARTIES.c[column] == value for column, value in row.items()]
        tx.conn.execute(delete(PARTIES).where(*same))
        tx.conn.execute(insert(PARTIES).values(**row, granted=change.granted))


def reaches(tx: Tx, reach: Reach, case_id: str, *, role: str, subject: str, organisation_id: str) -> bool:
    """True if a caller with this reach may act on the case. ANY still wants the case to exist here."""
    query = select(PARTIES.c.case_id).where(PARTIES.c.case_id == case_id).limit(1)
    if reach is Reach.ANY:
        return tx.conn.execute(query).first() is not None
    if reach is Reach.ORGANISATION:
        query = query.where(PARTIES.c.organisation_id == organisation_id)
    else:
        query = query.where(PARTIES.c.role == role, PARTIES.c.subject == subject)
    return tx.conn.execute(query.where(PARTIES.c.granted)).first() is not None
